"""From spill files to a dataset: split by song, duplicates removed, shards written, in bounded memory.

Three passes over the spill files, in order of files:

1. every window's fingerprint goes to one of several partition files, by its hash;
2. each partition is sorted in memory and one window of each fingerprint is marked to be kept, or one for
   every control it comes under, all of one split;
3. the marked windows are written to the shards of their split.

Memory holds one partition (about 2**18 windows, 20 MB), one block of a spill file, and for the whole
corpus 16 bytes a song and 1 byte a window. The result depends on the files and the recipe alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from musicvae_lite.corpora.manifest import SONGS, Split
from musicvae_lite.corpora.plan import Chunk
from musicvae_lite.corpora.recipe import SPLITS
from musicvae_lite.corpora.shards import ShardWriter
from musicvae_lite.corpora.spill import Block, read_spill
from musicvae_lite.corpora.splitting import assign_splits, mix

ENTRY = np.dtype([("fingerprint", "<u8"), ("window", "<i8"), ("song", "<i4")])
CONDITIONED = np.dtype([*ENTRY.descr, ("control", "<u8")])  # where something conditions windows
Form = tuple[tuple[int, ...], np.dtype]  # shape and dtype of one window
RANK = np.array([2, 1, 0])  # of train, validation, test: where a fingerprint of several splits stays
MAX_PARTITIONS = 200  # files open at once; some systems stop at 256


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """What pass 1 leaves behind: partition files of entries, the key uint64 [S] of each song, the form of a
    window and of what conditions it (None when nothing does)."""

    partitions: list[Path]
    entry: np.dtype
    windows: int
    keys: np.ndarray
    window: Form
    control: Form | None


@dataclass(frozen=True)
class Assembled:
    """The parts of the manifest that come from the windows."""

    splits: dict[str, Split]
    songs: int
    duplicates: dict[str, int]
    warnings: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: str
    control: dict[str, Any] | None


def assemble(
    chunks: Callable[[], Iterator[tuple[Chunk, Path]]],
    windows: int,
    scratch: Path,
    dataset: Path,
    *,
    split: tuple[float, float, float],
    seed: int,
    partition_windows: int = 1 << 18,
    shard_windows: int = 1 << 20,
) -> Assembled:
    """Writes shards and songs.jsonl into `dataset`.

    Args:
        chunks: gives every chunk, in order, with its spill file; called once a pass.
        windows: how many the spill files hold, at least 1.
        scratch: a folder for partition files.
        dataset: an empty folder.
        split: shares of songs for train, validation and test.
        seed: of the split.
        partition_windows: windows sorted at a time, more if there would be too many partitions.
        shard_windows: windows a shard.
    """
    count = min(MAX_PARTITIONS, -(-windows // partition_windows))
    prints = _partition(chunks, count, scratch)
    split_of, warnings = assign_splits(prints.keys, split, seed)
    kept = np.zeros(prints.windows, np.uint8)
    totals, duplicates = _mark(prints, split_of, kept)
    splits = _write(chunks, prints, split_of, kept, totals, dataset, shard_windows)
    empty = [n for n, share in zip(SPLITS, split, strict=True) if share and not splits[n].windows]
    if empty:
        warnings = (*warnings, f"there were too few songs to fill {' and '.join(empty)}")
    control = prints.control and {"shape": list(prints.control[0]), "dtype": prints.control[1].str}
    shape, dtype = prints.window
    return Assembled(splits, len(prints.keys), duplicates, warnings, shape, dtype.str, control)


def _blocks(path: Path) -> Iterator[Block]:
    return (block for block in read_spill(path) if isinstance(block, Block))


def _partition(chunks: Callable[[], Iterator[tuple[Chunk, Path]]], count: int, scratch: Path) -> Fingerprints:
    paths = [scratch / f"partition-{i:03d}.bin" for i in range(count)]
    keys: list[np.ndarray] = []
    songs = windows = 0
    entry = ENTRY
    window: Form = ((), np.dtype(np.uint8))
    control: Form | None = None
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("wb")) for path in paths]
        for _, path in chunks():
            for block in _blocks(path):
                window = block.tokens.shape[1:], block.tokens.dtype
                if block.control is not None:
                    control = block.control.shape[1:], block.control.dtype
                entry = ENTRY if block.control_fingerprint is None else CONDITIONED
                entries = np.empty(len(block.tokens), entry)
                entries["fingerprint"] = block.fingerprint
                if block.control_fingerprint is not None:
                    entries["control"] = block.control_fingerprint
                entries["window"] = np.arange(windows, windows + len(entries))
                entries["song"] = np.repeat(np.arange(songs, songs + len(block.songs)), block.counts)
                part = mix(block.fingerprint) % np.uint64(count)
                entries = entries[np.argsort(part, kind="stable")]
                ends = np.cumsum(np.bincount(part.astype(np.int64), minlength=count))
                for file, rows in zip(files, np.split(entries, ends[:-1]), strict=True):
                    file.write(rows.tobytes())
                keys.append(block.keys)
                songs, windows = songs + len(block.songs), windows + len(entries)
    return Fingerprints(paths, entry, windows, np.concatenate(keys), window, control)


def _mark(prints: Fingerprints, split_of: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, dict[str, int]]:
    """Sets `kept` uint8 [windows] to 1 for one window a fingerprint and control.

    Windows of one fingerprint stay in one split, whatever conditions them: nothing that is evaluated was
    trained on under other chords.

    Returns:
        windows kept in each split [3], and how many duplicates were dropped within and across splits.
    """
    totals, within, dropped = np.zeros(len(SPLITS), np.int64), 0, 0
    conditioned = prints.entry == CONDITIONED
    for path in prints.partitions:
        entries = np.fromfile(path, prints.entry)
        splits = split_of[entries["song"]]
        keys = [RANK[splits], entries["fingerprint"]]
        if conditioned:
            keys.insert(0, entries["control"])
        order = np.lexsort(keys)  # it is stable: of equals the first window
        first, splits = _begins(entries["fingerprint"][order]), splits[order]
        winner = splits[first][np.cumsum(first) - 1]  # the split in which each fingerprint stays
        keep = first
        if conditioned:
            keep = first | (_begins(entries["control"][order]) & (splits == winner))
        kept[entries["window"][order[keep]]] = 1
        totals += np.bincount(splits[keep], minlength=len(SPLITS))
        within += int(np.count_nonzero(~keep & (splits == winner)))
        dropped += int(np.count_nonzero(~keep))
        path.unlink()
    return totals, {"within": within, "across": dropped - within}


def _begins(values: np.ndarray) -> np.ndarray:
    """Whether each of some values [N] differs from the one before, bool [N]."""
    return np.append(True, values[1:] != values[:-1])[: len(values)]


def _write(
    chunks: Callable[[], Iterator[tuple[Chunk, Path]]],
    prints: Fingerprints,
    split_of: np.ndarray,
    kept: np.ndarray,
    totals: np.ndarray,
    dataset: Path,
    shard_windows: int,
) -> dict[str, Split]:
    columns = {"tokens": prints.window, "origin": ((3,), np.dtype("<i4"))}
    if prints.control is not None:
        columns["control"] = prints.control
    writers = [
        ShardWriter(dataset, name, int(total), columns, shard_windows)
        for name, total in zip(SPLITS, totals, strict=True)
    ]
    sounding = np.zeros(len(SPLITS), np.int64)  # songs with windows left
    song = window = 0
    with (dataset / SONGS).open("w", encoding="utf-8", newline="\n") as lines:
        for chunk, path in chunks():
            for block in _blocks(path):
                size, count = len(block.tokens), len(block.songs)
                keep = kept[window : window + size].astype(bool)
                owner = np.repeat(np.arange(count), block.counts)  # [W] song within the block
                origin = np.stack([song + owner, block.bar, block.step], axis=1).astype("<i4")
                splits = split_of[song : song + count]
                for number, writer in enumerate(writers):
                    rows = keep & (splits[owner] == number)
                    told = {} if block.control is None else {"control": block.control[rows]}
                    writer.write(tokens=block.tokens[rows], origin=origin[rows], **told)
                left = np.bincount(owner[keep], minlength=count)
                sounding += np.bincount(splits[left > 0], minlength=len(SPLITS))
                _write_songs(lines, chunk, block, song, splits, left)
                song, window = song + count, window + size
    return {
        name: Split(int(songs), int(total), tuple(writer.shards))
        for name, songs, total, writer in zip(SPLITS, sounding, totals, writers, strict=True)
    }


def _write_songs(
    lines: TextIO, chunk: Chunk, block: Block, first: int, splits: np.ndarray, left: np.ndarray
) -> None:
    for index, (file, _, tune, title, _) in enumerate(block.songs):
        source = chunk.files[file]
        line = {
            "id": first + index,
            "source": source.name,
            **({} if source.folder is None else {"folder": source.folder}),
            "tune": tune,
            "title": title,
            "split": SPLITS[splits[index]],
            "windows": int(left[index]),
            "label": source.label,
        }
        lines.write(json.dumps(line) + "\n")
