"""`mvae groove`: beats that come alive, taps that become drum parts."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mvae.takes_output import AsJson, Flac, Label, Ogg, Output, Plot, Seed, Temperature, Wav, model_option

app = typer.Typer(help="Give drums dynamics and timing.", no_args_is_help=True)

Beat = Annotated[str, typer.Argument(help="Music with drums: on channel 10, or named so.")]
Drums = Annotated[
    int | None, typer.Option("--track", min=1, help="Number of the track. (default: all drums)")
]
Humanizer = Annotated[str | None, model_option("groove-2bar-humanize")]
Tapper = Annotated[str | None, model_option("groove-2bar-tap")]
HiHatAdder = Annotated[str | None, model_option("groove-2bar-add-hihat, where you have imported one")]
Transferrer = Annotated[str | None, model_option("groove-2bar-hits-control, where you have imported one")]
Tempo = Annotated[float | None, typer.Option("--bpm", min=20, max=400, help="Tempo (default: the file's).")]


@app.command()
def humanize(
    file: Beat,
    output: Output = None,
    model: Humanizer = None,
    track: Drums = None,
    bpm: Tempo = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Give the notes of a quantised beat the dynamics and timing of a drummer."""
    how = {"track": track, "qpm": bpm, "temperature": temperature, "seed": seed}
    _complete("humanize", file, model, label, output, (wav, flac, ogg, plot), as_json, how)


@app.command()
def tap(
    file: Annotated[str, typer.Argument(help="A MIDI file of taps: notes of any pitch, played in time.")],
    output: Output = None,
    model: Tapper = None,
    track: Annotated[
        int | None,
        typer.Option("--track", min=1, help="Its number. (default: the first with notes)"),
    ] = None,
    bpm: Tempo = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Turn a tapped rhythm into a drum part that strikes at every tap."""
    how = {"track": track, "qpm": bpm, "temperature": temperature, "seed": seed, "taps": True}
    _complete("tap", file, model, label, output, (wav, flac, ogg, plot), as_json, how)


@app.command("add-hihat")
def add_hihat(
    file: Beat,
    output: Output = None,
    model: HiHatAdder = None,
    track: Drums = None,
    bpm: Tempo = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Add closed hi-hats to a beat that has none. No model for it ships: --model names yours."""
    how = {"track": track, "qpm": bpm, "temperature": temperature, "seed": seed}
    _complete("add-hihat", file, model, label, output, (wav, flac, ogg, plot), as_json, how)


@app.command()
def transfer(
    hits: Annotated[str, typer.Argument(help="The beat whose hits are kept.")],
    feel: Annotated[str, typer.Argument(help="The beat whose dynamics and timing they get.")],
    output: Output = None,
    model: Transferrer = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Play the hits of one beat with the feel of another. No model for it ships: --model names yours."""
    from mvae.takes_output import report

    to, folder, loaded = _opened("hits-control", [hits, feel], model, label, output, (wav, flac, ogg, plot))
    from musicvae_lite.models import whole_songs

    takes = whole_songs.transfer(loaded, hits, feel, temperature, seed)
    report(takes, to, folder, as_json=as_json)


def _complete(
    task: str,
    file: str,
    model: str | None,
    label: str | None,
    output: str | None,
    sound: tuple[bool, ...],
    as_json: bool,
    how: dict[str, Any],
) -> None:
    from mvae.takes_output import report

    to, folder, loaded = _opened(task, [file], model, label, output, sound)
    from musicvae_lite.models import whole_songs

    how["track"] = None if how["track"] is None else how["track"] - 1
    takes = whole_songs.reconstruct(loaded, file, **how)
    report(takes, to, folder, as_json=as_json)


def _opened(
    task: str,
    files: list[str],
    model: str | None,
    label: str | None,
    output: str | None,
    sound: tuple[bool, ...],
) -> tuple[Any, str, Any]:
    """Where to write, which model was taken, and the model."""
    from musicvae_lite import finding
    from musicvae_lite.errors import CheckpointError, ConfigError
    from musicvae_lite.models import catalogue
    from musicvae_lite.music import naming
    from mvae.takes_output import destination, load_model

    to = destination(output, f"{naming.stem(files[0])}-{task}.mid", False, *sound)
    to.check(1, files)
    try:
        folder = finding.find(model or f"groove-2bar-{task}")
    except CheckpointError as error:
        if model is not None:
            raise
        raise ConfigError(
            f"no model of the task '{task}' ships. --model names yours: one that `mvae train` made by a "
            f'recipe with base = "groove-2bar-tap" and representation = {{ task = "{task}" }}, or one that '
            "`mvae models import` took from Magenta"
        ) from error
    found = catalogue.representation(folder)
    if found.task != task:
        raise ConfigError(f"{folder.name} is a model of {found.name}, not of the groove task '{task}'")
    return to, catalogue.name_of(folder), load_model(folder, label)
