"""Onto the zero of a function of points, along its gradient."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # points (n, d) -> (n,)

_OFFSETS = ((1, 2 / 3), (2, -1 / 12))  # of fourth order


def gradient(function: Function, points: Tensor, step: float) -> Tensor:
    """The gradient (n, d): by automatic differentiation where the function allows it, else central differences.

    Differences are of fourth order, over ``step``.
    """
    asked = points.detach().clone().requires_grad_(True)
    try:
        with torch.enable_grad():
            values = function(asked)
    except RuntimeError:  # numpy, which takes no tensor that is differentiated
        values = points
    if values.requires_grad:
        (slopes,) = torch.autograd.grad(values.sum(), asked)
        return slopes.detach()
    d = points.shape[1]
    total = torch.zeros(len(points), d, dtype=torch.float64)
    for k in range(d):
        shift = step * torch.eye(d, dtype=torch.float64)[k]
        for times, weight in _OFFSETS:
            difference = function(points + times * shift) - function(points - times * shift)
            total[:, k] += weight * difference.detach()
    return total / step


def onto(function: Function, points: Tensor, reach: float) -> Tensor:
    """The points moved to where the function vanishes, by Newton's method, if that is within ``reach``."""
    moved = points.clone()
    for _ in range(12):
        values = function(moved).detach()
        slopes = gradient(function, moved, 1e-4 * reach)
        steps = values[:, None] * slopes / slopes.square().sum(1, keepdim=True).clamp(min=1e-300)
        moved = moved - steps
        if float(steps.norm(dim=1).max()) < 1e-15 * max(1.0, float(moved.abs().max())):
            break
    near = (moved - points).norm(dim=1) <= reach
    better = function(moved).detach().abs() <= function(points).detach().abs()
    return torch.where((near & better)[:, None], moved, points)
