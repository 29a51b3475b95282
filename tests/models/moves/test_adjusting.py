from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite import resources
from musicvae_lite.models.attributes.table import measured
from musicvae_lite.models.music_vae import MusicVAE

EXAMPLES = resources.data_dir() / "examples"


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return MusicVAE.load("melody-2bar")


def test_what_is_asked_for_changes_more_than_what_is_not(model: MusicVAE):
    own, others = [], []
    for tune in ("frere-jacques", "ode-to-joy", "twinkle", "yankee-doodle"):
        for name in ("density", "range", "rests", "diatonic"):
            for amount in (-1.0, 1.0):
                changed = model.adjust(EXAMPLES / f"{tune}.mid", amounts={name: amount}).record["changed"]
                own.append(amount * changed.pop(name))
                others.append(max(map(abs, changed.values())))
    assert np.mean(own) > np.mean(others)


@pytest.mark.parametrize("asked", ["interval", "rests"])
def test_music_keeps_half_of_its_notes_unless_its_density_is_asked_for(model: MusicVAE, asked: str):
    music = EXAMPLES / "ode-to-joy.mid"
    notes = len(model.reconstruct(music)[0])
    takes = model.adjust(music, amounts={asked: 1.0})
    assert len(takes[0]) >= notes / 2 and takes.record["changed"][asked] > 0
    assert len(model.adjust(music, density=-10.0)[0]) < notes / 2


def test_the_record_tells_how_every_attribute_changed_those_asked_for_first(model: MusicVAE):
    music = EXAMPLES / "auld-lang-syne.mid"
    changed = model.adjust(music, range=-1.0, syncopation8=0.5).record["changed"]
    assert set(list(changed)[:2]) == {"range", "syncopation8"}
    assert sorted(changed) == sorted(measured(model))
