"""The trainable parameters of a module as one flat vector, and back."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def trainable(module: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """The parameters that are trained, with their names, in the order of ``module.named_parameters()``.

    >>> [name for name, _ in trainable(nn.Linear(2, 3))]
    ['weight', 'bias']
    """
    return [(name, parameter) for name, parameter in module.named_parameters() if parameter.requires_grad]


def flatten(module: nn.Module) -> Tensor:
    """A copy of the trainable parameters as one contiguous vector theta, shape (P,).

    >>> flatten(nn.Linear(2, 3)).shape
    torch.Size([9])
    """
    values = [parameter.detach().reshape(-1) for _, parameter in trainable(module)]
    return torch.cat(values) if values else torch.zeros(0)


def unflatten(module: nn.Module, theta: Tensor) -> dict[str, Tensor]:
    """Views of ``theta`` (P,) in the shapes of the trainable parameters, by name.

    Raises ValueError where theta has another length than the parameters together.

    >>> layer = nn.Linear(2, 3)
    >>> unflatten(layer, flatten(layer))["weight"].shape
    torch.Size([3, 2])
    """
    named = trainable(module)
    expected = sum(parameter.numel() for _, parameter in named)
    if theta.shape != (expected,):
        raise ValueError(
            f"theta of shape {tuple(theta.shape)}; expected ({expected},), the number of trainable "
            "parameters. Make it with flatten(module)."
        )
    views, start = {}, 0
    for name, parameter in named:
        views[name] = theta[start : start + parameter.numel()].view(parameter.shape)
        start += parameter.numel()
    return views
