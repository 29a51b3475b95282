"""Evaluation figures against plain counting."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.music import representations
from musicvae_lite.training import evaluation, examples
from musicvae_lite.training.evaluation import evaluate, validate
from musicvae_lite.training.examples import Examples
from musicvae_lite.training.windows import from_arrays
from musicvae_lite.vae import VAE
from tests.models.architectures import made_up
from tests.training.runs import FLAT, MELODY, MODEL, windows


@pytest.fixture(scope="module", params=[MODEL, FLAT], ids=["beats", "flat"])
def vae(request) -> VAE:
    torch.manual_seed(0)
    return MusicConfig.from_table(request.param, "test").build()


def counted(got: list[list[int]], wanted: list[list[int]]) -> tuple[float, float, float]:
    """Steps, note F1 and windows right, by loops."""
    pairs = [(g, w) for a, b in zip(got, wanted, strict=True) for g, w in zip(a, b, strict=True)]
    steps = sum(g == w for g, w in pairs) / len(pairs)
    right = sum(g == w >= 2 for g, w in pairs)
    precision = right / max(1, sum(g >= 2 for g, _ in pairs))
    recall = right / max(1, sum(w >= 2 for _, w in pairs))
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return steps, f1, sum(a == b for a, b in zip(got, wanted, strict=True)) / len(got)


def test_all_figures_by_hand(vae: VAE, monkeypatch):
    monkeypatch.setattr(examples, "BATCH", 7)  # parts that do not divide the whole
    split = windows(20)
    x = torch.from_numpy(split.gather(np.arange(20)).astype(np.int64))
    found = evaluate(vae, MELODY, split, seed=5)
    with torch.no_grad():
        q = vae.encode(x)
        z = q.rsample(torch.Generator().manual_seed(5))
        nats = float(vae.decoder.reconstruction(z, x).nats.mean())  # type: ignore[operator]
        logits = vae.decoder.head.logits(vae.decoder.hidden(q.mean, x))  # type: ignore[union-attr, operator]
        greedy = vae.decode(q.mean, temperature=0.0)
    assert found.windows == 20 and found.units == 12
    assert found.commonest == pytest.approx(float((x == 0).float().mean()))
    assert found.teacher_forced == pytest.approx(float((logits.argmax(-1) == x).float().mean()), abs=1e-6)
    assert found.reconstruction_nats == pytest.approx(nats, rel=1e-5)
    assert found.kl_nats == pytest.approx(float(q.kl().mean()), rel=1e-5)
    assert found.kl_bits == pytest.approx(found.kl_nats / math.log(2))
    assert found.elbo_nats == pytest.approx(-(found.reconstruction_nats + found.kl_nats))
    by_hand = counted(greedy.tolist(), x.tolist())
    assert tuple(found.argmax[name] for name in ("steps", "note_f1", "windows")) == pytest.approx(
        by_hand, abs=1e-6
    )
    assert found.active_units == int((q.mean.var(0) > 0.01).sum())


def forced(name: str, tokens: np.ndarray, change: Callable[[Tensor], Tensor]) -> float:
    """The figure of a decoder that answers the true steps with a change."""
    head = SimpleNamespace(sample=lambda hidden, temperature: change(hidden.clone()))
    decoder = SimpleNamespace(head=head, hidden=lambda z, shown, control: shown)
    vae: Any = SimpleNamespace(decoder=decoder)
    split, rows = from_arrays(tokens), np.arange(len(tokens))
    given = Examples(split, rows, representations.PRESETS[name], 0, torch.device("cpu"))
    found = evaluation._teacher_forced(vae, torch.zeros(len(tokens), 3), given)
    assert found is not None
    return found


def test_a_step_is_right_when_all_its_parts_are():
    def wrong(part: int | slice, first: int = 0) -> Callable[[Tensor], Tensor]:
        def change(steps: Tensor) -> Tensor:
            steps[:, first:, part] = 1 - steps[:, first:, part]
            return steps

        return change

    trio, flags = np.zeros((300, 32, 3), np.uint16), np.zeros((300, 32, 9), np.uint8)
    assert forced("trio-2bar", trio, lambda steps: steps) == 1
    assert forced("trio-2bar", trio, wrong(0)) == 0
    assert forced("trio-2bar", trio, wrong(2, first=8)) == 0.25
    assert forced("drums-2bar-nade", flags, wrong(8, first=24)) == 0.75
    groove = np.zeros((300, 32, 27), np.float32)
    assert forced("groove-2bar", groove, wrong(slice(9, 27))) == 1  # loudness and timing
    assert forced("groove-2bar", groove, wrong(8)) == 0


def test_steps_that_are_mere_filling_do_not_count():
    r = representations.PRESETS["multitrack-track"]
    windows = np.full((3, r.steps), 489, np.uint16)  # all but empty: what is behind the first end is filling
    windows[:, :3] = 5
    right = r.valid(windows)
    assert right.sum() == 3 * 4

    def change(tokens: Tensor) -> Tensor:
        tokens[:, 1:] = torch.where(torch.from_numpy(right)[:, 1:], 7, tokens[:, 1:])
        return tokens

    assert forced("multitrack-track", windows, change) == 0.25


@pytest.mark.parametrize("name, more", [("drums-2bar-nade", {"nade": 8}), ("groove-2bar", {})])
def test_of_one_part_it_is_what_training_calls_accuracy(name: str, more: dict[str, int]):
    r, sizes = representations.PRESETS[name], {"kind": "hierarchical", "segments": [4, 8], "width": 16}
    table = {
        "representation": r.to_config(),
        "encoder": {**sizes, "squeeze": 4},
        "decoder": {**sizes, "core_width": 16, **more},
        "z": 6,
    }
    torch.manual_seed(0)
    vae = MusicConfig.from_table(table, "test").build().eval()
    x = made_up(r.step, 40, r.steps)
    with torch.no_grad():
        for part in vae.parameters():
            part.add_(0.3 * torch.randn(part.shape))
        vae.decoder.head.logits.bias.fill_(-2)  # type: ignore[union-attr, operator]
        said = vae.decoder.reconstruction(vae.encode(x).mean, x)  # type: ignore[operator]
    found = evaluate(vae, r, from_arrays(x.numpy().astype(r.step.dtype)))
    assert found.teacher_forced is not None and 0 < found.teacher_forced < 1
    assert found.teacher_forced == pytest.approx(float(said.metrics["accuracy"]), abs=1e-6)


def test_a_single_window_does_not_tell_which_units_are_active(vae: VAE):
    assert evaluate(vae, MELODY, windows(1)).to_json()["active_units"] is None
    found = validate(vae, MELODY, windows(1), beta=0.25, seed=3)
    assert "active_units" not in found and None not in found.values()


def test_same_seed_same_figures_and_training_mode_changes_nothing(vae: VAE):
    vae.decoder.blank = 0.5  # type: ignore[assignment]
    one = evaluate(vae.train(), MELODY, windows(20), seed=1)
    vae.decoder.blank = 0.0  # type: ignore[assignment]
    assert one == evaluate(vae, MELODY, windows(20), seed=1) != evaluate(vae, MELODY, windows(20), seed=2)
    assert one.to_json()["free_mean"]["steps"] == one.free_mean["steps"]


def test_some_of_the_windows(vae: VAE):
    assert evaluate(vae, MELODY, windows(20), most=6).windows == 6
    assert evaluate(vae, MELODY, windows(20), most=600).windows == 20
    with pytest.raises(ConfigError, match="0 windows"):
        evaluate(vae, MELODY, windows(20), most=0)
    with pytest.raises(NothingUsableError, match="an empty place holds no windows"):
        evaluate(vae, MELODY, from_arrays(np.zeros((0, 32), np.uint8), name="an empty place"))


def test_validation_agrees_with_evaluation(vae: VAE):
    short, long = (
        validate(vae, MELODY, windows(20), beta=0.25, seed=3),
        evaluate(vae, MELODY, windows(20), seed=3),
    )
    assert short["reconstruction_nats"] == pytest.approx(long.reconstruction_nats)
    assert short["kl_bits"] == pytest.approx(long.kl_bits)
    assert short["objective"] == pytest.approx(long.reconstruction_nats + 0.25 * long.kl_nats)
    free = validate(vae, MELODY, windows(20), beta=0.25, seed=3, free=1e4)
    assert free["objective"] == pytest.approx(free["reconstruction_nats"]) and free["kl_bits"] > 0
    assert short["active_units"] == long.active_units
    assert short == validate(vae, MELODY, windows(20), beta=0.25, seed=3)
