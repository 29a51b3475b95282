"""Any file of music by its name: one song of it, all its songs, or all the files of some folders."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from musicvae_lite.errors import ReadError
from musicvae_lite.music import midi, naming, notation
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits, read_file
from musicvae_lite.music.score import Score
from musicvae_lite.resources import expand

__all__ = ["MUSIC_SUFFIXES", "Limits", "find_files", "read_bytes", "read_song", "read_songs", "survey"]

MIDI_MAGIC = b"MThd"
MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
MUSIC_SUFFIXES = MIDI_SUFFIXES + notation.ABC_SUFFIXES + notation.XML_SUFFIXES
PACKED = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".7z", ".rar")
ARCHIVE_SUFFIXES = PACKED + tuple(f"{suffix}.gz" for suffix in MUSIC_SUFFIXES)
ARCHIVE = "an archive: unpack it first", "archive"  # why it is not read


def read_songs(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Iterator[Score | ReadError]:
    """Every song of a file; a ReadError in place of a song that cannot be read.

    Nothing is raised: a file that cannot be read at all gives one ReadError.
    """
    name = str(path)
    try:
        if _is_archive(name) and os.path.isfile(expand(path)):
            raise ReadError(path, *ARCHIVE)
        data = read_file(path, limits)
        if not name.lower().endswith(MUSIC_SUFFIXES) and data[:4] != MIDI_MAGIC:
            known = ", ".join(MUSIC_SUFFIXES)
            raise ReadError(path, f"not a known kind of music; it should end in {known}", "unknown-kind")
        yield from read_bytes(data, name, limits)
    except ReadError as error:
        yield error


def read_bytes(data: bytes, name: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Score | ReadError]:
    """Every song of a file's bytes; a ReadError in place of a tune that cannot be read.

    Args:
        name: of the file: its suffix tells ABC and MusicXML, all else is read as MIDI. Nothing is opened.

    Raises:
        ReadError: the whole cannot be read.
    """
    is_notation = name.lower().endswith(notation.ABC_SUFFIXES + notation.XML_SUFFIXES)
    if is_notation and data[:4] != MIDI_MAGIC:
        yield from notation.read_bytes(data, name, limits)
    else:
        yield midi.read_bytes(data, name, limits)


def read_song(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Score:
    """One song of a file; of a tune book its first tune, or the third of `tunes.abc#3`.

    Raises:
        ReadError: the file or the tune cannot be read, or there is no such tune.
    """
    name, wanted = str(path), None
    if not os.path.exists(expand(path)):
        name, wanted = naming.parted(path)
    songs = read_songs(name, limits)
    count = 0
    for count, song in enumerate(songs, 1):
        if isinstance(song, ReadError) and (song.path == name or count == (wanted or 1)):
            raise song
        if isinstance(song, Score) and count == (wanted or 1) and wanted != 0:
            break
    else:
        raise ReadError(path, f"there is no tune {wanted}: the file holds {count}", "no-such-tune")
    if wanted is None and next(songs, None) is not None:
        second = naming.tune(Path(name).name, 2)
        advice = f"the first tune of several was taken; {second} names the second"
        song = replace(song, warnings=(*song.warnings, advice))
    return song


def find_files(paths: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """All files of music in the files and folders named, sorted, each once.

    Hidden files and folders are passed over, and so is what `survey` leaves out. A file that is named
    itself is taken whatever its suffix.

    Raises:
        ReadError: a path does not exist, or is a folder that may not be listed.
    """
    return sorted({file for path in paths for file in survey(path)[0]})


def survey(path: str | os.PathLike[str]) -> tuple[list[Path], list[ReadError]]:
    """The files of music at a path, as `find_files` finds them, and what was left out of its folders.

    Left out are folders that may not be listed ("permission"), links to folders ("linked-folder"), which
    could lead in circles, pipes and devices ("no-file"), which could be read for ever, and archives
    ("archive"), in which there may be music.

    Returns:
        both sorted by path.

    Raises:
        ReadError: the path does not exist, or is itself a folder that may not be listed.
    """
    place = expand(path)
    if not os.path.exists(place):
        raise ReadError(path, "no such file or folder", "missing")
    if not os.path.isdir(place):
        return [place], []
    found: list[Path] = []
    left_out: list[ReadError] = []

    def refuse(error: OSError) -> None:
        code = "permission" if isinstance(error, PermissionError) else "os"
        refusal = ReadError(error.filename, f"cannot be listed: {error.strerror}", code)
        if Path(error.filename) == place:
            raise refusal
        left_out.append(refusal)

    for folder, folders, files in os.walk(place, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for link in filter(os.path.islink, (os.path.join(folder, name) for name in folders)):
            left_out.append(ReadError(link, "a link to a folder: name what it leads to", "linked-folder"))
        for name in files:
            if name.startswith("."):
                continue
            file = Path(folder, name)
            if _is_archive(name):
                left_out.append(ReadError(file, *ARCHIVE))
            elif not name.lower().endswith(MUSIC_SUFFIXES):
                continue
            elif os.path.exists(file) and not os.path.isfile(file):
                left_out.append(ReadError(file, "a pipe or device, no file", "no-file"))
            else:  # also a link that leads nowhere: who reads it gives the reason
                found.append(file)
    return sorted(found), sorted(left_out, key=lambda error: error.path)


def _is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVE_SUFFIXES)
