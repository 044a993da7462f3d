"""Grids as VTU, read back by VTK and meshio."""

import meshio
import numpy as np
import pytest
from named_axes import named_axes
from vtk_readers import read

from sirenpde.export.about import About
from sirenpde.export.formats.vti import write_vti
from sirenpde.export.formats.vtu import write_vtu
from sirenpde.export.grid import Grid, sample


def line(low, high, n):
    return np.linspace(low, high, n)


@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_vtu_holds_the_points_cells_and_values(tmp_path, dimension, capsys):
    coordinates = [line(0, 1 + i, 4 + i) ** 2 for i in range(dimension)]
    grid = sample({"u": lambda p: (p**2).sum(1)}, named_axes("xyz"[:dimension]), coordinates)
    mesh = read(write_vtu(tmp_path / "u.vtu", grid))
    np.testing.assert_array_equal(mesh.points[:, :dimension], grid.points)
    assert mesh.data.GetNumberOfCells() == np.prod([n - 1 for n in grid.shape])
    np.testing.assert_allclose(mesh["u"], (mesh.points**2).sum(1), atol=1e-14)
    assert mesh.size == pytest.approx(np.prod([(1 + i) ** 2 for i in range(dimension)]))
    assert capsys.readouterr().out == ""


VALUES = {
    "e": lambda p: p[:, 0] + 1j * p[:, 1],
    "v": lambda p: p,
    "h": lambda p: p[:, :, None] * p[:, None, :],
    "j": lambda p: np.stack([p, 2 * p], axis=1),
    "ev": lambda p: 1j * p,
    "three": lambda p: np.stack([p[:, 0], p[:, 1], 0 * p[:, 0] + 7], axis=1),
}


@pytest.mark.parametrize(("kind", "write"), [("vtu", write_vtu), ("vti", write_vti)])
def test_complex_vector_and_matrix_values_have_names_for_their_components(tmp_path, kind, write):
    grid = sample(VALUES, named_axes("xy"), [line(0, 1, 3), line(0, 2, 5)])
    mesh = read(write(tmp_path / f"u.{kind}", grid, About(components={"three": ("a", "b", "c d")})))
    x, y, zero = *mesh.points[:, :2].T, 0 * mesh.points[:, 0]
    np.testing.assert_allclose(mesh["e_real"], x)
    np.testing.assert_allclose(mesh["e_imag"], y)
    np.testing.assert_allclose(mesh["e_abs"], np.hypot(x, y))
    np.testing.assert_allclose(mesh["v"], np.stack([x, y, zero], 1))
    np.testing.assert_allclose(mesh["ev_imag"][:, 1], y)
    np.testing.assert_allclose(mesh["h"], np.stack([x * x, y * y, zero, x * y, zero, zero], 1))
    np.testing.assert_allclose(mesh["j"].reshape(-1, 3, 3)[:, 1], np.stack([2 * x, 2 * y, zero], 1))
    assert mesh.components("v") == ["x", "y", "z"] and mesh.components("e_abs") == [None]
    assert mesh.components("h") == ["XX", "YY", "ZZ", "XY", "YZ", "XZ"]
    assert mesh.components("j") == ["XX", "XY", "XZ", "YX", "YY", "YZ", "ZX", "ZY", "ZZ"]
    assert mesh.components("three") == ["a", "b", "c d"]
    assert mesh.active == {"Scalars": "e_real", "Vectors": "v", "Tensors": "h"}


def test_meshio_reads_values_and_facts(tmp_path):
    grid = sample(VALUES, named_axes("xy"), [line(0, 1, 3), line(0, 2, 5)])
    facts = {"problem": "a < b", "seed": 7, "relative_l2": 1e-9}
    mesh = meshio.read(write_vtu(tmp_path / "u.vtu", grid, About(facts)))
    np.testing.assert_array_equal(mesh.points[:, :2], grid.points)
    np.testing.assert_array_equal(mesh.point_data["v"][:, :2], grid.points)
    assert mesh.cells_dict["quad"].shape == (8, 4)
    assert mesh.field_data["seed"] == 7 and mesh.field_data["relative_l2"] == 1e-9
    assert read(tmp_path / "u.vtu").facts == facts


@pytest.mark.parametrize("values", ["f4", "c8"])
def test_single_precision_stays_single(tmp_path, values):
    grid = Grid(named_axes("x"), (line(0, 1, 3),), {"u": np.arange(3).astype(values)})
    mesh = read(write_vtu(tmp_path / "u.vtu", grid))
    assert all(mesh[name].dtype == np.float32 for name in mesh.names) and mesh[mesh.names[0]].tolist() == [
        0,
        1,
        2,
    ]


def test_an_image_takes_a_fraction_of_the_room(tmp_path):
    """Of random values, which nothing compresses."""
    n = 60
    values = np.random.default_rng(0).normal(size=(n, n, n))
    grid = Grid(named_axes("xyz"), (line(0, 1, n),) * 3, {"u": values})
    cells, image = (write(tmp_path / "u", grid).stat().st_size for write in (write_vtu, write_vti))
    assert image < 0.98 * values.nbytes and 2 * image < cells < 3 * image


def test_four_axes_are_refused_by_vtu(tmp_path):
    grid = sample({"u": lambda p: p[:, 0]}, named_axes("wxyz"), [line(0, 1, 2)] * 4)
    with pytest.raises(ValueError, match=r"4 axes w, x, y, z.*NPZ"):
        write_vtu(tmp_path / "u.vtu", grid)
    assert not list(tmp_path.iterdir())
