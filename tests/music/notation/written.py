"""Short tunes in ABC, and what is heard of a score."""

from __future__ import annotations

from musicvae_lite.music import notation
from musicvae_lite.music.score import Score

Q = 480  # ticks of a quarter


def abc(body: str, head: str = "M:4/4\nL:1/4\nK:C") -> Score:
    (song,) = notation.read_bytes(f"X:1\nT:Test\n{head}\n{body}\n".encode(), "t.abc")
    assert isinstance(song, Score), song
    return song


def sound(score: Score) -> list[tuple[float, int, float]]:
    """Start in quarters, pitch, length in quarters."""
    columns = (score.start / Q, score.pitch, (score.end - score.start) / Q)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def pitches(score: Score) -> list[int]:
    return score.pitch.tolist()


def meters(score: Score) -> list[tuple[float, str]]:
    return [(change.tick / Q, str(change.meter)) for change in score.meters]
