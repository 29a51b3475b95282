"""MusicXML documents out of a few notes."""

from __future__ import annotations

from musicvae_lite.music import musicxml
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score


def note(step: str, duration: int, extra: str = "", octave: int = 4, before: str = "") -> str:
    alter = f"<alter>{step.count('#') - step.count('b')}</alter>" if len(step) > 1 else ""
    pitch = f"<pitch><step>{step[0]}</step>{alter}<octave>{octave}</octave></pitch>"
    return f"<note>{before}{pitch}<duration>{duration}</duration>{extra}</note>"


def harmony(root: str, kind: str, extra: str = "") -> str:
    alter = f"<root-alter>{root.count('#') - root.count('b')}</root-alter>" if len(root) > 1 else ""
    return (
        f"<harmony><root><root-step>{root[0]}</root-step>{alter}</root><kind>{kind}</kind>{extra}</harmony>"
    )


ATTRIBUTES = (
    "<attributes><divisions>2</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'
BACKWARD = '<barline location="right"><repeat direction="backward"/></barline>'


def ending(number: str, kind: str, repeat: str = "") -> str:
    return f'<barline><ending number="{number}" type="{kind}"/>{repeat}</barline>'


def document(*bars: str, parts: str = "", more: str = "") -> bytes:
    measures = "".join(f'<measure number="{i}">{bar}</measure>' for i, bar in enumerate(bars, 1))
    about = parts or '<score-part id="P1"><part-name>Flute</part-name></score-part>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML '
        '4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">'
        "<score-partwise><work><work-title>Air</work-title></work>"
        f"<part-list>{about}</part-list><part id='P1'>{measures}</part>{more}</score-partwise>"
    ).encode()


def xml(*bars: str, **kw: str) -> Score:
    return musicxml.read(document(*bars, **kw), "t.musicxml", Limits())
