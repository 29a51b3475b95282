from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite import resources
from musicvae_lite.errors import CheckpointError, NothingUsableError
from musicvae_lite.models import catalogue
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations import (
    DrumsRepresentation,
    PianorollRepresentation,
)
from musicvae_lite.music.score import Meter, MeterChange, Score, Track
from tests.corpora.tunes import tune
from tests.models.small import save_small, small_chord_model, small_model


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three small models in place of the trained ones."""
    folder = tmp_path / "checkpoints"
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: folder)
    save_small(folder / "melody-2bar", 2)
    save_small(folder / "melody-4bar", 4)
    save_small(folder / "melody-2bar-waltz", 2, "3/4")
    return folder


def test_a_model_in_a_line(shipped: Path):
    names = [m.name for m in catalogue.models()]
    assert names == ["melody-2bar", "melody-2bar-waltz", "melody-4bar"]
    info = catalogue.info("melody-2bar-waltz")
    assert (info.bars, info.meter, info.what) == (2, "3/4", "melody, flat, z 8")
    assert info.parameters == sum(p.numel() for p in small_model(2, "3/4").vae.parameters())
    assert info.size == sum(f.stat().st_size for f in (shipped / "melody-2bar-waltz").iterdir())


def test_the_music_chooses(shipped: Path):
    assert catalogue.choose()[0].name == "melody-2bar"
    folder, why = catalogue.choose(tune(1), tune(2))
    assert folder.name == "melody-2bar" and "shortest window (2 bars)" in why
    assert catalogue.choose(tune(1, meter=Meter(3, 4)))[0].name == "melody-2bar-waltz"
    folder, why = catalogue.choose(tune(1), tune(2), bars=[(3, 6)])
    assert folder.name == "melody-4bar" and "these bars" in why


def test_a_bar_alone_is_the_last_choice(shipped: Path):
    save_small(shipped / "melody-1bar", 1)
    assert catalogue.choose()[0].name == catalogue.choose(tune(1))[0].name == "melody-2bar"
    folder, why = catalogue.choose(tune(1), bars=[(3, 3)])
    assert folder.name == "melody-1bar" and "the only shipped model that takes these bars" in why


def chords(bars: int = 4) -> Score:
    """A piano that strikes four chords of three notes in each bar."""
    start = np.repeat(np.arange(4 * bars) * 480, 3).astype(np.int32)
    pitch = np.tile([60, 64, 67, 62, 65, 69], 2 * bars).astype(np.int32)
    level, track = np.full(len(start), 80, np.int32), np.zeros(len(start), np.int32)
    return Score(480, start, start + 480, pitch, level, track, (Track("Piano"),))


def test_chords_of_one_instrument_choose_a_model_that_takes_them(shipped: Path):
    assert catalogue.choose(chords())[0].name == "melody-2bar"  # the only kind there is
    part = {"kind": "hierarchical", "segments": [4, 8], "width": 8}
    table = {
        "representation": PianorollRepresentation(bars=2).to_config(),
        "encoder": part | {"squeeze": 4},
        "decoder": part | {"core_width": 8},
        "z": 8,
    }
    MusicVAE(MusicConfig.from_table(table, "small")).save(shipped / "pianoroll-2bar")
    folder, why = catalogue.choose(chords())
    assert folder.name == "pianoroll-2bar" and "chords and all" in why
    assert catalogue.choose(tune(1))[0].name == "melody-2bar"
    assert catalogue.choose(chords(), tune(1))[0].name == "melody-2bar"  # one of them is a melody
    assert catalogue.choose()[0].name == "melody-2bar"


def test_what_no_model_takes(shipped: Path):
    with pytest.raises(NothingUsableError, match=r"6/8 do not fill(.|\n)*they take 2 bars of 4/4"):
        catalogue.choose(tune(1, meter=Meter(6, 8)))
    with pytest.raises(NothingUsableError):
        catalogue.choose(tune(1), tune(1, meter=Meter(3, 4)))
    with pytest.raises(NothingUsableError, match="3 bars of 4/4"):
        catalogue.choose(tune(1), bars=[(1, 3)])


def test_a_damaged_model_is_shown_and_passed_over(shipped: Path):
    weights = shipped / "melody-2bar-waltz" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:50])
    (shipped / "melody-2bar" / "config.json").write_text("{")
    faults = {m.name: m.fault for m in catalogue.models()}
    assert "damaged" in faults["melody-2bar-waltz"] and "not JSON" in faults["melody-2bar"]
    assert faults["melody-4bar"] == ""
    assert catalogue.choose(tune(1))[0].name == "melody-4bar"
    weights.unlink()
    with pytest.raises(CheckpointError, match="missing"):
        catalogue.info(shipped / "melody-2bar-waltz")


@pytest.mark.parametrize(
    "change", [{"family": "image"}, {"representation": {"name": "x"}}, {"representation": 3}]
)
def test_a_config_of_something_else(shipped: Path, change: dict):
    path = shipped / "melody-2bar" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CheckpointError, match=r"config\.json"):
        catalogue.representation(shipped / "melody-2bar")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("encoder", []), ("encoder", {"kind": []}), ("decoder", 1), ("family", 5), ("family", []),
        ("z", None), ("z", 0), ("z", "8"), ("classes", "abc"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("family", ["music", "image"])
def test_a_config_that_no_model_can_be_of_is_shown_with_its_fault(
    shipped: Path, family: str, field: str, value: object
):
    path = shipped / "melody-2bar" / "config.json"
    config = {**json.loads(path.read_text()), "family": family}
    for damaged in ({**config, field: value}, {key: config[key] for key in config if key != field}):
        if damaged == config:  # without classes, say
            continue
        path.write_text(json.dumps(damaged))
        faults = {model.name: model.fault for model in catalogue.models()}
        assert f"{path}: '{field}'" in faults["melody-2bar"] and not faults["melody-4bar"]
        assert catalogue.choose()[0].name == "melody-2bar-waltz"


def test_no_model_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path / "none")
    with pytest.raises(CheckpointError, match="--model"):
        catalogue.choose(tune(1))


def test_the_hash_knows_the_weights(shipped: Path, tmp_path: Path):
    same = save_small(tmp_path / "copy", 2)
    assert catalogue.sha256(same) == catalogue.sha256(shipped / "melody-2bar")
    assert catalogue.sha256(save_small(tmp_path / "other", 2, seed=1)) != catalogue.sha256(same)


def drummed() -> Score:
    """A tune and drums that play in all of its bars."""
    song = tune(1)
    count = len(song)
    return Score(
        480,
        np.repeat(song.start, 2),
        np.repeat(song.end, 2),
        np.stack([song.pitch, np.full(count, 38)], 1).reshape(-1).astype(np.int32),
        np.full(2 * count, 80, np.int32),
        np.tile([0, 1], count).astype(np.int32),
        (Track("Bass", 33), Track("Drums", 0, True)),
    )


def save_drums(folder: Path) -> Path:
    table = {
        "representation": DrumsRepresentation().to_config(),
        "encoder": {"kind": "flat", "hidden": 8},
        "decoder": {"kind": "flat", "hidden": 8, "layers": 1, "feed": 4},
        "z": 4,
    }
    MusicVAE(MusicConfig.from_table(table, "drums")).save(folder)
    return folder


def test_the_track_asked_for_chooses(shipped: Path):
    save_drums(shipped / "drums-2bar")
    song = drummed()
    assert catalogue.choose(song)[0].name == catalogue.choose(song, tracks=[0])[0].name == "melody-2bar"
    assert catalogue.choose(song, tracks=[1])[0].name == "drums-2bar"
    waltz = replace(song, meters=(MeterChange(0, Meter(6, 8)),))
    with pytest.raises(NothingUsableError, match="melody"):  # and not as drums
        catalogue.choose(waltz, tracks=[0])


def test_why_drums_are_not_taken_is_what_a_model_of_drums_says(shipped: Path):
    save_drums(shipped / "drums-2bar")
    drums = drummed().select(np.flatnonzero(drummed().track == 1))
    waltz = replace(drums, meters=(MeterChange(0, Meter(3, 4)),))
    with pytest.raises(NothingUsableError, match="drums in it"):
        catalogue.choose(waltz)
    with pytest.raises(NothingUsableError, match="melody in it"):
        catalogue.choose(replace(drummed(), meters=(MeterChange(0, Meter(6, 8)),)))


def notes(count: int, apart: int, is_drum: bool = False) -> Score:
    """Notes a quarter long, so many ticks apart."""
    at = np.arange(count, dtype=np.int32) * apart
    level = np.full(count, 80, np.int32)
    return Score(480, at, at + 480, at * 0 + 38, level, at * 0, (Track("Tune", 0, is_drum),))


def test_a_song_taken_window_by_window_may_be_short(shipped: Path):
    save_drums(shipped / "drums-2bar")
    for song, name in ((notes(3, 480), "melody-2bar"), (notes(3, 480, True), "drums-2bar")):
        with pytest.raises(NothingUsableError, match="silence for more than 1 bar"):
            catalogue.choose(song)
        assert catalogue.choose(song, whole=True)[0].name == name
    assert catalogue.choose(tune(1, meter=Meter(3, 4)), whole=True)[0].name == "melody-2bar-waltz"


def test_a_model_that_takes_windows_as_they_are_comes_first(shipped: Path):
    sparse = notes(10, 3840)
    save_small(shipped / "melody-16bar", 16)
    assert catalogue.choose(sparse)[0].name == catalogue.choose(sparse, whole=True)[0].name == "melody-16bar"


def test_what_cannot_be_covered_is_refused_without_advice_on_bars(shipped: Path):
    with pytest.raises(
        NothingUsableError, match=r"6/8 do not fill(.|\n)*no shipped model takes it"
    ) as refused:
        catalogue.choose(tune(1, meter=Meter(6, 8)), whole=True)
    assert "--bars" not in str(refused.value)


def test_what_is_imported_comes_behind_what_ships(shipped: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(tmp_path / "cache"))
    save_small(tmp_path / "cache" / "models" / "a-first-name", 2)
    save_small(tmp_path / "cache" / "models" / "jig", 2, "6/8")
    assert catalogue.choose()[0].name == catalogue.choose(tune(1))[0].name == "melody-2bar"
    folder, why = catalogue.choose(tune(1, meter=Meter(6, 8)))
    assert folder.name == "jig" and why == "jig: imported, and no shipped model takes this music"


def test_chords_ask_for_a_model_that_follows_some(shipped: Path):
    small_chord_model().save(shipped / "melody-2bar-chords")
    assert catalogue.choose(tune(1))[0].name == "melody-2bar"
    folder, why = catalogue.choose(tune(1), with_chords=True)
    assert folder.name == "melody-2bar-chords" and "shipped models for chords" in why
