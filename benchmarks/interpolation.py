"""Paths between melodies: in latent space, and by mixing notes. The paper's interpolation figure.

    python -m benchmarks.interpolation MODEL DATA -o OUT

Pairs of held-out windows A, B are interpolated along `latent.walk` between their posterior means, and,
to compare, evenly to the ear as `MusicVAE.interpolate` walks by itself (`moves.walking`), along the great
circle, along the straight line, and in data space: at position t every step is taken from B with
probability t, else from A. Measured at each position: the share of steps that
differ from A (Hamming distance), and the
negative log-probability under a 5-gram model of the training songs ("cost"), relative to the mean of
the two ends of the same path. As figure 4 of Roberts et al. 2018 (arXiv:1803.05428).

All sequences are in canonical spelling, which spares data-space mixing the offs that end nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from benchmarks import common
from benchmarks.ngram import NGram
from musicvae_lite.latent import CIRCLE, Course, walk
from musicvae_lite.latent import points as points_at
from musicvae_lite.models.moves.walking import even_walk
from musicvae_lite.settings import to_table

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.representations.base import Representation
    from musicvae_lite.training.dataset import WindowDataset

ORDER = 5
SHIFTS = range(-5, 7)  # the language model knows every key, as the model does
WORDS = {
    "latent_even": "latent space, even to the ear",
    "data": "data space (steps mixed)",
    "latent_great-circle": "latent space, great circle",
    "latent_straight": "latent space, straight line",
}
ALLOWED = 0.10  # how far the cost may lie from that of the ends


def language_model(dataset: WindowDataset, model: MusicVAE, most: int = 50_000) -> NGram:
    """A 5-gram model of the training songs, in all keys.

    Windows that overlap would count the same notes several times, so those side by side are taken.
    """
    split = dataset.split("train")
    rows = common.side_by_side(split, model.representation.bars)
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(0).choice(rows, most, replace=False))
    (notes,) = model.representation.transposition.spans
    return NGram.fit(
        split.gather(rows), model.representation.step.size, ORDER, SHIFTS, (notes.low, notes.high)
    )


def hamming(path: np.ndarray, a: np.ndarray) -> np.ndarray:
    """Share of steps [P, N] in which sequences [P, N, T] differ from a [N, T]."""
    return (path != a).mean(-1)


def mixed(a: np.ndarray, b: np.ndarray, points: int, representation: Representation, seed: int) -> np.ndarray:
    """The data-space path [P, N, T] between a and b [N, T]: each step from b with the odds of the place."""
    chance = np.random.default_rng(seed)
    path = [np.where(chance.random(a.shape) < t, b, a) for t in np.linspace(0, 1, points)]
    return representation.canonical(np.stack(path))


def latent(
    model: MusicVAE, a: np.ndarray, b: np.ndarray, points: int, temperature: float, seed: int, course: Course
) -> np.ndarray:
    """The latent path [P, N, T] between a and b [N, T]."""
    means = common.encode(model, a).mean, common.encode(model, b).mean
    codes = walk(*means, points, course).flatten(0, 1)  # [P * N, Z]
    return common.decode(model, codes, temperature, seed).reshape(points, *a.shape)


def even(model: MusicVAE, a: np.ndarray, b: np.ndarray, points: int) -> np.ndarray:
    """Even walks [P, N, T] between a and b [N, T], of likeliest notes."""
    first, last = common.encode(model, a).mean, common.encode(model, b).mean
    walks = []
    for start, end in zip(first, last, strict=True):

        def heard(shares: np.ndarray, start: Tensor = start, end: Tensor = end) -> np.ndarray:
            return common.decode(model, points_at(start, end, torch.from_numpy(shares), model.course), 0.0, 0)

        walks.append(even_walk(heard, points)[1])
    return np.stack(walks, axis=1)


def measure(path: np.ndarray, a: np.ndarray, language: NGram) -> dict[str, Any]:
    """Means over the pairs at each point of a path [P, N, T], and whether they are as hoped.

    `cost` is the mean negative log-probability relative to the mean of the path's two ends.
    """
    points, pairs, steps = path.shape
    distance = hamming(path, a)
    nats = -language.log_prob(path.reshape(-1, steps)).sum(-1).reshape(points, pairs)
    mean = nats.mean(1)
    cost = mean / (mean[0] + mean[-1]) * 2
    return {
        "hamming": distance.mean(1),
        "hamming_standard_error": distance.std(1) / np.sqrt(pairs),
        "nats": mean,
        "cost": cost,
        "cost_highest": cost.max(),
        "cost_lowest": cost.min(),
        "hamming_rises": bool((np.diff(distance.mean(1)) > 0).all()),
        "cost_within_10_percent": bool(np.abs(cost - 1).max() <= ALLOWED),
        "distinct": np.mean([len({row.tobytes() for row in path[:, pair]}) for pair in range(pairs)]),
        "inner_equal_to_an_end": ((path[1:-1] == path[0]).all(2) | (path[1:-1] == path[-1]).all(2)).mean(),
    }


def run(
    model: MusicVAE,
    dataset: WindowDataset,
    pairs: int = 1024,
    points: int = 11,
    temperatures: tuple[float, ...] = (0.5, 0.0, 1.0),
    seed: int = 0,
) -> dict[str, Any]:
    """All figures; the first temperature is the one the checks are about."""
    tokens = common.held_out(dataset)
    a, b = np.split(common.drawn(tokens, 2 * pairs, seed), 2)
    language = language_model(dataset, model)
    ways = {f"latent_{t:g}": (t, model.course) for t in temperatures}
    ways |= {
        "latent_great-circle": (temperatures[0], CIRCLE),
        "latent_straight": (temperatures[0], Course(0.0)),
    }
    paths = {
        name: measure(latent(model, a, b, points, t, seed, course), a, language)
        for name, (t, course) in ways.items()
    }
    paths["latent_even"] = measure(even(model, a, b, points), a, language)
    paths["data"] = measure(mixed(a, b, points, model.representation, seed), a, language)
    ours, other = paths[f"latent_{temperatures[0]:g}"], paths["data"]
    return {
        "pairs": pairs,
        "positions": np.linspace(0, 1, points),
        "temperature": temperatures[0],
        "course": to_table(model.course),
        "checks": {
            "hamming_rises": ours["hamming_rises"],
            "cost_within_10_percent": ours["cost_within_10_percent"],
            "data_space_costs_more": bool(other["cost_highest"] > ours["cost_highest"]),
        },
        "hamming_a_to_b": float(hamming(b, a).mean()),
        "language_model": {
            "order": ORDER,
            "smoothing": "interpolated Kneser-Ney",
            "ngrams": len(language.orders[-1].keys),
            "perplexity_held_out": float(np.exp(-language.log_prob(tokens).mean())),
        },
        "paths": paths,
    }


def draw(result: dict[str, Any], path: Path, name: str) -> None:
    """The figure: Hamming distance on the left, cost on the right."""
    figure, (left, right) = common.new_figure(10.5, 4.2, 1, 2)
    at, first = result["positions"], f"latent_{result['temperature']:g}"
    right.axhspan(1 - ALLOWED, 1 + ALLOWED, color="#eef1f6", lw=0)
    words = {"ha": "right", "va": "bottom", "fontsize": 8, "color": "#7a808c"}
    right.text(0.995, 1 - ALLOWED, "within 10 % of the ends", **words)
    straight = {"color": common.GREY, "lw": 1.2, "label": "straight line", "zorder": 1}
    left.plot([0, 1], [0, result["hamming_a_to_b"]], **straight)
    others = [key for key in result["paths"] if key != first and key not in WORDS]
    looks: dict[str, dict[str, Any]] = {first: {"color": common.BLUE, "lw": 2.4, "marker": "o", "ms": 4.5}}
    for key, line in zip(others, (":", "--"), strict=False):
        looks[key] = {"color": common.BLUE, "lw": 1, "ls": line}
    looks["latent_great-circle"] = {"color": common.GREY, "lw": 1.2, "ls": "-."}
    looks["latent_straight"] = {"color": common.GREY, "lw": 1.2, "ls": (0, (1, 1))}
    looks["latent_even"] = {"color": common.BLUE, "lw": 1.6, "marker": "D", "ms": 3.5}
    looks = {key: look for key, look in looks.items() if key in result["paths"]}
    looks["data"] = {"color": common.ORANGE, "lw": 2, "marker": "s", "ms": 4}
    for key, look in looks.items():
        label = WORDS.get(key, f"latent space, temperature {key[7:]}")
        left.plot(at, result["paths"][key]["hamming"], label=label, **look)
        right.plot(at, result["paths"][key]["cost"], **look)
    left.set_ylabel("share of steps that differ from A", color=common.INK)
    right.set_ylabel("5-gram cost, relative to the ends", color=common.INK)
    left.set_ylim(bottom=0)
    for axis in (left, right):
        axis.set_xticks(np.linspace(0, 1, 6), ["A", "0.2", "0.4", "0.6", "0.8", "B"])
        axis.set_xlim(-0.015, 1.015)
        axis.set_xlabel("position on the path", color=common.INK)
        axis.grid(axis="y", color="#eceef2", lw=0.8, zorder=0)
        axis.set_axisbelow(True)
    left.legend(frameon=False, fontsize=8.5)
    figure.suptitle(f"{name}: {result['pairs']:,} pairs of held-out windows", fontsize=11, color=common.INK)
    common.save_figure(figure, path)


def main() -> None:
    options = argparse.ArgumentParser(description="The paper's interpolation figure.")
    options.add_argument("model", help="name or folder of a model")
    options.add_argument("data", help="a dataset made by `mvae prepare`")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the PNG and JSON")
    options.add_argument("--pairs", type=int, default=1024)
    options.add_argument("--points", type=int, default=11)
    options.add_argument("--temperature", type=float, default=0.5, help="0 and 1 are shown too")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()

    from musicvae_lite.models.music_vae import MusicVAE

    model = MusicVAE.load(chosen.model)
    dataset = common.open_dataset(chosen.data, model)
    temperatures = tuple(dict.fromkeys((chosen.temperature, 0.0, 1.0)))
    result = run(model, dataset, chosen.pairs, chosen.points, temperatures, chosen.seed)
    result = common.provenance(chosen.model, chosen.seed, dataset) | result
    title = common.model_name(chosen.model)
    name = f"interpolation-{title}"
    common.write_json(chosen.out / f"{name}.json", result)
    draw(result, chosen.out / f"{name}.png", title)
    for key, path in result["paths"].items():
        print(
            f"{key:20s} differs from A " + " ".join(f"{v:.2f}" for v in path["hamming"])
            + "   cost " + " ".join(f"{v:.2f}" for v in path["cost"])
            + f"   distinct {path['distinct']:.1f}, inner as an end {path['inner_equal_to_an_end']:.1%}"
        )  # fmt: skip
    print(result["checks"], result["language_model"])


if __name__ == "__main__":
    main()
