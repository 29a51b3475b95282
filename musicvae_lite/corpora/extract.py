"""From files of music to windows: what every worker process does with its chunk of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from musicvae_lite.corpora.duplicates import control_fingerprint, fingerprint
from musicvae_lite.corpora.plan import Chunk, Source
from musicvae_lite.corpora.recipe import Recipe
from musicvae_lite.corpora.spill import SpillWriter
from musicvae_lite.corpora.splitting import song_key
from musicvae_lite.corpora.tally import Tally
from musicvae_lite.errors import ReadError
from musicvae_lite.music import naming, reading
from musicvae_lite.music.files import LimitError
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.score import Score
from musicvae_lite.music.voices import choose_melody

FLUSH_BYTES = 1 << 24  # of windows held before they go to disk, so that one huge tune book stays small


@dataclass(frozen=True, eq=False)
class SongWindows:
    """The windows of one song: tokens [W, T, ...], and the bar and step int32 [W] where each starts.

    `key` decides its split (see `splitting.song_key`). `control` [W, T, ...] conditions the windows; None
    when nothing does.
    """

    key: int
    tune: int
    title: str
    tokens: np.ndarray
    bar: np.ndarray
    step: np.ndarray
    control: np.ndarray | None = None


@dataclass(frozen=True)
class Job:
    """A chunk of files for one worker. `crashed` numbers the files known to kill their process."""

    chunk: Chunk
    recipe: Recipe
    output: str
    crashed: frozenset[int] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Report:
    """What a finished chunk tells the main process; `size` in bytes is that of its spill file."""

    chunk: int
    files: int
    songs: int
    windows: int
    size: int


def read_windows(source: Source, recipe: Recipe, tally: Tally) -> Iterator[SongWindows]:
    """The windows of every song of one file; what gives none is counted in `tally`.

    Whatever goes wrong costs this file (or the rest of it) alone.
    """
    reject = partial(tally.add, folder=source.folder)
    try:
        for tune, song in enumerate(reading.read_songs(source.path, recipe.limits), start=1):
            if isinstance(song, ReadError):
                reject(song.code, _tune_name(source.name, song.path), 0, _reason(song))
                continue
            windows = _song_windows(song, tune, _tune_name(source.name, song.source), recipe, reject)
            if windows is not None:
                yield windows
    except ReadError as error:
        reject(error.code, source.name, 0, _reason(error))
    except Exception as error:  # a fault of this program, or no memory: the run must outlive it
        reject("internal", source.name, 0, f"{type(error).__name__}: {error}")


def _reason(error: ReadError) -> str:
    lifted = "; --no-limits of `mvae prepare` lifts it" if isinstance(error, LimitError) else ""
    return error.reason + lifted


def _tune_name(name: str, song_source: str) -> str:
    """The file's short name with the "#3" of a tune in a book, when the song's source has one."""
    _, number = naming.parted(song_source)
    return name if number is None else naming.tune(name, number)


def _song_windows(
    score: Score, tune: int, name: str, recipe: Recipe, reject: Callable[[str, str, int, str], None]
) -> SongWindows | None:
    tracks = [None] if recipe.tracks == "chosen" else recipe.representation.candidates(score)
    parts = [recipe.representation.windows(score, recipe.hop, track) for track in tracks]
    for part in parts:
        for rejection in (part.unfit,) if part.unfit else part.rejections:
            reject(rejection.code, name, rejection.bar, rejection.detail)
    kept = [part for part in parts if len(part) and not part.unfit]
    if not kept:
        if not any(part.rejections or part.unfit for part in parts):
            reject("no-windows", name, 0, "it holds nothing this representation takes")
        return None
    if len(kept) == 1:
        tokens, bar, step = kept[0].tokens, kept[0].bar, kept[0].step
    else:
        tokens, bar, step = (np.concatenate([getattr(p, k) for p in kept]) for k in ("tokens", "bar", "step"))
    key = song_key(score, _melody(score, recipe, parts[0]), recipe.drums_by)
    control = [part.control for part in kept if part.control is not None]
    told = np.concatenate(control) if control else None
    return SongWindows(key, tune, score.title, tokens, bar, step, told)


def _melody(score: Score, recipe: Recipe, first: Extraction) -> int:
    """The track a song is known by: the one a representation picks, even when all are taken."""
    return first.track if recipe.tracks == "chosen" else choose_melody(score, score.ticks_per_quarter / 4)[0]


def extract_chunk(job: Job) -> Report:
    """Reads a chunk's files and writes their windows to one spill file, atomically.

    Runs in a worker process; it raises OSError only when the spill cannot be written.
    """
    tally, songs, windows = Tally(), 0, 0
    representation = job.recipe.representation
    prints = representation.fingerprint, partial(control_fingerprint, representation)
    with SpillWriter(Path(job.output), *prints) as spill:
        for index, source in enumerate(job.chunk.files):
            if index in job.crashed:
                tally.add("crash", source.name, 0, "reading it killed the process", source.folder)
                continue
            for song in read_windows(source, job.recipe, tally):
                columns = (song.tokens, song.bar, song.step, song.control)
                spill.add(index, song.key, song.tune, song.title, *columns)
                songs, windows = songs + 1, windows + len(song.tokens)
                if spill.pending >= FLUSH_BYTES:
                    spill.flush()
        size = spill.close({"rejections": tally.rows()})
    return Report(job.chunk.number, len(job.chunk.files), songs, windows, size)


def try_file(job: Job) -> None:
    """Reads one file and drops the result: shows whether the file kills its process."""
    for source in job.chunk.files:
        for song in read_windows(source, job.recipe, Tally()):
            fingerprint(job.recipe.representation, song.tokens, song.control)
