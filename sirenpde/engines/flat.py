"""The trainable parameters of a module as one flat vector, and back."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate, pairwise

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


def slices_of(modules: Iterable[nn.Module]) -> list[slice]:
    """Where each of several modules has its parameters in the flat vector of all, one after another.

    >>> slices_of([nn.Linear(2, 3), nn.Linear(3, 1)])
    [slice(0, 9, None), slice(9, 13, None)]
    """
    ends = accumulate((sum(p.numel() for _, p in trainable(module)) for module in modules), initial=0)
    return [slice(a, b) for a, b in pairwise(ends)]


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
