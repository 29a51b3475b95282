"""Written music: ABC tune books and MusicXML, as scores of what sounds (repeats played out)."""

from __future__ import annotations

from collections.abc import Iterator

from musicvae_lite.errors import ReadError
from musicvae_lite.music import naming
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
from musicvae_lite.music.score import Score

ABC_SUFFIXES = (".abc",)
MOST_TUNES = 50_000  # of one book
XML_SUFFIXES = (".musicxml", ".xml", ".mxl")


def read_bytes(data: bytes, source: str, limits: Limits = DEFAULT_LIMITS) -> Iterator[Score | ReadError]:
    """Every tune of a file in turn; a ReadError in place of a tune that cannot be read.

    Nothing is raised: a file that cannot be read at all gives one ReadError. `source` names the file and
    tells ABC (".abc") from MusicXML.
    """
    try:
        if source.lower().endswith(ABC_SUFFIXES):
            yield from _abc_tunes(data, source, limits)
        else:
            from musicvae_lite.music import musicxml

            yield musicxml.read(data, source, limits)
    except ReadError as error:
        yield error


def _abc_tunes(data: bytes, source: str, limits: Limits) -> Iterator[Score | ReadError]:
    from musicvae_lite.music import abc_fields, abc_notation

    if b"\0" in data:
        raise ReadError(source, "not ABC: it holds bytes that are no text", "not-abc")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    number = 0
    tunes = abc_fields.split(text)
    following = next(tunes, None)
    while following is not None:
        lines, following, number = following, next(tunes, None), number + 1
        limits.check("tunes", number, MOST_TUNES, source)
        name = naming.tune(source, number) if following is not None or number > 1 else source
        try:
            yield abc_notation.read_tune(lines, name, limits)
        except ReadError as error:
            yield error
    if not number:
        raise ReadError(source, "no ABC tune in it: none has a key (a line 'K:')", "not-abc")
