"""Enlarging against bicubic: PSNR on the brightness of pictures a model never saw.

    python -m benchmarks upscaling MODEL PICTURES...

Each picture is made smaller by a bicubic filter (a = -0.5, filtered), enlarged by the model and by the same
bicubic, and compared with itself, a rim of four pixels left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np


def measure(model: str, pictures: list[Path], side: int = 0) -> list[dict]:
    """A row a picture: its size, and luma PSNR in decibels of model and bicubic.

    Args:
        side: look at no more than the middle square of so many pixels; 0 for all.
    """
    import torch

    from benchmarks.quality import luma_psnr
    from musicvae_lite.images.corruption import Downscale
    from musicvae_lite.images.reading import as_bytes, in_channels, read_picture
    from musicvae_lite.models.image_vae import ImageVAE

    vae = ImageVAE.load(model)
    factor, rows = vae.config.factor, []
    for path in pictures:
        pixels = in_channels(read_picture(path).pixels, vae.config.picture.channels)
        height, width = (size // factor * factor for size in pixels.shape[1:])
        pixels = pixels[:, :height, :width]
        if side:
            top, left = max(0, (height - side) // 2), max(0, (width - side) // 2)
            pixels = pixels[:, top : top + side, left : left + side]
        true = pixels.astype(np.float32) / 255
        small = as_bytes(Downscale(factor, "bicubic")(torch.from_numpy(true)[None])[0].numpy())
        enlarged, _ = vae.repair(small)
        size = true.shape[1:]
        plain = torch.nn.functional.interpolate(
            torch.from_numpy(small)[None].float() / 255, size, mode="bicubic", antialias=True
        )[0].clamp(0, 1)
        of_model, of_bicubic = luma_psnr(enlarged, true, 4), luma_psnr(plain.numpy(), true, 4)
        rows.append({"picture": path.name, "size": f"{size[1]} x {size[0]}", "model": of_model,
                     "bicubic": of_bicubic, "gain": of_model - of_bicubic})  # fmt: skip
    return rows


def main(arguments: list[str] | None = None) -> None:
    from mvae.output import table

    parser = argparse.ArgumentParser(description="Enlarging against bicubic, on pictures never seen.")
    parser.add_argument("model")
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--side", type=int, default=0, help="only the middle square of so many pixels")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows = measure(options.model, options.pictures, options.side)
    if options.json:
        print(json.dumps(rows, indent=1))
        return
    mean = {key: float(np.mean([row[key] for row in rows])) for key in ("model", "bicubic", "gain")}
    table(("picture", "size", "model dB", "bicubic dB", "gain dB"),
          [list(row.values()) for row in rows] + [["mean", "", *mean.values()]])  # fmt: skip


if __name__ == "__main__":
    main()
