"""Unpacking archives of anyone's: nothing outside the folder, no links, no bombs.

Every size is checked before anything of it is unpacked, and what an archive states is never exceeded.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any

from musicvae_lite.errors import MusicVAEError

MOST_MEMBERS = 1_000_000
LARGEST = 2**36  # bytes, of all files
MOST_TIMES = 200  # bytes that one packed byte may become; music, pictures and weights stay below 20
FREE = 2**26  # bytes that any archive may unpack to
LONGEST_READ = 2**24  # bytes of one read; headers that claim more are no headers
BLOCK = 2**20
PACKED = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}  # by their first bytes
ZIPPED = (b"PK\x03\x04", b"PK\x05\x06")  # of a zip, the latter of one without members
IS_WINDOWS = os.name == "nt"
DRIVE = re.compile(r"[A-Za-z]:")
_FAULTS = (
    tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, NotImplementedError,
    zlib.error, lzma.LZMAError,
)  # fmt: skip


def unpack(
    archive: Path,
    folder: Path,
    wanted: Callable[[str], bool] = lambda name: True,
    most: int = MOST_MEMBERS,
    largest: int = LARGEST,
) -> None:
    """Unpacks a zip or tar archive (plain, or packed with gzip, bzip2 or xz) into a folder.

    Args:
        wanted: whether a member is unpacked, by the last part of its name.
        most, largest: files and bytes that there may be; never more bytes than `MOST_TIMES` those of the
            archive, nor than the disk has room for.

    Raises:
        MusicVAEError: it is damaged, holds a link or a path that leads elsewhere, or more than it may; or a
            file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    largest = room = min(largest, FREE + MOST_TIMES * archive.stat().st_size, free)
    try:
        members = _zipped(archive) if is_zip(archive) else _tarred(archive)
        for number, (name, size, member) in enumerate(members, 1):
            room -= size
            if room < 0 or number > most:
                limits = f"{most:,} files or {largest:,} bytes ({free:,} are free)"
                raise MusicVAEError(f"{archive}: holds more than {limits}: not unpacked")
            if member is not None and name == ".":
                raise ValueError("it holds a file without a name")
            if member is not None and wanted(PurePosixPath(name).name):
                _write(member, folder / name, size)
    except _FAULTS as error:
        raise MusicVAEError(f"{archive}: damaged archive: {str(error)[:200]}") from error


def is_zip(path: Path) -> bool:
    """Whether a file begins as a zip archive does: what ends as one may be a tar that holds one."""
    with path.open("rb") as file:
        return file.read(4) in ZIPPED


def is_tar(path: Path) -> bool:
    """Whether a file is a tar archive, packed or not."""
    try:
        with _opened(path) as tar:
            return tar.next() is not None
    except _FAULTS:
        return False


def _zipped(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]] | None]]:
    """Name, size and contents of each member."""
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            name = _safe(member.filename, archive)
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"'{member.filename[:80]}' is packed in a way that is not read")
            is_folder = member.filename.endswith("/")
            yield name, member.file_size, None if is_folder else lambda m=member: opened.open(m)


def _tarred(archive: Path) -> Iterator[tuple[str, int, Callable[[], IO[bytes]] | None]]:
    with _opened(archive) as opened:
        for member in opened:
            name = _safe(member.name, archive)
            if member.issym() or member.islnk():
                raise MusicVAEError(f"{archive}: holds the link '{member.name[:80]}': not unpacked")
            is_file = member.isreg() and not member.issparse()
            yield name, member.size, (lambda m=member: _file(opened, m)) if is_file else None


def _file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    if file is None:
        raise ValueError(f"'{member.name[:80]}' has no contents")
    return file


def _safe(name: str, archive: Path) -> str:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or DRIVE.match(name) or "\0" in name:
        raise MusicVAEError(
            f"{archive}: holds '{name[:80]}', a path that climbs out of the archive: not unpacked"
        )
    if IS_WINDOWS and ":" in name:
        raise MusicVAEError(f"{archive}: holds '{name[:80]}', and Windows allows no colon: not unpacked")
    return str(path)


def _write(member: Callable[[], IO[bytes]], target: Path, size: int) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for part in _parts(member, size):
                file.write(part)
    except OSError as error:
        raise MusicVAEError(f"{target}: cannot be written: {error.strerror or error}") from error


def _parts(member: Callable[[], IO[bytes]], size: int) -> Iterator[bytes]:
    """The contents of a member, a block at a time. Raises ValueError where the archive cannot be read."""
    try:
        with member() as source:
            while size > 0:
                part = source.read(min(BLOCK, size))
                if not part:
                    raise EOFError(f"a member ends {size:,} bytes too early")
                size -= len(part)
                yield part
    except OSError as error:
        raise ValueError(str(error)) from error


@contextmanager
def _opened(path: Path) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as packed:
        head = packed.read(6)
        packed.seek(0)
        unpack: Any = next((opener for magic, opener in PACKED.items() if head.startswith(magic)), None)
        with (
            unpack(packed) if unpack else packed as unpacked,
            tarfile.open(fileobj=_Bounded(unpacked), mode="r:") as tar,
        ):
            yield tar


class _Bounded(io.RawIOBase):
    """A file of which no one read is larger than `LONGEST_READ`; `tarfile` reads what a header claims."""

    def __init__(self, file: IO[bytes]):
        self._file = file

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= LONGEST_READ:
            raise ValueError(f"a header claims {size:,} bytes")
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True
