"""Running the studio's server."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable

from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.studio.guard import LOOPBACK
from musicvae_lite.studio.settings import StudioSettings


def serve(settings: StudioSettings, say: Callable[[str], None], open_browser: bool = True) -> None:
    """Serves the page until Ctrl-C: from the first moment on, while the models are still being loaded.

    Raises:
        ConfigError: starlette or uvicorn are missing.
        MusicVAEError: the port is taken, or the address is none of this machine's.
    """
    address = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}/"
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except OSError as error:
        raise MusicVAEError(
            f"{address} cannot be served ({error.strerror or error}): choose another with --port or --host"
        ) from error
    try:
        import uvicorn

        from musicvae_lite.studio.app import create_app
    except ImportError as error:
        raise ConfigError(f"the studio needs {error.name}: pip install 'musicvae_lite[studio]'") from error
    app = create_app(settings)
    if settings.host not in LOOPBACK:
        say(
            f"note: everyone who can reach {settings.host} can use this studio. It has no password and sends "
            "everything unencrypted; leave out --host to keep it to this machine"
        )
    say(f"the studio is open at {address} (Ctrl-C closes it)")
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_keep_alive=30))
    server.run(sockets=[listener])
