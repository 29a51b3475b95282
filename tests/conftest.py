"""Settings and fixtures for every test. Threads are limited before torch can be loaded."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"  # one test process a core is faster than threads that wait for each other
os.environ.setdefault("COLUMNS", "80")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # so a shell starts what runs in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the tests of Ctrl-C need it heard

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "data" / "examples"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own: no test reads or fills the user's."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def examples() -> Path:
    """The folder with the example tunes."""
    return EXAMPLES


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data that is not part of the repository: "shared" beside the checkout."""
    folder = Path(os.environ.get("MUSICVAE_LITE_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip("no reference data: there is no folder 'shared' beside the checkout")
    return folder
