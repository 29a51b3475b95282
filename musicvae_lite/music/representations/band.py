"""Which tracks of a song play melody, bass and drums of a trio: General MIDI programs tell them apart."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations.base import Rejection
from musicvae_lite.music.representations.hits import Choice, choose_drums
from musicvae_lite.music.score import Score
from musicvae_lite.music.voices import choose_melody, label

PARTS = ("melody", "bass", "drums")
Programs = tuple[int, int]  # the first and the last, from 0


@dataclass(frozen=True)
class Band:
    """The tracks of a trio.

    Attributes:
        lead, bass: their indices; -1 where there is none.
        drums: those of the drums.
        words: which and why, one sentence.
        missing: the parts that no track plays.
        absence: why they are missing, one sentence; "" when none is.
        trouble: code and sentence of why there is no band at all; None where there is one.
        unfit: why a corpus leaves the song out all the same: its melody has a program that melodies to learn
            from have not; None where it has not.
    """

    lead: int = -1
    bass: int = -1
    drums: Choice = field(default_factory=Choice)
    words: str = ""
    missing: tuple[str, ...] = ()
    absence: str = ""
    trouble: tuple[str, str] | None = None
    unfit: Rejection | None = None

    @property
    def tracks(self) -> tuple[int, ...]:
        """Indices of all that play, the melody first."""
        return (*(index for index in (self.lead, self.bass) if index >= 0), *self.drums.tracks)

    def warnings(self) -> tuple[str, ...]:
        """What is odd about the drums, and which parts nobody plays."""
        return tuple(text for text in (self.drums.warning, self.absence) if text)


def choose_band(
    score: Score, leads: Programs, basses: Programs, step_ticks: float, track: int | None = None
) -> Band:
    """The most melody-like of the tracks with a melody's program, or else of all that are no basses; the bass
    that sounds longest; and the drums (see `hits.choose_drums`). No track plays two parts.

    Args:
        score: that holds notes.
        leads, basses: programs of tracks that play the melody, and the bass (see `program_of`).
        step_ticks: length of one step in ticks.
        track: index of the track to take the melody from, whatever its program; it is none of the drums.

    Raises:
        ConfigError: there is no such track.
    """
    if track is not None and not 0 <= track < len(score.tracks):
        raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
    if track is not None and score.tracks[track].is_drum:
        on_drums = f"{label(score, track)} lies on channel 10: a melody needs a pitched track"
        return Band(trouble=("drums", on_drums))
    drums = choose_drums(score if track is None else score.select(score.track != track))
    free = [k for k, part in enumerate(score.tracks) if not part.is_drum and k not in drums.tracks]
    usual = [k for k in free if _within(score, k, leads)]
    lead, why = (track, f"{label(score, track)}: as asked") if track is not None else (-1, "")
    unfit = None
    if track is None:
        lead, why = _most_melodic(score, usual, step_ticks)
    if lead < 0:
        lead, why = _most_melodic(score, [k for k in free if not _within(score, k, basses)], step_ticks)
        usual_ones = f"melodies have programs {_numbers(leads)}, basses {_numbers(basses)}, drums channel 10"
        unfit = Rejection(0, "no-melody", f"no melody: {usual_ones}")
    bass, below = _longest(score, [k for k in free if _within(score, k, basses) and k != lead])
    words = [f"melody {why}"] * (lead >= 0) + [f"bass {below}"] * (bass >= 0)
    words += [f"drums {drums.words}"] if drums.tracks else []
    reasons = {
        "melody": "a melody is played by anything but basses and drums",
        "bass": f"basses have programs {_numbers(basses)}",
        "drums": "drums lie on channel 10, or are named so",
    }
    there = (lead >= 0, bass >= 0, bool(drums.tracks))
    missing = tuple(part for part, is_there in zip(PARTS, there, strict=True) if not is_there)
    absence = f"no {' and '.join(missing)}: {'; '.join(reasons[part] for part in missing)}" if missing else ""
    return Band(lead, bass, drums, "; ".join(words), missing, absence, unfit=unfit)


def program_of(score: Score, track: int) -> int:
    """The General MIDI program that most notes of a track have; of several, the one that comes first."""
    part = score.tracks[track]
    if not part.program_changes:
        return part.program
    counts = np.bincount(score.programs[score.track == track], minlength=128)
    return max(part.programs, key=lambda program: counts[program])


def _within(score: Score, track: int, programs: Programs) -> bool:
    return programs[0] <= program_of(score, track) <= programs[1]


def _numbers(programs: Programs) -> str:
    """As users count them, from 1."""
    return f"{programs[0] + 1} to {programs[1] + 1}"


def _most_melodic(score: Score, tracks: list[int], step_ticks: float) -> tuple[int, str]:
    return choose_melody(score.select(np.isin(score.track, tracks)), step_ticks)


def _longest(score: Score, tracks: list[int]) -> tuple[int, str]:
    """The track that sounds longest, and why it is taken."""
    length = np.bincount(score.track, score.end - score.start, minlength=len(score.tracks))
    able = [k for k in tracks if length[k]]
    if not able:
        return -1, ""
    best = max(able, key=lambda k: (length[k], -k))
    among = f"the one of {len(able)} basses that sounds longest" if len(able) > 1 else "the only bass"
    return best, f"{label(score, best)}: {among}"
