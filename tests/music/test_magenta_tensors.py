"""Against dumps of the original code: its tensors of a MIDI file, and its notes of a tensor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.music import magenta_tensors, midi
from musicvae_lite.music.representations import PRESETS, Representation

CASES = {
    "cat-mel_2bar_small": "melody-2bar",
    "flat-mel_16bar": "melody-16bar",
    "hier-mel_16bar": "melody-16bar",
    "hierdec-mel_16bar": "melody-16bar",
    "cat-drums_2bar_small": "drums-2bar",
    "nade-drums_2bar_reduced": "drums-2bar-nade",
}


@pytest.fixture(params=list(CASES))
def case(request, shared) -> tuple[Path, dict[str, np.ndarray], Representation]:
    folder = shared / "parity" / request.param
    with np.load(folder / "dump.npz") as dump:
        arrays = {name: dump[name] for name in dump.files}
    return folder, arrays, PRESETS[CASES[request.param]]


def test_the_same_tensors(case):
    folder, dump, rep = case
    for number, (x, y) in enumerate(zip(dump["inputs"], dump["outputs"], strict=True)):
        found = rep.lenient().windows(midi.read(folder / f"dump.in{number}.mid"))
        assert len(found) == 1
        assert np.array_equal(magenta_tensors.inputs(rep, found.tokens)[0], x)
        assert np.array_equal(magenta_tensors.outputs(rep, found.tokens)[0], y)


def test_the_same_notes(case):
    folder, dump, rep = case
    for number, samples in enumerate(dump["samples"]):
        ours = rep.to_score(magenta_tensors.tokens_of(rep, samples))
        theirs = midi.read(folder / f"dump.out{number}.mid")
        assert np.array_equal(notes(ours), notes(theirs))


def notes(score) -> np.ndarray:
    """Rows [N, 5]: drum, start and end in quarters, pitch, velocity."""
    drum = np.array([part.is_drum for part in score.tracks])[score.track]
    ticks = score.ticks_per_quarter
    table = np.stack([drum, score.start / ticks, score.end / ticks, score.pitch, score.velocity], axis=1)
    return table[np.lexsort(table.T[::-1])]
