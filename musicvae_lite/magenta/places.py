"""Where a magenta-js checkpoint's files lie: in a folder, or at an address."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from musicvae_lite.errors import CheckpointError
from musicvae_lite.resources import expand

MANIFEST = "weights_manifest.json"
SECONDS = 60  # without an answer
ARCHIVES = (".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".zip", ".index", ".meta", ".ckpt")
SLACK = 1 << 24  # bytes a file may have that nobody announced


class Place(Protocol):
    def read(self, name: str, most: int = SLACK) -> bytes:
        """A file's bytes. Raises CheckpointError when it is missing or has more than `most`."""
        ...

    def name_of(self, name: str) -> str:
        """A file as messages show it."""
        ...

    def others(self, suffix: str, besides: tuple[str, ...]) -> list[str]:
        """Further files with a suffix, as far as they can be known."""
        ...


def place_of(source: str) -> Place | None:
    """The place a user means; None when it is none of a magenta-js checkpoint.

    Raises:
        CheckpointError: an address of a TensorFlow checkpoint, which is not read from where it lies.
    """
    if source.startswith(("http://", "https://")):
        if source.partition("?")[0].lower().endswith(ARCHIVES):
            raise CheckpointError(
                f"{source}: TensorFlow checkpoints are read from files: download it and import the file; "
                "addresses are for folders of magenta-js"
            )
        return Address(source.removesuffix(MANIFEST).removesuffix("config.json").rstrip("/"))
    path = expand(source)
    if path.name in (MANIFEST, "config.json") and path.is_file():
        path = path.parent
    return Folder(path) if (path / MANIFEST).is_file() else None


class Folder:
    def __init__(self, path: Path):
        self.path = path

    def read(self, name: str, most: int = SLACK) -> bytes:
        file = self.path / name
        try:
            if not file.is_file():
                raise CheckpointError(f"{file}: missing; copy the whole folder")
            size = file.stat().st_size
            if size > most:
                raise CheckpointError(f"{file}: has {size:,} bytes, and at most {most:,} are expected")
            return file.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{file}: cannot be read: {error.strerror}") from error

    def name_of(self, name: str) -> str:
        return str(self.path / name)

    def others(self, suffix: str, besides: tuple[str, ...]) -> list[str]:
        return sorted(f.name for f in self.path.glob(f"*{suffix}") if f.is_file() and f.name not in besides)


class Address:
    def __init__(self, address: str):
        self.address = address

    def read(self, name: str, most: int = SLACK) -> bytes:
        import requests

        where = self.name_of(name)
        try:
            with requests.get(where, stream=True, timeout=SECONDS) as answer:
                if answer.status_code != 200:
                    raise CheckpointError(f"{where}: the server says {answer.status_code}")
                data = bytearray()
                for block in answer.iter_content(1 << 20):
                    data += block
                    if len(data) > most:
                        raise CheckpointError(
                            f"{where}: sends more than the {most:,} bytes that are expected"
                        )
                return bytes(data)
        except requests.RequestException as error:
            raise CheckpointError(f"{where}: the server cannot be reached") from error

    def name_of(self, name: str) -> str:
        return f"{self.address}/{name}"

    def others(self, suffix: str, besides: tuple[str, ...]) -> list[str]:
        return []  # a server does not list its files
