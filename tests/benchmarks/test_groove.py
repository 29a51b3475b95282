"""Humanizing and tapping measured, by small untrained models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import groove
from tests.models.test_whole_songs import beat, groove_model


@pytest.fixture(scope="module")
def beats(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of beats to learn from, and one of those to be measured on."""
    folders = []
    for name, offsets in (("train", (0, 10, 30)), ("test", (20,))):
        folders.append(tmp_path_factory.mktemp(name))
        for offset in offsets:
            beat(4, offset, 60 + offset).save(str(folders[-1] / f"{offset}.mid"))
    return folders[0], folders[1]


@pytest.mark.parametrize("task", ["humanize", "tap"])
def test_a_model_is_measured_beside_simpler_methods(task: str, beats, tmp_path: Path, monkeypatch):
    groove_model(task).save(tmp_path / "model")
    train, test = beats
    words = [str(tmp_path / "model"), "--train", str(train), "--test", str(test), "-o", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["benchmark", *words])
    groove.main()
    result = json.loads((tmp_path / "groove.json").read_text())
    assert result["windows"] == {"train": 9, "test": 3}
    if task == "humanize":
        assert result["quantised"]["timing_ms"] == pytest.approx(20 / 480 * 500, rel=1e-3)
        assert result["neighbour"]["velocity"] < 30 and 0 <= result["model"]["steps_right_alone"] <= 1
    else:
        assert [result[f"model at {t}"]["taps_kept"] for t in ("0.0", "1.0")] == [1, 1]
        assert result["neighbour"]["hit_f1"] == result["real"]["hit_f1"] == 1
        assert result["real"]["hits"] == 16 and result["commonest"]["taps_kept"] == 1
