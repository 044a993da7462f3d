"""What differences of pictures converge to."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from smooth_pictures import errors, smooth, smooth_gradient
from torch import Tensor

from sirenpde import PixelGrid


def test_the_gradient_is_of_second_order_up_to_the_border() -> None:
    found = errors(lambda g: g.data["central gradient of f"] - smooth_gradient(g.points))
    assert found[2] < 3e-3
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


def test_the_laplacian_is_of_second_order_inside() -> None:
    def error(g: PixelGrid) -> Tensor:
        inside = torch.zeros(g.shape, dtype=torch.bool)
        inside[1:-1, 1:-1] = True
        return (g.data["laplacian of f"] + 3 * smooth(g.points))[inside.reshape(-1)]

    found = errors(error)
    assert found[2] < 1e-3
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


def test_sobel_and_laplacian_agree_with_scipy() -> None:
    image = np.random.default_rng(0).random((7, 10))
    grid = PixelGrid({"a": image})
    by_x, by_y = (ndimage.sobel(image, axis=axis, mode="reflect") / 8 / grid.spacing for axis in (1, 0))
    expected = torch.from_numpy(np.stack([by_x, -by_y], axis=-1)).reshape(-1, 2)
    assert torch.allclose(grid.data["sobel gradient of a"], expected, atol=1e-13)
    laplace = torch.from_numpy(ndimage.laplace(image, mode="reflect") / grid.spacing**2).reshape(-1)
    assert torch.allclose(grid.data["laplacian of a"], laplace, atol=1e-11)
