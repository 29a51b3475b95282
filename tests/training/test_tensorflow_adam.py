"""The update against its formula, in float64."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.training.tensorflow_adam import TensorFlowAdam

RATE, FIRST, SECOND = 0.01, 0.9, 0.999


@pytest.mark.parametrize("fused", [None, True])
@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_every_update_is_that_of_the_formula(fused: bool | None, eps: float):
    torch.manual_seed(0)
    weight, idle = torch.randn(3, 5, requires_grad=True), torch.zeros(2, requires_grad=True)
    optimizer = TensorFlowAdam([weight, idle], RATE, (FIRST, SECOND), eps, fused)
    p, m, v = weight.detach().double(), torch.zeros(3, 5).double(), torch.zeros(3, 5).double()
    for t in range(1, 12):
        slope = torch.randn(3, 5) * 10.0 ** -(t % 5)
        weight.grad = slope.clone()
        optimizer.step()
        g = slope.double()
        m, v = FIRST * m + (1 - FIRST) * g, SECOND * v + (1 - SECOND) * g * g
        p = p - RATE * (1 - SECOND**t) ** 0.5 / (1 - FIRST**t) * m / (v.sqrt() + eps)
        torch.testing.assert_close(weight.detach().double(), p, atol=1e-6, rtol=1e-5)
    assert not idle.any()


def test_going_on_from_a_state_is_going_on():
    def steps(weight: torch.Tensor, optimizer: TensorFlowAdam, count: int) -> None:
        for _ in range(count):
            weight.grad = torch.full_like(weight, 1e-7)
            optimizer.step()

    whole, parted = (torch.ones(4, requires_grad=True) for _ in range(2))
    steps(whole, TensorFlowAdam([whole], RATE), 6)
    first = TensorFlowAdam([parted], RATE)
    steps(parted, first, 3)
    second = TensorFlowAdam([parted], RATE)
    second.load_state_dict(first.state_dict())
    steps(parted, second, 3)
    assert torch.equal(whole, parted)
