"""`mvae image compare`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from musicvae_lite.resources import expand
from mvae.image.options import AsJson, Data, Lies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musicvae_lite.training.presets import Preset


def compare(
    data: Data,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the runs and the page.")],
    lies: Lies = None,
    preset: Annotated[
        list[str] | None, typer.Option("--preset", help="May be given several times. (default: all that fit)")
    ] = None,
    share: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="Of each preset's updates: 0.1 shows in a tenth of the time what each can do.",
        ),
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Train several presets on the same pictures and show them on one page."""
    from contextlib import contextmanager

    from musicvae_lite import finding, runtime

    folder = expand(output)
    finding.check_free(folder, lambda config: True)
    runtime.prepare_environment()
    from musicvae_lite.images import sets
    from musicvae_lite.training import comparison
    from musicvae_lite.training.images import unlearnt
    from mvae.output import note, print_json, say, table, wrote
    from mvae.training_progress import Listener

    pictures = sets.load(data, lies)
    presets, refused = comparison.suited(preset or (), pictures)
    for text in (*pictures.notes, *unlearnt(pictures), *refused):
        note(text)
    names = [recipe.name for recipe in presets]

    @contextmanager
    def shown(recipe: Preset) -> Iterator[Listener]:
        say(f"{recipe.name}, {names.index(recipe.name) + 1} of {len(names)}")
        with Listener(recipe.training.steps, quiet=as_json) as listener:
            yield listener

    entries = comparison.train_all(presets, pictures, folder, share, shown)
    path = comparison.write_page(entries, pictures, folder / "compare.html")
    rows = [entry.row() for entry in entries]
    if as_json:
        print_json(
            {"entries": [dict(zip(comparison.COLUMNS, row, strict=True)) for row in rows], "files": [path]}
        )
        return
    table(("preset", "parameters", "s", "BCE", "sq. error", "KL, bits", "Bernoulli ELBO"), rows)
    wrote(path)
