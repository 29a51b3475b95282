"""Whether a resumed run is the run that was begun: what the two say of themselves, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from musicvae_lite.errors import shown

OPTIONAL = ("labels", "corruption", "regulariser")  # of a model: what its table tells only where it has some


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """A line for each setting that two descriptions of runs give differently.

    The name of the preset counts for nothing, as its settings are all here. A dataset without a name ("") is
    taken to be the same, and so is what only one of the two states: versions may have settings that others
    have not.
    """
    return [
        f"  {key}: {shown(old)} before, {shown(new)} now"
        for key, old, new in _differences(_written_out(before), _written_out(now))
        if key != "preset" and (key != "dataset" or (old and new))
    ]


def _written_out(description: dict[str, Any]) -> dict[str, Any]:
    """A description whose model says of each of `OPTIONAL` that it has none, where it has none."""
    model = description.get("model")
    return (
        {**description, "model": {**dict.fromkeys(OPTIONAL), **model}}
        if isinstance(model, dict)
        else description
    )


def _differences(before: dict, now: dict, prefix: str = "") -> Iterator[tuple[str, Any, Any]]:
    for key in sorted({*before} & {*now}):
        old, new = before[key], now[key]
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{prefix}{key}.")
        elif json.dumps(old) != json.dumps(new):
            yield f"{prefix}{key}", old, new
