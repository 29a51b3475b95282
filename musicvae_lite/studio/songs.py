"""Songs and their windows, as the page offers them."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from musicvae_lite.errors import MusicVAEError, ReadError
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style

ADVICE = re.compile(r"(?:[;,]|^ ) *[^;,]*?(?: --[a-z]|`mvae )[^;,]*")  # in a line, of the command line
LONGEST_NAME = 60  # characters of a tune's name
SECONDS = 1.0  # for counting the tunes of a book behind those that are offered


@dataclass(frozen=True)
class Window:
    """One window of a song: tokens [T, ...], the bars it spans, its style, and its control or None.

    Attributes:
        tune: which of a book's tunes it is of; empty where the file holds one song.
    """

    tokens: np.ndarray
    bars: tuple[int, int]
    style: Style
    control: np.ndarray | None
    tune: str = ""


@dataclass(frozen=True)
class Offer:
    """What a file offers.

    Attributes:
        windows: of its songs, in order.
        used: how many songs these are of.
        songs: how many were counted.
        is_counted: whether those are all; counting a large book would take too long.
    """

    windows: list[Window]
    used: int
    songs: int
    is_counted: bool = True

    @property
    def share(self) -> str:
        """How many of a book's tunes are offered, in words; empty where all are."""
        if self.used == self.songs:
            return ""
        return f"{self.used} of {'' if self.is_counted else 'over '}{self.songs} tunes"


def read(data: bytes, name: str, config: dict[str, Any], limits: Limits, most: int) -> Offer:
    """The windows of a file's songs that a representation takes, at most `most`.

    Of each song they are evenly spread. Tunes of a book that cannot be used are passed over, and so is all
    that follows the first `most` that can; they are counted.

    Args:
        data: MIDI, ABC or MusicXML.
        name: of the file, for messages; its suffix tells ABC and MusicXML. No path is opened.
        config: the representation's `to_config()`.

    Raises:
        MusicVAEError: it cannot be read, or holds nothing the representation takes.
    """
    from musicvae_lite.music import reading, representations
    from musicvae_lite.music.picking import every

    representation = representations.from_config(config)
    found, fault, count, is_counted, began = [], None, 0, True, time.monotonic()
    try:
        for count, song in enumerate(reading.read_bytes(data, name, limits), 1):
            if len(found) == most:
                if time.monotonic() - began > SECONDS:
                    is_counted = False
                    break
                continue
            try:
                if isinstance(song, ReadError):
                    raise song
                found.append((_named(song, count), every(song, representation)))
            except MusicVAEError as error:
                fault = fault or error
        if not found and fault:
            raise fault
    except MusicVAEError as error:
        raise MusicVAEError(for_page(str(error))) from error
    windows = []
    for tune, picks in found:
        share = min(max(most // len(found), 1), len(picks))
        spread = sorted({round(i) for i in np.linspace(0, len(picks) - 1, share)})
        for pick in (picks[i] for i in spread):
            label = tune if count > 1 else ""
            windows.append(Window(pick.tokens, pick.bars, pick.style(), pick.control, label))
    return Offer(windows, len(found), count, is_counted)


def for_page(text: str) -> str:
    """A message without advice about options and commands, which a page does not have."""
    lines = [ADVICE.sub("", line).rstrip() for line in text.splitlines()]
    return "\n".join(filter(None, lines))


def _named(song: Score, number: int) -> str:
    return " ".join(song.title.split())[:LONGEST_NAME] or f"Tune {number}"
