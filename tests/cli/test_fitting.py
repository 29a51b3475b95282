"""What `mvae` answers to data that does not fit: a command that makes what does, or wrong usage."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from musicvae_lite.corpora import build
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.command import preparing
from musicvae_lite.errors import DatasetError
from musicvae_lite.music.representations import PRESETS, DrumsRepresentation, MelodyRepresentation
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.training.dataset import WindowDataset
from tests.cli.running import run
from tests.corpora.tunes import write_tunes
from tests.models.small import save_small

OWN = DrumsRepresentation(drum_map={"name": "own", "classes": {"boom": [36], "it's": [38, 42]}})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 6)


@pytest.fixture(scope="module")
def dataset(music: Path, tmp_path_factory: pytest.TempPathFactory) -> WindowDataset:
    output = tmp_path_factory.mktemp("datasets") / "data"
    build_dataset(
        [music], MelodyRepresentation(bars=2, lowest=36, highest=95), output, workers=0, split=(0.4, 0.3, 0.3)
    )
    return WindowDataset(output)


@pytest.mark.parametrize("wanted", [*PRESETS.values(), OWN], ids=[*PRESETS, "a drum map of one's own"])
def test_the_command_that_is_advised_makes_what_fits(wanted: Representation, monkeypatch: pytest.MonkeyPatch):
    asked: list[Representation] = []

    def stopped(folders: list[Path], representation: Representation, *_: object, **__: object) -> None:
        asked.append(representation)
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "build_dataset", stopped)
    assert run(*shlex.split(preparing(wanted))[1:]) == 130
    assert asked == [wanted] and asked[0].meaning == wanted.meaning


def test_advice_of_a_dataset_that_does_not_fit(dataset: WindowDataset):
    chords, drums = PRESETS["melody-2bar-chords"], PRESETS["drums-2bar-nade-full"]
    with pytest.raises(
        DatasetError, match=r"One would be: mvae prepare FOLDER -r melody --bars 2 --chords triads"
    ):
        dataset.check(chords.to_config(), "x")
    with pytest.raises(DatasetError, match=r"--drum-map magenta-61 --set form=hits -o DATASET") as error:
        dataset.check(drums.to_config(), "x")
    assert "drums: 61 (" in str(error.value) and max(map(len, str(error.value).splitlines())) < 160


def test_a_split_of_what_has_none_is_wrong_usage(
    music: Path, dataset: WindowDataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = save_small(tmp_path / "model")
    assert run("evaluate", model, music, "--split", "train") == 2
    said = capsys.readouterr().err.replace("│", " ")
    assert "is music, and all of it is taken" in " ".join(said.split())
    assert run("evaluate", model, tmp_path / "nothing.mid", "--split", "train") == 1
    capsys.readouterr()
    for split in ((), ("--split", "train")):
        assert run("evaluate", model, dataset.folder, *split) == 0
        wanted = dataset.split(split[1] if split else "test")
        shown = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["windows", str(len(wanted))] in shown
