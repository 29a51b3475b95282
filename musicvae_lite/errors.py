"""Every error a user can cause, as one small family.

The command line prints the message of a `MusicVAEError` and exits 1; anything else is a bug.
Messages say what was wrong, where (file, bar, field), and what to do about it.
"""

from __future__ import annotations

import reprlib


class MusicVAEError(Exception):
    """Base of all errors with a message meant for the user."""


_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 80


def shown(value: object) -> str:
    """A value from a file as a message may show it: `repr`, cut short."""
    return _SHORT.repr(value)


def counted(count: int, what: str) -> str:
    """ "1 bar", "2 bars", "1,000 bars": a number of something that takes an s."""
    return f"{count:,} {what}{'s' * (count != 1)}"


class ReadError(MusicVAEError):
    """A file of music, or a picture, could not be read.

    Args:
        path: the file as the user named it.
        reason: what is wrong with it, without the file's name.
        code: a short stable name of the reason, used to count rejections (`truncated`, `empty`).
    """

    def __init__(self, path: object, reason: str, code: str = "unreadable"):
        super().__init__(f"{path}: {reason}")
        self.path, self.reason, self.code = str(path), reason, code

    def __reduce__(self):  # exceptions with several arguments must say how to cross processes
        return (type(self), (self.path, self.reason, self.code))


class NothingUsableError(MusicVAEError):
    """The input was read but holds nothing a representation can take."""


class DatasetError(MusicVAEError):
    """A prepared dataset is missing, damaged, or does not fit the model."""


class CheckpointError(MusicVAEError):
    """A model folder is missing, damaged, or of another version."""


class ConfigError(MusicVAEError):
    """A setting is unknown, out of range, or contradicts another."""
