"""A studio on a port of its own, over whatever models the test has put in place."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from musicvae_lite.studio.settings import StudioSettings


@contextmanager
def served() -> Iterator[tuple[str, Any]]:
    """Gives its address, without a slash at the end, and its `Studio`."""
    import uvicorn

    from musicvae_lite.studio.app import create_app

    app = create_app(StudioSettings())
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.studio
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
