"""What the studio offers: models and example songs. Told without torch, so that the page has it at once."""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path
from typing import Any

from musicvae_lite import checkpoints, resources
from musicvae_lite.errors import CheckpointError
from musicvae_lite.models import catalogue
from musicvae_lite.models.attributes import kept
from musicvae_lite.music import drum_names
from musicvae_lite.music.representations.base import Representation

MOST_LANES = 12  # that stay on the page, struck or not


class Listing:
    """The models that can be used and the shelf, read from the disk once, whichever thread asks first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._table: dict[str, Any] | None = None

    @property
    def table(self) -> dict[str, Any]:
        """Models, examples, and names of drums, lowest lane first, as the page takes them."""
        with self._lock:
            if self._table is None:
                self._table = self._read()
            return self._table

    @cached_property
    def examples(self) -> dict[str, Path]:
        """The shelf: names of example songs, and where they lie."""
        return {p.stem: p for p in sorted((resources.data_dir() / "examples").glob("*.mid"))}

    def names(self, kind: str) -> list[str]:
        """Names of the models of a kind, "music" or "images"."""
        return [m["name"] for m in self.table[kind]]

    def _read(self) -> dict[str, Any]:
        music, images = [], []
        for info in catalogue.models():
            if info.fault:
                continue
            config = checkpoints.read_config(info.folder)
            if config["family"] == "music":
                r = catalogue.representation(info.folder)
                if r.control is not None and not r.follows_chords:
                    continue  # the page has no place to tell it what it is conditioned by, such as hits
                entry = {"bars": info.bars, "meter": info.meter, "beats": info.bars * r.meter.quarters}
                entry |= {"chords": r.follows_chords, "lanes": _lanes(r)}
                entry["attributes"] = _attributes(info.folder, config["z"])
                music.append({"name": info.name, "kind": r.name, **entry})
            elif config["family"] == "image" and config["encoder"].get("code") == "gaussian":  # one can draw
                labels = config.get("classes", []) if config.get("conditional") else []
                images.append({"name": info.name, "z": config["z"], "labels": labels})
        music.sort(key=lambda m: (catalogue.rank(m["bars"]), m["name"] != "melody-2bar", m["name"]))
        drums = list(drum_names.NAMES.items())
        return {"music": music, "images": images, "examples": sorted(self.examples), "drums": drums}


def _lanes(r: Representation) -> list[int]:
    """The drums that a model writes, lowest lane first; none where they are too many to show them always."""
    drum_map = getattr(r, "drum_map", None)
    return drum_names.ordered(drum_map.written.tolist()) if drum_map and len(drum_map) <= MOST_LANES else []


def _attributes(folder: Path, z: int) -> list[str]:
    """The attributes that a model can change."""
    try:
        return kept.names(folder, z)
    except CheckpointError:
        return []  # the model plays without them
