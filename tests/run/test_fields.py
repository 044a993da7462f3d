"""Fields on grids, meshes and lines, and their integrals."""

import math

import meshio
import numpy as np
import pytest
from pytest import approx

from sirenpde import Box, Disk, Field, Interval, LeastSquares, Problem, SineFeatures, on, solve

PLATE = Box(x=(-1, 1), y=(-1, 1)) - Disk(radius=0.5)


def solved(domain, formula):
    u = Field("u", domain, SineFeatures(80, 3.0))
    return solve(Problem(on(domain, 600, name="known")(lambda p: u(p) - formula(p))), [LeastSquares()])


@pytest.fixture(scope="module")
def plate():
    x, y = PLATE.axes
    return solved(PLATE, lambda p: x(p) + 2 * y(p))


def test_on_a_grid_and_along_a_line_a_shape_has_no_values_outside(plate):
    grid = plate["u"].on_grid(21)
    x, y = np.meshgrid(*grid.coordinates, indexing="ij")
    assert (np.isnan(grid.values) == (x**2 + y**2 < 0.499**2)).all()
    line = plate["u"].on_line((-1, 0), (1, 0), n=41)
    assert line.distance[[0, -1]].tolist() == [0, 2] and line.points[20] == approx([0, 0])
    known = np.abs(line.points[:, 0]) > 0.499
    assert line.values[known] == approx(line.points[known, 0], abs=1e-6)
    assert np.isnan(line.values[~known]).all() and (~known).sum() == 19
    with pytest.raises(ValueError, match="2 coordinates each, for x, y"):
        plate["u"].on_line((0,), (1,))


def test_on_a_mesh_of_the_shape_and_of_a_file(plate, tmp_path):
    mesh = plate["u"].on_mesh(16)
    assert np.linalg.norm(mesh.points, axis=1).min() == approx(0.5) and mesh.cells.shape[1] == 3
    assert mesh.values == approx(mesh.points @ [1, 2], abs=1e-6)
    points = np.array([[0.6, 0.6, 0], [0.9, 0.6, 0], [0.6, 0.9, 0]])
    meshio.Mesh(points, [("triangle", [[0, 1, 2]])]).write(tmp_path / "part.vtk")
    given = plate["u"].on_mesh(tmp_path / "part.vtk")
    assert given.values == approx(points @ [1, 2, 0], abs=1e-6) and given.cells.tolist() == [[0, 1, 2]]


def test_on_a_mesh_at_one_time():
    domain = Disk() * Interval(t=(0, 1))
    x, _, t = domain.axes
    mesh = solved(domain, lambda p: x(p) + t(p))["u"].on_mesh(8, t=0.5)
    assert set(mesh.points[:, 2]) == {0.5} and mesh.cells.max() == len(mesh.points) - 1
    assert mesh.values == approx(mesh.points[:, 0] + 0.5, abs=1e-2)
    with pytest.raises(ValueError, match="z were held"):
        solved(Box(x=(0, 1)), lambda p: p.coords[0])["u"].on_mesh(8, z=0.5)


def test_integrals_over_shapes_and_boundaries(plate):
    area = plate.integrate(lambda p: 1 + 0 * plate.problem.fields[0](p))
    assert float(area.value) == approx(PLATE.measure, abs=1e-9) and area.error < 1e-9
    boundary = PLATE.boundary()
    flux = plate.integrate(lambda p: boundary.normal(p) @ p.coords + 0 * plate.problem.fields[0](p), boundary)
    assert float(flux.value) == approx(2 * PLATE.measure, abs=1e-9)
    squares = plate.integrate(lambda p: plate.problem.fields[0](p) ** 2)
    exact = 5 * (4 / 3 - math.pi * 0.5**4 / 4)
    assert float(squares.value) == approx(exact, abs=1e-6)
