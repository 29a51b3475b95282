"""The trained models at hand: what each is, and which of them takes some music. Loads no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae_lite import checkpoints, finding
from musicvae_lite.errors import CheckpointError, ConfigError, NothingUsableError, counted, shown
from musicvae_lite.music import representations, voices
from musicvae_lite.music.picking import Bars, load, pick
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import Score
from musicvae_lite.music.whole import cover
from musicvae_lite.resources import expand

if TYPE_CHECKING:
    from musicvae_lite.music.picking import Song

FAMILIES = ("music", "image")  # of models with an encoder and a decoder


@dataclass(frozen=True)
class ModelInfo:
    """One trained model, as tables show it.

    Attributes:
        name: its short name.
        folder: where it lies.
        what: such as "melody, hierarchical, z 128".
        bars, meter: of a window.
        parameters: how many numbers it has learnt.
        size: bytes on disk.
        fault: why it cannot be used; empty when it can.
    """

    name: str
    folder: Path
    what: str = ""
    bars: int = 0
    meter: str = ""
    parameters: int = 0
    size: int = 0
    fault: str = ""


def models() -> list[ModelInfo]:
    """Every shipped and imported model; a damaged one carries its fault."""
    found = []
    for folder in finding.shipped():
        try:
            found.append(info(folder))
        except CheckpointError as error:
            found.append(ModelInfo(name_of(folder), folder, fault=str(error)))
    return found


def info(name: str | Path) -> ModelInfo:
    """What a model is, by name or folder. Raises CheckpointError when it is missing or damaged."""
    folder = finding.find(name)
    config = _config(folder)
    kinds = dict.fromkeys(_word(config.get(part), "kind") for part in ("encoder", "decoder"))
    name = _word(config.get("representation"), "name") or _word(config, "family")
    words = [name, " to ".join(kinds)]
    r = representation(folder) if config.get("family") == "music" else None
    return ModelInfo(
        name_of(folder),
        folder,
        ", ".join([*filter(None, words), f"z {config.get('z')}"]),
        r.bars if r else 0,
        str(r.meter) if r else "",
        checkpoints.numbers(folder),
        sum(f.stat().st_size for f in folder.iterdir() if f.is_file()),
    )


def _config(folder: Path) -> dict[str, Any]:
    """The config of a model folder, as far as it can be checked without torch. Raises CheckpointError."""
    config, where = checkpoints.read_config(folder), folder / checkpoints.CONFIG
    if not _word(config, "family"):
        raise CheckpointError(f"{where}: 'family' must be a word, not {shown(config.get('family'))}")
    if config["family"] not in FAMILIES:
        return config
    for part in ("encoder", "decoder"):
        if part not in config:
            raise CheckpointError(f"{where}: '{part}' is missing; copy the whole model again")
        if not _word(config[part], "kind"):
            raise CheckpointError(f"{where}: '{part}' names no kind, but is {shown(config[part])}")
    if type(config.get("z")) is not int or config["z"] < 1:
        raise CheckpointError(f"{where}: 'z' must be a whole number above 0, not {shown(config.get('z'))}")
    if not isinstance(config.get("classes", []), list):
        raise CheckpointError(f"{where}: 'classes' must be a list of names, not {shown(config['classes'])}")
    return config


def _word(table: Any, key: str) -> str:
    """What a table says under a key; "" where it is no table or that is no word."""
    word = table.get(key) if isinstance(table, dict) else None
    return word if isinstance(word, str) else ""


def representation(folder: Path) -> Representation:
    """What a music model reads and writes. Raises CheckpointError."""
    config, where = _config(folder), folder / checkpoints.CONFIG
    if config.get("family") != "music":
        raise CheckpointError(f"{where}: a model of the family {shown(config.get('family'))}, not music")
    try:
        return representations.from_config(config["representation"])
    except (ConfigError, KeyError, AttributeError, TypeError, ValueError, OverflowError) as error:
        raise CheckpointError(f"{where}: 'representation': {error}") from error


def card(folder: Path) -> str:
    """The model's card, Markdown; empty when it has none."""
    path = folder / checkpoints.CARD
    return path.read_text("utf-8", errors="replace") if path.is_file() else ""


def name_of(folder: Path) -> str:
    """The name of a model folder; of the best or last weights of a run, the run's."""
    folder = folder.resolve()
    if folder.name.startswith("step-") and folder.parent.name == "last":
        folder = folder.parent
    return folder.parent.name if folder.name in ("best", "last") else folder.name


def made_with(folder: str | Path) -> str | None:
    """The shipped model that a folder of `mvae personalize` was made with; None where it names none.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    record = checkpoints.read_config(expand(folder)).get("record")
    name = _word(record.get("model") if isinstance(record, dict) else None, "name")
    return next((shipped.name for shipped in finding.shipped() if shipped.name == name), None)


def sha256(folder: Path) -> str:
    """A hash of config and weights: two folders with the same one hold the same model."""
    digest = hashlib.sha256()
    for name in (checkpoints.CONFIG, checkpoints.WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def choose(
    *music: Song,
    bars: Sequence[Bars | None] = (),
    tracks: Sequence[int | None] = (),
    with_chords: bool = False,
    whole: bool = False,
) -> tuple[Path, str]:
    """The shipped model for some music: of those that take all of it, the one with the shortest window.

    Models of a single bar, which is no phrase, come last. Where one instrument plays chords, models that take
    chords come first.

    Args:
        music: what it must take; nothing means any model.
        bars: for each piece, the bars it must take, or None for any; may be shorter than `music`.
        tracks: for each piece, the index of the track it must take, or None for any; may be shorter too.
            Models of drums take only tracks that lie on channel 10 or are named like drums.
        with_chords: it must follow chords that it is told.
        whole: it must take the music window by window, as `whole.cover` does, where rests and notes off the
            grid are no hindrance. Models that take a window of it as it is come first; those that make one
            thing of another come last, as those of a single bar do.

    Returns:
        The model's folder, and a sentence that says why.

    Raises:
        CheckpointError: no model ships.
        NothingUsableError: none of them takes the music; the message says why not the first.
        ReadError: a file cannot be read.
    """
    ready = _usable()
    if not ready:
        raise CheckpointError("no trained model comes with this installation: name a folder with --model")
    if with_chords:
        ready = [entry for entry in ready if entry[0].follows_chords] or ready
    songs = [load(song) for song in music]
    places = [*bars, *[None] * len(songs)][: len(songs)]
    asked = [*tracks, *[None] * len(songs)][: len(songs)]
    chordal = bool(songs) and all(voices.is_chordal_solo(song) for song in songs)
    if any(track is not None and not _beats(song, track) for song, track in zip(songs, asked, strict=True)):
        ready = [entry for entry in ready if not entry[0].percussive] or ready
    if chordal:
        ready.sort(key=lambda entry: (finding.is_imported(entry[1]), not entry[0].polyphonic))  # stable
    tries = [(r, folder, False) for r, folder in ready]
    if whole:
        tries += [(r, folder, True) for r, folder in ready]
        tries.sort(
            key=lambda entry: (finding.is_imported(entry[1]), entry[0].bars < 2, entry[0].task != "play")
        )
    refusals: list[tuple[bool, NothingUsableError]] = []
    for r, folder, covers in tries:
        refused = _refusal(r, songs, places, asked, covers)
        if refused is None:
            return folder, _why(folder, r, len(songs), any(places), chordal, with_chords)
        if covers == whole:
            refusals.append(refused)
    refusal = min(refusals, key=lambda entry: entry[0])[1]  # the first of a model for such music
    windows = dict.fromkeys(f"{counted(r.bars, 'bar')} of {r.meter}" for r, _ in ready)
    raise NothingUsableError(f"{refusal}\n  no shipped model takes it; they take {', '.join(windows)}")


def _refusal(
    r: Representation,
    songs: Sequence[Score],
    places: Sequence[Bars | None],
    tracks: Sequence[int | None],
    covers: bool,
) -> tuple[bool, NothingUsableError] | None:
    """Why a representation does not take songs, and whether it is for another kind of music than the song
    that it refuses: for drums, or for pitched notes. None where it takes them all.

    Args:
        covers: whether it is to cover them, and not to take one window of each.
    """
    for song, place, track in zip(songs, places, tracks, strict=True):
        try:
            if covers:
                cover(song, r, track)
            else:
                pick(song, r, place, track)
        except NothingUsableError as error:
            only_drums = not voices.pitched(song) if track is None else _beats(song, track)
            return r.percussive != only_drums, error
    return None


def _beats(song: Score, track: int) -> bool:
    """Whether a track holds drums. Of one that is not there the representation says so."""
    return 0 <= track < len(song.tracks) and voices.holds_drums(song, track)


def _why(
    folder: Path, r: Representation, count: int, is_placed: bool, is_chordal: bool, with_chords: bool
) -> str:
    name = folder.name
    those = "shipped models for chords" if with_chords and r.follows_chords else "shipped models"
    if not count:
        return f"{name}: of the {those}, the one with the shortest window"
    what = "these bars" if is_placed else "this music" if count == 1 else "all of this music"
    whole = ", chords and all" if is_chordal and r.polyphonic else ""
    if finding.is_imported(folder):
        return f"{name}: imported, and no shipped model takes {what}"
    if r.bars < 2:
        return f"{name}: the only shipped model that takes {what}"
    return f"{name}: of the {those} that take {what}{whole}, the one with the shortest window ({r.bars} bars)"


def _usable() -> list[tuple[Representation, Path]]:
    """Music models: shortest windows first but for those of one bar, then in the registry's order.

    Models that the user has imported come behind all that ship.
    """
    found: list[Any] = []
    for folder in finding.shipped():
        try:
            found.append((representation(folder), folder))
        except CheckpointError:
            continue  # `mvae models` shows its fault
    order = list(representations.REGISTRY)

    def place(entry: tuple[Representation, Path]) -> Any:
        r, folder = entry
        return finding.is_imported(folder), rank(r.bars), order.index(r.name), folder.name

    return sorted(found, key=place)


def rank(bars: int) -> tuple[bool, int]:
    """Where a model of so many bars stands among others: short windows first, but a single bar last."""
    return bars < 2, bars
