"""The command line that prepares a dataset for a representation."""

from __future__ import annotations

import json
import shlex

from musicvae_lite.music.representations import from_config
from musicvae_lite.music.representations.base import Representation

OPTIONS = ("bars", "meter", "polyphony", "chords", "drum_map")  # settings with an option of their own


def preparing(representation: Representation) -> str:
    """A `mvae prepare` with the representation's settings, as far as they are not the usual ones."""
    config = representation.to_config()
    usual = from_config({"name": config["name"]}).to_config()
    words = ["mvae", "prepare", "FOLDER", "-r", config.pop("name"), "--bars", str(config.pop("bars"))]
    for setting, value in config.items():
        if value == usual.get(setting):
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        if setting in OPTIONS and not isinstance(value, dict):
            words += [f"--{setting.replace('_', '-')}", text]
        else:
            words += ["--set", f"{setting}={text}"]
    return shlex.join([*words, "-o", "DATASET"])
