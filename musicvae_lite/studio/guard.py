"""Who may ask the studio something: this machine's own page, and nobody's other page.

A page of another site may send requests to a loopback port, and a name of another site may be
pointed at 127.0.0.1 (DNS rebinding). The first shows in Origin, the second in Host.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from musicvae_lite.studio.addresses import LOOPBACK

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' data:; media-src 'self' blob: data:; style-src 'self'; "
        b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


class Guard:
    """ASGI middleware: checks Host, Origin and the size of the body before anything else sees the request.

    Args:
        app: what is guarded.
        host: the address the server listens on. On loopback only loopback's names may be asked for;
            elsewhere any numeric address, the name given, and the names of this machine.
        max_body: bytes a request may hold.
    """

    def __init__(self, app: Any, host: str, max_body: int):
        self.app, self.host, self.max_body = app, host, max_body
        self.names = (*LOOPBACK, host.lower(), *(() if host in LOOPBACK else own_names()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        fault = self._fault(scope["method"], headers)
        if fault:
            await JSONResponse({"error": fault[1]}, fault[0], dict(_text(HEADERS)))(scope, receive, send)
            return
        body = b""
        if scope["method"] == "POST":
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > self.max_body:
                    reply = JSONResponse({"error": self._too_large()}, 413, dict(_text(HEADERS)))
                    await reply(scope, receive, send)
                    return

        is_read = False

        async def whole() -> MutableMapping[str, Any]:
            nonlocal is_read
            if is_read:
                return await receive()
            is_read = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        await self.app(scope, whole, with_headers)

    def _fault(self, method: str, headers: dict[bytes, str]) -> tuple[int, str] | None:
        host = headers.get(b"host", "")
        if not self._is_ours(host):
            return 403, f"the studio does not answer to the host {host!r}; open the address that it printed"
        origin = headers.get(b"origin")
        if origin is not None and _netloc(origin) != host.lower():
            return 403, f"a page of {origin[:80]} may not use this studio"
        if headers.get(b"sec-fetch-site", "same-origin") == "cross-site" and method != "GET":
            return 403, "a page of another site may not use this studio"
        length = headers.get(b"content-length", "0")
        if not length.isdigit() or int(length) > self.max_body:
            return 413, self._too_large()
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self.names:
            return True
        return self.host not in LOOPBACK and _is_address(name)

    def _too_large(self) -> str:
        return f"that is too large: the studio takes {self.max_body / 2**20:g} MiB at once"


def own_names() -> tuple[str, ...]:
    """What others may call this machine: its name, whole and without its domain, and as mDNS tells it."""
    name = socket.gethostname().lower()
    first = name.partition(".")[0]
    return tuple(dict.fromkeys((name, first, f"{first}.local"))) if first else ()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _text(headers: tuple[tuple[bytes, bytes], ...]) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in headers]
