"""The state of Adam, of either form, as tensors on the disk."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from musicvae_lite.errors import CheckpointError

STATE = "training.safetensors"


def adam_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """What Adam knows of each weight, as "NAME/exp_avg"."""
    tensors = {}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{name}/{key}"] = torch.as_tensor(value).detach().cpu()
    return tensors


def restore_adam(
    model: nn.Module, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], where: Path
) -> None:
    """The reverse of `adam_tensors`. Raises CheckpointError when they do not fit."""
    is_fused = optimizer.param_groups[0].get("fused")  # then the count of steps lies with the weights
    for name, parameter in model.named_parameters():
        keys = [key for key in tensors if key.rpartition("/")[0] == name]
        if not keys and not parameter.numel():
            continue  # it has no gradient, so Adam knows nothing of it
        if not keys:
            raise CheckpointError(f"{where / STATE}: holds no optimiser state for {name}")
        wrong = [key for key in keys if tensors[key].shape not in (parameter.shape, ())]
        if wrong:
            shape = list(tensors[wrong[0]].shape)
            raise CheckpointError(
                f"{where / STATE}: '{wrong[0]}' has the shape {shape}, the model's {list(parameter.shape)}"
            )
        state = optimizer.state[parameter] = {}
        for key in keys:
            value = tensors[key]
            if key.endswith("/step"):
                value = value.to(parameter.device) if is_fused else value
            else:  # as the weight lies in memory, which fused kernels walk through
                value = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
            state[key.rpartition("/")[2]] = value
