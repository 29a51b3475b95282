"""`mvae prepare`."""

from __future__ import annotations

import json
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from musicvae_lite.corpora.build import Progress as State
    from musicvae_lite.corpora.manifest import Manifest
    from mvae.output import Progress


class Polyphony(StrEnum):
    SKYLINE = "skyline"
    REFUSE = "refuse"


class DrumsBy(StrEnum):
    ONSETS = "onsets"
    LINE = "line"


def prepare(
    folders: Annotated[list[Path], typer.Argument(help="Folders, or files, of MIDI, ABC and MusicXML.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the dataset.")],
    representation: Annotated[
        str,
        typer.Option(
            "-r",
            "--representation",
            help="What windows are made of: melody, trio, drums-16bar, or the name of a preset.",
        ),
    ] = "melody",
    bars: Annotated[
        int | None, typer.Option(min=1, help="Bars a window. (default: the representation's)")
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="Meter of the windows; songs in others are rejected. (default: 4/4)")
    ] = None,
    hop: Annotated[
        str | None,
        typer.Option(help="From window to window: beat, bar or a number of steps. (default: beat or bar)"),
    ] = None,
    all_tracks: Annotated[
        bool, typer.Option("--all-tracks", help="Take every track that fits, not only the best.")
    ] = False,
    polyphony: Annotated[
        Polyphony | None,
        typer.Option(help="Melody: of two notes at once take the higher (skyline), or refuse the window."),
    ] = None,
    chords: Annotated[
        str | None,
        typer.Option(help="Store the chord of each step, as written or inferred: triads or pitches."),
    ] = None,
    drum_map: Annotated[
        str | None,
        typer.Option("--drum-map", help="Drums: magenta-9, magenta-61, roland-td11 or a TOML file."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another setting of the representation, as off_grid_share=1.0."),
    ] = None,
    split: Annotated[str, typer.Option(help="Shares of songs for train/validation/test.")] = "90/5/5",
    seed: Annotated[int, typer.Option(help="Of the split.")] = 0,
    drums_by: Annotated[
        DrumsBy,
        typer.Option(
            "--drums-by",
            help="What tells songs of drums apart for the split; by their upper line, a hi-hat is one song.",
        ),
    ] = DrumsBy.ONSETS,
    workers: Annotated[
        int | None, typer.Option(min=0, help="Processes; 0 for none. (default: one a processor)")
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option(help="Work on a cluster instead: dask://HOST:PORT. (needs the extra 'cluster')"),
    ] = None,
    no_limits: Annotated[
        bool, typer.Option("--no-limits", help="Read files of any size and number of notes.")
    ] = False,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart", help="Drop an unfinished run of another command; replace the dataset if it exists."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Turn folders of music into a dataset for training."""
    from musicvae_lite.corpora.build import build_dataset
    from musicvae_lite.corpora.recipe import Recipe, hop_steps
    from musicvae_lite.live.stopping import orderly
    from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
    from musicvae_lite.music.representations import chord_control
    from musicvae_lite.music.score import Meter
    from musicvae_lite.training.preset_files import choose_representation
    from mvae.output import print_json, say
    from mvae.usage import wrong_usage

    shares = parse_split(split)
    with wrong_usage("--meter"):
        Meter.parse(meter or "4/4")
    with wrong_usage("--chords"):
        chord_control.check(chords)
    taken = polyphony and polyphony.value
    given = {"bars": bars, "meter": meter, "polyphony": taken, "chords": chords, "drum_map": drum_map}
    told = {"name": representation, **{name: value for name, value in given.items() if value is not None}}
    chosen = choose_representation(representation, **(given | parse_settings(settings or [], told)))
    hop = hop or chosen.usual_hop
    with wrong_usage("--hop"):
        Recipe(chosen, hop_steps(chosen, hop))
    shown = _Shown(quiet=as_json)
    try:
        with orderly():
            manifest = build_dataset(
                folders,
                chosen,
                output,
                hop=hop,
                tracks="all" if all_tracks else "chosen",
                split=shares,
                seed=seed,
                limits=Limits.none() if no_limits else DEFAULT_LIMITS,
                drums_by=drums_by.value,
                workers=workers,
                executor=executor,
                restart=restart,
                on_progress=shown,
            )
    except (KeyboardInterrupt, SystemExit):
        say("The same command goes on from here.")
        raise
    finally:
        shown.close()
    if as_json:
        print_json(manifest.to_dict())
    else:
        show(manifest, output)


def parse_settings(texts: list[str], told: Collection[str] = ()) -> dict[str, Any]:
    """ "off_grid_share=1.0" as a name and a value: a number or list where it reads like one, else text.

    Args:
        told: names of settings that options of their own have given.
    """
    found: dict[str, Any] = {}
    for text in texts:
        name, mark, value = (part.strip() for part in text.partition("="))
        if not mark or not name:
            raise typer.BadParameter(f"'{text}' is no setting; write it like min_notes=8", param_hint="--set")
        if name in found or name in told:
            option = "-r" if name == "name" else f"--{name.replace('_', '-')}" if name in told else "--set"
            raise typer.BadParameter(f"'{text}': {option} has said that already", param_hint="--set")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def parse_split(text: str) -> tuple[float, float, float]:
    """ "90/5/5" as shares of 1."""
    try:
        train, validation, test = (float(part) for part in text.split("/"))
        total = train + validation + test
        shares = train / total, validation / total, test / total
    except (ValueError, ZeroDivisionError):
        shares = None
    if shares is None or not min(shares) >= 0:
        raise typer.BadParameter(f"'{text}' is no split; write it like 90/5/5", param_hint="--split")
    return shares


def show(manifest: Manifest, output: Path) -> None:
    """The closing tables: windows by split, and what was rejected."""
    from mvae.output import note, table, tell, wrote

    rows = [(name, part.songs, part.windows) for name, part in manifest.splits.items()]
    table(("split", "songs", "windows"), rows)
    dropped = manifest.duplicates
    tell(
        f"{manifest.sources['files']:,} files, {manifest.songs:,} songs with windows, "
        f"{manifest.extracted:,} windows;",
        f"{sum(dropped.values()):,} duplicates removed "
        f"({dropped['across']:,} of them because their copy is in another split)",
    )
    if manifest.rejections:
        folders = manifest.sources["folders"]
        rejected = [(r.code, r.count, f"{r.place(folders)}: {r.detail}") for r in manifest.rejections]
        table(("rejected for", "count", "first example"), rejected)
    for warning in manifest.warnings:
        note(warning)
    wrote(output)


class _Shown:
    """Shows how far `build_dataset` is."""

    def __init__(self, quiet: bool):
        self._quiet, self._files = quiet, 0
        self._progress: Progress | None = None

    def __call__(self, state: State) -> None:
        from mvae.output import Progress, say

        if state.stage == "extract":
            if self._progress is None:
                if state.resumed and not self._quiet:
                    say(f"going on where the last run stopped: {state.resumed:,} files are done")
                left = state.total - state.resumed
                self._progress = Progress("reading", left, "files", self._quiet).__enter__()
                self._files = state.resumed
            self._progress.advance(state.files - self._files, f"{state.windows:,} windows")
            self._files = state.files
        elif state.stage == "assemble":
            self.close()
            if not self._quiet:
                say(f"removing duplicates among {state.windows:,} windows, and writing")

    def close(self) -> None:
        if self._progress is not None:
            self._progress.__exit__(None, None, None)
            self._progress = None
