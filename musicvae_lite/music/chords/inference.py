"""Chords of music that states none: the likeliest triad of each half bar in a chain of them.

How likely the notes of half a bar are under a triad, and how likely triads follow one another in a key, is
counted from lead sheets in the public domain (`statistics.json`, made by `benchmarks.chord_inference`). What
a half bar has is weighed over all that the others may have and over all keys (Rabiner 1989, section III.B); a
key counts by how well the song and its ending fit its scale, and by the key signature, where there is one.

Root and triad are as annotated in 0.81 of the half bars of pop arranged for piano, 0.92 of standards with
their chords played, 0.71 of folk tunes without any, and 0.42 of standards without any: there the tune alone
does not say.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from musicvae_lite.music.chords.encodings import TRIADS, symbol_of, triad_of
from musicvae_lite.music.chords.symbols import is_symbol
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Chord, KeyChange, Score

MODES = 2  # major, minor
KEYS = 8  # how many of the 24 keys are tried, those that fit the notes best
SIGNED = 30.0  # nats that a key has for its signature, and again for being major or minor as that says
FIT, FINAL = 0.1, 10.0  # what a key's scale, and the pitch class at the end, count beside its chords
TABLES = ("tones", "opening", "change", "scale", "closing")
NO_KEY = KeyChange(0, 0)  # C major
MOST_HALVES = 20_000  # half bars of a song whose chords are inferred; each takes a twentieth of a millisecond
STRONG = 0.5  # weight of a note that begins with its half bar, in quarters: passing notes come later
BASS = 2.0  # weight of the lowest note of half a bar, in quarters, where several notes sound at once


@dataclass(frozen=True, eq=False)
class Statistics:
    """Log probabilities.

    Attributes:
        tones: [5, 12] of a pitch class, counted from the root, under no chord and the four qualities.
        opening: [2, 49] of the first triad in a major or a minor key, counted from its tonic.
        change: [2, 2, 49, 49] of the next triad; the second axis is 0 at a bar line, 1 within a bar.
        scale: [2, 12] of a pitch class of a song, counted from its tonic.
        closing: [2, 12] of a pitch class in the last half bar that sounds, counted from the tonic.
        sharpness: what a quarter note's evidence is multiplied with.
    """

    tones: np.ndarray
    opening: np.ndarray
    change: np.ndarray
    scale: np.ndarray
    closing: np.ndarray
    sharpness: float

    @classmethod
    @cache
    def load(cls) -> Statistics:
        table = json.loads(Path(__file__).with_name("statistics.json").read_text(encoding="utf-8"))
        arrays = (np.array(table[name], dtype=np.float32) for name in TABLES)
        return cls(*arrays, sharpness=float(table["sharpness"]))


@dataclass(frozen=True, eq=False)
class Halves:
    """A song cut into half bars (whole ones where a bar has an odd number of beats), S of them.

    Attributes:
        edge: ticks int64 [S + 1].
        inner: bool [S], whether a half bar begins within a bar.
    """

    edge: np.ndarray
    inner: np.ndarray

    @classmethod
    def of(cls, score: Score, grid: Grid) -> Halves:
        edge, inner = [], []
        for index, stretch in enumerate(grid.stretches):
            bar = stretch.meter.quarters * grid.ticks_per_quarter
            parts = 2 if round(stretch.meter.quarters / stretch.meter.beat_quarters) % 2 == 0 else 1
            behind = grid.stretches[index + 1].tick if index + 1 < len(grid.stretches) else None
            count = (stretch.bars + stretch.cut) * parts
            begin = np.rint(stretch.tick + np.arange(count) * bar / parts).astype(np.int64)
            within = np.arange(count) % parts == 1
            if behind is not None:
                begin, within = begin[begin < behind], within[begin < behind]
            edge.append(begin)
            inner.append(within)
        last = grid.stretches[-1]
        end = round(last.tick + last.bars * last.meter.quarters * grid.ticks_per_quarter)
        return cls(np.concatenate([*edge, [end]]), np.concatenate(inner))

    def __len__(self) -> int:
        return len(self.inner)


def infer(score: Score, grid: Grid | None = None) -> tuple[Chord, ...]:
    """The chords of a song's pitched notes, one where each begins.

    A song without notes has none, and neither has one of more than `MOST_HALVES` half bars.
    """
    grid = Grid.of(score) if grid is None else grid
    halves = Halves.of(score, grid)
    if len(halves) > MOST_HALVES:
        return ()
    weights = evidence(score, halves)
    if not weights.any():
        return ()
    triads = likeliest(weights, halves.inner, Statistics.load(), signature_of(score))
    chords: list[Chord] = []
    for tick, triad in zip(halves.edge.tolist(), triads.tolist(), strict=False):
        symbol = symbol_of(triad)
        if not chords or chords[-1].symbol != symbol:
            chords.append(Chord(tick, symbol))
    return tuple(chords)


def annotated(score: Score, halves: Halves) -> np.ndarray:
    """The triad that the song's own chord symbols give most of each half bar, int64 [S]; -1 for none."""
    marks = [(chord.tick, triad_of(chord.symbol)) for chord in score.chords if is_symbol(chord.symbol)]
    middle = halves.edge[:-1]
    weights = np.zeros((len(halves), TRIADS + 1))
    ticks = np.array([tick for tick, _ in marks] + [halves.edge[-1]], dtype=np.int64)
    spans = [(0, int(ticks[0]), -1)] + [
        (int(begin), int(end), triad) for (begin, triad), end in zip(marks, ticks[1:], strict=True)
    ]
    for begin, end, triad in spans:
        covered = np.minimum(halves.edge[1:], end) - np.maximum(middle, begin)
        weights[:, triad] += np.maximum(covered, 0)
    best = weights.argmax(1)
    return np.where(best == TRIADS, -1, best)


def evidence(score: Score, halves: Halves) -> np.ndarray:
    """How long each pitch class sounds in each half bar, in quarters float64 [S, 12].

    A note that begins with its half bar counts more, and so does the lowest where several sound at once: it
    is often the root.
    """
    drum = np.array([part.is_drum for part in score.tracks], dtype=bool)
    pitched = score if not drum.any() else score.select(~drum[score.track])
    weights = np.zeros((len(halves), 12))
    if not len(pitched):
        return weights
    first = np.maximum(np.searchsorted(halves.edge, pitched.start, side="right") - 1, 0)
    last = np.minimum(np.searchsorted(halves.edge, pitched.end, side="left"), len(halves))
    spans = np.maximum(last - first, 1)
    note = np.repeat(np.arange(len(pitched)), spans)
    half = np.minimum(
        np.arange(spans.sum()) - np.repeat(np.cumsum(spans) - spans, spans) + first[note], len(halves) - 1
    )
    begin = np.maximum(pitched.start[note], halves.edge[half])
    end = np.minimum(pitched.end[note], halves.edge[half + 1])
    length = np.maximum(end - begin, 0) / score.ticks_per_quarter
    pitch = pitched.pitch[note]
    np.add.at(weights, (half, pitch % 12), length)
    lowest = np.full(len(halves), 128)
    np.minimum.at(lowest, half, np.where(length > 0, pitch, 128))
    span = np.diff(halves.edge) / score.ticks_per_quarter
    thick = (weights.sum(1) > 1.25 * span) & (lowest < 128)
    weights[thick, lowest[thick] % 12] += BASS
    on_edge = (pitched.start[note] == halves.edge[half]) & (length > 0)
    np.add.at(weights, (half[on_edge], pitch[on_edge] % 12), STRONG)
    return weights


def likeliest(
    weights: np.ndarray, inner: np.ndarray, statistics: Statistics, signature: KeyChange | None = None
) -> np.ndarray:
    """The likeliest triad of each half bar, int64 [S], whatever the key and the other triads may be.

    Args:
        weights: of pitch classes [S, 12], in quarters.
        inner: bool [S], half bars that begin within a bar.
        signature: that of the song, where it has one.
    """
    if not len(weights):
        return np.zeros(0, dtype=np.int64)
    heard = statistics.sharpness * likelihood(weights, statistics.tones)  # [S, 49]
    heard = np.exp(heard - heard.max(1, keepdims=True))
    mode, tonic, apart = _keys(weights, statistics, signature)  # [K] each
    keys = _relative()[tonic]  # [K, 49]: of a triad counted from the tonic, the triad from C
    local = heard[:, keys]  # [S, K, 49]
    opening, change = (
        np.exp(part[mode], dtype=np.float64) for part in (statistics.opening, statistics.change)
    )
    told, evidence = _weighed(local, opening, change, inner)
    apart = apart + evidence
    told *= np.exp(apart - apart.max())[:, None]
    triads = np.zeros((len(weights), TRIADS))
    for key, absolute in enumerate(keys):
        triads[:, absolute] += told[:, key]
    return triads.argmax(-1)


def _weighed(
    local: np.ndarray, opening: np.ndarray, change: np.ndarray, inner: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How likely each triad is in each half bar and key, whatever the others are: forwards, then backwards.

    Args:
        local: likelihood of what is heard, [S, K, 49].
        opening: probability of the first triad, [K, 49].
        change: of the next one, [K, 2, from, to].
        inner: bool [S].

    Returns:
        Probabilities [S, K, 49], and the log evidence of each key [K].
    """
    told = np.empty_like(local)
    evidence = np.zeros(local.shape[1])
    for at in range(len(local)):
        reached = (told[at - 1, :, None] @ change[:, int(inner[at])])[:, 0] if at else opening
        told[at] = reached * local[at]
        share = told[at].sum(-1)
        told[at] /= share[:, None]
        evidence += np.log(share)
    behind = np.ones((*opening.shape, 1))  # [K, 49, 1]
    for at in range(len(local) - 2, -1, -1):
        behind = change[:, int(inner[at + 1])] @ (local[at + 1, ..., None] * behind)
        behind /= behind.sum(1, keepdims=True)
        told[at] *= behind[..., 0]
    return told / told.sum(-1, keepdims=True), evidence


def _keys(
    weights: np.ndarray, statistics: Statistics, signature: KeyChange | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mode and tonic [K] of the keys that fit a song's pitch classes [S, 12] best, and how well each does."""
    told = (weights.sum(0), FIT * statistics.scale), (ending(weights), FINAL * statistics.closing)
    fit = sum(
        np.array([[np.roll(heard, -tonic) @ row for tonic in range(12)] for row in table])
        for heard, table in told
    )
    fit = np.asarray(fit)  # [2, 12]
    if signature is not None:
        major = 7 * signature.fifths % 12
        tonics = (major, (major + 9) % 12)
        fit[(0, 1), tonics] += SIGNED
        fit[int(signature.minor), tonics[int(signature.minor)]] += SIGNED
    fit = fit.reshape(-1)  # [24]
    best = np.argsort(-fit, kind="stable")[:KEYS]
    return best // 12, best % 12, fit[best]


def signature_of(score: Score) -> KeyChange | None:
    """The key signature that holds for most of a song; None where it has none.

    One of C major counts as none: programs that know no key write it, too.
    """
    ends = [key.tick for key in score.keys[1:]] + [score.end_tick]
    held: Counter[KeyChange] = Counter()
    for key, end in zip(score.keys, ends, strict=True) if score.keys else ():
        held[replace(key, tick=0)] += max(end - key.tick, 0)
    longest = max(held, key=held.__getitem__, default=NO_KEY)
    return None if longest == NO_KEY else longest


def ending(weights: np.ndarray) -> np.ndarray:
    """What share of the last half bar that sounds, of [S, 12], each pitch class has: [12]."""
    sounds = np.flatnonzero(weights.any(1))
    last = weights[sounds[-1]] if len(sounds) else np.zeros(12)
    return last / max(last.sum(), 1e-9)


def likelihood(weights: np.ndarray, tones: np.ndarray) -> np.ndarray:
    """Log probability [S, 49] of pitch classes [S, 12] under each triad, given `Statistics.tones`."""
    scores = np.zeros((len(weights), TRIADS))
    scores[:, 0] = weights @ tones[0]
    for quality in range(4):
        for root in range(12):
            scores[:, 1 + 12 * quality + root] = np.roll(weights, -root, axis=1) @ tones[quality + 1]
    return scores


@cache
def _relative() -> np.ndarray:
    from musicvae_lite.music.chords.encodings import transposed

    return transposed(np.arange(TRIADS)[None], np.arange(12)[:, None])
