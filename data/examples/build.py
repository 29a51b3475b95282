"""Makes the MIDI files of this folder from its ABC files: `python data/examples/build.py`.

Every tune is read with musicvae_lite's own ABC reader and saved as it is. drunken-sailor-band.mid is
the same melody with a bass that walks on its chords and a plain rock beat; ode-to-joy-piano.mid is that
melody over its chords, all in one track.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from musicvae_lite import Score, read_song
from musicvae_lite.music.chords.symbols import parse
from musicvae_lite.music.score import Track

HERE = Path(__file__).resolve().parent
ACCORDION, FINGERED_BASS = 21, 33
KICK, SNARE, CLOSED_HAT, CRASH = 36, 38, 42, 49
ROOTS = {"Dm": 38, "C": 36}  # D2 and C2


def band(tune: Score) -> Score:
    """The tune as melody, bass and drums, in 4/4."""
    quarter = tune.ticks_per_quarter
    beats = tune.end_tick // quarter
    changes = np.array([chord.tick for chord in tune.chords])
    notes = [
        (start, end, pitch, velocity, 0)
        for start, end, pitch, velocity in zip(tune.start, tune.end, tune.pitch, tune.velocity, strict=True)
    ]
    for beat in range(beats):
        tick, in_bar = beat * quarter, beat % 4
        root = ROOTS[tune.chords[np.searchsorted(changes, tick, side="right") - 1].symbol]
        interval = (0, 0, 7, 12)[in_bar]  # root, root, fifth, octave
        notes.append((tick, tick + quarter * 7 // 8, root + interval, 88 if in_bar == 0 else 76, 1))
        short = quarter // 8
        notes.append((tick, tick + short, SNARE if in_bar % 2 else KICK, 100, 2))
        notes.append((tick, tick + short, CLOSED_HAT, 80, 2))
        notes.append((tick + quarter // 2, tick + quarter // 2 + short, CLOSED_HAT, 56, 2))
        if beat % 32 == 0:
            notes.append((tick, tick + short, CRASH, 96, 2))
    start, end, pitch, velocity, track = np.array(sorted(notes, key=lambda n: (n[0], n[2])), dtype=np.int32).T
    tracks = (Track("Melody", ACCORDION), Track("Bass", FINGERED_BASS), Track("Drums", is_drum=True))
    return replace(
        tune, start=start, end=end, pitch=pitch, velocity=velocity, track=track, tracks=tracks, chords=()
    )


def piano(tune: Score) -> Score:
    """The tune over its chords in 4/4: the root on the first and third beat, two more tones behind it."""
    quarter = tune.ticks_per_quarter
    changes = np.array([chord.tick for chord in tune.chords])
    notes = list(zip(tune.start, tune.end, tune.pitch, tune.velocity, strict=True))
    for beat in range(tune.end_tick // quarter):
        tick = beat * quarter
        chord = parse(tune.chords[np.searchsorted(changes, tick, side="right") - 1].symbol)
        if beat % 2 == 0:
            notes.append((tick, tick + 2 * quarter, 36 + chord.bass, 64))
            continue
        upper = sorted(48 + p for p in chord.pitch_classes if p != chord.root)[:2]
        notes += [(tick, tick + quarter, pitch, 56) for pitch in upper]
    start, end, pitch, velocity = np.array(sorted(notes, key=lambda n: (n[0], n[2])), dtype=np.int32).T
    return replace(
        tune,
        start=start,
        end=end,
        pitch=pitch,
        velocity=velocity,
        track=np.zeros(len(start), np.int32),
        tracks=(Track("Piano"),),
        chords=(),
    )


def main() -> None:
    for source in sorted(HERE.glob("*.abc")):
        read_song(source).save(str(source.with_suffix(".mid")))
    band(read_song(HERE / "drunken-sailor.abc")).save(str(HERE / "drunken-sailor-band.mid"))
    piano(read_song(HERE / "ode-to-joy.abc")).save(str(HERE / "ode-to-joy-piano.mid"))


if __name__ == "__main__":
    main()
