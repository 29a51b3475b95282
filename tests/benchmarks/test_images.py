"""The benchmarks of image models, on small models and made-up pictures."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import generated_digits, upscaling
from benchmarks.quality import luma_psnr, psnr
from musicvae_lite.images.sets import Pictures
from tests.images.made import drawings, save, save_idx_folder
from tests.models.image import small


def test_psnr():
    a = np.zeros((3, 20, 20), np.float32)
    assert psnr(a, a + 0.1) == pytest.approx(20, abs=1e-3)
    b = a.copy()
    b[:, 0] = 1
    assert luma_psnr(a, b, rim=1) == np.inf and luma_psnr(a, b) == pytest.approx(-10 * np.log10(1 / 20))


def test_a_classifier_learns_to_read_drawings_and_not_noise():
    pictures = Pictures(*drawings(300))
    classifier = generated_digits.train_classifier(pictures, 3, updates=60)
    fresh, labels = drawings(60, seed=5)
    named, sure = generated_digits.read(classifier, torch.from_numpy(fresh).float() / 255)
    assert float((named.numpy() == labels).mean()) > 0.9 and 0.5 < float(sure.mean()) <= 1


def test_generated_pictures_are_measured(tmp_path: Path, capsys):
    small.model(small.CONDITIONAL).save(tmp_path / "conditional")
    small.model(small.DENSE).save(tmp_path / "free")
    save_idx_folder(tmp_path / "idx")
    models = [str(tmp_path / name) for name in ("conditional", "free")]
    generated_digits.main([str(tmp_path / "idx"), *models, "-n", "30", "--updates", "5"])
    found = json.loads(capsys.readouterr().out)
    assert "read_as_label" in found[models[0]] and "rarest_class" in found[models[1]]
    assert 0 <= found["real test digits"]["read_as_label"] <= 1


def test_a_model_that_adds_nothing_is_bicubic(tmp_path: Path, capsys):
    model = small.model({**small.GRID, "z": 36 * 5}, channels=3)
    with torch.no_grad():
        for parameter in model.vae.decoder.network.detail[-1].parameters():  # type: ignore[union-attr]
            parameter.zero_()
    model.save(tmp_path / "plain")
    chance = np.random.default_rng(0)
    picture = chance.integers(0, 256, (3, 9, 7), dtype=np.uint8).repeat(6, 1).repeat(6, 2)[:, :51, :37]
    path = save(tmp_path / "p.png", picture)
    (row,) = upscaling.measure(str(tmp_path / "plain"), [path])
    assert row["size"] == "36 x 50" and abs(row["gain"]) < 0.3 and 5 < row["bicubic"] < 40
    upscaling.main([str(tmp_path / "plain"), str(path), "--side", "24"])
    assert "24 x 24" in capsys.readouterr().out


@pytest.mark.parametrize("module", [generated_digits, upscaling])
def test_they_say_how_they_are_called(module):
    assert "python -m benchmarks" in (module.__doc__ or "")
