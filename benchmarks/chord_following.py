"""Whether generated notes follow the chords they are told: tones of the triad on strong beats.

    python -m benchmarks.chord_following MODEL DATA [-o OUT] [--most 1000]

DATA is a dataset with chords as triads. Counted are pitched notes that begin on the first or the middle beat
of a bar while a chord is told: of held-out windows under their own chords, under those of another window
(what chance brings), of as many samples under the same chords, and of the ones that `MusicVAE.sample` would
keep, of several draws the one that suits its chords best over all its notes.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common
from musicvae_lite.models.music_vae import TRIES, MusicVAE
from musicvae_lite.music.chords.following import suit, under_chords
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import Score
from musicvae_lite.training.dataset import WindowDataset

TEMPERATURES = (0.5, 1.0)


def on_strong_beats(score: Score) -> tuple[int, int]:
    """Pitched notes that begin with half a bar, under a chord: tones of its triad, and all of them."""
    half_bar = round(score.ticks_per_quarter * score.meters[0].meter.quarters / 2)
    told, right = under_chords(score)
    strong = told & (score.start % half_bar == 0)
    return int((strong & right).sum()), int(strong.sum())


def following(r: Representation, tokens: np.ndarray, control: np.ndarray) -> float:
    """Share of the strong notes of windows [N, T] that are tones of the triads of controls [N, T]."""
    right = total = 0
    for window, told in zip(tokens, control, strict=True):
        score = r.with_chords(r.to_score(window), told[None])
        mine, all_of_them = on_strong_beats(score)
        right, total = right + mine, total + all_of_them
    return right / max(total, 1)


def measure(model: MusicVAE, dataset: WindowDataset, most: int = 1000, seed: int = 0) -> dict[str, Any]:
    """All figures, of at most `most` held-out windows that begin on a bar line."""
    r = model.representation
    found = [(s.gather(rows), s.gather_control(rows)) for s, rows in common.held_out_rows(dataset)]
    tokens, control = (np.concatenate(part) for part in zip(*found, strict=True))
    rows = np.random.default_rng(seed).permutation(len(tokens))[:most]
    tokens, control = tokens[rows], control[rows]
    result: dict[str, Any] = {
        "windows": len(tokens),
        "real": following(r, tokens, control),
        "real_under_others": following(r, tokens, np.roll(control, 1, axis=0)),
    }
    for temperature in TEMPERATURES:
        codes = model.vae.draw(len(control) * TRIES, model.generator(seed))
        made = model.decode(codes, temperature, seed, control=np.repeat(control, TRIES, 0))
        first = made.tokens[::TRIES]
        result[f"samples_{temperature:g}"] = following(r, first, control)
        result[f"kept_{temperature:g}"] = following(r, made.best(suit, len(control)).tokens, control)
    return result


def main() -> None:
    options = argparse.ArgumentParser(description="Whether generated notes follow chords.")
    options.add_argument("model", help="name or folder of a model that chords condition")
    options.add_argument("data", help="a dataset made by `mvae prepare --chords triads`")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the JSON")
    options.add_argument("--most", type=int, default=1000)
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()
    model = MusicVAE.load(chosen.model)
    if getattr(model.representation, "chords", None) != "triads":
        options.error(f"{chosen.model} is told no triads")
    result = measure(model, common.open_dataset(chosen.data, model), chosen.most, chosen.seed)
    common.write_json(
        chosen.out / "chord-following.json", common.provenance(chosen.model, chosen.seed) | result
    )
    print(json.dumps(common.rounded(result), indent=2))


if __name__ == "__main__":
    main()
