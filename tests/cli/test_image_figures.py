"""`mvae image`: how many pictures fit a figure, and names that cannot be drawn."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from musicvae_lite.images import lettering
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.models.image_vae import ImageVAE
from tests.cli import running
from tests.images.made import drawings, save
from tests.models.image import small

run = partial(running.run, "image")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models (conv, and one of two labels), a folder of two classes, a hundred pictures."""
    folder = tmp_path_factory.mktemp("figures")
    small.model(small.CONV).save(folder / "conv")
    labelled = ImageConfig.from_table(small.CONDITIONAL, "small").fitted(1, 12, 12, ("犬", "猫"))
    ImageVAE(labelled).save(folder / "labelled")
    for number, picture in enumerate(drawings(100)[0]):
        save(folder / "set" / "猫犬"[number % 2] / f"{number}.png", picture)
    return folder


@pytest.mark.parametrize(("command", "count"), [("reconstruct", 10_001), ("codes", 101)])
def test_more_pictures_than_a_figure_holds_are_wrong_usage(
    command: str, count: int, place: Path, tmp_path: Path, capsys
):
    assert run(command, place / "set", "-n", count, "--model", place / "conv", "-o", tmp_path) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"less than or equal to {count - 1}" in said


def test_many_reconstructions_stand_in_bands(place: Path, tmp_path: Path):
    assert run("reconstruct", place / "set", "-n", 100, "--model", place / "conv", "-o", tmp_path) == 0
    with Image.open(tmp_path / "reconstruction.png") as image:
        assert image.width < 2.5 * image.height


@pytest.mark.parametrize(
    "words", [("embed", "{p}/set", "--model", "{p}/conv"), ("generate", "--model", "{p}/labelled")]
)
def test_classes_without_a_font_are_told(
    words: tuple[str, ...], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.setattr(lettering, "others", tuple)
    assert run(*(word.format(p=place) for word in words), "-o", tmp_path) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("no installed font has the letters") == 1
    assert "class 1 is 犬, class 2 is 猫" in said
