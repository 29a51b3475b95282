"""An encoder and a decoder that have no more than the protocols ask for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import Posterior
from musicvae_lite.models import assembly
from musicvae_lite.models.layers import ToPosterior
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training import patience
from musicvae_lite.training.evaluation import evaluate
from musicvae_lite.vae import Reconstruction
from tests.corpora.tunes import tune
from tests.training.runs import MELODY, MODEL, VALIDATION, Heard, preset, run


@dataclass(frozen=True)
class PlainEncoderSettings:
    hidden: int = 16

    def build(self, step, steps, z, control=None):
        return PlainEncoder(self.hidden, step.depth, z)


class PlainEncoder(nn.Module):
    def __init__(self, hidden: int, depth: int, z: int):
        super().__init__()
        self.gru = nn.GRU(depth, hidden, batch_first=True)
        self.depth, self.posterior = depth, ToPosterior(hidden, z)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        return self.posterior(self.gru(F.one_hot(x, self.depth).float())[1][-1])


@dataclass(frozen=True)
class PlainDecoderSettings:
    hidden: int = 16

    def build(self, step, steps, z, control=None):
        return PlainDecoder(step.depth, steps, z)


class PlainDecoder(nn.Module):
    def __init__(self, depth: int, steps: int, z: int):
        super().__init__()
        self.z_size = z
        self.logits = nn.Sequential(nn.Linear(z, steps * depth), nn.Unflatten(-1, (steps, depth)))

    def reconstruction(self, z, target, control=None, generator=None) -> Reconstruction:
        return Reconstruction(
            F.cross_entropy(self.logits(z).transpose(1, 2), target, reduction="none").sum(-1)
        )

    def sample(self, z, control=None, temperature=1.0, generator=None) -> Tensor:
        return self.logits(z).argmax(-1)


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(assembly.ENCODERS, "plain", PlainEncoderSettings)
    monkeypatch.setitem(assembly.DECODERS, "plain", PlainDecoderSettings)
    monkeypatch.setattr(patience, "SHORTEST_PATIENCE", 8)
    monkeypatch.setattr(patience, "FLOOR_PATIENCE", 8)


TABLE = {**MODEL, "encoder": {"kind": "plain"}, "decoder": {"kind": "plain"}}


@pytest.fixture
def model() -> MusicVAE:
    torch.manual_seed(0)
    return MusicVAE(assembly.MusicConfig.from_table(TABLE, "test"))


@pytest.mark.parametrize("floor", [0.0, 0.9])
def test_they_train_and_are_not_judged(floor: float, tmp_path: Path):
    heard = Heard()
    best = run(tmp_path / "run", heard, preset=preset(TABLE, floor=floor))
    assert not heard.of("restart") and len(heard.of("validation")) == 3
    assert (best / "prior.safetensors").exists()


def test_they_are_evaluated_without_what_they_do_not_tell(model: MusicVAE):
    found = evaluate(model.vae, MELODY, VALIDATION)
    assert found.teacher_forced is None and found.reconstruction_nats > 0


def test_they_write_music_but_cannot_carry_it_on(model: MusicVAE):
    a, b = tune(1), tune(2)
    assert len(model.interpolate(a, b, 5)) == 5 and len(model.vary(a)) and len(model.reconstruct(a)) == 1
    with pytest.raises(ConfigError, match="its decoder does not tell what each step costs"):
        model.carry_on(a)
