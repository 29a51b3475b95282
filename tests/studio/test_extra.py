"""The studio without the packages of its extra."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_missing_packages_are_said(package: str):
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from mvae.app import main; main(['studio', '--no-browser', '--port', '1'])"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert run.returncode == 1, run.stderr
    assert run.stderr.startswith("mvae: the studio needs ")
    assert run.stderr.endswith(": pip install 'musicvae_lite[studio]'\n")
