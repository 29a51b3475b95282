"""Where things lie: what ships with the package, the user's cache, and public corpora to fetch."""

from __future__ import annotations

import os
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from musicvae_lite.errors import ConfigError, MusicVAEError

PACKAGE = Path(__file__).resolve().parent


def expand(path: str | os.PathLike[str]) -> Path:
    """The path with `~` expanded, where there is a home to expand it to."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def data_dir() -> Path:
    """The folder with the examples and the catalogue, in a checkout or an installed package."""
    return _shipped("data")


def checkpoints_dir() -> Path:
    """The folder with the trained models that ship, one folder each."""
    return _shipped("checkpoints")


def cache_dir() -> Path:
    """Where downloads go: MUSICVAE_LITE_CACHE, or the platform's cache folder for this user.

    The folder need not exist; who writes there makes it.

    Raises:
        ConfigError: the system knows no home folder of this user.
    """
    chosen = os.environ.get("MUSICVAE_LITE_CACHE")
    if chosen:
        return expand(chosen)
    from platformdirs import user_cache_path

    try:
        return user_cache_path("musicvae_lite", appauthor=False)
    except RuntimeError as error:  # as in containers, without HOME and for a user without a name
        raise ConfigError(
            "this user has no home folder to keep downloads in: set MUSICVAE_LITE_CACHE to a folder"
        ) from error


def _shipped(name: str) -> Path:
    in_checkout, in_wheel = PACKAGE.parent / name, PACKAGE / f"_{name}"
    if (PACKAGE.parent / "pyproject.toml").is_file() and in_checkout.is_dir():
        return in_checkout
    if in_wheel.is_dir():
        return in_wheel
    raise ConfigError(f"the folder '{name}' of musicvae_lite is missing at {in_wheel}: reinstall the package")


@dataclass(frozen=True)
class RemoteFile:
    """One file of a corpus. `sha256` is empty where the upstream publishes none that is known.

    `unpacked_sha256`, where it is known, is of a gzipped file's contents: packed again, they are the same.
    """

    address: str
    sha256: str = ""
    unpacked_sha256: str = ""

    @property
    def name(self) -> str:
        return self.address.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class Corpus:
    """A public collection of music or images, as the catalogue describes it.

    Attributes:
        name: short stable name, for `fetch`.
        what: one sentence.
        kind: "music" or "images".
        format: what the files are once unpacked.
        licence: as upstream states it.
        weights: may weights trained on it ship? "yes" or "no", with the reason or condition behind it.
        attribution: whom to name.
        files: what to download.
    """

    name: str
    what: str
    kind: str
    format: str
    licence: str
    weights: str
    attribution: str
    files: tuple[RemoteFile, ...]

    @property
    def is_verifiable(self) -> bool:
        return all(file.sha256 for file in self.files)


def catalogue() -> dict[str, Corpus]:
    """Every corpus of data/catalogue.toml by name."""
    text = (data_dir() / "catalogue.toml").read_text(encoding="utf-8")
    corpora = {}
    for name, entry in tomllib.loads(text).items():
        files = tuple(RemoteFile(**file) for file in entry.pop("files"))
        corpora[name] = Corpus(name=name, files=files, **entry)
    return corpora


class DownloadProgress(Protocol):
    """What `fetch` tells about a download, in bytes; pooch's protocol for progress bars."""

    @property
    def total(self) -> int: ...
    @total.setter
    def total(self, size: int) -> None: ...
    def update(self, size: int) -> None: ...
    def reset(self) -> None: ...
    def close(self) -> None: ...


def fetch(name: str, verify: bool = True, progress: DownloadProgress | None = None) -> Path:
    """Downloads a corpus into the cache and unpacks it, unless it is there already.

    Args:
        name: a name of `catalogue()`.
        verify: refuse files whose checksum is not known. A known checksum is always checked.
        progress: told of every block that arrives.

    Returns:
        The folder with the corpus's files: `cache_dir()`/corpora/NAME.

    Raises:
        ConfigError: an unknown name, or files that cannot be verified.
        MusicVAEError: the download failed, what came is not what was expected, or the cache cannot be
            written to.
    """
    corpora = catalogue()
    if name not in corpora:
        raise ConfigError(f"no corpus is called '{name}'; there are {', '.join(sorted(corpora))}")
    corpus = corpora[name]
    if verify and not corpus.is_verifiable:
        missing = ", ".join(file.name for file in corpus.files if not file.sha256)
        raise ConfigError(
            f"{name}: no checksum is known for {missing}, so a download could not be verified. "
            "To take it as it comes use --no-verify (in Python: verify=False)"
        )
    folder = cache_dir() / "corpora" / name
    for file in corpus.files:
        _download(file, folder, progress)
    return folder


def _download(file: RemoteFile, folder: Path, progress: DownloadProgress | None) -> None:
    import pooch
    import requests

    # pooch's own annotations know neither such an object nor its downloaders' arguments, hence Any
    options: dict[str, Any] = {"progressbar": progress or False, "chunk_size": 2**16, "timeout": 60}
    downloader: Any = pooch.HTTPDownloader(**options)
    pooch.get_logger().setLevel("WARNING")
    is_archive = file.name.endswith((".zip", ".tar.gz", ".tgz"))
    try:
        pooch.retrieve(
            file.address,
            known_hash=f"sha256:{file.sha256}" if file.sha256 else None,
            fname=file.name,
            path=folder,
            processor=_unpacked if is_archive else None,
            downloader=downloader,
        )
    except requests.RequestException as error:
        answer = getattr(error, "response", None)
        reason = "the server cannot be reached" if answer is None else f"the server says {answer.status_code}"
        raise MusicVAEError(f"{file.address}: could not be downloaded: {reason}") from error
    except OSError as error:
        reason = getattr(error.__cause__, "strerror", None) or error.strerror or error  # pooch's, or its own
        raise MusicVAEError(
            f"{folder}: cannot be written to: {reason}. MUSICVAE_LITE_CACHE chooses another folder"
        ) from error
    except ValueError as error:  # pooch's word for a checksum that differs
        raise MusicVAEError(
            f"{file.address}: what came is not the expected file: its SHA-256 differs from {file.sha256}"
        ) from error


def _unpacked(name: str, action: str, _: Any) -> None:
    """pooch's step after a download: NAME.zip goes to the folder NAME.zip.unpacked, whole or not at all."""
    from musicvae_lite import archives

    folder, partial = Path(f"{name}.unpacked"), Path(f"{name}.partial")
    if folder.is_dir() and action == "fetch":
        return
    for old in (folder, partial):
        shutil.rmtree(old, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        archives.unpack(Path(name), partial)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
