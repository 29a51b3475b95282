from __future__ import annotations

import pytest
import torch
from torch import nn

from musicvae_lite.models.heads import head_for
from musicvae_lite.models.straight import StraightIn, StraightOut, begin, vectors
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step
from tests.models.architectures import made_up

BEATS, S, SIZE = 3, 4, 256


def through(step: Step, x: torch.Tensor, nade: int = 0) -> torch.Tensor:
    """What comes back of steps [B, T, *shape] before anything is learnt."""
    code = BEATS * SIZE
    head = head_for(step, SIZE, nade)
    begin(head, step, SIZE)
    into, out = StraightIn(step, S, BEATS, SIZE, code), StraightOut(S, BEATS, SIZE, code)
    told = out.places(out(into(x)))  # [B * BEATS, S, SIZE]
    return head.sample(told, 0.0).unflatten(0, (len(x), BEATS)).flatten(1, 2)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("step", "nade"),
    [
        (Binary(20), 0),
        (Binary(20), 8),
        (Categorical(20), 0),
        (Categorical(16, 4), 0),
        (Categorical(20, nothing=19), 0),
        (Product((9, 6)), 0),
        (Product((9, 16), (0, 4)), 0),
    ],
)
@torch.no_grad()
def test_steps_come_back_before_anything_is_learnt(step: Step, nade: int):
    x = made_up(step, 50, BEATS * S)
    if isinstance(step, Binary):
        x = x * (torch.rand(x.shape, generator=torch.Generator().manual_seed(1)) < 0.2)
    torch.manual_seed(0)
    got = through(step, x, nade)
    assert (got == x).float().mean() > 0.97


def test_nothing_happens_has_no_vector():
    assert not vectors(Categorical(5), 8)[0].any() and vectors(Categorical(5), 8)[1:].any(1).all()
    assert (~vectors(Product((3, 4)), 8).any(1)).nonzero().flatten().tolist() == [0, 3]
    assert vectors(Binary(5), 8).any(1).all()
    assert vectors(Categorical(5, nothing=3), 8).any(1).tolist() == [True, True, True, False, True]


def test_a_set_has_the_vectors_of_its_members():
    found = vectors(Product((3, 8), (0, 3)), 8)[3:]
    assert torch.allclose(found[5], found[1] + found[4]) and not found[0].any()
    assert torch.equal(vectors(Categorical(8, 3), 8)[6], vectors(Categorical(8, 3), 8)[[2, 4]].sum(0))


@torch.no_grad()
def test_a_code_may_be_smaller_than_what_goes_in():
    into, out = StraightIn(Binary(6), S, BEATS, 16, 24), StraightOut(S, BEATS, 16, 24)
    x = torch.zeros(1, BEATS * S, 6).long()
    x[0, 5, 2] = 1
    told = out.places(out(into(x)))
    told = told / told.norm()
    place, key = 5, 2
    wanted = (vectors(Binary(6), 16)[key] * out.turn[place % S]).flatten()
    likeness = (told.flatten(0, 1) @ (vectors(Binary(6), 16)[key] * 1.0)) / wanted.norm()
    assert likeness.argmax() == place


@torch.no_grad()
def test_hits_come_back_before_anything_is_learnt_and_the_rest_of_a_groove_is_left_to_learn():
    step, x = Groove(9), torch.zeros(50, BEATS * S, 27)
    x[..., :9] = (torch.rand(50, BEATS * S, 9, generator=torch.Generator().manual_seed(1)) < 0.2).float()
    torch.manual_seed(0)
    assert (through(step, x)[..., :9] == x[..., :9]).float().mean() > 0.99
    head = head_for(step, SIZE)
    before = head.logits.weight.clone()  # type: ignore[operator]
    begin(head, step, SIZE)
    assert torch.equal(head.logits.weight[9:], before[9:])  # type: ignore[index]


def test_other_heads_are_left_to_learn():
    head = nn.Linear(4, 3)
    before = head.weight.clone()
    begin(head, Binary(3), 2)
    assert torch.equal(before, head.weight)
