"""What the commands that make music share: their options, and how they say what came out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.picking import Bars, Pick
    from musicvae_lite.music.score import Score
    from musicvae_lite.music.takes import Takes
    from musicvae_lite.results import Destination

MAX_ROWS = 20
MOST_INPUTS = 8  # that are shown, by a letter each


def output_option(default: str) -> Any:
    """`-o` of a command that makes takes, and what its help says of the name without it."""
    told = f"The MIDI file, or a folder. (default: {default})"
    return typer.Option("-o", "--output", metavar="PATH", help=told)


def model_option(default: str) -> Any:
    """`--model`, and what its help says of the model without it."""
    return typer.Option("--model", help=f"A name of `mvae models`, or a folder. (default: {default})")


Output = Annotated[str | None, output_option("from the input")]
Model = Annotated[str | None, model_option("what fits the input")]
BarsOption = Annotated[
    str | None, typer.Option("--bars", help="Such as 5-6. (default: the first that begin with notes)")
]
TrackOption = Annotated[
    int | None, typer.Option("--track", min=1, help="Number of the track. (default: the most melodic)")
]
Temperature = Annotated[
    float, typer.Option(min=0.0, help="0 takes the likeliest notes; higher is wilder, 1 the model's own.")
]
Whole = Annotated[
    bool, typer.Option("--whole", help="The whole song, window by window, and not one window of it.")
]
Chords = Annotated[
    str | None,
    typer.Option("--chords", help='To follow, where a model can: "C Am F G", "C | Am F | %", of any length.'),
]
Label = Annotated[
    str | None,
    typer.Option("--label", help="For models that labels condition: one of them, such as a style."),
]
Seed = Annotated[int, typer.Option(min=0, help="Of all chance: the same seed gives the same file.")]
Split = Annotated[bool, typer.Option("--split", help="One MIDI file each: out-01.mid, out-02.mid ...")]
Wav = Annotated[bool, typer.Option("--wav", help="Render to WAV too.")]
Flac = Annotated[bool, typer.Option("--flac", help="Render to FLAC too.")]
Ogg = Annotated[bool, typer.Option("--ogg", help="Render to OGG too.")]
Plot = Annotated[bool, typer.Option("--plot", help="Draw a piano-roll, PNG.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the record as JSON.")]


def parse_bars(text: str | None, option: str = "--bars") -> Bars | None:
    """What `--bars` says, or wrong usage."""
    from musicvae_lite.music import picking
    from mvae.usage import wrong_usage

    with wrong_usage(option):
        return None if text is None else picking.parse_bars(text)


def parse_part(text: str | None, takes_all: bool, option: str = "--bars", by: str = "--whole") -> Bars | None:
    """What `--bars` says, or wrong usage, as beside an option that takes all bars."""
    if text is not None and takes_all:
        raise typer.BadParameter(f"{by} takes all bars; leave out one of the two", param_hint=option)
    return parse_bars(text, option)


def read_part(file: str, bars: Bars | None) -> Score:
    """A song, or some bars of it.

    Raises:
        NothingUsableError: the song has notes, but none in these bars; besides what `read_bars` raises.
    """
    from musicvae_lite.errors import NothingUsableError
    from musicvae_lite.music import naming
    from musicvae_lite.music.excerpt import excerpt
    from musicvae_lite.music.grid import Grid
    from musicvae_lite.music.reading import read_song

    song = read_song(file)
    if bars is None:
        return song
    part = excerpt(song, *bars)
    if len(song) and not len(part):
        grid = Grid.of(song)
        sounding, _ = grid.bar_of_step(grid.quantise(song.start)[0])
        later = sounding[sounding > bars[1]]
        others = f"the next begin in bar {later.min()}" if len(later) else f"the last in bar {sounding.max()}"
        raise NothingUsableError(f"{file}: there are no notes in {naming.bars(*bars)}; {others}")
    return part


def destination(
    output: str | None, default: str, split: bool, wav: bool, flac: bool, ogg: bool, plot: bool
) -> Destination:
    """Where the takes go; an output that is a folder gets the default name in it."""
    from musicvae_lite.results import Destination
    from mvae.usage import place, wrong_usage

    path = Path(default) if output is None else place(output, default)
    audio = (".wav",) * wav + (".flac",) * flac + (".ogg",) * ogg
    with wrong_usage("--output"):
        return Destination(path, split, audio, plot)


def choose_model(
    model: str | None,
    music: Sequence[Any] = (),
    bars: Sequence[Bars | None] = (),
    tracks: Sequence[int | None] = (),
    chords: str | None = None,
    whole: bool = False,
) -> tuple[Path, str]:
    """The folder of the model asked for, or of the one that fits, and what to say of it.

    Args:
        bars, tracks: of each piece of music; tracks are counted from 0.
        chords: what is to be followed, if anything.
        whole: whether the music is taken window by window.
    """
    from musicvae_lite import finding
    from musicvae_lite.models import catalogue
    from musicvae_lite.music.chords import encodings
    from mvae.output import note

    if model is None:
        with_chords = chords is not None
        folder, why = catalogue.choose(*music, bars=bars, tracks=tracks, with_chords=with_chords, whole=whole)
    else:
        folder = finding.find(model)
        why = f"{catalogue.name_of(folder)}: as asked"
    if chords is not None and getattr(catalogue.representation(folder), "chords", None) == "triads":
        simpler = [f"{symbol} as {triad}" for symbol, triad in encodings.simplified(chords).items()]
        if simpler:
            note(f"{catalogue.name_of(folder)} knows triads alone and takes {', '.join(simpler)}")
    return folder, why


def load_model(folder: Path, label: str | None) -> MusicVAE:
    """The model in a folder, writing under one of its labels, or under none."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.models.music_vae import MusicVAE

    return MusicVAE.load(folder).with_label(label)


def open_model(
    model: str | None,
    files: Sequence[str],
    bars: Sequence[Bars | None] | None = None,
    tracks: Sequence[int | None] | None = None,
    chords: str | None = None,
    label: str | None = None,
) -> tuple[MusicVAE, list[Pick], str]:
    """The model asked for, or that fits these files, what is taken of each, and what to say of the model.

    Args:
        bars, tracks: of each file; tracks are counted from 1.
        chords: what is to be followed, if anything.
        label: what is written under, if anything.
    """
    from musicvae_lite.models import catalogue
    from musicvae_lite.music import picking

    places = bars or [None] * len(files)
    asked = [None if track is None else track - 1 for track in tracks or [None] * len(files)]
    songs = [picking.load(file) for file in files]
    folder, why = choose_model(model, songs, places, asked, chords)
    representation = catalogue.representation(folder)
    picks = [
        picking.pick(song, representation, place, track)
        for song, place, track in zip(songs, places, asked, strict=True)
    ]
    return load_model(folder, label), picks, why


def open_whole(
    model: str | None,
    files: Sequence[str],
    tracks: Sequence[int | None],
    chords: str | None = None,
    label: str | None = None,
) -> tuple[MusicVAE, list[Score], str]:
    """The same for songs that are taken window by window: the songs in place of a window of each."""
    from musicvae_lite.music import picking

    asked = [None if track is None else track - 1 for track in tracks]
    songs = [picking.load(file) for file in files]
    folder, why = choose_model(model, songs, tracks=asked, chords=chords, whole=True)
    return load_model(folder, label), songs, why


def report(
    takes: Takes,
    to: Destination,
    model: str,
    picks: Sequence[Pick] = (),
    before: Sequence[tuple[str, Score]] = (),
    columns: Sequence[tuple[str, Sequence[Any]]] = (),
    as_json: bool = False,
) -> None:
    """Writes the files, then says what they hold and where they are.

    Args:
        model: which model was taken, and why.
        picks: the inputs, named A, B and so on when there are several.
        before: what to draw in front of the takes.
        columns: more columns of the table, each a heading and a value for every take.
    """
    from musicvae_lite.errors import counted
    from musicvae_lite.results import save
    from mvae.output import note, print_json, remark, table, tell, wrote

    old = [file for file in to.files(len(takes)) if file.exists()]
    files = save(takes, to, before, [p.score.source for p in picks])
    inputs = [part for part in takes.record.get("inputs", []) if isinstance(part, dict) and "choice" in part]
    warnings = [w for part in inputs for w in part.get("warnings", ())]
    remark(old, [*warnings, *(w for p in picks for w in p.warnings)])
    for part in inputs:
        if left := part.get("bars_left_out"):
            is_laid = takes.timeline and part is inputs[0]
            few, many = ("stays empty", "stay empty") if is_laid else ("is left out", "are left out")
            bars = f"{counted(left, 'bar')} that no window of the model can hold"
            note(f"{Path(part['file']).name}: {bars} {few if left == 1 else many}")
    if takes.record.get("inputs_are_equal"):
        note("A and B are the same music in these bars: every step is its reconstruction")
    if as_json:
        print_json({**takes.record, "takes": len(takes), "files": files})
        return
    told = [pick.describe() for pick in picks] or [_described(part) for part in inputs]
    for letter, words in zip("ABCDEFGH", told, strict=False):
        tell(f"{letter if len(told) > 1 else 'input'}  {words}")
    if len(told) > MOST_INPUTS:
        tell(f"and {counted(len(told) - MOST_INPUTS, 'input')} more")
    tell(f"model  {model}")
    rows = []
    for number, (label, score) in enumerate(zip(takes.labels, takes, strict=True)):
        pitches = f"{score.pitch.min()}-{score.pitch.max()}" if len(score) else ""
        rows.append([label, len(score), pitches, *(values[number] for _, values in columns)])
        if len(rows) == MAX_ROWS:
            break
    table(("take", "notes", "pitches", *(heading for heading, _ in columns)), rows)
    if len(takes) > MAX_ROWS:
        tell(f"and {counted(len(takes) - MAX_ROWS, 'take')} more")
    wrote(*files)


def _described(part: dict[str, Any]) -> str:
    """An input of a record: a window of a song, or all of it."""
    from musicvae_lite.music import naming

    bars = naming.bars(*part["bars"])
    how = ", window by window" if part.get("whole") else ""
    return f"{Path(part['file']).name}, {bars}{how} ({part['choice']})"
