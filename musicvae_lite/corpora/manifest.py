"""The manifest of a prepared dataset: what is in its folder, from what, and how it was made.

Beside it lie the shards, and songs.jsonl: a line for every song, with its id, source (the file, relative to
the folder given), folder (the number of that folder, where several were given), tune (its number in the file,
from 1), title, split, windows left, and label (the name of the folder it lies in; "" for files that lie in
the one folder given itself).
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite import tables
from musicvae_lite.corpora.recipe import SPLITS
from musicvae_lite.corpora.tally import Reason
from musicvae_lite.errors import DatasetError, shown
from musicvae_lite.writing import write_json

MANIFEST = "manifest.json"
SONGS = "songs.jsonl"
FORMAT = "musicvae_lite dataset"
VERSION = 1


@dataclass(frozen=True)
class Shard:
    """Files .npy: tokens [W, T, ...], origin int32 [W, 3] (song, bar, step), and control [W, T, ...].

    `control` is None where nothing conditions the windows. `sha256` holds the digests of the files, in
    this order.
    """

    tokens: str
    origin: str
    windows: int
    sha256: tuple[str, ...]
    control: str | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """Their names, in the order of `sha256`."""
        return (self.tokens, self.origin, *([self.control] if self.control else []))


@dataclass(frozen=True)
class Split:
    """One of train, validation and test. `songs` counts those with windows left."""

    songs: int
    windows: int
    shards: tuple[Shard, ...]


@dataclass(frozen=True)
class Manifest:
    """Contents of `manifest.json`.

    Attributes:
        representation: its name and config.
        recipe: hop, tracks, split, seed, limits and drums_by (see `Recipe`).
        sources: the folders as given ("." and ".." by their full paths), counts of files and bytes, and a
            digest of names and sizes.
        window_shape, dtype: of one window's tokens.
        splits: by name.
        songs: lines of songs.jsonl, the songs that gave at least one window.
        extracted: windows before duplicates were removed.
        duplicates: windows removed: "within" a split, and "across" splits, where the copy kept is
            in the test or validation set.
        rejections: every reason with its count and first example, the most frequent first; where several
            folders were given, also the number of its folder in `sources`.
        warnings: what the user should know.
        control: shape and dtype of what conditions one window; None when nothing does.
        songs_sha256: digest of songs.jsonl; "" of datasets made before it was noted.
    """

    representation: dict[str, Any]
    recipe: dict[str, Any]
    sources: dict[str, Any]
    window_shape: tuple[int, ...]
    dtype: str
    splits: dict[str, Split]
    songs: int
    extracted: int
    duplicates: dict[str, int]
    rejections: tuple[Reason, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    control: dict[str, Any] | None = None
    songs_sha256: str = ""

    @property
    def windows(self) -> int:
        return sum(split.windows for split in self.splits.values())

    def to_dict(self) -> dict[str, Any]:
        rejections = [reason.to_dict() for reason in self.rejections]
        return {"format": FORMAT, "version": VERSION, **asdict(self), "rejections": rejections}

    def save(self, folder: Path) -> None:
        write_json(folder / MANIFEST, self.to_dict())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Reads and checks the manifest of a dataset's folder.

        Raises:
            DatasetError: it is missing, damaged, or of another version.
        """
        path = folder / MANIFEST
        if not folder.is_dir():
            raise DatasetError(f"{folder}: there is no such dataset; `mvae prepare` makes one")
        if not path.is_file():
            raise DatasetError(f"{folder}: it holds no {MANIFEST}, so it is no dataset of `mvae prepare`")
        try:
            table = tables.read_json(path)
        except (OSError, ValueError) as error:
            raise DatasetError(f"{path}: it cannot be read ({error}); prepare the dataset again") from error
        if not isinstance(table, dict) or table.pop("format", None) != FORMAT:
            raise DatasetError(f"{path}: this is no manifest of a dataset")
        version = table.pop("version", None)
        if version != VERSION:
            raise DatasetError(
                f"{path}: the dataset has version {shown(version)}, this program reads {VERSION}; "
                "prepare it again"
            )
        try:
            manifest = cls._from_dict(table)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            reason = f"the manifest is damaged ({str(error)[:300]}); prepare the dataset again"
            raise DatasetError(f"{path}: {reason}") from error
        return manifest

    @classmethod
    def _from_dict(cls, table: dict[str, Any]) -> Manifest:
        splits = {}
        for name in SPLITS:
            split = table["splits"][name]
            shards = tuple(
                Shard(
                    tokens=_plain_name(s["tokens"]),
                    origin=_plain_name(s["origin"]),
                    windows=_count(s["windows"]),
                    sha256=tuple(_text(digest) for digest in s["sha256"]),
                    control=_plain_name(s["control"]) if s.get("control") else None,
                )
                for s in split["shards"]
            )
            if any(len(shard.sha256) != len(shard.files) for shard in shards):
                raise ValueError(f"a shard of {name} has a file without its SHA-256")
            splits[name] = Split(_count(split["songs"]), _count(split["windows"]), shards)
            if sum(s.windows for s in shards) != splits[name].windows:
                raise ValueError(f"the windows of {name}'s shards do not sum to {splits[name].windows}")
        shape = tuple(_count(n) for n in table["window_shape"])
        if not shape or math.prod(shape) == 0:
            raise ValueError(f"window_shape is {shown(table['window_shape'])}")
        if not isinstance(table["dtype"], str) or np.dtype(table["dtype"]).kind not in "uif":
            raise ValueError(f"tokens of dtype {shown(table['dtype'])} are no numbers")
        for name in ("representation", "recipe", "sources", "duplicates"):
            if not isinstance(table[name], dict):
                raise ValueError(f"{name} is {shown(table[name])}, no table")
        for count in (table["songs"], table["extracted"], *table["duplicates"].values()):
            _count(count)
        control = table.get("control")
        if control is not None:
            control = {
                "shape": [_count(n) for n in control["shape"]],
                "dtype": str(np.dtype(control["dtype"]).str),
            }
        table = table | {
            "control": control,
            "splits": splits,
            "window_shape": shape,
            "rejections": tuple(_reason(table["sources"], **r) for r in table["rejections"]),
            "warnings": tuple(_text(warning) for warning in table["warnings"]),
            "songs_sha256": _text(table.get("songs_sha256", "")),
        }
        return cls(**table)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{shown(value)} is no count")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text")
    return value


def _reason(
    sources: dict[str, Any], code: Any, count: Any, source: Any, bar: Any, detail: Any, folder: Any = None
) -> Reason:
    if folder is not None and _count(folder) >= len(sources["folders"]):
        raise ValueError(f"a rejection lies in folder {folder} of {len(sources['folders'])}")
    return Reason(_text(code), _count(count), _text(source), _count(bar), _text(detail), folder)


def _plain_name(value: Any) -> str:
    """A file name that stays within the dataset's folder."""
    if not isinstance(value, str) or not value.endswith(".npy") or any(c in value for c in "/\\:"):
        raise ValueError(f"{shown(value)} is no name of a shard")
    return value
