"""When a run is told that its posterior has collapsed."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from musicvae_lite.training.collapse import collapse_warning
from musicvae_lite.training.presets import load_preset
from musicvae_lite.training.settings import ImageTraining, MusicTraining

SETTINGS = ImageTraining(steps=1000, beta=0.2)


def test_collapse_is_told_and_health_is_not():
    assert collapse_warning(58.0, [0.5] * 20, SETTINGS, 1000) is None
    silent = collapse_warning(0.02, [0.0005] * 20, SETTINGS, 1000)
    assert silent is not None and "0.02 bits in 0 of 20 units" in silent and "now 0.2" in silent
    assert collapse_warning(0.5, torch.tensor([0.3, 0.0]), SETTINGS, 1000) is not None
    assert collapse_warning(float("nan"), [0.5], SETTINGS, 1000) is None  # nothing was measured


def test_the_warning_names_settings_that_there_are():
    silent = collapse_warning(0.0, [0.0] * 2, SETTINGS, 1000) or ""
    fields = {field.name for field in dataclasses.fields(SETTINGS)}
    for name in ("beta", "beta_begin", "beta_end", "free_bits"):
        assert name in silent and name in fields


def test_a_run_that_has_hardly_begun_has_not_collapsed():
    short = ImageTraining(steps=20)
    assert collapse_warning(0.0, [0.0] * 2, short, 20) is None
    assert collapse_warning(0.0, [0.0] * 2, SETTINGS, 99) is None
    assert collapse_warning(0.0, [0.0] * 2, SETTINGS, 100) is not None


def test_the_kl_must_weigh_something_before_it_is_blamed():
    slow = MusicTraining(steps=10_000, beta=1.0, beta_first=0.0, beta_begin=0.5, beta_end=0.9)
    assert collapse_warning(0.0, [0.0] * 2, slow, 6_000) is None
    assert collapse_warning(0.0, [0.0] * 2, slow, 8_000) is not None
    as_magenta = MusicTraining(steps=200_000, beta_rate=0.9999)
    assert collapse_warning(0.0, [0.0] * 2, as_magenta, 1_000) is None
    assert collapse_warning(0.0, [0.0] * 2, as_magenta, 20_000) is not None


@pytest.mark.parametrize("name", ["cat-mel_2bar_small", "cat-mel_2bar_big"])
def test_the_kl_need_not_come_near_a_weight_that_the_run_does_not_reach(name: str):
    settings = load_preset(name).training
    assert collapse_warning(0.0, [0.0] * 2, settings, settings.steps // 4) is None
    assert collapse_warning(0.0, [0.0] * 2, settings, settings.steps) is not None


def test_a_kl_below_the_free_bits_is_not_blamed():
    free = ImageTraining(steps=1000, free_bits=4.0)
    assert collapse_warning(0.5, [0.0] * 2, free, 1000) is None
    assert collapse_warning(4.0, [0.0] * 2, free, 1000) is not None  # of a code that says nothing anywhere
