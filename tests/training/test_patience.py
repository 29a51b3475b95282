"""When a run is judged to sit at the floor."""

from __future__ import annotations

import pytest

from musicvae_lite.training.patience import FLOOR_PATIENCE, SHORTEST_PATIENCE, judged_at
from musicvae_lite.training.settings import MusicTraining


@pytest.mark.parametrize(
    ("steps", "begin", "update"),
    [
        (1000, 0.4, 400),
        (1000, 0.1, SHORTEST_PATIENCE),
        (100, 1.0, SHORTEST_PATIENCE),
        (36_000, 0.3, FLOOR_PATIENCE),
    ],
)
def test_a_run_is_judged_before_the_kl_weighs_much(steps: int, begin: float, update: int):
    assert judged_at(MusicTraining(steps=steps, beta_begin=begin, beta_end=1.0)) == update
