"""Every file is read back by a reader that is not ours."""

from types import SimpleNamespace

import meshio
import numpy as np
import pytest
import pyvista
import torch
import trimesh
from named_axes import named_axes
from PIL import Image

from sirenpde import Box, D, Field, PixelGrid, Point, PointCloud, Problem, SineFeatures, laplacian, on, solve
from sirenpde.export import (
    FORMATS,
    as_rows,
    export_fields,
    field_sets,
    file_name,
    on_grid,
    sample,
    with_derivatives,
    write_grid,
    write_npz,
    write_picture,
    write_surface,
    write_vtu,
    zero_level,
)
from sirenpde.geometry.frame import Frame

SPACE = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def line(low, high, n):
    return np.linspace(low, high, n)


# ---------------------------------------------------------------------------------------------------- vtu


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_vtu_holds_the_points_cells_and_values(tmp_path, dimension, capsys):
    coordinates = [line(0, 1 + i, 4 + i) for i in range(dimension)]
    grid = sample({"u": lambda p: (p**2).sum(1)}, named_axes("xyz"[:dimension]), coordinates)
    mesh = pyvista.read(write_vtu(tmp_path / "u.vtu", grid))
    assert mesh.n_points == np.prod(grid.shape)
    assert mesh.n_cells == np.prod([n - 1 for n in grid.shape])
    np.testing.assert_allclose(mesh["u"], (mesh.points**2).sum(1), atol=1e-14)
    sizes = mesh.compute_cell_sizes()
    total = sizes[("Length", "Area", "Volume")[dimension - 1]]
    assert (total > 0).all() and total.sum() == pytest.approx(np.prod([1 + i for i in range(dimension)]))
    assert capsys.readouterr().out == ""


def test_time_becomes_the_last_axis_of_a_vtu(tmp_path):
    grid = sample(
        {"u": lambda p: 100 * p[:, 0] + p[:, 1]}, named_axes(("t", "x")), [line(0, 1, 3), line(0, 5, 6)]
    )
    mesh = pyvista.read(write_vtu(tmp_path / "u.vtu", grid))
    x, t = mesh.points[:, 0], mesh.points[:, 1]
    assert x.max() == 5 and t.max() == 1
    np.testing.assert_allclose(mesh["u"], 100 * t + x, atol=1e-12)
    assert (mesh.compute_cell_sizes()["Area"] > 0).all()


def test_vtu_holds_complex_vector_and_matrix_values(tmp_path):
    functions = {
        "e": lambda p: p[:, 0] + 1j * p[:, 1],
        "v": lambda p: p,
        "h": lambda p: np.stack([p, 2 * p], axis=1),
        "ev": lambda p: 1j * p,
    }
    grid = sample(functions, named_axes(("x", "y")), [line(0, 1, 3), line(0, 2, 5)])
    mesh = pyvista.read(write_vtu(tmp_path / "u.vtu", grid))
    x, y = mesh.points[:, 0], mesh.points[:, 1]
    np.testing.assert_allclose(mesh["e_real"], x)
    np.testing.assert_allclose(mesh["e_imag"], y)
    np.testing.assert_allclose(mesh["e_abs"], np.hypot(x, y))
    np.testing.assert_allclose(mesh["v"], np.stack([x, y, 0 * x], 1))
    np.testing.assert_allclose(mesh["h"].reshape(-1, 3, 3)[:, 1], np.stack([2 * x, 2 * y, 0 * x], 1))
    np.testing.assert_allclose(mesh["ev_imag"][:, 1], y)


def test_four_axes_are_refused_by_vtu(tmp_path):
    grid = sample({"u": lambda p: p[:, 0]}, named_axes(("t", "x", "y", "z")), [line(0, 1, 2)] * 4)
    with pytest.raises(ValueError, match=r"4 axes t, x, y, z.*NPZ"):
        write_vtu(tmp_path / "u.vtu", grid)
    assert not list(tmp_path.iterdir())


# ----------------------------------------------------------------------------------------------- surfaces


def sphere(p):
    return np.linalg.norm(p, axis=1) - 0.5


@pytest.mark.parametrize("kind", ["ply", "stl"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_surface_is_closed_and_looks_outwards(tmp_path, kind, sign):
    file = write_surface(tmp_path / f"s.{kind}", zero_level(lambda p: sign * sphere(p), SPACE.axes, 49))
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.is_winding_consistent and len(mesh.split()) == 1
    assert mesh.volume == pytest.approx(4 / 3 * np.pi / 8, rel=5e-3)  # positive: normals point outwards
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 0.5, atol=2e-3)
    outward = (mesh.face_normals * mesh.triangles_center).sum(1)
    assert outward.min() > 0


def test_a_surface_through_grid_points_is_closed(tmp_path):
    file = write_surface(tmp_path / "s.ply", zero_level(lambda p: np.abs(p).max(1) - 0.5, SPACE.axes, 33))
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.area_faces.min() > 0
    assert mesh.volume == pytest.approx(1, rel=3e-2)  # marching cubes bevels edges


def test_a_surface_that_leaves_the_box_is_closed_there(tmp_path):
    file = write_surface(
        tmp_path / "s.stl", zero_level(lambda p: p[:, 0] ** 2 + p[:, 1] ** 2 - 0.25, SPACE.axes, 65)
    )
    mesh = trimesh.load(file)
    assert mesh.is_watertight and mesh.volume == pytest.approx(np.pi / 4 * 2, rel=1e-2)


def test_a_surface_returns_to_its_original_units(tmp_path):
    frame = Frame((10.0, 20.0, 30.0), 0.25)
    found = zero_level(sphere, SPACE.axes, 33, lambda p: frame.restore(torch.from_numpy(p)).numpy())
    mesh = trimesh.load(write_surface(tmp_path / "s.ply", found))
    np.testing.assert_allclose(mesh.bounds.mean(0), [10, 20, 30], atol=1e-5)
    np.testing.assert_allclose(np.diff(mesh.bounds, axis=0), 4, atol=1e-2)


def test_a_surface_far_from_the_origin_keeps_its_digits(tmp_path):
    centre = np.array([5e5, 4.2e6, 100.0])
    found = zero_level(sphere, SPACE.axes, 33, lambda p: p + centre)
    near = trimesh.load(write_surface(tmp_path / "near.ply", zero_level(sphere, SPACE.axes, 33)))
    far = trimesh.load(write_surface(tmp_path / "far.ply", found), process=False)
    np.testing.assert_allclose(far.vertices - centre, near.vertices, atol=2e-9)
    assert far.is_watertight and abs((far.vertex_normals * near.vertices).sum(1) / 0.5 - 1).max() < 1e-2
    with pytest.raises(ValueError, match=r"single precision: .* Write PLY"):
        write_surface(tmp_path / "far.stl", found)
    assert not (tmp_path / "far.stl").exists()
    stl = trimesh.load(write_surface(tmp_path / "near.stl", zero_level(sphere, SPACE.axes, 33)))
    assert stl.is_watertight and stl.volume == pytest.approx(near.volume, rel=1e-5)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda p: p[:, 0] + 3, "needs both signs"),
        (lambda p: p, "needs a real scalar"),
        (lambda p: 1j * p[:, 0], "needs a real scalar"),
    ],
)
def test_what_has_no_surface_is_told(function, said):
    with pytest.raises(ValueError, match=said):
        zero_level(function, SPACE.axes, 9)
    with pytest.raises(ValueError, match="three dimensions"):
        zero_level(function, SPACE.axes[:2], 9)


# ----------------------------------------------------------------------------------------- pictures, arrays


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
def test_a_picture_is_clipped_and_keeps_its_pixels(tmp_path, shape):
    values = np.random.default_rng(0).uniform(-0.2, 1.2, shape)
    read = pixels(write_picture(tmp_path / "u.png", values))
    expected = np.round(255 * values.clip(0, 1)).reshape(shape if shape[-1] == 3 else shape[:2])
    np.testing.assert_array_equal(read, expected)


@pytest.mark.parametrize("values", [np.zeros(()), np.zeros((2, 2, 2)), np.zeros((2, 2)) * 1j, np.zeros(4)])
def test_what_is_no_picture_is_told(tmp_path, values):
    with pytest.raises(ValueError, match="picture"):
        write_picture(tmp_path / "u.png", values)


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


# ---------------------------------------------------------------------------------------------- solutions


class Known:
    """A solution whose functions are given: u as a function of points, and its derivatives by hand."""

    def __init__(self, problem, exact):
        self.problem, self.exact = problem, exact

    def __getitem__(self, function):
        values, axes = self.exact[str(function) if str(function) in self.exact else function.__name__]

        class Evaluable:
            def __call__(self, points, data=None):
                return (
                    values(np.asarray(points))
                    if data is None or "shade" not in data
                    else values(points, data)
                )

        found = Evaluable()
        found.axes = axes
        return found


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
        "u": (lambda p: p[:, 0] ** 2 * p[:, 1], box.axes),
        "u_xx + u_yy": (lambda p: 2 * p[:, 1], box.axes),
    }
    solution = Known(problem, exact)
    fields = with_derivatives(field_sets(solution)[0], ["laplacian"])
    assert list(fields.functions) == ["u", "laplacian_u"]
    assert str(D(u, box.axes[0])) == "u_x"
    file = export_fields(solution, tmp_path / "u.vtu", 9, derivatives=["laplacian"])
    mesh = pyvista.read(file)
    np.testing.assert_allclose(mesh["laplacian_u"], 2 * mesh.points[:, 1])
    assert pixels(export_fields(solution, tmp_path / "u.png", 17)).ndim == 3
    with pytest.raises(ValueError, match="'gard' was given"):
        export_fields(solution, tmp_path / "u.vtu", derivatives=["gard"])
    with pytest.raises(ValueError, match="expected a name that ends in"):
        export_fields(solution, tmp_path / "u.doc")
    assert set(FORMATS) == {"vtu", "ply", "stl", "png", "npz"}


def test_a_picture_is_exported_upright_and_with_its_own_data(tmp_path):
    shade = np.random.default_rng(1).uniform(size=(4, 6))
    grid = PixelGrid({"shade": shade})
    u = Field("u", grid)

    @on(grid)
    def keep(p: Point) -> torch.Tensor:
        return u(p) - grid["shade"](p)

    solution = Known(Problem(keep), {"u": (lambda p, data: data["shade"].numpy(), grid.axes)})
    fields = field_sets(solution)[0]
    assert fields.is_picture
    found = on_grid(solution, fields)
    np.testing.assert_allclose(as_rows(found.values["u"]), shade)
    assert (np.diff(found.coordinates[1]) > 0).all()
    read = pixels(write_grid(tmp_path / "u.png", found, picture=True))
    np.testing.assert_array_equal(read, np.round(255 * shade))
    flat = Known(solution.problem, {"u": (lambda p: p[:, 1], grid.axes)})
    coarse = on_grid(flat, field_sets(flat)[0], 12)
    assert coarse.values["u"].shape == (12, 8)  # pixels stay square


def test_points_that_do_not_fill_their_grid_leave_holes():
    box = Box(x=(0, 1), y=(0, 1))
    nodes = box.nodes(3)
    part = nodes.where(nodes.points[:, 0] > 0.2)
    u = Field("u", part)

    @on(part)
    def keep(p: Point) -> torch.Tensor:
        return u(p)

    solution = Known(Problem(keep), {"u": (lambda p: p[:, 0], box.axes)})
    values = on_grid(solution, field_sets(solution)[0]).values["u"]
    assert np.isnan(values[0]).all() and (values[1:] == np.array([[0.5], [1.0]])).all()


def test_a_scanned_surface_is_exported_in_its_own_units(tmp_path):
    cloud = PointCloud([[0.5, 0, 0], [-0.5, 0, 0]], SPACE, frame=Frame((5.0, 5.0, 5.0), 0.1))
    u = Field("u", SPACE)

    @on(cloud)
    def surface(p: Point) -> torch.Tensor:
        return u(p)

    solution = Known(Problem(surface), {"u": (sphere, SPACE.axes)})
    mesh = trimesh.load(export_fields(solution, tmp_path / "u.ply", 33))
    np.testing.assert_allclose(mesh.bounds, [[0, 0, 0], [10, 10, 10]], atol=0.05)
    stl = trimesh.load(export_fields(solution, tmp_path / "u.stl", 33))
    np.testing.assert_allclose(stl.bounds, mesh.bounds, atol=1e-5)
    grid = meshio.read(export_fields(solution, tmp_path / "u.vtu", 5))
    np.testing.assert_allclose([grid.points.min(0), grid.points.max(0)], [[-5] * 3, [15] * 3])
    with np.load(export_fields(solution, tmp_path / "u.npz", 5)) as arrays:
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
    with np.load(export_fields(solution, tmp_path / "u.npz", 5, derivatives=["grad", "laplacian"])) as arrays:
        np.testing.assert_allclose(arrays["x"], np.linspace(90, 110, 5))
        np.testing.assert_allclose(arrays["y"], np.linspace(190, 210, 5))
        np.testing.assert_allclose(arrays["grad_u"][2, 3], [0.1, 0.1 * 4 * 0.5], atol=1e-3)
        np.testing.assert_allclose(arrays["laplacian_u"][2, 2], 0.01 * 4, atol=2e-3)


@pytest.mark.parametrize("resolution", [65, 66])
def test_a_surface_needs_the_function_near_itself_only(resolution):
    asked = []

    def two_balls(p):
        asked.append(len(p))
        centres = np.array([[0.4, 0.1, 0], [-0.4, 0, 0.2]])
        return np.linalg.norm(p[:, None] - centres, axis=2).min(1) - 0.21

    found = zero_level(two_balls, SPACE.axes, resolution)
    mesh = trimesh.Trimesh(found.vertices, found.faces)
    assert mesh.is_watertight and len(mesh.split()) == 2
    assert mesh.volume == pytest.approx(2 * 4 / 3 * np.pi * 0.21**3, rel=2e-2)
    assert (sum(asked) < resolution**3 / 5) == (resolution == 65)


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


# ------------------------------------------------------------------------- what is not known, and odd names


def cut_off(p):
    """A field of (t, x) that is known until t = 1 alone."""
    return np.where(p[:, 0] <= 1, np.sin(p[:, 1]), np.nan)


def test_files_bear_values_that_are_not_known(tmp_path):
    grid = sample({"u": cut_off}, named_axes(("t", "x")), [line(0, 2, 5), line(0, 1, 4)])
    assert np.isnan(grid.values["u"][3:]).all() and np.isfinite(grid.values["u"][:3]).all()
    mesh = pyvista.read(write_grid(tmp_path / "u.vtu", grid))
    np.testing.assert_array_equal(np.isnan(mesh["u"]), mesh.points[:, 1] > 1)
    with np.load(write_grid(tmp_path / "u.npz", grid)) as arrays:
        np.testing.assert_array_equal(arrays["u"], grid.values["u"])
    write_grid(tmp_path / "u.png", grid)
    for values in (np.inf, np.nan):
        write_grid(
            tmp_path / "v.png",
            sample({"v": lambda p, v=values: v + 0 * p[:, 0]}, named_axes("x"), [line(0, 1, 4)]),
        )


@pytest.mark.parametrize("channels", [(), (1,), (3,)])
def test_a_picture_is_transparent_where_it_is_not_known(tmp_path, channels):
    values = np.full((2, 3, *channels), 0.2)
    values[1, 2] = np.nan
    found = pixels(write_picture(tmp_path / "a.png", values))
    assert found.shape == (2, 3, 4 if channels == (3,) else 2)
    assert (found[..., -1] == [[255, 255, 255], [255, 255, 0]]).all() and (found[0, 0, :-1] == 51).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("resolution", [33, 34])
def test_a_surface_is_closed_where_the_field_is_not_known(tmp_path, sign, resolution):
    half = zero_level(lambda p: np.where(p[:, 2] > 0.1, np.nan, sign * sphere(p)), SPACE.axes, resolution)
    mesh = trimesh.load(write_surface(tmp_path / "s.ply", half))
    cap = np.pi * 0.4**2 * (3 * 0.5 - 0.4) / 3  # of the ball, above z = 0.1
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * np.pi / 8 - cap, abs=0.05)
    with pytest.raises(ValueError, match="finite nowhere"):
        zero_level(lambda p: np.nan * p[:, 0], SPACE.axes, resolution)


def test_names_stay_in_their_directory():
    assert file_name("u-v") == "u-v" and file_name("σ[0, 1]") == "σ[0, 1]"
    odd = ["../u", "a/b", "/etc/u", "..", ".u", "a\\b", "C:u", "a\0b", "u\n", "u" * 5000, "ψ" * 3000]
    names = [file_name(name) for name in odd]
    assert len(set(names)) == len(odd)
    for name in names:
        assert not set(name) & set("/\\:\0\n") and not name.startswith(".") and len(name.encode()) <= 120


def test_outputs_of_one_name_keep_a_file_each():
    def named(f):
        f.__name__ = "flux"
        return f

    u = Field("u", Box(x=(0, 1)))
    outputs = [named(lambda p: u(p)), named(lambda p: 2 * u(p)), u]
    solved = {f: SimpleNamespace(axes=u.axes) for f in outputs}

    class Solved:
        problem = SimpleNamespace(outputs=outputs, fields=[u], constraints=[], output=lambda f: u)

        def __getitem__(self, function):
            return solved[function]

    (fields,) = field_sets(Solved())
    assert list(fields.functions) == ["flux", "flux_2", "u"] and list(fields.functions.values()) == outputs
