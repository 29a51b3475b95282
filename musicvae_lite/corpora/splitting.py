"""Which split a song goes to: decided by its content, so that versions of one song stay together."""

from __future__ import annotations

import numpy as np

from musicvae_lite.corpora.recipe import SPLITS, DrumsBy
from musicvae_lite.music.representations import fingerprints
from musicvae_lite.music.score import Score
from musicvae_lite.music.voices import pitched

RUN = 10  # intervals, or onsets of drums


def mix(values: np.ndarray) -> np.ndarray:
    """SplitMix64 of uint64 [N], which takes 0 elsewhere than to 0 (see `fingerprints.mix`)."""
    return fingerprints.mix(values.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15))


WEIGHTS = mix(np.arange(RUN, dtype=np.uint64))  # of each interval in the hash of a run


def song_key(score: Score, track: int, drums_by: DrumsBy = "onsets") -> int:
    """A key of a song's content that most versions of it share, whatever windows are cut from it.

    The key is the least hash of all runs of `RUN` intervals along the upper line of a track, repeated
    notes left out. Copies and transpositions have the same key; songs that share a part J of their runs
    have it with probability J (Broder: On the resemblance and containment of documents, 1997), so that
    most versions of one tune go to the same split, and to the same one in datasets of 2 and of 16 bars.
    Of drums, whose upper line is often one hi-hat, runs of whole onsets are taken.

    Args:
        track: the one that carries the melody; -1 takes all notes.
        drums_by: "line" takes the upper line of drums too.
    """
    mine = score.track == track if track >= 0 else np.ones(len(score), bool)
    is_drums = mine.any() and not np.isin(score.track[mine], pitched(score)).any()
    values = _onsets(score, mine) if is_drums and drums_by == "onsets" else _intervals(score, mine)
    values = np.concatenate([values, np.full(max(RUN - len(values), 0), 127, np.uint64)])
    return int(mix(np.correlate(values, WEIGHTS, "valid")).min())


def _intervals(score: Score, mine: np.ndarray) -> np.ndarray:
    """The intervals uint64 [N] along the upper line of some notes."""
    start, pitch = score.start[mine], score.pitch[mine]
    upper = np.append(start[1:] != start[:-1], True)[: len(start)]  # the highest of each chord
    interval = np.diff(pitch[upper].astype(np.int64))
    return interval[interval != 0].astype(np.uint64)


def _onsets(score: Score, mine: np.ndarray) -> np.ndarray:
    """A number uint64 [N] for each 16th in which some notes begin: which, and how long until the next."""
    sixteenth = np.rint(4 * score.start[mine] / score.ticks_per_quarter).astype(np.int64)
    struck = np.unique(np.stack([sixteenth, score.pitch[mine]], 1), axis=0)
    steps, first = np.unique(struck[:, 0], return_index=True)
    sets = np.add.reduceat(mix(struck[:, 1]), first)
    return mix(sets + np.diff(steps, append=steps[-1:]).astype(np.uint64))


def assign_splits(
    keys: np.ndarray, shares: tuple[float, float, float], seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The split uint8 [S] of every song, as an index into SPLITS, and warnings.

    A key's split depends on the key, the shares and the seed alone, not on what else is in the
    corpus; except that in a small corpus, where chance leaves a split empty, it is given one key.
    """
    seed_hash = mix(np.array([seed % 2**64], np.uint64))
    unit = mix(keys ^ seed_hash).astype(np.float64) / 2.0**64  # [S] in [0, 1]
    _, validation, test = shares
    split = np.where(unit < test, 2, np.where(unit < test + validation, 1, 0)).astype(np.uint8)
    if shares[0] == 0:
        split[split == 0] = 1 if validation else 2
    warnings = []
    for number in (0, 1, 2):
        if shares[number] and not (split == number).any():
            giver = 0 if number else max((1, 2), key=lambda n: np.unique(keys[split == n]).size)
            given = np.unique(keys[split == giver])
            if len(given) > (1 if number else 0):
                split[keys == given[0]] = number
                warnings.append(f"chance left {SPLITS[number]} without songs, so it was given one")
    return split, tuple(warnings)
