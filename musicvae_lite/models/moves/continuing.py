"""Continuations: what may come after the last bars of some music.

A model knows windows, not what follows them. So half a window is the end of the music, the other half is to
be found: a code is looked for that writes the known half and is otherwise as a new draw of the prior is.
Of a linear decoder this would draw from the posterior given the known half (randomised maximum likelihood,
Oliver et al. 1996); here it comes near. Then the window moves on by what was written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.music.picking import load
from musicvae_lite.music.takes import Takes
from musicvae_lite.music.whole import cover, join, timeline

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
) -> Takes:
    """The music with more bars behind it, as one take.

    Args:
        bars: how many to add, 1 to 512; by default one window of the model.
        track: index of the track to go on with; by default the representation chooses.
        how: its chords are those of the new bars.
        alone: gives the new bars without the music before them.

    Raises:
        ConfigError: the model cannot carry on (its windows have one bar, or it makes one thing of another),
            or `bars` is out of range.
        NothingUsableError: no window fits anywhere in the music.
        ReadError: the file cannot be read.
    """
    r, how = model.representation, how or Writing()
    bars = r.bars if bars is None else bars
    if not 1 <= bars <= MOST_BARS:
        raise ConfigError(f"bars is {bars}; 1 to {MOST_BARS} can be added")
    if r.bars < 2 or not r.is_gridded or getattr(r, "task", "play") != "play":
        raise ConfigError(
            f"this model cannot carry on: it needs windows of two bars or more on a grid that it gives back "
            f"as they are; {r.name} of {r.bars} bar{'s' * (r.bars != 1)} is not that"
        )
    score = load(music)
    covered = cover(score, r, track)
    before, _ = join(covered.tokens, covered, r)  # [1, L, ...]
    fresh = r.bars // 2  # bars written at a time
    size = fresh * r.steps // r.bars
    told = _told(model, how.chords, -(-bars // fresh), fresh)
    generator = model.generator(how.seed)
    end, written, record = covered.tokens[-1], [], {}
    for control in told:
        window = np.concatenate([end[size:], np.zeros_like(end[:size])])
        z = find(model, window, r.steps - size, control, generator)
        made = model.decode(z[None], how.temperature, _seed(generator),
                            control=None if control is None else control[None])  # fmt: skip
        end, record = np.concatenate([end[size:], made.tokens[0][-size:]]), made.record
        written.append(end[-size:])
    new = np.concatenate(written)[None, : bars * r.steps // r.bars]  # [1, bars * S, ...]
    tokens = new if alone else np.concatenate([before.astype(new.dtype), new], 1)
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
    label = f"{bars} new bars" if alone else f"bars {covered.first}-{covered.last} and {bars} more"
    laid = None if alone else timeline(covered, score, r)
    return Takes(long.canonical(tokens), long, covered.style(score), [label], record, timeline=laid)


def _seed(generator: torch.Generator) -> int:
    return int(torch.randint(2**31, (), generator=generator, device=generator.device))


def find(
    model: MusicVAE, window: np.ndarray, known: int, control: np.ndarray | None, generator: torch.Generator
) -> Tensor:
    """A code [Z] whose window begins with `known` steps of a window [T, ...].

    It minimises the nats of the known steps plus half the squared distance to a draw of the prior.
    """
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


def _told(model: MusicVAE, chords: str | None, count: int, fresh: int) -> list[np.ndarray | None]:
    """The control [T, ...] of each window in turn: chords move through it as it moves on."""
    r = model.representation
    if r.control is None:
        if chords is not None:
            r.chords_of(chords)  # says that this model takes none
        return [None] * count
    size = fresh * r.steps // r.bars
    nothing = np.zeros((r.steps - size, *r.control.shape), r.control.dtype)
    if chords is None:
        line = np.zeros((count * size, *r.control.shape), r.control.dtype)
    else:
        line, *more = replace(r, bars=count * fresh).chords_of(chords)  # type: ignore[type-var]
        if more:
            raise ConfigError(
                f"'{chords}': more bars of chords than the {count * fresh} that are to be written"
            )
    line = np.concatenate([nothing, line])
    return [line[n * size : n * size + r.steps] for n in range(count)]
