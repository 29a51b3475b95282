"""Parts of a batch draw what the whole batch would have drawn for their rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import torch

from musicvae_lite.models.image.examples import examples
from musicvae_lite.training.noise import RowsOfTheWhole
from musicvae_lite.vae import VAE, Batch
from tests.models import architectures
from tests.models.image import small

PARTS, SIZE = 3, 4
MUSIC = dict(architectures.CONFIGS)
_STOCK = MUSIC["stock, hierarchical and residual"]
MUSIC["stock with dropout"] = dataclasses.replace(
    _STOCK,
    encoder=dataclasses.replace(_STOCK.encoder, keep=0.7),
    decoder=dataclasses.replace(_STOCK.decoder, keep=0.6),
)
IMAGES = {
    **small.ALL,
    "dropout": {**small.DENSE, "encoder": {"kind": "dense", "hidden": [24], "dropout": 0.4}},
}


def music(name: str) -> tuple[VAE, Batch]:
    torch.manual_seed(0)
    vae = MUSIC[name].build()
    vae.decoder.blank, vae.decoder.own_share = 0.3, 0.5  # type: ignore[assignment]
    return vae, Batch(architectures.tokens(PARTS * SIZE))


def images(name: str) -> tuple[VAE, Batch]:
    torch.manual_seed(0)
    config = small.config(IMAGES[name])
    shape = (PARTS * SIZE, config.picture.channels, config.picture.height, config.picture.width)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8)
    labels = torch.randint(0, len(small.CLASSES), (PARTS * SIZE,))
    return config.build(), examples(config, pixels, labels, torch.Generator().manual_seed(1))


def seeded() -> torch.Generator:
    torch.manual_seed(5)
    return torch.Generator().manual_seed(5)


def parts(batch: Batch) -> Iterator[Batch]:
    for part in range(PARTS):
        rows = slice(part * SIZE, (part + 1) * SIZE)
        yield Batch(*(None if x is None else x[rows] for x in batch))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "name"), [*((music, name) for name in MUSIC), *((images, name) for name in IMAGES)]
)
def test_the_mean_of_the_parts_is_the_whole(make, name: str):
    vae, batch = make(name)
    whole = vae.loss(batch, 0.5, 1.0, seeded())
    whole.total.backward()
    wanted = {name: p.grad.clone() for name, p in vae.named_parameters()}
    vae.zero_grad()
    total = 0.0
    for number, part in enumerate(parts(batch)):
        with RowsOfTheWhole(number, PARTS):
            loss = vae.loss(part, 0.5, 1.0, seeded())
        (loss.total / PARTS).backward()
        total += loss.total.item() / PARTS
    assert total == pytest.approx(whole.total.item(), rel=1e-5)
    for parameter, p in vae.named_parameters():
        close = 2e-4 * float(p.grad.abs().max())
        torch.testing.assert_close(p.grad, wanted[parameter], rtol=1e-3, atol=close)
    torch.testing.assert_close(vae.loss(batch, 0.5, 1.0, seeded()).total, whole.total)  # outside, as ever


def test_noise_that_nobody_has_thought_of_is_refused():
    with RowsOfTheWhole(0, 2), pytest.raises(NotImplementedError, match="rand_like"):
        torch.rand_like(torch.zeros(3))
