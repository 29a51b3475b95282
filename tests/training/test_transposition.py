"""Transposition on the device, against the same description followed in numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.music.representations.transposition import Span, Transposition
from musicvae_lite.training.transposition import draw_shifts, transpose
from tests.music.representations.reaching import reach

MELODY = Transposition((Span(2, 39),))
KINDS = {
    "melody": (MELODY, (6, 16), 40),
    "two columns": (Transposition((Span(2, 39, 0), Span(2, 39, 1))), (6, 16, 3), 40),
    "flags": (Transposition((Span(0, 19), Span(20, 39)), by="place"), (6, 16, 40), 2),
    "two spans": (Transposition((Span(0, 14), Span(15, 29)), segment=4, still=33), (6, 16), 40),
    "segments": (Transposition((Span(2, 30),), segment=4, still=33), (6, 16), 40),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 300), down=st.integers(0, 12), up=st.integers(0, 12))
def test_it_does_what_the_description_says_and_stays_in_range(kind: str, seed: int, down: int, up: int):
    how, shape, values = KINDS[kind]
    chance = generator(seed)
    x = torch.randint(0, values, shape, generator=chance)
    x[..., : shape[-1] // 2] = 0  # so that there is room to move
    x[0] = 0  # no pitch at all
    if kind in ("segments", "two spans"):
        x[:, ::4] = torch.where(torch.rand(6, 4, generator=chance) < 0.5, 33, x[:, ::4])
    shift = draw_shifts(x, how, down, up, chance)
    if shift is None:
        assert down == up == 0
        return
    assert ((shift >= -down) & (shift <= up)).all()
    low, high = reach(how, x.numpy())
    assert (shift.numpy() >= low).all() and (shift.numpy() <= high).all()
    np.testing.assert_array_equal(transpose(x, how, shift).numpy(), how.apply(x.numpy(), shift.numpy()))


def test_every_shift_is_drawn_equally_often():
    x = torch.full((7000, 2), 40)
    shift = draw_shifts(x, Transposition((Span(2, 89),)), 3, 3, generator())
    assert shift is not None
    shares = torch.bincount(shift + 3, minlength=7) / 7000
    torch.testing.assert_close(shares, torch.full((7,), 1 / 7), atol=0.02, rtol=0)


def test_what_has_no_pitches_stays():
    assert draw_shifts(torch.ones(2, 4), Transposition(), 5, 6, generator()) is None
