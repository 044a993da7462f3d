"""Grids as VTU, read back by a reader that is not ours."""

import numpy as np
import pytest
import pyvista
from named_axes import named_axes

from sirenpde.export.formats.vtu import write_vtu
from sirenpde.export.grid import sample


def line(low, high, n):
    return np.linspace(low, high, n)


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
