"""The JSB chorales as MIDI files, one folder a split, for `mvae prepare`.

    python -m benchmarks.chorales Jsb16thSeparated.json FOLDER

The JSON file (Boulanger-Lewandowski et al. 2012, arXiv:1206.6392, as czhuang split it into voices on 16ths)
holds a pitch for every voice and step. It does not tell a repeated note from a held one: here they are held.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from musicvae_lite.music.score import Score, Track

VOICES = {"Soprano": 19, "Alto": 19, "Tenor": 19, "Bass": 32}  # organ and acoustic bass: parts of a trio too
STEP = 120  # ticks of a 16th


def chorale(steps: list[list[int]]) -> Score:
    """Pitches [T, 4], below 0 where a voice rests, as a score of four tracks."""
    pitch = np.array(steps)
    begins = np.ones(pitch.shape, bool)
    begins[1:] = pitch[1:] != pitch[:-1]
    found = []
    for voice in range(pitch.shape[1]):
        at = np.flatnonzero(begins[:, voice])
        end = np.append(at[1:], len(pitch))
        found += [
            (s, e, pitch[s, voice], voice) for s, e in zip(at, end, strict=True) if pitch[s, voice] >= 0
        ]
    start, stop, note, track = np.array(sorted(found), np.int32).reshape(-1, 4).T
    return Score(
        ticks_per_quarter=4 * STEP,
        start=start * STEP,
        end=stop * STEP,
        pitch=note,
        velocity=np.full(len(note), 80, np.int32),
        track=track,
        tracks=tuple(Track(name, program) for name, program in VOICES.items()),
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    splits = json.loads(given.file.read_text(encoding="utf-8"))
    for split, songs in splits.items():
        place = given.folder / split
        place.mkdir(parents=True, exist_ok=True)
        for number, steps in enumerate(songs):
            chorale(steps).save(str(place / f"{number:03}.mid"))
        print(f"{len(songs)} chorales in {place}")


if __name__ == "__main__":
    main()
