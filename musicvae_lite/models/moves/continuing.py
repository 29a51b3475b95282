"""Continuations: what may come after the last bars of some music.

A model knows windows, not what follows them. So half a window is the end of the music, the other half is to
be found: a code is looked for that writes the known half and is otherwise as a new draw of the prior is.
Of a linear decoder this would draw from the posterior given the known half (randomised maximum likelihood,
Oliver et al. 1996); here it comes near. Then the window moves on by what was written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.errors import ConfigError, NothingUsableError, counted
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.music import naming
from musicvae_lite.music.grid import Grid, accepts
from musicvae_lite.music.picking import load
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score
from musicvae_lite.music.takes import Takes, tempo
from musicvae_lite.music.timeline import Timeline
from musicvae_lite.music.whole import Covering, cover, ending, join, laid_out, timeline

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.picking import Song

MOST_BARS = 512
TRIES = 6  # codes looked for at once; the one that tells the known half best is taken
UPDATES = 60
RATE = 0.15
SPREAD = 0.7  # of the prior's draws: nearer the middle, more of the new notes belong to the music's key


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

    Args:
        bars: how many to add, of the model's meter, 1 to 512; by default one window of the model.
        track: index of the track to go on with; by default the representation chooses.
        how: its chords are those of the new bars.
        alone: gives the new bars without the music before them.
        progress: is told after each window how many are written, of how many.

    Raises:
        ConfigError: the model cannot carry on (its windows have one bar, or it makes one thing of another),
            or `bars` is out of range.
        NothingUsableError: no window fits anywhere in the music, or none holds a note.
        ReadError: the file cannot be read.
    """
    r, how = model.representation, how or Writing()
    bars = r.bars if bars is None else bars
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
    size = fresh * bar
    covered = covered.until(score, r, _bars_heard(covered, r, bar))
    if _goes_on(covered, score, r):
        covered = replace(covered, left_out=covered.left_out + Grid.of(score).bars - covered.last)
    before, _ = join(covered.tokens, covered, r)  # [1, L, ...]
    known = None if covered.control is None else laid_out(covered.control, covered, r)
    told = _told(model, how.chords, -(-bars // fresh), size, known)
    generator = model.generator(how.seed)
    end, written, record = _last(before[0], r.steps), [], {}
    for number, control in enumerate(told, start=1):
        window = np.concatenate([end[size:], np.zeros_like(end[:size])])
        z = find(model, window, r.steps - size, control, generator)
        made = model.decode(z[None], how.temperature, _seed(generator),
                            control=None if control is None else control[None])  # fmt: skip
        more, record = ending(made.tokens[0], r.steps - size, r)[-size:], made.record
        end = np.concatenate([end[size:], more])
        written.append(more)
        progress(number, len(told))
    new = np.concatenate(written)[None, : bars * bar]  # [1, bars * S, ...]
    tokens = new if alone else np.concatenate([before.astype(new.dtype), new], 1)
    control = None
    if known is not None:
        fresh_part = np.concatenate([part[-size:] for part in told if part is not None])[None, : bars * bar]
        control = fresh_part if alone else np.concatenate([known, fresh_part], 1)
    long = replace(r, bars=tokens.shape[1] * r.bars // r.steps)  # type: ignore[type-var]
    record |= {
        "command": "continue",
        "seed": how.seed,
        "temperature": how.temperature,
        "bars_added": bars,
        "inputs": [covered.to_record(score)],
    }
    if how.chords is not None:
        record["chords"] = how.chords
    style = covered.style(score)
    if alone:
        label, laid = counted(bars, "new bar"), None
        style = replace(style, qpm=tempo(score, int(covered.ends[-1]) - 1))
    else:
        laid = _going_on(covered, score, r)
        label = f"{naming.bars(covered.first, covered.last)} and {bars} more"
        if _meter(laid.song.meters).quarters != r.meter.quarters:
            label += f" of {r.meter}"
    return Takes(long.canonical(tokens), long, style, [label], record, control, laid)


def _bars_heard(covered: Covering, r: Representation, bar: int) -> int:
    """Bars of the windows joined up to the last one in which something sounds. Raises NothingUsableError."""
    joined, long = join(covered.tokens, covered, r)
    sounds = np.flatnonzero(long.pianoroll(joined[0]).any(axis=1))
    if not len(sounds):
        raise NothingUsableError(
            "nothing sounds in the bars that this model can read: there is no end to go on from"
        )
    return int(sounds[-1]) // bar + 1


def _last(tokens: np.ndarray, steps: int) -> np.ndarray:
    """The last steps of tokens [L, ...], silence in front of them where they are fewer: [steps, ...]."""
    missing = max(steps - len(tokens), 0)
    return np.concatenate([np.zeros((missing, *tokens.shape[1:]), tokens.dtype), tokens[-steps:]])


def _goes_on(covered: Covering, score: Score, r: Representation) -> bool:
    """Whether the tracks taken go on behind what is covered, with bars that the model cannot read."""
    begin = covered.ends[-1] + covered.late - score.ticks_per_quarter / r.steps_per_quarter / 2
    return bool((score.start[np.isin(score.track, covered.tracks)] >= begin).any())


def _meter(meters: tuple[MeterChange, ...]) -> Meter:
    return meters[-1].meter if meters else COMMON_TIME


def _going_on(covered: Covering, score: Score, r: Representation) -> Timeline:
    """The music in its place and the new bars behind it, in bars of a meter that the model writes.

    They follow at once, or after the song where it goes on with bars that the model cannot read.
    """
    end = round(Grid.of(score).bar_ticks[-1]) if _goes_on(covered, score, r) else int(covered.ends[-1])
    meters = tuple(m for m in score.meters if m.tick < end or (m.tick == end and accepts(r.meter, m.meter)))
    if not accepts(r.meter, _meter(meters)):
        meters = (*meters, MeterChange(end, r.meter))
    laid = timeline(covered, replace(score, meters=meters), r)
    return replace(
        laid,
        begins=np.append(laid.begins, covered.steps / r.steps_per_quarter),
        places=np.append(laid.places, end / score.ticks_per_quarter),
    )


def _seed(generator: torch.Generator) -> int:
    return int(torch.randint(2**31, (), generator=generator, device=generator.device))


def find(
    model: MusicVAE, window: np.ndarray, known: int, control: np.ndarray | None, generator: torch.Generator
) -> Tensor:
    """A code [Z] whose window begins with `known` steps of a window [T, ...].

    It minimises the nats of the known steps plus half the squared distance to a draw of the prior.
    """
    leaving = torch.inference_mode(False) if torch.is_inference_mode_enabled() else nullcontext()
    with leaving, torch.enable_grad():  # whatever holds around the call
        return _found(model, window, known, control, generator)


def _found(
    model: MusicVAE, window: np.ndarray, known: int, control: np.ndarray | None, generator: torch.Generator
) -> Tensor:
    vae, decoder = model.vae, model.vae.decoder
    target = model.tensor(window[None]).expand(TRIES, *window.shape)
    told = None if control is None else np.repeat(control[None], TRIES, 0)
    condition = model.condition(told, TRIES)
    prior = None if vae.prior is None else vae.prior.as_one
    drawn = SPREAD * torch.randn((TRIES, vae.z_size), generator=generator, device=vae.device)
    noise = drawn.clone().requires_grad_()
    optimizer = torch.optim.Adam([noise], RATE)
    said = torch.zeros(TRIES)
    for update in range(UPDATES + 1):
        z = noise if prior is None else prior.colour(noise)
        nats, _ = decoder.head.score(decoder.hidden(z, target, condition), target)  # type: ignore[operator, union-attr]
        said = nats[:, :known].sum(1)  # [TRIES]
        cost = said + 0.5 * (noise - drawn).square().sum(1)
        if update == UPDATES:
            break
        (noise.grad,) = torch.autograd.grad(cost.sum(), noise)
        optimizer.step()
    best = int(said.argmin())
    return (noise if prior is None else prior.colour(noise))[best].detach()


def _told(
    model: MusicVAE, chords: str | None, count: int, size: int, known: np.ndarray | None
) -> list[np.ndarray | None]:
    """The control [T, ...] of each window in turn: chords move through it as it moves on.

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
        line = np.zeros((count * size, *r.control.shape), r.control.dtype)
    else:
        line, *more = replace(r, bars=count * fresh).chords_of(chords)  # type: ignore[type-var]
        if more:
            raise ConfigError(
                f"'{chords}': more bars of chords than the {count * fresh} that are to be written"
            )
    line = np.concatenate([_last(known[0], r.steps - size), line])
    return [line[n * size : n * size + r.steps] for n in range(count)]
