"""The figures of a solution: where fields are shown, and beside which reference."""

import matplotlib.image
import numpy as np
import pytest
import torch

from sirenpde import (
    Ball,
    Box,
    Disk,
    Field,
    Interval,
    LeastSquares,
    PixelGrid,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    on,
    solve,
)
from sirenpde.cli import figures
from sirenpde.export.carriers import on_grid
from sirenpde.geometry.meshes.cells import Cells
from sirenpde.plots import field_figure


def fitted(domain, exact, samples=400, **problem):
    """A field that equals a function on a domain."""
    u = Field("u", domain, SineFeatures(60, 3.0))
    return solve(
        Problem(on(domain, samples=samples)(lambda p: u(p) - exact(p)), **problem), [LeastSquares()]
    ), u


def test_a_solid_is_meshed_once_for_its_file_and_its_figure(monkeypatch):
    asked, ball = [], Ball()
    corners = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]).double()

    def cells(shape, resolution):
        asked.append(resolution)
        return Cells(corners, torch.arange(4)[None])

    monkeypatch.setattr(Ball, "cells", cells)
    x, _, _ = ball.axes
    solution, _ = fitted(ball, x)
    (fields,) = solution.field_sets()
    written, drawn = on_grid(fields), figures.carrier_of(fields)
    assert len(asked) == 1 and written.cells.points is drawn.cells.points


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_xlabel()]


def test_a_shape_over_time_is_shown_at_the_times_asked_for():
    cylinder = Disk() * Interval(t=(0, 1))
    x, _, t = cylinder.axes
    solution, _ = fitted(cylinder, lambda p: x(p) * (1 - t(p)))
    (fields,) = solution.field_sets()
    assert titles(field_figure(figures.shown(fields, "u"))) == ["u, t = 0", "u, t = 0.5", "u, t = 1"]
    figure = field_figure(figures.shown(fields, "u", [0.25, 0.75]))
    assert titles(figure) == ["u, t = 0.25", "u, t = 0.75"]
    early, late = (ax.collections[0] for ax in figure.axes[:2])
    assert early.get_array().max() == pytest.approx(0.75, abs=0.05)
    assert late.get_array().max() == pytest.approx(0.25, abs=0.05)
    corners = early._triangulation
    assert np.hypot(corners.x, corners.y).max() <= 1 + 1e-12
    with pytest.raises(ValueError, match="time 2 was asked for, and t runs from 0 to 1"):
        figures.shown(fields, "u", [0.5, 2.0])


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ({"x": (0, 1)}, (801,)),
        ({"t": (0, 1), "x": (0, 1)}, (257, 257)),
        ({"x": (0, 1), "y": (0, 1), "t": (0, 1)}, (129, 129, 3)),
        ({"x": (0, 1), "y": (0, 1), "z": (0, 1)}, (41, 41, 41)),
        ({"a": (0, 1), "b": (0, 1), "c": (0, 1), "d": (0, 1)}, (41, 41, 41, 1)),
    ],
)
def test_a_box_is_shown_where_a_figure_needs_it(axes, shape):
    box = Box(**axes)
    space = [axis for axis in box.axes if not axis.is_time]
    lines = figures._lines(box.axes, space, None)
    assert tuple(map(len, lines)) == shape


def test_components_and_units_are_those_of_the_problem():
    box = Box(x=(0, 1), y=(0, 1))
    x, _ = box.axes
    v = Field("v", box, SineFeatures(60, 3.0), shape=(2,))

    @on(box, samples=200)
    def here(p):
        return v(p) - torch.stack([x(p), 0 * x(p)])

    problem = Problem(here, components={v: ("vx", "vy")}, units={v: "m/s", x: "mm"})
    (fields,) = solve(problem, [LeastSquares()]).field_sets()
    figure = field_figure(figures.shown(fields, "v"))
    assert titles(figure) == ["|v| (m/s)", "vx (m/s)", "vy (m/s)"]
    assert figure.axes[0].get_xlabel() == "x (mm)"


def test_a_free_constant_is_fitted_before_it_is_drawn():
    line = Box(x=(0, 1))
    (x,) = line.axes
    known = Reference(lambda p: 3 * x(p) + 7, fit="affine")
    u = Field("u", line, SineFeatures(60, 3.0))
    same = on(line, samples=300)(lambda p: u(p) - x(p))
    solution = solve(Problem(same, reference={u: known}), [LeastSquares()])
    shown = figures.shown(solution.field_sets()[0], "u")
    np.testing.assert_allclose(shown.values, shown.reference, atol=1e-8)


def test_a_picture_is_fitted_to_its_reference_and_stands_beside_its_error(tmp_path):
    rows, columns = np.meshgrid(np.linspace(0, 1, 12), np.linspace(0, 1, 16), indexing="ij")
    picture = 0.25 + 0.5 * np.cos(2 * rows) * columns
    matplotlib.image.imsave(tmp_path / "f.png", np.stack([picture] * 3, -1))
    grid = PixelGrid.read(f=tmp_path / "f.png", grey=True)
    u = Field("u", grid, SineFeatures(150, 6.0))
    darker = on(grid)(lambda p: u(p) - 0.1 * grid["f"](p) + 5)  # nearly black, and a constant away
    problem = Problem(darker, reference={u: Reference(grid["f"], grid, fit="affine", peak=1)})
    solution = solve(problem, [LeastSquares()])
    (fields,) = solution.field_sets()
    figure = figures._picture_figure(solution, fields, "u")
    given, found, error = (ax for ax in figure.axes if ax.images)
    assert [ax.get_title() for ax in (given, found, error)] == ["f", "a u + b, best fitted", "|error|"]
    difference = np.abs(given.images[0].get_array() - found.images[0].get_array())
    assert difference.max() < 0.05 and "relative L2 error" in figure.get_suptitle()
    np.testing.assert_allclose(error.images[0].get_array().max(), difference.max(), atol=1e-9)


def test_a_reference_on_points_has_a_figure_on_these_points():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    points = np.random.default_rng(0).uniform(size=(60, 2))
    cloud = PointCloud(points, box, {"measured": points.sum(1) + 1e-3})
    u = Field("u", box, SineFeatures(60, 3.0))
    here = on(box, samples=300)(lambda p: u(p) - x(p) - y(p))
    problem = Problem(here, reference={u: Reference(cloud["measured"], cloud)})
    solution = solve(problem, [LeastSquares()])
    (fields,) = solution.field_sets()
    assert figures.shown(fields, "u").reference is None
    figure = figures._at_nodes(solution, fields, "u")["-reference"]
    assert titles(figure) == ["u", "reference", "|error|"]
    dots = figure.axes[2].collections[0]
    np.testing.assert_allclose(dots.get_offsets(), points)
    np.testing.assert_allclose(dots.get_array(), 1e-3, rtol=0.02)


def test_what_is_left_of_each_constraint_is_told():
    line = Box(x=(0, 1))
    (x,) = line.axes
    solution, _ = fitted(line, lambda p: x(p))
    left = figures.remaining(solution)
    (name,) = left.residuals
    assert left.residuals[name] == solution.constraints[name]["relative"] and not left.per_slab
