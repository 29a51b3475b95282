"""Evaluation figures against plain counting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training import examples
from musicvae_lite.training.evaluation import evaluate, validate
from musicvae_lite.training.windows import from_arrays
from musicvae_lite.vae import VAE
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
