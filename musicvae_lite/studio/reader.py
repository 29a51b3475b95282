"""Songs of strangers are read in a process apart: a hostile one costs its own request alone."""

from __future__ import annotations

import multiprocessing
import signal
import threading
from typing import Any

from musicvae_lite.children import starting
from musicvae_lite.errors import MusicVAEError, ReadError
from musicvae_lite.music.files import Limits
from musicvae_lite.studio.songs import Offer, read

MEMORY = 3 * 2**29  # bytes that songs may take in the reading process, where the system can say so


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

    def windows(self, data: bytes, name: str, representation: dict[str, Any]) -> Offer:
        """What `songs.read` gives of a file, by the limits of this reader.

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
                raise ReadError(
                    name, "the process that reads songs ended while it read this", "crash"
                ) from error
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
        with starting():
            self._process.start()
        theirs.close()


def _serve(pipe: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # for systems without masks
    from musicvae_lite.music import picking, reading, representations  # noqa: F401  ready before the first song

    limit_memory()
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
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


def limit_memory() -> None:
    """Allows MEMORY beyond what the process has: on many cores, numpy alone takes gigabytes of addresses."""
    try:
        import resource

        with open("/proc/self/statm") as file:
            has = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + MEMORY, has + MEMORY))
    except (ImportError, ValueError, OSError):
        pass  # systems without such limits still have the time limit
