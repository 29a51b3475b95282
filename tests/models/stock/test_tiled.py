"""The recurrence in tiles: what it computes and learns is that of float32, but for the rounding of bf16."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from musicvae_lite.models.stock import recurrence
from musicvae_lite.models.stock.recurrence import Rows
from musicvae_lite.native import amx
from musicvae_lite.vae import Batch
from tests.magenta.models import small
from tests.models.architectures import made_up

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    not amx.serves(CPU, torch.bfloat16, amx.SIDE), reason="no AMX here, or no C compiler"
)
VALUES, INPUTS = 9, 64
Case = dict[str, Any]


def learnt(case: Case, in_bf16: bool) -> list[Tensor]:
    """What comes out of a layer, and the gradients of all that went in."""
    chance = torch.Generator().manual_seed(0)
    steps, batch, size = case["shape"]

    def drawn(*shape: int, scale: float = 1.0) -> Tensor:
        return (scale * torch.randn(shape, generator=chance)).requires_grad_()

    weight = drawn(4 * size, size, scale=size**-0.5)
    h, c = (drawn(batch, size, scale=0.5), drawn(batch, size)) if case["state"] else (None, None)
    constant = drawn({"one": 1, "each": batch}[case["constant"]], 4 * size) if case["constant"] else None
    how, ends = (h, c, case["backwards"]), case["ends"]
    match case["input"]:
        case "table":
            given = [drawn(VALUES, 4 * size)]
            rows = Rows(given[0], torch.randint(VALUES, (steps, batch), generator=chance))
            read = partial(recurrence.run, rows, weight, *how, constant, ends)
        case "gates":
            given = [drawn(steps, batch, 4 * size)]
            read = partial(recurrence.run, 1 * given[0], weight, *how, constant, ends)
        case _:
            given = [drawn(steps, batch, INPUTS), drawn(4 * size, INPUTS, scale=0.1), drawn(4 * size)]
            read = partial(recurrence.over, given[0], (given[1], weight, given[2]), *how, ends)
    slopes = [torch.randn(1 if ends else steps, batch, size, generator=chance), drawn(batch, size).detach()]
    with torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
        found = [part.float() for part in read()]
    torch.autograd.backward(found, slopes)
    leaves = [weight, *(part for part in (h, c, constant) if part is not None), *given]
    return [*(part.detach() for part in found), *(leaf.grad for leaf in leaves if leaf.grad is not None)]


def assert_alike(**case: Any) -> None:
    for found, wanted in zip(learnt(case, True), learnt(case, False), strict=True):
        scale = float(wanted.abs().max())
        torch.testing.assert_close(found, wanted, atol=0.03 * scale + 1e-7, rtol=0.03)


@pytest.fixture
def tiles(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which of the two ways into the tiles were taken."""
    taken: list[str] = []
    for name in ("run_tiled", "over_tiled"):
        real = getattr(recurrence, name)
        monkeypatch.setattr(recurrence, name, lambda *args, n=name, r=real: (taken.append(n), r(*args))[1])
    return taken


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("state", [False, True])
@pytest.mark.parametrize(
    ("given", "constant"),
    [*product(["table", "gates"], [None, "one", "each"]), ("inputs", None)],  # these have a bias
)
@pytest.mark.parametrize("shape", [(1, 1, 32), (3, 5, 64), (7, 40, 32), (5, 300, 64)])
def test_a_layer(tiles: list[str], backwards: bool, state: bool, given: str, constant: Any, shape: Any):
    how = {"backwards": backwards, "state": state, "constant": constant}
    assert_alike(shape=shape, input=given, ends=False, **how)
    assert tiles == ["over_tiled" if given == "inputs" else "run_tiled"]


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("given", ["table", "inputs"])
@pytest.mark.parametrize("in_tiles", [False, True])
def test_the_end_alone(backwards: bool, given: str, in_tiles: bool, monkeypatch: pytest.MonkeyPatch):
    case = {"shape": (6, 20, 64), "backwards": backwards, "state": True, "input": given, "constant": None}
    monkeypatch.setattr(amx, "serves", lambda *about: in_tiles)
    if in_tiles:
        assert_alike(**case, ends=True)
    end, whole = learnt({**case, "ends": True}, True)[0], learnt({**case, "ends": False}, True)[0]
    assert torch.equal(end, whole[:1] if backwards else whole[-1:])


def test_no_sequences_are_no_error():
    table = torch.randn(VALUES, 128, requires_grad=True)
    weight = torch.randn(128, 32, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        hidden, cell = recurrence.run(Rows(table, torch.zeros(3, 0, dtype=torch.long)), weight)
    (hidden.sum() + cell.sum()).backward()
    assert (hidden.shape, cell.shape) == ((3, 0, 32), (0, 32))
    assert table.grad is not None
    assert weight.grad is not None
    assert not table.grad.any()
    assert not weight.grad.any()


def test_gradients_that_lie_by_columns_are_read_right():
    chance = torch.Generator().manual_seed(0)
    gates, weight = torch.randn(3, 5, 128, generator=chance), torch.randn(128, 32, generator=chance)
    slope, found = torch.randn(5, 3, 32, generator=chance).to(torch.bfloat16), []
    for lay in (lambda d: d.transpose(0, 1), lambda d: d.transpose(0, 1).mT.contiguous().mT):
        leaf = weight.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16):
            hidden, _ = recurrence.run(gates.clone(), leaf)
        hidden.backward(lay(slope))
        found.append(leaf.grad)
    assert torch.equal(found[0], found[1])
    assert bool(found[0].any())


def test_going_back_twice_is_refused():
    weight = torch.randn(128, 32, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        hidden, _ = recurrence.run(torch.randn(3, 5, 128), weight)
    hidden.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        hidden.sum().backward()


def model(encoder: dict[str, Any], decoder: dict[str, Any]) -> tuple[Any, Tensor]:
    """A small model and 40 melodies."""
    torch.manual_seed(0)
    config = small("cat-mel_2bar_small", encoder=encoder, decoder=decoder)
    return config.build(), made_up(config.representation.step, 40, 32)


TWO = {"hidden": (32, 64)}


@pytest.mark.parametrize("given", ["table", "inputs"])
def test_layers_that_are_alive_at_once_have_room_of_their_own(given: str):
    """Forward twice, then back twice: as one after the other, also in room that was used before."""
    weight, bias = torch.randn(128, 32) / 6, torch.zeros(128)
    leaves = [torch.randn(VALUES, 128), torch.randn(VALUES, 128)]
    if given == "inputs":
        leaves = [torch.randn(5, 7, 32), torch.randn(5, 7, 32)]
    rows = torch.randint(VALUES, (5, 7))

    def read(leaf: Tensor) -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            if given == "table":
                return recurrence.run(Rows(leaf, rows), weight)[0]
            return recurrence.over(leaf, (weight, weight, bias))[0]

    def slope(leaf: Tensor, hidden: Tensor) -> Tensor:
        return torch.autograd.grad(hidden.float().square().sum(), leaf)[0]

    leaves = [leaf.requires_grad_() for leaf in leaves]
    apart = [slope(leaf, read(leaf)) for leaf in leaves]
    both = [read(leaf) for leaf in leaves]
    together = [slope(leaf, hidden) for leaf, hidden in zip(leaves, both, strict=True)]
    assert all(map(torch.equal, apart, together))
    assert not torch.equal(*apart)


MODELS = {
    "flat": ({"hidden": (32,)}, TWO),
    "layers and segments": ({**TWO, "levels": (8, 4)}, {**TWO, "levels": (4, 8)}),
    "ends": ({**TWO, "end": 1}, {**TWO, "end": 1}),
    "residual": ({**TWO, "residual": True}, {**TWO, "residual": True}),
}


@pytest.mark.parametrize("name", MODELS)
def test_whole_models_are_no_rougher_than_without(
    tiles: list[str], name: str, monkeypatch: pytest.MonkeyPatch
):
    vae, x = model(*MODELS[name])

    def found(in_bf16: bool) -> list[Tensor]:
        vae.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=in_bf16):
            loss = vae.loss(Batch(x), 0.2, 0.0, torch.Generator().manual_seed(1))
        loss.total.backward()
        gradients = (p.grad.clone() for p in vae.parameters() if p.grad is not None)
        return [loss.total.detach().float(), *gradients]

    exact, in_tiles = found(False), found(True)
    assert tiles
    tiles.clear()
    monkeypatch.setattr(amx, "serves", lambda *about: False)
    without = found(True)
    assert not tiles
    for wanted, got, other in zip(exact, in_tiles, without, strict=True):
        limit = 0.01 * float(wanted.norm()) + 1.5 * float((other - wanted).norm())
        assert float((got - wanted).norm()) <= limit


def test_one_step_at_a_time_is_the_same(monkeypatch: pytest.MonkeyPatch):
    vae, _ = model(*MODELS["flat"])
    z = torch.randn(8, vae.decoder.z_size, generator=torch.Generator().manual_seed(0))

    def drawn() -> Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return vae.decoder.sample(z, temperature=1.0, generator=torch.Generator().manual_seed(0))

    in_tiles = drawn()
    monkeypatch.setattr(amx, "serves", lambda *about: False)
    assert float((drawn() == in_tiles).float().mean()) > 0.8
