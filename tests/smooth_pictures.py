"""Pictures of a smooth function, for tests of pixels, edges and stencils."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sirenpde import PixelGrid


def smooth(p: Tensor) -> Tensor:
    """sin(2x + 1) exp(y)"""
    return torch.sin(2 * p[:, 0] + 1) * torch.exp(p[:, 1])


def smooth_gradient(p: Tensor) -> Tensor:
    x, y = p.T
    return torch.stack([2 * torch.cos(2 * x + 1) * y.exp(), torch.sin(2 * x + 1) * y.exp()], dim=1)


def sampled(f: Callable[[Tensor], Tensor], height: int, width: int) -> PixelGrid:
    """The picture of a function at the pixel centres."""
    points = PixelGrid({"any": np.zeros((height, width))}).points
    return PixelGrid({"f": f(points).reshape(height, width), "twice": 2 * f(points).reshape(height, width)})


def image_file(folder: Path, name: str, array: NDArray[np.generic], mode: str | None = None) -> str:
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(folder / name)
    return str(folder / name)


def errors(make: Callable[[PixelGrid], Tensor]) -> list[float]:
    """The largest error at 24×36, 48×72 and 96×144 pixels."""
    return [float(make(sampled(smooth, 24 * k, 36 * k)).abs().max()) for k in (1, 2, 4)]
