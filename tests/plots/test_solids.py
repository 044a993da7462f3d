"""Solids: their surface, sections and outlines, against areas and lengths that are known."""

import numpy as np
import pytest

from sirenpde import Disk
from sirenpde.plots.solids import edges_of, once, section, surface_of, tetrahedra_of

# Kuhn's six tetrahedra of each cube of a lattice.
ORDERS = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]


def cubes(n):
    index = np.stack(np.meshgrid(*[np.arange(n + 1)] * 3, indexing="ij"), -1).reshape(-1, 3)
    stride = np.array([(n + 1) ** 2, n + 1, 1])
    corner = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), -1).reshape(-1, 3) @ stride
    tetrahedra = [
        np.cumsum(np.stack([corner, *(np.full_like(corner, stride[i]) for i in order)], 1), axis=1)
        for order in ORDERS
    ]
    return index / n, np.concatenate(tetrahedra)


def areas(points, triangles):
    a, b, c = (points[triangles[:, i]] for i in range(3))
    return np.cross(b - a, c - a) / 2


def test_the_surface_of_a_cube_has_area_six_and_points_outwards():
    points, tetrahedra = cubes(4)
    triangles = surface_of(points, tetrahedra)
    vectors = areas(points, triangles)
    assert np.linalg.norm(vectors, axis=1).sum() == pytest.approx(6)
    outwards = points[triangles].mean(1) - 0.5
    assert (np.einsum("ij,ij->i", vectors, outwards) > 0).all()


@pytest.mark.parametrize("level", [0.5, 0.3, 1e-9])  # through vertices, and not
def test_a_section_of_a_cube_is_a_square(level):
    points, tetrahedra = cubes(4)
    edges, share, triangles = section(points, tetrahedra, 2, level)
    places = points[edges[:, 0]] * (1 - share[:, None]) + points[edges[:, 1]] * share[:, None]
    np.testing.assert_allclose(places[:, 2], level, atol=1e-12)
    assert np.linalg.norm(areas(places, triangles), axis=1).sum() == pytest.approx(1)
    outline = edges_of(triangles)
    length = np.linalg.norm(places[outline[:, 0]] - places[outline[:, 1]], axis=1)
    assert length.sum() == pytest.approx(4)


def test_beside_a_solid_there_is_no_section():
    points, tetrahedra = cubes(2)
    assert len(section(points, tetrahedra, 0, 1.5)[2]) == 0


def test_prisms_fill_an_extrusion():
    cells, layers = Disk().cells(12), 4
    height = np.linspace(0, 3, layers)
    flat = cells.points.numpy()
    points = np.column_stack([np.repeat(flat, layers, 0), np.tile(height, len(flat))])
    tetrahedra = tetrahedra_of(cells.corners.numpy(), layers)
    a, b, c, d = (points[tetrahedra[:, i]] for i in range(4))
    volume = np.abs(np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a)).sum() / 6
    base = np.abs(np.linalg.det(flat[cells.corners][:, 1:] - flat[cells.corners][:, :1])).sum() / 2
    assert volume == pytest.approx(3 * base)
    surface = np.linalg.norm(areas(points, surface_of(points, tetrahedra)), axis=1).sum()
    rim = flat[edges_of(cells.corners.numpy())]
    around = np.linalg.norm(rim[:, 0] - rim[:, 1], axis=1).sum()
    assert surface == pytest.approx(2 * base + 3 * around)


def test_edges_inside_occur_twice():
    assert len(once(np.array([[0, 1], [1, 0], [1, 2]]))) == 1
