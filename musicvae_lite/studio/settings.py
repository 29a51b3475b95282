"""What may be asked of the studio."""

from __future__ import annotations

from dataclasses import dataclass, field

from musicvae_lite.music.files import Limits


@dataclass(frozen=True)
class StudioSettings:
    """How much one request may cost.

    Attributes:
        host, port: where the server listens.
        max_body: bytes of one request.
        songs: limits on an uploaded song.
        read_seconds: how long reading one may take.
        max_windows: windows of one song that are offered.
        max_takes: takes of one download.
        max_take, max_download: seconds that one take, and all of a download, may last.
        max_waiting: requests that may wait for a model; more are told to come back.
        models_kept: models held in memory.
        rate: frames a second of the sound sent to the page, one channel of 16 bits.
    """

    host: str = "127.0.0.1"
    port: int = 8642
    max_body: int = 2 * 2**20
    songs: Limits = field(
        default=Limits(2 * 2**20, max_notes=50_000, max_tracks=128, max_changes=2_000, max_quarters=8_000)
    )
    read_seconds: float = 10.0
    max_windows: int = 24
    max_takes: int = 64
    max_take: float = 300.0
    max_download: float = 3600.0
    max_waiting: int = 200
    models_kept: int = 4
    rate: int = 22_050
