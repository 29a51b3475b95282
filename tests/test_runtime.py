"""Devices and threads."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent


def test_auto_takes_a_device_that_works():
    device = runtime.choose_device("auto")
    assert device.type in ("cuda", "mps", "cpu")
    assert torch.ones(2, device=device).sum() == 2
    assert runtime.choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["toaster", "meta", "cuda:99", "", "cpu:x"])
def test_a_device_that_is_not_there_is_named(name: str):
    with pytest.raises(ConfigError, match=f"device '{name}' is not"):
        runtime.choose_device(name)


def test_a_seed_is_a_whole_number_that_torch_takes():
    drawn = [torch.rand(3, generator=runtime.generator(seed)).tolist() for seed in (7, np.int64(7))]  # type: ignore[arg-type]
    assert drawn[0] == drawn[1]
    for seed in ("x", 1.5, None):
        with pytest.raises(ConfigError, match=f"a seed is a whole number, not {seed!r}"):
            runtime.generator(seed)  # type: ignore[arg-type]
    runtime.generator(2**32 - 1)
    for seed in (-1, 2**32):  # torch's CPU generator would take 2^32 for 0
        with pytest.raises(ConfigError, match=f"seed is {seed}; it must be 0 to 4294967295"):
            runtime.generator(seed)


def test_a_whole_number_is_any_integer_but_true_and_false():
    assert [type(runtime.whole("steps", n)) for n in (3, np.int64(3), np.uint8(3))] == [int] * 3
    odd: tuple[object, ...] = (2.0, "2", None, True, np.bool_(True), np.float32(2), [2])
    for value in odd:
        with pytest.raises(ConfigError, match=r"^steps is a whole number, not "):
            runtime.whole("steps", value)


def test_a_drawn_seed_gives_chance_of_its_own():
    normal, uniform = [], []
    for seed in range(200):
        first = runtime.generator(seed)
        normal.append(torch.randn(128, generator=first))
        uniform.append(torch.rand(128, generator=runtime.generator(runtime.drawn_seed(first))))
    drawn = torch.stack([torch.cat(normal), torch.cat(uniform)])
    assert abs(float(torch.corrcoef(drawn)[0, 1])) < 0.03


def test_bfloat16_is_a_plain_answer():
    assert runtime.bfloat16_pays(torch.device("cpu")) in (True, False)
    assert runtime.bfloat16_pays(torch.device("mps")) is False


@pytest.mark.parametrize(("mine", "threads"), [(None, 1), ("2", 2)])
def test_one_thread_unless_the_user_says_otherwise(mine: str | None, threads: int):
    env = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    env |= {"PYTHONPATH": str(ROOT)} | ({"OMP_NUM_THREADS": mine} if mine else {})
    code = (
        "from musicvae_lite import runtime; runtime.prepare_environment(); runtime.choose_threads()\n"
        "import os, torch; print(torch.get_num_threads(), os.environ['OMP_WAIT_POLICY'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert run.stdout.split() == [str(threads), "PASSIVE"]


def test_threads_set_after_the_first_model_stay():
    env = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    code = (
        "import torch\nfrom musicvae_lite import runtime\n"
        "runtime.choose_threads(); torch.set_num_threads(3); runtime.choose_threads()\n"
        "print(torch.get_num_threads())"
    )
    env |= {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert run.stdout.strip() == "3"


FAULTS = """
import ctypes, resource
from musicvae_lite import runtime
if {asked}: runtime.keep_freed_memory()
libc, size = ctypes.CDLL(None), ctypes.c_size_t(40 * 2**20)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    place = libc.malloc(size)
    ctypes.memset(place, 1, size.value)
    libc.free(place)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print([faults() for _ in range(3)][-1])
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc alone can be told so")
def test_memory_that_was_freed_is_there_again_unless_the_user_has_a_say():
    own = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_", "THP_"))}
    own["PYTHONPATH"] = str(ROOT)

    def faults(asked: bool, **more: str) -> int:
        code = [sys.executable, "-c", FAULTS.format(asked=asked)]
        return int(subprocess.run(code, capture_output=True, text=True, env=own | more, check=True).stdout)

    fresh = faults(False)
    assert fresh > 1000  # pages
    assert faults(True) < fresh / 100
    assert faults(True, MALLOC_TOP_PAD_="0") > fresh / 2
