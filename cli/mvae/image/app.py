"""The table of the image commands: each is a file with a plain function, loaded when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

# name: module, and first line of the function's docstring (a test compares the two)
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("train", "Train a preset on pictures."),
    "presets": ("presets", "List the presets for pictures."),
    "evaluate": ("evaluate", "Measure a model on pictures it was not trained on."),
    "reconstruct": ("reconstruct", "Send pictures through a model and back."),
    "denoise": ("repair", "Take the noise from a picture."),
    "upscale": ("repair", "Enlarge a picture."),
    "sample": ("sample", "Draw new pictures."),
    "generate": ("generate", "Draw pictures of the labels asked for."),
    "interpolate": ("interpolate", "Walk from one picture to another: a strip and a GIF."),
    "manifold": ("manifold", "Draw the plane of a model's 2-D codes, decoded."),
    "embed": ("embed", "Draw codes as points by class, beside PCA."),
    "codes": ("codes", "Show codes as pictures, and what noise on them does."),
    "compare": ("compare", "Train several presets on the same pictures and show them on one page."),
}


def load(name: str) -> Any:
    """The real command behind a name of the table."""
    function = getattr(import_module(f"mvae.image.{COMMANDS[name][0]}"), name)
    single = typer.Typer(add_completion=False)
    single.command(name)(function)
    command = typer.main.get_command(single)
    command.name = name
    return command


class ImageCommands(TyperGroup):
    """Shows COMMANDS without importing them, and imports the one that is called."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        for name, (_, about) in COMMANDS.items():
            self.add_command(TyperCommand(name=name, help=about, callback=None), name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, label, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and label else None, rest


app = typer.Typer(cls=ImageCommands, help="Train and use the autoencoders of pictures.", no_args_is_help=True)


@app.callback()
def options() -> None:
    """Train and use the autoencoders of pictures."""
