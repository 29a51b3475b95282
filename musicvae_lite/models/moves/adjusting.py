"""More or less of an attribute: denser, wider, less syncopated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musicvae_lite.models.attribute_vectors import changed
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes


def adjust(
    model: MusicVAE, music: Music, amounts: dict[str, float], plain: bool = False, how: Writing | None = None
) -> Takes:
    """One take: the music with attributes added, such as {"density": 1, "syncopation16": -0.5}.

    Args:
        plain: use the paper's vectors, not the decorrelated ones.

    Raises:
        ConfigError: the model has no vector of a name.
    """
    picked = model.pick(music)
    z = changed(model.posterior(picked).mean, model.attributes.choose(plain), amounts)
    told = {"attributes": amounts, "vectors": "plain" if plain else "decorrelated"}
    return write(model, "attributes", z, [picked], [picked.stem], how or Writing(), told)
