"""Fifty visitors at once, each with connections of their own to a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite import resources
from tests.models.small import save_small
from tests.studio.serving import served

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")

COUNT = 50


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    save_small(tmp_path / "melody-2bar", 2)
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    with served() as opened:
        yield opened


def test_fifty_visitors_get_the_page_a_blend_and_a_sound(studio: tuple[str, Any]):
    address, behind = studio
    together = threading.Barrier(COUNT)

    def visit(n: int) -> tuple[list[int], dict[str, Any]]:
        with httpx.Client(base_url=address, timeout=120) as client:
            together.wait(60)
            page, listing = client.get("/"), client.get("/api/start")
            drawn = client.post("/api/draw", json={"model": "melody-2bar", "count": 4, "seed": n % 2})
            ask = {"model": "melody-2bar", "corners": drawn.json()["codes"], "x": 0.25, "y": 0.75}
            blend = client.post("/api/play", json=ask | {"silent": True})
            sound = client.post("/api/play", json=ask)
        assert sound.json()["notes"] == blend.json()["notes"]
        return [reply.status_code for reply in (page, listing, drawn, blend, sound)], sound.json()

    with ThreadPoolExecutor(COUNT) as visitors:
        answers = list(visitors.map(visit, range(COUNT)))
    assert [statuses for statuses, _ in answers] == [[200] * 5] * COUNT
    for n, (_, heard) in enumerate(answers):  # nobody hears another one's music
        assert heard["sound"] and heard == answers[n % 2][1]
    assert answers[0][1]["code"] != answers[1][1]["code"]
    assert behind.waiting == 0 and len(behind.loading.band._models) == 1  # and nothing is kept of them
