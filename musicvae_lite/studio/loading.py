"""Loading the band behind the page: torch takes seconds to import, and no page need wait for that."""

from __future__ import annotations

import gc
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.studio.listing import Listing
from musicvae_lite.studio.reader import SongReader
from musicvae_lite.studio.settings import StudioSettings

if TYPE_CHECKING:
    from musicvae_lite.studio.band import Band


class Loading:
    """A band that is loaded by a thread of its own; who needs it sooner waits.

    Attributes:
        listing: what there is to play, at hand before the band.
        reader: of songs; its process starts when there is time, after the first sounds.
    """

    def __init__(self, settings: StudioSettings):
        self.settings, self.listing = settings, Listing()
        self.reader = SongReader(settings.songs, settings.read_seconds, settings.max_windows)
        self._is_done = threading.Event()
        self._band: Band | None = None
        self._fault = ""
        self._thread = threading.Thread(target=self._load, daemon=True)

    def start(self) -> None:
        """Begins, and returns at once."""
        self._thread.start()

    def close(self) -> None:
        """Waits for the thread and ends the reader."""
        self._thread.join()
        self.reader.close()

    @property
    def band(self) -> Band:
        """The band, once it is loaded. Raises MusicVAEError when it could not be."""
        self._is_done.wait()
        if self._band is None:
            raise MusicVAEError(self._fault)
        return self._band

    def _load(self) -> None:
        try:
            self.listing.names("music")  # before torch, for the page asks for it first
            self._band = self._import()(self.settings, self.listing, self.reader)
        except MusicVAEError as error:
            self._fault = str(error)
        except Exception as error:  # a torch that does not fit this machine raises anything
            self._fault = f"the models cannot be loaded ({type(error).__name__}: {error})"
        finally:
            self._is_done.set()
        if self._band is not None:
            self._band.warm()
            with suppress(OSError):  # it is tried again with the first song
                self.reader.start()

    def _import(self) -> type[Band]:
        """The class of bands, and torch with it.

        The garbage collector rests meanwhile: it finds nothing in what an import makes, and takes a seventh
        of its time. Nor does it look at all this again later, when a sound is waited for.
        """
        gc.disable()
        try:
            from musicvae_lite.studio.band import Band
        finally:
            gc.freeze()
            gc.enable()
        return Band
