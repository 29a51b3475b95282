"""Files to disk: whole or not at all, folders made as needed, every failure one clear error."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from musicvae_lite import tables
from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.resources import expand

LONGEST = 50  # characters of a name that its temporary file keeps: systems allow 255 bytes


def write_file(path: str | os.PathLike[str], data: bytes) -> Path:
    """Writes all bytes of a file and gives its path. Raises MusicVAEError."""
    target = expand(path)
    with replacing(target) as temporary:
        temporary.write_bytes(data)
    return target


def write_json(path: Path, value: Any) -> None:
    """Writes a value as JSON; names that are no Unicode are escaped. Raises MusicVAEError."""
    text = json.dumps(value, indent=1, ensure_ascii=False) + "\n"
    write_file(path, text.encode("utf-8", "backslashreplace"))


def check_record(path: Path) -> Path:
    """The path, where a record of a result may stand: a table whose `files` are those of the result.

    Raises:
        ConfigError: a JSON file of another kind is there, such as that of a model, a run or a dataset.
    """
    try:
        found = tables.read_json(path)
    except FileNotFoundError:
        return path
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("files"), list):
        raise ConfigError(
            f"{path}: is no record of a result, and would be overwritten by one; choose another name"
        )
    return path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary path in the same folder that becomes `path` only if all went well.

    It is on the disk before it takes the place of `path`, so that no loss of power leaves half a file.

    Raises:
        MusicVAEError: a folder is in the way, or the disk refuses.
    """
    if path.is_dir():
        raise MusicVAEError(f"{path}: cannot be written: it is a folder; name a file in it")
    if "\0" in str(path):
        raise MusicVAEError(f"{str(path)!r}: cannot be written: no name of a file holds a null")
    check_folder(path.parent)
    temporary = path.with_name(f".{path.stem[:LONGEST]}.{secrets.token_hex(4)}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.open("xb").close()
        allowed = temporary.stat().st_mode  # what the user's umask leaves; some writers set their own
        yield temporary
        temporary.chmod(allowed)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        raise MusicVAEError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # the first failure is the one worth telling
            temporary.unlink(missing_ok=True)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Gives an empty folder whose files move to `folder`, created if need be, only if all went well.

    Raises:
        MusicVAEError: a file cannot be written or moved; messages name its final place.
    """
    try:
        staging = Path(tempfile.mkdtemp(prefix=".mvae-", dir=check_folder(folder)))
    except OSError as error:
        raise MusicVAEError(f"{folder}: cannot be written to: {error.strerror}") from error
    try:
        yield staging
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(staging.iterdir()):
            os.replace(file, folder / file.name)
    except OSError as error:
        raise MusicVAEError(f"{folder}: cannot be written to: {error.strerror or error}") from error
    except MusicVAEError as error:
        if str(staging) not in str(error):
            raise
        raise MusicVAEError(str(error).replace(str(staging), str(folder))) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def is_one(file: Path, other: Path) -> bool:
    """Whether two names are of one file that is there, as the disk sees it: through links, mounts, case."""
    try:
        return file.samefile(other)
    except (OSError, ValueError):  # one of them is not there, or can be no name
        return False


def lies_in(file: Path, folder: Path) -> bool:
    """Whether a file lies in a folder, or in a folder below."""
    return any(is_one(parent, folder) for parent in file.resolve().parents)


def check_folder(folder: Path) -> Path:
    """The nearest folder that exists, which must be writable. Raises MusicVAEError."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise MusicVAEError(f"{folder}: cannot be written to: {place} is a file, not a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise MusicVAEError(f"{folder}: cannot be written to: no permission in {place}")
    return place


def sync_folder(folder: Path) -> None:
    """Makes sure that what was renamed in a folder stays so, where the system can: Windows cannot."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
