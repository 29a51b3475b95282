"""Histograms, their overlap, and reading samples again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import prior
from benchmarks.histograms import Notes, histograms, overlap, pitch_range, repeated_bars, spread
from tests.benchmarks.models import REPRESENTATION, made_up

FIRST = 60 - 21 + 2  # the token of middle C


def window(*tokens: tuple[int, int]) -> np.ndarray:
    """A window with tokens at some steps."""
    line = np.zeros((1, 32), np.uint8)
    for step, token in tokens:
        line[0, step] = token
    return line


def test_overlap_of_identical_histograms_is_one_and_of_disjoint_ones_zero():
    for values in histograms(made_up(50), REPRESENTATION).values():
        assert overlap(values, values) == pytest.approx(1)
    assert overlap(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 0


def test_notes_of_a_window_by_hand():
    tokens = window((0, FIRST), (4, FIRST + 2), (10, 1), (16, FIRST + 7))
    notes = Notes.of(np.concatenate([tokens, tokens]), 21)
    assert notes.pitch.tolist() == [60, 62, 67] * 2
    assert notes.onset.tolist() == [0, 4, 16] * 2
    assert notes.length.tolist() == [4, 6, 16] * 2
    assert notes.window.tolist() == [0] * 3 + [1] * 3


def test_histograms_of_a_window_by_hand():
    found = histograms(window((0, FIRST), (4, FIRST + 2), (8, FIRST + 7), (16, FIRST)), REPRESENTATION)
    assert found["pitch_class"][[0, 2, 7]].tolist() == [0.5, 0.25, 0.25]
    assert found["interval"][[13 + 2, 13 + 5, 13 - 7]] == pytest.approx([1 / 3] * 3)
    assert found["duration"][[3, 7, 15]].tolist() == [0.5, 0.25, 0.25]
    assert found["density"][4] == 1
    assert found["onset"][[0, 4, 8]].tolist() == [0.5, 0.25, 0.25]


def test_key_does_not_matter_where_it_should_not():
    tokens = made_up(50)
    moved = REPRESENTATION.transpose(tokens, np.full(len(tokens), 3))
    before, after = histograms(tokens, REPRESENTATION), histograms(moved, REPRESENTATION)
    assert overlap(before["pitch_class_from_last"], after["pitch_class_from_last"]) == pytest.approx(1)
    assert before["interval"] == pytest.approx(after["interval"])
    assert overlap(before["pitch_class"], after["pitch_class"]) < 1


def test_silence_has_no_notes_and_no_failure():
    silent = np.zeros((3, 32), np.uint8)
    found = histograms(silent, REPRESENTATION)
    assert found["density"][0] == 1
    assert found["interval"].sum() == 0


def test_pitch_range():
    tokens = np.concatenate(
        [window((0, FIRST), (3, 2), (5, 1), (9, 89)), window((0, FIRST), (4, 1)), window()]
    )
    low, high = pitch_range(tokens, 21)
    assert (low.tolist(), high.tolist()) == ([21, 60, -1], [108, 60, -1])


def test_repeated_bars_and_range():
    same = window((0, FIRST), (4, FIRST + 2), (16, FIRST), (20, FIRST + 2))
    other = window((0, FIRST), (4, FIRST + 2), (16, FIRST), (20, FIRST + 5))
    assert repeated_bars(np.concatenate([same, other]), REPRESENTATION) == 0.5
    assert spread(other, REPRESENTATION)["range"] == 5


def test_what_representations_write_is_read_again():
    found = prior.read_again(made_up(40), REPRESENTATION, through_midi=10)
    assert (found["tried"], found["through_midi"], found["failed"]) == (40, 10, 0)


def test_what_cannot_be_read_again_is_counted():
    ended_unbegun = np.ones((2, 32), np.uint8)  # "off" in silence: not the canonical spelling
    silent = np.zeros((1, 32), np.uint8)
    found = prior.read_again(np.concatenate([ended_unbegun, silent, made_up(3)]), REPRESENTATION, 0)
    assert found["failed"] == 2
    assert sum(found["failed_reasons"].values()) == 2
    strict = replace(REPRESENTATION, min_notes=33)
    assert prior.read_again(made_up(3), strict, 0)["refused_by_training_rules"] == 1


def test_codes_that_lie_like_the_prior_cost_no_bits():
    z = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(0))
    assert prior.aggregate(z, z)["gaussian_kl_to_prior_bits"] == pytest.approx(0, abs=0.01)
    far = prior.aggregate(z * 0.5 + 1, z)
    # four units, each 0.5 (0.25 + 1 - 1 - ln 0.25) nats
    assert far["gaussian_kl_to_prior_bits"] == pytest.approx(
        4 * 0.5 * (0.25 + np.log(4)) / np.log(2), rel=0.03
    )


def test_the_figure_is_drawn(tmp_path: Path):
    found = {"held_out": made_up(30, 1), "training": made_up(30, 2), "prior_1": made_up(30, 3)}
    result = prior.compare(found, REPRESENTATION) | {"temperature": 1.0, "samples": 30, "held_out": 30}
    prior.draw(result, tmp_path / "figure.png", "tiny", 2)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert prior.table(result).count("\n") == 4
