"""Melodies made by chance: scales, walks and rhythms without end, to train on beside real tunes.

They are no music anyone would hum. They are there so that a model meets keys, leaps, densities and
rhythms its corpus lacks, and learns to spell what it is given rather than what it expects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.music.representations.line import FIRST_NOTE, OFF

if TYPE_CHECKING:
    from musicvae_lite.music.representations.melody import MelodyRepresentation

_SCALES = (
    (0, 2, 4, 5, 7, 9, 11),  # major
    (0, 2, 4, 5, 7, 9, 11),
    (0, 2, 3, 5, 7, 8, 10),  # natural minor
    (0, 2, 3, 5, 7, 8, 11),  # harmonic minor
    (0, 2, 3, 5, 7, 9, 10),  # dorian
    (0, 2, 4, 5, 7, 9, 10),  # mixolydian
    (0, 1, 3, 5, 7, 8, 10),  # phrygian
    (0, 2, 4, 7, 9),  # pentatonic
    (0, 3, 5, 7, 10),
    (0, 3, 5, 6, 7, 10),  # blues
    tuple(range(12)),  # chromatic
)
_REACH = 24  # scale degrees either way that a walk can ever use
_CENTRE = (50, 81)  # mean pitch of a melody, MIDI numbers
_SPAN = (5, 25)  # how far it may stray from there, semitones
_STEPS = np.array([0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 7, -7], dtype=np.int8)  # degrees


def random_melodies(
    count: int, representation: MelodyRepresentation, generator: np.random.Generator
) -> np.ndarray:
    """Random melodies as canonical tokens of a melody representation, in its meter and range.

    Args:
        count: W, how many.
        representation: gives length, bars and range; pitches beyond the range are moved by octaves, and
            where it is narrower than an octave to its edge.
        generator: source of all chance; the same state gives the same melodies.

    Returns:
        Tokens uint8 [W, T]; every melody holds at least two notes if it has two steps.
    """
    steps, bars, bar_steps = representation.steps, representation.bars, representation.bar_steps
    onset, moves = _rhythm(count, bars, bar_steps, generator), _moves(count, bars, bar_steps, generator)
    _repeat_bars(onset, moves, generator)
    onset, moves = (a.reshape(count, bars * bar_steps)[:, :steps] for a in (onset, moves))
    sparse = onset.sum(axis=1) < 2
    onset[np.ix_(sparse, [0, steps // 2])] = True
    pitch = _pitches(np.where(onset, moves, 0), generator)  # [W, T]
    low, high = representation.lowest, representation.highest
    pitch += 12 * (np.maximum(0, -((pitch - low) // 12)) - np.maximum(0, -((high - pitch) // 12)))
    tokens = np.where(onset, np.clip(pitch, low, high) + (FIRST_NOTE - low), 0).astype(np.uint8)
    tokens[_rests(onset, generator)] = OFF
    return representation.canonical(tokens)


def _rhythm(count: int, bars: int, bar_steps: int, generator: np.random.Generator) -> np.ndarray:
    """Where notes begin, bool [W, bars, bar_steps]: likelier on strong steps, or against them."""
    place = np.arange(bar_steps)
    strength = sum((place % period == 0).astype(np.float32) for period in (2, 4, 8, bar_steps))
    density = generator.uniform(-2.5, 2.5, (count, 1, 1)).astype(np.float32)  # log odds on a weak step
    straight = generator.uniform(-0.7, 2.0, (count, 1, 1)).astype(np.float32)  # below 0 is syncopated
    odds = np.exp(density + straight * (strength - 1.0))
    grid = generator.choice([1, 1, 1, 2, 2], (count, 1, 1))  # 16ths, or only 8ths
    allowed = place % grid == 0
    # The grid of some starts a step late, so that whole melodies lie on the off-beats.
    late = generator.random(count) < 0.05
    allowed[late] = np.roll(allowed[late], 1, axis=-1)
    chance = generator.random((count, bars, bar_steps), dtype=np.float32)
    return (chance * (1.0 + odds) < odds) & allowed


def _moves(count: int, bars: int, bar_steps: int, generator: np.random.Generator) -> np.ndarray:
    """Steps along the scale from one note to the next, int8 [W, bars, bar_steps].

    Each melody draws from a row of its own: how often notes repeat, step and leap differs.
    """
    kinds = generator.gamma(0.7, 1.0, (count, 4)) * [0.8, 2.0, 1.0, 0.6] + 1e-3
    spread = np.repeat(kinds / [1, 2, 2, 8], [1, 2, 2, 8], axis=1)  # repeats, steps, thirds, leaps
    table = np.cumsum(spread, axis=1)
    table = (table / table[:, -1:] * 256).astype(np.int64)  # [W, 13], of 256 cells
    filled = np.diff(table, axis=1, prepend=0)
    cells = np.repeat(np.tile(_STEPS, count), filled.reshape(-1)).reshape(count, 256)
    drawn = generator.integers(0, 256, (count, bars * bar_steps), dtype=np.uint8)
    return np.take_along_axis(cells, drawn.astype(np.int64), axis=1).reshape(count, bars, bar_steps)


def _repeat_bars(onset: np.ndarray, moves: np.ndarray, generator: np.random.Generator) -> None:
    """Makes bars take up the rhythm, and often the line, of the bar before or of two before."""
    count, bars, _ = onset.shape
    habit = generator.random(count)
    for bar in range(1, bars):
        again = generator.random(count) < habit
        same_line = again & (generator.random(count) < 0.5)
        back = bar - np.where(generator.random(count) < 0.3, min(2, bar), 1)
        onset[again, bar] = onset[again, back[again]]
        moves[same_line, bar] = moves[same_line, back[same_line]]


def _pitches(moves: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """MIDI numbers int [W, T] of walks along a scale that turn back at the edge of their span."""
    count = len(moves)
    degrees, sizes = _degrees()
    scale = generator.integers(0, len(_SCALES), (count, 1))
    span = generator.integers(*_SPAN, (count, 1)) * sizes[scale] // 12 + 1  # in degrees
    walk = np.cumsum(moves, axis=1, dtype=np.int64) + generator.integers(-2, 3, (count, 1))
    wild = generator.random(count) < 0.2  # no walk at all: any note of the scale after any other
    walk[wild] = generator.integers(-_REACH, _REACH, walk[wild].shape)
    folded = np.abs((walk + span) % (4 * span) - 2 * span) - span  # a triangle between -span and span
    centre = generator.integers(*_CENTRE, (count, 1))
    return degrees[scale, folded + _REACH * 2] + centre


def _degrees() -> tuple[np.ndarray, np.ndarray]:
    """Semitones of each degree of each scale [S, 4 * _REACH], and how many notes each scale has [S]."""
    place = np.arange(-2 * _REACH, 2 * _REACH)
    rows = [np.array(s)[place % len(s)] + 12 * (place // len(s)) for s in _SCALES]
    return np.stack(rows), np.array([len(s) for s in _SCALES])


def _rests(onset: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Where notes end before the next begins, bool [W, T]: some melodies breathe, some never do."""
    shape = onset.shape
    kind = generator.random((len(onset), 1))
    chance = np.where(kind < 0.35, 0.0, generator.uniform(0.0, 0.5, (len(onset), 1)))
    staccato = kind > 0.9  # every note is cut after one step
    after = np.zeros(shape, dtype=bool)
    after[:, 1:] = onset[:, :-1]
    ends = (generator.random(shape, dtype=np.float32) < chance) | (staccato & after)
    return ends & ~onset
