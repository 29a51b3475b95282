"""The benchmark of the studio, from start to finish over HTTP with a shipped model."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

from benchmarks import studio


def test_the_studio_from_start_to_finish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    arguments = ["--runs", "1", "--moves", "3", "--visitors", "4", "--no-browser", "-o", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["studio", *arguments])
    studio.main()
    found = json.loads((tmp_path / "studio.json").read_text())
    opening = {name: row["median"] for name, row in found["http"]["opening"].items()}
    assert 0 < opening["page_s"] <= opening["listing_s"] <= opening["corners_s"] <= opening["first_sound_s"]
    assert found["http"]["move_ms"]["count"] == 3 and found["chromium"] is None
    assert [crowd["errors"] for crowd in found["http"]["visitors"]["rounds"]] == [[]] * 3


def test_a_silent_take_is_no_sound():
    studio.check_sound({"sound": "AAAB"})
    for silent in ("", "AAAA"):
        with pytest.raises(RuntimeError, match="silent"):
            studio.check_sound({"sound": silent})
