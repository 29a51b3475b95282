"""`mvae models`: the trained models at hand."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.takes_output import AsJson

app = typer.Typer(help="List the trained models, and show one.", invoke_without_command=True)


@app.callback()
def options(context: typer.Context, as_json: AsJson = False) -> None:
    if context.invoked_subcommand is None:
        list_models(as_json)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List the trained models: shipped with the package, or imported."""
    from dataclasses import asdict

    from musicvae_lite.models import catalogue
    from mvae.output import note, print_json, table

    found = catalogue.models()
    if as_json:
        print_json([asdict(model) for model in found])
        return
    rows = [
        (
            m.name,
            m.fault or m.what,
            f"{m.bars} x {m.meter}" if m.bars else "",
            m.parameters,
            _megabytes(m.size),
        )
        for m in found
    ]
    table(("name", "what", "window", "parameters", "MB"), rows)
    if not found:
        note("no trained model comes with this installation; `mvae train` makes one")


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A name of `mvae models`, or a folder.")],
    as_json: AsJson = False,
) -> None:
    """Show one model: sizes, settings and its card."""
    import json
    from dataclasses import asdict

    from musicvae_lite import checkpoints
    from musicvae_lite.models import catalogue
    from mvae.output import print_json

    model = catalogue.info(name)
    config = checkpoints.read_config(model.folder)
    card = catalogue.card(model.folder)
    if as_json:
        print_json({**asdict(model), "config": config, "card": card})
        return
    print(f"{model.name}: {model.what}")
    print(f"{model.parameters:,} parameters, {_megabytes(model.size)} MB, in {model.folder}")
    print(json.dumps(config, indent=1, ensure_ascii=False))
    print("\n" + card if card else "It has no card.")


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)
