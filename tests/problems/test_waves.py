"""The bundled waves: small ones reach their closed forms, films are written and read back, and bad input is told."""

import math

import pytest

from sirenpde import SpectralElements, solve
from sirenpde.cli.main import main
from sirenpde.problem.load import find, load


def declare(name, **flags):
    return load(find(name)).problem(**flags)


def solved(name, order, cells, **flags):
    problem = declare(name, **flags)
    return solve(problem, [SpectralElements("t", order=order, cells=cells)], samples_scale=0.1)


@pytest.mark.parametrize(
    ("name", "order", "cells", "flags", "largest"),
    [
        ("wave_lens", 8, 3, {"width": 0.3, "duration": 0.6}, 1e-4),
        ("wave_cube", 6, 3, {"width": 0.4, "duration": 0.5}, 1e-3),
        ("wave_obstacle", 7, 4, {"width": 0.3, "duration": 0.8, "surface": "hard"}, 1e-3),
        pytest.param("wave_layers", 9, 8, {"width": 0.3, "duration": 0.5}, 1e-6, marks=pytest.mark.slow),
        pytest.param("wave_obstacle", 8, 12, {"width": 0.2}, 1e-4, marks=pytest.mark.slow),
        pytest.param("wave_source", 8, 12, {"frequency": 1.5}, 1e-2, marks=pytest.mark.slow),
    ],
)
def test_small_waves_are_those_of_their_closed_forms(name, order, cells, flags, largest):
    assert solved(name, order, cells, **flags).errors["u"]["relative_l2"] < largest


def test_a_series_is_read_back_as_an_animation(tmp_path):
    """By VTK itself, which ParaView is made of: all times, and the values of the field."""
    pyvista = pytest.importorskip("pyvista")
    solution = solved("wave_lens", 5, 3, width=0.4, duration=0.4)
    (u,) = solution.problem.fields
    times = [0.0, 0.1, 0.2, 0.3, 0.4]
    solution.export(str(tmp_path / "lens.pvd"), times=times, resolution=9)
    reader = pyvista.get_reader(str(tmp_path / "lens.pvd"))
    assert reader.time_values == pytest.approx(times)
    reader.set_active_time_value(reader.time_values[3])
    (mesh,) = reader.read()
    points = [[x, y, 0.3] for x, y, _ in mesh.points[:5]]
    assert mesh["u"][:5].tolist() == pytest.approx(solution[u](points).reshape(-1).tolist(), abs=1e-6)


@pytest.mark.slow
def test_a_film_is_written(tmp_path):
    run = str(tmp_path / "run")
    assert main(["solve", "wave_lens", "--width", "0.4", "--duration", "0.4", "--out", run]) == 0
    assert main(["plot", run, "--animate"]) == 0
    assert [file for file in (tmp_path / "run").rglob("*") if file.suffix in (".mp4", ".gif")]


def test_a_source_in_the_rim_is_refused():
    with pytest.raises(ValueError, match=r"x = 1\.3 lies in the rim that takes waves in; expected -1 to 1"):
        declare("wave_source", source=(1.3, 0.0))


def test_speeds_and_times_are_checked():
    with pytest.raises(ValueError, match="expected positive speeds"):
        declare("wave_layers", second=-0.5)
    with pytest.raises(ValueError, match="t"):
        declare("wave_cube", duration=-1.0)
    assert math.isfinite(declare("wave_layers", second=0.4).traits.time.high)
