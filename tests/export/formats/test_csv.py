"""Tables of points and values."""

import csv

import numpy as np
import pytest
from named_axes import named_axes

from sirenpde import Disk
from sirenpde.export.about import About
from sirenpde.export.formats.csv import write_csv
from sirenpde.export.grid import Grid, on_lattice
from sirenpde.export.mesh import Mesh
from sirenpde.export.series import Series

ANY = np.linspace(0, 1, 7) ** 3
FUNCTIONS = {
    "u": lambda p: p[:, 0] / 3 + p[:, 1],
    "v": lambda p: p,
    "z": lambda p: np.exp(1j * p[:, 0]),
    "s, t": lambda p: p[:, 0],
}


def table(path):
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    return dict(zip(header, np.array(rows, dtype=float).T, strict=True))


def test_a_table_has_points_and_values_to_the_last_digit(tmp_path):
    grid = on_lattice(FUNCTIONS, named_axes("xy"), (ANY, np.linspace(0, 2, 1500)))
    columns = table(write_csv(tmp_path / "u.csv", grid, About({"seed": 1}, {"v": ("east", "north")})))
    assert list(columns) == ["x", "y", "u", "v_east", "v_north", "z_real", "z_imag", "z_abs", "s, t"]
    x, y = grid.points.T
    for name, values in {"x": x, "y": y, "u": x / 3 + y, "v_north": y, "s, t": x}.items():
        np.testing.assert_array_equal(columns[name], values)
    np.testing.assert_array_equal(columns["z_imag"], np.exp(1j * x).imag)


@pytest.mark.parametrize("names", ["txy", "xty"])
def test_a_series_has_its_time_in_every_line(tmp_path, names):
    axes = named_axes(names)
    place = Mesh(named_axes("xy"), Disk().cells(6), {})
    series = Series(place, axes, np.array([0.5, 2]), {"u": lambda p: p[:, names.index("t")]})
    columns = table(write_csv(tmp_path / "u.csv", series))
    assert list(columns) == [*names, "u"] and columns["t"].tolist() == [0.5] * 37 + [2.0] * 37
    np.testing.assert_array_equal(columns["u"], columns["t"])
    np.testing.assert_array_equal(np.stack([columns["x"], columns["y"]], 1)[37:], place.points)


def test_values_that_are_held_or_unknown_are_written_as_they_are(tmp_path):
    grid = Grid(named_axes("abcd"), (np.arange(2.0),) * 4, {"u": np.full((2,) * 4, np.nan)})
    columns = table(write_csv(tmp_path / "u.csv", grid))
    assert list(columns) == ["a", "b", "c", "d", "u"] and np.isnan(columns["u"]).all()
    np.testing.assert_array_equal(columns["d"], grid.points[:, 3])
