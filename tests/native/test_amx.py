"""Products and layers in tiles, against PyTorch in float32 and float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from musicvae_lite.native import amx, lstm

BF16 = torch.bfloat16
pytestmark = pytest.mark.skipif(
    not amx.serves(torch.device("cpu"), BF16, amx.SIDE), reason="no AMX here, or no C compiler"
)
ROWS = [1, 15, 16, 17, 32, 33, 300]  # tiles hold 16 rows, two of them are multiplied at once


def made(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(BF16)


def assert_near(found: Tensor, wanted: Tensor, within: float) -> None:
    """Within a share of the largest value."""
    scale = float(wanted.abs().max())
    torch.testing.assert_close(found.double(), wanted.double(), atol=within * scale, rtol=within)


def test_sizes_that_are_no_tiles_are_left_to_others():
    cpu = torch.device("cpu")
    assert amx.serves(cpu, BF16, 32, 64)
    assert not amx.serves(cpu, BF16, 32, 33)
    assert not amx.serves(cpu, BF16, 0)
    assert not amx.serves(cpu, torch.float32, 32)
    assert not amx.serves(torch.device("meta"), BF16, 32)


@pytest.mark.parametrize("batch", [0, 1, 256, 257, 600])
def test_parts_are_all_rows_once(batch: int):
    parts = amx.parts(batch)
    assert [row for part in parts for row in range(batch)[part]] == list(range(batch))
    assert all(part.stop - part.start <= amx.TOGETHER for part in parts)


@pytest.mark.parametrize("shape", [(2, 128), (3, 2, 256)])
def test_groups_and_back(shape: tuple[int, ...]):
    x = made(*shape)
    by_group = amx.grouped(x)
    assert by_group.shape == (*shape[:-2], shape[-1] // 128, shape[-2], 4, 32)
    assert torch.equal(by_group[..., -1, 0, 1, 2], x[..., 0, shape[-1] // 4 * 2 - 32 + 2])
    assert torch.equal(amx.ungrouped(by_group), x)
    gates = amx.gated(x)
    assert torch.equal(gates, by_group.transpose(-3, -2))
    assert torch.equal(amx.ungated(gates), x)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize(("pages", "depth", "wide"), [(1, 32, 32), (3, 96, 64), (2, 544, 128)])
def test_products(rows: int, pages: int, depth: int, wide: int):
    x, second = made(pages, rows, depth), made(depth, wide, seed=1)
    wanted = x.float() @ second.float()
    out = torch.full((pages, rows + 1, wide), 7.0).to(BF16)
    amx.product(x, amx.woven(second), out[:, :rows])
    assert_near(out[:, :rows], wanted, 2**-8)
    assert bool((out[:, rows:] == 7).all())  # nothing is written beside


@pytest.mark.parametrize("rows", ROWS)
def test_products_into_gates_and_of_them(rows: int):
    x, weight = made(2, rows, 64), made(64, 256, seed=1)
    gates = torch.empty(2, 2, 4, rows, 32, dtype=BF16)
    columns = amx.grouped(weight[None])[0].permute(1, 0, 2, 3).flatten(1)  # [64, 256], in groups
    amx.product(x, amx.woven(columns.contiguous()), gates)
    assert_near(amx.ungated(gates), x.float() @ weight.float(), 2**-8)
    out = torch.empty(2, rows, 64, dtype=BF16)
    amx.product(gates, amx.woven(columns.t().contiguous()), out)
    assert_near(out, amx.ungated(gates).float() @ weight.float().t(), 2**-8)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("pages", [1, 3])
def test_sums_over_rows_that_come_in_parts(rows: int, pages: int):
    sums, wanted = amx.Sums(64, 128), torch.zeros(64, 128)
    assert not sums.product.any()
    for seed in (0, 1):
        a, b = made(pages, rows, 64, seed=seed), made(pages, rows, 128, seed=2 + seed)
        sums.add(a, b)
        wanted += a.float().flatten(0, 1).t() @ b.float().flatten(0, 1)
    assert_near(sums.product, wanted, 1e-5)


@pytest.mark.parametrize("rows", [5, 40])
def test_sums_over_gates_are_a_weight_s_gradient(rows: int):
    a, gates = made(3, rows, 64), made(3, rows, 256, seed=1)
    sums = amx.Sums(64, 256)
    sums.add(a, amx.gated(gates))
    assert_near(sums.weight, gates.float().flatten(0, 1).t() @ a.float().flatten(0, 1), 1e-5)


def test_no_rows_sum_up_to_nothing():
    sums = amx.Sums(32, 128)
    sums.add(made(0, 4, 32), amx.gated(made(0, 4, 128)))
    assert not sums.weight.any()


def test_pytorch_s_own_tiles_are_not_disturbed():
    x, second = made(1, 40, 64), made(64, 64, seed=1)
    wanted = x[0] @ second
    for _ in range(3):
        out = torch.empty(1, 40, 64, dtype=BF16)
        amx.product(x, amx.woven(second), out)
        assert torch.equal(x[0] @ second, wanted)
        assert_near(out[0], wanted.float(), 2**-8)


@pytest.mark.parametrize("rows", [1, 17, 40, 150])
@pytest.mark.parametrize("constants", ["none", "one", "each"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_a_step_forward_and_back(rows: int, constants: str, scale: float):
    """One step of 64 units with the weight, against float64."""
    size = 64
    said, weight, h = (made(*shape) for shape in ((rows, 4 * size), (4 * size, size), (rows, size)))
    said, weight = said * scale, weight * (scale / 8)
    count = {"none": 0, "one": 1, "each": rows}[constants]
    constant = made(count, 4 * size, seed=3) * scale
    before, d_cell, output = (
        made(rows, size, seed=4).float(),
        made(rows, size, seed=5).float(),
        made(1, rows, size),
    )

    told = said.double() + h.double() @ weight.double().t() + (constant.double() if count else 0)
    told, cell = told.requires_grad_(), before.double().requires_grad_()
    i, f, g, o = told.chunk(4, -1)
    after = f.sigmoid() * cell + i.sigmoid() * g.tanh()
    hidden = o.sigmoid() * after.tanh()
    d_told, d_before = torch.autograd.grad(
        [after, hidden], [told, cell], [d_cell.double(), output[0].double()]
    )

    def by_group(x: Tensor) -> Tensor:
        return x.unflatten(-1, (-1, 32)).transpose(0, 1).contiguous()

    def by_row(x: Tensor) -> Tensor:
        return x.transpose(0, 1).flatten(1)

    in_groups = weight.unflatten(0, (4, -1, 32)).transpose(0, 1).flatten(0, 2).contiguous()
    gates = amx.gated(said)[None].contiguous()
    cells, states = torch.zeros(2, 2, rows, 32), torch.zeros(2, rows, size, dtype=BF16)
    cells[0], states[0] = by_group(before), h
    always = amx.grouped(constant) if count else None
    amx.forward(amx.woven(in_groups.t().contiguous()), always, None, gates, cells, states, False, True)
    assert_near(by_row(cells[1]), after.detach(), 2e-4)
    assert_near(states[1], hidden.detach(), 2**-8)

    of_cell, gathered = by_group(d_cell), torch.zeros(2, count, 4, 32)
    amx.backward(amx.woven(in_groups), output, gates, cells, of_cell, gathered, None, False)
    assert_near(by_row(of_cell), d_before, 0.02)
    assert_near(amx.ungated(gates[0]), d_told, 0.02)
    if count:
        wanted = d_told.sum(0, keepdim=True) if count == 1 and rows > 1 else d_told
        assert_near(amx.ungrouped(gathered), wanted, 0.02)


def test_what_is_no_number_stays_none_and_what_is_infinite_is_squashed():
    gates = torch.zeros(1, 1, 4, 3, 32, dtype=BF16)
    gates[..., 0, :], gates[..., 1, :], gates[..., 2, :] = torch.nan, torch.inf, -torch.inf
    cells, states = torch.ones(2, 1, 3, 32), torch.zeros(2, 3, 32, dtype=BF16)
    amx.forward(amx.woven(made(32, 128)), None, None, gates, cells, states, False, False)
    assert bool(cells[1, 0, 0].isnan().all() & states[1, 0].isnan().all())
    torch.testing.assert_close(cells[1, 0, 1:], torch.tensor([[2.0], [0.0]]).expand(2, 32), atol=2e-4, rtol=0)


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("constants", [1, 5])
def test_a_step_in_rows_is_that_of_every_processor(rows: int, constants: int):
    product, gates = made(rows, 4 * 96), made(rows, 4 * 96, seed=1)
    constant, cell = made(constants, 4 * 96, seed=2)[:rows].contiguous(), made(rows, 96, seed=3).float()
    hidden, after = amx.step(product, constant, gates, cell)
    wanted, wanted_hidden = torch.empty_like(after), torch.empty_like(hidden)
    lstm.forward(product, constant, None, gates, cell, wanted, wanted_hidden)
    torch.testing.assert_close(after, wanted, atol=2e-4, rtol=2e-4)
    assert_near(hidden, wanted_hidden, 2**-8)
