"""Whole runs on another device, made up, are the runs of the CPU, and seldom make it wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.heads import CategoricalHead
from musicvae_lite.training import smoothing
from musicvae_lite.training.images import ImageTask
from musicvae_lite.training.loop import train
from musicvae_lite.training.reports import Report
from tests import elsewhere
from tests.models.image import small
from tests.training.runs import FLAT, MODEL, Heard, preset, run
from tests.training.test_images import SET
from tests.training.test_images import preset as of_pictures

STOCK = {
    **MODEL,
    "encoder": {"kind": "stock", "hidden": [16]},
    "decoder": {"kind": "stock", "hidden": [24, 16], "levels": [4, 8]},
}
MODELS = {"flat": FLAT, "hierarchical": MODEL, "stock": STOCK}


def same(there: Heard, here: Heard) -> None:
    """The same figures, whenever they were read."""
    assert len(there.of("validation")) == len(here.of("validation")) > 0
    for found, wanted in zip(there.of("validation"), here.of("validation"), strict=True):
        assert found.values == pytest.approx(wanted.values, 1e-3, 1e-3)
    for step, wanted in here.losses().items():
        if step % smoothing.READ_EVERY == 0:
            assert there.losses()[step] == pytest.approx(wanted, 1e-3, 1e-3)


class Stop(Exception):
    pass


class Waiting(Heard):
    """Keeps how often the CPU had waited for the device by each update."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: dict[int, int] = {}

    def __call__(self, report: Report) -> None:
        super().__call__(report)
        if report.kind == "step":
            self.waits[report.step] = elsewhere.waits


@pytest.mark.parametrize("name", MODELS)
def test_music(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here, there = Heard(), Waiting()
    recipe = preset(MODELS[name], own_share=0.3, blank=0.2)
    run(tmp_path / "here", here, preset=recipe)
    with elsewhere.reachable(monkeypatch):
        run(tmp_path / "there", there, preset=recipe, device=elsewhere.NAME)
    same(there, here)
    waited = {step for step in range(2, 25) if there.waits[step] > there.waits[step - 1]}
    assert waited == {
        8,
        10,
        11,
        15,
        20,
        21,
        22,
    }  # where it told, saved or validated


def test_a_resumed_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here, there = Heard(), Heard()
    run(tmp_path / "here", here, preset=preset(FLAT))

    def stop() -> None:
        raise Stop

    with elsewhere.reachable(monkeypatch):
        with pytest.raises(Stop):
            run(tmp_path / "there", Heard(17, stop), preset=preset(FLAT), device=elsewhere.NAME)
        run(tmp_path / "there", there, preset=preset(FLAT), device=elsewhere.NAME, resume=True)
    assert there.of("step")[0].step == 15
    assert there.of("validation")[-1].values == pytest.approx(here.of("validation")[-1].values, 1e-3, 1e-3)
    assert there.losses()[20] == pytest.approx(here.losses()[20], 1e-3, 1e-3)


@pytest.mark.parametrize("kind", ["conv", "rows", "noisy", "adversarial"])
def test_pictures(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    here, there = Heard(), Heard()
    recipe = of_pictures(small.ALL[kind])
    train(ImageTask(recipe, SET), tmp_path / "here", "cpu", "float32", listener=here)
    with elsewhere.reachable(monkeypatch):
        train(ImageTask(recipe, SET), tmp_path / "there", elsewhere.NAME, "float32", listener=there)
    same(there, here)


def test_a_run_that_blows_up_is_stopped_before_its_state_is_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    whole, calls = CategoricalHead.score, []

    def score(self: Any, hidden: Any, target: Any) -> Any:
        calls.append(1)
        nats, metrics = whole(self, hidden, target)
        return (nats * float("nan") if len(calls) == 9 else nats), metrics

    with elsewhere.reachable(monkeypatch), monkeypatch.context() as broken:
        broken.setattr(CategoricalHead, "score", score)
        with pytest.raises(ConfigError, match=r"by update 10: the gradient is nan"):
            run(tmp_path, device=elsewhere.NAME)
    assert [p.name for p in (tmp_path / "last").iterdir()] == ["step-000000007"]
    run(tmp_path, resume=True)
