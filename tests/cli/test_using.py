"""interpolate, sample, reconstruct, encode, decode and models, as a user runs them."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite import plot, read_song
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import files
from musicvae_lite.music.score import Meter, Score, Track
from tests.cli.running import run
from tests.corpora.tunes import tune
from tests.models.small import save_small

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.usefixtures("place")


def made(place: Path) -> list[str]:
    return sorted(p.relative_to(place).as_posix() for p in place.rglob("*"))


def test_interpolate_says_what_it_took_and_where_it_is(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("interpolate", "../a.mid", "../b.mid") == 0
    said = capsys.readouterr().out
    assert "A  ../a.mid, bars 1-2, the first that fit (track 1" in said
    assert "model  melody-2bar: of the shipped models that take all of this music" in said
    assert "wrote a-to-b.mid" in said
    assert made(place) == ["a-to-b.json", "a-to-b.mid"]
    record = json.loads((place / "a-to-b.json").read_text())
    assert record["model"]["name"] == "melody-2bar" and len(record["model"]["sha256"]) == 64
    assert record["inputs"][1]["file"] == "../b.mid" and record["takes"] == 9
    expected = MusicVAE.load("melody-2bar").interpolate("../a.mid", "../b.mid").joined()
    assert (read_song("a-to-b.mid").start == expected.start).all()


def test_interpolate_with_everything(place: Path, capsys: pytest.CaptureFixture[str]):
    options = ["-n", "3", "--temperature", "1", "--seed", "7", "--split", "--wav", "--plot", "--json"]
    bars = ["--bars", "5-6", "--bars-b", "2-3", "--track", "1"]
    assert run("interpolate", "../a.mid", "../b.mid", "-o", "new/out.mid", *options, *bars) == 0
    record = json.loads(capsys.readouterr().out)
    names = [f"new/out-0{n}{suffix}" for n in (1, 2, 3) for suffix in (".mid", ".wav")]
    assert made(place) == sorted(["new", *names, "new/out.json", "new/out.png"])
    assert sorted(record["files"]) == sorted([*names, "new/out.json", "new/out.png"])
    assert (record["seed"], record["temperature"]) == (7, 1.0)
    assert [i["bars"] for i in record["inputs"]] == [[5, 6], [2, 3]]


def test_the_bars_choose_the_model(capsys: pytest.CaptureFixture[str]):
    assert run("reconstruct", "../a.mid", "--bars", "2-17", "--json") == 0
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "melody-16bar"


def test_the_same_seed_gives_the_same_file(place: Path):
    for name, seed in (("x", 3), ("y", 3), ("z", 4)):
        assert run("sample", "-n", "5", "--seed", seed, "--tempo", "90", "-o", f"{name}.mid") == 0
    x, y, z = ((place / f"{name}.mid").read_bytes() for name in "xyz")
    assert x == y != z
    assert read_song("x.mid").tempos[0].qpm == pytest.approx(90, abs=0.01)


def test_generate_is_sample(place: Path):
    assert run("generate", "-n", "2", "--program", "40") == 0
    assert made(place) == ["melody-2bar-sample.json", "melody-2bar-sample.mid"]


def test_samples_in_another_precision(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("sample", "-n", "2", "--precision", "auto") == 0
    assert run("sample", "-n", "2", "--precision", "half") == 2
    assert "'half' is none of auto, bf16, float32" in capsys.readouterr().err


def test_reconstruct_draws_what_went_in_too(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("reconstruct", "../b.mid", "--plot") == 0
    assert "as the input" in capsys.readouterr().out
    assert made(place) == [f"b-reconstruction{suffix}" for suffix in (".json", ".mid", ".png")]


def test_vary_draws_what_went_in_first(place: Path, monkeypatch: pytest.MonkeyPatch):
    drawn: list[tuple[list[str], Score]] = []
    monkeypatch.setattr(plot, "strip", lambda scores, labels, *_, **__: drawn.append((labels, scores[0])))
    assert run("vary", "../b.mid", "-n", "2", "--plot") == 0
    [(labels, first)] = drawn
    assert labels == ["input", "variation 1", "variation 2"]
    model = MusicVAE.load("melody-2bar")
    taken = model.representation.to_score(model.pick("../b.mid").tokens)
    assert (first.pitch == taken.pitch).all() and (first.start == taken.start).all()


def test_encode_and_decode(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("encode", "../a.mid", "../b.mid", "-o", "c.npz") == 0
    assert "2 codes of 8 numbers" in capsys.readouterr().out
    with np.load("c.npz") as stored:
        assert np.array_equal(stored["z"], MusicVAE.load("melody-2bar").encode("../a.mid", "../b.mid"))
    assert run("decode", "c.npz", "--split") == 0
    assert "the one that encoded them" in capsys.readouterr().out
    assert made(place) == ["c-01.mid", "c-02.mid", "c.json", "c.npz"]
    assert run("encode", "../a.mid", "--every", "--sample", "--seed", "1", "-o", "all.npz", "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["shape"] == [19, 8] and record["sampled"] is True
    assert run("encode", "../a.mid", "--every", "--bars", "1-2") == 2
    tune(3, meter=Meter(3, 4)).save(str(place / "waltz.mid"))
    some = ("encode", "waltz.mid", "../a.mid", "--every", "-o", "some.npz", "--model", "melody-2bar")
    assert run(*some, "--json") == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["shape"] == [19, 8]
    assert "1 of 2 songs hold no window and are left out, the first: waltz.mid" in " ".join(shown.err.split())


def test_codes_that_are_replaced_are_told(tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for times in range(2):
        assert run("encode", "../a.mid", "-o", "~/z.npz") == 0
        assert ("was there already" in " ".join(capsys.readouterr().err.split())) is bool(times)


def test_decoding_with_another_model_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("encode", "../a.mid") == 0
    assert run("decode", "codes.npz", "--model", save_small(tmp_path / "other", seed=1)) == 0
    assert "another model (melody-2bar)" in capsys.readouterr().err
    assert run("decode", "codes.npz", "--model", save_small(tmp_path / "small", z=4)) == 1
    assert "this model decodes [N, 4]" in capsys.readouterr().err


def test_models(capsys: pytest.CaptureFixture[str]):
    assert run("models") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert any(row[:1] == ["melody-16bar"] and "16" in row and "4/4" in row for row in rows)
    assert run("models", "list", "--json") == 0
    assert [m["bars"] for m in json.loads(capsys.readouterr().out)] == [16, 2]
    assert run("models", "show", "melody-2bar") == 0
    assert "# A small model" in capsys.readouterr().out
    assert run("models", "show", "melody-3bar") == 1
    assert "Did you mean 'melody-2bar'?" in capsys.readouterr().err


def test_two_equal_inputs_work_and_are_told(capsys: pytest.CaptureFixture[str]):
    assert run("interpolate", "../b.mid", "../b.mid", "-n", "3") == 0
    assert "the same music" in capsys.readouterr().err


def _midi(seed: int = 3) -> bytes:
    tune(seed).save("../whole.mid")
    return Path("../whole.mid").read_bytes()


def _no_notes() -> bytes:
    tune(1).select(np.zeros(0, np.int64)).save("../none.mid")
    return Path("../none.mid").read_bytes()


def _drums() -> bytes:
    replace(tune(1), tracks=(Track("kit", 0, True),)).save("../drums.mid")
    return Path("../drums.mid").read_bytes()


def _meter(numerator: int, denominator: int, bars: int = 8) -> bytes:
    tune(1, bars=bars, meter=Meter(numerator, denominator)).save("../meter.mid")
    return Path("../meter.mid").read_bytes()


BAD = {
    "empty": (lambda: b"", "the file is empty"),
    "text": (lambda: b"once upon a time", ""),
    "truncated header": (lambda: _midi()[:9], ""),
    "no track": (lambda: struct.pack(">4sIHHH", b"MThd", 6, 1, 0, 480), ""),
    "no notes": (_no_notes, "no notes"),
    "drums": (_drums, "only drums"),
    "waltz": (lambda: _meter(3, 4), "bars 1-8: bars of 3/4 do not fill the 4/4 bars of this model"),
    "jig": (lambda: _meter(6, 8), "6/8"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("command", ["interpolate", "reconstruct", "encode"])
def test_bad_music(kind: str, command: str, place: Path, capsys: pytest.CaptureFixture[str]):
    make, words = BAD[kind]
    Path("../bad.mid").write_bytes(make())
    inputs = ["../a.mid", "../bad.mid"] if command == "interpolate" else ["../bad.mid"]
    assert run(command, *inputs) == 1
    captured = capsys.readouterr()
    assert "../bad.mid: " in captured.err and words in captured.err
    assert "bug" not in captured.err and captured.out == ""
    assert made(place) == []


def test_damaged_music_is_taken_or_refused_but_never_a_bug(place: Path, capsys: pytest.CaptureFixture[str]):
    whole, chance = _midi(), np.random.default_rng(5)
    codes = []
    for flips in [1] * 20 + [4] * 10 + [0] * 5:
        data = bytearray(whole if flips else whole[: chance.integers(len(whole))])
        for at in chance.integers(0, len(data), flips):
            data[at] ^= 1 << chance.integers(0, 8)
        Path("../bad.mid").write_bytes(data)
        codes.append(run("interpolate", "../bad.mid", "../a.mid", "-n", "2", "-o", "out.mid"))
        done = made(place)
        assert done == (["out.json", "out.mid"] if codes[-1] == 0 else [])
        for name in done:
            os.unlink(name)
    assert set(codes) == {0, 1}


def test_one_bar_for_a_model_of_sixteen(place: Path, capsys: pytest.CaptureFixture[str]):
    Path("../bar.mid").write_bytes(_meter(4, 4, bars=1))
    assert run("reconstruct", "../bar.mid", "--model", "melody-16bar") == 1
    said = capsys.readouterr().err
    assert "bar.mid" in said and "1 bar of 4/4 here, and the model takes 16" in said
    assert run("reconstruct", "../a.mid", "--bars", "5", "--model", "melody-16bar") == 1
    assert "this model takes 16: try 5-20" in capsys.readouterr().err
    assert made(place) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("interpolate", "../a.mid"),
        ("interpolate", "../a.mid", "../b.mid", "-n", "1"),
        ("interpolate", "../a.mid", "../b.mid", "--bars", "two"),
        ("interpolate", "../a.mid", "../b.mid", "--bars-b", "3-2"),
        ("interpolate", "../a.mid", "../b.mid", "-o", "out.flac"),
        ("interpolate", "../a.mid", "../b.mid", "--temperature", "-1"),
        ("sample", "-n", "0"),
        ("sample", "--seed", "-1"),
        ("reconstruct", "../a.mid", "--track", "0"),
        ("models", "shew"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], place: Path):
    assert run(*arguments) == 2
    assert made(place) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("interpolate", "../a.mid", "../c.mid"), "../c.mid: no such file"),
        (("interpolate", "../a.mid", "../b.mid", "--model", "melody-2bars"), "Did you mean 'melody-2bar'?"),
        (("interpolate", "../a.mid", "../b.mid", "--model", ".."), "holds no config.json"),
        (("interpolate", "../a.mid", "../b.mid", "-o", "../a.mid"), "is an input"),
        (("interpolate", "../a.mid", "../b.mid", "-o", "../a.mid/x.mid"), "is a file, not a folder"),
        (("interpolate", "../a.mid", "../b.mid", "--track-b", "3"), "no track 3"),
        (("sample", "-n", "65", "--plot"), "at most 64"),
        (("decode", "../a.mid"), "no file of codes"),
    ],
)
def test_what_cannot_be_done(
    arguments: tuple[str, ...], words: str, place: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(*arguments) == 1
    assert words in capsys.readouterr().err
    assert made(place) == []


def test_a_damaged_model(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    weights = save_small(tmp_path / "m") / "model.safetensors"
    for data in (b"", b"\xff" * 64, weights.read_bytes()[:-7]):
        weights.write_bytes(data)
        assert run("sample", "--model", tmp_path / "m") == 1
        assert "model.safetensors: damaged" in capsys.readouterr().err
    assert made(place) == []


@pytest.mark.parametrize("command", [("sample", "-n", "2", "--wav"), ("encode", "../a.mid")])
def test_a_full_disk(
    command: tuple[str, ...],
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    assert run(*command) == 1
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert made(place) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(place: Path, capsys: pytest.CaptureFixture[str]):
    Path("locked").mkdir(mode=0o500)
    assert run("sample", "-o", "locked/out.mid") == 1
    assert "no permission" in capsys.readouterr().err
    assert made(place) == ["locked"]


def test_only_what_is_needed_is_loaded(shipped: Path, place: Path):
    Path("../waltz.mid").write_bytes(_meter(3, 4))
    code = (
        "import sys\n"
        "from mvae.app import main\n"
        "def run(song):\n"
        f"    try: main(['interpolate', '../a.mid', song, '--model', {str(shipped / 'melody-2bar')!r}])\n"
        "    except SystemExit as end: print(end.code, sorted(heavy & set(sys.modules)))\n"
        "heavy = {'torch', 'lightning', 'lightning_fabric', 'scipy', 'matplotlib', 'pretty_midi',\n"
        "         'music21', 'soundfile', 'pooch', 'pandas'}\n"
        "run('../waltz.mid')\n"
        "run('../b.mid')\n"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert done.stdout.startswith("1 []\n")  # bad music is refused before anything heavy is loaded
    assert done.stdout.endswith("0 ['torch']\n")


@pytest.mark.skipif(not (ROOT / "checkpoints" / "melody-2bar").is_dir(), reason="there is no trained model")
def test_the_shipped_model_walks_between_two_tunes(examples: Path, capsys: pytest.CaptureFixture[str]):
    songs = [examples / "ode-to-joy.mid", examples / "drunken-sailor.mid"]
    assert run("interpolate", *songs, "--model", ROOT / "checkpoints" / "melody-2bar", "-o", "x.mid") == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    first = next(row for row in rows if row[:2] == ["A", "ode-to-joy"])
    last = next(row for row in rows if row[:2] == ["B", "drunken-sailor"])
    assert int(first[-2].rstrip("%")) >= 90 and int(last[-1].rstrip("%")) >= 90
    assert int(first[-1].rstrip("%")) < 90  # the tunes differ, and so do the ends


def test_moves_in_latent_space(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("vary", "../a.mid", "-n", "3", "--amount", "0.8", "--json") == 0
    assert json.loads(capsys.readouterr().out)["takes"] == 3
    assert run("blend", "../a.mid", "../b.mid", "../b.mid", "../a.mid", "--width", "3", "--height", "2") == 0
    assert run("average", "../a.mid", "../b.mid", "-o", "middle.mid") == 0
    assert run("style", "../a.mid", "--from", "../a.mid", "--to", "../b.mid") == 0
    midi = [name for name in made(place) if name.endswith(".mid")]
    assert midi == ["a-style.mid", "a-varied.mid", "blend.mid", "middle.mid"]


@pytest.mark.parametrize(
    "words",
    [
        ["sample", "--model", "~nosuchuser/m"],
        ["sample", "--personal", "~nosuchuser/m"],
        ["models", "show", "~nosuchuser/m"],
        ["image", "sample", "~nosuchuser/m"],
        ["train", "~nosuchuser/a.toml", "~nosuchuser/data", "-o", "x"],
        ["models", "import", "~nosuchuser/m"],
    ],
)
def test_a_home_that_is_not_there_is_a_wrong_name(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert run(*words) in (1, 2)
    said = capsys.readouterr().err
    assert "bug" not in said and said.startswith(("mvae:", "Usage"))


def test_personalize_and_search(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("personalize", "../a.mid", "-o", "mine", "--steps", "5", "-z", "2") == 2  # it is --z
    assert run("personalize", "../a.mid", "-o", "my style", "--steps", "5", "--z", "2") == 0
    assert "mvae sample --personal 'my style' --model melody-2bar" in capsys.readouterr().out
    assert run("personalize", "../a.mid", "-o", "mine", "--steps", "5", "--z", "2") == 0
    capsys.readouterr()
    words = ("sample", "--personal", "mine", "-n", "2", "--model", "melody-2bar", "--spread", "0.5")
    assert run(*words, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["personal"]["z"] == 2 and told["spread"] == 0.5
    assert run("sample", "--personal", "nowhere") == 1
    assert run("personalize", "../a.mid", "-o", "long", "--steps", "5", "--model", "melody-16bar") == 0
    capsys.readouterr()
    assert run("sample", "--personal", "long", "-n", "1", "--json") == 0  # with the model it was made with
    assert json.loads(capsys.readouterr().out)["model"]["name"] == "melody-16bar"
    capsys.readouterr()
    assert run("search", "../a.mid", "../b.mid", "-n", "1", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 1
