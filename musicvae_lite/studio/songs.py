"""Songs and their windows. Uploads are read in a process apart: a hostile one costs its own request alone."""

from __future__ import annotations

import multiprocessing
import re
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from musicvae_lite.errors import MusicVAEError, ReadError
from musicvae_lite.music.files import Limits
from musicvae_lite.music.takes import Style

MEMORY = 2 * 2**30  # bytes the reading process may take, where the system can say so
ADVICE = re.compile(r"(?:[;,]|^ ) *[^;,]*?(?: --[a-z]|`mvae )[^;,]*")  # in a line, of the command line


@dataclass(frozen=True)
class Window:
    """One window of a song: tokens [T, ...], the bars it spans, its style, and its control or None."""

    tokens: np.ndarray
    bars: tuple[int, int]
    style: Style
    control: np.ndarray | None


class SongReader:
    """Reads songs in one child process that is replaced when it dies or takes too long."""

    def __init__(self, limits: Limits, seconds: float, most: int):
        self.limits, self.seconds, self.most = limits, seconds, most
        self._lock = threading.Lock()
        self._process: Any = None

    def start(self) -> None:
        """Starts the child process, so that the first song need not wait for it."""
        with self._lock:
            self._ensure()

    def windows(self, data: bytes, name: str, representation: dict[str, Any]) -> list[Window]:
        """The windows of a song that a representation takes, at most `most`, evenly spread.

        Args:
            data: MIDI, ABC or MusicXML.
            name: of the file, for messages; its suffix tells ABC and MusicXML. No path is opened.
            representation: its `to_config()`.

        Raises:
            MusicVAEError: it cannot be read, holds nothing the representation takes, or took too long.
        """
        with self._lock:
            self._ensure()
            try:
                self._pipe.send((data, name, representation, self.limits, self.most))
                if not self._pipe.poll(self.seconds):
                    self.close()
                    raise ReadError(name, f"took more than {self.seconds:g} seconds to read", "slow")
                answer = self._pipe.recv()
            except (EOFError, OSError) as error:
                self.close()
                raise ReadError(name, "brought the reader down; it is no music", "crash") from error
        if isinstance(answer, str):
            raise MusicVAEError(answer)
        return answer

    def close(self) -> None:
        """Ends the child process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _ensure(self) -> None:
        if self._process is not None and self._process.is_alive():
            return
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()


def for_page(text: str) -> str:
    """A message without advice about options and commands, which a page does not have."""
    lines = [ADVICE.sub("", line).rstrip() for line in text.splitlines()]
    return "\n".join(filter(None, lines))


def _serve(pipe: Any) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # systems without such limits still have the time limit
    from musicvae_lite.music import picking, reading, representations  # noqa: F401  ready before the first song

    while True:
        try:
            asked = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            answer: Any = read(*asked)
        except MusicVAEError as error:
            answer = str(error)
        except MemoryError:
            answer = f"{asked[1]}: needs more memory than a song may"
        except Exception as error:
            answer = f"{asked[1]}: cannot be read ({type(error).__name__})"
        pipe.send(answer)


def read(data: bytes, name: str, config: dict[str, Any], limits: Limits, most: int) -> list[Window]:
    """What `SongReader.windows` gives, read in this process: for songs that are no stranger's.

    Raises:
        MusicVAEError: it cannot be read, or holds nothing the representation takes.
    """
    from musicvae_lite.music import reading, representations
    from musicvae_lite.music.picking import every

    try:
        song = next(reading.read_bytes(data, name, limits))
        if isinstance(song, ReadError):
            raise song
        picks = every(song, representations.from_config(config))
    except MusicVAEError as error:
        raise MusicVAEError(for_page(str(error))) from error
    spread = sorted({round(i) for i in np.linspace(0, len(picks) - 1, min(most, len(picks)))})
    return [Window(picks[i].tokens, picks[i].bars, picks[i].style(), picks[i].control) for i in spread]
