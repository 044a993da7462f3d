"""Derivatives of pictures (H, W, ...), rows downwards, against x to the right and y upwards."""

from __future__ import annotations

import math
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


def spectral_gradient(image: Tensor, h: float) -> Tensor:
    """The gradient by x and y of the cosine series through all pixels: (H, W, ..., 2)."""
    by_row, by_column = (_cosine_slope(image, axis, h) for axis in (0, 1))
    return torch.stack([by_column, -by_row], dim=-1)


def spectral_laplacian(image: Tensor, h: float) -> Tensor:
    """The Laplacian of the cosine series through all pixels: (H, W, ...)."""
    from scipy import fft

    coefficients = fft.dctn(image.numpy(), axes=(0, 1), norm="ortho")
    rows, columns = (torch.arange(n, dtype=torch.float64) * (math.pi / (n * h)) for n in image.shape[:2])
    eigenvalues = -(rows[:, None] ** 2 + columns**2)
    eigenvalues = eigenvalues.view(*eigenvalues.shape, *[1] * (image.ndim - 2))
    return torch.from_numpy(fft.idctn(coefficients * eigenvalues.numpy(), axes=(0, 1), norm="ortho"))


def mirrored(image: Tensor) -> Tensor:
    """The picture with its outermost pixels repeated once on every side: (H + 2, W + 2, ...)."""
    taller = torch.cat([image[:1], image, image[-1:]])
    return torch.cat([taller[:, :1], taller, taller[:, -1:]], dim=1)


GRID: dict[str, Callable[[Tensor, float], Tensor]] = {
    "central gradient": central_gradient,
    "sobel gradient": sobel_gradient,
    "spectral gradient": spectral_gradient,
    "laplacian": laplacian,
    "spectral laplacian": spectral_laplacian,
}


def _cosine_slope(image: Tensor, axis: int, h: float) -> Tensor:
    """Sines of the frequencies 1 to n - 1 in place of the cosines; that of frequency n, which comes last, is none."""
    from scipy import fft

    n = image.shape[axis]
    coefficients = torch.from_numpy(fft.dct(image.numpy(), axis=axis, norm="ortho")).movedim(axis, -1)
    slopes = torch.zeros_like(coefficients)
    slopes[..., :-1] = coefficients[..., 1:] * -(torch.arange(1, n, dtype=image.dtype) * (math.pi / (n * h)))
    return torch.from_numpy(fft.idst(slopes.numpy(), axis=-1, norm="ortho")).movedim(-1, axis)


def _central(image: Tensor, axis: int, h: float) -> Tensor:
    n = image.shape[axis]
    if n == 1:
        return torch.zeros_like(image)
    (slope,) = torch.gradient(image, spacing=h, dim=axis, edge_order=2 if n > 2 else 1)
    return slope
