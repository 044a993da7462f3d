"""Functions of space and time, step by step."""

import numpy as np
import pytest
from named_axes import named_axes

from sirenpde import Disk
from sirenpde.export.grid import Grid
from sirenpde.export.mesh import Mesh
from sirenpde.export.sampled import Sampled, kinds_of, pieces_of
from sirenpde.export.series import Series
from sirenpde.geometry.frame import Frame

TIMES = np.array([0.0, 0.25, 1.0])


def formula(p):
    """x + 2 y + 10 t of points (x, t, y)."""
    return p[:, 0] + 2 * p[:, 2] + 10 * p[:, 1]


def test_every_step_has_the_values_of_its_time_whatever_the_order_of_the_axes():
    axes = named_axes("xty")
    plane = Grid((axes[0], axes[2]), (np.linspace(0, 1, 3), np.linspace(0, 2, 4)), {})
    disk = Mesh((axes[0], axes[2]), Disk().cells(6), {})
    for carrier in (plane, disk):
        series = Series(carrier, axes, TIMES, {"u": formula})
        assert len(series) == 3 and series.time.name == "t"
        for time, step in zip(TIMES, series, strict=True):
            x, y = carrier.points.T
            np.testing.assert_allclose(step.values["u"].ravel(), x + 2 * y + 10 * time, atol=1e-15)
            assert step.values["u"].shape == carrier.shape


def test_a_step_is_evaluated_when_it_is_asked_for():
    asked = []

    def spied(p):
        asked.append(p[0, 1])
        return p[:, 0]

    axes = named_axes("xt")
    series = Series(Grid(axes[:1], (np.linspace(0, 1, 3),), {}), axes, TIMES, {"u": spied})
    steps = list(series)
    assert asked == []
    assert steps[1].values["u"].tolist() == [0, 0.5, 1] and asked == [0.25]


def test_a_series_in_the_units_of_a_file_is_evaluated_in_the_box():
    axes = named_axes("xt")
    series = Series(Grid(axes[:1], (np.array([-1.0, 1.0]),), {}), axes, TIMES, {"u": lambda p: p[:, 0]})
    scaled = series.restored(Frame((10.0, 0.0), 0.5))
    assert scaled.carrier.points.tolist() == [[8], [12]]
    assert scaled.at(0.0).values["u"].tolist() == [-1, 1]


@pytest.mark.parametrize("whole", [True, False])
def test_values_come_piece_by_piece(whole):
    axes = named_axes("txy")
    grid = Grid(axes, (np.arange(2.0), np.arange(3.0), np.arange(300.0)), {})
    lazy = Sampled({"v": lambda p: np.stack([p[:, 0], 1j * p[:, 2]], axis=1)}, grid.shape, grid.blocks)
    carrier = Grid(axes, grid.coordinates, dict(lazy) if whole else lazy)
    pieces = list(pieces_of(carrier, "v"))
    assert len(pieces) == (1 if whole else 2)  # slices of time come one by one
    np.testing.assert_array_equal(np.concatenate(pieces)[:, 1].imag, grid.points[:, 2])
    assert kinds_of(carrier) == {"v": ((2,), np.dtype(complex))}
