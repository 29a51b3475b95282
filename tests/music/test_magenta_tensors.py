"""Against dumps of the original code: its tensors of a MIDI file, and its notes of a tensor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.music import midi
from musicvae_lite.music.representations import PRESETS, MultitrackRepresentation, Representation
from tests.music import magenta_tensors, note_sequence

CASES = {
    "cat-mel_2bar_small": "melody-2bar",
    "flat-mel_16bar": "melody-16bar",
    "hier-mel_16bar": "melody-16bar",
    "hierdec-mel_16bar": "melody-16bar",
    "cat-mel_2bar_med_chords": "melody-2bar-chords",
    "cat-drums_2bar_small": "drums-2bar",
    "nade-drums_2bar_reduced": "drums-2bar-nade",
    "flat-trio_16bar": "trio-16bar",
    "hier-trio_16bar": "trio-16bar",
    "hierdec-trio_16bar": "trio-16bar",
    "hier-multiperf_vel_1bar_med": "multitrack-1bar",
    "hier-multiperf_vel_1bar_med_chords": "multitrack-1bar-chords",
    "groovae_4bar": "groove-4bar",
    "groovae_2bar_humanize": "groove-2bar-humanize",
    "groovae_2bar_tap_fixed_velocity": "groove-2bar-tap",
    "groovae_2bar_add_closed_hh": "groove-2bar-add-hihat",
    "groovae_2bar_hits_control_tfds": "groove-2bar-hits-control",
}


@pytest.fixture(params=list(CASES))
def case(request, shared) -> tuple[Path, dict[str, np.ndarray], Representation]:
    folder = shared / "parity" / request.param
    with np.load(folder / "dump.npz") as dump:
        arrays = {name: dump[name] for name in dump.files}
    rep = PRESETS[CASES[request.param]]
    if isinstance(rep, MultitrackRepresentation):
        rep = replace(rep, chords_throughout=False)
    return folder, arrays, rep


def test_the_same_tensors(case):
    folder, dump, rep = case
    for number, (x, y) in enumerate(zip(dump["inputs"], dump["outputs"], strict=True)):
        found = rep.lenient().windows(note_sequence.read(folder / f"dump.in{number}.ns.pb"))
        assert len(found) == 1
        given = rep.given(found.tokens, found.control)
        assert same(magenta_tensors.inputs(rep, given.x)[0], x)
        assert same(magenta_tensors.outputs(rep, given.target)[0], y)
        condition = magenta_tensors.controls(rep, given)[0]
        assert condition.shape[-1] == dump["controls"].shape[-1]
        if condition.size:
            assert same(condition, dump["controls"][number])


def test_the_same_tensors_from_the_midi_file(case):
    """Which holds the same song, but for times that it rounds to ticks."""
    folder, dump, rep = case
    for number, y in enumerate(dump["outputs"]):
        score = midi.read(folder / f"dump.in{number}.mid")
        found = magenta_tensors.outputs(rep, rep.lenient().windows(score).tokens)[0]
        tick = 2 * rep.steps_per_quarter / score.ticks_per_quarter  # in offsets
        rounding = tick / 2 + 1e-6 if rep.name == "groove" else 0
        assert found.shape == y.shape and np.abs(found - y).max() <= rounding


def test_the_same_notes(case):
    folder, dump, rep = case
    for number, samples in enumerate(dump["samples"]):
        ours = rep.to_score(magenta_tensors.tokens_of(rep, samples))
        theirs = midi.read(folder / f"dump.out{number}.mid")
        assert same_notes(notes(ours), notes(theirs), theirs.ticks_per_quarter)


def same(ours: np.ndarray, theirs: np.ndarray) -> bool:
    """Equal, but for the rounding of offsets, which Magenta computes from seconds."""
    return ours.shape == theirs.shape and bool((np.abs(ours - theirs) <= 1e-5).all())


def same_notes(ours: np.ndarray, theirs: np.ndarray, ticks: int) -> bool:
    """Equal; times to the nearest tick of the coarser file."""
    if ours.shape != theirs.shape:
        return False
    exact = np.array_equal(ours[:, [0, 3, 4]], theirs[:, [0, 3, 4]])
    return exact and bool((np.abs(ours[:, 1:3] - theirs[:, 1:3]) <= 1 / ticks).all())


def notes(score) -> np.ndarray:
    """Rows [N, 5]: drum, start and end in quarters, pitch, velocity."""
    drum = np.array([part.is_drum for part in score.tracks])[score.track]
    ticks = score.ticks_per_quarter
    table = np.stack([drum, score.start / ticks, score.end / ticks, score.pitch, score.velocity], axis=1)
    return table[np.lexsort(table[:, [4, 2, 1, 3, 0]].T)]  # by drum, pitch, start, end


def test_every_dump_is_compared(shared):
    assert {folder.name for folder in (shared / "parity").iterdir() if folder.is_dir()} == set(CASES)
