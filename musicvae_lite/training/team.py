"""The processes that train one model: one alone, or those that torchrun started, on one machine or many.

Each takes its rows of every batch, and its rows of all noise; the gradients are averaged (DDP). Any number
of processes that divides the batch therefore makes the updates of one alone, to rounding.

Fresh starts are the exception. They go by `accuracy_uncommon`, a share of the steps that are uncommon among
a process's own rows, and the mean of these shares is not the share of the whole batch: of a run close to the
floor, other numbers of processes may judge otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.training.noise import RowsOfTheWhole
from musicvae_lite.vae import Batch

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # `train` says itself what it runs in

MODES = {"bf16": "bf16-mixed", "float32": "32-true"}  # as Fabric calls them
AGREE_EVERY = 10  # updates; a question to all costs a GPU a wait


class Team:
    """One process's place among those of a run.

    Args:
        device: as `runtime.choose_device` takes it; of several processes each takes a GPU of its own.
        precision: "bf16", "float32", or "auto": bf16 where the device is faster with it.

    Raises:
        ConfigError: the device or precision is not to be had.

    Attributes:
        fabric: moves and wraps modules.
        is_first: whether this process speaks and writes for all.
        count: of processes.
    """

    def __init__(self, device: str, precision: str):
        self.place = runtime.processes()
        self.is_first, self.count = self.place.is_first, self.place.count
        where = runtime.choose_device(device)
        self.precision = runtime.choose_precision(precision, where)
        mode = MODES[self.precision]
        if self.count == 1:
            devices = 1 if where.index is None or where.type == "cpu" else [where.index]
            self.fabric = Fabric(accelerator=where.type, devices=devices, precision=mode)  # type: ignore[arg-type]
            return
        self._check(where)
        self.fabric = Fabric(
            accelerator=where.type,
            devices=self.place.local_count,
            num_nodes=self.count // self.place.local_count,
            strategy=DDPStrategy(),
            precision=mode,  # type: ignore[arg-type]
        )
        try:
            if self.place.starts:
                self._meet_again(where)
            self.fabric.launch()
        except RuntimeError as error:
            words = str(error).splitlines()[0]
            raise ConfigError(
                f"the {self.count} processes of this run do not find each other: {words}"
            ) from error

    def _meet_again(self, where: torch.device) -> None:
        """After a loss: torchrun's board of addresses may still hold those of the processes that are gone."""
        board, rank, count = next(torch.distributed.rendezvous("env://"))
        torch.distributed.init_process_group(
            "nccl" if where.type == "cuda" else "gloo",
            store=torch.distributed.PrefixStore(f"start {self.place.starts}", board),
            rank=rank,
            world_size=count,
        )

    def _check(self, where: torch.device) -> None:
        here = self.place.local_count
        if where.type not in ("cpu", "cuda") or where.index is not None:
            raise ConfigError(
                f"device '{where}' is one; {self.count} processes take cpu, or cuda with a GPU for each"
            )
        if where.type == "cuda" and here > torch.cuda.device_count():
            raise ConfigError(
                f"{here} processes were started here, and there are {torch.cuda.device_count()} GPUs: "
                "torchrun --nproc-per-node gpu starts one for each"
            )
        if self.count % here:
            raise ConfigError(
                f"{here} of {self.count} processes are on this machine: every machine must have as many"
            )

    @property
    def device(self) -> torch.device:
        return self.fabric.device

    def largest_batch(self, examples: int) -> int:
        """The largest batch, of so many examples or fewer, that the processes can share evenly.

        Raises ConfigError when there are more processes than examples.
        """
        if examples < self.count:
            self.wait()  # nobody leaves while others still look for it
            raise ConfigError(
                f"{examples} to train on, and {self.count} processes: start {examples} or fewer, "
                "so that each has one"
            )
        return examples // self.count * self.count

    def check_batch(self, batch: int) -> None:
        """Raises ConfigError when the processes cannot share a batch evenly."""
        if batch % self.count:
            self.wait()  # nobody leaves while others still look for it
            near = max(1, batch // self.count) * self.count
            raise ConfigError(
                f"a batch of {batch} does not divide among {self.count} processes: --batch {near} does"
            )

    def share(self, batch: Batch) -> Batch:
        """This process's rows of a batch."""
        if self.count == 1:
            return batch
        size = len(batch.x) // self.count
        rows = slice(self.place.rank * size, (self.place.rank + 1) * size)
        return Batch(*(None if part is None else part[rows] for part in batch))  # type: ignore[arg-type]

    def noise(self) -> RowsOfTheWhole | nullcontext:
        """Within, what a model draws for its rows is what the whole batch would have drawn for them."""
        return nullcontext() if self.count == 1 else RowsOfTheWhole(self.place.rank, self.count)

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes; all must ask."""
        return value if self.count == 1 else self.fabric.all_reduce(value, reduce_op="mean")  # type: ignore[return-value]

    def any(self, flag: bool, step: int) -> bool:
        """Whether the flag of any process is up; all must ask, after each update. Heard every few updates."""
        if self.count == 1:
            return flag
        if self.device.type != "cpu" and step % AGREE_EVERY:
            return False
        return bool(self.fabric.all_reduce(torch.tensor(float(flag)), reduce_op="max") > 0)  # type: ignore[operator]

    def wait(self) -> None:
        """Until all processes have come here."""
        if self.count > 1:
            self.fabric.barrier()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Within, the loss of another process is an error with a message."""
        try:
            yield
        except RuntimeError as error:
            if self.count == 1 or not _is_lost(error):
                raise
            raise ConfigError(
                "another process of this run has stopped, and what it said tells why; --resume goes on "
                "from the last save"
            ) from error


def _is_lost(error: RuntimeError) -> bool:
    """Whether an error is what gloo or NCCL say when the other side is gone."""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error).lower()
