"""One track of one stretch of time as events, and back. The vocabulary of Multitrack MusicVAE (1806.00195).

Events are numbers: 128 note-ons, 128 note-offs, shifts by 1 to 96 steps, 8 levels of velocity, 129 programs
(the last is drums) and an end. A track is its program, events in order of time, and the end; what follows
the end is the end again. Notes begin at the level told last, and level 7 (a velocity of 100) before any.
"""

from __future__ import annotations

from typing import NamedTuple

ON, OFF, SHIFT, LEVEL, PROGRAM, END = 0, 128, 256, 352, 360, 489
DEPTH = 490
LONGEST_SHIFT = 96
LEVELS = 8
LEVEL_SIZE = 16  # velocities a level
DRUMS = 128  # the program that means drums
USUAL_LEVEL = 6  # counted from 0


class Note(NamedTuple):
    """A note of a track: steps from the start of the stretch, MIDI number, level from 0."""

    start: int
    pitch: int
    end: int
    level: int


class Part(NamedTuple):
    """A track: its program, 0 to 127 or DRUMS, and its notes, sorted."""

    program: int
    notes: list[Note]


def level_of(velocity: int) -> int:
    """The level, from 0, of a velocity of 1 to 127."""
    return (velocity - 1) // LEVEL_SIZE


def velocity_of(level: int) -> int:
    """The velocity a level is written with, the middle of those it stands for."""
    return LEVEL_SIZE * level + LEVEL_SIZE // 2


def matched(notes: list[Note], steps: int) -> list[Note]:
    """The same notes within the stretch, those of one pitch ending in the order in which they begin.

    Events (and MIDI) can not tell which of two notes of one pitch an end belongs to.
    """
    by_pitch: dict[int, list[Note]] = {}
    for note in sorted(notes):
        if note.start < steps:
            by_pitch.setdefault(note.pitch, []).append(note)
    result = []
    for group in by_pitch.values():
        ends = sorted(min(max(note.end, note.start + 1), steps) for note in group)
        result += [note._replace(end=end) for note, end in zip(group, ends, strict=True)]
    return sorted(result)


def encoded(part: Part, steps: int) -> tuple[list[int], list[int]]:
    """The events of a track, and the step at which each stands.

    Args:
        part: its notes as `matched` gives them.
        steps: length of the stretch; a last shift fills it.
    """
    happenings = [(note.start, index, 0) for index, note in enumerate(part.notes)]
    happenings += [(note.end, index, 1) for index, note in enumerate(part.notes)]
    events, places = [PROGRAM + part.program], [0]
    now, level = 0, -1

    def advance(to: int) -> int:
        here = now
        while here < to:
            by = min(to - here, LONGEST_SHIFT)
            events.append(SHIFT + by - 1)
            places.append(here)
            here += by
        return here

    for step, index, ends in sorted(happenings):
        now = advance(step)
        note = part.notes[index]
        if not ends and note.level != level:
            level = note.level
            events.append(LEVEL + level)
            places.append(now)
        events.append((OFF if ends else ON) + note.pitch)
        places.append(now)
    now = advance(steps)
    events.append(END)
    places.append(places[-1])
    return events, places


def decoded(events: list[int], steps: int) -> Part:
    """The track that any events [E] spell: of several programs the first, 0 when there is none.

    Notes that never end last to the end of the stretch; those of no length, and ends
    without a note, are dropped.
    """
    program, now, level = None, 0, USUAL_LEVEL
    sounding: dict[int, list[tuple[int, int]]] = {}
    notes: list[Note] = []
    for event in events:
        if event == END:
            break
        if event >= PROGRAM:
            program = event - PROGRAM if program is None else program
        elif event >= LEVEL:
            level = event - LEVEL
        elif event >= SHIFT:
            now = min(now + event - SHIFT + 1, steps)
        elif event >= OFF:
            waiting = sounding.get(event - OFF)
            if waiting:
                start, loud = waiting.pop(0)
                if now > start:
                    notes.append(Note(start, event - OFF, now, loud))
        elif now < steps:
            sounding.setdefault(event, []).append((now, level))
    for pitch, waiting in sounding.items():
        notes += [Note(start, pitch, steps, loud) for start, loud in waiting]
    return Part(program or 0, sorted(notes))


def fitted(part: Part, steps: int, room: int) -> Part:
    """The track with as many of its first notes as can be spelt in `room` events."""
    low, high = 0, len(part.notes)
    while low < high:
        middle = (low + high + 1) // 2
        if len(encoded(part._replace(notes=part.notes[:middle]), steps)[0]) <= room:
            low = middle
        else:
            high = middle - 1
    return part._replace(notes=part.notes[:low])
