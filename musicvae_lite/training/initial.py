"""The weights of another model that a run starts from: `init_from`."""

from __future__ import annotations

from torch import nn

from musicvae_lite import checkpoints, finding
from musicvae_lite.errors import CheckpointError

FEW = 0.5  # tensors taken from another model for each fresh one


def lay_over(model: nn.Module, name: str) -> tuple[list[str], str]:
    """Copies the weights of the model called `name` into another, where they fit.

    Returns:
        The names of the tensors that stay fresh, and a few words about what was taken.

    Raises:
        CheckpointError: there is no such model, it is damaged, or none of its weights fits.
    """
    weights = checkpoints.read_weights(finding.find(name))
    copied, fresh = checkpoints.load_matching(model, weights)
    if not copied:
        raise CheckpointError(f"init_from {name}: none of its {len(weights)} tensors fits this model")
    taken = f" ({len(copied)} tensors from {name}, {len(fresh)} fresh)"
    if len(copied) < FEW * len(fresh):
        taken += f": {name} is a model of another kind, and gives little to this one"
    return fresh, taken


def gives_all(model: nn.Module, name: str) -> bool:
    """Whether no tensor of a model stays fresh under the weights of the one called `name`.

    Raises:
        CheckpointError: there is no such model, or it is damaged.
    """
    weights = checkpoints.read_weights(finding.find(name))
    return not checkpoints.matching(model, weights)[1]
