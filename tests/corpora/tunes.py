"""Small songs for the tests, and a representation that kills its process on one of them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter, MeterChange, Score, Track

SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
DEADLY = "deadly"


def tune(seed: int, bars: int = 8, shift: int = 0, title: str = "", meter: Meter = Meter()) -> Score:  # noqa: B008
    """A melody of eighths, `shift` semitones up."""
    chance = np.random.default_rng(seed)
    notes = int(bars * meter.quarters * 2)
    degree = chance.integers(0, 14, notes)
    start = np.arange(notes, dtype=np.int32) * 240
    return Score(
        ticks_per_quarter=480,
        start=start,
        end=start + 240,
        pitch=(60 + shift + 12 * (degree // 7) + SCALE[degree % 7]).astype(np.int32),
        velocity=np.full(notes, 80, np.int32),
        track=np.zeros(notes, np.int32),
        tracks=(Track(title),),
        meters=(MeterChange(0, meter),),
        title=title,
    )


def write_tunes(folder: Path, count: int, first: int = 0) -> Path:
    """`count` different songs as MIDI files in two subfolders."""
    for number in range(first, first + count):
        place = folder / ("even" if number % 2 == 0 else "odd")
        place.mkdir(parents=True, exist_ok=True)
        tune(number).save(str(place / f"{number:03d}.mid"))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a dataset."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@dataclass(frozen=True)
class DeadlyRepresentation(MelodyRepresentation):
    """Melody, but a song with DEADLY for its title takes the whole process down."""

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        if score.tracks[0].name == DEADLY:
            os._exit(1)
        return super().windows(score, hop, track)
