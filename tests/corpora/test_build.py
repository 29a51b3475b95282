"""Whole runs: the same bytes whatever the workers, resuming, bad files, nothing usable."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.corpora import build, workers
from musicvae_lite.corpora.build import Progress, build_dataset
from musicvae_lite.corpora.extract import extract_chunk
from musicvae_lite.corpora.manifest import Manifest
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, ReadError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter
from musicvae_lite.training.dataset import WindowDataset
from tests.corpora.tunes import DEADLY, DeadlyRepresentation, contents, tune, write_tunes

MELODY = MelodyRepresentation(bars=2)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tunes(tmp_path_factory.mktemp("music"), 20)
    (folder / "broken.mid").write_bytes(b"this is no music")
    (folder / "empty.mid").write_bytes(b"")
    tune(50, meter=Meter(3, 4)).save(str(folder / "waltz.mid"))
    return folder


@pytest.fixture(scope="module")
def reference(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset made in this process, all files in one chunk."""
    output = tmp_path_factory.mktemp("reference") / "dataset"
    build_dataset([music], MELODY, output, workers=0)
    return output


def test_manifest_tells_what_happened(music: Path, reference: Path):
    manifest = Manifest.load(reference)
    assert manifest.sources["files"] == 23
    assert manifest.songs == 20
    assert manifest.extracted == 20 * 25  # 8 bars of 4 beats, windows of 8 beats
    assert manifest.windows + sum(manifest.duplicates.values()) == manifest.extracted
    assert {r.code for r in manifest.rejections} >= {"empty", "meter"}
    meter = next(r for r in manifest.rejections if r.code == "meter")
    assert meter.source == "waltz.mid" and meter.bar == 1
    assert manifest.representation == MELODY.to_config()
    assert {p.name for p in reference.parent.iterdir()} == {"dataset"}  # nothing left beside it


def test_songs_are_listed_with_their_folder(reference: Path):
    songs = [json.loads(line) for line in (reference / "songs.jsonl").read_text().splitlines()]
    assert [s["id"] for s in songs] == list(range(20))
    assert songs[0]["source"] == "even/000.mid" and songs[0]["label"] == "even"
    assert {s["split"] for s in songs} == {"train", "validation", "test"}


@pytest.mark.parametrize("count", [1, 2])
def test_same_bytes_with_any_number_of_workers(music: Path, reference: Path, tmp_path: Path, count: int):
    build_dataset([music], MELODY, tmp_path / "dataset", workers=count, chunk_files=3)
    assert contents(tmp_path / "dataset") == contents(reference)


def test_same_bytes_in_any_order_of_completion(
    music: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def backwards(jobs, *_):
        return map(extract_chunk, reversed(list(jobs)))

    monkeypatch.setattr(build, "run_jobs", backwards)
    build_dataset([music], MELODY, tmp_path / "dataset", chunk_files=4)
    assert contents(tmp_path / "dataset") == contents(reference)


def test_any_executor_will_do(music: Path, reference: Path, tmp_path: Path):
    with ThreadPoolExecutor(2) as pool:
        build_dataset([music], MELODY, tmp_path / "dataset", executor=pool, chunk_files=5)
    assert contents(tmp_path / "dataset") == contents(reference)


def _stop_after(files: int):
    def on_progress(progress: Progress) -> None:
        if progress.files >= files:
            raise KeyboardInterrupt

    return on_progress


def test_a_killed_run_goes_on_where_it_was(
    music: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    output = tmp_path / "dataset"
    with pytest.raises(KeyboardInterrupt):
        build_dataset([music], MELODY, output, workers=0, chunk_files=4, on_progress=_stop_after(12))
    assert not output.exists()
    journal = tmp_path / "dataset.partial" / "journal.jsonl"
    with journal.open("a") as file:
        file.write('{"chunk": 9, "fi')  # killed while writing a line
    done: list[int] = []

    def counting(job):
        done.append(job.chunk.number)
        return extract_chunk(job)

    monkeypatch.setattr(workers, "extract_chunk", counting)
    seen: list[Progress] = []
    build_dataset([music], MELODY, output, workers=0, chunk_files=4, on_progress=seen.append)
    assert done == [3, 4, 5]
    assert max(p.resumed for p in seen) == 12
    assert contents(output) == contents(reference)


def test_a_spill_file_cut_short_is_made_again(music: Path, reference: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    with pytest.raises(KeyboardInterrupt):
        build_dataset([music], MELODY, output, workers=0, chunk_files=4, on_progress=_stop_after(12))
    spill = tmp_path / "dataset.partial" / "spill" / "00000001.spill"
    spill.write_bytes(spill.read_bytes()[:-10])
    build_dataset([music], MELODY, output, workers=0, chunk_files=4)
    assert contents(output) == contents(reference)


def test_a_damaged_spill_file_is_noticed(music: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    with pytest.raises(KeyboardInterrupt):
        build_dataset([music], MELODY, output, workers=0, chunk_files=4, on_progress=_stop_after(12))
    spill = tmp_path / "dataset.partial" / "spill" / "00000001.spill"
    data = bytearray(spill.read_bytes())
    data[len(data) // 2] ^= 1
    spill.write_bytes(data)
    with pytest.raises(DatasetError, match=r"00000001\.spill.*damaged.*delete it, and the same call"):
        build_dataset([music], MELODY, output, workers=0, chunk_files=4)
    spill.unlink()
    build_dataset([music], MELODY, output, workers=0, chunk_files=4)
    assert output.exists()


def test_resuming_with_other_settings_shows_the_difference(music: Path, reference: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    with pytest.raises(KeyboardInterrupt):
        build_dataset(
            [music], MelodyRepresentation(bars=4), output, hop=2, workers=0, on_progress=_stop_after(1)
        )
    with pytest.raises(DatasetError, match=r"(?s)representation\.bars: 4, now 2.*hop: 2, now 4.*--restart"):
        build_dataset([music], MELODY, output, workers=0)
    build_dataset([music], MELODY, output, workers=0, restart=True)
    assert contents(output) == contents(reference)


def test_resuming_with_other_files_is_refused(tmp_path: Path):
    music = write_tunes(tmp_path / "music", 4)
    with pytest.raises(KeyboardInterrupt):
        build_dataset([music], MELODY, tmp_path / "out", workers=0, on_progress=_stop_after(1))
    write_tunes(music, 1, first=4)
    with pytest.raises(DatasetError, match=r"(?s)the files.*have changed.*--restart"):
        build_dataset([music], MELODY, tmp_path / "out", workers=0)


def test_a_file_that_kills_its_worker_costs_itself_alone(tmp_path: Path):
    music = write_tunes(tmp_path / "music", 6)
    tune(99, title=DEADLY).save(str(music / "even" / "003-deadly.mid"))
    manifest = build_dataset(
        [music], DeadlyRepresentation(bars=2), tmp_path / "out", workers=1, chunk_files=4
    )
    assert manifest.songs == 6
    crash = next(r for r in manifest.rejections if r.code == "crash")
    assert crash.source == "even/003-deadly.mid" and crash.count == 1


def test_a_fault_in_one_file_costs_itself_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    music = write_tunes(tmp_path / "music", 4)

    def faulty(self, score, hop=None, track=None):
        if score.source.endswith("002.mid"):
            raise ZeroDivisionError("by zero")
        return original(self, score, hop, track)

    original = MelodyRepresentation.windows
    monkeypatch.setattr(MelodyRepresentation, "windows", faulty)
    manifest = build_dataset([music], MELODY, tmp_path / "out", workers=0)
    assert manifest.songs == 3
    (fault,) = manifest.rejections
    assert (fault.code, fault.source, fault.detail) == (
        "internal",
        "even/002.mid",
        "ZeroDivisionError: by zero",
    )


def test_nothing_usable_leaves_nothing(tmp_path: Path):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(3):
        tune(number, meter=Meter(3, 4)).save(str(music / f"waltz{number}.mid"))
    with pytest.raises(NothingUsableError, match=r"(?s)none of 3 files.*3  meter +waltz0\.mid, bar 1: "):
        build_dataset([music], MELODY, tmp_path / "out", workers=0)
    assert [p.name for p in tmp_path.iterdir()] == ["music"]


def test_no_files_of_music(tmp_path: Path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "notes.txt").write_text("la la la")
    with pytest.raises(NothingUsableError, match="no files of music"):
        build_dataset([tmp_path / "music"], MELODY, tmp_path / "out", workers=0)
    assert [p.name for p in tmp_path.iterdir()] == ["music"]


def test_one_path_will_do(reference: Path, music: Path, tmp_path: Path):
    build_dataset(str(music), MELODY, tmp_path / "dataset", workers=0)
    assert contents(tmp_path / "dataset") == contents(reference)


def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(ReadError, match="nowhere"):
        build_dataset([tmp_path / "nowhere"], MELODY, tmp_path / "out", workers=0)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("restart", [False, True])
def test_what_another_keeps_in_the_workspaces_place_is_left_alone(music: Path, tmp_path: Path, restart: bool):
    precious = tmp_path / "dataset.partial" / "notes.txt"
    precious.parent.mkdir()
    precious.write_text("precious")
    with pytest.raises(DatasetError, match=r"dataset\.partial.*something else has this name"):
        build_dataset([music], MELODY, tmp_path / "dataset", workers=0, restart=restart)
    assert precious.read_text() == "precious" and not (tmp_path / "dataset").exists()


def test_an_existing_dataset_is_kept_unless_restarted(reference: Path, music: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    shutil.copytree(reference, output)
    with pytest.raises(DatasetError, match="--restart"):
        build_dataset([music], MELODY, output, workers=0)
    assert contents(output) == contents(reference)
    build_dataset([music], MELODY, output, workers=0, restart=True, hop="bar")
    assert Manifest.load(output).recipe["hop"] == 16


def test_a_folder_that_is_no_dataset_is_never_replaced(music: Path, tmp_path: Path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="no dataset"):
        build_dataset([music], MELODY, tmp_path / "precious", workers=0, restart=True)
    assert (tmp_path / "precious" / "thesis.txt").exists()


def test_a_disk_that_cannot_be_written_is_an_error_that_goes_on(
    music: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(jobs, *_):
        yield extract_chunk(next(jobs))
        raise OSError(28, "No space left on device", str(tmp_path / "spill"))

    with monkeypatch.context() as patch:
        patch.setattr(build, "run_jobs", full)
        with pytest.raises(DatasetError, match="No space left"):
            build_dataset([music], MELODY, tmp_path / "dataset", chunk_files=8)
    build_dataset([music], MELODY, tmp_path / "dataset", chunk_files=8, workers=0)
    assert contents(tmp_path / "dataset") == contents(reference)


def test_all_tracks_gives_those_the_choice_leaves_out(tmp_path: Path):
    from dataclasses import replace

    first, second = tune(1), tune(2, shift=-24)
    both = {
        k: np.concatenate([getattr(first, k), getattr(second, k)])
        for k in ("start", "end", "pitch", "velocity")
    }
    order = np.argsort(both["start"], kind="stable")
    both = {k: v[order] for k, v in both.items()}
    track = np.repeat([0, 1], len(first)).astype(np.int32)[order]
    song = replace(first, **both, track=track, tracks=(*first.tracks, *second.tracks))
    (tmp_path / "music").mkdir()
    song.save(str(tmp_path / "music" / "duet.mid"))
    chosen = build_dataset([tmp_path / "music"], MELODY, tmp_path / "one", workers=0)
    every = build_dataset([tmp_path / "music"], MELODY, tmp_path / "all", workers=0, tracks="all")
    assert (chosen.extracted, every.extracted) == (25, 50)


def test_a_tune_book_gives_many_songs(tmp_path: Path):
    bars = ["CDEF GABc|", "c2B2 A2G2|", "E4 G4|", "cBAG FEDC|"]
    book = "\n".join(
        f"X:{n}\nT:Tune {n}\nM:4/4\nL:1/8\nK:C\n" + "".join(bars[(n * k) % 4] for k in range(1, 7)) + "\n"
        for n in (1, 2, 3)
    )
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "book.abc").write_text(book)
    build_dataset([tmp_path / "music"], MELODY, tmp_path / "out", workers=0, hop="bar", split=(1, 0, 0))
    songs = WindowDataset(tmp_path / "out").songs
    assert [(s.tune, s.title) for s in songs] == [(1, "Tune 1"), (2, "Tune 2"), (3, "Tune 3")]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"hop": 0}, "at least 1"),
        ({"hop": "minute"}, "beat"),
        ({"hop": 1.5}, "hop is 1.5; it can be"),
        ({"tracks": "some"}, "chosen"),
        ({"split": (0.5, 0.1, 0.1)}, "sum to 1"),
        ({"workers": -1}, "workers is -1"),
        ({"drums_by": "ear"}, "'onsets' or 'line'"),
    ],
)
def test_settings_out_of_range(tmp_path: Path, settings: dict, words: str):
    with pytest.raises(ConfigError, match=words):
        build_dataset([tmp_path], MELODY, tmp_path / "out", **{"workers": 0, **settings})


@pytest.mark.parametrize("split", [(float("nan"), 0.5, 0.5), (1.0, float("nan"), 0.0)])
def test_shares_that_are_no_numbers_are_refused(music: Path, tmp_path: Path, split: tuple[float, ...]):
    with pytest.raises(ConfigError, match="three shares"):
        build_dataset([music], MELODY, tmp_path / "dataset", workers=0, split=split)  # type: ignore[arg-type]
