"""The page comes before the models: what is served while they are loaded, and when they cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite import resources
from tests.models.small import save_small

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from musicvae_lite.studio import band
from musicvae_lite.studio.app import create_app

ROOT = Path(__file__).resolve().parents[2]
DRAW = {"model": "melody-2bar", "count": 1}


@contextmanager
def opened(make_band: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    save_small(folder / "melody-2bar", 2)
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: folder)
    monkeypatch.setattr(band, "Band", make_band)
    with TestClient(create_app(), base_url="http://127.0.0.1:8642") as client:
        yield client


def test_the_page_and_the_listing_are_there_before_the_models(tmp_path: Path, monkeypatch):
    may_load, real = threading.Event(), band.Band

    def late(*arguments: Any) -> band.Band:
        may_load.wait(60)
        return real(*arguments)

    with opened(late, tmp_path, monkeypatch) as client:
        answers: list[int] = []
        waiting = threading.Thread(
            target=lambda: answers.append(client.post("/api/draw", json=DRAW).status_code)
        )
        waiting.start()
        assert client.get("/").status_code == 200
        assert [m["name"] for m in client.get("/api/start").json()["music"]] == ["melody-2bar"]
        time.sleep(0.05)
        assert not answers  # who asks for music waits
        may_load.set()
        waiting.join(60)
        assert answers == [200]


@pytest.mark.parametrize(
    ("fault", "says"),
    [(ImportError("libtorch is missing"), "libtorch is missing"), (RuntimeError("no memory"), "no memory")],
)
def test_what_goes_wrong_in_loading_is_told(fault: Exception, says: str, tmp_path: Path, monkeypatch):
    def broken(*_: Any) -> band.Band:
        raise fault

    with opened(broken, tmp_path, monkeypatch) as client:
        assert client.get("/").status_code == 200
        for _ in range(2):
            reply = client.post("/api/draw", json=DRAW)
            assert reply.status_code == 422
            assert says in reply.json()["error"] and "Traceback" not in reply.text


def test_page_and_listing_need_no_torch():
    code = (
        "import sys; from musicvae_lite.studio import app, listing, loading, serving; app.create_app()\n"
        "assert listing.Listing().table['music']; print('torch' in sys.modules)"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert run.stdout.strip() == "False", run.stdout + run.stderr
