"""Humanizing and tapping measured beside simpler methods, on beats never trained on.

    python -m benchmarks.groove MODEL --train FOLDER --test FOLDER [-o OUT]

Folders of drum MIDI files, such as the official splits of the Groove MIDI Dataset, in windows a bar apart.

For a model of the task humanize, every method is given the hits of two bars on the grid and says how loud and
how early or late each is. Errors are means over all hits, milliseconds at each file's own tempo and
velocities of 127:

- quantised: every hit on the grid, every drum at its mean loudness;
- linear: ridge regression from the hits of a window to each of its velocities and offsets;
- neighbour: the training window whose hits differ least; where it has no such hit, the mean of that
  drum at that step;
- model: as `mvae groove humanize` writes it, z the mean; `steps_right_alone` is the share of steps whose
  hits it writes by itself, before those that are given are put in.

For a model of the task tap, every method is given when the loudest hit of each step of two bars comes, and
says which drums are struck. Figures are the F1 of the hits, the share of taps at which a drum is struck, the
share of struck steps at which there was no tap, and hits a window (`real`: of the drummers):

- commonest: at every tap the commonest drums of the training windows, as many as score best on these;
- neighbour: the drums of the training window whose taps differ least;
- model at a temperature: as `mvae groove tap` writes it, z the mean; `drums` is the share of steps at which
  each drum is struck, and `velocity` the mean error over the hits that are right.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import provenance, write_json
from musicvae_lite.errors import ReadError
from musicvae_lite.music.drum_maps import DrumMap
from musicvae_lite.music.reading import find_files, read_song
from musicvae_lite.music.representations import GrooveRepresentation
from musicvae_lite.music.representations.groove_tasks import TAP, parts, tapped

RIDGE = 30.0


@dataclass(frozen=True, eq=False)
class Grooves:
    """Windows float32 [W, T, 3 * C], one bar apart, and how long a step of each takes, [W] milliseconds."""

    windows: np.ndarray
    step_ms: np.ndarray

    @classmethod
    def of(cls, folder: Path, r: GrooveRepresentation) -> Grooves:
        """Every window of every file of a folder."""
        windows, times = [], []
        for file in find_files([folder]):
            try:
                score = read_song(file)
            except ReadError:
                continue
            found = r.windows(score)
            windows.append(found.tokens)
            times += [60_000 / r.steps_per_quarter / score.qpm_at(int(tick)) for tick in found.tick]
        return cls(np.concatenate(windows), np.array(times))


def errors(velocity: np.ndarray, offset: np.ndarray, wanted: Grooves) -> dict[str, float]:
    """Mean errors over the hits that are there, of velocities and offsets [W, T, C] for all cells."""
    hits, loud, early = parts(wanted.windows)
    there = hits > 0.5
    late = np.abs(np.clip(offset, -1, 1) - early) / 2 * wanted.step_ms[:, None, None]
    return {
        "timing_ms": float(late[there].mean()),
        "velocity": float(np.abs(np.clip(velocity, 0, 1) - loud)[there].mean() * 127),
    }


def quantised(train: Grooves, test: Grooves) -> dict[str, float]:
    """Hits on the grid at each drum's mean loudness."""
    hits, loud, _ = parts(train.windows)
    mean = loud.sum((0, 1)) / np.maximum(hits.sum((0, 1)), 1)  # [C]
    shape = parts(test.windows)[0].shape
    return errors(np.broadcast_to(mean, shape), np.zeros(shape), test)


def linear(train: Grooves, test: Grooves) -> dict[str, float]:
    """Ridge regression, for each cell over the training windows that strike it."""
    x, y = (_flat(parts(g.windows)[0]) for g in (train, test))  # [W, T * C]
    x, y = (np.concatenate([a, np.ones((len(a), 1))], 1) for a in (x, y))
    predicted = []
    for part in (1, 2):
        target, out = _flat(parts(train.windows)[part]), np.zeros((len(y), y.shape[1] - 1))
        for cell in range(target.shape[1]):
            rows = x[:, cell] > 0.5
            if not rows.any():
                continue
            mean, given = target[rows, cell].mean(), x[rows]
            inverse = np.linalg.solve(given.T @ given + RIDGE * np.eye(x.shape[1]), given.T)
            out[:, cell] = mean + y @ (inverse @ (target[rows, cell] - mean))
        predicted.append(out.reshape(parts(test.windows)[0].shape))
    return errors(predicted[0], predicted[1], test)


def neighbour(train: Grooves, test: Grooves) -> dict[str, float]:
    """What the nearest training window does."""
    hits, loud, early = parts(train.windows)
    count = np.maximum(hits.sum(0), 1)
    means = [part.sum(0) / count for part in (loud, early)]  # [T, C]
    x, y = _flat(hits), _flat(parts(test.windows)[0])
    differ = y.sum(1)[:, None] + x.sum(1)[None] - 2 * y @ x.T  # [W test, W train]
    nearest = differ.argmin(1)
    there = hits[nearest] > 0.5
    velocity, offset = (
        np.where(there, part[nearest], mean) for part, mean in zip((loud, early), means, strict=True)
    )
    return errors(velocity, offset, test)


def of_model(model: Any, test: Grooves) -> dict[str, float]:
    """What a trained model says of the hits it is given."""
    from musicvae_lite.models.whole_songs import completed

    z = model.posterior_of_tokens(test.windows).mean
    _, velocity, offset = parts(completed(model, test.windows, z).tokens)
    alone, wanted = (parts(windows)[0] > 0.5 for windows in (model.decode(z).tokens, test.windows))
    return errors(velocity, offset, test) | {"steps_right_alone": float((alone == wanted).all(-1).mean())}


def struck(hits: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
    """Figures of hits bool [W, T, C] that were made of when those wanted come."""
    tap, sounds = (part.max(-1) > 0 for part in (wanted, hits))
    return {
        "hit_f1": float(2 * (hits & wanted).sum() / (hits.sum() + wanted.sum())),
        "taps_kept": float((tap & sounds).sum() / tap.sum()),
        "added": float((sounds & ~tap).sum() / sounds.sum()),
        "hits": float(hits.sum((1, 2)).mean()),
    }


def commonest(train: Grooves, test: Grooves) -> dict[str, float]:
    """At every tap the same drums."""
    hits, wanted = (parts(g.windows)[0] > 0.5 for g in (train, test))
    order = hits.sum((0, 1)).argsort()[::-1]
    rank = order.argsort()  # of each drum, the commonest first

    def at_taps(there: np.ndarray, count: int) -> np.ndarray:
        return (there.max(-1) > 0)[..., None] & (rank < count)

    scores = [struck(at_taps(hits, count), hits)["hit_f1"] for count in range(1, len(rank) + 1)]
    return struck(at_taps(wanted, 1 + int(np.argmax(scores))), wanted)


def nearest_taps(train: Grooves, test: Grooves, drum: int) -> dict[str, float]:
    """The drums of the training window whose taps, and how early or late they are, differ least.

    Args:
        drum: number of the one that stands for taps.
    """
    x, y = (_flat(tapped(g.windows, drum)) for g in (train, test))
    differ = (x**2).sum(1) - 2 * y @ x.T  # [W test, W train], less what is the same in a row
    hits, wanted = (parts(g.windows)[0] > 0.5 for g in (train, test))
    return struck(hits[differ.argmin(1)], wanted)


def of_tapper(model: Any, test: Grooves, temperature: float) -> dict[str, Any]:
    """The drums that a trained model strikes."""
    from musicvae_lite.models.whole_songs import completed

    z = model.posterior_of_tokens(test.windows).mean
    made = completed(model, test.windows, z, temperature).tokens
    (hits, loud, _), (there, real, _) = parts(made), parts(test.windows)
    hits, there = hits > 0.5, there > 0.5
    velocity = float(np.abs(loud - real)[hits & there].mean() * 127)
    return struck(hits, there) | {"velocity": velocity} | _shares(hits, model.representation.drum_map)


def humanizing(model: Any, train: Grooves, test: Grooves) -> dict[str, Any]:
    """All methods of giving dynamics and timing."""
    return {
        "quantised": quantised(train, test),
        "linear": linear(train, test),
        "neighbour": neighbour(train, test),
        "model": of_model(model, test),
    }


def tapping(model: Any, train: Grooves, test: Grooves) -> dict[str, Any]:
    """All methods of making drums of taps."""
    drum_map, there = model.representation.drum_map, parts(test.windows)[0] > 0.5
    return {
        "real": struck(there, there) | _shares(there, drum_map),
        "commonest": commonest(train, test),
        "neighbour": nearest_taps(train, test, drum_map.index(TAP)),
        "model at 0.0": of_tapper(model, test, 0.0),
        "model at 1.0": of_tapper(model, test, 1.0),
    }


def _shares(hits: np.ndarray, drum_map: DrumMap) -> dict[str, dict[str, float]]:
    """At how many of all steps each drum is struck, of hits bool [W, T, C]."""
    return {"drums": dict(zip(drum_map.drums, hits.mean((0, 1)).tolist(), strict=True))}


def _flat(cells: np.ndarray) -> np.ndarray:
    return cells.reshape(len(cells), -1).astype(np.float64)


def main() -> None:
    options = argparse.ArgumentParser(description="Humanizing and tapping beside simpler methods.")
    options.add_argument("model", help="name or folder of a model of the task humanize or tap")
    options.add_argument("--train", type=Path, required=True, metavar="FOLDER")
    options.add_argument("--test", type=Path, required=True, metavar="FOLDER")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the JSON")
    chosen = options.parse_args()
    from musicvae_lite.models.music_vae import MusicVAE

    model = MusicVAE.load(chosen.model)
    r = model.representation
    if not isinstance(r, GrooveRepresentation) or r.task not in ("humanize", "tap"):
        options.error(f"{chosen.model} is no model of the groove tasks humanize and tap")
    train, test = Grooves.of(chosen.train, r), Grooves.of(chosen.test, r)
    result: dict[str, Any] = {"windows": {"train": len(train.windows), "test": len(test.windows)}}
    result |= (humanizing if r.task == "humanize" else tapping)(model, train, test)
    write_json(chosen.out / "groove.json", provenance(chosen.model, 0) | result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
