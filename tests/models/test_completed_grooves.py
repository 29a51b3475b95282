"""Grooves completed by small untrained models: what the task says of the hits beforehand is so."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from torch import nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models import whole_songs
from musicvae_lite.music import midi
from musicvae_lite.music.representations import GrooveRepresentation
from musicvae_lite.music.representations.groove_tasks import hits_of
from musicvae_lite.music.score import Meter, MeterChange, Score
from tests.models.test_whole_songs import beat, groove_model
from tests.music.representations.songs import STEP, song

RHYTHMS = {
    "tresillo": (0, 6, 12),
    "son clave": (0, 6, 12, 20, 24),
    "rumba": (0, 3, 7, 10, 12),
    "bossa": (0, 3, 6, 10, 13),
    "one and a half beats": tuple(range(0, 48, 6)),
}
PERCUSSION = [
    *((s, 1, pitch, 60 + s) for s in range(0, 64, 4) for pitch in (36, 39, 54)),
    *((s, 1, 38, 90) for s in range(4, 64, 8)),
    *((s, 0.5, 56, 70) for s in range(2, 64, 8)),
    *((s, 2, 42, 50) for s in range(0, 64, 2)),
    *((28 + s / 2, 0.25, 38, 40 + 4 * s) for s in range(8)),
    (11.8, 0.1, 38, 30),
    *((s, 1, pitch, 80) for s in (0, 33) for pitch in (12, 49, 57)),
]


def struck(score: Score) -> set[int]:
    """Steps on which anything begins."""
    return set(np.rint(score.start / score.ticks_per_quarter * 4).astype(int).tolist())


@pytest.mark.parametrize("name", RHYTHMS)
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_no_tap_is_lost(name: str, temperature: float):
    period = -(-RHYTHMS[name][-1] // 16) * 16
    steps = {s for start in range(0, 64, period) for s in (start + at for at in RHYTHMS[name]) if s < 64}
    taps = song([(s, 1, 60, 90) for s in sorted(steps)])
    takes = whole_songs.reconstruct(groove_model("tap"), taps, temperature=temperature, seed=3, taps=True)
    sounding = np.flatnonzero(hits_of(takes.tokens[0]).any(-1)).tolist()
    assert steps <= set(sounding)
    assert takes.record["temperature"] == temperature and takes.record["seed"] == 3


def test_windows_in_which_every_tap_sounds_stay_as_they_are_drawn():
    model = groove_model("tap")
    windows = model.representation.windows(beat(8)).tokens
    z = model.posterior_of_tokens(windows).mean
    drawn = model.decode(z, 1.0, seed=1).tokens
    made = whole_songs.completed(model, windows, z, 1.0, seed=1).tokens
    kept = (hits_of(drawn).any(-1) | ~hits_of(windows).any(-1)).all(-1)
    assert np.array_equal(made[kept], drawn[kept])
    assert (hits_of(made).any(-1) | ~hits_of(windows).any(-1)).all()


@pytest.mark.parametrize("task", ["humanize", "hits-control", "add-hihat"])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_the_hits_that_are_given_are_those_of_the_take(task: str, temperature: float):
    model, hits = groove_model(task), song(PERCUSSION, drums=[0])
    if task == "hits-control":
        takes = whole_songs.transfer(model, hits, beat(2, 40, 60), temperature)
    else:
        takes = whole_songs.reconstruct(model, hits, temperature=temperature)
    got, given = hits_of(takes.tokens[0]), hits_of(takes.representation.windows(hits).tokens[0])
    hat = GrooveRepresentation().drum_map.index("closed-hihat")
    drums = [drum for drum in range(9) if drum != hat or task != "add-hihat"]
    assert np.array_equal(got[:, drums], given[:, drums])


@pytest.mark.parametrize("task", ["humanize", "hits-control"])
def test_every_note_of_the_song_is_there_once_with_its_pitch_and_length(task: str):
    model, drums = groove_model(task), song(PERCUSSION, drums=[0])
    takes = (
        whole_songs.reconstruct(model, drums)
        if task == "humanize"
        else whole_songs.transfer(model, drums, beat(2, 40, 60))
    )
    made = midi.read_bytes(midi.to_bytes(takes.joined()))
    assert len(made) == len(takes[0]) == len(drums)
    more = made.ticks_per_quarter // drums.ticks_per_quarter
    assert Counter(made.pitch.tolist()) == Counter(drums.pitch.tolist())
    lengths = [Counter(zip(s.pitch.tolist(), ((s.end - s.start) * m).tolist(), strict=True))
               for s, m in ((takes.joined(), 1), (drums, more))]  # fmt: skip
    assert lengths[0] == lengths[1]
    assert not np.array_equal(np.sort(made.start), np.sort(drums.start) * more)
    assert takes.record["inputs"][0].get("warnings") is None


def test_hats_are_added_to_a_beat_that_stays_as_it_is():
    model, drums = groove_model("add-hihat"), song(PERCUSSION, drums=[0])
    made = whole_songs.reconstruct(model, drums, temperature=1.0).joined()
    more = made.ticks_per_quarter // drums.ticks_per_quarter
    own = made.select(made.track == 0)
    for name, scale in (("start", more), ("end", more), ("pitch", 1), ("velocity", 1)):
        assert np.array_equal(getattr(own, name), getattr(drums, name) * scale)
    added = made.select(made.track == 1)
    assert len(added) and set(added.pitch.tolist()) == {42}
    assert not struck(added) & struck(drums.select(np.isin(drums.pitch, (42, 54))))


def test_bars_that_no_window_holds_stay_as_they_are():
    drums = song(PERCUSSION, drums=[0])
    waltz = (MeterChange(0, Meter(4, 4)), MeterChange(32 * STEP, Meter(3, 4)))
    made = whole_songs.reconstruct(groove_model("humanize"), replace(drums, meters=waltz)).joined()
    more = made.ticks_per_quarter // drums.ticks_per_quarter
    parts = [s.select(s.start > 33 * STEP * m) for s, m in ((made, more), (drums, 1))]
    assert np.array_equal(parts[0].start, parts[1].start * more)
    assert np.array_equal(parts[0].velocity, parts[1].velocity) and len(made) == len(drums)


def test_a_groove_is_completed_by_a_decoder_that_hears_itself():
    model = groove_model("tap")

    class Deaf(nn.Module):
        z_size = model.vae.z_size

        def sample(self, z, control=None, temperature=1.0, generator=None):
            return z.new_zeros(len(z), 32, 27)

    model.vae.decoder = Deaf()
    with pytest.raises(ConfigError, match="does not read its own earlier steps"):
        whole_songs.reconstruct(model, beat(4), taps=True)
