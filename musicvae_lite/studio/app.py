"""The studio's routes. Every error a visitor can cause is JSON with one sentence, `{"error": ...}`."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.studio.asking import FORMATS, Ask, name, number
from musicvae_lite.studio.guard import Guard
from musicvae_lite.studio.loading import Loading
from musicvae_lite.studio.settings import StudioSettings

if TYPE_CHECKING:
    from musicvae_lite.studio.band import Band

STATIC = Path(__file__).parent / "static"
KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
SPOOLED = 16 * 2**20  # bytes of a download that are held in memory; more of it lies on the disk
PIECE = 2**18  # bytes of it that are sent at once


class Busy(MusicVAEError):
    """More visitors than the models can play for."""


class OpenFileResponse(StreamingResponse):
    """Sends an open file, all that was written to it, and closes it, whether anyone takes it or not."""

    def __init__(self, file: IO[bytes], media_type: str):
        self.file, size = file, file.tell()
        file.seek(0)
        pieces = iter(lambda: file.read(PIECE), b"")
        super().__init__(pieces, media_type=media_type, headers={"content-length": str(size)})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self.file:
            await super().__call__(scope, receive, send)


class Studio:
    """What answers the page. Work on models waits in short queues, off the event loop.

    Attributes:
        waiting: how many requests stand in those queues or are worked on.
        turn: of what is done in a moment.
        turn_of_sessions: of downloads of many takes, which nothing else is to wait for.
    """

    def __init__(self, settings: StudioSettings):
        self.settings, self.loading = settings, Loading(settings)
        self.files = {p.name: p.read_bytes() for p in STATIC.iterdir() if p.suffix in KINDS}
        self.waiting = 0
        self.turn, self.turn_of_sessions = asyncio.Semaphore(2), asyncio.Semaphore(1)

    async def work(self, call: Callable[[Band], Any], turn: asyncio.Semaphore | None = None) -> Any:
        """What a call of the band gives. Waits until the band is loaded; raises Busy when too many do."""
        if self.waiting >= self.settings.max_waiting:
            raise Busy("the studio is busy: too many are playing at once; try again in a moment")
        self.waiting += 1
        try:
            async with turn or self.turn:
                return await run_in_threadpool(lambda: call(self.loading.band))
        finally:
            self.waiting -= 1

    async def page(self, request: Request) -> Response:
        file = request.path_params.get("file", "index.html")
        if file not in self.files:  # names are looked up among the page's own files, never on the disk
            return JSONResponse({"error": f"the studio has no page '{file[:60]}'"}, 404)
        return Response(self.files[file], media_type=KINDS[Path(file).suffix])

    async def start(self, request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(lambda: self.loading.listing.table))

    async def song(self, request: Request) -> Response:
        asked = request.query_params
        data = await request.body() or None
        title = asked.get("name", "")[-80:].replace("\\", "/").rsplit("/", 1)[-1] or "music"
        model = asked.get("model", "")
        return JSONResponse(await self.work(lambda band: band.windows(model, data, title)))

    async def shelf(self, request: Request) -> Response:
        model = name(await _json(request))
        return JSONResponse(await self.work(lambda band: band.shelf(model)))

    async def draw(self, request: Request) -> Response:
        table = await _json(request)
        count, seed = int(number(table, "count", 1, 1, 16)), int(number(table, "seed", 0, 0, 2**31))
        model = name(table)
        return JSONResponse(await self.work(lambda band: band.draw(model, count, seed)))

    async def play(self, request: Request) -> Response:
        table = await _json(request)
        ask, is_silent = Ask.parse(table), bool(table.get("silent"))
        return JSONResponse(await self.work(lambda band: band.play(ask, is_silent)))

    async def picture(self, request: Request) -> Response:
        table = await _json(request)
        place = (number(table, "x", 0.5, 0, 1), number(table, "y", 0.5, 0, 1))
        label, seed = int(number(table, "label", 0, 0, 1000)), int(number(table, "seed", 0, 0, 2**31))
        model = name(table)
        png = await self.work(lambda band: band.picture(model, *place, label, seed))
        return JSONResponse({"png": png})

    async def download(self, request: Request) -> Response:
        table = await _json(request)
        form, takes = table.get("format"), table.get("takes")
        if not isinstance(takes, list) or not 1 <= len(takes) <= self.settings.max_takes:
            raise ConfigError(f"a download holds 1 to {self.settings.max_takes} takes")
        asks = [Ask.parse(take) for take in takes]
        if form == "zip":
            return await self._session(request, asks, str(table.get("address", ""))[:100_000])
        data = await self.work(lambda band: band.file(asks[0], str(form)))
        return Response(data, media_type=FORMATS[str(form)])

    async def _session(self, request: Request, asks: list[Ask], address: str) -> Response:
        """All takes in one zip, on the disk if it is large. Work on it ends when nobody waits for it."""
        is_gone = threading.Event()

        def check() -> None:
            if is_gone.is_set():
                raise MusicVAEError("nobody waits for this download any more")

        watch = asyncio.create_task(_watch(request, is_gone))
        with ExitStack() as opened:
            file = opened.enter_context(SpooledTemporaryFile(SPOOLED))
            try:
                await self.work(lambda band: band.session(asks, address, file, check), self.turn_of_sessions)
            except OSError as error:
                raise MusicVAEError(f"the download cannot be written: {error.strerror}") from error
            finally:
                watch.cancel()
            opened.pop_all()  # the response closes it
        return OpenFileResponse(file, "application/zip")


def create_app(settings: StudioSettings | None = None) -> Starlette:
    """The studio as an ASGI application."""
    chosen = settings or StudioSettings()
    studio = Studio(chosen)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        studio.loading.start()
        yield
        studio.loading.close()

    posts = ("song", "shelf", "draw", "play", "picture", "download")
    app = Starlette(
        routes=[
            Route("/", studio.page),
            Route("/static/{file}", studio.page),
            Route("/api/start", studio.start),
            *[Route(f"/api/{post}", getattr(studio, post), methods=["POST"]) for post in posts],
        ],
        middleware=[Middleware(partial(Guard, host=chosen.host, max_body=chosen.max_body))],  # type: ignore[arg-type]
        exception_handlers={
            MusicVAEError: _told,
            404: _missing,
            405: _missing,
            Exception: _bug,
        },  # type: ignore[arg-type]
        lifespan=lifespan,
    )
    app.state.studio = studio
    return app


async def _watch(request: Request, is_gone: threading.Event) -> None:
    """Says when the asker has gone. The request must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    is_gone.set()


async def _json(request: Request) -> dict[str, Any]:
    try:
        table = json.loads(await request.body())
        json.dumps(table, ensure_ascii=False).encode()  # a lone surrogate cannot be encoded
    except (ValueError, RecursionError) as error:
        raise ConfigError("a request must be JSON, its texts Unicode") from error
    if not isinstance(table, dict):
        raise ConfigError("a request must be a JSON object")
    return table


async def _told(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 503 if isinstance(error, Busy) else 422)


async def _missing(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": "the studio has nothing there"}, getattr(error, "status_code", 404))


async def _bug(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": f"this is a bug in the studio ({type(error).__name__})"}, 500)
