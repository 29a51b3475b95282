"""The trained models at hand: what each is, and which of them takes some music. Loads no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError, NothingUsableError, shown
from musicvae_lite.music import representations, voices
from musicvae_lite.music.picking import Bars, load, pick
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.resources import expand

if TYPE_CHECKING:
    from musicvae_lite.music.picking import Song


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
    for folder in checkpoints.shipped():
        try:
            found.append(info(folder))
        except CheckpointError as error:
            found.append(ModelInfo(name_of(folder), folder, fault=str(error)))
    return found


def info(name: str | Path) -> ModelInfo:
    """What a model is, by name or folder. Raises CheckpointError when it is missing or damaged."""
    folder = checkpoints.find(name)
    config = checkpoints.read_config(folder)
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


def _word(table: Any, key: str) -> str:
    """What a table says under a key; "" where it is no table or that is no word."""
    word = table.get(key) if isinstance(table, dict) else None
    return word if isinstance(word, str) else ""


def representation(folder: Path) -> Representation:
    """What a music model reads and writes. Raises CheckpointError."""
    config = checkpoints.read_config(folder)
    where = folder / checkpoints.CONFIG
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
    return folder.parent.name if folder.name in ("best", "last") else folder.name


def made_with(folder: str | Path) -> str | None:
    """The shipped model that a folder of `mvae personalize` was made with; None where it names none.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    record = checkpoints.read_config(expand(folder)).get("record")
    name = _word(record.get("model") if isinstance(record, dict) else None, "name")
    return next((shipped.name for shipped in checkpoints.shipped() if shipped.name == name), None)


def sha256(folder: Path) -> str:
    """A hash of config and weights: two folders with the same one hold the same model."""
    digest = hashlib.sha256()
    for name in (checkpoints.CONFIG, checkpoints.WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def choose(*music: Song, bars: Sequence[Bars | None] = ()) -> tuple[Path, str]:
    """The shipped model for some music: of those that take all of it, the one with the shortest window.

    Models of a single bar, which is no phrase, come last. Where one instrument plays chords, models that take
    chords come first.

    Args:
        music: what it must take; nothing means any model.
        bars: for each piece, the bars it must take, or None for any; may be shorter than `music`.

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
    songs = [load(song) for song in music]
    places = [*bars, *[None] * len(songs)][: len(songs)]
    refusal = None
    chordal = bool(songs) and all(voices.is_chordal_solo(song) for song in songs)
    if chordal:
        ready.sort(key=lambda entry: not entry[0].polyphonic)  # stable: else as they were
    for r, folder in ready:
        try:
            for song, place in zip(songs, places, strict=True):
                pick(song, r, place)
        except NothingUsableError as error:
            refusal = refusal or error
            continue
        return folder, _why(folder.name, r, len(songs), any(places), chordal)
    windows = dict.fromkeys(f"{r.bars} bar{'s' * (r.bars != 1)} of {r.meter}" for r, _ in ready)
    raise NothingUsableError(f"{refusal}\n  no shipped model takes it; they take {', '.join(windows)}")


def _why(name: str, r: Representation, count: int, is_placed: bool, is_chordal: bool) -> str:
    if not count:
        return f"{name}: of the shipped models, the one with the shortest window"
    what = "these bars" if is_placed else "this music" if count == 1 else "all of this music"
    whole = ", chords and all" if is_chordal and r.polyphonic else ""
    if r.bars < 2:
        return f"{name}: the only shipped model that takes {what}"
    return (
        f"{name}: of the shipped models that take {what}{whole}, the one with the shortest window "
        f"({r.bars} bars)"
    )


def _usable() -> list[tuple[Representation, Path]]:
    """Shipped music models, shortest windows first but for those of one bar, then in the registry's order."""
    found: list[Any] = []
    for folder in checkpoints.shipped():
        try:
            found.append((representation(folder), folder))
        except CheckpointError:
            continue  # `mvae models` shows its fault
    order = list(representations.REGISTRY)
    return sorted(found, key=lambda entry: (rank(entry[0].bars), order.index(entry[0].name), entry[1].name))


def rank(bars: int) -> tuple[bool, int]:
    """Where a model of so many bars stands among others: short windows first, but a single bar last."""
    return bars < 2, bars
