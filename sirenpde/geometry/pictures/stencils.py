"""Finite differences of pictures (H, W, ...), rows downwards, against x to the right and y upwards."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def central_gradient(image: Tensor, h: float) -> Tensor:
    """(u(x + h) - u(x - h)) / 2h by x and y, one-sided of second order at the border: (H, W, ..., 2)."""
    by_row, by_column = (_central(image, axis, h) for axis in (0, 1))
    return torch.stack([by_column, -by_row], dim=-1)


def sobel_gradient(image: Tensor, h: float) -> Tensor:
    """Central differences smoothed by (1, 2, 1) / 4 across, the picture mirrored at its border."""
    u = mirrored(image)
    rows, columns = (u[:-2] + 2 * u[1:-1] + u[2:]) / 4, (u[:, :-2] + 2 * u[:, 1:-1] + u[:, 2:]) / 4
    by_x, by_y = (rows[:, 2:] - rows[:, :-2]) / (2 * h), (columns[:-2] - columns[2:]) / (2 * h)
    return torch.stack([by_x, by_y], dim=-1)


def laplacian(image: Tensor, h: float) -> Tensor:
    """(sum of the four neighbours - 4 u) / h², the picture mirrored at its border: (H, W, ...)."""
    u = mirrored(image)
    return (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * image) / h**2


def mirrored(image: Tensor) -> Tensor:
    """The picture with its outermost pixels repeated once on every side: (H + 2, W + 2, ...)."""
    taller = torch.cat([image[:1], image, image[-1:]])
    return torch.cat([taller[:, :1], taller, taller[:, -1:]], dim=1)


GRID: dict[str, Callable[[Tensor, float], Tensor]] = {
    "central gradient": central_gradient,
    "sobel gradient": sobel_gradient,
    "laplacian": laplacian,
}


def _central(image: Tensor, axis: int, h: float) -> Tensor:
    n = image.shape[axis]
    if n == 1:
        return torch.zeros_like(image)
    (slope,) = torch.gradient(image, spacing=h, dim=axis, edge_order=2 if n > 2 else 1)
    return slope
