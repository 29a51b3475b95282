"""More or less of an attribute: denser, wider, less syncopated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musicvae_lite.models.moves.writing import Writing, write
from musicvae_lite.music.attributes import written_out

if TYPE_CHECKING:
    from musicvae_lite.models.attributes.moving import Way
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes


def adjust(
    model: MusicVAE,
    music: Music,
    amounts: dict[str, float],
    way: Way | None = None,
    how: Writing | None = None,
) -> Takes:
    """One take: the music with attributes added, such as {"density": 1, "syncopation": -0.5}.

    "syncopation" is that of 16ths and of 8ths.

    Args:
        way: how the code is moved: by the guide, or along decorrelated vectors or the paper's plain ones;
            None takes the first of these that the model has.

    Raises:
        ConfigError: the model cannot change an attribute of that name in this way.
    """
    picked = model.pick(music)
    way = way or model.attributes.best
    amounts = written_out(amounts)
    z = model.attributes.choose(way).move(model.posterior(picked).mean, amounts)
    told = {"attributes": amounts, "way": way}
    return write(model, "attributes", z, [picked], [picked.stem], how or Writing(), told)
