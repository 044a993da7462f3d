"""Where fields are evaluated: their shape, a mesh file, points, a grid, a boundary."""

import csv
import math

import meshio
import numpy as np
import pytest
import pyvista
import torch
import trimesh
from PIL import Image

from sirenpde import (
    Ball,
    Box,
    Disk,
    Field,
    Interval,
    LeastSquares,
    Point,
    Problem,
    SineFeatures,
    TriangleMesh,
    grad,
    on,
    solve,
)
from sirenpde.export.carriers import Request
from sirenpde.export.fields import field_sets, with_further
from sirenpde.export.places import AtPoints, OnBoundary, OnGrid, OnMesh, outside, place_of, points_of
from sirenpde.export.room import check_memory, check_mesh
from sirenpde.export.sampled import Sampled
from sirenpde.export.write import write_fields
from sirenpde.geometry.readers.places import read_places

SQUARE = Box(x=(-1, 1), y=(-1, 1))
PLATE = SQUARE - Disk(radius=0.5)


def known(domain, formula, **given):
    """The fields of a problem on a domain, whose values are given by a function of points."""
    u = Field("u", domain)
    constraint = on(domain, samples=10, name="known")(lambda p: u(p))
    return field_sets(Problem(constraint, **given), lambda function, points, data=None: formula(points))


def ramp(points):
    return points[:, 0] + 2 * points[:, 1]


def test_a_field_is_written_on_its_shape_and_not_on_its_box(tmp_path):
    (fields,) = known(PLATE, ramp)
    mesh = pyvista.read(write_fields(tmp_path / "u.vtu", fields, Request(24)))
    radius = np.linalg.norm(mesh.points, axis=1)
    assert radius.min() == pytest.approx(0.5) and np.isfinite(mesh["u"]).all()
    assert mesh.compute_cell_sizes()["Area"].sum() == pytest.approx(PLATE.measure, rel=2e-3)
    np.testing.assert_allclose(mesh["u"], ramp(mesh.points), atol=1e-14)


def test_a_field_on_a_box_is_known_where_its_equations_hold(tmp_path):
    u = Field("u", SQUARE)
    for part in (PLATE, SQUARE.where(lambda p: p.norm(dim=1) > 0.5)):
        here = on(part, samples=10, name="here")(lambda p: u(p))
        (fields,) = field_sets(Problem(here), lambda function, points, data=None: ramp(points))
        mesh = pyvista.read(write_fields(tmp_path / "u.vtu", fields, Request(24)))
        assert np.linalg.norm(mesh.points, axis=1).min() == pytest.approx(0.5, abs=1e-6)
    both = Problem(here, on(SQUARE, samples=10, name="all")(lambda p: u(p)))
    assert field_sets(both, lambda *_: None)[0].known_on is None


def test_on_a_grid_what_lies_outside_is_not_a_number(tmp_path):
    (fields,) = known(PLATE, ramp)
    image = pyvista.read(write_fields(tmp_path / "u.vti", fields, Request(21, place=OnGrid())))
    inside = np.linalg.norm(image.points, axis=1) > 0.499
    assert (np.isfinite(image["u"]) == inside).all() and (~inside).sum() > 50


def written_mesh(path, points, cells):
    meshio.Mesh(points, cells).write(path)
    return path


def test_a_mesh_of_the_users_keeps_its_points_and_order(tmp_path):
    rng = np.random.default_rng(0)
    points = np.pad(rng.uniform(0.6, 1, size=(12, 2)), ((0, 0), (0, 1)))
    file = written_mesh(tmp_path / "part.vtu", points, [("triangle", [[0, 1, 2]]), ("quad", [[3, 4, 5, 6]])])
    (fields,) = known(PLATE, ramp)
    read = meshio.read(write_fields(tmp_path / "u.vtu", fields, Request(place=OnMesh(file))))
    np.testing.assert_array_equal(read.points, points)
    np.testing.assert_allclose(read.point_data["u"], ramp(points), atol=1e-14)
    assert [len(block.data) for block in read.cells] == [3]


@pytest.mark.parametrize("ending", ["vtk", "stl", "ply", "obj", "msh"])
def test_meshes_of_many_kinds_are_read_in_silence(tmp_path, capfd, ending):
    points = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    file = written_mesh(tmp_path / f"a.{ending}", points, [("triangle", [[0, 1, 2], [0, 2, 3]])])
    capfd.readouterr()
    found, corners = read_places(file, 3, "x, y, z")
    assert corners.shape == (2, 3) and {*map(tuple, found)} == {*map(tuple, points)}
    assert capfd.readouterr() == ("", "")


def test_volumes_are_split_into_simplices_that_fill_them(tmp_path):
    cube = np.array(
        [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]], float
    )
    cells = {
        "hexahedron": (range(8), 1),
        "wedge": ((0, 1, 3, 4, 5, 7), 1 / 2),
        "pyramid": ((0, 1, 2, 3, 4), 1 / 3),
    }
    for kind, (corners, volume) in cells.items():
        file = written_mesh(tmp_path / f"{kind}.vtu", cube, [(kind, [list(corners)])])
        points, simplices = read_places(file, 3, "x, y, z")
        a, b, c, d = points[simplices].transpose(1, 0, 2)
        volumes = np.abs(np.linalg.det(np.stack([b - a, c - a, d - a], axis=1))) / 6
        assert volumes.sum() == pytest.approx(volume) and volumes.min() > 0


def test_meshes_that_do_not_fit_are_refused(tmp_path):
    tilted = written_mesh(tmp_path / "t.vtu", np.eye(3), [("triangle", [[0, 1, 2]])])
    with pytest.raises(ValueError, match="for a field of x, y one of the plane is needed"):
        read_places(tilted, 2, "x, y")
    (tmp_path / "broken.vtu").write_text("<VTKFile")
    with pytest.raises(ValueError, match=r"could not be read as VTU .it is damaged, or of another kind"):
        read_places(tmp_path / "broken.vtu", 2, "x, y")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        read_places(tmp_path / "none.vtu", 2, "x, y")


def test_points_of_a_table_give_a_table_and_those_outside_are_told(tmp_path):
    (tmp_path / "probes.csv").write_text("y,x,T\n0.5,0.6,1\n0,0.1,2\n0.7,-0.9,3\n")
    place = points_of(tmp_path / "probes.csv", SQUARE.axes)
    assert place.points.tolist() == [[0.6, 0.5], [0.1, 0], [-0.9, 0.7]]
    (fields,) = known(PLATE, ramp)
    with pytest.warns(UserWarning, match=r"1 of the 3 points of probes lie outside .*2: x = 0.1, y = 0"):
        file = write_fields(tmp_path / "u.csv", fields, Request(place=place))
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [float(row["u"]) for row in rows[::2]] == pytest.approx([1.6, 0.5])
    assert math.isnan(float(rows[1]["u"]))
    (tmp_path / "bad.csv").write_text("x,z\n1,2\n")
    with pytest.raises(ValueError, match=r"no column 'y'.* it has x"):
        points_of(tmp_path / "bad.csv", SQUARE.axes)


def test_a_boundary_has_the_values_and_the_outward_normal(tmp_path):
    (fields,) = known(PLATE, ramp)
    rim = meshio.read(write_fields(tmp_path / "u.vtu", fields, Request(24, place=OnBoundary())))
    radius = np.linalg.norm(rim.points, axis=1)
    hole = radius < 0.6
    assert radius[hole] == pytest.approx(0.5) and {block.type for block in rim.cells} == {"line"}
    inward = -rim.points[hole] / radius[hole, None]
    np.testing.assert_allclose(rim.point_data["normal"][hole], inward, atol=0.02)
    np.testing.assert_allclose(rim.point_data["u"], ramp(rim.points), atol=1e-14)
    (cube,) = known(Box(x=(0, 1), y=(0, 2), z=(0, 3)), ramp)
    skin = pyvista.read(write_fields(tmp_path / "c.vtu", cube, Request(5, place=OnBoundary())))
    assert skin.compute_cell_sizes()["Area"].sum() == pytest.approx(22)
    middle = np.array([0.5, 1, 1.5])
    assert (((skin.points - middle) * skin["normal"]).sum(1) > 0.49).all()
    np.testing.assert_allclose(np.linalg.norm(skin["normal"], axis=1), 1)


def test_points_a_rounding_outside_count_as_inside():
    at = torch.pi / 7
    chord = np.array([[0.5 * math.cos(at), 0.5 * math.sin(at)]]) * (1 - 1e-3)
    assert not outside(PLATE, chord)[0] and outside(PLATE, 0.9 * chord)[0]
    product = PLATE * Interval(t=(0, 1))
    assert outside(product, np.array([[0.8, 0, 0.5], [0.8, 0, 1.1], [0.1, 0, 0.5]])).tolist() == [0, 1, 1]
    assert outside(Box(x=(0, 1)), np.array([[1 + 1e-8], [1.1]])).tolist() == [False, True]


def test_one_place_is_chosen():
    assert isinstance(place_of(SQUARE.axes, at=(0.1, 0.2)), AtPoints) and place_of(SQUARE.axes) is None
    with pytest.raises(ValueError, match="on and boundary were given"):
        place_of(SQUARE.axes, on="a.vtu", boundary=True)


def test_what_is_too_large_is_refused_beforehand():
    with pytest.raises(ValueError, match="up to 2236 points across are made"):
        check_mesh("plate", 20000, 2)
    (fields,) = known(SQUARE, ramp)
    from sirenpde.export.carriers import stepped

    huge = stepped(fields, Request(20000))
    assert isinstance(huge.values, Sampled) and huge.shape == (20000, 20000)
    with pytest.raises(ValueError, match="u on 400,000,000 points"):
        check_memory("u", huge)


@pytest.fixture(scope="module")
def solution():
    x, y = PLATE.axes
    u = Field("u", PLATE, SineFeatures(60, 3.0))

    @on(PLATE, samples=300)
    def linear(p: Point) -> torch.Tensor:
        return u(p) - x(p) - 2 * y(p)

    def flux(p: Point) -> torch.Tensor:
        return grad(u)(p)

    return solve(
        Problem(linear, reference={u: lambda p: x(p) + 2 * y(p) + 1}, outputs=(u, flux)), [LeastSquares()]
    )


def test_derivatives_errors_and_residuals_are_further_arrays(solution, tmp_path):
    mesh = pyvista.read(
        solution.export(tmp_path / "u.vtu", 9, derivatives=["grad", "div"], errors=True, residuals=True)
    )
    assert set(mesh.point_data.keys()) == {
        *("u", "flux", "grad_u", "grad_flux", "div_flux", "error_u", "residual_linear")
    }
    np.testing.assert_allclose(mesh["error_u"], -1, atol=1e-4)
    np.testing.assert_allclose(mesh["residual_linear"], 0, atol=1e-4)
    np.testing.assert_allclose(mesh["div_flux"], 0, atol=2e-2)
    alone = solution.field_sets()[0]
    scalar = with_further(alone, [], with_residual=True)
    assert "residual_linear" in scalar.functions
    with pytest.raises(ValueError, match="'curl' was asked for of u of shape"):
        with_further(solution.field_sets([solution.problem.fields[0]])[0], ["curl"])


def test_a_solution_is_exported_at_points(solution, tmp_path):
    file = solution.export(tmp_path / "u.csv", at=[[0.7, 0.1], [0.9, -0.5]])
    values = np.loadtxt(file, delimiter=",", skiprows=1)
    np.testing.assert_allclose(values[:, 2], values[:, 0] + 2 * values[:, 1], atol=1e-6)


def test_a_picture_of_a_shape_is_drawn(solution, tmp_path):
    (fields,) = [s for s in solution.field_sets([solution.problem.fields[0]])]
    with Image.open(write_fields(tmp_path / "u.png", fields, Request(17, place=OnGrid()))) as image:
        assert min(image.size) > 100


def test_the_surface_of_a_solid_bears_the_values_on_it(tmp_path):
    box = trimesh.creation.box(bounds=[[0, 0, 0], [1, 1, 1]])
    cube = TriangleMesh(torch.tensor(np.array(box.vertices)), torch.tensor(np.array(box.faces)))
    (fields,) = known(cube, ramp)
    surface = trimesh.load(write_fields(tmp_path / "u.ply", fields, Request(8)))
    assert surface.is_watertight and surface.volume == pytest.approx(1) and len(surface.vertices) > 100
    bearing = meshio.read(tmp_path / "u.ply")
    np.testing.assert_allclose(bearing.point_data["u"], ramp(bearing.points), atol=1e-14)
    (ball,) = known(Ball(radius=2), ramp)
    sphere = meshio.read(write_fields(tmp_path / "b.ply", ball, Request(16)))
    np.testing.assert_allclose(np.linalg.norm(sphere.points, axis=1), 2, atol=1e-12)
    np.testing.assert_allclose(sphere.point_data["u"], ramp(sphere.points), atol=1e-14)
    with pytest.warns(UserWarning, match="STL holds the surface alone, without the values u"):
        bare = trimesh.load(write_fields(tmp_path / "u.stl", fields, Request(8)))
    assert bare.is_watertight and bare.volume == pytest.approx(1)
