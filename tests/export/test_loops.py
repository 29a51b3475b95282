"""Greedy decodes round by round, in plain PyTorch: what is handed on from round to round is enough."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from musicvae_lite.export.loops import loop_of
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.music.representations.steps import Step
from tests.magenta.models import small
from tests.models.architectures import made_up
from tests.models.small import small_model
from tests.models.test_kinds_of_steps import KINDS, build


def check(decoder: Any, step: Step, control: Tensor | None, joined: bool) -> None:
    """That all rounds write what the decoder does, over codes that it writes differently."""
    torch.manual_seed(1)
    for weight in decoder.parameters():  # what a memory adds starts at zero
        weight += 0.3 * torch.randn_like(weight)
    loop = loop_of(decoder, step, control is not None)
    assert loop is not None and loop.joined is joined
    z = 2 * torch.randn(8, decoder.z_size)
    handed = loop.start(z, control)
    carried, given = handed[: len(loop.carried)], handed[len(loop.carried) :]
    assert len(given) == len(loop.given)
    written = []
    for number in range(given[0].shape[1]):
        *carried, steps = loop.body(*carried, *(part[:, number] for part in given))
        written.append(steps)
    wanted = decoder.sample(z, control, 0.0)
    got = torch.cat(written, 1) if joined else torch.stack(written, 1)
    torch.testing.assert_close(got.to(wanted.dtype), wanted, rtol=0, atol=1e-5)
    assert len(wanted.flatten(1).unique(dim=0)) > 1


@torch.no_grad()
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind[2].get("memory", 1)])
def test_beats(name: str):
    vae, batch = build(name)
    check(vae.decoder, KINDS[name][0], batch.control, joined=True)


STOCK = {
    "flat": small("cat-mel_2bar_small"),
    "under chords": small("cat-mel_2bar_med_chords"),
    "flags with a NADE": small("nade-drums_2bar_reduced"),
    "grooves under hits": small("groovae_2bar_hits_control"),
    "segments": small("cat-mel_2bar_small", decoder={"levels": (4, 8)}),
    "segments apart": small("cat-mel_2bar_small", decoder={"levels": (4, 8), "apart": True}),
    "voices": small("hierdec-trio_16bar"),
    "tracks with ends": small("hier-multiperf_vel_1bar_med"),
}


@torch.no_grad()
@pytest.mark.parametrize("name", STOCK)
def test_steps(name: str):
    config: MusicConfig = STOCK[name]
    torch.manual_seed(0)
    r = config.representation
    control = made_up(r.control, 8, r.steps) if r.control else None
    check(config.build().eval().decoder, r.step, control, joined=False)


@torch.no_grad()
def test_steps_of_the_projects_own_flat_decoder():
    model = small_model()
    check(model.vae.decoder, model.representation.step, None, joined=False)
