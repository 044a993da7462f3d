"""The outputs of a solution, sampled and written."""

import tracemalloc
from dataclasses import replace
from importlib import metadata

import meshio
import numpy as np
import pytest
import pyvista
import torch
import trimesh
from named_axes import named_axes
from PIL import Image
from vtk_readers import read, read_all

from sirenpde import Box, D, Field, PixelGrid, Point, PointCloud, Problem, SineFeatures, laplacian, on, solve
from sirenpde.export.carriers import Request, gridded, on_grid
from sirenpde.export.fields import FieldSet, field_sets, with_derivatives
from sirenpde.export.formats.npz import write_npz
from sirenpde.export.formats.png import write_png
from sirenpde.export.formats.vtkhdf import write_vtkhdf
from sirenpde.export.grid import sample
from sirenpde.export.picture import as_rows
from sirenpde.export.sampled import CHUNK
from sirenpde.export.vtk import spool
from sirenpde.export.write import default_format, export_fields, write_fields
from sirenpde.geometry.frame import Frame

SPACE = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def line(low, high, n):
    return np.linspace(low, high, n)


def sphere(p):
    return np.linalg.norm(p, axis=1) - 0.5


def known(problem, exact):
    """The sets of a problem whose functions are given: u as a function of points, and its derivatives by hand."""

    def values(function, points, data=None):
        u = exact[str(function) if str(function) in exact else function.__name__]
        return u(np.asarray(points)) if data is None or "shade" not in data else u(points, data)

    return field_sets(problem, values)


def test_npz_holds_axes_and_values(tmp_path):
    grid = sample(
        {"u": lambda p: p[:, 0] * 1j, "v": lambda p: p},
        named_axes(("t", "x")),
        [line(0, 1, 3), line(0, 1, 4)],
    )
    read = np.load(write_npz(tmp_path / "u.npz", grid))
    assert list(read["axes"]) == ["t", "x"] and read["u"].shape == (3, 4) and read["v"].shape == (3, 4, 2)
    np.testing.assert_array_equal(read["u"][:, 0].imag, read["t"])
    with pytest.raises(ValueError, match="like an axis"):
        write_npz(tmp_path / "x.npz", sample({"x": lambda p: p[:, 0]}, named_axes(("x",)), [line(0, 1, 3)]))


def plane_problem():
    box = Box(x=(0, 1), y=(0, 2))
    u = Field("u", box)

    @on(box, samples=10)
    def poisson(p: Point) -> torch.Tensor:
        return laplacian(u)(p)

    return Problem(poisson), box, u


def test_outputs_are_exported_with_their_derivatives(tmp_path):
    problem, box, u = plane_problem()
    exact = {
        "u": lambda p: p[:, 0] ** 2 * p[:, 1],
        "u_xx + u_yy": lambda p: 2 * p[:, 1],
    }
    sets = known(problem, exact)
    fields = with_derivatives(sets[0], ["laplacian"])
    assert list(fields.functions) == ["u", "laplacian_u"]
    assert str(D(u, box.axes[0])) == "u_x"
    file = export_fields(sets, tmp_path / "u.vtu", Request(9), derivatives=["laplacian"])
    mesh = pyvista.read(file)
    np.testing.assert_allclose(mesh["laplacian_u"], 2 * mesh.points[:, 1])
    assert pixels(export_fields(sets, tmp_path / "u.png", Request(17))).ndim == 3
    with pytest.raises(ValueError, match="'gard' was given"):
        export_fields(sets, tmp_path / "u.vtu", derivatives=["gard"])
    with pytest.raises(ValueError, match="expected a name that ends in"):
        export_fields(sets, tmp_path / "u.doc")


def test_a_picture_is_exported_upright_and_with_its_own_data(tmp_path):
    shade = np.random.default_rng(1).uniform(size=(4, 6))
    grid = PixelGrid({"shade": shade})
    u = Field("u", grid)

    @on(grid)
    def keep(p: Point) -> torch.Tensor:
        return u(p) - grid["shade"](p)

    problem = Problem(keep)
    (fields,) = known(problem, {"u": lambda p, data: data["shade"].numpy()})
    assert fields.is_picture
    found = on_grid(fields)
    np.testing.assert_allclose(as_rows(found.values["u"]), shade)
    assert (np.diff(found.coordinates[1]) > 0).all()
    read = pixels(write_png(tmp_path / "u.png", found))
    np.testing.assert_array_equal(read, np.round(255 * shade))
    (flat,) = known(problem, {"u": lambda p: p[:, 1]})
    coarse = on_grid(flat, 12)
    assert coarse.values["u"].shape == (12, 8)  # pixels stay square


def test_points_that_do_not_fill_their_grid_leave_holes():
    box = Box(x=(0, 1), y=(0, 1))
    nodes = box.nodes(3)
    part = nodes.where(nodes.points[:, 0] > 0.2)
    u = Field("u", part)

    @on(part)
    def keep(p: Point) -> torch.Tensor:
        return u(p)

    (fields,) = known(Problem(keep), {"u": lambda p: p[:, 0]})
    values = on_grid(fields).values["u"]
    assert np.isnan(values[0]).all() and (values[1:] == np.array([[0.5], [1.0]])).all()


def test_a_scanned_surface_is_exported_in_its_own_units(tmp_path):
    cloud = PointCloud([[0.5, 0, 0], [-0.5, 0, 0]], SPACE, frame=Frame((5.0, 5.0, 5.0), 0.1))
    u = Field("u", SPACE)

    @on(cloud)
    def surface(p: Point) -> torch.Tensor:
        return u(p)

    sets = known(Problem(surface), {"u": sphere})
    mesh = trimesh.load(export_fields(sets, tmp_path / "u.ply", Request(33)))
    np.testing.assert_allclose(mesh.bounds, [[0, 0, 0], [10, 10, 10]], atol=0.05)
    stl = trimesh.load(export_fields(sets, tmp_path / "u.stl", Request(33)))
    np.testing.assert_allclose(stl.bounds, mesh.bounds, atol=1e-5)
    grid = meshio.read(export_fields(sets, tmp_path / "u.vtu", Request(5)))
    np.testing.assert_allclose([grid.points.min(0), grid.points.max(0)], [[-5] * 3, [15] * 3])
    with np.load(export_fields(sets, tmp_path / "u.npz", Request(5))) as arrays:
        np.testing.assert_allclose(arrays["x"], np.linspace(-5, 15, 5))
        np.testing.assert_allclose(arrays["u"][0, 2, 2], sphere(np.array([[-1.0, 0, 0]]))[0])


def test_derivatives_are_by_the_coordinates_of_the_file(tmp_path):
    box = Box(x=(-1, 1), y=(-1, 1))
    x, y = box.axes
    u = Field("u", box, SineFeatures(100))
    places = box.grid(12)[0]
    cloud = PointCloud(places, box, frame=Frame((100.0, 200.0), 0.1))

    @on(cloud)
    def known(p: Point) -> torch.Tensor:
        return u(p) - x(p) - 2 * y(p) ** 2

    solution = solve(Problem(known))
    sets = solution.field_sets()
    with np.load(
        export_fields(sets, tmp_path / "u.npz", Request(5), derivatives=["grad", "laplacian"])
    ) as arrays:
        np.testing.assert_allclose(arrays["x"], np.linspace(90, 110, 5))
        np.testing.assert_allclose(arrays["y"], np.linspace(190, 210, 5))
        np.testing.assert_allclose(arrays["grad_u"][2, 3], [0.1, 0.1 * 4 * 0.5], atol=1e-3)
        np.testing.assert_allclose(arrays["laplacian_u"][2, 2], 0.01 * 4, atol=2e-3)


def test_a_field_of_five_axes_is_shown_in_the_middle_of_the_last_two(tmp_path):
    box = Box(a=(0, 1), b=(0, 2), c=(0, 3), d=(0, 4), e=(0, 5))
    u = Field("u", box, SineFeatures(30, 3.0))
    plane = on(box, 200, name="plane")(lambda p: u(p) - p.coords.sum())
    solution = solve(Problem(plane))
    mesh = pyvista.read(solution.export(tmp_path / "u.vtu", resolution=5))
    assert mesh.n_points == 125 and mesh.n_cells == 64
    centred = np.concatenate([mesh.points, np.tile([2.0, 2.5], (125, 1))], axis=1)
    np.testing.assert_allclose(mesh["u"], solution[u](centred), atol=1e-12)
    with np.load(solution.export(tmp_path / "u.npz", resolution=5)) as arrays:
        assert arrays["u"].shape == (5, 5, 5, 1, 1) and arrays["d"].tolist() == [2.0]


def cut_off(p):
    """A field of (t, x) that is known until t = 1 alone."""
    return np.where(p[:, 0] <= 1, np.sin(p[:, 1]), np.nan)


def test_files_bear_values_that_are_not_known(tmp_path):
    grid = sample({"u": cut_off}, named_axes(("t", "x")), [line(0, 2, 5), line(0, 1, 4)])
    assert np.isnan(grid.values["u"][3:]).all() and np.isfinite(grid.values["u"][:3]).all()
    for t, step in read_all(write_vtkhdf(tmp_path / "u.vtkhdf", grid)):
        assert np.isnan(step["u"]).all() if t > 1 else np.isfinite(step["u"]).all()
    with np.load(write_npz(tmp_path / "u.npz", grid)) as arrays:
        np.testing.assert_array_equal(arrays["u"], grid.values["u"])
    write_png(tmp_path / "u.png", grid)
    for values in (np.inf, np.nan):
        write_png(
            tmp_path / "v.png",
            sample({"v": lambda p, v=values: v + 0 * p[:, 0]}, named_axes("x"), [line(0, 1, 4)]),
        )


@pytest.fixture(scope="module")
def moving():
    """u = x + 2 t and v = (y, t) over a plane and time."""
    box = Box(t=(0, 2), x=(0, 1), y=(0, 3))
    u, v = Field("u", box, SineFeatures(60, 3.0)), Field("v", box, SineFeatures(60, 3.0), shape=(2,))
    t, x, y = box.axes
    one = on(box, 400, name="one")(lambda p: u(p) - x(p) - 2 * t(p))
    two = on(box, 400, name="two")(lambda p: v(p) - torch.stack([y(p), t(p)]))
    return solve(Problem(one, two, reference={u: lambda p: x(p) + 2 * t(p)}))


def test_a_field_of_a_plane_and_time_is_a_series_with_facts(moving, tmp_path):
    path = moving.export(tmp_path / "u.vtkhdf", 9, times=(0, 0.5, 2), derivatives=["grad"])
    steps, axis = read_all(path), moving.problem.fields[0].axes[0]
    assert [time for time, _ in steps] == [0, 0.5, 2]
    for t, step in steps:
        x, y, z = step.points.T
        assert step.kind == "ImageData" and len(x) == 81 and y.max() == 3 and (z == 0).all()
        points = np.stack([0 * x + t, x, y], 1)
        np.testing.assert_allclose(step["u"], moving["u"](points), atol=1e-12)
        np.testing.assert_allclose(step["v"][:, :2], moving["v"](points), atol=1e-12)
        np.testing.assert_allclose(
            step["grad_u"][:, 2], moving[D(moving.problem.fields[0], axis)](points), atol=1e-12
        )
        assert step.facts["seed"] == 0 and step.facts["version"] == metadata.version("sirenpde")
        assert step.facts["relative_l2_u"] == moving.errors["u"]["relative_l2"]
        assert (
            step.facts["relative_residual"] == moving.relative_residual and "relative_l2_v" not in step.facts
        )
    assert len(read_all(moving.export(tmp_path / "u.pvd"))) == 51
    with np.load(moving.export(tmp_path / "u.npz", 5)) as arrays:
        assert arrays["axes"].tolist() == ["t", "x", "y"] and arrays["u"].shape == (5, 5, 5)
        points = np.stack(np.meshgrid(arrays["t"], arrays["x"], arrays["y"], indexing="ij"), -1).reshape(
            -1, 3
        )
        np.testing.assert_allclose(arrays["u"].ravel(), moving["u"](points), atol=1e-12)
    (fields,) = moving.field_sets()
    assert default_format(fields) == "vtkhdf"


@pytest.mark.parametrize(
    ("times", "said"),
    [((0, 3), "from 0 to 2"), ((), "none"), ((1, 1), "each once"), ((1, 0), "ascending")],
)
def test_times_that_are_not_those_of_the_problem_are_refused(moving, tmp_path, times, said):
    with pytest.raises(ValueError, match=said):
        moving.export(tmp_path / "u.vtkhdf", times=times)
    assert not list(tmp_path.iterdir())


def test_times_of_a_field_without_time_are_refused(tmp_path):
    problem, _, _ = plane_problem()
    (fields,) = known(problem, {"u": lambda p: p[:, 0]})
    with pytest.raises(ValueError, match=r"u, a field of x, y; expected one that depends on time"):
        write_fields(tmp_path / "u.vtkhdf", fields, Request(times=(0, 1)))
    assert default_format(fields) == "vti"


@pytest.mark.parametrize("kind", ["vti", "vtu", "vtkhdf", "xdmf", "npz"])
def test_files_larger_than_memory_are_written_piece_by_piece(tmp_path, kind, monkeypatch):
    """Every point is evaluated once, and twice as many take no more memory."""
    monkeypatch.setattr(spool, "_HELD", 1 << 18)
    problem, _, _ = plane_problem()
    asked, held = [], {}

    def u(p):
        asked.append(len(p))
        return p[:, 0] + p[:, 1]

    (fields,) = known(problem, {"u": u})
    for n in (10, 600, 900):
        asked.clear()
        tracemalloc.start()
        path = write_fields(tmp_path / f"u.{kind}", fields, Request(n))
        held[n] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sum(asked) - 1 == n * n and max(asked) <= CHUNK
    assert held[900] < 1.05 * held[600] < 10e6
    assert [file.name for file in tmp_path.iterdir() if file.suffix != ".h5"] == [path.name]
    if kind != "npz":
        found = read(path)
        assert abs(found["u"] - found.points.sum(1)).max() < 1e-12


def test_files_bear_the_names_of_components_and_units(tmp_path):
    box = Box(x=(0, 1), y=(0, 3))
    u = Field("u", box, SineFeatures(20, 3.0), shape=(2,))
    here = on(box, 50, name="here")(lambda p: u(p) - torch.stack([box.axes[0](p), box.axes[1](p)]))
    solution = solve(Problem(here, components={u: ("east", "north")}, units={u: "m/s", box.axes[0]: "km"}))
    found = read(solution.export(tmp_path / "u.vtu", 5))
    assert found.components("u")[:2] == ["east", "north"]
    assert found.facts.items() >= {"unit_u": "m/s", "unit_x": "km"}.items()
    first = solution.export(tmp_path / "u.csv", 5).read_text().splitlines()[0]
    assert first == "x,y,u_east,u_north"


def test_a_picture_has_the_times_asked_for_and_a_surface_needs_one(moving, tmp_path):
    (fields,) = moving.field_sets()
    one = replace(fields, functions={"u": fields.functions["u"]})
    found = gridded(one, Request(5, (0, 2)))
    assert found.shape == (2, 5, 5) and found.coordinates[0].tolist() == [0, 2]
    np.testing.assert_allclose(found.values["u"].ravel(), moving["u"](found.points), atol=1e-12)
    assert write_fields(tmp_path / "u.png", one, Request(5, (0, 2))).stat().st_size > 1000
    with pytest.raises(ValueError, match=r"t, x, y, and a file of a surface holds one time"):
        write_fields(tmp_path / "u.stl", one)
    space_time = Box(x=(-1, 1), y=(-1, 1), t=(0, 1), z=(-1, 1)).axes
    grows = FieldSet(
        {"u": None}, space_time, lambda f, p, d=None: np.linalg.norm(p[:, [0, 1, 3]], axis=1) - p[:, 2], None
    )
    ball = trimesh.load(write_fields(tmp_path / "u.ply", grows, Request(33, (0.5,))))
    assert ball.is_watertight and ball.volume == pytest.approx(np.pi / 6, rel=1e-2)
