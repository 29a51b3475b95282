"""What a dataset says of the folders its songs were in, and what it does not depend on."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.manifest import Manifest
from musicvae_lite.corpora.tally import Reason
from musicvae_lite.errors import DatasetError, NothingUsableError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter
from musicvae_lite.training.dataset import WindowDataset, windows_of
from tests.corpora.tunes import contents, tune, write_tunes

MELODY = MelodyRepresentation(bars=2)


def prepare(output: Path, *given: Path) -> list[dict]:
    """The songs of a dataset, as it lists them."""
    build_dataset(given, MELODY, output, workers=0, split=(0.6, 0.2, 0.2))
    return [json.loads(line) for line in (output / "songs.jsonl").read_text().splitlines()]


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    """Two corpora with a file of the same name at their tops and in a folder of each, and a waltz."""
    for number, name in enumerate(("one", "two")):
        (tmp_path / name / "x").mkdir(parents=True)
        tune(2 * number).save(str(tmp_path / name / "a.mid"))
        tune(2 * number + 1).save(str(tmp_path / name / "x" / "a.mid"))
    tune(9, meter=Meter(3, 4)).save(str(tmp_path / "two" / "waltz.mid"))
    return tmp_path


def test_a_dataset_does_not_depend_on_the_name_of_the_folder(tmp_path: Path):
    music = write_tunes(tmp_path / "music", 12)
    tune(50).save(str(music / "top.mid"))
    songs = prepare(tmp_path / "one", music)
    music.rename(tmp_path / "renamed")
    assert prepare(tmp_path / "two", tmp_path / "renamed") == songs
    assert {(song["label"], song["source"].rpartition("/")[0]) for song in songs} == {
        (label, label) for label in ("even", "odd", "")
    }
    assert all("folder" not in song for song in songs)
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert {name for name in one if one[name] != two[name]} == {"manifest.json"}  # it tells the folder
    digests = {WindowDataset(tmp_path / name).labelled_digest for name in ("one", "two")}
    assert len(digests) == 1


def test_songs_of_several_folders_say_which(corpora: Path):
    songs = prepare(corpora / "data", corpora / "one", corpora / "two")
    assert [(s["folder"], s["source"], s["label"]) for s in songs] == [
        (0, "a.mid", "one"),
        (0, "x/a.mid", "x"),
        (1, "a.mid", "two"),
        (1, "x/a.mid", "x"),
    ]
    assert [song.folder for song in WindowDataset(corpora / "data").songs] == [0, 0, 1, 1]
    found = windows_of([corpora / "one", corpora / "two"], MELODY).songs
    assert [(s.folder, s.label) for s in found] == [(0, "one"), (0, "x"), (1, "two"), (1, "x")]


def test_a_file_within_two_of_the_folders_is_of_the_first(corpora: Path):
    one = corpora / "one"
    named = [
        [(s["folder"], s["source"]) for s in prepare(corpora / f"data{n}", *given)]
        for n, given in enumerate(((one, one / "x"), (one / "x", one)))
    ]
    assert named == [[(0, "a.mid"), (0, "x/a.mid")], [(0, "a.mid"), (1, "a.mid")]]


def test_rejections_of_several_folders_say_which(corpora: Path):
    prepare(corpora / "data", corpora / "one", corpora / "two")
    manifest = Manifest.load(corpora / "data")
    (meter,) = (reason for reason in manifest.rejections if reason.code == "meter")
    assert (meter.source, meter.folder) == ("waltz.mid", 1)
    assert meter.place(manifest.sources["folders"]) == f"{corpora / 'two' / 'waltz.mid'}, bar 1"
    (corpora / "empty").mkdir()
    waltz = corpora / "two" / "waltz.mid"
    for act in (windows_of, lambda given, rep: build_dataset(given, rep, corpora / "no", workers=0)):
        with pytest.raises(NothingUsableError) as caught:
            act([corpora / "empty", waltz], MELODY)
        assert f"{waltz}, bar 1: " in str(caught.value)


def test_rejections_of_one_folder_name_the_file_alone(corpora: Path):
    prepare(corpora / "data", corpora / "two")
    table = json.loads((corpora / "data" / "manifest.json").read_text())
    assert [(r["source"], "folder" in r) for r in table["rejections"] if r["code"] == "meter"] == [
        ("waltz.mid", False)
    ]


@pytest.mark.parametrize(
    ("given", "source", "place"),
    [
        ("songs", "rock/a.mid", ("songs", "rock/a.mid")),
        (os.path.join("songs", "a.mid"), "a.mid", ("songs", "a.mid")),
        (os.path.join("songs", "book.abc"), "book.abc#3", ("songs", "book.abc#3")),
        ("a.mid", "a.mid", ("a.mid",)),
    ],
)
def test_a_place_is_the_path_of_an_example(given: str, source: str, place: tuple[str, ...]):
    assert Reason("rest", 1, source, 2, "", 0).place([given]) == f"{os.path.join(*place)}, bar 2"
    assert Reason("rest", 1, source, 0, "").place([given]) == source


def test_datasets_that_say_nothing_of_folders_can_be_read(corpora: Path):
    prepare(corpora / "data", corpora / "one", corpora / "two")
    manifest = json.loads((corpora / "data" / "manifest.json").read_text())
    del manifest["songs_sha256"]
    for reason in manifest["rejections"]:
        del reason["folder"]
    (corpora / "data" / "manifest.json").write_text(json.dumps(manifest))
    songs = [json.loads(line) for line in (corpora / "data" / "songs.jsonl").read_text().splitlines()]
    lines = [json.dumps({name: value for name, value in song.items() if name != "folder"}) for song in songs]
    (corpora / "data" / "songs.jsonl").write_text("\n".join(lines) + "\n")
    dataset = WindowDataset(corpora / "data")
    assert {song.folder for song in dataset.songs} == {None}
    assert {reason.folder for reason in dataset.manifest.rejections} == {None}


@pytest.mark.parametrize("folder", [2, -1, "0", True])
def test_a_rejection_of_a_folder_that_there_is_not_is_damage(corpora: Path, folder: object):
    prepare(corpora / "data", corpora / "one", corpora / "two")
    path = corpora / "data" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["rejections"][0]["folder"] = folder
    path.write_text(json.dumps(manifest))
    with pytest.raises(DatasetError, match="the manifest is damaged"):
        WindowDataset(corpora / "data")
