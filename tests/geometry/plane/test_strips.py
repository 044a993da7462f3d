"""Integrals over shapes in the plane, against the boundary's by Gauss' theorem."""

import numpy as np
import pytest
import torch

from sirenpde import Box, Disk, Ellipse, Polygon
from sirenpde.geometry.quadrature import cubature

SQUARE = Box(x=(-1, 1), y=(-1, 1))
SHAPES = {
    "bracket": Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]),
    "turned": Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]).rotated(0.3),
    "rounded": Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)], rounded=0.3),
    "plate": SQUARE - Disk(radius=0.5),
    "lens": Disk() & Disk(center=(1, 0)),
    "thin ring": Disk() - Disk(center=(0.001, 0), radius=0.998),
    "two parts": Ellipse(radii=(3, 0.2)).rotated(0.2) - Disk(radius=0.5),
    "touching": SQUARE - Disk(center=(0.5, 0), radius=0.5),
}


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_polynomials_are_integrated_to_rounding(shape, count):
    """∫ xⁱ yʲ is the flux of (xⁱ⁺¹ yʲ / (i + 1), 0)."""
    nodes, rim = cubature(shape, count), cubature(shape.boundary(), count + 1)
    assert nodes.weights.min() > 0 and bool((shape.level(nodes.points) < 0).all())
    assert float(nodes.weights.sum()) == pytest.approx(shape.measure, rel=1e-13)
    (x, y), (a, b), normal = nodes.points.T, rim.points.T, rim.data["normal"][:, 0]
    scale = float(nodes.weights @ (1 + nodes.points.abs().amax(1)) ** (2 * count))
    for i in range(2 * count):
        j = 2 * count - 1 - i
        flux = (a ** (i + 1) * b**j / (i + 1) * normal) @ rim.weights
        assert float((x**i * y**j) @ nodes.weights) == pytest.approx(float(flux), abs=1e-14 + 3e-14 * scale)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_high_degrees_are_integrated_to_ten_digits(shape):
    """∫ T₃₁(X), Chebyshev's polynomial of the place in the bounding box, is a flux too."""
    nodes, rim = cubature(shape, 16), cubature(shape.boundary(), 32)
    (low, high), _ = shape.bounds
    chebyshev = np.polynomial.chebyshev.Chebyshev.basis(31, domain=(low, high))
    value = torch.from_numpy(chebyshev(nodes.points[:, 0].numpy())) @ nodes.weights
    flux = torch.from_numpy(chebyshev.integ()(rim.points[:, 0].numpy())) * rim.data["normal"][:, 0]
    assert float(value) == pytest.approx(float(flux @ rim.weights), abs=2e-10 * shape.measure)


def test_smooth_functions_converge():
    """exp(x) cos(y) is harmonic: its mean over a disk is its value at the centre."""
    shape = Disk(radius=0.7) - Disk(center=(0.2, 0.1), radius=0.3)
    nodes = cubature(shape, 8)
    value = (nodes.points[:, 0].exp() * nodes.points[:, 1].cos()) @ nodes.weights
    centre = torch.tensor([0.2, 0.1], dtype=torch.float64)
    exact = torch.pi * (0.49 - 0.09 * centre[0].exp() * centre[1].cos())
    assert float(value) == pytest.approx(float(exact), rel=1e-14)
