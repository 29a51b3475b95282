"""The process that reads the songs of strangers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.studio.reader import SongReader
from musicvae_lite.studio.settings import StudioSettings

ROOT = Path(__file__).resolve().parents[2]
needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system cannot halt a process")


@pytest.fixture
def reader() -> Iterator[SongReader]:
    settings = StudioSettings()
    made = SongReader(settings.songs, 60.0, settings.max_windows)
    yield made
    made.close()


def windows(reader: SongReader, examples: Path) -> int:
    data = (examples / "twinkle.mid").read_bytes()
    return len(reader.windows(data, "twinkle.mid", MelodyRepresentation(bars=2).to_config()).windows)


@needs_signals
def test_ctrl_c_does_not_reach_it_while_it_begins(reader: SongReader, examples: Path):
    reader.start()
    os.kill(reader._process.pid, signal.SIGINT)
    before = reader._process.pid
    assert windows(reader, examples) > 1
    assert reader._process.pid == before


@needs_signals
def test_a_reader_that_ends_says_nothing_of_the_music(reader: SongReader, examples: Path):
    windows(reader, examples)
    child = reader._process.pid
    os.kill(child, signal.SIGSTOP)

    def end() -> None:
        time.sleep(0.3)
        os.kill(child, signal.SIGKILL)

    ending = threading.Thread(target=end)
    ending.start()
    with pytest.raises(MusicVAEError, match=r"^twinkle.mid: the process that reads songs ended"):
        windows(reader, examples)
    ending.join()
    assert windows(reader, examples) > 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how large a process is")
def test_memory_is_limited_beyond_what_the_process_begins_with():
    code = (
        "import mmap\n"
        "flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS\n"
        "stacks = mmap.mmap(-1, 4 * 2**30, flags=flags, prot=mmap.PROT_READ)  # as of many threads\n"
        "from musicvae_lite.studio.reader import MEMORY, limit_memory\n"
        "limit_memory()\n"
        "song = bytearray(2**28)\n"
        "try:\n"
        "    bytearray(MEMORY)\n"
        "except MemoryError:\n"
        "    print('limited')\n"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert run.stdout.strip() == "limited", run.stderr
