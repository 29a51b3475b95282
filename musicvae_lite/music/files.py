"""Bytes from disk: limits on what is read, every failure one clear error."""

from __future__ import annotations

import io
import os
import stat
import sys
from dataclasses import dataclass, fields

from musicvae_lite.errors import ReadError

UNLIMITED = 2**62
# What a shell hands over under a name, as in `mvae inspect <(...)`; it ends where its writer does.
HANDED_OVER = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


class LimitError(ReadError):
    """A file of music has more of something than `Limits` allow."""


@dataclass(frozen=True)
class Limits:
    """How large a file of music may be. `Limits.none()` lifts them all (flag `--no-limits`).

    Attributes:
        max_bytes: size of the file, and of what it unpacks to.
        max_notes: notes of one song.
        max_tracks: tracks (or parts) of one song.
        max_changes: tempo changes, meter changes, program changes, and chord symbols, of one song.
        max_quarters: length of one song in quarter notes.
        max_sounding: how long all notes of one song last together, in quarter notes.
        max_events: what has to be gone through to read one song: events of a MIDI file, characters of an
            ABC tune, elements of a MusicXML score.
    """

    max_bytes: int = 16 * 2**20
    max_notes: int = 200_000
    max_tracks: int = 1_024
    max_changes: int = 10_000
    max_quarters: int = 30_000
    max_sounding: int = 1_000_000
    max_events: int = 2_000_000

    @classmethod
    def none(cls) -> Limits:
        return cls(**{f.name: UNLIMITED for f in fields(cls)})

    def check(self, what: str, value: float, limit: int, source: object) -> None:
        """Raises LimitError (code "limit") if `value` of `what` is above `limit`."""
        if value > limit:
            over = f"{int(value):,} {what}, more than the limit of {limit:,}"
            raise LimitError(source, over, "limit")


DEFAULT_LIMITS = Limits()


def read_file(path: str | os.PathLike[str], limits: Limits) -> bytes:
    """All bytes of a file. Raises ReadError, and nothing else, when that is not possible."""
    place = os.path.expanduser(path)
    if not str(place):
        raise ReadError("the file", "its name is empty", "missing")
    try:
        if _is_endless(place):
            raise ReadError(path, "a pipe or device, no file", "no-file")
        with open(place, "rb", buffering=0) as file:
            status = os.fstat(file.fileno())
            limits.check("bytes", status.st_size, limits.max_bytes, path)
            if stat.S_ISREG(status.st_mode):
                data = file.read()
            else:  # pipes state no size
                with io.BufferedReader(file) as reader:
                    data = reader.read(min(limits.max_bytes, sys.maxsize - 1) + 1)
    except FileNotFoundError:
        raise ReadError(path, "no such file", "missing") from None
    except IsADirectoryError:
        raise ReadError(path, "is a folder, not a file", "folder") from None
    except PermissionError:
        if os.path.isdir(place):  # what Windows says of a folder
            raise ReadError(path, "is a folder, not a file", "folder") from None
        raise ReadError(path, "no permission to read it", "permission") from None
    except (OSError, ValueError) as error:
        raise ReadError(path, f"cannot be read: {_words(error)}", "os") from None
    limits.check("bytes", len(data), limits.max_bytes, path)
    if not data:
        raise ReadError(path, "the file is empty", "empty")
    return data


def _is_endless(place: str) -> bool:
    """Whether a name is that of a pipe or device, at which reading could wait or go on for ever."""
    mode = os.stat(place).st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or os.path.abspath(place).startswith(HANDED_OVER))


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
