from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import attributes
from musicvae_lite.music.representations import DrumsRepresentation, MelodyRepresentation, TrioRepresentation

R = MelodyRepresentation(bars=2)


def window(notes: dict[int, int]) -> np.ndarray:
    """A window [1, 32] with a pitch at each step named; 0 ends the note."""
    tokens = np.zeros((1, 32), np.uint8)
    for step, pitch in notes.items():
        tokens[0, step] = pitch - R.lowest + 2 if pitch else 1
    return tokens


def of(notes: dict[int, int]) -> dict[str, float]:
    return {name: float(v[0]) for name, v in attributes.measure(window(notes), R).items()}


def test_a_melody_by_hand():
    found = of({0: 60, 4: 62, 8: 61, 12: 0, 16: 60})
    assert found["density"] == 4 / 32 and found["diatonic"] == 3 / 4
    assert found["interval"] == pytest.approx((2 + 1 + 1) / 3)
    assert found["range"] == 2 and found["rests"] == 4 / 32
    assert found["syncopation16"] == found["syncopation8"] == 0
    assert found["repetition"] == 2 / (3 + 1)  # its C stands where the first bar has one of three notes


def test_syncopation_needs_silence_before():
    assert of({1: 60, 4: 60})["syncopation16"] == 0.5
    assert of({0: 60, 1: 60})["syncopation16"] == 0
    assert of({2: 60, 4: 60})["syncopation8"] == 0.5
    assert of({0: 60, 2: 60})["syncopation8"] == 0
    assert of({1: 60, 2: 60})["syncopation8"] == 0


def test_a_bar_twice_repeats():
    assert of({0: 60, 16: 60})["repetition"] == 1
    assert of({0: 60, 4: 62, 16: 60, 20: 64})["repetition"] == 0.5  # a note of two
    assert of({0: 60, 16: 62})["repetition"] == 0 == of({})["repetition"]


def test_drums():
    r = DrumsRepresentation()
    tokens = np.zeros((1, 32), np.uint16)
    tokens[0, 0], tokens[0, 2] = 0b101, 0b100  # kick and closed hat, then the hat alone
    found = attributes.measure(tokens, r)
    assert found["density"] == 3 / 32 and found["hats"] == pytest.approx(2 / 3)


def test_other_music_has_none():
    with pytest.raises(ConfigError, match="melodies and drums, not on trio"):
        attributes.names(TrioRepresentation(bars=4))
