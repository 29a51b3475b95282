"""Whether generated digits can be read: a small classifier trained on real ones reads them.

    python -m benchmarks generated_digits mnist [--data FOLDER] MODEL... [-n 1000]

A conditional model's digits count as read when the classifier names the label that was asked for. For other
models the figure is the classifier's mean confidence in what it names, which for real digits is beside it.
New codes are drawn from N(0, I), and from a model's own prior where it has one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from musicvae_lite import runtime
from musicvae_lite.images import sets
from musicvae_lite.models.image_vae import ImageVAE

UPDATES, BATCH, RATE = 1200, 128, 2e-3


def train_classifier(
    pictures: sets.Pictures, classes: int, updates: int = UPDATES, seed: int = 0
) -> nn.Module:
    """A convolutional classifier of pictures [N, C, 28, 28], trained on shifted digits."""
    torch.manual_seed(seed)
    channels, height, width = pictures.pixels.shape[1:]
    model = nn.Sequential(
        nn.Conv2d(channels, 16, 5, 2, 2), nn.ReLU(), nn.Conv2d(16, 32, 5, 2, 2), nn.ReLU(), nn.Flatten(),
        nn.Dropout(0.3), nn.Linear(32 * -(-height // 4) * -(-width // 4), 128), nn.ReLU(),
        nn.Linear(128, classes),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, updates)
    chance = np.random.default_rng(seed)
    for _ in range(updates):
        rows = chance.integers(0, len(pictures), BATCH)
        part = pictures.part(rows)
        x = torch.from_numpy(part.pixels).float() / 255
        x = torch.roll(x, tuple(chance.integers(-2, 3, 2).tolist()), (2, 3))
        loss = nn.functional.cross_entropy(model(x), torch.from_numpy(part.labels))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


@torch.no_grad()
def read(classifier: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """What a classifier names each of [N, C, H, W], and how sure it is of it."""
    shares = torch.cat([classifier(part).softmax(1) for part in pictures.split(500)])
    return shares.argmax(1), shares.amax(1)


def measure(
    classifier: nn.Module, model: ImageVAE, count: int, seed: int = 0, fitted: bool = False
) -> dict[str, float]:
    """How well `count` pictures drawn from N(0, I) can be read, or from the prior that was fitted."""
    z = torch.randn((count, model.config.z), generator=torch.Generator().manual_seed(seed))
    if fitted and model.vae.prior is not None:
        z = model.vae.prior.colour(z)
    labels = None
    if model.config.conditional:
        labels = (np.arange(count) % len(model.config.classes)).tolist()
    named, sure = read(classifier, torch.from_numpy(model.decode(z, labels)))
    found = {"confidence": float(sure.mean()), "above_0.9": float((sure > 0.9).float().mean())}
    shares = torch.bincount(named, minlength=10).float() / count
    if labels is not None:
        return {"read_as_label": float((named == torch.tensor(labels)).float().mean()), **found}
    return {**found, "rarest_class": float(shares.min()), "commonest_class": float(shares.max())}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Whether generated digits can be read.")
    parser.add_argument("source")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--data", type=Path)
    parser.add_argument("-n", "--count", type=int, default=1000)
    parser.add_argument("--updates", type=int, default=UPDATES)
    options = parser.parse_args(arguments)
    runtime.choose_threads()
    pictures = sets.load(options.source, options.data)
    classifier = train_classifier(pictures.train, len(pictures.classes), options.updates)
    named, sure = read(classifier, torch.from_numpy(pictures.test.pixels).float() / 255)
    right = float((named.numpy() == pictures.test.labels).mean())
    found: dict[str, dict[str, float]] = {
        "real test digits": {"read_as_label": right, "confidence": float(sure.mean())}
    }
    for name in options.models:
        model = ImageVAE.load(name)
        found[name] = measure(classifier, model, options.count)
        if model.vae.prior is not None:
            found[f"{name}, its own prior"] = measure(classifier, model, options.count, fitted=True)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
