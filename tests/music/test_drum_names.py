"""Drums by the names of tracks."""

from __future__ import annotations

import pytest

from musicvae_lite.music import drum_names


@pytest.mark.parametrize(
    ("name", "pitch"),
    [
        ("Kick", 36),
        ("kick_2", 36),
        ("Bass Drum", 36),
        ("Snare Top", 38),
        ("HiHat", 42),
        ("Hi-Hats", 42),
        ("Closed Hat", 42),
        ("Open Hi Hat", 46),
        ("Hat open", 46),
        ("Ride Cymbal", 51),
        ("Crash 1", 49),
        ("Floor Tom", 45),
        ("Rimshot", 37),
        ("Drums", None),
        ("Kick + Snare", None),
        ("That's the ticket", None),
        ("Stomp", None),
        ("", None),
    ],
)
def test_the_drum_that_a_track_is_named_for(name: str, pitch: int | None):
    assert next(iter(drum_names.pitches_of(name)), None) == pitch


@pytest.mark.parametrize(
    ("name", "is_single"),
    [("Clap 2", True), ("Hi Tom (L)", True), ("Tom Sawyer", False), ("Kick Snare", False), ("Drums", False)],
)
def test_tracks_that_are_called_one_drum_and_nothing_else(name: str, is_single: bool):
    assert drum_names.is_single(name) == is_single
