"""What a download may cost, and whom it keeps waiting."""

from __future__ import annotations

import io
import socket
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.studio import band as bands
from musicvae_lite.studio.asking import Ask
from musicvae_lite.studio.band import Band
from tests.models.small import save_small, small_chord_model
from tests.studio.serving import served

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")
httpx = pytest.importorskip("httpx")

PATIENCE = 60  # seconds until a test is given up


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Any]]:
    save_small(tmp_path / "melody-2bar")
    small_chord_model().save(tmp_path / "melody-2bar-chords")
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    with served() as opened:
        yield opened


@pytest.fixture
def client(studio: tuple[str, Any]) -> Iterator[Any]:
    with httpx.Client(base_url=studio[0], timeout=PATIENCE) as opened:
        yield opened


@pytest.fixture
def band(studio: tuple[str, Any]) -> Band:
    return studio[1].loading.band


def wish(client: Any, model: str = "melody-2bar", **changes: Any) -> dict[str, Any]:
    drawn = client.post("/api/draw", json={"model": model, "count": 1, "seed": 3}).json()["codes"]
    return {"model": model, "corners": drawn, "temperature": 1} | changes


def zipped(takes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"format": "zip", "takes": takes, "address": "here"}


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_take_that_lasts_too_long_is_refused_before_it_is_written(client: Any, band: Band):
    long = wish(client, "melody-2bar-chords", chords="|".join("C" * 40), qpm=30)  # 320 seconds
    for form in ("mid", "wav", "zip"):
        reply = client.post("/api/download", json={"format": form, "takes": [long]})
        assert reply.status_code == 422
        assert "would last 320 seconds, and 300 are the most" in reply.json()["error"]
    assert "320 seconds" in client.post("/api/play", json=long).json()["error"]
    assert client.post("/api/play", json=long | {"qpm": 32, "silent": True}).json()["length"] == 300


def test_takes_that_last_too_long_together_are_refused_before_any_sounds(
    client: Any, band: Band, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(band, "settings", replace(band.settings, max_download=60))
    takes = [wish(client, qpm=60)] * 8  # of 8 seconds
    monkeypatch.setattr(bands, "synthesize", lambda *_: pytest.fail("one was sounded"))
    reply = client.post("/api/download", json=zipped(takes))
    assert reply.status_code == 422
    assert "more than 1 minutes together" in reply.json()["error"]
    monkeypatch.undo()
    reply = client.post("/api/download", json=zipped(takes[:7]))
    assert int(reply.headers["content-length"]) == len(reply.content)
    with zipfile.ZipFile(io.BytesIO(reply.content)) as file:
        assert file.testzip() is None and len(file.namelist()) == 15


def test_sessions_that_are_written_keep_nobody_from_playing(
    client: Any, studio: tuple[str, Any], band: Band, monkeypatch: pytest.MonkeyPatch
):
    ask, go_on = wish(client), threading.Event()
    monkeypatch.setattr(band, "session", lambda *_: go_on.wait(PATIENCE))
    with ThreadPoolExecutor(3) as others:
        asked = [others.submit(client.post, "/api/download", json=zipped([ask])) for _ in range(3)]
        try:
            until(lambda: studio[1].waiting == 3)
            assert client.post("/api/play", json=ask).status_code == 200
        finally:
            go_on.set()
        assert [reply.result().status_code for reply in asked] == [200] * 3


def test_work_on_a_download_ends_when_nobody_waits_for_it(
    client: Any, studio: tuple[str, Any], band: Band, monkeypatch: pytest.MonkeyPatch
):
    begun, ended = threading.Event(), threading.Event()

    def session(asks: Any, address: str, out: Any, check: Callable[[], None]) -> None:
        begun.set()
        with pytest.raises(MusicVAEError, match="nobody waits"):
            until(lambda: check() is not None)
        ended.set()

    monkeypatch.setattr(band, "session", session)
    sent = client.build_request("POST", "/api/download", json=zipped([wish(client)]))
    place = (sent.url.host, sent.url.port)
    head = f"POST /api/download HTTP/1.1\r\nHost: {place[0]}:{place[1]}\r\n"
    size = f"Content-Length: {len(sent.content)}\r\n\r\n"
    with socket.create_connection(place) as gone:
        gone.sendall((head + size).encode() + sent.content)
        assert begun.wait(PATIENCE)
    assert ended.wait(PATIENCE)
    until(lambda: studio[1].waiting == 0)


@pytest.mark.parametrize("calls", range(6))
def test_it_ends_between_two_takes(client: Any, band: Band, calls: int, monkeypatch: pytest.MonkeyPatch):
    asks = [Ask.parse(wish(client, seed=n)) for n in range(3)]
    left = calls
    done: list[str] = []

    def check() -> None:
        nonlocal left
        if not left:
            raise ConfigError("over")
        left -= 1

    monkeypatch.setattr(bands.midi_writing, "to_bytes", lambda score: done.append("sounded") or b"")
    with pytest.raises(ConfigError, match="over"):
        band.session(asks, "", io.BytesIO(), check)
    assert len(done) == max(calls - 3, 0)
