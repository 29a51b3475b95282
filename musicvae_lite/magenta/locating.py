"""From what the user names to a checkpoint: a file of it, its prefix, a folder, a tar archive."""

from __future__ import annotations

import lzma
import re
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from musicvae_lite.errors import CheckpointError

PART = re.compile(r"(?P<prefix>.+)\.(index|meta|data-\d{5}-of-\d{5})")
WANTED = re.compile(r"checkpoint|.+\.index|.+\.data-\d{5}-of-\d{5}")  # of an archive
NAMED = re.compile(r'^\s*model_checkpoint_path:\s*"(?P<path>.+)"', re.MULTILINE)
JAVASCRIPT = "weights_manifest.json"
MOST_MEMBERS = 10_000  # of an archive
LARGEST_ARCHIVE = 1 << 35  # bytes unpacked
LONGEST_NOTE = 1 << 16  # characters read of a `checkpoint` file


@contextmanager
def located(path: Path) -> Iterator[Path]:
    """The prefix of a TensorFlow checkpoint; of an archive, unpacked for as long as it is needed.

    Raises:
        CheckpointError: there is none, or it is something else; the message says what.
    """
    if path.is_dir():
        yield _in_folder(path)
    elif path.is_file() and PART.fullmatch(path.name):
        yield path.with_name(PART.fullmatch(path.name)["prefix"])  # type: ignore[index]
    elif path.with_name(f"{path.name}.index").is_file():
        yield path
    elif path.is_file() and tarfile.is_tarfile(path):
        with tempfile.TemporaryDirectory() as folder:
            _unpack(path, Path(folder))
            yield _in_folder(Path(folder), path)
    elif path.is_file():
        raise CheckpointError(f"{path}: {_what(path)}")
    else:
        raise CheckpointError(f"{path}: no such file, folder or checkpoint (nor {path.name}.index beside it)")


def _in_folder(folder: Path, shown: Path | None = None) -> Path:
    """The checkpoint of a folder: the one its `checkpoint` file names, else the only one there."""
    shown = shown or folder
    found = sorted(file.with_suffix("") for file in folder.rglob("*.index") if file.is_file())
    for note in sorted(folder.rglob("checkpoint")):
        match = NAMED.search(_text(note)) if note.is_file() else None
        if match is None:
            continue
        name = PurePosixPath(match["path"].replace("\\", "/")).name  # what was written elsewhere lies beside
        if note.with_name(f"{name}.index").is_file():
            return note.with_name(name)
        raise CheckpointError(f"{note}: names '{name}', and there is no {name}.index beside it")
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(str(prefix.relative_to(folder)) for prefix in found[:6])
        raise CheckpointError(f"{shown}: holds {len(found)} checkpoints ({names}): name one of them")
    if (folder / "saved_model.pb").exists():
        raise CheckpointError(
            f"{shown}: a SavedModel; what is read here is a checkpoint (.index and .data files)"
        )
    parts = sorted(file.name for file in folder.rglob("*.data-*"))
    more = f" beside {parts[0]}" if parts else ""
    raise CheckpointError(f"{shown}: no checkpoint: there is no .index file{more}, and no {JAVASCRIPT}")


def _text(note: Path) -> str:
    try:
        with note.open(encoding="utf-8", errors="replace") as file:
            return file.read(LONGEST_NOTE)
    except OSError as error:
        raise CheckpointError(f"{note}: cannot be read: {error.strerror}") from error


def _unpack(archive: Path, folder: Path) -> None:
    """Writes the parts of a checkpoint, and nothing else, into a folder."""
    try:
        with tarfile.open(archive) as tar:
            wanted = _wanted(tar, archive)
            size, free = sum(member.size for member in wanted), shutil.disk_usage(folder).free
            if size > free:
                raise CheckpointError(f"{archive}: unpacks to {size:,} bytes, and {folder} has {free:,} free")
            for member in wanted:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                source = tar.extractfile(member)
                if source is not None:
                    with source, target.open("wb") as file:
                        shutil.copyfileobj(source, file, 1 << 20)
    except (tarfile.TarError, EOFError, OSError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise CheckpointError(f"{archive}: damaged archive: {error}") from error


def _wanted(tar: tarfile.TarFile, archive: Path) -> list[tarfile.TarInfo]:
    """The parts of a checkpoint; an archive is given up before more is unpacked than one could hold."""
    wanted, size = [], 0
    for count, member in enumerate(tar, 1):
        size += member.size
        if count > MOST_MEMBERS or size > LARGEST_ARCHIVE:
            most = f"{MOST_MEMBERS:,} files or {LARGEST_ARCHIVE:,} bytes"
            raise CheckpointError(f"{archive}: holds more than {most}: not unpacked")
        if _is_wanted(member, archive):
            wanted.append(member)
    return wanted


def _is_wanted(member: tarfile.TarInfo, archive: Path) -> bool:
    path = PurePosixPath(member.name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[:1]:
        raise CheckpointError(
            f"{archive}: holds '{member.name}', a path that climbs out of the archive: not unpacked"
        )
    if member.issym() or member.islnk():
        raise CheckpointError(f"{archive}: holds the link '{member.name}': not unpacked")
    return member.isfile() and bool(WANTED.fullmatch(path.name))


def _what(path: Path) -> str:
    """A sentence on a file that is no checkpoint."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    reads = "what is read here is a TensorFlow checkpoint (.index and .data files, or a .tar of them)"
    if path.name == "saved_model.pb":
        return f"a SavedModel; {reads}"
    if head.startswith(b"\x89HDF"):
        return f"an HDF5 file of Keras; {reads}"
    if zipfile.is_zipfile(path):
        return f"a zip archive, such as PyTorch's pickles; {reads}"
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        return f"a pickle, which could run any code and is never loaded; {reads}"
    return f"not a checkpoint; {reads}"
