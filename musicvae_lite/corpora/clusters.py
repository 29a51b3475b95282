"""Executors by address: `dask://HOST:PORT` is the cluster whose scheduler listens there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any

from musicvae_lite.errors import ConfigError

PATIENCE = 30  # seconds for a scheduler to answer, and for a first worker to be there
SCHEME = "dask://"


@contextmanager
def opened(executor: Executor | str | None) -> Iterator[tuple[Executor | None, int | None]]:
    """An executor, and how many jobs it can run at once where that is known.

    Args:
        executor: one that is open already, None for none, or an address "dask://HOST:PORT".

    Raises:
        ConfigError: the address is none, dask is not installed, nobody answers, there are no workers, or
            they have another version of this package.
    """
    if not isinstance(executor, str):
        yield executor, None
        return
    if not executor.startswith(SCHEME) or len(executor) == len(SCHEME):
        raise ConfigError(f"executor '{executor}' is not known: it is written dask://HOST:PORT")
    try:
        from distributed import Client
    except ImportError as error:
        raise ConfigError(
            f"clusters need the package dask ({error}): pip install 'musicvae_lite[cluster]'"
        ) from error
    try:
        client: Any = Client(f"tcp://{executor.removeprefix(SCHEME)}", timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{executor}: no dask scheduler answers there ({error}); `dask scheduler` starts one"
        ) from error
    with client:
        yield client.get_executor(pure=False), _places(client, executor)


def _places(client: Any, address: str) -> int:
    """How many jobs the workers of a cluster run at once, once it is sure that they can."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        raise ConfigError(
            f"{address}: the scheduler has no workers; `dask worker HOST:PORT --nworkers auto --nthreads 1` "
            "starts some"
        ) from error
    mine = version()
    try:
        theirs = client.submit(version, pure=False).result(timeout=4 * PATIENCE)
    except Exception as error:  # what a worker makes of a package that it lacks is dask's secret
        raise ConfigError(
            f"{address}: the workers cannot load musicvae_lite ({type(error).__name__}): install it there"
        ) from error
    if theirs != mine:
        raise ConfigError(f"{address}: the workers have musicvae_lite {theirs}, this is {mine}")
    return sum(client.nthreads().values())


def version() -> str:
    from musicvae_lite import __version__

    return __version__
