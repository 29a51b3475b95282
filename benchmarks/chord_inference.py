"""How often inferred chords agree with those written in lead sheets; also counts the statistics used.

    python -m benchmarks.chord_inference FOLDER --train LIST [--tunes FOLDER] [--pop909 FOLDER] [--write]

FOLDER holds lead sheets (MusicXML, ABC) with chord symbols. LIST names the files to count statistics from,
one a line; every other file is held out and measured on: half bars in which root and triad agree. Each song
is heard twice: its melody alone, and its melody over the written chords played in close position with the
bass an octave or two below, as an accompanist would. `--tunes` measures on another folder of lead sheets in
the same two ways, `--pop909` on the songs of POP909 as they were arranged for the piano, melody and all, and
on their melodies alone. `--write` stores the statistics in the package.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pop909
from benchmarks.common import rounded, write_json
from musicvae_lite.errors import ReadError
from musicvae_lite.music.chords import inference
from musicvae_lite.music.chords.encodings import TRIADS, tones_table
from musicvae_lite.music.chords.inference import MODES, Halves, Statistics
from musicvae_lite.music.chords.symbols import is_symbol, parse
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.reading import find_files, read_songs
from musicvae_lite.music.score import KeyChange, Score, Track


@dataclass(frozen=True, eq=False)
class Song:
    """What is heard of a song in each of S half bars, and what is written there.

    Attributes:
        weights: of pitch classes [S, 12].
        inner: bool [S], half bars that begin within a bar.
        triads: as written, int64 [S]; -1 before the first.
        signature: that of its key.
    """

    weights: np.ndarray
    inner: np.ndarray
    triads: np.ndarray
    signature: KeyChange | None


SHARPNESS = (1.0, 1.25, 1.5, 2.0, 3.0)
FOLDS = 4


def listen(score: Score) -> Song:
    halves = Halves.of(score, Grid.of(score))
    heard, written = inference.evidence(score, halves), inference.annotated(score, halves)
    return Song(heard, halves.inner, written, inference.signature_of(score))


def lead_sheets(folder: str) -> Iterator[tuple[Path, Score]]:
    """Every song of a folder that has notes and chord symbols, and the file it is in."""
    for file in find_files([folder]):
        for song in read_songs(file):
            if not isinstance(song, ReadError) and song.chords and len(song):
                yield file, song


def count(songs: list[Song], keys: list[tuple[int, int]], sharpness: float) -> Statistics:
    """Statistics of songs whose keys (mode, tonic) are known."""
    tones = np.full((5, 12), 0.5)
    scale = np.full((MODES, 12), 0.5)
    closing = np.full((MODES, 12), 0.5)
    opening = np.full((MODES, TRIADS), 0.02)
    change = np.full((MODES, 2, TRIADS, TRIADS), 0.02)
    relative = inference._relative()
    for song, (mode, tonic) in zip(songs, keys, strict=True):
        weights, inner, triads = song.weights, song.inner, song.triads
        inverse = np.argsort(relative[tonic])
        scale[mode] += np.roll(weights.sum(0), -tonic)
        closing[mode] += np.roll(inference.ending(weights), -tonic)
        for at, triad in enumerate(triads.tolist()):
            if triad < 0:
                continue
            quality, root = divmod(triad - 1, 12) if triad else (-1, 0)
            tones[quality + 1] += np.roll(weights[at], -root)
            local = inverse[triad]
            opening[mode, local] += 1
            if at and triads[at - 1] >= 0:
                change[mode, int(inner[at]), inverse[triads[at - 1]], local] += 1
    whole = change.sum(0, keepdims=True)  # of both modes, so that a rare chord of one has heard of the other
    change = change + 0.1 * whole
    change = change + 2.0 * opening[:, None, None] / opening.sum(-1)[:, None, None, None]
    return Statistics(
        np.log(tones / tones.sum(-1, keepdims=True)),
        np.log(opening / opening.sum(-1, keepdims=True)),
        np.log(change / change.sum(-1, keepdims=True)),
        np.log(scale / scale.sum(-1, keepdims=True)),
        np.log(closing / closing.sum(-1, keepdims=True)),
        sharpness,
    )


def keys_of(songs: list[Song], statistics: Statistics | None) -> list[tuple[int, int]]:
    """The key under which a song's written chords are likeliest; at first, by which triads it holds."""
    relative, table = inference._relative(), tones_table()
    found = []
    for song in songs:
        inner, triads = song.inner, song.triads
        known = triads[triads >= 0]
        best = (-np.inf, 0, 0)
        for tonic in range(12):
            local = np.argsort(relative[tonic])[known]
            for mode in range(MODES):
                if statistics is None:
                    scale = (0, 2, 4, 5, 7, 9, 11) if mode == 0 else (0, 2, 3, 5, 7, 8, 11)
                    strange = [i for i in range(12) if i not in scale]
                    inside = np.max(table[:, strange], axis=1) == 0
                    home = 1 if mode == 0 else 13
                    value = (
                        inside[local].mean() + 0.5 * (local == home).mean() + 0.5 * (local[-1:] == home).sum()
                    )
                else:
                    steps = statistics.change[mode, inner[triads >= 0][1:].astype(int), local[:-1], local[1:]]
                    value = statistics.opening[mode, local[:1]].sum() + steps.sum()
                best = max(best, (float(value), mode, tonic))
        found.append(best[1:])
    return found


def learn(songs: list[Song], sharpness: float) -> Statistics:
    statistics = None
    for _ in range(4):
        statistics = count(songs, keys_of(songs, statistics), sharpness)
    assert statistics is not None
    return statistics


def agreement(songs: list[Song], statistics: Statistics) -> float:
    """Share of half bars with a written chord in which the inferred triad is that."""
    right = total = 0
    for song in songs:
        found = inference.likeliest(song.weights, song.inner, statistics, song.signature)
        known = song.triads >= 0
        right += int((found == song.triads)[known].sum())
        total += int(known.sum())
    return right / max(total, 1)


def _on_others(heard: list[Song], played: list[Song], sharpness: float) -> float:
    """How well statistics of some songs do on the others, both ways of hearing them, on average."""
    found = []
    for fold in range(FOLDS):
        statistics = learn([song for i, song in enumerate(heard) if i % FOLDS != fold], sharpness)
        found += [agreement(songs[fold::FOLDS], statistics) for songs in (heard, played)]
    return float(np.mean(found))


def accompanied(score: Score) -> Score:
    """The song with its chord symbols played: the bass from E1 upwards, the other tones from E3."""
    marks = [(c.tick, parse(c.symbol)) for c in score.chords if is_symbol(c.symbol)]
    ends = [tick for tick, _ in marks[1:]] + [score.end_tick]
    rows = [
        (tick, end, low + (pitch - low) % 12)
        for (tick, chord), end in zip(marks, ends, strict=True)
        if chord.root >= 0 and end > tick
        for low, pitch in [(28, chord.bass), *[(52, p) for p in chord.pitch_classes]]
    ]
    added = np.array(rows, dtype=np.int32).reshape(-1, 3)
    columns = {
        "start": added[:, 0],
        "end": added[:, 1],
        "pitch": added[:, 2],
        "velocity": np.full(len(added), 60, np.int32),
        "track": np.full(len(added), len(score.tracks), np.int32),
    }
    order = np.argsort(np.concatenate([score.start, columns["start"]]), kind="stable")
    merged = {k: np.concatenate([getattr(score, k), v])[order].astype(np.int32) for k, v in columns.items()}
    return replace(score, tracks=(*score.tracks, Track("Accompaniment")), **merged)


def main() -> None:
    options = argparse.ArgumentParser(description="Inferred chords against written ones.")
    options.add_argument("folder")
    options.add_argument("--train", required=True, help="file with the names of the songs to count from")
    options.add_argument("--tunes", help="more lead sheets to measure on")
    options.add_argument("--pop909", type=Path, help="the folder with 001 to 909")
    options.add_argument("--write", action="store_true", help="store the statistics in the package")
    options.add_argument("-o", "--output", default="out")
    given = options.parse_args()
    names = {Path(line.strip()).stem for line in Path(given.train).read_text(encoding="utf-8").splitlines()}
    train: list[Score] = []
    held_out: list[Score] = []
    for file, song in lead_sheets(given.folder):
        (train if file.stem in names else held_out).append(song)
    heard, judged = [listen(s) for s in train], [listen(s) for s in held_out]
    played = [listen(accompanied(song)) for song in train]
    best = max(SHARPNESS, key=lambda sharpness: _on_others(heard, played, sharpness))
    statistics = learn(heard, best)
    commonest = np.bincount(np.concatenate([s.triads[s.triads >= 0] for s in judged])).max()
    halves = sum(int((s.triads >= 0).sum()) for s in judged)
    result: dict[str, Any] = {
        "counted_from": len(train),
        "held_out": len(held_out),
        "half_bars": halves,
        "sharpness": best,
        "melody_alone": agreement(judged, statistics),
        "accompanied": agreement([listen(accompanied(s)) for s in held_out], statistics),
        "commonest_triad": commonest / halves,
    }
    if given.tunes:
        tunes = [song for _, song in lead_sheets(given.tunes)]
        result["tunes"] = {
            "songs": len(tunes),
            "melody_alone": agreement([listen(s) for s in tunes], statistics),
            "accompanied": agreement([listen(accompanied(s)) for s in tunes], statistics),
        }
    if given.pop909:
        songs = [pop909.chorded(place) for place in pop909.song_folders(given.pop909)]
        result["pop909"] = {
            "songs": len(songs),
            "melody_alone": agreement([listen(pop909.melody_of(s)) for s in songs], statistics),
            "as_arranged": agreement([listen(s) for s in songs], statistics),
        }
    print(json.dumps(rounded(result), indent=2))
    write_json(Path(given.output) / "chord-inference.json", result)
    if given.write:
        table = {k: np.round(getattr(statistics, k), 3).tolist() for k in inference.TABLES}
        table["sharpness"] = best
        target = Path(inference.__file__).with_name("statistics.json")
        target.write_text(json.dumps(table, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
