from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from pathlib import Path

import pytest

from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError
from musicvae_lite.images import lettering
from musicvae_lite.images.sets import Pictures
from musicvae_lite.training import comparison
from tests.images.made import drawing_set

TOML = """
family = "image"
z = 2
{more}
encoder = {{ kind = "dense", hidden = [16] }}
decoder = {{ kind = "dense", hidden = [16] }}
training = {{ steps = 20, batch = 16, validate_every = 5 }}
"""


@pytest.fixture
def recipes(tmp_path: Path) -> list[str]:
    found = []
    for name, more in (
        ("first", ""),
        ("second", 'likelihood = "squared"'),
        ("labelled", "conditional = true"),
    ):
        path = tmp_path / f"{name}.toml"
        path.write_text(TOML.format(more=more))
        found.append(str(path))
    return found


def test_presets_are_trained_once_and_shown_side_by_side(recipes: list[str], tmp_path: Path):
    pictures = drawing_set(120)
    presets, refused = comparison.suited(recipes, pictures)
    assert [preset.name for preset in presets] == ["first", "second", "labelled"] and not refused
    entries = comparison.train_all(presets, pictures, tmp_path / "all", share=0.5)
    assert [entry.preset.training.steps for entry in entries] == [10, 10, 10]
    path = comparison.write_page(entries, pictures, tmp_path / "all" / "compare.html")
    text = path.read_text()
    assert text.count("data:image/png") == 9 and 'id="labelled"' in text
    weights = (tmp_path / "all" / "first" / "best" / "model.safetensors").stat().st_mtime_ns
    again = comparison.train_all(presets, pictures, tmp_path / "all", share=0.5)
    assert (tmp_path / "all" / "first" / "best" / "model.safetensors").stat().st_mtime_ns == weights
    assert again[0].figures == entries[0].figures and again[0].seconds == entries[0].seconds


def test_what_does_not_fit_is_left_out_and_said(recipes: list[str]):
    pictures = drawing_set(120)
    unlabelled = dataclasses.replace(pictures, classes=())
    presets, refused = comparison.suited([*recipes, "texture-upscale", "melody-2bar"], unlabelled)
    assert [preset.name for preset in presets] == ["first", "second"]
    assert len(refused) == 3 and "labelled is left out" in refused[0] and "preset for music" in refused[2]
    with pytest.raises(NothingUsableError, match="no preset can be trained"):
        comparison.suited(["melody-2bar"], pictures)
    with pytest.raises(ConfigError, match="share is 0"):
        comparison.train_all(presets, pictures, Path("nowhere"), share=0)


def test_pictures_to_measure_on_without_labels_leave_conditional_presets_out(
    recipes: list[str], tmp_path: Path
):
    pictures = drawing_set(120)
    unlabelled = dataclasses.replace(pictures, test=Pictures(pictures.test.pixels))
    presets, refused = comparison.suited(recipes, unlabelled)
    assert [preset.name for preset in presets] == ["first", "second"]
    assert (
        len(refused) == 1 and "labelled is left out: of the pictures to measure on: the model" in refused[0]
    )
    both, _ = comparison.suited([recipes[0], recipes[2]], pictures)
    with pytest.raises(ConfigError, match="the pictures have none"):
        comparison.train_all(both, unlabelled, tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_pictures_to_measure_on_of_another_size_are_told_before_any_preset_is_trained(
    recipes: list[str], tmp_path: Path
):
    pictures = dataclasses.replace(drawing_set(120), test=drawing_set(20, size=10).train)
    presets, _ = comparison.suited(recipes, pictures)
    with pytest.raises(DatasetError, match="another size than the others"):
        comparison.train_all(presets, pictures, tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_a_comparison_with_nothing_to_measure_on_does_not_begin(recipes: list[str], tmp_path: Path):
    pictures = drawing_set(2)
    presets, _ = comparison.suited(recipes[:1], pictures)
    with pytest.raises(NothingUsableError, match="leave none to measure on"):
        comparison.train_all(presets, pictures, tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_a_folder_of_another_comparison_is_told_in_its_own_words(recipes: list[str], tmp_path: Path):
    pictures = drawing_set(60)
    presets, _ = comparison.suited(recipes[:1], pictures)
    comparison.train_all(presets, pictures, tmp_path / "all", share=0.5)
    with pytest.raises(ConfigError, match=r"10 updates there, and 20 are asked .*repeat the --share"):
        comparison.train_all(presets, pictures, tmp_path / "all")
    with pytest.raises(ConfigError, match="compares presets on other pictures"):
        comparison.train_all(presets, drawing_set(60, seed=1), tmp_path / "all", share=0.5)


def test_all_presets_are_checked_before_any_is_trained(recipes: list[str], tmp_path: Path):
    pictures, folder = drawing_set(60), tmp_path / "all"
    presets, _ = comparison.suited(recipes[:2], pictures)
    first, second = presets
    comparison.train_all([second], pictures, folder, share=0.5)
    with pytest.raises(ConfigError, match="compares presets by other shares: second has"):
        comparison.train_all(presets, pictures, folder)
    changed = dataclasses.replace(second, model={**second.model, "z": 3})
    with pytest.raises(ConfigError, match=r"model\.z: 2 before, 3 now"):
        comparison.train_all([first, changed], pictures, folder, share=0.5)
    with pytest.raises(ConfigError, match="two presets are called first"):
        comparison.train_all([first, first], pictures, folder, share=0.5)
    assert not (folder / "first").exists()
    told: list[str] = []
    entries = comparison.train_all(
        presets, pictures, folder, 0.5, lambda preset: nullcontext(lambda report: told.append(preset.name))
    )
    assert [entry.preset.name for entry in entries] == ["first", "second"]
    assert set(told) == {"first", "second"}


def test_a_short_run_shows_its_validation_under_its_own_name(
    recipes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pictures, drawn = drawing_set(60), {}
    presets, _ = comparison.suited(recipes[:1], pictures)
    comparison.train_all(presets, pictures, tmp_path, share=0.5)
    monkeypatch.setattr(comparison.charts, "curves", lambda lines, name: drawn.update(lines))
    comparison.learning_curve(tmp_path / "first")
    assert list(drawn) == ["training", "validation"]
    assert [len(steps) for steps, _ in drawn.values()] == [1, 2]
    assert drawn["validation"][0].tolist() == [5, 10]
    assert comparison.learning_curve(tmp_path / "nowhere") is None


def test_labels_without_a_font_are_told_on_the_page(
    recipes: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lettering, "others", tuple)
    pictures = dataclasses.replace(drawing_set(60), classes=("猫", "dog", "犬"))
    presets, _ = comparison.suited(recipes[2:], pictures)
    entries = comparison.train_all(presets, pictures, tmp_path / "all", share=0.1)
    text = comparison.write_page(entries, pictures, tmp_path / "all.html").read_text("utf-8")
    assert "class 1 is 猫, class 3 is 犬" in text
