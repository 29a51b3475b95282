"""`mvae image presets`."""

from __future__ import annotations

from mvae.image.options import AsJson


def presets(as_json: AsJson = False) -> None:
    """List the presets for pictures."""
    from musicvae_lite.training.presets import load_preset, preset_names
    from mvae.output import print_json, table

    found = [load_preset(name) for name in preset_names("image")]
    if as_json:
        print_json(
            [{"name": p.name, "about": p.about, **p.model, "training": vars(p.training)} for p in found]
        )
        return
    table(("name", "what"), [(preset.name, preset.about) for preset in found])
