"""The workspace: one process at a time, and what a kill at any moment leaves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from musicvae_lite.corpora import assemble, build
from musicvae_lite.corpora.build import Progress, build_dataset
from musicvae_lite.corpora.manifest import Manifest
from musicvae_lite.corpora.workspace import VERSION, Workspace
from musicvae_lite.errors import DatasetError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from tests.corpora.tunes import contents, write_tunes

MELODY = MelodyRepresentation(bars=2)
OF_THE_OLD = "train-00009.tokens.npy"


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 12)


@pytest.fixture(scope="module")
def reference(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("reference") / "dataset"
    build_dataset([music], MELODY, output, workers=0)
    return output


@pytest.fixture
def old(reference: Path, tmp_path: Path) -> Path:
    """A dataset that is in the place of the one to be made, with another shard."""
    output = tmp_path / "dataset"
    shutil.copytree(reference, output)
    (output / OF_THE_OLD).touch()
    return output


def at(stage: str, files: int, action: Callable[[], object]) -> Callable[[Progress], None]:
    def on_progress(progress: Progress) -> None:
        if progress.stage == stage and progress.files >= files:
            action()

    return on_progress


def stop() -> None:
    raise KeyboardInterrupt


def prepare(music: Path, output: Path, **options) -> Manifest:
    return build_dataset([music], MELODY, output, workers=0, chunk_files=2, **options)


def killed(music: Path, output: Path, **options) -> None:
    """A run that ends without a word after four files."""
    with pytest.raises(KeyboardInterrupt):
        prepare(music, output, on_progress=at("extract", 4, stop), **options)


def resumed(music: Path, output: Path, **options) -> int:
    """Files that a run to its end found done."""
    seen: list[Progress] = []
    prepare(music, output, on_progress=seen.append, **options)
    return max(progress.resumed for progress in seen)


@pytest.mark.parametrize("restart", [False, True])
def test_a_second_process_is_refused_and_touches_nothing(
    music: Path, reference: Path, tmp_path: Path, restart: bool
):
    output, refused = tmp_path / "dataset", []

    def second() -> None:
        with pytest.raises(DatasetError, match=r"dataset\.partial: another process is preparing"):
            prepare(music, output, restart=restart)
        refused.append(True)

    prepare(music, output, on_progress=at("extract", 4, second))
    assert refused and contents(output) == contents(reference)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


def test_a_second_process_does_not_come_in_while_the_dataset_is_assembled(
    music: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    output, marked = tmp_path / "dataset", assemble._mark

    def meanwhile(*args):
        with pytest.raises(DatasetError, match="another process is preparing"):
            prepare(music, output)
        return marked(*args)

    monkeypatch.setattr(assemble, "_mark", meanwhile)
    prepare(music, output)
    assert contents(output) == contents(reference)


def test_a_run_that_failed_leaves_no_lock(music: Path, reference: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    killed(music, output)
    assert resumed(music, output) == 4
    assert contents(output) == contents(reference)


@pytest.mark.parametrize("restart", [False, True])
def test_a_killed_run_that_replaces_a_dataset_goes_on(music: Path, reference: Path, old: Path, restart: bool):
    killed(music, old, restart=True)
    assert (old / OF_THE_OLD).exists()  # it stands until the new one is whole
    assert resumed(music, old, restart=restart) == 4
    assert contents(old) == contents(reference)
    assert [path.name for path in old.parent.iterdir()] == ["dataset"]


def test_a_killed_restart_goes_on_where_there_was_nothing_to_replace(music: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    killed(music, output)
    killed(music, output, restart=True)  # drops the four files of the first
    assert resumed(music, output, restart=True) == 4


def test_a_restart_with_other_settings_drops_a_killed_restart(music: Path, old: Path):
    killed(music, old, restart=True)
    with pytest.raises(DatasetError, match="differs"):
        prepare(music, old, hop="bar")
    assert resumed(music, old, restart=True, hop="bar") == 0
    assert Manifest.load(old).recipe["hop"] == 16


def test_an_unfinished_run_of_another_version_is_told_as_such(music: Path, reference: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    killed(music, output)
    settings = tmp_path / "dataset.partial" / "settings.json"
    before = json.loads(settings.read_text()) | {"version": VERSION - 1, "plan": "other"}
    settings.write_text(json.dumps(before))
    with pytest.raises(DatasetError) as error:
        prepare(music, output, hop="bar")
    assert str(error.value) == (
        f"{output}.partial: this unfinished run was begun by another version of musicvae_lite: "
        "finish it with that, or begin anew with --restart"
    )
    assert json.loads(settings.read_text()) == before
    assert resumed(music, output, restart=True) == 0
    assert contents(output) == contents(reference)


def test_an_unfinished_run_does_not_replace_a_dataset_that_came_later(
    music: Path, reference: Path, tmp_path: Path
):
    output = tmp_path / "dataset"
    killed(music, output)
    shutil.copytree(reference, output)
    with pytest.raises(DatasetError, match="this dataset exists"):
        prepare(music, output)
    assert (tmp_path / "dataset.partial" / "journal.jsonl").exists()  # no work is removed unasked
    assert resumed(music, output, restart=True) == 0


@pytest.mark.parametrize("name", ["run/best/model.safetensors", "notes.txt", "music/1.mid"])
def test_what_another_has_put_into_a_dataset_is_not_removed_with_it(music: Path, old: Path, name: str):
    precious = old / name
    precious.parent.mkdir(exist_ok=True, parents=True)
    precious.touch()
    before = sorted(old.rglob("*"))
    word = Path(name).parts[0]
    with pytest.raises(DatasetError, match=rf"dataset: it holds what is no part of the dataset.*{word}"):
        prepare(music, old, restart=True, on_progress=lambda _: pytest.fail("it has begun"))
    assert sorted(old.rglob("*")) == before
    assert [path.name for path in old.parent.iterdir()] == ["dataset"]


def test_what_is_put_into_a_dataset_meanwhile_is_not_removed_with_it(music: Path, reference: Path, old: Path):
    precious = old / "run"
    with pytest.raises(DatasetError, match="no part of the dataset"):
        prepare(music, old, restart=True, on_progress=at("assemble", 0, precious.mkdir))
    assert precious.exists()
    precious.rename(old.parent / "run")
    assert resumed(music, old, restart=True) == 12
    assert contents(old) == contents(reference)


def test_a_dataset_that_came_meanwhile_is_not_replaced_unasked(music: Path, reference: Path, tmp_path: Path):
    output = tmp_path / "dataset"
    with pytest.raises(DatasetError, match="this dataset exists"):
        prepare(music, output, on_progress=at("assemble", 0, lambda: shutil.copytree(reference, output)))


class Killed(BaseException):
    pass


def test_what_is_left_after_the_dataset_was_put_in_place_is_removed(
    music: Path, reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def die(self: Workspace) -> None:
        raise Killed

    output = tmp_path / "dataset"
    with monkeypatch.context() as patch:
        patch.setattr(Workspace, "remove", die)
        with pytest.raises(Killed):
            prepare(music, output)
    assert (tmp_path / "dataset.partial").exists()
    with pytest.raises(DatasetError, match="this dataset exists"):
        prepare(music, output)
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]
    assert contents(output) == contents(reference)


@pytest.mark.parametrize("moves", [0, 1])
def test_a_kill_while_a_dataset_is_put_in_place(
    music: Path, reference: Path, old: Path, moves: int, monkeypatch: pytest.MonkeyPatch
):
    original, left = Path.replace, [moves]

    def replace(self: Path, target: Path) -> Path:
        if "replaced" in (self.name, Path(target).name) or self.name == "dataset":
            if not left[0]:
                raise Killed
            left[0] -= 1
        return original(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace)
        with pytest.raises(Killed):
            prepare(music, old, restart=True)
    assert resumed(music, old, restart=True) == 12
    assert contents(old) == contents(reference)


def test_no_sparse_file_stands_for_memory(music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Writing to one on a full disk kills the process."""
    seen: list[str] = []
    written = assemble._write

    def looking(chunks, prints, split_of, kept, totals, dataset, *rest):
        seen.extend(path.name for path in dataset.parent.iterdir())
        return written(chunks, prints, split_of, kept, totals, dataset, *rest)

    monkeypatch.setattr(assemble, "_write", looking)
    prepare(music, tmp_path / "dataset")
    assert "spill" in seen and not [name for name in seen if name.endswith(".bin")]


def symlink(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no links here: {error}")


@pytest.mark.parametrize("exists", [False, True])
def test_a_dataset_goes_where_a_link_leads(music: Path, reference: Path, tmp_path: Path, exists: bool):
    place = tmp_path / "disk" / "place"
    (place if exists else place.parent).mkdir(parents=True)
    symlink(tmp_path / "link", place)
    seen: list[list[str]] = []
    prepare(
        music,
        tmp_path / "link",
        on_progress=lambda progress: seen.append([path.name for path in place.parent.iterdir()]),
    )
    assert (tmp_path / "link").is_symlink() and contents(place) == contents(reference)
    assert any("place.partial" in names for names in seen)


def test_a_place_where_a_disk_is_mounted_is_refused_at_the_start(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "disk").mkdir()
    monkeypatch.setattr(os.path, "ismount", lambda path: Path(path) == tmp_path / "disk")
    monkeypatch.setattr(build, "_extract", lambda *_: pytest.fail("it has begun"))
    with pytest.raises(DatasetError, match=r"a disk is mounted here.*such as .*disk.dataset"):
        prepare(music, tmp_path / "disk")
    assert [path.name for path in tmp_path.iterdir()] == ["disk"]
