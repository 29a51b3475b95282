"""The studio's routes and who may use them, over small untrained models."""

from __future__ import annotations

import base64
import io
import os
import signal
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.music.midi import read_bytes
from musicvae_lite.studio.asking import Ask, packed, unpacked
from musicvae_lite.studio.band import looped
from musicvae_lite.studio.settings import StudioSettings
from tests.models.small import save_small

pytest.importorskip("starlette")
pytest.importorskip("httpx")

from starlette.testclient import TestClient

from musicvae_lite.studio.app import create_app

ADDRESS = "http://127.0.0.1:8642"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("checkpoints")
    place = save_small(folder / "melody-2bar", 2)
    plain, alone = {"range": torch.ones(8)}, {"density": torch.arange(8.0)}
    Attributes(AttributeVectors(plain), AttributeVectors(alone)).save(place)
    patch = pytest.MonkeyPatch()
    patch.setattr(resources, "checkpoints_dir", lambda: folder)
    with TestClient(create_app(StudioSettings(max_body=200_000)), base_url=ADDRESS) as opened:
        assert [m["name"] for m in opened.get("/api/start").json()["music"]] == ["melody-2bar"]
        yield opened
    patch.undo()


def codes(client: TestClient, count: int = 4) -> list[str]:
    asked = {"model": "melody-2bar", "count": count, "seed": 3}
    return client.post("/api/draw", json=asked).json()["codes"]


def wish(client: TestClient, **changes: Any) -> dict[str, Any]:
    return {"model": "melody-2bar", "corners": codes(client), "x": 0.5, "y": 0.25} | changes


def error(reply: Any, status: int) -> str:
    assert reply.status_code == status, reply.text
    assert list(reply.json()) == ["error"] and "Traceback" not in reply.text
    return reply.json()["error"]


def test_the_page_is_small_and_asks_nobody_else(client: TestClient):
    page = client.get("/")
    assert page.status_code == 200 and "default-src 'self'" in page.headers["content-security-policy"]
    files = client.app.state.studio.files  # type: ignore[attr-defined]
    assert sum(map(len, files.values())) < 300 * 1024
    for name, data in files.items():
        assert client.get(f"/static/{name}").content == data
        assert b"https://" not in data and b"//cdn" not in data


def test_codes_cross_an_address():
    code = np.random.default_rng(0).normal(size=128).astype(np.float32)
    assert np.abs(unpacked(packed(code)) - code).max() < 2e-3
    assert packed(unpacked(packed(code))) == packed(code)
    for damaged in ("", "!!", "AAAA", packed(np.array([np.inf])), 7):
        with pytest.raises(ConfigError, match="code"):
            unpacked(damaged)


def test_the_dot_in_a_corner_plays_that_corner(client: TestClient):
    four = codes(client)
    for index, (x, y) in enumerate([(0, 0), (1, 0), (0, 1), (1, 1)]):
        blended = client.post("/api/play", json=wish(client, corners=four, x=x, y=y)).json()
        alone = client.post("/api/play", json=wish(client, corners=[four[index]])).json()
        assert blended["notes"] == alone["notes"]
    assert blended["length"] == 4.0  # two bars of four quarters at 120
    assert np.abs(unpacked(blended["code"]) - unpacked(four[3])).max() < 2e-3


def test_attributes_move_the_code(client: TestClient):
    (listed,) = client.get("/api/start").json()["music"]
    assert listed["attributes"] == ["density"]  # the decorrelated ones
    four = codes(client)
    for ask in (wish(client, corners=four), wish(client, corners=four[:1])):
        still = client.post("/api/play", json=ask | {"attributes": {"density": 0}}).json()
        moved = client.post("/api/play", json=ask | {"attributes": {"density": 1.5}}).json()
        change = unpacked(moved["code"]) - unpacked(still["code"])
        assert np.abs(change - 1.5 * np.arange(8)).max() < 0.02
    for amounts, words in (({"swing": 1}, "'swing'"), ({"density": 9}, "'density'"), ([1], "'attributes'")):
        assert words in error(client.post("/api/play", json=wish(client, attributes=amounts)), 422)


def test_the_sound_is_a_loop_as_long_as_the_take(client: TestClient):
    heard = client.post("/api/play", json=wish(client, qpm=90)).json()
    samples = np.frombuffer(base64.b64decode(heard["sound"]), "<i2")
    assert len(samples) == round(heard["length"] * heard["rate"]) and 1000 < np.abs(samples).max() <= 32767


def test_what_rings_beyond_the_end_lies_over_the_beginning():
    assert looped(np.array([0.1, 0.2, 0.3, 0.4, 0.2], np.float32), 2) == pytest.approx([0.6, 0.6])
    assert looped(np.array([0.5], np.float32), 3).tolist() == [0.5, 0, 0]
    assert np.abs(looped(np.full(10, 0.5, np.float32), 2)).max() == 1.0


def test_the_same_ask_gives_the_same_file(client: TestClient):
    ask = wish(client, temperature=1.0, seed=5, qpm=90)
    sent = {"format": "mid", "takes": [ask]}
    first, again = (client.post("/api/download", json=sent) for _ in range(2))
    assert first.content == again.content and first.headers["content-type"] == "audio/midi"
    score = read_bytes(first.content)
    assert score.qpm_at(0) == pytest.approx(90, abs=0.01)
    shown = client.post("/api/play", json=ask | {"silent": True}).json()
    assert len(shown["notes"]) == len(score) and shown["sound"] == ""


def test_a_session_is_a_zip_of_takes(client: TestClient):
    takes = [wish(client, seed=n, temperature=1) for n in (1, 2)]
    sent = {"format": "zip", "takes": takes, "address": "here"}
    with zipfile.ZipFile(io.BytesIO(client.post("/api/download", json=sent).content)) as file:
        assert {n for n in file.namelist() if n.endswith(".mid")} == {
            "take-01-melody-2bar.mid",
            "take-02-melody-2bar.mid",
        }
        assert "here" in file.read("session.txt").decode()


def test_an_example_and_an_upload_give_the_same_windows(client: TestClient, examples: Path):
    shelf = client.post("/api/song?model=melody-2bar&name=ode-to-joy").json()
    data = (examples / "ode-to-joy.mid").read_bytes()
    sent = client.post("/api/song?model=melody-2bar&name=ode-to-joy.mid", content=data).json()
    assert shelf == sent and 1 < len(sent["windows"]) <= 24
    assert sent["windows"][0]["bars"] == [1, 2] and len(unpacked(sent["windows"][0]["code"])) == 8


def test_a_book_says_how_many_of_its_tunes_are_offered(client: TestClient, examples: Path):
    tune = (examples / "ode-to-joy.abc").read_bytes()
    sent = client.post("/api/song?model=melody-2bar&name=book.abc", content=b"\n\n".join([tune] * 30)).json()
    assert sent["share"] == "24 of 30 tunes" and len(sent["windows"]) == 24


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "", "[::", "a@b"])
def test_other_hosts_are_refused(client: TestClient, host: str):
    assert "host" in error(client.get("/api/start", headers={"host": host}), 403)


def test_other_sites_are_refused(client: TestClient):
    asked = wish(client)
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999"):
        assert "may not use" in error(client.post("/api/play", json=asked, headers={"origin": origin}), 403)
    headers = {"sec-fetch-site": "cross-site"}
    assert "may not use" in error(client.post("/api/play", json=asked, headers=headers), 403)
    assert client.post("/api/play", json=asked, headers={"origin": ADDRESS}).status_code == 200


def test_what_is_too_large_is_refused(client: TestClient):
    assert "MiB" in error(client.post("/api/song?model=melody-2bar", content=b"x" * 200_001), 413)

    def pieces() -> Iterator[bytes]:  # no Content-Length
        for _ in range(30):
            yield b"x" * 10_000

    assert "MiB" in error(client.post("/api/song?model=melody-2bar", content=pieces()), 413)


@pytest.mark.parametrize(
    "path",
    ["/static/..%2fapp.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/app.py", "/nothing"],
)
def test_no_path_reaches_the_disk(client: TestClient, path: str):
    error(client.get(path), 404)


@pytest.mark.parametrize("name", ["../../README", "/etc/passwd", "twinkle.abc", "nothing"])
def test_no_name_of_an_example_or_model_reaches_the_disk(client: TestClient, name: str):
    reply = client.post("/api/song", params={"model": "melody-2bar", "name": name})
    assert "no example" in error(reply, 422)
    assert "no model" in error(client.post("/api/draw", json={"model": name}), 422)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"MThd\x00\x00\x00\x06\x00\x01\xff\xff\x01\xe0", "a.mid"),
        (b"MThd" + b"\xff" * 5000, "b.mid"),
        (b"\x00" * 100, "c.mid"),
        (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "d.xml"),
        (b"X:1\nK:C\n", "e.abc"),
        (b"hello", "../../f.txt"),
    ],
)
def test_bad_songs_cost_their_own_request(client: TestClient, examples: Path, data: bytes, name: str):
    reply = client.post("/api/song", params={"model": "melody-2bar", "name": name}, content=data)
    assert "passwd" not in error(reply, 422) and ".." not in reply.json()["error"]
    assert upload(client, examples).status_code == 200


def upload(client: TestClient, examples: Path) -> Any:
    """The answer to a file that is read in the reader's process, as all strangers' files are."""
    data = (examples / "twinkle.mid").read_bytes()
    return client.post("/api/song?model=melody-2bar&name=twinkle.mid", content=data)


def test_a_reader_that_dies_is_replaced(client: TestClient, examples: Path):
    reader = client.app.state.studio.loading.reader  # type: ignore[attr-defined]
    assert upload(client, examples).status_code == 200
    reader._process.kill()
    reader._process.join()
    assert upload(client, examples).status_code == 200


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot halt a process")
def test_a_song_that_takes_too_long_is_given_up(
    client: TestClient, examples: Path, monkeypatch: pytest.MonkeyPatch
):
    reader = client.app.state.studio.loading.reader  # type: ignore[attr-defined]
    assert upload(client, examples).status_code == 200
    monkeypatch.setattr(reader, "seconds", 0.1)
    os.kill(reader._process.pid, signal.SIGSTOP)
    assert "seconds" in error(upload(client, examples), 422)
    monkeypatch.undo()
    assert upload(client, examples).status_code == 200


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"corners": []}, "corners"),
        ({"corners": [packed(np.zeros(4))]}, "shape"),
        ({"corners": [packed(np.zeros(4))], "attributes": {"density": 1}}, "4 numbers"),
        ({"corners": ["AAAA"]}, "missing"),
        ({"corners": ["AAA?"]}, "base64"),
        ({"x": 2}, "'x'"),
        ({"x": "0"}, "'x'"),
        ({"temperature": -1}, "'temperature'"),
        ({"qpm": 1e9}, "'qpm'"),
        ({"seed": True}, "'seed'"),
        ({"model": 3}, "'model'"),
        ({"chords": "C" * 500}, "'chords'"),
    ],
)
def test_every_field_is_checked(client: TestClient, changes: dict[str, Any], says: str):
    assert says in error(client.post("/api/play", json=wish(client, **changes)), 422)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b"\xff", b'{"model": "\\ud800"}'])
def test_bodies_that_are_no_object(client: TestClient, body: bytes):
    assert "JSON" in error(client.post("/api/play", content=body), 422)


def test_downloads_are_limited(client: TestClient):
    ask = wish(client)
    assert "takes" in error(client.post("/api/download", json={"format": "zip", "takes": [ask] * 65}), 422)
    assert "format" in error(client.post("/api/download", json={"format": "exe", "takes": [ask]}), 422)


def test_fifty_visitors_at_once(client: TestClient):
    asks = [wish(client, x=n / 49) for n in range(50)]
    with ThreadPoolExecutor(50) as visitors:
        replies = list(visitors.map(lambda ask: client.post("/api/play", json=ask), asks))
    assert [r.status_code for r in replies] == [200] * 50
    alone = client.post("/api/play", json=asks[7]).json()
    assert replies[7].json() == alone  # nobody hears another one's music
    studio = client.app.state.studio  # type: ignore[attr-defined]
    assert studio.waiting == 0 and len(studio.loading.band._models) == 1


def test_more_than_can_wait_are_told_so(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    studio = client.app.state.studio  # type: ignore[attr-defined]
    monkeypatch.setattr(studio, "waiting", studio.settings.max_waiting)
    asked = {"model": "melody-2bar", "count": 1}
    assert "busy" in error(client.post("/api/draw", json=asked), 503)


def test_an_ask_keeps_what_it_was_given():
    ask = Ask.parse({"model": "m", "corners": [packed(np.ones(4))], "qpm": 90, "program": 24})
    assert (ask.qpm, ask.program, ask.chords, ask.corners.shape) == (90.0, 24, None, (1, 4))


def test_the_shelf_offers_what_the_model_takes(client: TestClient):
    offered = client.post("/api/shelf", json={"model": "melody-2bar"}).json()["examples"]
    assert "twinkle" in offered and "amazing-grace" not in offered  # which is in 3/4
    for example in offered:
        assert client.post(f"/api/song?model=melody-2bar&name={example}").status_code == 200
    assert "no model" in error(client.post("/api/shelf", json={"model": "../x"}), 422)
