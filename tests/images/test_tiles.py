from __future__ import annotations

from itertools import pairwise

import pytest
import torch

from musicvae_lite.images.tiles import in_tiles, starts


def doubled(tiles: torch.Tensor) -> torch.Tensor:
    return tiles.repeat_interleave(2, 2).repeat_interleave(2, 3)


@pytest.mark.parametrize("size", [(40, 56), (12, 12), (5, 30), (1, 1), (13, 12)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_of_any_size_comes_through_whole(size: tuple[int, int], channels: int):
    picture = torch.rand((channels, *size), generator=torch.Generator().manual_seed(0))
    same = in_tiles(picture, (12, 12), lambda tiles: tiles, overlap=4, batch=3)
    assert torch.allclose(same, picture, atol=1e-6)
    larger = in_tiles(picture, (12, 12), doubled, factor=2, overlap=4)
    assert torch.allclose(larger, doubled(picture[None])[0], atol=1e-6)


def test_the_rims_of_tiles_count_little():
    """Tiles whose outermost pixels are wrong give a picture that is right away from its own edge."""

    def spoilt(tiles: torch.Tensor) -> torch.Tensor:
        wrong = torch.ones_like(tiles)
        wrong[:, :, 1:-1, 1:-1] = tiles[:, :, 1:-1, 1:-1]
        return wrong

    found = in_tiles(torch.zeros(1, 40, 40), (16, 16), spoilt, overlap=8)
    assert float(found[:, 2:-2, 2:-2].max()) < 0.05


def test_tiles_cover_a_side_with_enough_overlap():
    for length in range(1, 70):
        places = starts(length, 12, 4)
        assert places[0] == 0 and (length <= 12 or places[-1] == length - 12)
        assert all(0 < b - a <= 8 for a, b in pairwise(places))


def test_progress_is_told():
    told = []
    in_tiles(torch.zeros(1, 30, 30), (12, 12), lambda t: t, batch=4, progress=lambda *args: told.append(args))
    assert told[-1][0] == told[-1][1] and len(told) > 1
