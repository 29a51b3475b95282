"""`mvae image`, as a user runs it, with small models and made-up pictures."""

from __future__ import annotations

import inspect
import json
from functools import partial
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.images.embedding import nearest_neighbour_accuracy
from musicvae_lite.models.image_vae import ImageVAE
from mvae.image.app import COMMANDS
from tests.cli import running
from tests.images.made import drawings, save, save_folder, save_idx_folder
from tests.models.image import small

TOML = """
family = "image"
z = 2
encoder = { kind = "dense", hidden = [16] }
decoder = { kind = "dense", hidden = [16] }
training = { steps = 12, batch = 16, save_every = 5, validate_every = 6 }
"""


run = partial(running.run, "image")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models (conv, conditional, grid, noisy), sets (set, idx), pictures (a, b, c in colour)."""
    folder = tmp_path_factory.mktemp("images")
    for kind in ("conv", "conditional", "noisy"):
        small.model(small.ALL[kind]).save(folder / kind)
    small.model({**small.GRID, "z": 36 * 5}, channels=3).save(folder / "grid")
    pixels, _ = drawings(2)
    save(folder / "a.png", pixels[0])
    save(folder / "b.png", pixels[1])
    save(folder / "c.png", np.random.default_rng(0).integers(0, 256, (3, 23, 31), dtype=np.uint8))
    save_folder(folder / "set", 48)
    save_idx_folder(folder / "idx")
    (folder / "small.toml").write_text(TOML)
    return folder


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_commands_say(name: str, capsys):
    module, about = COMMANDS[name]
    function = getattr(import_module(f"mvae.image.{module}"), name)
    assert (inspect.getdoc(function) or "").splitlines()[0] == about
    assert run(name, "--help") == 0 and "Usage: mvae image" in capsys.readouterr().out


def test_train_evaluate_and_look(place: Path, tmp_path: Path, capsys):
    assert run("train", place / "small.toml", place / "idx", "-o", tmp_path / "run", "--device", "cpu") == 0
    shown = capsys.readouterr()
    assert "55 pictures, 12 updates of 16" in shown.err and f"wrote {tmp_path / 'run' / 'best'}" in shown.out
    assert run("train", place / "small.toml", place / "idx", "-o", tmp_path / "run") == 1
    assert "--resume continues it" in capsys.readouterr().err
    assert run("train", place / "small.toml", place / "idx", "-o", tmp_path / "run", "--resume") == 0
    capsys.readouterr()
    assert run("evaluate", tmp_path / "run", place / "idx", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["pictures"] == 12 and found["elbo_nats"] < 0 and found["decoder_parameters"] > 100
    assert run("evaluate", tmp_path / "run", place / "idx", "--part", "rest") == 2


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["reconstruct", "{p}/a.png", "{p}/b.png", "--model", "{p}/conv", "-o", "{t}/r.png"], ["r.png"]),
        (["reconstruct", "{p}/set", "--model", "{p}/noisy", "-n", "4", "-o", "{t}/r.png"], ["r.png"]),
        (["reconstruct", "{p}/a.png", "--model", "{p}/conditional", "--label", "level", "-o", "{t}"],
         ["reconstruction.png"]),
        (["sample", "-n", "6", "--model", "{p}/conv", "-o", "{t}/s.png"], ["s.png"]),
        (["sample", "-n", "6", "--model", "{p}/conditional", "-o", "{t}/s.png"], ["s.png"]),
        (["generate", "--label", "block", "-n", "3", "--model", "{p}/conditional", "-o", "{t}/g.png"],
         ["g.png"]),
        (["interpolate", "{p}/a.png", "{p}/b.png", "-n", "5", "--model", "{p}/conv", "-o", "{t}/w.png"],
         ["w.png", "w.gif"]),
        (["interpolate", "{p}/a.png", "{p}/b.png", "--model", "{p}/conditional", "--label", "block",
          "--label", "level", "-o", "{t}/w.png"], ["w.png", "w.gif"]),
        (["manifold", "-n", "4", "--model", "{p}/conv", "-o", "{t}/m.png"], ["m.png"]),
        (["embed", "{p}/set", "-n", "30", "--model", "{p}/conv", "-o", "{t}/e.png", "--codes", "{t}/z.npz"],
         ["e.png", "z.npz"]),
        (["codes", "{p}/idx", "-n", "3", "--model", "{p}/conv", "-o", "{t}/c.png"], ["c.png"]),
        (["denoise", "{p}/a.png", "{t}/d.png", "--corrupt", "--model", "{p}/noisy"], ["d.png", "d-read.png"]),
        (["upscale", "{p}/c.png", "{t}/u.png", "--model", "{p}/grid"], ["u.png"]),
    ],
)  # fmt: skip
def test_every_command_writes_its_pictures(
    arguments: list[str], files: list[str], place: Path, tmp_path: Path, capsys
):
    assert run(*(word.format(p=place, t=tmp_path) for word in arguments)) == 0, capsys.readouterr().err
    out = capsys.readouterr().out
    for name in files:
        assert (tmp_path / name).stat().st_size > 50 and str(tmp_path / name) in out
        if not name.endswith("npz"):
            size(tmp_path / name)
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("wrote"))


def test_upscaling_any_size_and_colour(place: Path, tmp_path: Path):
    assert run("upscale", place / "c.png", tmp_path / "u.png", "--model", place / "grid", "--times", "4") == 0
    assert size(tmp_path / "u.png") == (124, 92)
    assert run("upscale", place / "a.png", tmp_path / "g.png", "--model", place / "grid") == 0
    with Image.open(tmp_path / "g.png") as image:
        assert image.mode == "L" and image.size == (24, 24)


def test_the_same_seed_gives_the_same_file(place: Path, tmp_path: Path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("sample", "-n", "4", "--seed", seed, "--model", place / "conv", "-o", tmp_path / f"{name}.png")
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_codes_that_are_saved_are_those_that_are_drawn(place: Path, tmp_path: Path, capsys):
    words = ("embed", place / "set", "--model", place / "noisy", "-o", tmp_path, "--seed", "5", "--json")
    assert run(*words, "--codes", tmp_path / "z.npz") == 0
    found = json.loads(capsys.readouterr().out)
    with np.load(tmp_path / "z.npz") as saved:
        agreeing = nearest_neighbour_accuracy(saved["z"], saved["labels"])
    assert found["knn_whole_codes"] == pytest.approx(agreeing)


def test_a_record_says_how_a_picture_was_made(place: Path, tmp_path: Path, capsys):
    model = place / "conditional"
    words = ("sample", "-n", "4", "--seed", "9", "--label", "block", "--model", model, "-o", tmp_path)
    assert run(*words) == 0
    assert f"wrote {tmp_path / 'sample.json'}\n" in capsys.readouterr().out
    record = json.loads((tmp_path / "sample.json").read_text("utf-8"))
    assert record["files"] == ["sample.png", "sample.json"]
    assert record["model"] == json.loads(json.dumps(ImageVAE.load(model).identity))
    told = {name: record[name] for name in ("command", "seed", "label", "count")}
    assert told == {"command": "image sample", "seed": 9, "label": "block", "count": 4}
    assert run(*words, "--json") == 0
    files = [str(tmp_path / name) for name in record["files"]]
    assert json.loads(capsys.readouterr().out) == {**record, "files": files}


def test_a_picture_leaves_alone_what_is_no_record(place: Path, tmp_path: Path, capsys):
    kept = small.model(small.ALL["conv"])
    kept.save(tmp_path / "m")
    before = (tmp_path / "m" / "config.json").read_bytes()
    words = ("sample", "-n", "4", "--model", tmp_path / "m", "-o", tmp_path / "m" / "config.png")
    assert run(*words) == 1
    assert "config.json: is no record of a result" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "m" / "config.json").read_bytes() == before
    assert not (tmp_path / "m" / "config.png").exists()


def test_json_goes_to_stdout_alone(place: Path, tmp_path: Path, capsys):
    assert run("embed", place / "set", "--model", place / "conv", "-o", tmp_path / "e.png", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert 0 <= found["knn_codes"] <= 1 and 0 <= found["knn_pca"] <= 1 and found["files"]
    assert run("presets", "--json") == 0
    assert {"vae-2d", "vae-conv", "denoise"} <= {p["name"] for p in json.loads(capsys.readouterr().out)}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["reconstruct", "{t}/text.png", "--model", "{p}/conv"], "is not a picture"),
        (["reconstruct", "{p}/c.png", "--model", "{p}/conv"], "is in colour, and this model takes grey"),
        (["reconstruct", "{p}/none.png", "--model", "{p}/conv"], "no such file"),
        (["reconstruct", "{t}/empty", "--model", "{p}/conv"], "is empty"),
        (["reconstruct", "{p}/a.png", "--model", "{p}/conditional"], "say which with --label"),
        (["reconstruct", "{p}/a.png", "--model", "{p}/conditional", "--label", "9"], "no label '9'"),
        (["reconstruct", "{p}/a.png", "--model", "nothing"], "no model 'nothing'"),
        (["train", "cvae", "{t}/plain", "-o", "{t}/run"], "the pictures have none"),
        (["train", "melody-2bar", "{p}/set", "-o", "{t}/run"], "is a preset for music"),
        (["train", "nothing", "{p}/set", "-o", "{t}/run"], "no preset 'nothing'"),
        (["train", "vae-2d", "{t}/nowhere", "-o", "{t}/run"], "no pictures at"),
        (["train", "vae-2d", "mnist", "--data", "{p}/idx", "-o", "{t}/run"], "its SHA-256 is"),
        (["generate", "--model", "{p}/conv"], "knows no labels"),
        (["manifold", "--model", "{p}/noisy"], "needs a code of 2 numbers"),
        (["sample", "--model", "{p}/grid"], "none can be drawn"),
        (["interpolate", "{p}/a.png", "{p}/b.png", "--model", "{p}/grid"], "repairs pictures"),
        (["denoise", "{p}/a.png", "{t}/x.png", "--model", "{p}/conv"], "not trained to take noise"),
        (["upscale", "{p}/a.png", "{t}/x.png", "--model", "{p}/conv"], "not trained to enlarge"),
        (["upscale", "{p}/a.png", "{p}/a.png", "--model", "{p}/grid"], "would be overwritten"),
    ],
)
def test_bad_input_is_said_plainly(arguments: list[str], words: str, place: Path, tmp_path: Path, capsys):
    (tmp_path / "text.png").write_text("words")
    (tmp_path / "empty").mkdir()
    save(tmp_path / "plain" / "a.png", drawings(1)[0][0])
    assert run(*(word.format(p=place, t=tmp_path) for word in arguments)) == 1
    said = capsys.readouterr().err
    assert words in said.replace("\n", " ") and "Traceback" not in said and "bug" not in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["denoise", "a.png", "b.txt"],
        ["sample", "-o", "x.gif"],
        ["sample", "-n", "0"],
        ["manifold", "-n", "1"],
    ],
)
def test_wrong_usage(arguments: list[str], place: Path):
    assert run(*arguments, "--model", place / "conv") == 2


def test_a_plain_autoencoder_takes_no_beta(place: Path, tmp_path: Path, capsys):
    assert run("train", "ae-simple", place / "idx", "-o", tmp_path / "run", "--beta", "4") == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "--beta: ae-simple is a plain autoencoder and has no KL, so the training setting 'beta'" in said
    assert not (tmp_path / "run").exists()


def test_sizes_that_a_model_does_not_reach_are_wrong_usage(place: Path, tmp_path: Path, capsys):
    words = ("upscale", place / "a.png", tmp_path / "x.png", "--model", place / "grid", "--times")
    for times in (0, 3):
        assert run(*words, times) == 2
        assert "it can be 2, 4, 8 or 16" in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_mixed_sizes_and_odd_files_are_said_and_handled(place: Path, tmp_path: Path, capsys):
    folder = save_folder(tmp_path / "mixed", 30)
    save(folder / "block" / "large.png", drawings(1, size=40)[0][0])
    (folder / "block" / "bad.png").write_text("words")
    assert run("train", place / "small.toml", folder, "-o", tmp_path / "run") == 0
    said = capsys.readouterr().err.replace("\n", " ")
    assert "resized to 12 x 12" in said and "1 files cannot be read" in said


def test_bright_drawings_are_noticed(place: Path, tmp_path: Path, capsys):
    path = save(tmp_path / "ink.png", 255 - drawings(1)[0][0])
    assert run("reconstruct", path, "--model", place / "conv", "-o", tmp_path / "r.png") == 0
    assert "see --invert" in capsys.readouterr().err.replace("\n", " ")
    assert run("reconstruct", path, "--invert", "--model", place / "conv", "-o", tmp_path / "r.png") == 0
    assert "--invert" not in capsys.readouterr().err


def test_compare_writes_one_page(place: Path, tmp_path: Path, capsys):
    recipe = place / "small.toml"
    assert run("compare", place / "set", "-o", tmp_path / "all", "--preset", recipe, "--share", "0.5") == 0
    out = capsys.readouterr().out
    text = (tmp_path / "all" / "compare.html").read_text()
    assert "small" in out and text.count("data:image/png") == 3 and "<script" not in text
    (tmp_path / "other.toml").write_text(TOML)
    more = ("--preset", tmp_path / "other.toml", "--preset", recipe)
    assert run("compare", place / "set", "-o", tmp_path / "all", *more) == 1
    assert "repeat the --share of before" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "all" / "other").exists()
    assert run("compare", place / "set", "-o", tmp_path / "all", *more, "--share", "0.5") == 0
    assert "other, 1 of 2" in capsys.readouterr().err
