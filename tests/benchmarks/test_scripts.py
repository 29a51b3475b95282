"""The list of benchmarks, whole runs on a tiny model and dataset, and the reader of import times."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as listing
from benchmarks import common, held_out, interpolation, prior, startup
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.errors import DatasetError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from tests.benchmarks.models import REPRESENTATION, made_up, tiny_model


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A model, a dataset, and the folder of music it was made of."""
    root = tmp_path_factory.mktemp("benchmarks")
    music = root / "music"
    music.mkdir()
    for number in range(30):
        tokens = made_up(3, number)
        REPRESENTATION.to_score(tokens).save(str(music / f"{number}.mid"))
    build_dataset([music], REPRESENTATION, root / "data", workers=0, split=(0.6, 0.2, 0.2))
    tiny_model().save(root / "tiny")
    return root / "tiny", root / "data", music


def run(monkeypatch: pytest.MonkeyPatch, module, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark", *map(str, arguments)])
    module.main()


def test_every_benchmark_is_listed_with_what_it_does():
    found = listing.scripts()
    assert {"held_out", "interpolation", "prior", "startup"} <= set(found)
    assert all(found.values())


def test_the_readme_tells_of_every_benchmark():
    readme = (Path(listing.__file__).parent / "README.md").read_text("utf-8")
    cells = re.findall(r"^\| (`.+?) \|", readme, re.M)
    named = {name for cell in cells for name in re.findall(r"`(\w+)", cell)}
    assert named == set(listing.scripts())


def test_interpolation_from_start_to_finish(folders, tmp_path: Path, monkeypatch):
    model, data, _ = folders
    run(monkeypatch, interpolation, model, data, "-o", tmp_path, "--pairs", 8, "--points", 3)
    result = json.loads((tmp_path / "interpolation-tiny.json").read_text())
    assert result["language_model"]["perplexity_held_out"] > 1
    ways = {"0.5", "0", "1", "even", "great-circle", "straight"}
    assert set(result["paths"]) == {f"latent_{way}" for way in ways} | {"data"}
    assert result["paths"]["data"]["hamming"][0] == 0
    assert (tmp_path / "interpolation-tiny.png").exists()


def test_prior_from_start_to_finish(folders, tmp_path: Path, monkeypatch, capsys):
    model, data, _ = folders
    run(monkeypatch, prior, model, data, "-o", tmp_path, "--samples", 40, "--through-midi", 5)
    result = json.loads((tmp_path / "prior-tiny.json").read_text())
    assert result["overlap"]["held_out"]["interval"] == pytest.approx(1, abs=1e-4)
    assert result["read_again"]["tried"] == 40
    assert (tmp_path / "prior-tiny.png").exists()
    assert "| prior 1 |" in capsys.readouterr().out


def test_held_out_from_start_to_finish(folders, tmp_path: Path, monkeypatch, capsys):
    model, data, music = folders
    run(monkeypatch, held_out, model, "--trad", data, "--nottingham", music, "-o", tmp_path, "--most", 20)
    result = json.loads((tmp_path / "held-out-tiny.json").read_text())["sets"]
    assert set(result) == {"held-out songs", "Nottingham"}
    assert result["Nottingham"]["windows"] == 20
    table = capsys.readouterr().out.strip().splitlines()
    assert len(table) == 4
    assert len({line.count("|") for line in table}) == 1


def test_a_dataset_of_other_windows_is_refused(folders):
    model = tiny_model()
    model.representation = MelodyRepresentation(bars=4)
    with pytest.raises(DatasetError, match="windows are melody of 32 steps"):
        common.open_dataset(folders[1], model)


def test_windows_side_by_side_do_not_overlap(folders):
    split = common.open_dataset(folders[1], tiny_model()).split("train")
    rows = common.side_by_side(split, 2)
    places = split.origins[rows]
    assert len(rows) > 0
    assert (places[:, 2] == 0).all()
    for song in np.unique(places[:, 0]):
        bars = np.sort(places[places[:, 0] == song, 1]).astype(int)
        assert min(np.diff(bars), default=2) >= 2


def test_import_times_are_summed_by_package():
    text = (
        "import time: self [us] | cumulative | imported package\n"
        "import time:      1000 |       1000 |   heavy.part\n"
        "import time:       500 |       9500 | heavy\n"
        "a warning\n"
        "import time:       200 |        200 | light\n"
    )
    first, second = startup.slowest_imports(text)
    assert first == {"package": "heavy", "own_ms": 1.5, "modules": 2, "with_all_ms": 9.5}
    assert second["package"] == "light"


def test_commands_are_timed_and_failures_said():
    found = startup.measure({"fine": ["-c", "pass"], "wrong": ["-c", "raise SystemExit('no such thing')"]}, 2)
    assert len(found["fine"]["seconds"]) == 2
    assert found["fine"]["median_s"] > 0
    assert found["wrong"] == {"failed": 1, "said": "no such thing"}
