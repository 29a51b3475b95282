"""The image models that ship: they load, draw without data or network, and are as good as their cards say."""

from __future__ import annotations

import socket
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import luma_psnr
from musicvae_lite import finding
from musicvae_lite.images import sets
from musicvae_lite.images.corruption import Downscale
from musicvae_lite.images.reading import as_bytes
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.training.image_evaluation import evaluate
from mvae.app import main

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("mnist-vae-2d", "mnist-vae-conv", "mnist-cvae", "mnist-denoise", "mnist-upscale", "texture-upscale")
LARGEST = 6 * 2**20  # bytes of all of them


@pytest.mark.parametrize("name", NAMES)
def test_each_loads_and_has_a_card(name: str):
    model = ImageVAE.load(name)
    card = (finding.find(name) / "CARD.md").read_text("utf-8")
    assert f"# {name}" in card and "licence" in card.lower() and "mvae image train" in card
    assert model.vae.z_size == model.config.z


def test_together_they_are_small():
    folders = [ROOT / "checkpoints" / name for name in NAMES]
    assert sum(file.stat().st_size for folder in folders for file in folder.iterdir()) < LARGEST


@pytest.mark.parametrize(
    "arguments", [["manifold", "-n", "6"], ["generate", "--label", "3", "-n", "4"], ["sample", "-n", "4"]]
)
def test_they_draw_without_data_or_network(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*args: object, **options: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refuse)
    with pytest.raises(SystemExit) as end:
        main(["image", *arguments, "-o", str(tmp_path / "x.png")])
    assert not end.value.code and (tmp_path / "x.png").stat().st_size > 2000


@pytest.mark.parametrize(
    ("name", "figure", "at_most"),
    [
        ("mnist-vae-2d", "elbo_nats", 148), ("mnist-vae-conv", "elbo_nats", 101),
        ("mnist-cvae", "elbo_nats", 140),
        ("mnist-denoise", "bce", 0.125), ("mnist-upscale", "bce", 0.085),
    ],
)  # fmt: skip
def test_they_are_as_good_as_their_cards_say(name: str, figure: str, at_most: float, shared: Path):
    folder = shared / "datasets" / "images" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST is not there")
    test = sets.load("mnist", folder).test.part(slice(600))
    model = ImageVAE.load(name)
    found = evaluate(model.vae, model.config, test).to_json()[figure]
    assert abs(found) <= at_most


def test_enlarging_beats_bicubic_on_edges_it_never_saw():
    y, x = np.mgrid[0:96, 0:128].astype(np.float32)
    picture = np.full((3, 96, 128), 0.8, np.float32)
    chance = np.random.default_rng(0)
    for _ in range(12):
        centre, radius, colour = chance.uniform(0, 100, 2), chance.uniform(6, 25), chance.uniform(0, 1, 3)
        inside = np.clip(radius - np.hypot(y - centre[0], x - centre[1]) + 0.5, 0, 1)
        picture = picture * (1 - inside) + colour[:, None, None].astype(np.float32) * inside
    import torch

    small = as_bytes(Downscale(2, "bicubic")(torch.from_numpy(picture)[None])[0].numpy())
    plain = torch.nn.functional.interpolate(
        torch.from_numpy(small)[None].float() / 255, (96, 128), mode="bicubic", antialias=True
    )[0].numpy()
    enlarged, _ = ImageVAE.load("texture-upscale").repair(small)
    assert luma_psnr(enlarged, picture, 4) > luma_psnr(plain, picture, 4) + 0.5
