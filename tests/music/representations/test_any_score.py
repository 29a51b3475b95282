"""Any score at all: it gives windows that survive being written and read, or the reason why it gives none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from benchmarks.round_trip import lost
from musicvae_lite.music.representations import PRESETS, Representation
from musicvae_lite.music.score import Chord, Meter, MeterChange, Score, TempoChange, Track

SHORT = {name: r for name, r in PRESETS.items() if r.bars <= 4}
FIGURES = ((0, 4, 8, 12), (0, 2, 4, 6, 8, 10, 12, 14), (0, 3, 6, 12), (0, 5))


@st.composite
def scores(draw) -> Score:
    """Scores of every shape: regular figures, chance notes, drums, several tracks, meters, resolutions."""
    tpq = draw(st.sampled_from([1, 4, 24, 96, 220, 480, 960]))
    tracks = draw(st.lists(st.tuples(st.integers(0, 127), st.booleans()), min_size=1, max_size=4))
    rows: list[tuple[int, int, int, int, int]] = []
    for number, (_, is_drum) in enumerate(tracks):
        pitches = st.integers(35, 59) if is_drum else st.integers(0, 127)
        for bar in range(draw(st.integers(0, 6))):
            for step in draw(st.sampled_from(FIGURES)):
                late = draw(st.integers(-tpq // 12, tpq // 12))
                start = max(0, (bar * 16 + step) * tpq // 4 + late)
                length = draw(st.sampled_from([1, max(1, tpq // 4), tpq, 5 * tpq]))
                rows.append((start, start + length, draw(pitches), draw(st.integers(1, 127)), number))
    for _ in range(draw(st.integers(0, 5))):
        start, length = draw(st.integers(0, 40 * tpq)), draw(st.integers(1, 9 * tpq))
        rows.append(
            (start, start + length, draw(st.integers(0, 127)), 64, draw(st.integers(0, len(tracks) - 1)))
        )
    rows.sort(key=lambda row: (row[0], row[2]))
    table = np.array(rows, dtype=np.int32).reshape(-1, 5)
    meters = [Meter.parse(draw(st.sampled_from(["4/4", "3/4", "6/8", "2/4", "7/8", "1/32"])))]
    changes = [MeterChange(0, meters[0])]
    if draw(st.booleans()):
        changes.append(
            MeterChange(draw(st.integers(1, 20 * tpq)), Meter.parse(draw(st.sampled_from(["4/4", "3/4"]))))
        )
    chords = (Chord(0, "Am7"), Chord(4 * tpq, draw(st.sampled_from(["C", "no chord at all", "N.C.", ""]))))
    return Score(
        tpq, *(table[:, column] for column in range(5)),
        tracks=tuple(Track("", program, is_drum) for program, is_drum in tracks),
        meters=tuple(changes), tempos=(TempoChange(0, draw(st.sampled_from([1.0, 120.0, 5000.0]))),),
        chords=chords if draw(st.booleans()) else (),
    )  # fmt: skip


@pytest.mark.parametrize("name", SHORT)
@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),  # type: ignore[arg-type]
)
@given(score=scores())
def test_windows_survive_or_a_reason_is_given(name: str, score: Score):
    r: Representation = SHORT[name]
    found = r.windows(score)
    assert found.tokens.shape[1:] == (r.steps, *r.step.shape) and found.tokens.dtype == r.step.dtype
    assert len(found.bar) == len(found.step) == len(found.tick) == len(found)
    assert len(found) or found.rejections
    assert all(told.code and told.detail and told.bar >= 0 for told in found.rejections)
    if len(found):
        assert found.control is None or found.control.shape[:2] == found.tokens.shape[:2]
        assert lost(r, found.tokens[:3]) == 0
