"""Labels of windows, told to a model beside what else conditions it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models import labels
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.moves import continuing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product
from tests.corpora.tunes import tune
from tests.models.small import small_model

NAMES = ("hymns", "reels")


def labelled_model(chords: str | None = None) -> MusicVAE:
    table = {
        "representation": MelodyRepresentation(bars=2, lowest=36, highest=95, chords=chords).to_config(),
        "encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "squeeze": 4},
        "decoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "core_width": 16, "memory": 1},
        "z": 6,
        "labels": list(NAMES),
    }
    torch.manual_seed(1)
    return MusicVAE(MusicConfig.from_table(table, "test"))


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        (None, Categorical(3)),
        (Categorical(49), Product((49, 3))),
        (Product((4, 5)), Product((4, 5, 3))),
        (Binary(37), Binary(40)),
    ],
)
def test_a_label_is_one_more_value_of_every_step(own, wanted):
    assert labels.step(own, NAMES) == wanted and labels.step(own, ()) == own
    control = None if own is None else np.zeros((2, 8, *own.shape), np.uint8)
    told = labels.tell(control, np.array([0, 2]), own, NAMES, 8)
    assert told is not None and told.shape == (2, 8, *wanted.shape)
    if isinstance(own, Binary):
        assert (told[0, :, -3:] == [1, 0, 0]).all() and (told[1, :, -3:] == [0, 0, 1]).all()
    else:
        assert (told.reshape(2, 8, -1)[..., -1] == [[0], [2]]).all()


def test_what_labels_cannot_stand_beside_is_refused():
    with pytest.raises(ConfigError, match="beside a condition of the kind Groove"):
        labels.step(Groove(9), NAMES)


@pytest.mark.parametrize("chords", [None, "triads", "pitches"])
def test_a_label_changes_what_is_written_and_nothing_said_is_a_label_too(chords):
    model, song = labelled_model(chords), tune(1)
    reels = model.with_label("reels")
    plain, told = model.reconstruct(song, temperature=1.0), reels.reconstruct(song, temperature=1.0)
    assert (plain.tokens != told.tokens).any()
    assert told.record["label"] == "reels" and "label" not in plain.record
    assert (model.with_label(None).reconstruct(song, temperature=1.0).tokens == plain.tokens).all()
    torch.testing.assert_close(reels.posterior(song).mean, model.posterior(song).mean)


@pytest.mark.parametrize("chords", [None, "triads", "pitches"])
def test_music_is_scored_under_a_label(chords):
    model, song = labelled_model(chords), tune(1)
    reels, pick = model.with_label("reels"), model.pick(song)
    z = model.posterior(song).rsample(model.generator(5))
    control = None if pick.control is None else pick.control[None]

    def nats(model: MusicVAE) -> float:
        x, told = model.tensor(pick.tokens[None]), model.condition(control, 1)
        return float(model.vae.decoder.reconstruction(z, x, told).nats.detach())  # type: ignore[operator]

    gain = reels.log_prob(song, seed=5) - model.log_prob(song, seed=5)
    assert gain != 0 and gain == pytest.approx(nats(model) - nats(reels), abs=1e-3)


def test_music_goes_on_under_a_label(monkeypatch):
    monkeypatch.setattr(continuing, "UPDATES", 2)
    takes = continuing.carry_on(labelled_model().with_label("hymns"), tune(1, bars=4), 2)
    assert takes.representation.bars == 2


def test_unknown_labels_are_refused_with_those_there_are():
    with pytest.raises(ConfigError, match="no label 'jigs'; this model knows hymns, reels"):
        labelled_model().with_label("jigs")
    with pytest.raises(ConfigError, match="knows no labels"):
        small_model().with_label("jigs")


def test_labels_are_kept_with_the_model(tmp_path):
    labelled_model().save(tmp_path / "m")
    again = MusicVAE.load(tmp_path / "m")
    assert again.config.labels == NAMES
    assert again.with_label("hymns").label == 1


@pytest.mark.parametrize("names", ["hymns", ["a", "a"], [1, 2], [""]])
def test_labels_that_are_no_list_of_names_are_refused(names):
    table = small_model().config.to_table() | {"labels": names}
    with pytest.raises(ConfigError, match="'labels' must be"):
        MusicConfig.from_table(table, "test")
