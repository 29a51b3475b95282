"""Whether this machine can compile C: a compiler that finds standard headers, and a place to load from."""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

from musicvae_lite.native import building


@cache
def can_compile() -> bool:
    named = building.compiler()
    if named is None or os.environ.get("MUSICVAE_LITE_NATIVE") == "0":  # not wanted is as not there
        return False
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "nothing.c", Path(folder) / "nothing.so"
        source.write_text("#include <string.h>\nint nothing;\n", "utf-8")
        done = subprocess.run([*named, "-shared", "-fPIC", str(source), "-o", str(made)], capture_output=True)
        try:
            return done.returncode == 0 and ctypes.CDLL(str(made)) is not None
        except OSError:
            return False


needs_compiler = pytest.mark.skipif(not can_compile(), reason="no C compiler here")
