"""Fields on shapes that no grid fills: their own meshes as files and figures."""

import math

import meshio
import numpy as np
import pytest
import pyvista
import torch
from named_axes import named_axes
from PIL import Image
from vtk_readers import read_all

from sirenpde import Box, Disk, Field, Interval, LeastSquares, Problem, SineFeatures, Solution, on, solve
from sirenpde.export.carriers import on_grid
from sirenpde.export.formats.npz import write_npz
from sirenpde.export.formats.vtu import write_vtu
from sirenpde.export.mesh import Mesh, sample_cells
from sirenpde.export.panels import panels
from sirenpde.geometry.frame import Frame
from sirenpde.geometry.meshes.cells import Cells

LINE = Cells(torch.linspace(0, 2, 5).double()[:, None], torch.tensor([[i, i + 1] for i in range(4)]))
TETRA = Cells(torch.eye(4, 3).double(), torch.tensor([[3, 0, 1, 2]]))
T = torch.linspace(0, 0.5, 4).double()
DISK = Disk().cells(8)
POLYGON = 12 * math.sin(math.pi / 12)  # the area of its 24 corners


def squares(p):
    return (p**2).sum(1)


@pytest.mark.parametrize(
    ("cells", "kind", "size"),
    [
        (LINE, pyvista.CellType.LINE, 2.0),
        (LINE.times(T), pyvista.CellType.QUAD, 1.0),
        (DISK, pyvista.CellType.TRIANGLE, POLYGON),
        (DISK.times(T), pyvista.CellType.WEDGE, POLYGON / 2),
        (DISK.times(T[1:2]), pyvista.CellType.TRIANGLE, POLYGON),
        (TETRA, pyvista.CellType.TETRA, 1 / 6),
        (TETRA.times(T[:1]), pyvista.CellType.TETRA, 1 / 6),
    ],
)
def test_vtu_holds_points_cells_and_values(tmp_path, cells, kind, size):
    d = cells.all_points.shape[1]
    mesh = sample_cells({"u": squares, "v": lambda p: p[:, :2] * 1j}, named_axes("xyzt"[:d]), cells)
    read = pyvista.read(write_vtu(tmp_path / "u.vtu", mesh))
    assert set(read.celltypes) == {kind} and read.n_points == len(mesh.points)
    sizes = read.compute_cell_sizes()
    dimension = {3: "Length", 5: "Area", 9: "Area", 10: "Volume", 13: "Volume"}[kind]
    assert (sizes[dimension] > 0).all() and sizes[dimension].sum() == pytest.approx(size)
    np.testing.assert_allclose(read["u"], squares(mesh.points), atol=1e-14)
    np.testing.assert_allclose(
        read["v_imag"].reshape(len(mesh.points), -1)[:, 0], mesh.points[:, 0], atol=1e-14
    )
    again = meshio.read(tmp_path / "u.vtu")
    assert sum(len(block.data) for block in again.cells) == read.n_cells


def test_what_vtu_has_no_cells_for_is_refused(tmp_path):
    for cells, match in (
        (TETRA.times(T), "4 axes x, y, z, w"),
        (LINE.times(T).times(T), "none of such a shape"),
    ):
        d = cells.all_points.shape[1]
        with pytest.raises(ValueError, match=match):
            write_vtu(tmp_path / "u.vtu", sample_cells({"u": squares}, named_axes("xyzw"[:d]), cells))


def test_npz_holds_points_cells_and_lines(tmp_path):
    mesh = sample_cells({"u": squares}, named_axes("xyt"), DISK.times(T))
    with np.load(write_npz(tmp_path / "u.npz", mesh)) as arrays:
        assert set(arrays) == {"axes", "points", "cells", "t", "u"} and arrays["u"].shape == (4, 61)
        r = (arrays["points"] ** 2).sum(1) + arrays["t"][:, None] ** 2
        np.testing.assert_allclose(arrays["u"], r, atol=1e-15)
        assert arrays["cells"].max() == 60
    with pytest.raises(ValueError, match="like an axis or part of a mesh"):
        write_npz(tmp_path / "v.npz", sample_cells({"points": squares}, named_axes("xy"), DISK))


def test_a_mesh_goes_back_to_the_units_of_a_file():
    mesh = Mesh(named_axes("xyt"), DISK.times(T), {}).restored(Frame((1.0, 2.0, 3.0), 0.5))
    np.testing.assert_allclose(mesh.cells.points, DISK.points.numpy() * 2 + [1, 2])
    np.testing.assert_allclose(mesh.cells.lines[0], 2 * T.numpy() + 3)


@pytest.fixture(scope="module", params=["disk", "cylinder"])
def solution(request):
    """u = x on a disk, or u = x + t on a disk times an interval."""
    cylinder = request.param == "cylinder"
    domain = Disk() * Interval(t=(0, 1)) if cylinder else Disk()
    x, *_, last = domain.axes
    u = Field("u", domain, SineFeatures(60, 3.0))
    here = on(domain, samples=400)(lambda p: u(p) - x(p) - (last(p) if cylinder else 0))
    return solve(Problem(here), [LeastSquares()])


def test_a_solution_is_written_and_drawn_on_its_shape(solution, tmp_path):
    steps = read_all(solution.export(tmp_path / "u.vtkhdf", 17))
    (fields,) = solution.field_sets()
    assert len(steps) == (1 if len(fields.axes) == 2 else 17)
    for t, mesh in steps:
        assert np.linalg.norm(mesh.points[:, :2], axis=1).max() == pytest.approx(1)
        points = mesh.points[:, :2] if t is None else np.insert(mesh.points[:, :2], 2, t, axis=1)
        np.testing.assert_allclose(mesh["u"], solution[fields.functions["u"]](points), atol=1e-12)
    carrier = on_grid(fields, 17)
    assert isinstance(carrier, Mesh) and len(carrier.cells.points) == len(steps[0][1].points)
    with Image.open(solution.export(tmp_path / "u.png", 17)) as image:
        assert image.width > 400
    figure = panels("u", carrier, carrier.values["u"])
    drawn = [ax.collections[0]._triangulation for ax in figure.axes if ax.get_xlabel()]
    assert len(drawn) == (1 if len(fields.axes) == 2 else 3)
    assert all(np.hypot(triangles.x, triangles.y).max() <= 1 + 1e-12 for triangles in drawn)


def test_on_a_grid_a_field_is_not_a_number_outside_its_shape(solution):
    (function,) = solution.field_sets()[0].functions.values()
    grid = solution[function].on_grid(9)
    x, y = np.meshgrid(*grid.coordinates[:2], indexing="ij")
    outside = x**2 + y**2 > 1 + 1e-9
    assert 0.3 < outside.mean() < 0.5
    known = np.isfinite(grid.values).reshape(9, 9, -1)
    assert (known.all(-1) == ~outside).all() and (known.any(-1) == ~outside).all()


def test_a_saved_solution_knows_the_shape_of_its_field(solution, tmp_path):
    solution.save(tmp_path / "saved")
    again = Solution.load(tmp_path / "saved")
    steps = read_all(again.export(tmp_path / "v.vtkhdf", 9))
    assert len(steps) == (1 if len(solution.field_sets()[0].axes) == 2 else 9)
    for _, mesh in steps:
        assert np.linalg.norm(mesh.points[:, :2], axis=1).max() == pytest.approx(1) and len(mesh.points) == 61


def test_a_field_on_a_square_is_not_written_on_the_disk_within_it():
    square, disk = Box(x=(-1, 1), y=(-1, 1)), Disk()
    u, v = Field("u", square, SineFeatures(20, 2.0)), Field("v", disk, SineFeatures(20, 2.0))
    problem = Problem(*(on(f.domain, 100, name=f"{f}")(lambda p, f=f: f(p) - 1) for f in (u, v)))
    on_square, on_disk = solve(problem, [LeastSquares()]).field_sets()
    assert list(on_square.functions) == ["u"] and list(on_disk.functions) == ["v"]
    assert on_square.domain is None and on_disk.domain is disk
