"""Prepared datasets, opened for reading, and the same windows straight from a folder of music."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np

from musicvae_lite import arrays, tables
from musicvae_lite.corpora.command import preparing
from musicvae_lite.corpora.duplicates import fingerprint
from musicvae_lite.corpora.manifest import MANIFEST, SONGS, Manifest, Shard
from musicvae_lite.corpora.recipe import SPLITS, Recipe, hop_steps, representation_config
from musicvae_lite.corpora.tally import Tally, reasons_text
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, counted, shown
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
from musicvae_lite.music.representations import from_config
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.resources import expand
from musicvae_lite.training.windows import Song, WindowSplit, from_arrays

__all__ = [
    "Song",
    "WindowDataset",
    "WindowSplit",
    "copies_removed",
    "from_arrays",
    "is_dataset",
    "open_windows",
    "windows_of",
]


class WindowDataset:
    """A dataset made by `mvae prepare`, opened for reading; its shards stay on disk.

    Args:
        folder: the dataset.

    Raises:
        DatasetError: it is missing, incomplete, damaged, or of another version.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(expand(folder))
        self.manifest = Manifest.load(self.folder)
        self._splits = {name: self._open(name) for name in SPLITS}
        self._whole: set[str] = set()  # the splits, and the songs, that are as they were prepared

    def __reduce__(self) -> tuple[type[WindowDataset], tuple[Path]]:
        """Another process opens the dataset anew, where it lies."""
        return type(self), (self.folder.absolute(),)

    @property
    def representation(self) -> dict:
        """Name and config of the representation the windows were made with."""
        return self.manifest.representation

    def split(self, name: str) -> WindowSplit:
        """The windows of "train", "validation" or "test", compared with the manifest at the first call.

        Raises:
            ConfigError: there is no such split.
            DatasetError: as `verify`.
        """
        if name not in self._splits:
            raise ConfigError(f"'{name}' is no split; there are {', '.join(self._splits)}")
        self.verify(name)
        return self._splits[name]

    @cached_property
    def songs(self) -> tuple[Song, ...]:
        """Every song, in order of their ids."""
        path = self.folder / SONGS
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            songs = tuple(_song(**tables.parse_json(line)) for line in lines)
        except (OSError, ValueError, TypeError) as error:
            raise DatasetError(
                f"{path}: it cannot be read ({str(error)[:300]}); prepare the dataset again"
            ) from error
        if len(songs) != self.manifest.songs:
            raise DatasetError(
                f"{path}: it has {len(songs):,} songs, the manifest says {self.manifest.songs:,}; "
                "prepare the dataset again"
            )
        return songs

    @property
    def digest(self) -> str:
        """16 hex digits that two datasets share only if their windows are the same."""
        shards = [shard for name in SPLITS for shard in (name, *self.manifest.splits[name].shards)]
        parts = [shard if isinstance(shard, str) else "".join(shard.sha256) for shard in shards]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    @property
    def labelled_digest(self) -> str:
        """As `digest`, and the songs of the windows, from which their labels come, are the same too.

        It is `digest` itself for a dataset prepared before manifests told of the songs.
        """
        songs = self.manifest.songs_sha256
        return hashlib.sha256(f"{self.digest} {songs}".encode()).hexdigest()[:16] if songs else self.digest

    def check(self, representation_table: dict, preset_name: str) -> None:
        """Checks that the windows are what a model reads: that the same tokens mean the same.

        How windows were chosen (rests, polyphony, tolerance) may differ.

        Args:
            representation_table: the model's, as in a preset or a config; what it leaves out has its default.
            preset_name: what wants the dataset, for the message.

        Raises:
            DatasetError: it differs, with each difference and a `mvae prepare` that would fit.
            ConfigError: the table is of no representation.
        """
        model = from_config(representation_table)
        wanted, found = model.meaning, from_config(self.representation).meaning
        lines = [
            f"  {key}: {_told(wanted.get(key))} wanted, the dataset has {_told(found.get(key))}"
            for key in dict.fromkeys([*wanted, *found])
            if wanted.get(key) != found.get(key)
        ]
        if lines:
            raise DatasetError(
                f"{self.folder}: not a dataset for {preset_name}:\n"
                + "\n".join(lines)
                + f"\nOne would be: {preparing(model)}"
            )

    def verify(self, *names: str) -> None:
        """Compares the SHA-256 of the songs, and of all shards or those of some splits, with the manifest.

        What was found whole is not read again.

        Raises:
            DatasetError: a shard or the songs have changed, or can no longer be read.
        """
        if SONGS not in self._whole and self.manifest.songs_sha256:
            self._verify(self.folder / SONGS, self.manifest.songs_sha256)
            self._whole.add(SONGS)
        for name in names or SPLITS:
            if name in self._whole:
                continue
            for shard in self.manifest.splits[name].shards:
                for file, wanted in zip(shard.files, shard.sha256, strict=True):
                    self._verify(self.folder / file, wanted)
            self._whole.add(name)

    def _verify(self, path: Path, wanted: str) -> None:
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DatasetError(f"{path}: cannot be read: {error.strerror or error}") from error
        if found != wanted:
            raise DatasetError(
                f"{path}: its content has changed since it was prepared; prepare the dataset again"
            )

    def _open(self, name: str) -> WindowSplit:
        shards = self.manifest.splits[name].shards
        tokens = [self._map(s, s.tokens, self.manifest.window_shape, self.manifest.dtype) for s in shards]
        origins = [self._map(s, s.origin, (3,), "<i4") for s in shards]
        control, form = None, self.manifest.control
        if form is not None:
            control = [self._map(s, s.control or "", tuple(form["shape"]), form["dtype"]) for s in shards]
        return WindowSplit(
            tokens,
            origins,
            f"{self.folder} ({name})",
            partial(self._songs_of, name),
            control,
            partial(self._split_of, self.folder.absolute(), name),
        )

    def _songs_of(self, name: str) -> list[Song]:
        return [song for song in self.songs if song.split == name]

    @classmethod
    def _split_of(cls, folder: Path, name: str) -> WindowSplit:
        """A split that another process has compared with the manifest."""
        return cls(folder)._splits[name]

    def _map(self, shard: Shard, name: str, row: tuple[int, ...], dtype: str) -> np.ndarray:
        path = self.folder / name
        shape = (shard.windows, *row)
        wanted = math.prod(shape) * np.dtype(dtype).itemsize
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except FileNotFoundError as error:
            raise DatasetError(f"{path}: this shard is missing; prepare the dataset again") from error
        except arrays.FAULTS as error:
            size = path.stat().st_size
            raise DatasetError(
                f"{path}: this shard is cut short or damaged: the file has {size:,} bytes, "
                f"its {shard.windows:,} windows need {wanted:,}; prepare the dataset again"
            ) from error
        if array.shape != shape or array.dtype != np.dtype(dtype):
            raise DatasetError(
                f"{path}: this shard holds {array.dtype} {list(array.shape)}, the manifest says "
                f"{np.dtype(dtype)} {list(shape)}; prepare the dataset again"
            )
        return array


def _told(value: object) -> str:
    """A setting as a message shows it: of many names the first few."""
    if not isinstance(value, list):
        return str(value)
    return f"{len(value)} ({', '.join(map(str, value[:4]))}{', ...' if len(value) > 4 else ''})"


def _song(
    id: int,
    source: str,
    tune: int,
    title: str,
    split: str,
    windows: int,
    label: str = "",
    folder: int | None = None,
) -> Song:
    numbers = [id, tune, windows, *([] if folder is None else [folder])]
    if not all(type(number) is int for number in numbers):
        raise ValueError(f"a song has the numbers {shown(numbers)}")
    if not all(isinstance(text, str) for text in (source, title, split, label)):
        raise ValueError(f"a song has the names {shown([source, title, split, label])}")
    return Song(id, source, tune, title, split, windows, label, folder)


def is_dataset(path: str | Path) -> bool:
    """Whether a path is a prepared dataset, not music."""
    return (expand(path) / MANIFEST).is_file()


def copies_removed(path: str | Path) -> int:
    """How many windows a dataset lost as copies of others when it was prepared; 0 for music.

    Raises:
        DatasetError: the dataset's manifest is damaged, or of another version.
    """
    return sum(Manifest.load(expand(path)).duplicates.values()) if is_dataset(path) else 0


def open_windows(
    path: str | Path, representation: Representation, split: str = "test", *, keep_duplicates: bool = False
) -> WindowSplit:
    """A split of a prepared dataset, or all windows of any file or folder of music.

    Args:
        keep_duplicates: of music, keep windows that are copies of others (see `corpora.duplicates`);
            datasets have none.

    Raises:
        DatasetError: a dataset that is damaged, or of another representation.
        ConfigError: no such split.
        ReadError, NothingUsableError: as for `windows_of`.
    """
    if is_dataset(path):
        dataset = WindowDataset(path)
        dataset.check(
            representation_config(representation),
            f"a model of {counted(representation.bars, 'bar')} of {representation.name}",
        )
        return dataset.split(split)
    return windows_of([expand(path)], representation, keep_duplicates=keep_duplicates)


def windows_of(
    paths: Sequence[str | Path] | str | Path,
    representation: Representation,
    *,
    hop: str | int = "bar",
    tracks: str = "chosen",
    limits: Limits = DEFAULT_LIMITS,
    keep_duplicates: bool = False,
) -> WindowSplit:
    """The windows of files and folders of music, in memory, as `mvae evaluate MODEL FOLDER` takes them.

    The label of each song is the name of the folder it lies in, also where that is the one folder given:
    there a prepared dataset has no label.

    Args:
        paths: files, and folders to search through; or one of them.
        representation, hop, tracks, limits: as for `musicvae_lite.corpora.build.build_dataset`.
        keep_duplicates: keep windows that are copies of earlier ones (see `corpora.duplicates`).

    Raises:
        ReadError: one of `paths` does not exist.
        NothingUsableError: no file of music or no window was found; the message holds the table of reasons.
    """
    from musicvae_lite.corpora.extract import read_windows
    from musicvae_lite.corpora.plan import list_sources

    paths = [paths] if isinstance(paths, (str, Path)) else paths
    recipe = Recipe(representation, hop_steps(representation, hop), tracks, limits=limits)
    tally, songs, tokens, origins, controls = Tally(), [], [], [], []
    sources = list(list_sources([expand(path) for path in paths], tally))
    for source in sources:
        for song in read_windows(source, recipe, tally):
            number = np.full(len(song.tokens), len(songs), np.int32)
            found = len(song.tokens)
            named = source.name, song.tune, song.title
            songs.append(Song(len(songs), *named, "", found, source.above, source.folder))
            tokens.append(song.tokens)
            origins.append(np.stack([number, song.bar, song.step], axis=1))
            controls += [] if song.control is None else [song.control]
    name = ", ".join(str(path) for path in paths)
    if not tokens:
        said = "there are no files of music (MIDI, ABC, MusicXML) here"
        if sources:
            said = f"no window of {counted(representation.bars, 'bar')} for {representation.name} was found"
        reasons = reasons_text(tally.reasons(), [str(path) for path in paths])
        raise NothingUsableError(f"{name}: {said}" + (f":\n{reasons}" if reasons else ""))
    windows, places = np.concatenate(tokens), np.concatenate(origins).astype(np.int32)
    control = np.concatenate(controls) if controls else None
    if not keep_duplicates:
        _, first = np.unique(fingerprint(representation, windows, control), return_index=True)
        first.sort()
        windows, places = windows[first], places[first]
        control = None if control is None else control[first]
        left = np.bincount(places[:, 0], minlength=len(songs)).tolist()
        songs = [replace(song, windows=count) for song, count in zip(songs, left, strict=True)]
    return WindowSplit(
        [windows], [places], name, partial(tuple, songs), None if control is None else [control]
    )
