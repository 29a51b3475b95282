"""`mvae models`: the trained models at hand, and their way in from and out to other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from musicvae_lite.resources import expand
from mvae.takes_output import AsJson, Seed

app = typer.Typer(
    help="List the trained models, show one, import Magenta's, export.", invoke_without_command=True
)


class Target(StrEnum):
    """What `mvae models export` writes."""

    ONNX = "onnx"
    MAGENTA_JS = "magenta-js"


class Numbers(StrEnum):
    """How a magenta-js checkpoint stores its weights."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    UINT16 = "uint16"
    UINT8 = "uint8"


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
    from mvae.output import print_json, tell

    model = catalogue.info(name)
    config = checkpoints.read_config(model.folder)
    card = catalogue.card(model.folder)
    if as_json:
        print_json({**asdict(model), "config": config, "card": card})
        return
    tell(
        f"{model.name}: {model.what}",
        f"{model.parameters:,} parameters, {_megabytes(model.size)} MB, in {model.folder}",
        *json.dumps(config, indent=1, ensure_ascii=False).split("\n"),
        *(["", *card.split("\n")] if card else ["It has no card."]),
    )


@app.command()
def average(
    runs: Annotated[
        list[str],
        typer.Argument(help="Runs of one model, each gone on from another; one named twice counts twice."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the model.")],
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="What they learnt from, a dataset or music, to fit what samples are drawn from to."
        ),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Make one model of several runs: the average of their weights is often better than each."""
    from musicvae_lite import finding, runtime

    finding.check_free(expand(output))
    runtime.prepare_environment()
    from musicvae_lite.training.averaging import average as average_of
    from mvae.output import note, wrote

    model = average_of(runs, data, seed, note)
    model.save(output)
    if model.vae.prior is None:
        note("no prior: samples come from N(0, I); --data with enough music gives one")
    wrote(output)


@app.command("import")
def import_(
    source: Annotated[
        str,
        typer.Argument(
            metavar="PATH",
            help="A TensorFlow checkpoint (file, folder or .tar), or a folder or address of magenta-js.",
        ),
    ],
    config: Annotated[
        str | None,
        typer.Option(
            "--config", help="Magenta's configuration, where several fit; or a preset of your own (.toml)."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What to call it (default: its configuration).")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the model (default: where its name finds it)."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a model that is there already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a checkpoint of Magenta's MusicVAE or GrooVAE."""
    from musicvae_lite.magenta.importing import import_model
    from musicvae_lite.models import catalogue
    from mvae.output import Progress, note, print_json, table, wrote

    with Progress("importing", unit="layers", quiet=as_json) as bar:
        found = import_model(source, config, name, output, force, bar.reach)
    model = catalogue.info(found.folder)
    if as_json:
        figures = {"config": found.config, "step": found.step, "notes": found.notes}
        print_json({"name": model.name, "folder": model.folder, "parameters": model.parameters, **figures})
        return
    for line in found.notes:
        note(line)
    row = (model.name, found.config, f"{model.bars} x {model.meter}", model.parameters, found.step)
    table(("name", "configuration", "window", "parameters", "updates"), [row])
    wrote(found.folder)


@app.command()
def export(
    name: Annotated[str, typer.Argument(help="A name of `mvae models`, or a folder.")],
    to: Annotated[Target, typer.Option("--to", help="What to write.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write to (default: NAME-FORMAT here).")
    ] = None,
    weights: Annotated[
        Numbers, typer.Option("--weights", help="How magenta-js weights are stored: smaller is less exact.")
    ] = Numbers.FLOAT32,
    as_json: AsJson = False,
) -> None:
    """Export a model for other programs; docs/export.md says what the files hold."""
    from musicvae_lite import finding, runtime

    runtime.prepare_environment()
    from musicvae_lite.models import catalogue
    from musicvae_lite.models.music_vae import MusicVAE
    from mvae.output import note, print_json, say, table, wrote

    if to is Target.ONNX and weights is not Numbers.FLOAT32:
        raise typer.BadParameter("it is for magenta-js; ONNX files hold float32", param_hint="--weights")
    model = MusicVAE.load(name)
    folder = expand(output or Path(f"{catalogue.name_of(model.folder or Path(name))}-{to}"))
    finding.check_free(folder, lambda config: True)
    if to is Target.MAGENTA_JS:
        from musicvae_lite.magenta.exporting import export_javascript, lost

        paths = export_javascript(model, folder, None if weights is Numbers.FLOAT32 else weights.value)
        files = [{"path": path, "bytes": path.stat().st_size} for path in paths]
        for line in lost(model):
            note(line)
    else:
        from musicvae_lite.export.onnx import export_onnx

        def listen(part: str) -> None:
            if not as_json:
                say(f"writing and checking {part} ...")

        done = export_onnx(model, folder, listen)
        files = [{"path": f.path, "bytes": f.path.stat().st_size, "largest error": f.error} for f in done]
    if as_json:
        print_json({"folder": folder, "files": files})
        return
    rows = [(file["path"].name, _megabytes(file["bytes"]), *list(file.values())[2:]) for file in files]
    table(("file", "MB", *list(files[0])[2:]), rows)
    wrote(folder)


def _megabytes(size: int) -> float:
    return round(size / 1e6, 1)
