"""A device that is not the CPU, on any machine: what runs there runs on a GPU's terms.

Its tensors keep their values in the CPU's memory, so that what comes out can be compared, but to mix them
with tensors of the CPU, or to draw them with a generator of the CPU, raises as it would on a GPU. It
knows no float64, as Apple's GPUs do not. `waits` counts how often a value was brought to the CPU, for which
a GPU must first finish all it was told to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch._dynamo  # some of its imports must not see the generators below
from lightning_fabric import Fabric
from lightning_fabric.accelerators import CPUAccelerator
from lightning_fabric.strategies import SingleDeviceStrategy
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing

from musicvae_lite import checkpoints, runtime
from musicvae_lite.training import team

NAME = "elsewhere"
COPIES = {"_to_copy", "copy_"}
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_"}  # GPUs take indices of the CPU
LIBRARY = torch.library.Library("aten", "IMPL")
waits = 0


class Away(Tensor):
    """A tensor of the device; `held` has its values."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor):
        if held.dtype in (torch.float64, torch.complex128):
            raise TypeError(f"{NAME}: this device knows no {held.dtype}")
        layout = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        away = Tensor._make_wrapper_subclass(cls, held.shape, **layout, device=torch.device(NAME, 0))  # type: ignore[attr-defined]
        away.held = held
        return away

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        return execute(func, args, kwargs or {})

    def tolist(self) -> Any:
        return self.cpu().tolist()


class Generator(torch.Generator):
    """Knows the device as its own, and draws there what the CPU would draw."""

    is_away: bool

    def __new__(cls, device: Any = "cpu"):
        there = is_away(device)
        generator = super().__new__(cls, "cpu" if there else device)  # type: ignore[call-arg]
        generator.is_away = there
        return generator

    @property
    def device(self) -> torch.device:  # type: ignore[override]
        return torch.device(NAME, 0) if self.is_away else super().device


class _Executing(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        return execute(func, args, kwargs or {})


class _Drawing(TorchFunctionMode):
    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None):
        drawn, generator = func(*args, **(kwargs or {})), (kwargs or {}).get("generator")
        if generator is not None and isinstance(drawn, Away) != getattr(generator, "is_away", False):
            raise RuntimeError(f"{func}: a generator of another device")
        return drawn


def is_away(device: Any) -> bool:
    return device is not None and torch.device(device).type == NAME


def execute(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """One operation, on the device where its tensors are or where it is asked to go."""
    global waits
    given, name = pytree.tree_leaves((args, kwargs)), func.overloadpacket.__name__
    has_away = any(isinstance(part, Away) for part in given)
    goes = is_away(kwargs["device"]) if kwargs.get("device") is not None else has_away
    if has_away and name not in COPIES:
        _check(func, name, given)
    if goes and kwargs.get("device") is not None:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    held_args, held_kwargs = pytree.tree_map_only(Away, lambda x: x.held, (args, kwargs))
    out = CELLS.get(name, func)(*held_args, **held_kwargs)  # type: ignore[misc]
    if name == "copy_":
        waits += has_away and not isinstance(args[0], Away)
        return args[0]
    if has_away and (name == "_local_scalar_dense" or not goes):
        waits += 1
        return out.clone() if isinstance(out, Tensor) else out
    if not goes:
        return out
    found = pytree.tree_map_only(Tensor, Away, out)
    return return_and_correct_aliasing(func, args, kwargs, found) if has_away else found


def _check(func: Any, name: str, given: list[Any]) -> None:
    """Raises RuntimeError where a tensor of the CPU, other than a single number, is among the device's."""
    tensors = [part for part in given if isinstance(part, Tensor)]
    here = [part for part in tensors if not isinstance(part, Away) and part.dim()]
    if here and not (name in INDEXING and isinstance(tensors[0], Away)):
        raise RuntimeError(f"{func}: tensors on {NAME} and on {here[0].device}")


def _cell(said: Tensor, by_state: Tensor, c: Tensor, *biases: Tensor | None) -> tuple[Tensor, ...]:
    """One step of an LSTM, which PyTorch has as one operation on every device but the CPU."""
    gates = said + by_state + sum(bias for bias in biases if bias is not None)
    i, f, g, o = gates.chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    after = f * c + i * g
    return o * after.tanh(), after, torch.cat([i, f, g, o], 1)


def _cell_back(
    d_h: Tensor | None, d_c: Tensor | None, before: Tensor, after: Tensor, squashed: Tensor, has_bias: bool
) -> tuple[Tensor | None, ...]:
    i, f, g, o = squashed.chunk(4, 1)
    hidden, d_h = after.tanh(), torch.zeros_like(after) if d_h is None else d_h
    d_after = d_h * o * (1 - hidden.square()) + (0 if d_c is None else d_c)
    d_i, d_f, d_g = d_after * g * i * (1 - i), d_after * before * f * (1 - f), d_after * i * (1 - g * g)
    d_gates = torch.cat([d_i, d_f, d_g, d_h * hidden * o * (1 - o)], 1)
    return d_gates, d_after * f, d_gates.sum(0) if has_bias else None


CELLS: dict[str, Callable[..., Any]] = {
    "_thnn_fused_lstm_cell": _cell,
    "_thnn_fused_lstm_cell_backward_impl": _cell_back,
}


class _Module(backend_registration._DummyBackendModule):
    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]


def _empty(size: Any, dtype: Any = None, *_: Any, **__: Any) -> Tensor:
    return Away(torch.empty(size, dtype=dtype))


def _strided(size: Any, stride: Any, dtype: Any = None, *_: Any, **__: Any) -> Tensor:
    return Away(torch.empty_strided(size, stride, dtype=dtype))


def _copied(source: Tensor, to: Tensor, *_: Any, **__: Any) -> Tensor:
    one, other = (part.held if isinstance(part, Away) else part for part in (to, source))
    one.copy_(other)
    return to


def _register() -> None:
    """Tells PyTorch of the device. `torch.tensor` looks past the mode and asks for the kernels.

    A first gradient begins a thread for each device known by then, and processes with such threads cannot be
    forked, as other tests do.
    """
    if torch._C._get_privateuse1_backend_name() == NAME:
        return
    torch.ones((), requires_grad=True).backward()
    backend_registration._setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
    for name, kernel in {
        "empty.memory_format": _empty,
        "empty_strided": _strided,
        "_copy_from": _copied,
    }.items():
        LIBRARY.impl(name, kernel, "PrivateUse1")


class _There(CPUAccelerator):
    def setup_device(self, device: torch.device) -> None:
        pass


class _Moving(Fabric):
    """GPUs move a module's parameters in place; here they are new ones, which the optimiser has to know."""

    def setup(self, module: Any, *optimizers: Any, **how: Any) -> Any:
        before = [id(parameter) for parameter in module.parameters()]
        after = dict(zip(before, module.to(self.device).parameters(), strict=True))
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["params"] = [after[id(parameter)] for parameter in group["params"]]
        return super().setup(module, *optimizers, **how)


@contextmanager
def reachable(monkeypatch: pytest.MonkeyPatch) -> Iterator[torch.device]:
    """Within, models can be built, loaded and trained on the device that this gives."""
    _register()
    device, read, choose = torch.device(NAME, 0), checkpoints.read_packed, runtime.choose_device

    def fabric(accelerator: str, **how: Any) -> Fabric:
        if accelerator != NAME:
            return Fabric(accelerator=accelerator, **how)
        return _Moving(strategy=SingleDeviceStrategy(device, _There()), precision=how["precision"])

    def read_packed(path: Any, where: Any = "cpu") -> dict[str, Tensor]:
        return {name: tensor.to(where) for name, tensor in read(path).items()}

    monkeypatch.setattr(torch, "Generator", Generator)
    monkeypatch.setattr(checkpoints, "read_packed", read_packed)
    monkeypatch.setattr(
        runtime, "choose_device", lambda name="auto": device if name in (NAME, str(device)) else choose(name)
    )
    monkeypatch.setattr(team, "Fabric", fabric)
    with _Executing(), _Drawing(), torch.autograd.set_multithreading_enabled(False):
        yield device
