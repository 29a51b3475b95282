"""Room that is kept: nobody gets what another still uses, and not everything is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from musicvae_lite.models.stock import spaces


@pytest.fixture(autouse=True)
def own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(spaces, "_kept", {})
    yield


def test_what_was_given_is_taken_again_once():
    first = spaces.take((2, 3), torch.float32)
    second = spaces.take((2, 3), torch.float32)
    assert first is not second
    spaces.give(first)
    assert spaces.take((2, 3), torch.float32) is first
    assert spaces.take((2, 3), torch.float32) is not first


@pytest.mark.parametrize(("shape", "kind"), [((3, 2), torch.float32), ((2, 3), torch.bfloat16)])
def test_another_shape_or_type_is_another_room(shape: tuple[int, ...], kind: torch.dtype):
    spaces.give(spaces.take((2, 3), torch.float32))
    taken = spaces.take(shape, kind)
    assert (taken.shape, taken.dtype) == (torch.Size(shape), kind)


def test_no_more_is_kept_than_may_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spaces, "MOST", 10)
    kept, dropped = torch.zeros(2), torch.zeros(1)
    spaces.give(kept)
    spaces.give(dropped)
    assert spaces.take((1,), torch.float32) is not dropped
    assert spaces.take((2,), torch.float32) is kept
