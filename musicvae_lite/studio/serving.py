"""Running the studio's server."""

from __future__ import annotations

import socket
import threading
import webbrowser
from collections.abc import Callable

from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.studio.addresses import LOOPBACK, address, places
from musicvae_lite.studio.settings import StudioSettings


def serve(settings: StudioSettings, say: Callable[[str], None], open_browser: bool = True) -> None:
    """Serves the page until Ctrl-C: from the first moment on, while the models are still being loaded.

    Raises:
        ConfigError: the host is empty; starlette or uvicorn are missing.
        MusicVAEError: the port is taken, or the address is none of this machine's.
    """
    if not settings.host.strip():
        raise ConfigError("--host is empty: name an address, such as 127.0.0.1, or leave it out")
    try:
        import uvicorn

        from musicvae_lite.studio.app import create_app
    except ImportError as error:
        raise ConfigError(f"the studio needs {error.name}: pip install 'musicvae_lite[studio]'") from error
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        settings.host.encode("idna")  # the server would do it too, and raise a TypeError
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=256)
    except (OSError, UnicodeError) as error:
        reason = (error.strerror or error) if isinstance(error, OSError) else "this is no name of a host"
        raise MusicVAEError(
            f"{address(settings.host, settings.port)} cannot be served ({reason}): "
            "choose another with --port or --host"
        ) from error
    app = create_app(settings)
    here, elsewhere = places(settings.host, listener)
    if settings.host not in LOOPBACK:
        say(
            f"note: everyone who can reach {elsewhere or here} can use this studio. It has no password and "
            "sends everything unencrypted; leave out --host to keep it to this machine"
        )
    others = f", for other machines at {elsewhere}" if elsewhere else ""
    say(f"the studio is open at {here}{others} (Ctrl-C closes it)")
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(here,), daemon=True).start()
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_keep_alive=30))
    server.run(sockets=[listener])
