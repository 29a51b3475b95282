"""How steps enter: looking up is multiplying what Magenta spells out."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product

STEPS = {
    "tokens": (Categorical(5), False, torch.tensor([[0, 4, 5]])),
    "drums as bits": (Categorical(8, bits=3), True, torch.tensor([[0, 5, 8]])),
    "three voices": (Product((2, 3)), False, torch.tensor([[[0, 2], [1, 3], [2, 0]]])),
    "zeros and ones": (Binary(3), False, torch.tensor([[[0, 1, 1], [0, 0, 0]]])),
    "with silence": (Binary(3), True, torch.tensor([[[0, 1, 1], [0, 0, 0]]])),
    "groove": (Groove(1), False, torch.tensor([[[1.0, 0.5, -0.25]]])),
}


@pytest.mark.parametrize("name", STEPS)
def test_looking_up_is_multiplying(name: str):
    step, roll, x = STEPS[name]
    reader = reader_for(step, roll)
    weight = torch.randn(7, reader.size, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(reader.look_up(x, reader.table(weight)), F.linear(reader.spell(x), weight))


@pytest.mark.parametrize("name", [name for name in STEPS if name != "with silence"])
def test_what_is_hidden_says_nothing(name: str):
    step, roll, x = STEPS[name]
    reader = reader_for(step, roll)
    hidden = reader.hide(x, torch.ones(x.shape[:2], dtype=torch.bool))
    assert not reader.spell(hidden).any()
    assert torch.equal(hidden, reader.blank(x))
    assert not reader.spell(reader.start(1)[:, None]).any()


def test_spelling():
    drums = reader_for(Categorical(8, bits=3), roll=True)
    assert drums.spell(torch.tensor([[5, 0]])).tolist() == [[[1, 0, 1, 0], [0, 0, 0, 1]]]
    voices = reader_for(Product((2, 3)))
    assert voices.spell(torch.tensor([[[1, 2]]])).tolist() == [[[0, 1, 0, 0, 1]]]


def test_a_roll_needs_sets():
    with pytest.raises(ConfigError, match="no sets"):
        reader_for(Categorical(5), roll=True)
