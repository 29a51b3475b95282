"""`mvae studio`."""

from __future__ import annotations

from typing import Annotated

import typer


def studio(
    host: Annotated[
        str, typer.Option(help="Address to listen on; another than 127.0.0.1 lets others in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8642,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open the page.")] = False,
) -> None:
    """Open the studio: play with the models on a page of this machine."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.studio.serving import serve
    from musicvae_lite.studio.settings import StudioSettings
    from mvae.output import say

    serve(StudioSettings(host, port), say, not no_browser)
