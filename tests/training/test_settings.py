"""Settings of a run, their schedules, and presets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, from_config
from musicvae_lite.training.preset_files import choose_representation
from musicvae_lite.training.presets import load_preset, preset_names
from musicvae_lite.training.settings import LARGEST_BETA, ImageTraining, MusicTraining, TrainingSettings

WHOLE = """
z = 8
representation = { name = "melody", bars = 2 }
encoder = { kind = "flat" }
decoder = { kind = "flat" }
training = { steps = 10, batch = 2 }
"""


def test_schedules():
    s = MusicTraining(steps=1000, learning_rate=1e-3, warmup=10, hold=0.5, beta=0.4, beta_first=0.1,
                         beta_begin=0.2, beta_end=0.6, own_share=0.8)  # fmt: skip
    assert s.learning_rate_at(0) == pytest.approx(1e-4)
    assert s.learning_rate_at(9) == s.learning_rate_at(500) == pytest.approx(1e-3)
    assert s.learning_rate_at(750) == pytest.approx(5e-4)
    assert s.learning_rate_at(1000) == pytest.approx(0.0, abs=1e-9)
    assert [s.beta_at(t) for t in (0, 200, 400, 600, 999)] == pytest.approx([0.1, 0.1, 0.25, 0.4, 0.4])
    assert [s.own_share_at(t) for t in (0, 200, 400, 600)] == pytest.approx([0.0, 0.0, 0.4, 0.8])
    assert MusicTraining(warmup=0).learning_rate_at(0) == pytest.approx(2e-3)
    assert MusicTraining(hold=1.0).learning_rate_at(35_999) == pytest.approx(2e-3)


def test_made_up_and_crossed_windows_give_way_to_music():
    s = MusicTraining(steps=1000, hold=0.5, synthetic=0.4, synthetic_last=0.1, crossed=0.3, crossed_last=0.2)
    assert [s.synthetic_at(t) for t in (0, 500, 750, 1000)] == pytest.approx([0.4, 0.4, 0.25, 0.1])
    assert [s.crossed_at(t) for t in (0, 500, 750, 1000)] == pytest.approx([0.3, 0.3, 0.25, 0.2])


@pytest.mark.parametrize(
    ("name", "value"),
    [("steps", 0), ("batch", 0), ("save_every", -1), ("blank", 1.5), ("synthetic", -0.1), ("beta_begin", 2.0),
     ("transpose_up", -1), ("transpose_down", 128), ("learning_rate", 0.0), ("learning_rate", float("nan")),
     ("clip", 0.0), ("beta", -1.0), ("free_bits", -1.0), ("warmup", -1), ("seed", -1), ("seed", 2**40)],
)  # fmt: skip
def test_settings_out_of_range_are_named(name: str, value: float):
    with pytest.raises(ConfigError, match=name):
        MusicTraining(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["learning_rate", "beta", "beta_first", "clip", "free_bits", "own_share_rate"]
)
def test_settings_are_finite_numbers(name: str):
    for value in (float("inf"), float("nan")):
        with pytest.raises(ConfigError, match=f"'{name}' is {value}; it must be a finite number"):
            MusicTraining(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(("cls", "begin", "end"), [(ImageTraining, 0.5, 0.1), (MusicTraining, 0.9, 0.8)])
def test_the_weight_of_the_kl_cannot_begin_to_grow_after_it_has_grown(
    cls: type[TrainingSettings], begin: float, end: float
):
    words = f"'beta_begin' is {begin}, after 'beta_end', {end}: set both, beta_end to {begin} or more"
    with pytest.raises(ConfigError, match=words):
        cls(beta_begin=begin)
    step = cls(steps=1000, beta=1.0, beta_first=0.5, beta_begin=end, beta_end=end)
    assert (step.beta_at(round(1000 * end)), step.beta_at(round(1000 * end) + 1)) == (0.5, 1.0)


@pytest.mark.parametrize("rate", [-0.1, 1.0, 1.5])
def test_a_weight_of_the_kl_that_would_never_grow_is_named(rate: float):
    with pytest.raises(ConfigError, match=rf"'beta_rate' is {rate}; .* 0 or more and below 1"):
        MusicTraining(beta_rate=rate)


def test_a_weight_of_the_kl_that_would_overflow_is_named():
    assert MusicTraining(beta=LARGEST_BETA).beta_at(36_000) == LARGEST_BETA
    for name in ("beta", "beta_first"):
        with pytest.raises(ConfigError, match=rf"'{name}' is 1e\+300; it can be at most 1,000,000"):
            MusicTraining(**{name: 1e300})  # type: ignore[arg-type]


def test_magentas_schedules():
    s = MusicTraining(
        learning_rate=1e-3, decay=0.9999, beta=0.2, beta_rate=0.99999, own_share=1.0, own_share_rate=1000.0
    )
    assert s.learning_rate_at(0) == pytest.approx(1e-3)
    assert s.learning_rate_at(10_000) == pytest.approx((1e-3 - 1e-5) * 0.36786 + 1e-5, rel=1e-4)
    assert s.learning_rate_at(10**6) == pytest.approx(1e-5)
    assert [s.beta_at(t) for t in (0, 100_000)] == pytest.approx([0.0, 0.2 * 0.63212], rel=1e-4)
    assert s.own_share_at(0) == pytest.approx(1 / 1001)
    assert s.own_share_at(6908) == pytest.approx(0.5, abs=1e-3)
    assert s.own_share_at(10**6) == pytest.approx(1.0)
    at_once = MusicTraining(beta=0.5, beta_rate=0.0)
    assert (at_once.beta_at(0), at_once.beta_at(1)) == (0.0, 0.5)


@pytest.mark.parametrize("name", preset_names("music"))
def test_shipped_presets_load_and_say_what_they_are(name: str):
    preset = load_preset(name, steps=7)
    assert preset.name == name and preset.about and preset.training.steps == 7
    assert set(preset.model) == {"z", "representation", "encoder", "decoder"}


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_preset_of_ones_own_and_overrides(tmp_path: Path):
    mine = write(tmp_path / "mine.toml", WHOLE)
    preset = load_preset(mine, batch=5, beta=None)
    assert (preset.name, preset.training.steps, preset.training.batch) == ("mine", 10, 5)
    assert preset.training.beta == MusicTraining().beta


def test_a_preset_builds_on_another(tmp_path: Path):
    write(tmp_path / "mine.toml", WHOLE)
    child = write(tmp_path / "child.toml", 'base = "mine.toml"\nz = 4\ntraining = { batch = 3 }')
    preset = load_preset(child)  # the base is looked for beside it
    assert (preset.model["z"], preset.training.steps, preset.training.batch) == (4, 10, 3)
    other = 'base = "mine.toml"\nencoder = { kind = "hierarchical", segments = [4, 8] }'
    assert load_preset(write(tmp_path / "other.toml", other)).model["encoder"]["segments"] == [4, 8]
    shipped = write(tmp_path / "shipped.toml", 'base = "melody-2bar"\ntraining = { beta = 0.5 }')
    assert load_preset(shipped).training.beta == 0.5


def test_a_kind_that_is_repeated_keeps_the_other_settings(tmp_path: Path):
    base = WHOLE.replace('encoder = { kind = "flat" }', 'encoder = { kind = "flat", hidden = 48 }')
    write(tmp_path / "mine.toml", base)
    same = 'base = "mine.toml"\nencoder = { kind = "flat", layers = 2 }'
    encoder = {"kind": "flat", "hidden": 48, "layers": 2}
    assert load_preset(write(tmp_path / "same.toml", same)).model["encoder"] == encoder
    other = 'base = "mine.toml"\nencoder = { kind = "stock", layers = 2 }'
    encoder = {"kind": "stock", "layers": 2}
    assert load_preset(write(tmp_path / "other.toml", other)).model["encoder"] == encoder


def test_none_starts_from_fresh_weights(tmp_path: Path):
    mine = write(tmp_path / "mine.toml", WHOLE.replace("batch = 2", 'init_from = "melody-2bar"'))
    assert load_preset(mine).training.init_from == "melody-2bar"
    assert load_preset(mine, init_from="none").training.init_from is None
    child = write(tmp_path / "child.toml", 'base = "mine.toml"\ntraining = { init_from = "none" }')
    assert load_preset(child).training.init_from is None
    assert load_preset(child, init_from="drums-2bar").training.init_from == "drums-2bar"


def test_a_drum_map_is_looked_for_beside_its_preset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "kits").mkdir()
    for place, pitch in ((tmp_path, 36), (tmp_path / "kits", 38)):
        write(place / "mine.toml", f"[classes]\nboom = [{pitch}]\n")
    drums = WHOLE.replace('"melody", bars = 2', '"drums", drum_map = "mine.toml"')
    kit = write(tmp_path / "kits" / "kit.toml", drums)
    child = write(tmp_path / "child.toml", 'base = "kits/kit.toml"\nz = 3')
    monkeypatch.chdir(tmp_path)

    def written(preset: str) -> list[int]:
        found: Any = from_config(load_preset(preset).model["representation"])
        return found.drum_map.written.tolist()

    assert written(kit) == written(child) == written("kits/kit.toml") == [38]
    assert choose_representation("kits/kit.toml") == choose_representation(kit)
    (tmp_path / "kits" / "mine.toml").unlink()
    assert written(kit) == [36]  # where the command runs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("z = ", "not TOML"),
        (WHOLE.replace("z = 8", ""), "'z' is missing"),
        (WHOLE + "trainign = 1", "unknown setting 'trainign'"),
        ("about = 5\n" + WHOLE, "'about' must be text, not 5"),
        (WHOLE.replace("steps", "stpes"), "did you mean 'steps'?"),
        (WHOLE.replace("training = {", "training = 3 #"), "[training] must be a table"),
        ('base = "mine.toml"', "its base 'mine.toml' builds on it in turn"),
        ("base = 3", "'base' must be the name"),
        ('base = "melody-9bar"', "no preset 'melody-9bar'"),
    ],
)
def test_wrong_presets_are_explained(tmp_path: Path, text: str, words: str):
    with pytest.raises(ConfigError) as error:
        load_preset(write(tmp_path / "mine.toml", text))
    assert words in str(error.value)


@pytest.mark.parametrize("name", preset_names("music"))
def test_windows_can_be_chosen_as_a_preset_has_them(name: str):
    table = load_preset(name).model["representation"]
    assert choose_representation(name) == from_config(table)
    assert choose_representation(name, bars=3, meter=None) == from_config(table | {"bars": 3})
    if name in PRESETS:
        assert PRESETS[name] == from_config(table)


def test_windows_are_chosen_by_names_of_any_kind(tmp_path: Path):
    assert choose_representation("drums-16bar") == PRESETS["drums-16bar"]
    assert choose_representation("trio") == from_config({"name": "trio"})
    mine = write(tmp_path / "mine.toml", WHOLE.replace("bars = 2", "bars = 4"))
    assert choose_representation(mine, lowest=40) == from_config({"name": "melody", "bars": 4, "lowest": 40})
    for name, words in (
        ("banjo", "no representation is called 'banjo'"),
        ("vae-dense", r"holds no table \[representation\]"),
        ("none.toml", "no preset 'none.toml'"),
    ):
        with pytest.raises(ConfigError, match=words):
            choose_representation(name)


def test_a_preset_that_is_not_there_lists_those_that_are():
    with pytest.raises(ConfigError, match=r"no preset 'melody-3bar': shipped presets are .*melody-2bar"):
        load_preset("melody-3bar")
