"""The training loop: floor, best, precision, bad data, and what it tells."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import CheckpointError, ConfigError, DatasetError
from musicvae_lite.models.heads import CategoricalHead
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training import loop, music, patience, smoothing
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import from_arrays
from tests.training.runs import FLAT, MODEL, TRAIN, VALIDATION, Heard, log, preset, run, state, windows


def test_it_learns_and_the_log_tells_it(tmp_path: Path):
    heard = Heard()
    recipe = preset(steps=150, batch=16, validate_every=50, save_every=1000, learning_rate=1e-2)
    best = run(tmp_path / "run", heard, preset=recipe, windows=windows(16), validation=windows(16))
    events = log(tmp_path / "run")
    assert [e["kind"] for e in events] == [
        "start",
        "step",
        "validation",
        "step",
        "validation",
        "step",
        "validation",
        "warning",
        "end",
    ]
    assert "no prior was fitted" in events[-2]["message"] and "16 windows" in events[-2]["message"]
    steps = [e["values"] for e in events if e["kind"] == "step"]
    assert steps[-1]["reconstruction_nats"] < 0.8 * steps[0]["reconstruction_nats"]
    assert {"loss", "reconstruction_nats", "kl_bits", "beta", "accuracy", "accuracy_uncommon"} <= set(
        steps[0]
    )
    assert steps[0]["beta"] == pytest.approx(recipe.training.beta_at(49))
    assert "on cpu in float32, 16 windows, 150 updates of 16" in events[0]["message"]
    validated = [event for event in events if event["kind"] == "validation"]
    best_one = min(validated, key=lambda event: event["values"]["objective"])
    assert loop.summary(tmp_path / "run") == {"step": best_one["step"], **best_one["values"]}
    assert MusicVAE.load(best).config.z == 12 and MusicVAE.load(tmp_path / "run").config.z == 12


def test_the_same_seed_is_the_same_run(tmp_path: Path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(tmp_path / name, preset=preset(steps=6, seed=seed))
    a, b, c = (state(tmp_path / name) for name in "abc")
    assert a == b and a["best/model.safetensors"] != c["best/model.safetensors"]


def test_without_validation_the_newest_weights_are_the_best(tmp_path: Path):
    heard = Heard()
    nothing = from_arrays(np.zeros((0, 32), np.uint8))
    best = run(tmp_path / "run", heard, preset=preset(steps=5), validation=nothing)
    last = tmp_path / "run" / "last" / "step-000000005"
    assert (best / "model.safetensors").read_bytes() == (last / "model.safetensors").read_bytes()
    assert [r.message for r in heard.of("warning")] == [
        "the validation split is empty: the newest weights count as the best"
    ]
    assert loop.summary(tmp_path / "run") == {}


def dumb_head(monkeypatch, runs: int | None = None) -> None:
    """Models that only ever answer "hold": the first `runs` built, or all. The others are good at once."""
    made = []
    whole = CategoricalHead.score

    def score(self, hidden, target):
        if self not in made:
            made.append(self)
        nats, metrics = whole(self, hidden, target)
        is_dumb = runs is None or made.index(self) < runs
        return nats, metrics | {"accuracy_uncommon": torch.tensor(0.0 if is_dumb else 1.0)}

    monkeypatch.setattr(CategoricalHead, "score", score)


def short_patience(monkeypatch) -> None:
    monkeypatch.setattr(patience, "SHORTEST_PATIENCE", 8)
    monkeypatch.setattr(patience, "FLOOR_PATIENCE", 8)


def test_a_run_at_the_floor_starts_anew_with_half_the_rate(tmp_path: Path, monkeypatch):
    short_patience(monkeypatch)
    dumb_head(monkeypatch, runs=2)
    rates, heard = [], Heard()
    step = loop.Trainer._step

    def watched(self):
        step(self)
        rates.append((self.progress.restarts, self.optimizer.param_groups[0]["lr"]))

    monkeypatch.setattr(loop.Trainer, "_step", watched)
    recipe = preset(steps=16, warmup=0, hold=1.0, learning_rate=1e-2, save_every=6)
    run(tmp_path / "run", heard, preset=recipe)
    restarts = heard.of("restart")
    assert [(r.step, "stuck at the floor" in r.message) for r in restarts] == [(0, True), (0, True)]
    assert set(rates) == {(0, 1e-2), (1, 5e-3), (2, 2.5e-3)}
    assert len(rates) == 8 + 8 + 16
    progress = json.loads((tmp_path / "run" / "last" / "step-000000016" / "progress.json").read_text())
    assert progress["restarts"] == 2 and progress["seconds"] > 0
    told = [(event["kind"], event.get("restarts", 0)) for event in log(tmp_path / "run")]
    assert told[:3] == [("start", 0), ("restart", 1), ("restart", 2)] and told[-1] == ("end", 2)


def test_a_run_that_is_leaving_the_floor_goes_on(tmp_path: Path, monkeypatch):
    short_patience(monkeypatch)
    monkeypatch.setattr(smoothing, "SMOOTH", 0.0)
    whole, calls = CategoricalHead.score, []

    def score(self, hidden, target):
        calls.append(1)
        nats, metrics = whole(self, hidden, target)
        return nats, metrics | {"accuracy_uncommon": torch.tensor(0.01 * len(calls))}

    monkeypatch.setattr(CategoricalHead, "score", score)
    heard = Heard()
    run(tmp_path / "run", heard, preset=preset(steps=10, validate_every=100))
    assert heard.losses()[8]["accuracy_uncommon"] < MusicTraining().floor and not heard.of("restart")


def test_the_best_of_all_attempts_is_kept(tmp_path: Path, monkeypatch):
    short_patience(monkeypatch)
    dumb_head(monkeypatch, runs=1)
    objectives = iter([1.0, 5.0, 4.0])
    monkeypatch.setattr(music, "validate", lambda *_, **__: {"objective": next(objectives), "kl_bits": 10.0})
    heard = Heard()
    best = run(tmp_path / "run", heard, preset=preset(steps=10, validate_every=6))
    assert [r.values["objective"] for r in heard.of("validation")] == [1.0, 5.0, 4.0]
    assert len(heard.of("restart")) == 1
    weights = MusicVAE.load(best).vae.state_dict()
    last = MusicVAE.load(tmp_path / "run" / "last" / "step-000000010").vae.state_dict()
    assert any(not torch.equal(weights[name], last[name]) for name in weights)
    progress = json.loads((tmp_path / "run" / "last" / "step-000000010" / "progress.json").read_text())
    assert progress["best"] == 1.0


def test_a_resumed_run_remembers_its_restarts(tmp_path: Path, monkeypatch):
    short_patience(monkeypatch)
    recipe = preset(steps=30, warmup=0, save_every=5)

    def crash() -> None:
        raise InterruptedError

    with monkeypatch.context() as context:
        dumb_head(context, runs=1)
        wanted = Heard()
        run(tmp_path / "wanted", wanted, preset=recipe)
    assert len(wanted.of("restart")) == 1
    with monkeypatch.context() as context:
        dumb_head(context, runs=1)
        with pytest.raises(InterruptedError):
            run(tmp_path / "run", Heard(23, crash), preset=recipe)
    heard = Heard()
    with monkeypatch.context() as context:
        dumb_head(context, runs=0)
        run(tmp_path / "run", heard, preset=recipe, resume=True)
    assert heard.of("start")[0].step == 20 and not heard.of("restart")
    later = {s: v for s, v in wanted.losses().items() if s > 20}
    assert heard.losses() == later
    assert state(tmp_path / "run") == state(tmp_path / "wanted")


def test_after_five_fresh_starts_it_says_so_and_goes_on(tmp_path: Path, monkeypatch):
    short_patience(monkeypatch)
    dumb_head(monkeypatch)
    heard = Heard()
    run(tmp_path / "run", heard, preset=preset(steps=10))
    assert len(heard.of("restart")) == 5
    assert [r.step for r in heard.of("warning") if "after 5 fresh starts" in r.message] == [8]
    assert heard[-1].kind == "end" and heard[-1].step == 10


def test_a_fresh_start_keeps_what_another_model_gives(tmp_path: Path, monkeypatch):
    first = run(tmp_path / "first", preset=preset(steps=2))
    short_patience(monkeypatch)
    dumb_head(monkeypatch, runs=1)
    begun, build = [], loop.Trainer._build

    def watched(self, is_begun=False):
        taken = build(self, is_begun)
        begun.append({name: tensor.clone() for name, tensor in self.vae.state_dict().items()})
        return taken

    monkeypatch.setattr(loop.Trainer, "_build", watched)
    heard = Heard()
    recipe = preset({**MODEL, "z": 10}, steps=10, init_from=str(first))
    run(tmp_path / "run", heard, preset=recipe)
    assert [r.message.partition(" (")[0] for r in heard.of("restart")] == [
        f"stuck at the floor: fresh weights where {first} gives none, 0.5 of the learning rate"
    ]
    given = MusicVAE.load(first).vae.state_dict()
    one, two = begun
    is_given = {name: given[name].shape == tensor.shape for name, tensor in one.items()}
    assert {*is_given.values()} == {True, False}
    assert all(torch.equal(two[name], given[name]) for name, kept in is_given.items() if kept)
    assert any(not torch.equal(one[name], two[name]) for name, kept in is_given.items() if not kept)


def test_no_fresh_start_is_made_where_all_weights_are_given(tmp_path: Path, monkeypatch):
    first = run(tmp_path / "first", preset=preset(steps=2))
    short_patience(monkeypatch)
    dumb_head(monkeypatch)
    heard = Heard()
    run(tmp_path / "run", heard, preset=preset(steps=10, init_from=str(first)))
    assert not heard.of("restart")
    ((step, message),) = [(r.step, r.message) for r in heard.of("warning") if "floor" in r.message]
    assert step == 8 and f"all weights began as those of {first}" in message
    assert heard[-1].kind == "end" and heard[-1].step == 10


def test_short_runs_are_not_judged(tmp_path: Path, monkeypatch):
    dumb_head(monkeypatch)
    heard = Heard()
    run(tmp_path / "run", heard, preset=preset(steps=20))
    assert not heard.of("restart")


def test_a_batch_larger_than_the_data_shrinks_and_says_both_numbers(tmp_path: Path):
    heard = Heard()
    run(tmp_path / "run", heard, preset=preset(steps=3, batch=50), windows=windows(6))
    assert heard[0].kind == "warning" and "6 windows cannot fill a batch of 50" in heard[0].message
    assert "3 updates of 6" in heard.of("start")[0].message
    run(tmp_path / "one", preset=preset(steps=3), windows=windows(1))
    run(tmp_path / "run", preset=preset(steps=3, batch=50), windows=windows(6), resume=True)


def test_no_data_is_an_error_and_leaves_nothing(tmp_path: Path):
    with pytest.raises(DatasetError, match="no windows"):
        run(tmp_path / "run", windows=from_arrays(np.zeros((0, 32), np.uint8)))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("model", [MODEL, FLAT], ids=["beats", "flat"])
@pytest.mark.parametrize("precision", ["bf16", "float32", "auto"])
def test_precisions_train_and_keep_float32_weights(model: dict, precision: str, tmp_path: Path):
    if precision == "bf16" and not runtime.bfloat16_works(torch.device("cpu")):
        with pytest.raises(ConfigError, match="bf16 is not to be had on this cpu"):
            run(tmp_path / "run", preset=preset(model, steps=12), precision=precision)
        return
    heard = Heard()
    best = run(tmp_path / "run", heard, preset=preset(model, steps=12), precision=precision)
    assert all(math.isfinite(v["loss"]) for v in heard.losses().values())
    assert all(p.dtype == torch.float32 for p in MusicVAE.load(best).vae.parameters())
    wanted = ("bf16", "float32") if precision == "auto" else (precision,)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["precision"] in wanted


def test_unknown_precisions_and_devices_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match="precision 'float16'"):
        run(tmp_path / "run", precision="float16")
    for device in ("meta", "toaster"):
        with pytest.raises(ConfigError, match=f"device '{device}' is not"):
            run(tmp_path / "run", device=device)
    assert not (tmp_path / "run").exists()


def test_init_from_takes_what_fits(tmp_path: Path):
    best = run(tmp_path / "first", preset=preset(steps=5))
    heard = Heard()
    recipe = preset({**MODEL, "z": 10}, steps=4, init_from=str(best))
    run(tmp_path / "second", heard, preset=recipe)
    assert f"tensors from {best}" in heard.of("start")[0].message
    run(tmp_path / "same", preset=preset(steps=1, learning_rate=1e-12, init_from=str(best)))
    one, two = (MusicVAE.load(f).vae.state_dict() for f in (best, tmp_path / "same"))
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-6, rtol=0)


def test_init_from_nothing_writes_nothing_and_resuming_needs_it_no_more(tmp_path: Path):
    with pytest.raises(CheckpointError, match="no model 'nowhere'"):
        run(tmp_path / "run", preset=preset(init_from="nowhere"))
    assert not (tmp_path / "run").exists()
    best = run(tmp_path / "first", preset=preset(steps=1))
    other = {**FLAT, "encoder": {"kind": "flat", "hidden": 7}}
    other["decoder"] = {"kind": "flat", "hidden": 7, "layers": 1, "feed": 3}
    with pytest.raises(CheckpointError, match="none of its"):
        run(tmp_path / "run", preset=preset({**other, "z": 5}, init_from=str(best)))
    recipe = preset(steps=8, init_from=str(best))

    def crash() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        run(tmp_path / "run", Heard(8, crash), preset=recipe)  # before its first validation
    run(tmp_path / "another", preset=preset(steps=1, init_from=str(tmp_path / "run")))
    for file in best.iterdir():
        file.unlink()
    run(tmp_path / "run", preset=recipe, resume=True)


def test_weights_that_blow_up_stop_the_run_and_keep_the_last_state(tmp_path: Path, monkeypatch):
    whole, calls = CategoricalHead.score, []

    def score(self, hidden, target):
        calls.append(1)
        nats, metrics = whole(self, hidden, target)
        return (nats * float("nan") if len(calls) == 9 else nats), metrics

    monkeypatch.setattr(CategoricalHead, "score", score)
    words = r"update 9: the gradient is nan, the loss nan.*another folder with a learning_rate below 0.005"
    with pytest.raises(ConfigError, match=words):
        run(tmp_path / "run")
    assert [p.name for p in (tmp_path / "run" / "last").iterdir()] == ["step-000000007"]
    monkeypatch.undo()
    run(tmp_path / "run", resume=True)


def test_collapse_is_warned_of(tmp_path: Path):
    heard = Heard()
    recipe = preset(steps=110, beta=200.0, beta_first=200.0, learning_rate=2e-2, batch=16)
    run(tmp_path / "run", heard, preset=recipe)
    assert any("posterior collapse" in r.message for r in heard.of("warning"))
    quiet = Heard()
    run(tmp_path / "quiet", quiet, windows=TRAIN, validation=VALIDATION)
    assert not quiet.of("warning")


def test_two_processes_never_write_one_run(tmp_path: Path):
    refused: list[str] = []

    def meddle() -> None:
        with pytest.raises(ConfigError, match="another process is training here") as error:
            run(tmp_path / "run", resume=True)
        refused.append(str(error.value))

    run(tmp_path / "run", Heard(10, meddle))
    assert refused
    run(tmp_path / "run", resume=True)  # the lock is gone with the run


def test_the_best_weights_get_a_prior_when_there_is_music_enough(tmp_path: Path):
    run(tmp_path / "run")
    model = MusicVAE.load(tmp_path / "run")
    assert model.vae.prior is not None
    with torch.no_grad():
        codes = model.vae.encode(torch.from_numpy(TRAIN.gather(np.arange(len(TRAIN))).astype(np.int64))).mean
    assert torch.allclose(model.vae.prior.mean, codes.mean(0), atol=0.5)
    run(tmp_path / "few", windows=windows(20))
    assert MusicVAE.load(tmp_path / "few").vae.prior is None
