"""By which names the studio is reached, and what it prints of them."""

from __future__ import annotations

import socket
import webbrowser
from collections.abc import Iterator

import pytest

from musicvae_lite.errors import ConfigError, MusicVAEError

pytest.importorskip("starlette")
pytest.importorskip("httpx")
pytest.importorskip("uvicorn")

import uvicorn
from starlette.testclient import TestClient

from musicvae_lite.studio import addresses
from musicvae_lite.studio.app import create_app
from musicvae_lite.studio.serving import serve
from musicvae_lite.studio.settings import StudioSettings


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is called Deck.example, and speaks to others as 192.168.1.5."""
    monkeypatch.setattr(socket, "gethostname", lambda: "Deck.example")
    monkeypatch.setattr(addresses, "_outward", lambda family: "192.168.1.5")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("0.0.0.0", 0)) as opened:
        yield opened


def test_all_addresses_are_told_as_one_for_here_and_one_for_others(network, listener, monkeypatch):
    port = listener.getsockname()[1]
    both = (f"http://127.0.0.1:{port}/", f"http://192.168.1.5:{port}/")
    for host in ("0.0.0.0", "0"):
        assert addresses.places(host, listener) == both
    monkeypatch.setattr(addresses, "_outward", lambda family: None)
    assert addresses.places("0.0.0.0", listener) == (both[0], None)


def test_one_address_is_told_as_it_was_asked_for(network):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert addresses.places("localhost", listener) == (f"http://localhost:{port}/", None)
    assert addresses.address("::1", 80) == "http://[::1]:80/"


def test_the_page_that_is_opened_is_one_that_can_be(network, listener, monkeypatch):
    said: list[str] = []
    opened: list[str] = []
    monkeypatch.setattr(socket, "create_server", lambda *_, **__: listener)
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(uvicorn.Server, "run", lambda *_, **__: None)
    serve(StudioSettings("0.0.0.0"), said.append)
    port = listener.getsockname()[1]
    assert f"open at http://127.0.0.1:{port}/, for other machines at http://192.168.1.5:{port}/" in said[-1]
    assert opened == [f"http://127.0.0.1:{port}/"]


@pytest.mark.parametrize("host", ["", " "])
def test_an_empty_host_is_refused(host: str):
    with pytest.raises(ConfigError, match="--host is empty"):
        serve(StudioSettings(host), print)


@pytest.mark.parametrize("host", ["\u00e4..b", "\udce4", "x" * 70])
def test_what_is_no_name_of_a_host_is_refused(host: str):
    with pytest.raises(MusicVAEError, match=r"cannot be served \(this is no name of a host\)"):
        serve(StudioSettings(host), print)


def status(listens: str, asked: str, **headers: str) -> int:
    client = TestClient(create_app(StudioSettings(listens)), base_url=f"http://{asked}:8642")
    reply = client.get("/", headers=headers)
    assert reply.status_code == 200 or list(reply.json()) == ["error"]
    return reply.status_code


def test_this_machine_may_be_asked_for_by_its_own_names(network):
    for name in ("deck.example", "DECK", "deck.local", "192.168.1.5", "localhost"):
        assert status("0.0.0.0", name) == 200
    for name in ("example", "evil.example", "deck.evil.example"):
        assert status("0.0.0.0", name) == 403
    assert status("127.0.0.1", "deck.example") == 403  # nobody else can reach it there


@pytest.mark.parametrize("origin", ["http://[bad", "http://[::1", "null", "//"])
def test_an_origin_that_is_no_address_is_refused(origin: str):
    assert status("127.0.0.1", "127.0.0.1", origin=origin) == 403
