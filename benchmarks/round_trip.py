"""Whether windows survive tensor, score, MIDI file, score and tensor again, for every representation.

    python -m benchmarks.round_trip [FOLDER ...] [-r PRESET ...] [--count 10000] [-o out]

For each preset, `--count` random tensors (anything a head can emit) and up to as many real windows, taken
from the music of the folders, go through a MIDI file in memory; each must come back as its canonical
spelling, and canonical spellings must not change. Prints JSON and writes it to `round-trip.json`; the
exit status is 1 when a window is lost.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import write_json
from musicvae_lite.errors import ReadError
from musicvae_lite.music import midi
from musicvae_lite.music.reading import find_files, read_songs
from musicvae_lite.music.representations import PRESETS, GrooveRepresentation, Representation
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product
from musicvae_lite.music.score import Score

BATCH = 500
A_SONG = 200  # windows of one track at most, so that many songs are heard


def emitted(rep: Representation, count: int, generator: np.random.Generator) -> np.ndarray:
    """Random windows [count, T, ...] that a head can emit, from nearly empty ones to noise."""
    shape = (count, rep.steps, *rep.step.shape)
    density = generator.beta(0.5, 1.0, (count,) + (1,) * (len(shape) - 1))
    busy = generator.random(shape) < density
    match rep.step:
        case Categorical(depth=depth):
            return np.where(busy, generator.integers(0, depth, shape), 0).astype(rep.step.dtype)
        case Product(depths=depths):
            return np.where(busy, generator.integers(0, np.array(depths), shape), 0).astype(rep.step.dtype)
        case Binary():
            return busy.astype(np.uint8)
        case Groove(classes=classes):
            hits = busy[..., :classes].astype(np.float32)
            velocity = generator.random(hits.shape, dtype=np.float32)
            offset = generator.uniform(-1, 1, hits.shape).astype(np.float32)
            return np.concatenate([hits, velocity, offset], axis=-1)


def lost(rep: Representation, windows: np.ndarray) -> int:
    """How many windows [W, T, ...] do not come back from a MIDI file as their canonical spelling."""
    wanted = rep.canonical(windows)
    bad = int((rep.canonical(wanted) != wanted).reshape(len(wanted), -1).any(1).sum())
    lenient = rep.lenient()
    for window, expected in zip(windows, wanted, strict=True):
        song, at = written(rep, window)
        found = lenient.windows(midi.read_bytes(midi.to_bytes(song)))
        bad += not (len(found) > at and np.array_equal(found.tokens[at], expected))
    return bad


def written(rep: Representation, window: np.ndarray) -> tuple[Score, int]:
    """A window as a score that loses none of it, and which window of that score it is.

    A groove may begin before its first bar line, so it follows a silent bar; and something follows it,
    so that silence at its end is still part of the song.
    """
    if isinstance(rep, GrooveRepresentation):
        after = np.zeros_like(window)
        after[-1, : rep.classes] = 1
        return rep.to_score(np.stack([window, after]), lead_in=True), 1
    return rep.to_score(window), 0


def real(rep: Representation, songs: Iterable[Score], count: int) -> Iterator[np.ndarray]:
    """Windows of songs, `count` in all at most."""
    left = count
    heard = ((song, track) for song in songs for track in rep.candidates(song))
    for song, track in heard:
        tokens = rep.windows(song, track=track).tokens[: min(A_SONG, left)]
        left -= len(tokens)
        if len(tokens):
            yield tokens
        if not left:
            return


def main() -> None:
    options = argparse.ArgumentParser(description="Do windows survive a MIDI file?")
    options.add_argument("folders", nargs="*", help="music to take real windows of")
    options.add_argument("-r", "--preset", action="append", choices=list(PRESETS), help="default: all")
    options.add_argument("--count", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("-o", "--output", default="out")
    given = options.parse_args()

    def songs() -> Iterator[Score]:
        for file in find_files(given.folders):
            for song in read_songs(file):
                if not isinstance(song, ReadError):
                    yield song

    figures: dict[str, Any] = {}
    failed = 0
    for name in given.preset or PRESETS:
        rep, begin = PRESETS[name], time.perf_counter()
        generator = np.random.default_rng(given.seed)
        row = {"random": given.count, "random_lost": 0, "real": 0, "real_lost": 0}
        for first in range(0, given.count, BATCH):
            row["random_lost"] += lost(rep, emitted(rep, min(BATCH, given.count - first), generator))
        if given.folders:
            for tokens in real(rep, songs(), given.count):
                row["real"] += len(tokens)
                row["real_lost"] += lost(rep, tokens)
        failed += row["random_lost"] + row["real_lost"]
        figures[name] = row
        print(name, row, f"{time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
    write_json(Path(given.output) / "round-trip.json", figures)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
