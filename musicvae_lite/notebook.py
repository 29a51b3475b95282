"""Scores and takes as they show themselves in a notebook: a picture, and a player beneath it.

All is inside the HTML, as data: it needs no server, no file and no network, and stays in the saved notebook.
"""

from __future__ import annotations

import base64
import html
from contextlib import suppress
from typing import TYPE_CHECKING

from musicvae_lite.errors import MusicVAEError

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

    from musicvae_lite.music.score import Score
    from musicvae_lite.music.takes import Takes

DPI = 100
LONGEST = 120.0  # seconds that are heard; a notebook is no place for megabytes of sound
RATE = 22050
FORMS = ("mp3", "ogg", "wav")  # the first that can be written: all browsers play MP3


def of_score(score: Score) -> str:
    """HTML of a score: its piano-roll and a player."""
    name = score.title or score.source
    if not len(score):
        return _words(f"{name or 'a score'}: no notes")
    from musicvae_lite.plot import draw_roll

    return _block(draw_roll(score), name or "piano-roll", score)


def of_takes(takes: Takes) -> str:
    """HTML of takes: all side by side, 64 at most, and a player of them one after another."""
    from musicvae_lite.plot.strips import MOST, draw_strip

    shown = takes[:MOST]
    if not any(len(score) for score in shown):
        return _words(f"{len(takes)} takes: no notes")
    return _block(
        draw_strip(list(shown), shown.labels, columns=takes.record.get("width", 0)),
        f"{len(takes)} takes",
        takes.joined(),
    )


def _block(figure: Figure, name: str, score: Score) -> str:
    from musicvae_lite.plot.pages import picture_bytes

    picture = _data("image/png", picture_bytes(figure, "png", DPI))
    image = f'<img alt="{html.escape(name)}" style="max-width:100%" src="{picture}">'
    return f"<div>{image}{_player(score)}</div>"


def _player(score: Score) -> str:
    """An audio element; nothing where there is no soundfont, or nothing to hear."""
    from musicvae_lite.render import synthesize, to_mono

    heard = score.select(score.seconds(score.start) < LONGEST)
    with suppress(MusicVAEError, ImportError, OSError):
        kind, data = _sound(to_mono(synthesize(heard, RATE)[: round(LONGEST * RATE)]))
        source = _data(kind, data)
        return f'<br><audio controls style="width:min(100%, 30em)" src="{source}"></audio>'
    return ""


def _sound(audio: np.ndarray) -> tuple[str, bytes]:
    import soundfile

    from musicvae_lite.render import audio_bytes

    form = next(form for form in FORMS if form.upper() in soundfile.available_formats())
    return f"audio/{'mpeg' if form == 'mp3' else form}", audio_bytes(audio, form, RATE)


def _words(text: str) -> str:
    return f"<div><em>{html.escape(text)}</em></div>"


def _data(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"
