"""`mvae image`: which pictures of a set are used, labels by name, and inputs that are kept."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli import running
from tests.images.made import drawings, save, save_folder, save_idx_folder
from tests.models.image import small

TOML = """
family = "image"
z = 2
conditional = true
encoder = { kind = "dense", hidden = [16] }
decoder = { kind = "dense", hidden = [16] }
training = { steps = 4, batch = 8 }
"""


run = partial(running.run, "image")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models (run on set, conv, noisy, grid), sets (set, idx, two of the classes, one more class), a.png."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "small.toml").write_text(TOML)
    save_folder(folder / "set", 48)
    save_idx_folder(folder / "idx")
    for number, picture in enumerate(drawings(12)[0]):
        save(folder / "fewer" / ("level", "upright")[number % 2] / f"{number}.png", picture)
        save(folder / "more" / ("level", "round")[number % 2] / f"{number}.png", picture)
    for kind in ("conv", "noisy"):
        small.model(small.ALL[kind]).save(folder / kind)
    small.model({**small.GRID, "z": 36 * 5}, channels=3).save(folder / "grid")
    save(folder / "a.png", drawings(1)[0][0])
    assert run("train", folder / "small.toml", folder / "set", "-o", folder / "run", "--device", "cpu") == 0
    return folder


@pytest.mark.parametrize(
    ("model", "pictures", "part", "count"),
    [
        ("run", "set", [], 4),  # a twelfth, which it was not trained on
        ("run", "set", ["--part", "all"], 48),
        ("run", "fewer", [], 12),
        ("conv", "set", [], 48),
        ("conv", "idx", [], 12),  # it has a test part of its own
        ("conv", "idx", ["--part", "all"], 72),
    ],
)
def test_what_is_held_out_is_measured_on_and_sets_of_ones_own_whole(
    model: str, pictures: str, part: list[str], count: int, place: Path, capsys
):
    assert run("evaluate", place / model, place / pictures, "--json", *part) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["pictures"] == count and f"of {pictures}: {count}" in said.err


def test_all_pictures_of_a_folder_are_drawn(place: Path, tmp_path: Path, capsys):
    arguments = (place / "fewer", "--model", place / "conv", "-n", "12", "-o", tmp_path / "x.png", "--json")
    for command, counted in (("reconstruct", "pictures"), ("codes", "pictures"), ("embed", "points")):
        assert run(command, *arguments) == 0
        assert json.loads(capsys.readouterr().out)[counted] == 12


def test_labels_go_by_their_names(place: Path, tmp_path: Path, capsys):
    arguments = (place / "fewer", "--model", place / "run", "-o", tmp_path / "e.png")
    assert run("embed", *arguments, "--codes", tmp_path / "z.npz") == 0
    with np.load(tmp_path / "z.npz") as codes:
        assert set(codes["labels"].tolist()) == {1, 2}  # of block, level, upright
    assert run("evaluate", place / "run", place / "more") == 1
    said = capsys.readouterr().err.replace("\n", " ")
    assert "the model knows no round; its labels are block, level, upright" in said
    words = ("reconstruct", place / "more", "--model", place / "run", "-o", tmp_path / "r.png")
    assert run(*words) == 1 and run(*words, "--label", "level") == 0


def test_numbers_of_files_that_name_no_labels_are_the_models(place: Path, tmp_path: Path, capsys):
    pixels, labels = drawings(24)
    np.savez(tmp_path / "numbers.npz", images=pixels, labels=labels)
    for source in (tmp_path / "numbers.npz", place / "idx"):
        assert run("evaluate", place / "run", source, "--json") == 0
        said = " ".join(capsys.readouterr().err.split())
        assert "names no labels; they are taken for the model's, 0 to 2: block, level, upright" in said
    np.savez(tmp_path / "numbers.npz", images=pixels, labels=labels + 5)
    assert run("evaluate", place / "run", tmp_path / "numbers.npz") == 1
    assert "the model knows no 5, 6, 7" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["evaluate", "embed", "reconstruct", "codes"])
def test_seeds_beyond_64_bits_are_refused(command: str, place: Path, tmp_path: Path, capsys):
    model = [place / "conv"] if command == "evaluate" else ["--model", place / "conv", "-o", tmp_path]
    first = [*model, place / "set"] if command == "evaluate" else [place / "set", *model]
    assert run(command, *first, "--seed", 99999999999999999999) == 1
    assert "seed is 99999999999999999999; it must be" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("command", ["evaluate", "embed", "reconstruct"])
def test_black_on_white_is_noticed_in_a_folder_and_can_be_turned(
    command: str, place: Path, tmp_path: Path, capsys
):
    for number, picture in enumerate(drawings(12)[0]):
        save(tmp_path / "dark" / f"{number:02}.png", picture)
        save(tmp_path / "bright" / f"{number:02}.png", 255 - picture)

    def figures(pictures: str, *more: str) -> tuple[dict, str]:
        """What came out, without what went in."""
        model = [place / "conv"] if command == "evaluate" else ["--model", place / "conv", "-o", tmp_path]
        first = [*model, tmp_path / pictures] if command == "evaluate" else [tmp_path / pictures, *model]
        assert run(command, *first, *more, "--json") == 0
        said = capsys.readouterr()
        found = json.loads(said.out)
        out = {name: value for name, value in found.items() if name not in ("inputs", "inverted")}
        return out, " ".join(said.err.split())

    dark, said = figures("dark")
    assert "--invert" not in said
    turned, said = figures("bright", "--invert")
    assert turned == dark and "--invert" not in said
    assert "mostly bright" in figures("bright")[1]


def test_pictures_of_its_own_training_are_not_called_bright(place: Path, tmp_path: Path, capsys):
    np.save(tmp_path / "bright.npy", 255 - drawings(48)[0])
    (tmp_path / "small.toml").write_text(TOML.replace("conditional = true", ""))
    words = ("train", tmp_path / "small.toml", tmp_path / "bright.npy", "-o", tmp_path / "run")
    assert run(*words, "--device", "cpu") == 0
    assert run("evaluate", tmp_path / "run", tmp_path / "bright.npy") == 0
    assert run("evaluate", place / "conv", tmp_path / "bright.npy") == 0
    assert capsys.readouterr().err.count("mostly bright") == 1


@pytest.mark.parametrize("command", ["reconstruct", "codes"])
def test_labels_are_refused_by_models_without(command: str, place: Path, tmp_path: Path, capsys):
    assert run(command, place / "a.png", "--model", place / "conv", "--label", "level", "-o", tmp_path) == 1
    assert "knows no labels" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["interpolate", "walk.gif", "a.png", "--model", "{p}/conv"],
        ["interpolate", "walk.png", "a.png", "--model", "{p}/conv"],
        ["reconstruct", "a.png", "x.png", "--model", "{p}/conv", "-o", "x.png"],
        ["reconstruct", "folder", "--model", "{p}/conv", "-o", "folder/x.png"],
        ["codes", "a.png", "--model", "{p}/conv", "-o", "a.png"],
        ["embed", "folder", "--model", "{p}/conv", "-o", "folder/x.png"],
        ["embed", "set.npz", "--model", "{p}/conv", "--codes", "set.npz"],
        ["denoise", "x-read.png", "x.png", "--corrupt", "--model", "{p}/noisy"],
        ["denoise", "a.png", "a.png", "--model", "{p}/noisy"],
        ["upscale", "a.png", "a.png", "--model", "{p}/grid"],
    ],
)
def test_inputs_are_never_overwritten(
    arguments: list[str], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    pixels, labels = drawings(12)
    for name in ("a.png", "x.png", "x-read.png", "walk.png", "walk.gif", "folder/x.png"):
        save(tmp_path / name, pixels[0])
    np.savez("set.npz", images=pixels, labels=labels)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert run(*(word.format(p=place) for word in arguments)) == 1
    assert "would be overwritten; choose another name" in capsys.readouterr().err.replace("\n", " ")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before


@pytest.mark.parametrize("source", ["set", "idx"])
def test_what_lies_in_a_folder_and_is_not_read_may_be_replaced(
    source: str, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    make = {"set": save_folder, "idx": save_idx_folder}[source]
    make(tmp_path / "in")
    monkeypatch.chdir(tmp_path / "in")
    arguments = ("embed", ".", "--model", place / "conv", "--codes", "codes.npz")
    for _ in range(2):
        assert run(*arguments, "-o", "../e.png") == 0, capsys.readouterr().err
    assert run(*arguments, "-o", "e.png") == 0
    again = run(*arguments, "-o", "e.png")  # a picture among pictures by now; beside idx files it is none
    assert again == (1 if source == "set" else 0)


def test_transparency_that_is_lost_is_said(place: Path, tmp_path: Path, capsys):
    Image.new("RGBA", (12, 12), (200, 10, 10, 90)).save(tmp_path / "clear.png")
    assert run("upscale", tmp_path / "clear.png", tmp_path / "u.png", "--model", place / "grid") == 0
    assert "transparent parts are made white" in capsys.readouterr().err.replace("\n", " ")


def test_only_commands_that_take_a_label_ask_for_one(place: Path, tmp_path: Path, capsys):
    for number, picture in enumerate(drawings(24)[0]):
        save(tmp_path / "flat" / f"{number:02}.png", picture)
    flat, model = tmp_path / "flat", ("--model", place / "run", "-o", tmp_path / "x.png")
    for arguments, takes in (
        (("evaluate", place / "run", flat), False),
        (("embed", flat, *model), False),
        (("compare", flat, "--preset", place / "small.toml", "-o", tmp_path / "all"), False),
        (("reconstruct", flat, *model), True),
        (("codes", place / "a.png", *model), True),
        (("interpolate", place / "a.png", place / "a.png", *model), True),
    ):
        assert run(*arguments) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "label" in said and ("--label" in said) == takes, arguments
    assert run("interpolate", place / "a.png", place / "a.png", *model, "--label", "block") == 0


def test_repairing_says_what_it_does_first(place: Path, tmp_path: Path, capsys):
    large = save(tmp_path / "ink.png", 255 - drawings(1, size=30)[0][0])
    noisy = ("--model", place / "noisy")
    for options in ((), ("--corrupt",)):
        assert run("denoise", large, tmp_path / "d.png", *options, *noisy) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert "30 x 30 pixels, resized to the model's 12 x 12" in said and "see --invert" in said
    assert run("denoise", large, tmp_path / "d.png", "--invert", *noisy) == 0
    assert "--invert" not in capsys.readouterr().err
    small.model(small.GRID).save(tmp_path / "grey-grid")
    assert run("upscale", large, tmp_path / "u.png", "--model", tmp_path / "grey-grid") == 0
    assert "see --invert" in " ".join(capsys.readouterr().err.split())


def test_classes_for_testing_alone_are_told(place: Path, tmp_path: Path, capsys):
    save_folder(tmp_path / "set" / "train", 24)
    save(tmp_path / "set" / "test" / "round" / "a.png", drawings(1)[0][0])
    told = "no picture to learn from has the label round"
    recipe = place / "small.toml"
    assert run("train", recipe, tmp_path / "set", "-o", tmp_path / "run", "--device", "cpu") == 0
    assert told in " ".join(capsys.readouterr().err.split())
    assert run("compare", tmp_path / "set", "--preset", recipe, "-o", tmp_path / "all") == 0
    assert told in " ".join(capsys.readouterr().err.split())


def test_photographs_of_any_size_train_a_model_that_enlarges(tmp_path: Path, capsys):
    for number in range(24):
        save(tmp_path / "photos" / f"{number:02}.png", np.full((1, 300, 200), 10 * number, np.uint8))
    options = ("--steps", "2", "--batch", "4", "--device", "cpu", "-o", tmp_path / "run")
    assert run("train", "upscale", tmp_path / "photos", *options) == 0
    assert "resized to 42 x 64" in " ".join(capsys.readouterr().err.split())


def test_the_option_for_colours_is_named(place: Path, tmp_path: Path, capsys):
    colour = save(tmp_path / "c.png", np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8))
    for words in (
        ("reconstruct", colour, "--model", place / "conv", "-o", tmp_path / "x.png"),
        ("denoise", colour, tmp_path / "x.png", "--model", place / "noisy"),
    ):
        assert run(*words) == 1
        said = " ".join(capsys.readouterr().err.split())
        assert "takes grey pictures; --grey converts it" in said and "convert=True" not in said
        assert run(*words, "--grey") == 0
        capsys.readouterr()
