"""Products in every way they are made, against plain ones."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.models.stock import products
from musicvae_lite.models.stock.products import Repeated, linear, over_rows
from tests.compiling import can_compile

TYPES = [torch.float32, torch.bfloat16]


@pytest.fixture(params=["turned by C", "viewed"], autouse=True)
def turning(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "viewed":
        monkeypatch.setattr(products, "serves", lambda x: False)
    elif not can_compile():
        pytest.skip("no C compiler here")


def made(*shape: int, kind: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape) + shape[-1])).to(kind)


def assert_near(found: Tensor, wanted: Tensor) -> None:
    within = 1e-5 if found.dtype is torch.float32 else 0.02
    torch.testing.assert_close(found.float(), wanted, atol=within, rtol=within)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("m", "n"), [(5, 40), (40, 5), (33, 33)])
def test_over_rows(kind: torch.dtype, m: int, n: int):
    a, b = made(70, m, kind=kind), made(70, n, kind=kind)
    assert_near(over_rows(a, b), a.float().t() @ b.float())


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("outputs", [3, 40])
def test_linear_and_its_gradients(kind: torch.dtype, outputs: int):
    x, weight = made(2, 35, 17, kind=kind), made(outputs, 17, kind=kind)

    def learnt(read, *leaves: Tensor) -> list[Tensor]:
        leaves = tuple(leaf.clone().requires_grad_() for leaf in leaves)
        out = read(*leaves)
        out.backward(torch.ones_like(out) / 8)
        return [out.detach(), *(leaf.grad for leaf in leaves if leaf.grad is not None)]

    plain = learnt(torch.nn.functional.linear, x.float(), weight.float())
    for found, wanted in zip(learnt(linear, x, weight), plain, strict=True):
        assert_near(found, wanted)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("rows", [1, 4])
def test_one_weight_many_times(kind: torch.dtype, rows: int):
    weight = made(24, 10, kind=kind)
    times = Repeated(weight, rows)
    for count in (rows, 7):
        x = made(count, 10, kind=kind)
        assert_near(times(x), x.float() @ weight.float().t())


def test_a_processor_without_a_kernel_for_bf16_multiplies_plainly(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runtime, "bfloat16_pays", lambda device: False)
    weight, x = made(24, 10, kind=torch.bfloat16), made(4, 10, kind=torch.bfloat16)
    times = Repeated(weight, 4)
    assert times.ordered is None
    assert_near(times(x), x.float() @ weight.float().t())
