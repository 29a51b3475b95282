"""Writing with products in bf16."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.models.stock.stepping import Stepper
from tests.magenta.models import small
from tests.models.architectures import made_up

needs_bf16 = pytest.mark.skipif(
    not runtime.bfloat16_works(torch.device("cpu")), reason="this processor cannot do it"
)


@needs_bf16
def test_the_shipped_model_writes_nearly_the_same_in_bf16():
    exact = MusicVAE.load("melody-2bar")
    rough = exact.with_precision("bf16")
    one, two = (model.sample(64, temperature=1.0, seed=5) for model in (exact, rough))
    assert 0.9 < (one.tokens == two.tokens).mean() < 1.0
    assert "precision" not in one.record and two.record["precision"] == "bf16"
    assert exact.precision == "float32"
    codes = [model.posterior_of_tokens(one.tokens).mean for model in (exact, rough)]
    assert torch.equal(*codes)


@needs_bf16
@pytest.mark.parametrize(
    "name", ["cat-mel_2bar_small", "hierdec-mel_16bar", "cat-drums_2bar_small", "hierdec-trio_16bar"]
)
def test_a_stepper_in_bf16_stays_near_the_layers_at_once(name: str):
    """Each step of a stock decoder's cores, and all of them at once in float32."""
    torch.manual_seed(0)
    config = small(name)
    decoder: Any = config.build().eval().decoder
    r = config.representation
    z, shown = torch.randn(3, config.z), made_up(r.step, 3, r.steps)
    vectors = decoder.conduct(z)
    core = decoder.cores[0]
    before = decoder._own(decoder._shifted(shown).unflatten(1, (decoder.segments, -1)).flatten(0, 1), 0)
    with torch.no_grad():
        wanted = core(vectors, before, None)  # [N, L, H]
        for kind, near in ((torch.float32, 1e-5), (torch.bfloat16, 0.05)):
            with torch.autocast("cpu", torch.bfloat16, enabled=kind is torch.bfloat16):
                stepper: Stepper = core.stepper(vectors, None)
                states = core.start(vectors)
                for t in range(before.shape[1]):
                    out, states = stepper.at(t, before[:, t], states)
                    torch.testing.assert_close(out.float(), wanted[:, t], atol=near, rtol=near)
                    assert all(c.dtype is torch.float32 for _, c in states)
                assert out.dtype is kind


def test_precisions_that_are_not_known_are_refused():
    model = MusicVAE.load("melody-2bar")
    with pytest.raises(ConfigError, match="precision 'fp16' is not known: it can be auto, bf16, float32"):
        model.with_precision("fp16")
    assert model.with_precision("auto").precision in runtime.PRECISIONS
