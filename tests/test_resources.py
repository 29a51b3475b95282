from __future__ import annotations

import errno
import hashlib
import http.server
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite import finding, read_song, resources
from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.music.grid import Grid
from musicvae_lite.resources import RemoteFile, cache_dir, catalogue, checkpoints_dir, data_dir, fetch


def test_folders_of_a_checkout():
    assert (data_dir() / "catalogue.toml").is_file()
    assert (checkpoints_dir() / "README.md").is_file()


def test_folders_of_an_installed_package(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "musicvae_lite"
    (package / "_data").mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", package)
    assert data_dir() == package / "_data"
    with pytest.raises(ConfigError, match=r"'checkpoints'.*reinstall"):
        checkpoints_dir()


def test_cache_folder_is_named_but_not_made(tmp_path, monkeypatch):
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(tmp_path / "mine"))
    assert cache_dir() == tmp_path / "mine"
    assert not cache_dir().exists()
    monkeypatch.delenv("MUSICVAE_LITE_CACHE")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    assert cache_dir().name  # no error, although nothing could be written there


def test_every_corpus_says_what_a_user_must_know():
    corpora = catalogue()
    assert {"trad-abc", "groove", "lakh", "maestro", "mnist", "fashion-mnist", "nottingham"} <= set(corpora)
    for corpus in corpora.values():
        assert corpus.kind in ("music", "images")
        assert corpus.licence
        assert corpus.attribution
        assert corpus.weights.split(":")[0] in ("yes", "no", "partly")
        for file in corpus.files:
            assert file.address.startswith(("https://", "http://"))
            assert file.sha256 == "" or len(bytes.fromhex(file.sha256)) == 32
            assert file.sha256 or "/archive/" in file.address


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A corpus of one zip file on a server of the test's own."""
    folder = tmp_path / "served"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tunes.zip", "w") as archive:
        archive.writestr("a.abc", "X:1\n")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    digest = hashlib.sha256((folder / "tunes.zip").read_bytes()).hexdigest()
    file = RemoteFile(f"http://127.0.0.1:{server.server_port}/tunes.zip", digest)
    corpus = replace(catalogue()["groove"], name="served", files=(file,))
    monkeypatch.setattr(resources, "catalogue", lambda: {"served": corpus})

    def change(**fields):
        changed = replace(corpus, files=(replace(file, **fields),))
        monkeypatch.setattr(resources, "catalogue", lambda: {"served": changed})

    yield change
    server.shutdown()
    server.server_close()


def test_fetch_checks_unpacks_and_caches(served):
    folder = fetch("served")
    assert folder == cache_dir() / "corpora" / "served"
    assert [path.read_text() for path in folder.rglob("a.abc")] == ["X:1\n"]
    assert fetch("served") == folder


def test_fetch_refuses_what_differs_or_cannot_be_checked(served):
    served(sha256="0" * 64)
    with pytest.raises(MusicVAEError, match="not the expected file"):
        fetch("served")
    assert not list(cache_dir().rglob("*.abc"))
    served(sha256="")
    with pytest.raises(ConfigError, match=r"tunes\.zip.*--no-verify"):
        fetch("served")
    assert list(fetch("served", verify=False).rglob("a.abc"))


def test_a_cache_that_cannot_be_made_is_told(served, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(MusicVAEError, match=r"served: cannot be written to: .*MUSICVAE_LITE_CACHE chooses"):
        fetch("served")


@pytest.mark.parametrize("made", [False, True])
def test_a_cache_that_cannot_be_written_to_is_told(served, tmp_path, monkeypatch, made):
    folder = tmp_path / "cache" / "corpora" / "served"
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(tmp_path / "cache"))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    if made:
        folder.mkdir(parents=True)
    monkeypatch.setattr("tempfile.NamedTemporaryFile" if made else "os.makedirs", refused)
    with pytest.raises(MusicVAEError) as error:
        fetch("served")
    assert str(error.value) == (
        f"{folder}: cannot be written to: Permission denied. MUSICVAE_LITE_CACHE chooses another folder"
    )


def test_fetch_says_why_it_failed(served):
    with pytest.raises(ConfigError, match="'nothing'; there are served"):
        fetch("nothing")
    served(address="http://127.0.0.1:9/tunes.zip")
    with pytest.raises(MusicVAEError, match=r"127\.0\.0\.1:9/tunes\.zip: could not be downloaded"):
        fetch("served")


TUNES = sorted(path.stem for path in (Path(__file__).parent.parent / "data" / "examples").glob("*.abc"))
BARS = {
    "amazing-grace": ("3/4", 17),
    "augustin": ("3/4", 16),
    "auld-lang-syne": ("4/4", 17),
    "drunken-sailor": ("4/4", 16),
    "frere-jacques": ("4/4", 8),
    "greensleeves": ("6/8", 17),
    "lightly-row": ("4/4", 16),
    "ode-to-joy": ("4/4", 16),
    "swallowtail-jig": ("6/8", 32),
    "twinkle": ("4/4", 12),
    "yankee-doodle": ("4/4", 16),
}


@pytest.mark.parametrize("name", TUNES)
def test_example_midi_says_what_its_abc_says(examples, name):
    abc, midi = read_song(examples / f"{name}.abc"), read_song(examples / f"{name}.mid")
    for field in ("start", "end", "pitch"):
        np.testing.assert_array_equal(getattr(abc, field), getattr(midi, field))
    grid = Grid.of(midi)
    assert (str(midi.meters[-1].meter), grid.bars) == BARS[name]
    _, away = grid.quantise(midi.start)
    assert not away.any()  # every note begins on a 16th


def test_the_band_is_the_tune_with_bass_and_drums(examples):
    band, tune = read_song(examples / "drunken-sailor-band.mid"), read_song(examples / "drunken-sailor.mid")
    assert [track.is_drum for track in band.tracks] == [False, False, True]
    np.testing.assert_array_equal(band.pitch[band.track == 0], tune.pitch)
    assert band.pitch[band.track == 1].max() < tune.pitch.min()


def test_the_piano_plays_the_tune_over_its_chords(examples):
    piano, tune = read_song(examples / "ode-to-joy-piano.mid"), read_song(examples / "ode-to-joy.mid")
    assert len(piano.tracks) == 1 and len(Grid.of(piano).stretches) == 1
    top = dict(zip(piano.start.tolist(), piano.pitch.tolist(), strict=True))
    assert [top[tick] for tick in tune.start.tolist()] == tune.pitch.tolist()  # sorted: the highest is last
    assert len(piano) > 2 * len(tune)


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, musicvae_lite; from musicvae_lite import MusicVAEError, Score, __version__; "
        "print([m for m in ('torch', 'symusic', 'music21', 'matplotlib', 'scipy', 'pretty_midi') "
        "if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": path()}
    )
    assert run.stdout.strip() == "[]"


def path() -> str:
    return str(Path(resources.__file__).parent.parent)


def test_a_user_without_a_home_is_told_what_to_set(monkeypatch):
    def nobody(*_: object, **__: object) -> None:
        raise RuntimeError("could not determine the home directory")

    monkeypatch.delenv("MUSICVAE_LITE_CACHE", raising=False)
    monkeypatch.setattr("platformdirs.user_cache_path", nobody)
    with pytest.raises(ConfigError, match="set MUSICVAE_LITE_CACHE"):
        cache_dir()
    assert "melody-2bar" in [folder.name for folder in finding.shipped()]
