"""Where the parity material lies: the folder MUSICVAE_LITE_SHARED names, or `shared/` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def shared_folder(*parts: str) -> Path | None:
    """A folder of the shared material; None where it is missing."""
    named = os.environ.get("MUSICVAE_LITE_SHARED")
    places = [Path(named)] if named else [parent / "shared" for parent in (ROOT, *ROOT.parents)]
    found = [place.joinpath(*parts) for place in places if place.joinpath(*parts).is_dir()]
    return found[0] if found else None


def needs_shared(*parts: str) -> pytest.MarkDecorator:
    """Skips a test where that part of the shared material is missing."""
    where = "/".join(("shared", *parts))
    return pytest.mark.skipif(
        shared_folder(*parts) is None, reason=f"{where} is not there (set MUSICVAE_LITE_SHARED)"
    )
