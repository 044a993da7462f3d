"""Cells that fill shapes."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, Disk, Interval, TriangleMesh, bundled
from sirenpde.geometry import can
from sirenpde.geometry.meshes.meshing import boundary_of, cells_within, triangles_where, volumes_of

SQUARE = Box(x=(-1, 1), y=(-1, 1))


def area(cells):
    a, b, c = cells.points[cells.corners].unbind(1)
    u, v = b - a, c - a
    return float((u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]).sum() / 2)


def test_a_combination_has_a_mesh_of_itself_and_a_box_a_grid():
    plate = SQUARE - Disk(radius=0.5)
    assert can.needs_mesh(plate) and not can.needs_mesh(SQUARE) and not can.needs_mesh(Box(x=(0, 1)))
    cells = plate.cells(24)
    skin = torch.unique(boundary_of(cells.corners))
    assert float(plate.level(cells.points[skin]).abs().max()) < 1e-14
    assert abs(area(cells) - plate.measure) < 4e-3
    prism = (plate * Interval(t=(0, 1))).cells(12)
    assert prism.shape[1:] == (12,) and can.needs_mesh(plate * Interval(t=(0, 1)))


def test_a_predicate_has_triangles_whose_boundary_is_on_its_change():
    def level(p):
        return p.norm(dim=1) - 0.7 - 0.2 * torch.cos(5 * torch.atan2(p[:, 1], p[:, 0]))

    by_level = triangles_where(level, SQUARE.bounds, 40)
    by_sign = triangles_where(lambda p: level(p).sign(), SQUARE.bounds, 40)
    for cells in (by_level, by_sign):
        assert float(level(cells.points[torch.unique(boundary_of(cells.corners))]).abs().max()) < 1e-14
        assert area(cells) == pytest.approx(0.51 * math.pi, rel=2e-3)
    half = triangles_where(lambda p: p[:, 0] - 0.5, SQUARE.bounds, 20)
    assert area(half) == pytest.approx(3, rel=1e-3) and float(half.points[:, 0].max()) < 0.5 + 1e-9
    with pytest.raises(ValueError, match="No point of a grid"):
        triangles_where(lambda p: 1 + 0 * p[:, 0], SQUARE.bounds, 20)


def test_a_line_has_lines():
    cells = cells_within(Box(x=(0, 2)), 5)
    assert cells.points[:, 0].tolist() == [0, 0.5, 1, 1.5, 2] and len(cells.corners) == 4


class HollowCube:
    """A cube without a ball, known by its level alone."""

    name, dimension, bounds, sides = "hollow cube", 3, ((-1.0, 1.0),) * 3, ()

    def level(self, p):
        return torch.maximum(p.abs().amax(1) - 1, 0.6 - p.norm(dim=1))


@pytest.mark.slow
def test_tetrahedra_fill_a_solid_that_is_known_by_its_level():
    solid = HollowCube()
    cells = cells_within(solid, 10)
    volumes = volumes_of(cells.points, cells.corners)
    assert (volumes > 0).all()
    assert float(volumes.sum()) == pytest.approx(8 - 4 / 3 * math.pi * 0.6**3, rel=0.05)
    skin = cells.points[torch.unique(boundary_of(cells.corners))]
    off = solid.level(skin).abs()
    assert float(off.quantile(0.5)) < 1e-14 and float(off.max()) < 0.2
    ball = skin[skin.norm(dim=1) < 0.8]
    assert float((ball.norm(dim=1) - 0.6).abs().max()) < 1e-12


@pytest.mark.slow
def test_tetrahedra_fill_the_interior_of_a_mesh():
    spot = TriangleMesh.open(bundled("spot.obj"))
    cells = spot.cells(10)
    volumes = volumes_of(cells.points, cells.corners)
    assert (volumes > 0).all() and float(volumes.sum()) == pytest.approx(spot.volume, rel=0.01)
    skin = cells.points[torch.unique(boundary_of(cells.corners))]
    assert float(spot.level(skin).abs().max()) < 2e-3 * spot.diagonal


def test_the_faces_of_a_tetrahedron_are_seen_from_outside():
    points = torch.eye(4, 3, dtype=torch.float64)[[3, 0, 1, 2]]
    faces = boundary_of(torch.tensor([[0, 1, 2, 3]]))
    a, b, c = points[faces].unbind(1)
    outward = torch.linalg.cross(b - a, c - a)
    assert ((points[faces].mean(1) - points.mean(0)) * outward).sum(1).min() > 0
    assert np.unique(faces).tolist() == [0, 1, 2, 3]
