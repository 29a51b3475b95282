"""When a run is judged to sit at the floor, where a model has learnt nothing but the commonest."""

from __future__ import annotations

from musicvae_lite.training.settings import TrainingSettings

FLOOR_PATIENCE = 600  # updates after which a model must have left the floor, or be leaving it
SHORTEST_PATIENCE = 300  # no start is judged before; shorter runs are not judged at all
MOST_RESTARTS = 5
RISE = 0.02  # of a share of steps right, over the second half of the patience: such a run is learning


def judged_at(settings: TrainingSettings) -> int:
    """The update after which a run is judged, once: KL weighs little yet by then."""
    before_kl = int(settings.steps * settings.beta_begin)
    return min(FLOOR_PATIENCE, max(SHORTEST_PATIENCE, before_kl))
