"""POP909 (Wang et al. 2020, arXiv:2008.07142) as scores whose bars are the annotated ones.

    python -m benchmarks.pop909 FOLDER OUT    # writes them as MIDI, all three tracks

The MIDI files hold notes in seconds and a nominal meter; the beats are in `beat_midi.txt` beside them,
one a line: time in seconds, 1 on every other beat, 1 on the first beat of a bar.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from musicvae_lite.errors import NothingUsableError, ReadError
from musicvae_lite.music import midi
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter, MeterChange, Score
from musicvae_lite.training.windows import Song, WindowSplit

TICKS = 480  # a beat
STEP = TICKS // 4


def read_beats(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds [B] of a song's beats, and which of them begin a bar, bool [B].

    Raises:
        ReadError: the file is missing, or holds something else than three columns of numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [[float(cell) for cell in line.split()] for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise ReadError(path, f"no beats can be read ({error})") from error
    if len(rows) < 2 or any(len(row) != 3 for row in rows):
        raise ReadError(path, "beats are lines of three numbers, two lines at least")
    time, _, downbeat = np.array(rows).T
    return time, downbeat == 1


def meters(downbeat: np.ndarray) -> tuple[MeterChange, ...]:
    """The meter map of beats [B]: a bar from each downbeat to the next, a pickup before the first."""
    at = np.flatnonzero(downbeat)
    starts = at if len(at) and at[0] == 0 else np.concatenate([[0], at])
    lengths = np.diff(starts)
    changes: list[MeterChange] = []
    for start, beats in zip(starts, np.append(lengths, lengths[-1:] if len(lengths) else 4), strict=False):
        meter = Meter(int(beats), 4)
        if not changes or changes[-1].meter != meter:
            changes.append(MeterChange(int(start) * TICKS, meter))
    return tuple(changes)


def beats_a_bar(downbeat: np.ndarray) -> int:
    """How many beats most bars have; 0 when there are no two downbeats."""
    lengths = np.diff(np.flatnonzero(downbeat))
    return int(np.bincount(lengths).argmax()) if len(lengths) else 0


def melody(folder: Path) -> Score:
    """The track MELODY of `song`. Raises ReadError where there is none."""
    score = song(folder)
    names = [track.name for track in score.tracks]
    if "MELODY" not in names:
        raise ReadError(
            Path(score.source), f"there is no track MELODY; its tracks are: {', '.join(names) or 'none'}"
        )
    return score.select(score.track == names.index("MELODY"))


def song(folder: Path) -> Score:
    """One song's folder: onsets and ends on the 16ths between the beats.

    Notes before the first beat are left out; past the last one beats go on as they were.

    Raises:
        ReadError: the MIDI file or the beats cannot be read.
    """
    path = folder / f"{folder.name}.mid"
    part = midi.read(path)
    time, downbeat = read_beats(folder / "beat_midi.txt")
    gap = time[-1] - time[-2]
    long = np.append(time, time[-1] + gap * np.arange(1, 257))
    at = np.arange(len(long))
    begin, end = (np.interp(part.seconds(ticks), long, at, left=-1) for ticks in (part.start, part.end))
    kept = begin >= 0
    start = np.floor(begin[kept] * 4 + 0.5).astype(np.int32) * STEP
    stop = np.floor(end[kept] * 4 + 0.5).astype(np.int32) * STEP
    order = np.lexsort((part.pitch[kept], start))
    return Score(
        ticks_per_quarter=TICKS,
        start=start[order],
        end=np.maximum(stop, start + STEP)[order],
        pitch=part.pitch[kept][order],
        velocity=part.velocity[kept][order],
        track=part.track[kept][order],
        tracks=part.tracks,
        meters=meters(downbeat),
        title=folder.name,
        source=str(path),
    )


def song_folders(folder: Path) -> list[Path]:
    """The folders of songs in that of the whole set, in order."""
    return sorted(p for p in folder.iterdir() if (p / "beat_midi.txt").is_file())


def windows(folder: Path, representation: MelodyRepresentation) -> WindowSplit:
    """The different windows, from every bar, of all songs of POP909 whose bars mostly fill the meter.

    Raises:
        NothingUsableError: the folder holds no song that gives one.
    """
    tokens, origins, songs = [], [], []
    wanted = representation.meter.quarters
    for place in song_folders(folder):
        _, downbeat = read_beats(place / "beat_midi.txt")
        if beats_a_bar(downbeat) != wanted:
            continue
        found = representation.windows(melody(place))
        number = np.full(len(found), len(songs))
        origins.append(np.stack([number, found.bar, found.step], axis=1).astype(np.int32))
        tokens.append(found.tokens)
        songs.append(Song(len(songs), place.name, 1, place.name, "", len(found), "POP909"))
    every = np.concatenate(tokens) if tokens else np.zeros((0, representation.steps), np.uint8)
    if not len(every):
        raise NothingUsableError(f"{folder}: no song of POP909 in {representation.meter} gives a window")
    _, first = np.unique(representation.fingerprint(every), return_index=True)
    first.sort()
    return WindowSplit([every[first]], [np.concatenate(origins)[first]], str(folder), lambda: songs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    places = song_folders(given.folder)
    for place in places:
        song(place).save(str(given.out / f"{place.name}.mid"))
    print(f"{len(places)} songs in {given.out}")


if __name__ == "__main__":
    main()
