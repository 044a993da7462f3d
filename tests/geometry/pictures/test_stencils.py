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


def test_spectral_derivatives_are_those_of_cosines_up_to_nyquist() -> None:
    """On a grid of 9 x 14 pixels, whose sides are 9 h and 14 h long: the fastest waves have no slope at pixels."""
    h = 2 / 14
    y, x = -(np.arange(9) + 0.5) * h, (np.arange(14) + 0.5) * h
    k, m = 13 * np.pi / (14 * h), 5 * np.pi / (9 * h)
    wave, along = np.cos(m * y)[:, None] * np.cos(k * x), np.cos(m * y)[:, None] * np.sin(k * x)
    grid = PixelGrid({"a": np.stack([wave, 2 * wave, 1 + 0 * wave], -1)})
    gradient = grid.data["spectral gradient of a"].reshape(9, 14, 3, 2).numpy()
    np.testing.assert_allclose(gradient[:, :, 1, 0], -2 * k * along, atol=1e-11)
    np.testing.assert_allclose(gradient[:, :, 0, 1], -m * np.sin(m * y)[:, None] * np.cos(k * x), atol=1e-11)
    np.testing.assert_allclose(gradient[:, :, 2], 0, atol=1e-11)
    laplacian = grid.data["spectral laplacian of a"].reshape(9, 14, 3).numpy()
    np.testing.assert_allclose(laplacian[:, :, 0], -(k**2 + m**2) * wave, atol=1e-9)
