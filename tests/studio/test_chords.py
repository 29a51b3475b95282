"""Takes that follow chords: as long as those are."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musicvae_lite import resources
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.reading import read_bytes
from musicvae_lite.music.score import Score
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


TUNE = b'X:1\nM:4/4\nL:1/4\nK:C\n"C"CE"G7"GB|"Am"c4|"C"CEGE|C4|CEGE|C4|\n'


def test_a_window_tells_its_chords_and_is_given_back_under_them(client: TestClient):
    asked = {"model": "melody-2bar-chords", "name": "a.abc"}
    first, *_, last = client.post("/api/song", params=asked, content=TUNE).json()["windows"]
    assert first["chords"] == "C G | Am" and last["chords"] == "C | C"
    plain = client.post("/api/song", params=asked, content=TUNE.replace(b'"C"', b'"N.C."')).json()
    assert plain["windows"][-1]["chords"] == ""
    corner = {"model": asked["model"], "corners": [first["code"]], "qpm": first["qpm"], "silent": True}
    given = client.post("/api/play", json=corner | {"chords": first["chords"]}).json()
    m = MusicVAE.load(asked["model"])
    (tune,) = read_bytes(TUNE, "a.abc")
    assert isinstance(tune, Score)
    own = m.reconstruct(m.pick(tune, (1, 2)))[0]
    assert [note[2] for note in given["notes"]] == own.pitch.tolist()


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
