"""From C to a library that is loaded: made once for a machine, then kept in the cache."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError

# Loops marked `omp simd` work on many values at once. Errors of arithmetic are neither reported nor trapped,
# or they could not.
FLAGS = ("-O3", "-shared", "-fPIC", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math")
FOR_THIS_PROCESSOR = ("-march=native", "-mcpu=native")  # which of them a compiler knows differs
SECONDS = 120
MOST_THREADS = 2  # the loops work on one; beyond this, PyTorch's, which share the work, are faster


def serves(source: Path, device: torch.device) -> bool:
    """Whether the functions of a C file are there for tensors of a device, and worth it."""
    return device.type == "cpu" and torch.get_num_threads() <= MOST_THREADS and library(source) is not None


def call(source: Path, name: str, *given: Tensor | int) -> None:
    """A function of a C file that takes counts (size_t) and the values of contiguous tensors."""
    numbers = (part if isinstance(part, int) else part.data_ptr() for part in given)
    getattr(library(source), name)(*map(ctypes.c_size_t, numbers))


def compiler() -> tuple[str, ...] | None:
    """The C compiler and its arguments: what CC says, or the system's; none that merely lies in the current
    folder, where Windows looks first, and where somebody's music may be."""
    for name, *more in _named_compilers(os.environ.get("CC", "").strip()):
        found = shutil.which(name)
        if found and (os.path.dirname(name) or Path(found).resolve().parent != Path.cwd()):
            return found, *more
    return None


def _named_compilers(named: str) -> list[list[str]]:
    """Names with arguments, to be tried in turn: all of what CC says may be the name."""
    if not named:
        return [["cc"], ["gcc"], ["clang"]]
    try:
        return [[named], shlex.split(named)]
    except ValueError:  # a quotation that does not end
        return [[named]]


@cache
def library(source: Path) -> ctypes.CDLL | None:
    """A C file as a library, or None where it cannot be made or is not wanted."""
    if os.environ.get("MUSICVAE_LITE_NATIVE") == "0":
        return None
    with_what = compiler()
    if with_what is None:
        return None
    try:
        return ctypes.CDLL(str(built(source, with_what)))
    except (OSError, subprocess.SubprocessError, ConfigError):  # the last: there is no place to keep it
        return None


def built(source: Path, with_what: Sequence[str]) -> Path:
    """The library's file, made where it is not there yet.

    Args:
        with_what: a compiler and its arguments.

    Raises:
        ConfigError: there is no folder to keep it in.
        OSError, SubprocessError: it cannot be compiled or kept, or somebody else could have written it.
    """
    texts = [part.read_text("utf-8") for part in (source, *sorted(source.parent.glob("*.h")))]
    about = "\n".join([*texts, *with_what, *FLAGS, _processor()])
    name = f"{source.stem}-{hashlib.sha256(about.encode()).hexdigest()[:16]}.so"
    kept = resources.cache_dir() / "native" / name
    if not kept.exists():
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
            made = Path(scratch) / name
            _compile(source, with_what, made)
            made.chmod(0o700)
            made.replace(kept)  # whole or not at all, whoever else is at it
    if not _is_own(kept):
        raise PermissionError(f"{kept} is another user's, or others may write it")
    return kept


def _is_own(path: Path) -> bool:
    """Whether nobody but this user and root can have written a file, where systems tell."""
    if not hasattr(os, "geteuid"):
        return True
    about = path.stat()
    return about.st_uid in (0, os.geteuid()) and not about.st_mode & 0o022


def _compile(source: Path, with_what: Sequence[str], made: Path) -> None:
    for further in FOR_THIS_PROCESSOR:
        command = [*with_what, *FLAGS, further, str(source), "-o", str(made)]
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        if done.returncode == 0:
            return
    done.check_returncode()


def _processor() -> str:
    """What tells processors apart that know different instructions: caches travel between them."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8", errors="replace").splitlines()
        known = (line for line in lines if line.startswith(("flags", "Features")))
        return next(known, platform.machine())
    return f"{platform.machine()} {platform.processor()}"
