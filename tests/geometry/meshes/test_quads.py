"""Quadrilaterals that fill shapes: their areas, and their sides on the boundary."""

import math

import pytest
import torch

from sirenpde import Box, Disk, Polygon
from sirenpde.engines.elements import slopes_of_maps
from sirenpde.geometry.meshes.quads import quadrilaterals
from sirenpde.networks.elements import ElementSeries, products
from sirenpde.networks.lobatto import lobatto

SQUARE = Box(x=(-1, 1), y=(-1, 1))
SHAPES = {
    "disk": (Disk(radius=2), 1e-9),
    "hole": (SQUARE - Disk(center=(0.3, 0), radius=0.25), 1e-8),
    "triangle": (SQUARE - Polygon([(0, -0.3), (0.5, -0.3), (0.3, 0.4)]), 1e-12),
    "union": (Disk(radius=1) | Disk(center=(1, 0), radius=0.7), 1e-8),
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("resolution", [4, 7])
def test_cells_fill_the_shape_and_are_not_folded(name, resolution):
    shape, tolerance = SHAPES[name]
    module = ElementSeries(quadrilaterals(shape, resolution, lobatto(6)[0]), 8, (0, 1), 1, 0, 1)
    stretch = torch.linalg.det(slopes_of_maps(module))
    assert float(stretch.min()) > 0
    area = float((stretch * products([lobatto(8)[1][None]] * 2)).sum())
    assert math.isclose(area, shape.measure, rel_tol=tolerance)


def test_sides_lie_on_the_boundary():
    disk = Disk(radius=2)
    nodes = quadrilaterals(disk, 4, lobatto(6)[0])
    radii = nodes.norm(dim=2)
    on = (radii > 2 - 1e-12).sum(1)
    assert float(radii.max()) < 2 + 1e-12 and int((on >= 7).sum()) >= 6
