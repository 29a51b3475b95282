from __future__ import annotations

from pathlib import Path

import pytest
import torch

from musicvae_lite import checkpoints
from musicvae_lite.checkpoints import GUIDE
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.attributes.guide import AttributeGuide
from musicvae_lite.models.attributes.kept import Attributes, names
from musicvae_lite.models.attributes.moving import Mover, Way
from musicvae_lite.models.attributes.table import deviations, measure
from musicvae_lite.models.attributes.table import values as table_values
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.moves.adjusting import adjust
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.attributes import measure as measured
from tests.corpora.tunes import tune
from tests.models.small import save_small, small_chord_model, small_model


def test_vectors_are_kept_with_the_model(tmp_path: Path):
    place = save_small(tmp_path / "m")
    plain = AttributeVectors({"density": torch.ones(8), "range": torch.ones(8)})
    Attributes(plain, AttributeVectors({"density": torch.zeros(8)})).save(place)
    loaded = MusicVAE.load(place)
    assert loaded.attributes.ways == ("decorrelated", "plain")
    assert set(loaded.attributes.plain.names) == {"density", "range"}
    assert names(place, 8) == list(loaded.attributes.choose().names) == ["density"]
    assert loaded.attributes.choose("plain").move(torch.zeros(1, 8), {"density": 2}).tolist() == [[2.0] * 8]
    assert loaded.attributes.ways_for(["density"]) == ("decorrelated", "plain")
    assert loaded.attributes.ways_for(["density", "range"]) == ("plain",)
    assert loaded.attributes.ways_for(["rests"]) == ("decorrelated",)
    still = loaded.adjust(tune(1), way="decorrelated", density=1.0)  # the vector is nothing at all
    assert (still.tokens == loaded.reconstruct(tune(1)).tokens).all()
    assert still.record["way"] == "decorrelated"
    assert loaded.adjust(tune(1), way="plain", range=0.5).record["way"] == "plain"


def test_a_way_of_another_name_is_refused(tmp_path: Path):
    place = save_small(tmp_path / "m")
    Attributes(AttributeVectors({"density": torch.ones(8)})).save(place)
    model = MusicVAE.load(place)
    for way in ("x", "PLAIN"):
        with pytest.raises(ConfigError, match=f"'{way}'; it can be guide, decorrelated, plain"):
            model.adjust(tune(1), way=way, density=1.0)  # type: ignore[arg-type]


def test_vectors_of_another_size_are_refused(tmp_path: Path):
    place = save_small(tmp_path / "m")
    Attributes(AttributeVectors({"density": torch.zeros(5)})).save(place)
    with pytest.raises(CheckpointError, match=r"codes have \[8\]"):
        _ = MusicVAE.load(place).attributes


def test_a_guide_is_kept_with_the_model(tmp_path: Path):
    place = save_small(tmp_path / "m")
    guide = AttributeGuide(("range", "density", "rests"), 8, width=64)
    guide.names = ("density", "range")
    guide.bounds = torch.tensor([[-1.0, 2.0]] * 3)
    guide.centre = torch.arange(8.0)
    Attributes(guide=guide).save(place)
    kept = MusicVAE.load(place).attributes
    assert kept.ways == ("guide",) and kept.guide is not None and not kept.guide.last.weight.requires_grad
    assert sorted(names(place, 8)) == sorted(kept.choose().names) == ["density", "range"]
    z = torch.randn(5, 8)
    order = [kept.guide.reads.index(name) for name in guide.reads]
    assert torch.allclose(kept.guide(z)[:, order], guide(z), atol=0.02)  # stored as int8
    Attributes().save(place)
    assert not (place / GUIDE).exists() and not names(place, 8)


def test_what_changes_attributes_goes_with_a_model_that_is_saved_elsewhere(tmp_path: Path):
    place, small = save_small(tmp_path / "m"), tmp_path / "small"
    vectors = AttributeVectors({"density": torch.ones(8)})
    guide = AttributeGuide(("density",), 8)
    guide.bounds = torch.tensor([[-1.0, 2.0]])
    Attributes(vectors, vectors, guide).save(place)
    save_small(small)
    Attributes(AttributeVectors({"range": torch.ones(8)})).save(small)
    MusicVAE.load(place).save(small, "int8")
    kept = MusicVAE.load(small).attributes
    assert kept.ways == MusicVAE.load(place).attributes.ways == ("guide", "decorrelated", "plain")
    assert kept.choose().names == ("density",)
    model = small_model()
    model.attributes = Attributes(vectors)
    model.save(small)
    assert MusicVAE.load(small).attributes.ways == ("plain",)
    small_model().save(small)
    assert MusicVAE.load(small).attributes.ways == ()


def test_a_damaged_guide_is_refused(tmp_path: Path):
    place = save_small(tmp_path / "m")
    Attributes(guide=AttributeGuide(("density",), 5)).save(place)
    with pytest.raises(CheckpointError, match="codes of 8 numbers"):
        _ = MusicVAE.load(place).attributes
    Attributes(guide=AttributeGuide(("density",), 8)).save(place)
    whole = checkpoints.read_packed(place / GUIDE)
    for name in whole:
        checkpoints.write_tensors(place / GUIDE, {n: tensor for n, tensor in whole.items() if n != name})
        with pytest.raises(CheckpointError, match=r"guide\.safetensors"):
            _ = MusicVAE.load(place).attributes


def test_amounts_add_up():
    z = torch.zeros(2, 3)
    vectors = AttributeVectors({"a": torch.tensor([1.0, 0, 0]), "b": torch.tensor([0, 1.0, 0])})
    assert vectors.move(z, {"a": 2, "b": -0.5}).tolist() == [[2, -0.5, 0]] * 2


@pytest.mark.parametrize("mover", [AttributeVectors({"a": torch.ones(3)}), AttributeGuide(("a",), 3)])
def test_what_cannot_be_moved(mover: Mover):
    for amounts, words in (
        ({"c": 1}, "cannot change 'c'"),
        ({"a": float("nan")}, "a is nan"),
        ({"a": 11}, "11"),
    ):
        with pytest.raises(ConfigError, match=words):
            mover.move(torch.zeros(2, 3), amounts)  # type: ignore[arg-type]


def test_syncopation_is_that_of_16ths_and_of_8ths(tmp_path: Path):
    place = save_small(tmp_path / "m")
    Attributes(AttributeVectors({name: torch.ones(8) for name in ("syncopation16", "syncopation8")})).save(
        place
    )
    model = MusicVAE.load(place)
    assert model.adjust(tune(1), syncopation=-0.5).record["attributes"] == {
        "syncopation16": -0.5,
        "syncopation8": -0.5,
    }
    apart = model.adjust(tune(1), syncopation8=1.0, syncopation=-0.5).record["attributes"]
    assert apart == {"syncopation16": -0.5, "syncopation8": 1.0}


def test_without_a_way_all_are_tried():
    model = small_model()
    torch.manual_seed(0)
    nothing, much = ({"interval": factor * torch.randn(8)} for factor in (0, 3))
    cases: tuple[tuple[dict, dict, Way], ...] = (
        (much, nothing, "plain"),
        (nothing, much, "decorrelated"),
    )
    for plain, decorrelated, way in cases:
        model.attributes = Attributes(AttributeVectors(plain), AttributeVectors(decorrelated))
        takes = model.adjust(tune(1), interval=1.0)
        assert takes.record["way"] == way and takes.record["changed"]["interval"] != 0
        assert (takes.tokens == model.adjust(tune(1), way=way, interval=1.0).tokens).all()
    model.attributes = Attributes(AttributeVectors(nothing), AttributeVectors(nothing))
    assert model.adjust(tune(1), interval=1.0).record["way"] == "decorrelated"  # of equals the best


def test_vectors_of_the_users_own_move_as_they_are():
    """Nothing measures them, so no strength is sought."""
    model = small_model()
    model.attributes = Attributes(AttributeVectors({"happy": torch.full((8,), 0.5)}))
    takes = model.adjust(tune(1), happy=2.0)
    assert takes.record["strength"] == 1.0 and takes.record["changed"] == {}
    moved = model.posterior(model.pick(tune(1))).mean + 1.0
    assert (takes.tokens == model.decode(moved).tokens).all()
    with pytest.raises(ConfigError, match="none of what the model can change can be measured: happy"):
        measure(model, model.attributes.choose())


@pytest.mark.parametrize("chords", [None, "F | G7"])
def test_what_changed_is_measured_under_the_chords_that_are_followed(chords: str | None):
    model = small_chord_model()
    torch.manual_seed(0)
    model.attributes = Attributes(AttributeVectors({"interval": 3 * torch.randn(8)}))
    how = Writing(chords=chords)
    takes = adjust(model, tune(1), {"interval": 1.0}, how=how)
    before = model.reconstruct(tune(1), chords=chords).tokens
    values = [measured(tokens, model.representation)["interval"] for tokens in (takes.tokens, before)]
    spread = deviations(table_values(model, model.vae.draw(512, model.generator(0))))[2]
    assert takes.record["changed"]["interval"] == pytest.approx(
        float((values[0] - values[1])[0]) / spread, abs=0.006
    )
