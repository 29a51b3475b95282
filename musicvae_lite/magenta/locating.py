"""From what the user names to a checkpoint: a file of it, its prefix, a folder, a tar archive."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from musicvae_lite import archives
from musicvae_lite.errors import CheckpointError, MusicVAEError

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
    elif path.is_file() and archives.is_tar(path):
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
        archives.unpack(
            archive, folder, lambda name: bool(WANTED.fullmatch(name)), MOST_MEMBERS, LARGEST_ARCHIVE
        )
    except MusicVAEError as error:
        raise CheckpointError(str(error)) from error


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
    if head.startswith(archives.ZIPPED):
        return f"a zip archive, such as PyTorch's pickles; {reads}"
    if head[:1] == b"\x80" and head[1:2] <= b"\x05":
        return f"a pickle, which could run any code and is never loaded; {reads}"
    return f"not a checkpoint; {reads}"
