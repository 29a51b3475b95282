"""Voices: which track of a score is its melody, and the upper line of a polyphonic track."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from musicvae_lite.music.score import Score, Track

MOSTLY_MONOPHONIC = 0.1  # at most this share of notes may begin over another one
CHORDAL = 0.3  # from this share on, the upper line is not what a track is about
LONGEST_HOLD = 256  # steps for which a held note covers lower ones: past it the note is a drone
_MELODY = re.compile(r"melod|\blead|vocal|\bvox\b|\bvoice\b|\bsing(er|ing)|\bsolo|\bcanto\b", re.I)
# What names of tracks of drums are made of: whole words, whatever digits or underscores stand beside them.
_WORDS = (
    r"drums?|drum ?(?:kits?|sets?|machines?|loops?)|(?:kick|snare|bass) ?drums?|percussions?|percusi[oó]n"
    r"|batterie|batter[ií]a|bater[ií]a|schlagzeug|schlagz|hi-?hats?|snares?|kicks?|cymbals?"
)
_DRUMS = re.compile(rf"(?<![^\W\d_])(?:{_WORDS})(?![^\W\d_])", re.I)
_NO_DRUMS = re.compile(r"steel|\bbass\b(?! ?drum)|\blead\b", re.I)  # such as drum and bass
_HINT = re.compile(rf"{_WORDS}|percus|\bkit\b", re.I)
_NO_HINT = re.compile(r"steel|\bbass\b(?! ?drum)|machine lead", re.I)
_BESIDE = re.compile(
    r"\W|[\d_]|\b(drummer|kit|set|track|part|midi|ch|channel|loops?|acoustic|electric)\b", re.I
)  # what else may stand in a name that says drums alone
PERCUSSIVE = range(112, 120)  # General MIDI programs
_BACKING = re.compile(r"back|harmon|bass|drum|pad\b|chord|accomp|choir|counter", re.I)


def overlapping(
    start: np.ndarray, end: np.ndarray, step_ticks: float, voice: np.ndarray | None = None
) -> np.ndarray:
    """Which notes begin while an earlier one of the same voice sounds on.

    Legato is not polyphony: an overlap counts when it is longer than one step, or than half of the
    shorter of the two notes.

    Args:
        start, end: ticks [N], sorted by start, or by (voice, start) when `voice` is given.
        step_ticks: length of one step in ticks.
        voice: index of each note's voice [N].

    Returns:
        bool [N].
    """
    found = np.zeros(len(start), dtype=bool)
    if len(start) < 2:
        return found
    length = end - start
    if voice is not None:  # lay the voices one behind the other, so that none overlaps the next
        shift = voice.astype(np.int64) * int(end.max() + 1)
        start, end = start + shift, end + shift
    before = np.maximum.accumulate(end)[:-1]
    shared = np.minimum(before, end[1:]) - start[1:]
    found[1:] = shared > np.minimum(np.minimum(length[1:], length[:-1]) * 0.5, step_ticks)
    return found


@dataclass(frozen=True, eq=False)
class TrackTable:
    """What the notes of each track are like, arrays [K] over the tracks of a score.

    Attributes:
        notes: how many there are.
        polyphony: share of notes that begin while another one of the track sounds on.
        pitch: mean pitch, MIDI numbers; 0 without notes.
        coverage: summed length of the notes over the length of the song.
    """

    notes: np.ndarray
    polyphony: np.ndarray
    pitch: np.ndarray
    coverage: np.ndarray

    @classmethod
    def of(cls, score: Score, step_ticks: float) -> TrackTable:
        count = len(score.tracks)
        order = np.argsort(score.track.astype(np.int16), kind="stable")
        voice, start, end = score.track[order], score.start[order], score.end[order]
        notes = np.bincount(voice, minlength=count)
        clashes = np.bincount(voice, overlapping(start, end, step_ticks, voice), minlength=count)
        some = np.maximum(notes, 1)
        return cls(
            notes,
            clashes / some,
            np.bincount(voice, score.pitch[order], minlength=count) / some,
            np.bincount(voice, end - start, minlength=count) / max(score.end_tick, 1),
        )


def label(score: Score, track: int) -> str:
    """How messages name a track: "track 2 'Flute'", counted from 1."""
    name = score.tracks[track].name.strip()
    return f"track {track + 1} '{name}'" if name else f"track {track + 1}"


def may_hold_drums(track: Track) -> bool:
    """Whether a track's instrument does not say that it holds something else."""
    return track.program == 0 or track.program in PERCUSSIVE


def is_named_drums(track: Track) -> bool:
    """Whether a track's name says that it holds drums, as many do that lie off channel 10, and its
    instrument does not say otherwise."""
    return may_hold_drums(track) and bool(_DRUMS.search(track.name)) and not _NO_DRUMS.search(track.name)


def is_called_drums(track: Track) -> bool:
    """Whether a track is named like drums, and nothing else: no title that names drums too."""
    return is_named_drums(track) and not _BESIDE.sub("", _DRUMS.sub("", track.name))


def hints_at_drums(name: str) -> bool:
    """Whether the name of a track could mean drums: enough where drums are asked for and no track lies on
    channel 10."""
    return bool(_HINT.search(name)) and not _NO_HINT.search(name)


def holds_drums(score: Score, track: int) -> bool:
    """Whether a track lies on channel 10, or is named like drums."""
    return score.tracks[track].is_drum or is_named_drums(score.tracks[track])


def pitched(score: Score) -> list[int]:
    """Indices of the tracks that hold pitched notes.

    Those named like drums are none, unless they are all there is: a title may name drums too. What is called
    nothing but drums never is.
    """
    used = [k for k in np.unique(score.track).tolist() if not score.tracks[k].is_drum]
    certain = [k for k in used if not is_named_drums(score.tracks[k])]
    return certain or [k for k in used if not is_called_drums(score.tracks[k])]


def choose_melody(score: Score, step_ticks: float) -> tuple[int, str]:
    """The track that carries the melody, and why: "track 2 'Flute': its name says melody".

    Drums never, nor what is named like them. A track named like a melody comes first; otherwise the
    highest of the tracks that are mostly monophonic, without those that hold few notes or sound for little
    of the song.

    Returns:
        Index of the track and the reason; (-1, "") when no track holds pitched notes.
    """
    tracks = pitched(score)
    if len(tracks) < 2:
        return (tracks[0], f"{label(score, tracks[0])}: the only pitched track") if tracks else (-1, "")
    table = TrackTable.of(score, step_ticks)
    names = [track.name for track in score.tracks]
    named = [k for k in tracks if _MELODY.search(names[k]) and not _BACKING.search(names[k])]
    if len(named) == 1:
        return named[0], f"{label(score, named[0])}: its name says melody"
    pool = named or tracks
    single = [k for k in pool if table.polyphony[k] <= MOSTLY_MONOPHONIC]
    best = _highest(table, single or pool)
    kind = "mostly monophonic" if single else "polyphonic"
    kind += " tracks named like a melody" if named else " tracks"
    among = len(single or pool)
    reason = f"the highest of {among} {kind}" if among > 1 else f"the only one of the {kind}"
    if among == 1 and not named:
        reason = "the only mostly monophonic track"
    return best, f"{label(score, best)}: {reason}"


def is_chordal_solo(score: Score) -> bool:
    """Whether one instrument plays alone, and chords: its upper line would leave out much of the music."""
    playing = np.unique(score.track)
    if len(playing) != 1 or score.tracks[playing[0]].is_drum:
        return False
    return TrackTable.of(score, score.ticks_per_quarter / 4).polyphony.max() >= CHORDAL


def _highest(table: TrackTable, pool: list[int]) -> int:
    """The track of highest mean pitch among those with a fair share of notes and of time."""
    most = max(table.notes[k] for k in pool)
    widest = max(table.coverage[k] for k in pool)
    fair = [k for k in pool if 4 * table.notes[k] >= most and 3 * table.coverage[k] >= widest]
    return max(fair or pool, key=lambda k: (table.pitch[k], -k))


def skyline(
    step: np.ndarray, stop: np.ndarray, pitch: np.ndarray, brief: np.ndarray, shade: bool
) -> np.ndarray:
    """The upper line of notes that may collide on the grid.

    Of notes on one step the highest stays, an ornament shorter than half a step only if nothing else
    begins there. With `shade`, notes that begin under a held higher one go as well; a note counts as
    held up to one step before its end, so that legato survives.

    Args:
        step, stop: steps [N] of onset and end, sorted by onset, stop > step.
        pitch: MIDI numbers [N].
        brief: bool [N], notes shorter than half a step.
        shade: whether held notes cover lower ones.

    Returns:
        Indices [M] of the notes that stay, in order of onset, at most one a step.
    """
    order = np.argsort((step << 8) + np.where(brief, 0, 128) + pitch, kind="stable")
    onset = step[order]
    last = np.ones(len(order), dtype=bool)
    np.not_equal(onset[1:], onset[:-1], out=last[:-1])
    keep = order[last]
    if not shade:
        return keep
    step, stop, pitch = step[keep], stop[keep], pitch[keep]
    held = np.clip(stop - step - 1, 1, LONGEST_HOLD)
    first = np.cumsum(held) - held
    cells = np.repeat(step - first, held) + np.arange(int(held.sum()))
    top = np.zeros(int(stop.max()) + 1, dtype=pitch.dtype)
    np.maximum.at(top, cells, np.repeat(pitch, held))
    return keep[top[step] <= pitch]
