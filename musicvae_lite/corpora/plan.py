"""The plan of a run: which files there are, cut into chunks, kept on disk rather than in memory."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musicvae_lite.corpora.tally import Tally
from musicvae_lite.errors import ReadError
from musicvae_lite.music import reading

CHUNK_FILES = 64
CHUNK_BYTES = 4 << 20
Entry = tuple[str, str, int, int, int | None]  # path, relative name, bytes, time of change in ns, folder


@dataclass(frozen=True)
class Source:
    """One file of music.

    Attributes:
        path: where it lies.
        name: as the dataset records it, relative to the folder given, with "/" on every system.
        folder: number, from 0, of the folder given; None where one alone was.
    """

    path: str
    name: str
    folder: int | None = None

    @property
    def above(self) -> str:
        """The name of the folder it lies in."""
        return os.path.basename(os.path.dirname(self.path))

    @property
    def label(self) -> str:
        """What its songs are labelled: the name of the folder it lies in, if that tells it from others.

        The one folder given does not, and so a dataset does not depend on that folder's name: "".
        """
        return "" if self.folder is None and "/" not in self.name else self.above


@dataclass(frozen=True)
class Chunk:
    """Files that one worker reads in one go. `first` is the number of its first file in the corpus."""

    number: int
    first: int
    files: tuple[Source, ...]


@dataclass(frozen=True)
class Plan:
    """The files of a run, on disk at `path`, one JSON line a chunk.

    Attributes:
        path: the plan's file.
        files, chunks, size: numbers of files and chunks, and of bytes in all files.
        digest: SHA-256 of all paths, sizes and times of change: says whether files have changed.
        names_digest: SHA-256 of relative names and sizes, the same wherever the folders lie.
        left_out: rows of a tally of what was left out of the folders (see `reading.survey`).
    """

    path: Path
    files: int
    chunks: int
    size: int
    digest: str
    names_digest: str
    left_out: list[list[Any]]

    def read(self) -> Iterator[Chunk]:
        first = 0
        with self.path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines):
                files = tuple(_source(entry) for entry in json.loads(line))
                yield Chunk(number, first, files)
                first += len(files)


def write_plan(
    paths: Sequence[Path], output: Path, chunk_files: int = CHUNK_FILES, chunk_bytes: int = CHUNK_BYTES
) -> Plan:
    """Lists the files of music below `paths` and cuts them into chunks by number and size.

    The order is that of the folders given and, within one, of the files' relative names, whatever
    the platform; a file reached twice counts once.
    """
    digest, names, chunk, held = hashlib.sha256(), hashlib.sha256(), [], 0
    left_out = Tally()
    files = chunks = size = 0
    with output.open("w", encoding="utf-8", newline="\n") as out:

        def close_chunk() -> None:
            line = json.dumps(chunk) + "\n"
            digest.update(line.encode())
            out.write(line)

        for entry in _list_files(paths, left_out):
            if chunk and (len(chunk) >= chunk_files or held + entry[2] > chunk_bytes):
                close_chunk()
                chunk, held, chunks = [], 0, chunks + 1
            chunk.append(entry)
            names.update(json.dumps([entry[1], entry[2]]).encode())
            files, size, held = files + 1, size + entry[2], held + entry[2]
        if chunk:
            close_chunk()
            chunks += 1
    return Plan(output, files, chunks, size, digest.hexdigest(), names.hexdigest(), left_out.rows())


def list_sources(paths: Sequence[Path], tally: Tally) -> Iterator[Source]:
    """The files of music below `paths`, in the order of a plan; what is left out is counted in `tally`."""
    return map(_source, _list_files(paths, tally))


def settled(path: Path) -> Path:
    """The same place by a path that names it: "." and "..", which name nothing, are resolved."""
    return path.resolve() if not path.name or ".." in path.parts else path


def _source(entry: Entry) -> Source:
    path, name, _, _, folder = entry
    return Source(path, name, folder)


def _list_files(paths: Sequence[Path], tally: Tally) -> Iterator[Entry]:
    seen: set[bytes] = set()
    for number, root in enumerate(map(settled, paths)):
        folder = number if len(paths) > 1 else None
        if not root.exists():
            raise ReadError(root, "there is no such file or folder", "missing")
        above = root if root.is_dir() else root.parent
        base = above.absolute()
        found, left_out = reading.survey(root)
        for error in left_out:
            left = Path(error.path).relative_to(above).as_posix()
            tally.add(error.code, left, 0, error.reason, folder)
        for name in sorted(path.relative_to(above).as_posix() for path in found):
            path = f"{base}{os.sep}{name}"
            if len(paths) > 1:
                key = hashlib.blake2b(path.encode("utf-8", "surrogatepass"), digest_size=12).digest()
                if key in seen:
                    continue
                seen.add(key)
            try:
                status = os.stat(path)
                yield path, name, status.st_size, status.st_mtime_ns, folder
            except OSError:  # a broken link, say: the reader gives the reason
                yield path, name, 0, 0, folder
