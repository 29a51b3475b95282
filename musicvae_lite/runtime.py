"""Threads and devices: choices that matter for speed, made once and well.

Small LSTMs on two or more OpenMP threads can be a hundred times slower than on one, when waiting
threads spin on the cores that others need. `OMP_WAIT_POLICY=PASSIVE` cures it, and works only if it is
set before the OpenMP runtime loads.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

PRECISIONS = ("bf16", "float32")
LARGEST_SEED = 2**32 - 1


def prepare_environment() -> None:
    """Sets what must be set before torch is imported. Leaves the user's own values alone.

    Large tensors are asked for in huge pages, which Linux maps and looks up with less work; other systems
    take no notice.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("KMP_BLOCKTIME", "0")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")


@cache
def choose_threads() -> None:
    """One thread for LSTMs of this size, unless the user asked for more through OMP_NUM_THREADS.

    Once in a process: what `torch.set_num_threads` says afterwards stays.
    """
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)


@cache
def keep_freed_memory() -> None:
    """Has glibc keep up to 256 MiB that was freed, which training asks for again at the next update.

    To give it back and have it zeroed anew, page by page, costs a tenth of an update of a large model.
    Other systems, and users who set this themselves, are left alone. Once in a process.
    """
    import ctypes

    mmap_threshold, trim_threshold = -3, -1  # their numbers in malloc.h
    if any(name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
        ctypes.CDLL(None).gnu_get_libc_version  # noqa: B018 - others have a mallopt that means less
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 64 * 2**20)
    mallopt(trim_threshold, 256 * 2**20)


def choose_device(name: str = "auto") -> torch.device:
    """ "auto" takes CUDA, then Apple's MPS, then the CPU; any other name is taken at its word.

    Raises:
        ConfigError: the device asked for is not there.
    """
    import torch

    from musicvae_lite.errors import ConfigError

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda", "mps"):
            raise ConfigError(f"device '{name}' is not supported: it can be auto, cpu, cuda, cuda:1 or mps")
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"device '{name}' is not available here: {str(error).splitlines()[0]}") from error
    return device


def bfloat16_pays(device: torch.device) -> bool:
    """Whether bf16 products are faster: on GPUs since Ampere, and on CPUs with the instructions."""
    import torch

    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        # Private names, which not every build of torch has.
        with_instructions = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
        return bool(with_instructions) and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return False


def bfloat16_works(device: torch.device) -> bool:
    """Whether an LSTM runs in bf16 at all: many CPUs have no such kernel."""
    import torch

    cell = torch.nn.LSTM(4, 4).to(device)
    try:
        with products_in("bf16", device), torch.no_grad():
            cell(torch.zeros(1, 1, 4, device=device))
    except RuntimeError:
        return False
    return True


def choose_precision(name: str, device: torch.device) -> str:
    """ "float32" or "bf16"; "auto" is the faster one here.

    Raises:
        ConfigError: there is no such precision, or not on this device.
    """
    from musicvae_lite.errors import ConfigError

    if name == "auto":
        name = "bf16" if bfloat16_pays(device) else "float32"
    if name not in PRECISIONS:
        raise ConfigError(f"precision '{name}' is not known: it can be auto, {', '.join(PRECISIONS)}")
    if name == "bf16" and not bfloat16_works(device):
        raise ConfigError(f"precision bf16 is not to be had on this {device.type}: use float32, or auto")
    return name


def products_in(precision: str, device: torch.device) -> torch.autocast:
    """Within it matrix products have this precision; all else is float32."""
    import torch

    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def product_type(x: Tensor) -> torch.dtype:
    """The type that products have where x is: autocast's, else float32."""
    import torch

    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32


def whole(name: str, value: object) -> int:
    """A whole number, numpy's among them, as an int. Raises ConfigError, which names what it is.

    Args:
        name: such as "steps", or "a seed".
    """
    from musicvae_lite.errors import ConfigError, shown

    if not isinstance(value, Integral) or isinstance(value, bool):
        raise ConfigError(f"{name} is a whole number, not {shown(value)}")
    return int(value)


def generator(seed: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A source of chance.

    Raises:
        ConfigError: the seed is no whole number, or beyond the 32 bits of which torch's CPU generator takes
            notice.
    """
    import torch

    from musicvae_lite.errors import ConfigError

    seed = whole("a seed", seed)
    if not 0 <= seed <= LARGEST_SEED:
        raise ConfigError(f"seed is {seed}; it must be 0 to {LARGEST_SEED}")
    return torch.Generator(device).manual_seed(seed)


def drawn_seed(generator: torch.Generator) -> int:
    """The seed of a second source of chance, whose draws have nothing to do with those of the first."""
    import torch

    return int(torch.randint(2**31, (), generator=generator, device=generator.device))


@dataclass(frozen=True)
class Processes:
    """Which of the processes that torchrun started this one is; by default it is alone.

    Attributes:
        rank: its number among all, from 0; the first speaks and writes for all.
        count: how many there are on all machines.
        local_rank, local_count: the same on this machine.
        starts: how often torchrun started all of them anew, after one was lost.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    local_count: int = 1
    starts: int = 0

    @property
    def is_first(self) -> bool:
        return self.rank == 0


def processes() -> Processes:
    """What torchrun says in the environment, or one process alone where it did not start this one."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return Processes()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT")
    return Processes(*(int(os.environ.get(name, "01010"[place])) for place, name in enumerate(names)))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error is one of the forms in which Python, torch and numpy say that memory is used up."""
    names = {cls.__name__ for cls in type(error).__mro__}
    words = str(error).lower()
    return bool(names & {"MemoryError", "OutOfMemoryError"}) or (
        "RuntimeError" in names and ("can't allocate memory" in words or "out of memory" in words)
    )
