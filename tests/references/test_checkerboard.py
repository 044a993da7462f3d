"""The checkerboard's certified solution."""

import numpy as np
import torch

from sirenpde import Box
from sirenpde.problem.reference import exact_values
from sirenpde.references.checkerboard import board, checkerboard

PLATE = Box(x=(0, 1), y=(0, 1))


def values(x, y, contrast):
    points = torch.stack([x, y], dim=1)
    return exact_values(lambda p: checkerboard(p, contrast), PLATE.axes, points, {}).flatten()


def test_neighbouring_expansions_agree():
    assert board(10.0).misfit < 1e-8


def test_one_material_is_the_heated_square():
    """u(1/2, 1/2) from its double series, whose terms alternate."""
    n = np.arange(1, 4000, 2)
    sign = np.where(n % 4 == 1, 1.0, -1.0)
    inside = 1 - 2 * np.exp(-n * np.pi / 2) / (1 + np.exp(-n * np.pi))
    across = sign / n**3.0 * inside
    exact = 4 / np.pi**3 * across.sum()
    middle = torch.tensor([0.5], dtype=torch.float64)
    assert abs(float(values(middle, middle, 1.0)[0]) - exact) < 1e-9


def test_value_and_flux_are_continuous_and_all_heat_leaves_at_the_edge():
    along = torch.cat([(k + torch.linspace(0.1, 0.9, 12, dtype=torch.float64)) / 4 for k in range(4)])

    def slope(x, y):
        h = 1e-6
        return (values(x + h, y, 10.0) - values(x - h, y, 10.0)) / (2 * h)

    step = 1e-5
    for place, first in ((0.25, 0), (0.5, 1)):  # x, and the columns of squares on its left
        here = torch.full_like(along, place)
        left, right = values(here - 1e-12, along, 10.0), values(here + 1e-12, along, 10.0)
        torch.testing.assert_close(left, right, rtol=0, atol=1e-10)
        odd = (torch.floor(4 * along) + first) % 2
        below = torch.where(odd == 0, 1.0, 10.0) * slope(here - step, along)
        above = torch.where(odd == 0, 10.0, 1.0) * slope(here + step, along)
        assert float((below - above).abs().max()) < 1e-3 * float(below.abs().max())
    nodes, weights = np.polynomial.legendre.leggauss(30)
    t = torch.from_numpy(np.concatenate([(2 * k + 1 + nodes) / 8 for k in range(4)]))
    w = torch.from_numpy(np.tile(weights / 8, 4))
    near = torch.full_like(t, 1e-7)
    out = 0.0
    for x, y, far in ((near, t, 0), (1 - near, t, 3), (t, near, 0), (t, 1 - near, 3)):
        square = (torch.floor(4 * t) + far) % 2
        a = torch.where(square == 0, 1.0, 10.0)
        out += float((w * a * values(x, y, 10.0) / 1e-7).sum())
    assert abs(out - 1) < 1e-5
