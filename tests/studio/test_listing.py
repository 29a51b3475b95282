"""What the page is told of models before any is loaded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite import resources
from musicvae_lite.studio.listing import Listing
from tests.models.image import small as pictures
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


@pytest.mark.parametrize(
    ("settings", "chords"),
    [({"task": "humanize"}, False), ({"chords": "triads"}, True), ({"task": "hits-control"}, None)],
)
def test_only_chords_are_told_to_a_model(
    settings: dict, chords: bool | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = save_small(tmp_path / "m") / "config.json"
    told = {"name": "melody" if chords else "groove", **settings}
    path.write_text(json.dumps(json.loads(path.read_text()) | {"representation": told}))
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    listed = Listing().table["music"]
    assert [model["chords"] for model in listed] == ([] if chords is None else [chords])


@pytest.mark.parametrize("family", ["music", "image"])
@pytest.mark.parametrize("part", ["encoder", "decoder", "z", "family"])
def test_a_damaged_model_is_passed_over(
    family: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("well", "damaged"):
        save_small(tmp_path / f"music-{name}", 2)
        pictures.model(pictures.CONV).save(tmp_path / f"image-{name}")
    path = tmp_path / f"{family}-damaged" / "config.json"
    config = json.loads(path.read_text())
    del config[part]
    path.write_text(json.dumps(config))
    strange = save_small(tmp_path / "of another family", 2) / "config.json"
    strange.write_text(json.dumps({"format": 1, "family": "personal"}))
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path)
    told = Listing().table
    found = {"music": told["music"], "image": told["images"]}
    assert [m["name"] for m in found.pop(family)] == [f"{family}-well"]
    assert [len(models) for models in found.values()] == [2]
