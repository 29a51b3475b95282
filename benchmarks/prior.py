"""Samples from the prior beside held-out music, and whether every one of them can be read again.

    python -m benchmarks.prior MODEL DATA -o OUT

Compares normalised histograms (see `histograms`) of samples and of held-out windows: their overlap is 1
for equal ones. Held-out tunes stand in few keys while training transposes to all of them, so pitch
classes are compared as written, with every key equally likely, and counted from each window's last and
commonest note, where keys play no part. Beside the prior at several temperatures stand:

- training windows, the most that a perfect model of them would reach;
- codes of training windows drawn from their posteriors: what the decoder alone loses;
- synthetic melodies, of which training may mix in a share: a good model's samples lie between;
- codes from the Gaussian with the mean and covariance of those codes: what is lost because they do not
  spread like the prior; "aggregate" says how they do.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import common
from benchmarks.histograms import WIDEST, histograms, in_all_keys, overlap, spread
from musicvae_lite.music import midi
from musicvae_lite.music.pitches import NOTES

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.representations.base import Representation
    from musicvae_lite.training.dataset import WindowDataset

AIM = 0.85
ASKED = ("pitch_class", "interval", "duration", "density")


def read_again(tokens: np.ndarray, representation: Representation, through_midi: int) -> dict[str, Any]:
    """How many canonical windows [N, T] come back changed, or not at all, from the score they make.

    Args:
        through_midi: so many of them go through the bytes of a MIDI file as well.
    """
    lenient = representation.lenient()  # type: ignore[attr-defined]
    reasons: dict[str, int] = {}
    refused = 0
    for number, wanted in enumerate(tokens):
        score = representation.to_score(wanted)
        copies = [score, midi.read_bytes(midi.to_bytes(score))] if number < through_midi else [score]
        for copy in copies:
            found = lenient.windows(copy)
            if len(found) != 1 or (found.tokens[0] != wanted).any():
                code = found.rejections[0].code if found.rejections else "changed"
                reasons[code] = reasons.get(code, 0) + 1
                break
        refused += not len(representation.windows(score))
    return {
        "tried": len(tokens),
        "through_midi": min(through_midi, len(tokens)),
        "failed": sum(reasons.values()),
        "failed_reasons": reasons,
        "refused_by_training_rules": refused / len(tokens),  # too few notes or too long a rest
    }


def aggregate(z: Tensor, means: Tensor) -> dict[str, Any]:
    """How codes [N, Z] drawn from the posteriors of data lie, and their means [N, Z], beside N(0, I)."""
    import torch

    size = z.shape[1]
    centre, covariance = z.mean(0), torch.cov(z.T)
    variance = covariance.diagonal()
    kl = 0.5 * (variance.sum() + centre.square().sum() - size - torch.logdet(covariance))
    values = torch.linalg.eigvalsh(covariance)
    low, middle, high = (float(variance.quantile(q)) for q in (0.05, 0.5, 0.95))
    return {
        "units": size,
        "length": float(z.norm(dim=1).mean()),
        "length_of_means": float(means.norm(dim=1).mean()),
        "length_of_prior": float(np.sqrt(size)),
        "centre_length": float(centre.norm()),
        "variance_of_units": {"5%": low, "50%": middle, "95%": high},
        "covariance_eigenvalues": {"lowest": float(values[0]), "highest": float(values[-1])},
        "gaussian_kl_to_prior_bits": float(kl / np.log(2)),
    }


def sets(
    model: MusicVAE, dataset: WindowDataset, count: int, temperatures: tuple[float, ...], seed: int
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Tokens [N, T] by name, the held-out ones first, and what is known of the codes."""
    import torch

    from musicvae_lite.prior import CodePrior

    generator = model.generator(seed)
    real = common.held_out(dataset)
    split = dataset.split("train")
    rows = common.on_bars(split)
    seen = common.drawn(split.gather(rows), min(count, len(rows)), seed)
    q = common.encode(model, seen)
    codes = q.rsample(generator)
    noise = torch.randn((count, codes.shape[1]), generator=generator, device=codes.device)
    prior = noise if model.vae.prior is None else model.vae.prior.colour(noise)
    found = {"held_out": real, "training": seen}
    for t in temperatures:
        found[f"prior_{t:g}"] = common.decode(model, prior, t, seed)
    first = temperatures[0]
    found["posteriors"] = common.decode(model, codes, first, seed)
    found["standard_normal"] = common.decode(model, noise, first, seed)
    found["gaussian"] = common.decode(model, CodePrior.fit(codes).colour(noise), first, seed)
    made_up = model.representation.random(count, np.random.default_rng(seed))  # type: ignore[attr-defined]
    found["synthetic"] = model.representation.canonical(made_up)
    return found, aggregate(codes, q.mean)


def compare(found: dict[str, np.ndarray], representation: Any) -> dict[str, Any]:
    """Histograms, averages and overlaps with the held-out windows of each set of tokens."""
    counts = {name: histograms(tokens, representation) for name, tokens in found.items()}
    real = counts["held_out"]
    overlaps = {}
    for name, those in counts.items():
        overlaps[name] = {kind: overlap(those[kind], real[kind]) for kind in real}
        overlaps[name]["pitch_class_all_keys"] = overlap(
            those["pitch_class"], in_all_keys(real["pitch_class"])
        )
    averages = {name: spread(tokens, representation) for name, tokens in found.items()}
    return {"overlap": overlaps, "averages": averages, "histograms": counts}


def run(
    model: MusicVAE,
    dataset: WindowDataset,
    count: int = 10_000,
    temperatures: tuple[float, ...] = (1.0, 0.7, 0.5, 0.0),
    through_midi: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """All figures; the first temperature is the one the checks are about."""
    found, codes = sets(model, dataset, count, temperatures, seed)
    result = compare(found, model.representation)
    ours = result["overlap"][f"prior_{temperatures[0]:g}"]
    again = read_again(found[f"prior_{temperatures[0]:g}"], model.representation, through_midi)
    return {
        "samples": count,
        "held_out": len(found["held_out"]),
        "temperature": temperatures[0],
        "checks": {f"{k}_overlap_at_least_{AIM}": ours[k] >= AIM for k in ASKED}
        | {"all_read_again": again["failed"] == 0},
        "read_again": again,
        "aggregate": codes,
    } | result


PANELS = (
    ("pitch_class", "pitch class, as written"),
    ("pitch_class_from_last", "semitones above the last note"),
    ("interval", "interval, semitones"),
    ("duration", "duration, steps"),
    ("density", "notes a window"),
    ("onset", "onset, step in the bar"),
)


def draw(result: dict[str, Any], path: Path, name: str, bars: int) -> None:
    """The histograms of held-out windows as bars, of samples and training windows as lines."""
    figure, axes = common.new_figure(12, 6.2, 2, 3)
    ours = f"prior_{result['temperature']:g}"
    for axis, (kind, label) in zip(axes, PANELS, strict=True):
        counts = result["histograms"]
        real, samples, seen = (np.asarray(counts[name][kind]) for name in ("held_out", ours, "training"))
        used = np.flatnonzero(np.maximum(real, samples) > 2e-4)
        first, last = (used[0], used[-1]) if len(used) else (0, len(real) - 1)
        x = np.arange(first, last + 1)
        axis.bar(x, real[x], width=0.86, color=common.GREY, label="held-out windows")
        for values, colour, width, text in (
            (seen, common.INK, 1.1, "training windows"),
            (samples, common.ORANGE, 2.0, f"samples, temperature {result['temperature']:g}"),
        ):
            axis.stairs(values[x], np.arange(first, last + 2) - 0.5, color=colour, lw=width, label=text)
        axis.set_xlabel(label, color=common.INK)
        axis.set_ylim(bottom=0)
        axis.set_title(
            f"overlap {result['overlap'][ours][kind]:.2f}", fontsize=10, loc="right", color=common.ORANGE
        )
        ticks, labels = _ticks(kind, first, last, len(real), bars)
        axis.set_xticks(ticks, labels)
    axes[0].set_ylabel("share", color=common.INK)
    axes[3].set_ylabel("share", color=common.INK)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False, fontsize=9.5)
    figure.suptitle(
        f"{name}: {result['samples']:,} samples from the prior, {result['held_out']:,} held-out windows",
        fontsize=11,
        color=common.INK,
    )
    common.save_figure(figure, path)


def _ticks(kind: str, first: int, last: int, size: int, bars: int) -> tuple[list[int], list[str]]:
    """Places and names on the axis of a panel."""
    if kind == "pitch_class":
        return list(range(12)), list(NOTES)
    if kind == "interval":
        at = [i for i in range(first, last + 1) if (i - WIDEST) % 3 == 0 and 0 < i < size - 1]
        return at, [f"{i - WIDEST:+d}" if i != WIDEST else "0" for i in at]
    if kind == "duration":
        at = [i for i in (0, 1, 2, 3, 5, 7, 11) if first <= i <= last]
        more = [size - 1] if last == size - 1 else []
        return at + more, [str(i + 1) for i in at] + ["more"] * len(more)
    if kind == "density":
        at = list(range(first - first % 4, last + 1, 4))
        return at, [f"{i * bars / 2:g}" for i in at]
    at = list(range(0, size, 4 if size > 12 else 2))
    return at, [str(i) for i in at]


def table(result: dict[str, Any]) -> str:
    """The overlaps and averages, a line a set of windows."""
    kinds = (*ASKED, "pitch_class_all_keys", "pitch_class_from_last", "pitch_class_from_commonest", "onset")
    averages = ("notes", "range", "repeated_bars")
    lines = [f"| | {' | '.join((*kinds, *averages)).replace('_', ' ')} |", "|---" * (len(kinds) + 4) + "|"]
    for name, row in result["overlap"].items():
        cells = [f"{row[k]:.3f}" for k in kinds] + [f"{result['averages'][name][k]:.2f}" for k in averages]
        lines.append(f"| {name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description="Samples from the prior beside held-out music.")
    options.add_argument("model", help="name or folder of a model")
    options.add_argument("data", help="a dataset made by `mvae prepare`")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the PNG and JSON")
    options.add_argument("--samples", type=int, default=10_000)
    options.add_argument("--temperature", type=float, default=1.0, help="0.7, 0.5 and 0 are measured too")
    options.add_argument("--through-midi", type=int, default=1000, help="samples that go through MIDI files")
    options.add_argument("--seed", type=int, default=0)
    chosen = options.parse_args()

    from musicvae_lite.models.music_vae import MusicVAE

    model = MusicVAE.load(chosen.model)
    dataset = common.open_dataset(chosen.data, model)
    temperatures = tuple(dict.fromkeys((chosen.temperature, 0.7, 0.5, 0.0)))
    result = run(model, dataset, chosen.samples, temperatures, chosen.through_midi, chosen.seed)
    result = common.provenance(chosen.model, chosen.seed, dataset) | result
    title = common.model_name(chosen.model)
    common.write_json(chosen.out / f"prior-{title}.json", result)
    draw(result, chosen.out / f"prior-{title}.png", title, model.representation.bars)
    print(table(result))
    for part in ("checks", "read_again", "aggregate"):
        print(f"{part}: {common.rounded(result[part])}")


if __name__ == "__main__":
    main()
