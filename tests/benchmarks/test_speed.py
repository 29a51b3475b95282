"""What the speed suite measures with: turns, the plain models, the count of operations, the watch."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import devices, suite, time_to_quality
from benchmarks.speed import operations, original, timing
from benchmarks.speed.plain import PlainVAE
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.loop import Report
from tests import elsewhere
from tests.benchmarks.models import REPRESENTATION, made_up
from tests.models.architectures import config, tokens


@pytest.fixture
def folder_of_data(tmp_path: Path) -> Path:
    """A dataset of made-up melodies."""
    music = tmp_path / "music"
    music.mkdir()
    for number in range(30):
        REPRESENTATION.to_score(made_up(3, number)).save(str(music / f"{number}.mid"))
    build_dataset([music], REPRESENTATION, tmp_path / "data", workers=0, split=(0.6, 0.2, 0.2))
    return tmp_path / "data"


STOCK_ENCODER = {"kind": "stock", "hidden": [6, 6]}
STOCK_DECODER = {"kind": "stock", "hidden": [5, 5]}
FLAT = config(STOCK_ENCODER, STOCK_DECODER, z=4)
APART = config(STOCK_ENCODER, {**STOCK_DECODER, "levels": [2, 16]}, z=4)
BOTH = pytest.mark.parametrize("config", [FLAT, APART], ids=["flat", "with a conductor"])


def twins(config: MusicConfig) -> tuple[Any, PlainVAE]:
    """Our model and the plain one, with the same weights."""
    torch.manual_seed(0)
    ours, levels = config.build(), config.decoder.levels
    depth: int = config.representation.step.depth  # type: ignore[union-attr]
    parts = levels[0] if levels else 1
    plain = PlainVAE(depth, config.z, config.encoder.hidden, config.decoder.hidden, 32, parts)
    for weight in ours.parameters():
        torch.nn.init.normal_(weight, std=0.4)
    for weight in plain.parameters():
        torch.nn.init.zeros_(weight)  # nn.LSTM has a second bias
    encoder, decoder = ours.encoder, ours.decoder
    reading: Any = encoder.readings[0]  # type: ignore[index]
    stacks = [(plain.encoder.lstm, reading.forwards, ""), (plain.encoder.lstm, reading.backwards, "_reverse")]
    stacks.append((plain.decoder.lstm, decoder.cores[0].cells, ""))  # type: ignore[index]
    layers = [
        (plain.encoder.mean, encoder.mean),
        (plain.encoder.scale, encoder.scale),
        (plain.decoder.start, decoder.cores[0].initial),  # type: ignore[index]
        (plain.decoder.logits, decoder.head.logits),  # type: ignore[union-attr]
    ]
    if levels:
        stacks.append((plain.conductor, decoder.conductors[0].cells, ""))  # type: ignore[index]
        layers.append((plain.begin, decoder.conductors[0].initial))  # type: ignore[index]
    with torch.no_grad():
        for lstm, cells, end in stacks:
            for n, cell in enumerate(cells):
                for name, weight in zip(
                    ("weight_ih", "weight_hh", "bias_ih"),
                    (cell.weight_ih, cell.weight_hh, cell.bias),
                    strict=True,
                ):
                    getattr(lstm, f"{name}_l{n}{end}").copy_(weight)
        for mine, theirs in layers:
            mine.load_state_dict(theirs.state_dict())  # type: ignore[union-attr]
    return ours, plain


@BOTH
def test_the_fast_model_is_the_plain_one_to_rounding_gradients_included(config: MusicConfig):
    ours, plain = twins(config)
    x = tokens(7)
    posterior = ours.encode(x)
    mean, scale = plain.encoder(x)
    torch.testing.assert_close(posterior.mean, mean, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(posterior.scale, scale, atol=1e-5, rtol=1e-5)
    nats = ours.decoder.reconstruction(posterior.mean, x).nats.mean() + posterior.kl().mean()
    logits = plain.logits(mean, x)
    kl = (0.5 * (mean.square() + scale.square() - 1) - scale.log()).sum(-1).mean()
    theirs = (
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), x.flatten(), reduction="sum") / len(x) + kl
    )
    torch.testing.assert_close(nats, theirs, atol=1e-4, rtol=1e-5)
    nats.backward()
    theirs.backward()
    for cells, lstm, end in (
        (ours.encoder.readings[0].forwards, plain.encoder.lstm, ""),
        (ours.encoder.readings[0].backwards, plain.encoder.lstm, "_reverse"),
        (ours.decoder.cores[0].cells, plain.decoder.lstm, ""),
    ):
        for n, cell in enumerate(cells):
            for mine, name in (
                (cell.weight_ih, "weight_ih"),
                (cell.weight_hh, "weight_hh"),
                (cell.bias, "bias_ih"),
            ):
                wanted = getattr(lstm, f"{name}_l{n}{end}").grad
                torch.testing.assert_close(mine.grad, wanted, atol=1e-4, rtol=1e-4)


def in_place(into: Any, a: tuple[int, int], b: tuple[int, int], out_shape: Any = None, **_: Any) -> int:
    """Operations of `addmm_`, which torch's own counter passes over."""
    return 2 * a[0] * a[1] * b[1]


@BOTH
def test_as_many_operations_are_done_as_must_be(config: MusicConfig):
    vae = config.build()
    x, batch = tokens(3), 3
    custom = {torch.ops.aten.addmm_: in_place}
    each = operations.of_stock(config)
    with FlopCounterMode(display=False, custom_mapping=custom) as counted, torch.no_grad():
        vae.encode(x)
    assert counted.get_total_flops() == batch * each.encode
    with FlopCounterMode(display=False, custom_mapping=custom) as counted, torch.no_grad():
        vae.decode(torch.randn(batch, config.z))
    assert counted.get_total_flops() == batch * each.decode


@BOTH
def test_the_plain_model_trains_and_samples(config: MusicConfig):
    _, plain = twins(config)
    optimizer = torch.optim.Adam(plain.parameters(), 0.02)
    x, first = tokens(16), None
    for _ in range(30):
        optimizer.zero_grad()
        loss = plain.loss(x)
        loss.backward()
        optimizer.step()
        first = first or loss.item()
    assert loss.item() < first  # type: ignore[operator]
    assert plain.sample(5).shape == (5, 32)


def test_works_take_turns_and_the_second_run_of_each_counts():
    said: list[str] = []

    def work(name: str, seconds: list[float]) -> timing.Sample:
        said.append(name)
        taken = seconds[(said.count(name) - 1) % len(seconds)]
        return taken, 2 * taken

    found = timing.in_turn(
        {"a": lambda: work("a", [9.0, 1.0, 9.0, 5.0, 9.0, 3.0]), "b": lambda: work("b", [1.0])}, runs=3
    )
    assert said == ["a", "a", "b", "b"] * 3
    assert (found["a"].wall_s, found["a"].cpu_s, found["a"].least_s, found["a"].runs) == (3.0, 6.0, 2.0, 3)


def test_a_row_says_how_many_times_slower_the_others_are():
    times = {
        "ours": timing.Timing(1, 2, 2, 3),
        "plain": timing.Timing(9, 6, 5, 3),
        "product": timing.Timing(1, 1, 1, 3),
    }
    line = suite.row("a step", "windows", 512, times, 1.6)
    assert line["per_cpu_s"] == 256
    assert line["plain_over_ours"] == 3
    assert line["ours_over_floor"] == 1.25
    assert "product_over_ours" not in line


def test_the_original_says_why_it_does_not_run(monkeypatch):
    monkeypatch.setenv(original.VARIABLE, "python-that-is-nowhere")
    with pytest.raises(RuntimeError, match="does not run"):
        original.Original("flat", 8)


def test_the_watch_stops_at_the_target_once_it_is_saved(tmp_path: Path):
    watch = time_to_quality.Watch(tmp_path / "curve.jsonl", target=0.9, limit=1e9)

    def validated(step: int, accuracy: float) -> Report:
        values = dict.fromkeys(time_to_quality.WATCHED, 1.0) | {"accuracy_free": accuracy}
        return Report("validation", step, values)

    first, later = (Report(kind, 10, {}) for kind in ("step", "saved"))
    for report in (first, validated(10, 0.5), later, validated(20, 0.93)):
        watch(report)
    with pytest.raises(time_to_quality.Enough):
        watch(Report("saved", 20, {}))
    assert watch.reached == watch.points[1]
    again = time_to_quality.Watch(tmp_path / "curve.jsonl", target=0.9, limit=1e9)
    again.resume_at(10)  # what came behind the checkpoint is trained anew
    assert [point["updates"] for point in again.points] == [10]
    assert again.spent == watch.points[0]["seconds"]
    assert len((tmp_path / "curve.jsonl").read_text().splitlines()) == 1


def test_time_to_quality_from_start_to_finish(folder_of_data: Path, tmp_path: Path, monkeypatch):
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        'base = "melody-2bar"\nz = 4\n[encoder]\nwidth = 8\nsqueeze = 4\n'
        "[decoder]\nwidth = 8\ncore_width = 8\n[training]\nsteps = 4\nbatch = 4\n",
        encoding="utf-8",
    )
    where, recipes = tmp_path / "out", ["--preset", str(recipe), "--stock", str(recipe)]
    asked = ["--steps", "4", "--checks", "2", "--stock-every", "2", "--times", "0.001", "--target", "0.0"]
    monkeypatch.setattr("sys.argv", ["t", str(folder_of_data), *recipes, *asked, "-o", str(where)])
    time_to_quality.main()
    result = json.loads((where / "time-to-quality.json").read_text())
    assert result["ours"]["reached"]["updates"] == 2
    assert result["stock_arrived"]
    assert result["times_sooner"] > 0


def test_devices_from_start_to_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    words = ["devices", "--device", "cpu", "--precision", "float32", "--runs", "1", "-o", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [*words, "--models", "cat-mel_2bar_small", "--batches", "1", "2"])
    devices.main()
    rows = json.loads((tmp_path / "devices.json").read_text())["rows"]
    assert [row["batch"] for row in rows] == [1, 2]
    assert all(0 < row["share"] < 1 and row["plain_over_ours"] > 0 for row in rows)
    assert f"{rows[1]['windows_per_s']:,.0f}" in capsys.readouterr().out


@BOTH
def test_steps_on_another_device_are_built_and_made_there(
    config: MusicConfig, monkeypatch: pytest.MonkeyPatch
):
    with elsewhere.reachable(monkeypatch) as device:
        assert [(what, work()) for what, work in devices.works(config, 3, device)] == [
            ("ours", None),
            ("plain", None),
        ]


def test_a_batch_too_large_for_the_device_ends_the_rows(monkeypatch: pytest.MonkeyPatch):
    def works(config: MusicConfig, batch: int, device: torch.device) -> Any:
        if batch > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [("ours", lambda: None), ("plain", lambda: None)]

    monkeypatch.setattr(devices, "works", works)
    found = devices.rows("cat-mel_2bar_small", [2, 4, 8, 16], torch.device("cpu"), "float32", 1)
    assert [row["batch"] for row in found] == [2, 4]
