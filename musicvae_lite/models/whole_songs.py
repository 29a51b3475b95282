"""What a model does with songs longer than its window: window by window, joined again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, counted
from musicvae_lite.latent import along
from musicvae_lite.models.decoders import reads_earlier_steps
from musicvae_lite.models.heads import groove_hits
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.models.tensors import to_windows
from musicvae_lite.music.behind import going_on
from musicvae_lite.music.naming import stem
from musicvae_lite.music.picking import load
from musicvae_lite.music.played import Played
from musicvae_lite.music.representations.groove import GrooveRepresentation
from musicvae_lite.music.representations.hits import choose_drums
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Takes
from musicvae_lite.music.timeline import Timeline
from musicvae_lite.music.whole import Covering, cover, join, laid_out, timeline

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.music.picking import Song
    from musicvae_lite.music.representations.base import Representation


def reconstruct(
    model: MusicVAE,
    music: Song,
    track: int | None = None,
    temperature: float = 0.0,
    seed: int = 0,
    chords: str | None = None,
    qpm: float | None = None,
    **options: Any,
) -> Takes:
    """A whole song through a model and back, as one take that lies where the song lies.

    With a model that completes what it is given, this completes the song: "humanize" gives its drum notes
    dynamics and timing, "add-hihat" adds to them, "tap" strikes a drum at every tap.

    Args:
        track: index of the track to take; by default the representation chooses.
        chords: what every window follows in place of the song's own chords.
        qpm: tempo of the result; by default the song's, with its changes.
        options: more arguments of the representation's `windows`, such as `taps=True`.

    Raises:
        NothingUsableError: no window fits anywhere.
        ReadError: the file cannot be read.
    """
    score = load(music)
    covered = cover(score, model.representation, track, **options)
    q = model.posterior_of_tokens(covered.tokens, covered.control)
    control = _told(model, chords, covered.control, len(covered.tokens))
    written = completed(model, covered.tokens, q.mean, temperature, seed, control)
    record = _with(chords, written.record)
    covered, laid = _laid(model.representation, covered, score, track, tempos=qpm is None)
    label = stem(score.source) or "reconstruction"
    return _joined(model, written, covered, [(covered, score)], "reconstruct", label, record, laid, qpm)


def interpolate(
    model: MusicVAE,
    a: Song,
    b: Song,
    temperature: float = 0.0,
    seed: int = 0,
    chords: str | None = None,
    track: int | None = None,
    track_b: int | None = None,
) -> Takes:
    """A song that begins as one piece and ends as another: every window lies further along the path.

    The shorter of the two begins again until the longer ends. Tempo, meters, keys and sound are those of `a`;
    where `b` is longer, they stay as they are at the end of `a`.

    Args:
        track, track_b: index of the track to take of each; by default the representation chooses.

    Raises:
        ConfigError: both fit into one window.
        NothingUsableError: no window fits anywhere in one of them.
        ReadError: a file cannot be read.
    """
    songs = [load(music) for music in (a, b)]
    coverings = [
        cover(song, model.representation, taken) for song, taken in zip(songs, (track, track_b), strict=True)
    ]
    means = [model.posterior_of_tokens(c.tokens, c.control).mean for c in coverings]
    count = max(len(mean) for mean in means)
    if count < 2:
        raise ConfigError(
            "both pieces fit into one window: there is no way to go; interpolate them as windows"
        )
    first, last = (mean[torch.arange(count) % len(mean)] for mean in means)  # [count, Z]
    codes = along(first, last, model.course)  # every window further along a path of its own
    longer = max(coverings, key=lambda c: len(c.tokens))
    own = coverings[0]
    lay = timeline if longer is own else going_on
    control = _told(model, chords, own.control, count)
    written = model.decode(codes, temperature, seed, control=control)
    inputs = list(zip(coverings, songs, strict=True))
    record, laid = _with(chords, written.record), lay(own, songs[0], model.representation)
    return _joined(model, written, longer, inputs, "interpolate", "A to B", record, laid)


def transfer(model: MusicVAE, hits: Song, feel: Song, temperature: float = 0.0, seed: int = 0) -> Takes:
    """The notes of one beat with the dynamics and timing of another (a groove model of task hits-control).

    Raises:
        ConfigError: the model's control is not the hits of a groove.
    """
    r = model.representation
    if r.task != "hits-control":
        raise ConfigError("only a groove model of the task 'hits-control' can give hits another feel")
    score, other = (load(music) for music in (hits, feel))
    covered, source = cover(score, r), cover(other, r)
    codes = model.posterior_of_tokens(source.tokens).mean
    codes = codes[torch.arange(len(covered.tokens)) % len(codes)]
    control = r.given(covered.tokens, None).control
    written = completed(model, covered.tokens, codes, temperature, seed, control)
    covered, laid = _laid(r, covered, score, None)
    inputs = [(covered, score), (source, other)]
    return _joined(model, written, covered, inputs, "transfer", "transfer", written.record, laid)


def completed(
    model: MusicVAE,
    tokens: np.ndarray,
    codes: Tensor,
    temperature: float = 0.0,
    seed: int = 0,
    control: np.ndarray | None = None,
) -> Takes:
    """What a model writes for windows: takes in which all is so that its task says beforehand of their hits.

    Windows that it does not write so by itself are written anew, with what is known put in step by step.

    Args:
        tokens: windows [W, T, ...] as they were before anything was left out of them.
        codes: [W, Z].
        control: [W, T, ...].

    Raises:
        ConfigError: as `MusicVAE.decode`, or a groove is to be completed by a decoder that does not read its
            own earlier steps.
    """
    written, r = model.decode(codes, temperature, seed, control=control), model.representation
    known = r.known(tokens) if isinstance(r, GrooveRepresentation) else None
    if known is None or (right := known.holds(written.tokens)).all():
        return written
    decoder, device = model.vae.decoder, model.vae.device
    if not reads_earlier_steps(decoder):
        raise ConfigError(
            "this model cannot complete a groove: its decoder does not read its own earlier steps, as one "
            "with the `hidden` and the `head` of a `FeedingDecoder` does"
        )
    again = np.flatnonzero(~right)
    told = model.condition(None if control is None else control[again], len(again))
    hits, struck = (torch.from_numpy(part[again]).to(device) for part in known)
    generator = model.generator(seed)
    with runtime.products_in(model.precision, device):
        anew = groove_hits.write(decoder, codes[again], hits, struck, told, temperature, generator)
    both = written.tokens.copy()
    both[again] = r.canonical(to_windows(anew, r.step))
    return model.decode(codes, temperature, seed, control=control, known=both)


def _laid(
    r: Representation, covered: Covering, score: Score, track: int | None, tempos: bool = True
) -> tuple[Covering, Timeline]:
    """Where what is made of a song lies in it: on the song's own notes, where the task keeps them, and then
    nothing of the song is left out."""
    laid = timeline(covered, score, r, tempos)
    if not isinstance(r, GrooveRepresentation) or not r.keeps_notes:
        return covered, laid
    if covered.left_out:
        bars = counted(covered.left_out, "bar")
        stays = f"{bars} that no window of the model can hold {'stays' if covered.left_out == 1 else 'stay'}"
        warnings = (*covered.warnings, f"{stays} as {'it is' if covered.left_out == 1 else 'they are'}")
        covered = replace(covered, left_out=0, warnings=warnings)
    moves = r.task != "add-hihat"
    return covered, Played.of(laid, choose_drums(score, track), r.drum_map, r.steps_per_quarter, moves)


def _told(model: MusicVAE, chords: str | None, own: np.ndarray | None, count: int) -> np.ndarray | None:
    """The control [count, T, ...] of windows in turn: of chords, or of a song's own, again and again."""
    told = own if chords is None else model.representation.chords_of(chords)
    return None if told is None else told[np.arange(count) % len(told)]


def _with(chords: str | None, record: dict[str, Any]) -> dict[str, Any]:
    return record if chords is None else record | {"chords": chords}


def _joined(
    model: MusicVAE,
    written: Takes,
    places: Covering,
    inputs: Sequence[tuple[Covering, Score]],
    command: str,
    label: str,
    record: dict[str, Any],
    laid: Timeline,
    qpm: float | None = None,
) -> Takes:
    """Takes of a window each in their places as one take, in the style of the first of the inputs."""
    tokens, r = join(written.tokens, places, model.representation)
    told = written.control
    covered, score = inputs[0]
    style = covered.style(score)
    return Takes(
        tokens,
        r,
        style if qpm is None else replace(style, qpm=qpm),
        [label],
        {**record, "command": command, "inputs": [part.to_record(song) for part, song in inputs]},
        control=None if told is None else laid_out(told, places, model.representation),
        timeline=laid,
    )
