"""Takes that follow chords: as long as those are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musicvae_lite import resources
from tests.models.small import small_chord_model

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from musicvae_lite.studio.app import create_app


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    small_chord_model().save(tmp_path / "melody-2bar-chords")
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    with TestClient(create_app(), base_url="http://127.0.0.1:8642") as opened:
        yield opened


def played(client: TestClient, chords: str) -> dict[str, Any]:
    asked = {"model": "melody-2bar-chords", "count": 1, "seed": 1}
    corners = client.post("/api/draw", json=asked).json()["codes"]
    return client.post(
        "/api/play", json=asked | {"corners": corners, "chords": chords, "temperature": 1}
    ).json()


@pytest.mark.parametrize(
    ("chords", "windows"), [("", 1), ("C | G", 1), ("C | F | G | C | Am | F | G | C", 4)]
)
def test_a_take_is_as_long_as_its_chords(client: TestClient, chords: str, windows: int):
    take = played(client, chords)
    assert (take["length"], take["bars"], take["beats"]) == (4.0 * windows, 2 * windows, 8.0 * windows)
    last = max(end for _, end, *_ in take["notes"])
    assert take["length"] - 4.0 < last <= take["length"]
    samples = np.frombuffer(base64.b64decode(take["sound"]), "<i2")
    assert len(samples) == take["length"] * take["rate"]
