"""What the page is told of models before any is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite import resources
from musicvae_lite.studio.listing import Listing
from tests.models.small import save_small


def test_drums_have_lanes_with_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    melody = json.loads((save_small(tmp_path / "m", 2) / "config.json").read_text())
    place = save_small(tmp_path / "d", 2)
    drums = {"name": "drums", "bars": 2, "meter": "4/4", "drum_map": "magenta-9"}
    (place / "config.json").write_text(json.dumps(melody | {"representation": drums}))
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    told = Listing().table
    lanes = {entry["kind"]: entry["lanes"] for entry in told["music"]}
    assert lanes["melody"] == [] and [dict(told["drums"])[pitch] for pitch in lanes["drums"]] == [
        "kick", "snare", "low tom", "high-mid tom", "high tom", "closed hat", "open hat", "ride", "crash",
    ]  # fmt: skip
