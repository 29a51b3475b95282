"""Continuations: what may come after the last bars of some music.

A model knows windows, not what follows them. So half a window is the end of the music, the other half is to
be found: a code is looked for that writes the known half and is otherwise a variation of the music before.
Of a linear decoder this would draw from the posterior given the known half (randomised maximum likelihood,
Oliver et al. 1996), under a prior that lies about the music's own codes; here it comes near. Then the window
moves on by what was written.

Draws of the model's own prior would not do: those near its middle are almost silent, those far from it in
any key. And a code that says the known half best is often one that says little, so that music falls asleep
bar by bar: of several codes that one is taken which says the known half well and has notes behind it in the
manner of the music before: as many, and of such pitches (see `manner`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, NothingUsableError, counted
from musicvae_lite.models.decoders import nats_of_steps
from musicvae_lite.models.moves.manner import Manner, begins, last
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.music import naming
from musicvae_lite.music.behind import TAIL, Behind, goes_on, going_on, last_bar, last_meter
from musicvae_lite.music.picking import load
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.takes import Takes, key, program, tempo
from musicvae_lite.music.whole import Covering, cover, ending, join, laid_out

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.picking import Song

MOST_BARS = 512
TRIES = 10  # codes looked for at once, of which one is taken
UPDATES = 60
RATE = 0.15
LIKENESS = 0.7  # of a draw to one of them: 1 begins with its own code, 0 with the middle of all music
SPREAD = 0.6  # of a draw about that, beside draws of the prior
PHRASE = 8  # bars of the music before whose chords come again
ATTEMPTS = 3  # to write bars that are not silent


def carry_on(
    model: MusicVAE,
    music: Song,
    bars: int | None = None,
    track: int | None = None,
    how: Writing | None = None,
    alone: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Takes:
    """The music with more bars behind it, as one take.

    The tokens of the take are those of the new bars; its score holds the notes of the tracks that are gone on
    with, as they are, and the new ones behind them: from the last bar line on that only tails sound over, of
    a quarter of a bar at most.

    Args:
        bars: how many to add, of the model's meter, 1 to 512; by default one window of the model.
        track: index of the track to go on with; by default the representation chooses.
        how: its chords are those of the new bars; without any, a model that follows chords is told those of
            the music's last eight bars again.
        alone: gives the new bars without the music before them.
        progress: is told after each window how many are written, of how many.

    Raises:
        ConfigError: the model cannot carry on (its windows have one bar, or it makes one thing of another),
            or `bars` is out of range.
        NothingUsableError: no window fits anywhere in the music, or none holds a note, or no new bar would.
        ReadError: the file cannot be read.
    """
    r, how = model.representation, how or Writing()
    bars = r.bars if bars is None else runtime.whole("bars", bars)
    if not 1 <= bars <= MOST_BARS:
        raise ConfigError(f"bars is {bars}; 1 to {MOST_BARS} can be added")
    if r.bars < 2 or not r.is_gridded or r.task != "play":
        raise ConfigError(
            f"this model cannot carry on: it needs windows of two bars or more on a grid that it gives back "
            f"as they are; {r.name} of {counted(r.bars, 'bar')} is not that"
        )
    score = load(music)
    covered = cover(score, r, track)
    bar, fresh = r.steps // r.bars, r.bars // 2  # steps of one, and bars written at a time
    covered = covered.until(score, r, _bars_heard(covered, r, bar))
    before, heard = join(covered.tokens, covered, r)  # [1, L, ...]
    known = None if covered.control is None else laid_out(covered.control, covered, r)
    told = _told(model, how.chords, -(-bars // fresh), fresh * bar, known)
    manner = Manner.of(model, before[0], None if known is None else known[0])
    generator = model.generator(how.seed)
    long = replace(r, bars=bars)  # type: ignore[type-var]
    for _ in range(ATTEMPTS):
        new, record = _written(model, last(before[0], r.steps), told, manner, how, generator, progress)
        tokens = long.canonical(new[None, : bars * bar])  # [1, bars * S, ...]
        if begins(tokens[0], long).any():
            break
    else:
        raise NothingUsableError(
            f"{score.source or 'the music'}: no note came out in {counted(bars, 'new bar')} however often it "
            "was tried; take another seed, a higher temperature or another model"
        )
    control = None
    if known is not None:
        control = np.concatenate([part[-fresh * bar :] for part in told if part is not None])
        control = control[None, : bars * bar]
    style, laid, tick = covered.style(score), None, int(covered.ends[-1]) - 1
    if alone:
        if goes_on(covered, score, r):
            covered = replace(covered, left_out=covered.left_out + last_bar(score) - covered.last)
        label = counted(bars, "new bar")
        played = program(score, covered.track, tick, covered.percussive)
        style = replace(style, qpm=tempo(score, tick), program=played, key=key(score, tick))
    else:
        all_bars = last_bar(score) if goes_on(covered, score, r) else covered.last
        covered = replace(covered, left_out=0)  # what the model cannot read stays as it is
        sounding = np.unique(heard.to_score(before[0]).track)
        laid = Behind.of(going_on(covered, score, r), covered.tracks, sounding.tolist(), r.percussive)
        label = f"{naming.bars(1, all_bars)} and {bars} more"
        if last_meter(laid.song.meters).quarters != r.meter.quarters:
            label += f" of {r.meter}"
    record |= {
        "command": "continue",
        "seed": how.seed,
        "temperature": how.temperature,
        "bars_added": bars,
        "inputs": [covered.to_record(score)],
    }
    if alone:
        record["alone"] = True
    if how.chords is not None:
        record["chords"] = how.chords
    return Takes(tokens, long, style, [label], record, control, laid)


def _written(
    model: MusicVAE,
    end: np.ndarray,
    told: Sequence[np.ndarray | None],
    manner: Manner,
    how: Writing,
    generator: torch.Generator,
    progress: Callable[[int, int], None],
) -> tuple[np.ndarray, dict[str, Any]]:
    """The new halves of windows [N * S, ...] behind an end [T, ...], and the record of a decoding.

    Args:
        told: the control of each window.
    """
    r = model.representation
    size = r.bars // 2 * r.steps // r.bars
    written, record = [], {}
    for number, control in enumerate(told, start=1):
        window = np.concatenate([end[size:], np.zeros_like(end[:size])])
        z, nats = find(model, window, r.steps - size, control, manner, generator)
        controls = None if control is None else np.repeat(control[None], TRIES, 0)
        made = model.decode(z, how.temperature, runtime.drawn_seed(generator), control=controls)
        parts = [ending(tokens, r.steps - size, r)[-size:] for tokens in made.tokens]
        best = int((nats + [manner.farness(part, r) for part in parts]).argmin())
        end, record = np.concatenate([end[size:], parts[best]]), made.record
        written.append(parts[best])
        progress(number, len(told))
    return np.concatenate(written), record


def _bars_heard(covered: Covering, r: Representation, bar: int) -> int:
    """Bars of the windows joined up to the last that holds more than a tail. Raises NothingUsableError."""
    joined, long = join(covered.tokens, covered, r)
    picture = long.pianoroll(joined[0])
    sounds = np.flatnonzero(picture.any(axis=1))
    if not len(sounds):
        raise NothingUsableError(
            "nothing sounds in the bars that this model can read: there is no end to go on from"
        )
    full, over = divmod(int(sounds[-1]) + 1, bar)
    is_tail = full and over <= TAIL * bar and not (picture[full * bar :] == 2).any()
    return full if is_tail else full + 1


def find(
    model: MusicVAE,
    window: np.ndarray,
    known: int,
    control: np.ndarray | None,
    manner: Manner,
    generator: torch.Generator,
) -> tuple[Tensor, np.ndarray]:
    """Codes [TRIES, Z] whose windows begin with `known` steps of a window [T, ...], and the nats of these
    steps under each, [TRIES].

    They minimise these nats plus half the squared distance to a draw near a code of the music before.
    """
    leaving = torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()
    with leaving, torch.enable_grad():  # whatever holds around the call
        vae, device = model.vae, model.vae.device
        target = model.tensor(window[None]).expand(TRIES, *window.shape)
        told = None if control is None else np.repeat(control[None], TRIES, 0)
        condition = model.condition(told, TRIES)
        prior = None if vae.prior is None else vae.prior.as_one
        middle = torch.zeros(vae.z_size, device=device) if prior is None else prior.mean[0]

        def aside(noise: Tensor) -> Tensor:
            return noise if prior is None else prior.colour(noise) - middle

        rows = torch.randint(len(manner.codes), (TRIES,), generator=generator, device=device)
        noise = torch.randn((TRIES, vae.z_size), generator=generator, device=device)
        drawn = middle + LIKENESS * (manner.codes[rows] - middle) + SPREAD * aside(noise)
        moved = torch.zeros_like(noise, requires_grad=True)
        optimizer = torch.optim.Adam([moved], RATE)
        for update in range(UPDATES + 1):
            z = drawn + aside(moved)
            nats = nats_of_steps(vae.decoder, z, target, condition)[:, :known].sum(1)  # [TRIES]
            if update == UPDATES:
                break
            cost = nats + 0.5 * moved.square().sum(1)
            (moved.grad,) = torch.autograd.grad(cost.sum(), moved)
            optimizer.step()
        return z.detach(), nats.detach().cpu().numpy()


def _told(
    model: MusicVAE, chords: str | None, count: int, size: int, known: np.ndarray | None
) -> list[np.ndarray | None]:
    """The control [T, ...] of each window in turn: chords move through it as it moves on.

    Where no chords are asked for, those of the last bars of the music come again.

    Args:
        size: steps written at a time.
        known: control [1, L, ...] of the music before.
    """
    r = model.representation
    if r.control is None or known is None:
        if chords is not None:
            r.chords_of(chords)  # says that this model takes none
        return [None] * count
    fresh = size * r.bars // r.steps
    if chords is None:
        phrase = known[0][-PHRASE * r.steps // r.bars :]
        line = np.resize(phrase, (count * size, *phrase.shape[1:]))
    else:
        line, *more = replace(r, bars=count * fresh).chords_of(chords)  # type: ignore[type-var]
        if more:
            raise ConfigError(
                f"'{chords}': more bars of chords than the {count * fresh} that are to be written"
            )
    line = np.concatenate([last(known[0], r.steps - size), line])
    return [line[n * size : n * size + r.steps] for n in range(count)]
