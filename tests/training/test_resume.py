"""A run that was stopped, in whatever way, ends as the unbroken one."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.training import loop
from musicvae_lite.training.music import MusicTask
from musicvae_lite.training.run_folder import read_log
from tests.training.runs import FLAT, MODEL, TRAIN, Heard, log, preset, run, state

ROOT = Path(__file__).resolve().parent.parent.parent


class Stop(Exception):
    """Ends a run from outside, as a crash would: nothing is saved."""


def crash() -> None:
    raise Stop


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Heard]:
    folder, heard = tmp_path_factory.mktemp("runs") / "unbroken", Heard()
    run(folder, heard)
    return folder, heard


def curve(events: list[dict]) -> list[dict]:
    return [event for event in events if event["kind"] in ("step", "validation")]


@pytest.mark.parametrize("at", [3, 7, 8, 13, 20, 23])
def test_crashed_and_resumed_is_unbroken(at: int, unbroken: tuple[Path, Heard], tmp_path: Path):
    folder, wanted = unbroken
    with pytest.raises(Stop):
        run(tmp_path / "run", Heard(at, crash))
    heard = Heard()
    best = run(tmp_path / "run", heard, resume=True)
    assert best == tmp_path / "run" / "best"
    saved = (at - 1) // 7 * 7  # an update is saved after it was told
    assert heard.of("start")[0].step == saved
    losses = heard.losses()
    assert min(losses) == saved + 1 and max(losses) == 24
    assert losses == {step: v for step, v in wanted.losses().items() if step > saved}
    assert state(tmp_path / "run") == state(folder)
    assert curve(log(tmp_path / "run")) == curve(log(folder))


def test_flat_models_and_all_noise_resume_too(tmp_path: Path):
    recipe = preset(FLAT, own_share=0.5, beta_begin=0.1, beta_end=0.9, free_bits=3.0, steps=14)
    wanted, heard = Heard(), Heard()
    run(tmp_path / "a", wanted, preset=recipe)
    with pytest.raises(Stop):
        run(tmp_path / "b", Heard(9, crash), preset=recipe)
    run(tmp_path / "b", heard, preset=recipe, resume=True)
    assert heard.losses() == {step: v for step, v in wanted.losses().items() if step > 7}
    assert state(tmp_path / "a") == state(tmp_path / "b")


def test_ctrl_c_ends_the_update_saves_and_goes_on_exactly(unbroken: tuple[Path, Heard], tmp_path: Path):
    heard = Heard(11, lambda: signal.raise_signal(signal.SIGINT))
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", heard)
    assert signal.getsignal(signal.SIGINT) == before
    assert heard[-1].kind == "saved" and heard[-1].step == 11
    assert [p.name for p in (tmp_path / "run" / "last").iterdir()] == ["step-000000011"]
    after = Heard()
    run(tmp_path / "run", after, resume=True)
    assert after.of("start")[0].step == 11
    assert after.losses() == {s: v for s, v in unbroken[1].losses().items() if s > 11}
    assert state(tmp_path / "run") == state(unbroken[0])


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX systems do")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupt_after_the_last_update_waits_for_the_end(
    number: signal.Signals, unbroken: tuple[Path, Heard], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    finish = MusicTask.finish

    def interrupted(task: MusicTask, best: Path) -> str | None:
        os.kill(os.getpid(), number)
        return finish(task, best)

    monkeypatch.setattr(MusicTask, "finish", interrupted)
    run(tmp_path / "run")
    assert state(tmp_path / "run") == state(unbroken[0])


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path):
    def twice() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    heard = Heard(11, twice)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", heard)
    assert heard[-1].kind == "step"
    assert [p.name for p in (tmp_path / "run" / "last").iterdir()] == ["step-000000007"]


SCRIPT = """
import sys
from pathlib import Path
from tests.training.runs import run, Heard, preset
class Speaking(Heard):
    def __call__(self, report):
        if report.kind in ("step", "saved"): print(report.kind, report.step, flush=True)
folder = Path(sys.argv[1])
recipe, begun = preset(steps=60, save_every=4, validate_every=9), (folder / "run.json").exists()
run(folder, Speaking(), preset=recipe, resume=begun)
print("done", flush=True)
"""


def test_killed_again_and_again_is_unbroken(tmp_path: Path):
    """SIGKILL at moments that fall anywhere: in an update, in a save, in a validation."""
    recipe, wanted = preset(steps=60, save_every=4, validate_every=9), tmp_path / "wanted"
    run(wanted, preset=recipe)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "run")]
    for updates, pause in ((7, 0.0), (14, 0.007)):
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
        )
        assert process.stdout is not None and process.stderr is not None
        for _ in range(updates):
            assert process.stdout.readline(), process.stderr.read()
        time.sleep(pause)
        process.kill()
        assert process.wait() != 0
        process.communicate()
    assert not (tmp_path / "run" / "last" / "step-000000060").exists()
    run(tmp_path / "run", preset=recipe, resume=True)
    assert state(tmp_path / "run") == state(wanted)
    assert curve(log(tmp_path / "run")) == curve(log(wanted))


def test_what_a_killed_process_left_is_cleared(unbroken: tuple[Path, Heard], tmp_path: Path):
    folder = tmp_path / "run"
    with pytest.raises(Stop):
        run(folder, Heard(12, crash))
    (folder / "last" / ".step-8.partial").mkdir()
    (folder / "last" / ".step-8.partial" / "model.safetensors").write_bytes(b"half")
    (folder / "best" / ".model.safetensors.x.safetensors").write_bytes(b"half")
    with (folder / "log.jsonl").open("a") as file:
        file.write('{"kind": "step", "st')
    run(folder, resume=True)
    assert state(folder) == state(unbroken[0])
    assert curve(log(folder)) == curve(log(unbroken[0]))


def test_a_log_is_read_as_far_as_it_was_written(tmp_path: Path):
    assert read_log(tmp_path) == [] and loop.summary(tmp_path) == {}
    event = {"kind": "validation", "step": 3, "values": {"objective": 1.5}}
    (tmp_path / "log.jsonl").write_text(json.dumps(event) + '\n{"kind": "validation", "st')
    assert read_log(tmp_path) == [event]
    assert loop.summary(tmp_path) == {"step": 3, "objective": 1.5}
    (tmp_path / "log.jsonl").write_text("{\n{}\n")
    with pytest.raises(CheckpointError, match=r"log\.jsonl: damaged"):
        read_log(tmp_path)


def test_states_of_versions_without_all_fields_resume(tmp_path: Path):
    folder = tmp_path / "run"
    with pytest.raises(Stop):
        run(folder, Heard(12, crash))
    progress = folder / "last" / "step-000000007" / "progress.json"
    old = json.loads(progress.read_text())
    del old["smooth"], old["logged"]
    progress.write_text(json.dumps(old | {"history": []}))
    description = folder / "run.json"
    table = json.loads(description.read_text())
    del table["training"]["hold"]
    description.write_text(json.dumps(table))
    heard = Heard()
    run(folder, heard, resume=True)
    assert heard.of("start")[0].step == 7 and log(folder)


def test_a_finished_run_is_left_alone(unbroken: tuple[Path, Heard], tmp_path: Path):
    folder, heard = tmp_path / "run", Heard()
    run(folder)
    before = state(folder)
    run(folder, heard, resume=True)
    assert not heard.of("step") and not heard.of("validation") and heard[-1].kind == "end"
    assert state(folder) == before


def test_saving_twice_after_one_update_never_leaves_nothing(tmp_path: Path, monkeypatch):
    from musicvae_lite import checkpoints

    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        run(folder, Heard(7, lambda: signal.raise_signal(signal.SIGINT)))  # saved by itself and by Ctrl-C
    states = [p.name for p in (folder / "last").iterdir()]
    assert len(states) == 1 and states[0].startswith("step-000000007")

    def full(*args) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints, "write_tensors", full)
    with pytest.raises(CheckpointError, match=r"No space left.*--resume goes on"):
        run(folder, resume=True)
    assert [p.name for p in (folder / "last").iterdir()] == states
    monkeypatch.undo()
    run(folder, resume=True)
    assert [p.name for p in (folder / "last").iterdir()] == ["step-000000024"]


def refusal(folder: Path, **options) -> str:
    with pytest.raises(ConfigError) as error:
        run(folder, **options)
    return str(error.value)


def test_other_settings_are_named(tmp_path: Path):
    folder = tmp_path / "my run"
    run(folder, preset=preset(steps=2), dataset="abc")
    words = refusal(folder, resume=True, preset=preset(FLAT, steps=2, beta=0.7), dataset="xyz")
    for difference in (
        "training.beta: 0.33 before, 0.7 now",
        "model.encoder.kind: 'hierarchical' before, 'flat' now",
        "dataset: 'abc' before, 'xyz' now",
    ):
        assert difference in words
    assert "training.seed" not in words and f"--init-from '{folder}'" in words
    run(folder, resume=True, preset=preset(steps=2))  # a dataset without a name is taken to be the same
    run(folder, resume=True, preset=dataclasses.replace(preset(steps=2), name="renamed"))


def test_a_folder_holds_one_run(tmp_path: Path):
    run(tmp_path / "run", preset=preset(steps=1))
    assert "--resume continues it" in refusal(tmp_path / "run")
    assert "nothing to resume" in refusal(tmp_path / "other", resume=True)
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("name", ["training.safetensors", "model.safetensors", "progress.json"])
def test_damaged_states_are_named(name: str, tmp_path: Path):
    folder = tmp_path / "run"
    with pytest.raises(Stop):
        run(folder, Heard(8, crash))
    file = folder / "last" / "step-000000007" / name
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(CheckpointError, match=rf"{name}: damaged") as error:
        run(folder, resume=True)
    assert "no whole copy of it, begin this run again" in str(error.value)
    (folder / "best").mkdir()
    (folder / "best" / "config.json").touch()
    with pytest.raises(
        CheckpointError, match=rf"begin another run from its best weights: --init-from {folder}"
    ):
        run(folder, resume=True)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are Unicode there")
def test_a_run_goes_on_in_a_folder_whose_name_is_no_unicode(tmp_path: Path):
    folder = tmp_path / os.fsdecode(b"r\xe9el")
    with pytest.raises(Stop):
        run(folder, Heard(9, crash), preset=preset(steps=12))
    run(folder, preset=preset(steps=12), resume=True)


THREE = {
    **MODEL,
    "encoder": {"kind": "hierarchical", "segments": [4, 4, 2], "codes": [40], "width": 24, "squeeze": 8},
    "decoder": {
        "kind": "hierarchical", "segments": [4, 4, 2], "codes": [40], "width": 24, "core_width": 32,
    },
}  # fmt: skip


def test_weights_that_lie_by_columns_resume_exactly(tmp_path: Path):
    recipe = preset(THREE)
    weights = MusicTask(recipe, TRAIN, TRAIN, "").build().parameters()
    assert any(not weight.is_contiguous() for weight in weights)
    run(tmp_path / "a", preset=recipe)
    with pytest.raises(Stop):
        run(tmp_path / "b", Heard(9, crash), preset=recipe)
    run(tmp_path / "b", preset=recipe, resume=True)
    assert state(tmp_path / "a") == state(tmp_path / "b")


def test_a_weight_without_numbers_needs_no_state(tmp_path: Path):
    part = {"kind": "hierarchical", "segments": [1, 32], "width": 24}
    model = {**MODEL, "encoder": {**part, "squeeze": 8}, "decoder": {**part, "core_width": 32}}
    with pytest.raises(Stop):
        run(tmp_path, Heard(9, crash), preset=preset(model))
    run(tmp_path, preset=preset(model), resume=True)
