"""Coefficients on grids, images and meshes: values, order of convergence, derivatives, and what is refused."""

from __future__ import annotations

import math
from pathlib import Path

import h5py
import meshio
import numpy as np
import pytest
import scipy.io
import torch
from PIL import Image

from sirenpde import Box, D, Field, Problem, Sampled, div, grad, laplacian, on
from sirenpde.calculus.evaluate import over_points
from sirenpde.problem.probe import ConstraintError

box = Box(x=(0, 1), y=(-1, 1))
x, y = box.axes


def smooth(x, y):
    return np.exp(x) * np.cos(2 * y + x)


def exact(p):
    return torch.exp(x(p)) * torch.cos(2 * y(p) + x(p))


def grid(n):
    a, b = np.linspace(0, 1, n), np.linspace(-1, 1, 2 * n)
    return smooth(a[:, None], b), {"x": a, "y": b}


def triangles(n):
    """A mesh of the box whose nodes are shaken, and its cells."""
    s = np.linspace(0, 1, n)
    nodes = np.stack(np.meshgrid(s, s, indexing="ij"), -1)
    nodes[1:-1, 1:-1] += np.random.default_rng(0).uniform(-0.2, 0.2, (n - 2, n - 2, 2)) / n
    nodes = nodes.reshape(-1, 2) * [1, 2] + [0, -1]
    i = np.arange(n * n).reshape(n, n)[:-1, :-1].reshape(-1)
    cells = np.concatenate([np.stack([i, i + n, i + 1], 1), np.stack([i + n, i + n + 1, i + 1], 1)])
    return nodes, cells


def at(function, points, dtype=torch.float64):
    """The function at points, many at once, as constraints are evaluated."""
    points = torch.as_tensor(points, dtype=dtype)
    return over_points(function, ("x", "y"), points, {}, lambda coords: None)


POINTS = np.random.default_rng(1).uniform(0.02, 0.98, (500, 2)) * [1, 2] + [0, -1]


def error(function, other, points=POINTS):
    return float((at(function, points) - at(other, points)).abs().max())


@pytest.mark.parametrize(("degree", "n"), [(1, 40), (3, 20), (5, 20)])
def test_values_and_derivatives_on_a_grid_converge_at_their_order(degree, n):
    coarse, fine = (Sampled(*grid(m), degree=degree) for m in (n, 2 * n - 1))
    for order in range(degree):
        axes = (x, y, x, y)[:order]
        f = [D(k, *axes) if axes else k for k in (coarse, fine, exact)]
        told = error(f[0], f[2]) / error(f[1], f[2])
        along_one = math.ceil(order / 2)
        assert math.log2(told) > degree + 1 - along_one - 0.4
    assert error(fine, exact) < {1: 1e-3, 3: 1e-6, 5: 1e-8}[degree]


def test_derivatives_are_those_of_nested_forward_mode():
    k = Sampled(*grid(12))
    point = torch.tensor([0.3, 0.2], dtype=torch.float64)
    along = [torch.eye(2, dtype=torch.float64)[i] for i in (0, 1, 1)]

    def nested(f, ways):
        if not ways:
            return f
        return lambda q: torch.func.jvp(nested(f, ways[1:]), (q,), (ways[0],))[1]

    value = nested(k.interpolant, along)(point)
    assert float(at(D(k, x, y, y), point[None])[0]) == pytest.approx(float(value), rel=1e-12)
    h = 1e-4
    slope = (k.interpolant(point + h * along[0]) - k.interpolant(point - h * along[0])) / (2 * h)
    assert float(at(D(k, x), point[None])[0]) == pytest.approx(float(slope), rel=1e-6)


def test_a_cubic_is_met_to_rounding_and_every_grid_value():
    a, b = np.sort(np.random.default_rng(2).uniform(0, 1, 9)), np.linspace(-1, 1, 7)
    a[[0, -1]] = 0, 1
    values = a[:, None] ** 3 - 2 * a[:, None] * b**2 + b
    k = Sampled(values, {"x": a, "y": b})
    assert error(k, lambda p: x(p) ** 3 - 2 * x(p) * y(p) ** 2 + y(p)) < 1e-13
    assert error(laplacian(k, x, y), lambda p: 2 * x(p)) < 1e-10
    places = np.stack(np.meshgrid(a, b, indexing="ij"), -1).reshape(-1, 2)
    assert np.abs(at(k, places).numpy() - values.reshape(-1)).max() < 1e-13
    back = Sampled(values[::-1], {"x": a[::-1], "y": b})
    assert error(k, back) < 1e-14


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_a_grid_with_as_many_values_along_every_axis_keeps_them_apart(degree):
    s = np.linspace(0, 1, 9)
    k = Sampled(s[:, None] + 10 * s, {"x": s, "y": s}, degree=degree)
    assert error(k, lambda p: x(p) + 10 * y(p), np.abs(POINTS)) < 1e-12
    cube = Sampled(s[:, None, None] + 10 * s[:, None] + 100 * s, {"x": s, "y": s, "z": s}, degree=degree)
    found = over_points(
        cube, ("x", "y", "z"), torch.tensor([[0.2, 0.5, 0.7]]).double(), {}, lambda coords: None
    )
    assert float(found) == pytest.approx(75.2)


def test_vectors_and_complex_values_keep_their_shape_and_precision():
    values, axes = grid(15)
    tensor = Sampled(np.stack([values, 2 * values, values**2], -1), axes)
    assert tensor.shape == (3,) and at(tensor, POINTS).shape == (500, 3)
    wave = Sampled(values * (1 + 2j), axes)
    assert wave.shape == () and at(wave, POINTS).dtype == torch.complex128
    assert torch.allclose(at(wave, POINTS), at(tensor, POINTS)[:, 0] * (1 + 2j))
    single = at(tensor, POINTS, torch.float32)
    assert single.dtype == torch.float32
    assert float((single - at(tensor, POINTS)).abs().max()) < 1e-5


@pytest.mark.parametrize("kind", ["grid", "mesh"])
def test_single_precision_may_come_first_and_under_a_derivative(kind):
    """Copies in another precision are made inside the transforms, and serve outside of them."""
    nodes, cells = triangles(6)
    mesh = Sampled.on_mesh(nodes, cells, smooth(*nodes.T), box, degree=3)
    k = mesh if kind == "mesh" else Sampled(*grid(12))
    slope = at(D(k, x), POINTS, torch.float32)
    assert slope.dtype == torch.float32
    assert torch.equal(at(D(k, x), POINTS, torch.float32), slope)
    assert float((slope - at(D(k, x), POINTS)).abs().max()) < 1e-3
    assert float((at(k, POINTS, torch.float32) - at(k, POINTS)).abs().max()) < 1e-5
    curved = Sampled(*grid(12), degree=5)
    both = [at(D(curved, x, x, y), POINTS, torch.float32) for _ in range(2)]
    assert torch.equal(*both)


@pytest.mark.parametrize(("degree", "order", "bound"), [(1, 2, 5e-3), (3, 2, 1e-3)])
def test_values_on_a_mesh_converge(degree, order, bound):
    made = []
    for n in (21, 41):
        nodes, cells = triangles(n)
        made.append(Sampled.on_mesh(nodes, cells, smooth(*nodes.T), box, degree=degree))
    errors = [error(k, exact) for k in made]
    assert math.log2(errors[0] / errors[1]) > order - 0.6 and errors[1] < bound
    if degree == 3:
        assert error(D(made[1], x), D(exact, x)) < 0.2 * error(D(made[0], x), D(exact, x)) + 0.05
        assert math.sqrt(float((at(D(made[1], y), POINTS) - at(D(exact, y), POINTS)).square().mean())) < 0.02


def test_a_mesh_in_the_plane_has_continuous_slopes():
    nodes, cells = triangles(9)
    k = Sampled.on_mesh(nodes, cells, smooth(*nodes.T), box, degree=3)
    ends = nodes[cells]
    middle = (ends[:, 0] + 2 * ends[:, 1]) / 3  # on edges, where two cells meet
    inside = middle[(np.abs(middle - [0.5, 0]) < [0.45, 0.9]).all(1)]
    across = np.array([1e-7, 2e-7])
    for slope in (D(k, x), D(k, y)):
        assert float((at(slope, inside + across) - at(slope, inside - across)).abs().max()) < 1e-4
    plane = Sampled.on_mesh(nodes, cells, nodes @ [3.0, -2.0] + 1, box, degree=3)
    assert error(plane, lambda p: 3 * x(p) - 2 * y(p) + 1) < 1e-10


def test_tetrahedra_and_segments():
    corners = np.stack(np.meshgrid(*[[0.0, 1.0]] * 3, indexing="ij"), -1).reshape(-1, 3)
    cells = [[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]]
    k = Sampled.on_mesh(corners, cells, corners @ [1.0, 2.0, 3.0])
    points = torch.rand(100, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = over_points(k, ("x", "y", "z"), points, {}, lambda coords: None)
    assert torch.allclose(found, points @ points.new_tensor([1, 2, 3]))
    line = Sampled.on_mesh([[0.0], [1.0], [3.0]], [[0, 1], [1, 2]], [0.0, 1.0, 5.0], ["y"])
    assert at(line, [[0, 0.5], [0, 2.0]]).tolist() == [0.5, 3.0]


def test_derivatives_that_an_interpolation_does_not_have_are_refused():
    values, axes = grid(10)
    u = Field("u", box)

    def conducts(k):
        return Problem(on(box, 50, name="heat")(lambda p: div(lambda q: k(q) * grad(u)(q), x, y)(p)))

    conducts(Sampled(values, axes))
    with pytest.raises(
        ConstraintError, match=r"order 1 of the coefficient 'k' .* no continuous .* degree=3, or"
    ):
        conducts(Sampled(values, axes, degree=1, name="k"))
    nodes, cells = triangles(5)
    with pytest.raises(ConstraintError, match=r"A mesh in the plane has one: degree=3"):
        conducts(Sampled.on_mesh(nodes, cells, smooth(*nodes.T)))
    conducts(Sampled.on_mesh(nodes, cells, smooth(*nodes.T), degree=3))
    with pytest.raises(ValueError, match=r"order 3 .* has 2 continuous derivatives.* degree=5"):
        at(D(Sampled(values, axes), x, x, x), POINTS)
    at(D(Sampled(values, axes), x, x, y, y), POINTS)  # each along its own axis


def test_a_domain_that_reaches_beyond_the_values_is_refused_or_clamped():
    values, axes = grid(10)
    short = {"x": 0.5 * axes["x"], "y": axes["y"]}
    u = Field("u", box)

    def read(k):
        return Problem(on(box, 50, name="heat")(lambda p: u(p) - k(p)))

    said = r"'heat'.* reads the coefficient 'k', which has no values at 1\d\d\d of 2000 points .* x from 0 to 0\.5"
    with pytest.raises(ConstraintError, match=said):
        read(Sampled(values, short, name="k"))
    clamped = Sampled(values, short, outside="clamp")
    read(clamped)
    assert torch.allclose(at(clamped, [[0.9, 0.3]]), at(clamped, [[0.5, 0.3]]))
    assert float(at(D(clamped, x), [[0.9, 0.3]])[0]) == 0
    outside = Sampled(values, short)
    for f in (outside, D(outside, x)):
        assert at(f, [[0.9, 0.3]]).isnan().all() and at(f, [[0.5, 1.0]]).isfinite().all()
    nodes, cells = triangles(6)
    with pytest.raises(ConstraintError, match=r"has no values at"):
        read(Sampled.on_mesh(0.5 * nodes, cells, smooth(*nodes.T)))
    read(Sampled.on_mesh(nodes, cells, smooth(*nodes.T)))
    read(Sampled.on_mesh(0.5 * nodes, cells, smooth(*nodes.T), outside="clamp"))


def test_files_with_grids(tmp_path: Path):
    values, axes = grid(8)
    made = Sampled(values, axes)
    np.savez(tmp_path / "k.npz", **axes, k=values)
    scipy.io.savemat(tmp_path / "k.mat", {**axes, "k": values})
    with h5py.File(tmp_path / "k.h5", "w") as file:
        for name, content in {**axes, "k": values}.items():
            file[f"medium/{name}"] = content
    for kind in ("npz", "mat", "h5"):
        assert error(Sampled.open(tmp_path / f"k.{kind}"), made) < 1e-14, kind
        assert error(Sampled.open(tmp_path / f"k.{kind}", box, "k"), made) < 1e-14, kind
    np.savez(tmp_path / "bare.npz", k=values, other=values)
    assert error(Sampled.open(tmp_path / "bare.npz", box, "k"), made) < 1e-14
    np.savez(tmp_path / "line.npz", x=axes["x"], k=axes["x"] ** 2)
    assert error(Sampled.open(tmp_path / "line.npz"), lambda p: x(p) ** 2) < 1e-14
    for given, message in [
        ((box,), r"which of them the values are is not clear.*key="),
        ((box, "n"), r"has no array 'n'; it has k \(8, 16\), other"),
        ((None, "k"), r"no vector of coordinates for any axis"),
    ]:
        with pytest.raises(ValueError, match=message):
            Sampled.open(tmp_path / "bare.npz", *given)


def test_files_with_meshes_and_images(tmp_path: Path):
    nodes, cells = triangles(9)
    made = Sampled.on_mesh(nodes, cells, smooth(*nodes.T))
    flat = np.column_stack([nodes, np.zeros(len(nodes))])
    mesh = meshio.Mesh(flat, [("triangle", cells)], point_data={"k": smooth(*nodes.T)})
    for kind in ("vtu", "vtk"):
        mesh.write(tmp_path / f"k.{kind}")
        assert error(Sampled.open(tmp_path / f"k.{kind}"), made) < 1e-14
    with pytest.raises(ValueError, match=r"has the values k at its points; n was to be read"):
        Sampled.open(tmp_path / "k.vtu", key="n")
    picture = np.zeros((4, 6), np.uint8)
    picture[0, 5] = 255  # top right
    Image.fromarray(picture).save(tmp_path / "k.png")
    seen = Sampled.open(tmp_path / "k.png", box, degree=1)
    corners = at(seen, [[1, 1], [0, 1], [1, -1], [11 / 12, 0.75]])
    assert corners.tolist() == pytest.approx([1, 0, 0, 1], abs=1e-12)
    with pytest.raises(ValueError, match=r"is an image, which has no coordinates"):
        Sampled.open(tmp_path / "k.png")


@pytest.mark.parametrize(
    ("values", "axes", "keywords", "message"),
    [
        (
            np.zeros((3, 4)),
            {"x": [0, 1], "y": [0, 1, 2, 3]},
            {},
            r"shape \(3, 4\) and the coordinates are x of",
        ),
        (np.zeros((3, 4)), box, {}, r"are 3 along x; polynomials of degree 3 need 4"),
        (
            np.zeros(4),
            {"x": [0, 2, 1, 3]},
            {},
            r"coordinates x of 'coefficient' are not sorted: 2 is followed by 1",
        ),
        (np.array([0, 1, np.nan, 2]), {"x": [0, 1, 2, 3]}, {}, r"hold nan at \[2\];"),
        (np.zeros(4), {"x": [0, 1, 2, 3]}, {"degree": 2}, r"degree=2; expected one of 1 \(linear"),
        (np.zeros(4), {"x": [0, 1, 2, 3]}, {"outside": "mirror"}, r"outside='mirror'; expected"),
    ],
)
def test_grids_that_are_refused(values, axes, keywords, message):
    with pytest.raises(ValueError, match=message):
        Sampled(values, axes, **keywords)


def test_meshes_that_are_refused():
    square, cells = np.array([[0.0, 0], [1, 0], [0, 1], [2, 0]]), [[0, 1, 2]]
    for nodes, simplices, values, degree, message in [
        (square, [[0, 1, 3]], np.zeros(4), 1, r"The cell 0 of 'coefficient' has no volume"),
        (square, cells, np.zeros(3), 1, r"expected \(n, d\), \(s, d \+ 1\) and \(n, ...\)"),
        (square, cells, np.zeros(4), 2, r"degree=2 for a mesh in 2 dimensions"),
        (square, [[0, 1, 7]], np.zeros(4), 1, r"refer to nodes that are not there"),
    ]:
        with pytest.raises(ValueError, match=message):
            Sampled.on_mesh(nodes, simplices, values, degree=degree)


def test_a_table_is_no_coefficient(tmp_path):
    (tmp_path / "k.csv").write_text("x,k\n0,1\n1,2\n")
    with pytest.raises(ValueError, match=r"k\.csv' is a table of points; .* Read it by Table\.open"):
        Sampled.open(tmp_path / "k.csv")
