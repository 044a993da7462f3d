"""Sample pictures: one panel for each domain, on axes of its own, with normals as arrows that fit in."""

import numpy as np
import pytest
from named_axes import named_axes

from sirenpde import Box
from sirenpde.plots import Samples, sample_points, save_figure


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_samples_are_drawn_with_normals(tmp_path, dimension):
    points = np.random.default_rng(0).uniform(size=(50, dimension))
    normals = np.zeros_like(points)
    normals[:, 0] = 1
    axes = named_axes("xyzw"[:dimension])
    sets = [Samples("inside", axes, points), Samples("edge", axes, points, normals, total=5000)]
    figure = sample_points(sets, "where")
    hidden = ", seen along w" if dimension == 4 else ""
    assert [ax.get_title() for ax in figure.axes] == [
        f"inside{hidden}\n50 points",
        f"edge{hidden}\n5000 points",
    ]
    inside, edge = (len(ax.collections) + len(ax.texts) for ax in figure.axes)
    assert edge > inside and figure.get_suptitle() == "where"
    save_figure(tmp_path / "samples.png", figure)


def test_each_domain_has_axes_of_its_own(tmp_path):
    wide, narrow, line = Box(x=(0, 10), y=(0, 1)), Box(x=(4, 5), y=(0, 1)), Box(t=(0, 2))
    points = np.random.default_rng(0).uniform(size=(50, 2))
    sets = [
        Samples("wide", wide.axes, points * (10, 1)),
        Samples("narrow", narrow.axes, np.add(points, (4, 0))),
    ]
    figure = sample_points([*sets, Samples("line", line.axes, points[:, :1])])
    first, second, third = figure.axes
    assert first.get_xlim()[1] > 10 and 3.8 < second.get_xlim()[0] < 4 and second.get_xlim()[1] < 5.2
    assert third.get_xlabel() == "t" and third.get_xlim()[1] > 2
    save_figure(tmp_path / "samples.png", figure)


@pytest.mark.parametrize("names", ["xy", "tx"])
def test_no_arrow_is_cut(names):
    box = Box(**{names[0]: (0, 10), names[1]: (0, 1)})
    points = np.array([[0, 0.5], [10, 0.5], [5, 0], [5, 1.0]])
    normals = np.array([[-1, 0], [1, 0], [0, -1], [0, 1.0]])
    figure = sample_points([Samples("edge", box.axes, points, normals)])
    (ax,) = figure.axes
    arrows = ax.collections[-1]
    ends = arrows.XY + np.column_stack([arrows.U, arrows.V]) / arrows.scale
    for column, (low, high) in enumerate((ax.get_xlim(), ax.get_ylim())):
        assert low < ends[:, column].min() < 0 and ends[:, column].max() < high
    assert arrows.scale_units == "xy" and arrows.angles == "xy"


def test_of_space_and_time_space_is_seen():
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1), z=(0, 1))
    points = np.random.default_rng(0).uniform(size=(50, 4))
    figure = sample_points([Samples("inside", box.axes, points)])
    (ax,) = figure.axes
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()) == ("x", "y", "z")
    assert ax.get_title() == "inside, seen along t\n50 points"


def test_a_shape_has_its_outline_behind_the_samples():
    outline = np.array([[[0, 0], [1, 0]], [[1, 0], [0, 1]], [[0, 1], [0, 0.0]]])
    box = Box(x=(0, 1), y=(0, 1))
    figure = sample_points([Samples("inside", box.axes, np.array([[0.2, 0.2]]), outline=outline)])
    np.testing.assert_array_equal(figure.axes[0].collections[1].get_segments(), outline)


def on_a_circle(radius):
    """A circle in a square from -3 to 3."""
    angles = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    return sample_points([Samples("edge", Box(x=(-3, 3), y=(-3, 3)).axes, radius * normals, normals)]).axes[0]


def test_arrows_on_a_small_circle_do_not_crowd():
    small, large = (on_a_circle(r).collections[-1] for r in (1, 3))
    assert 13 <= len(small.U) <= 30 and len(large.U) == 60
    gaps = np.linalg.norm(small.XY[:, None] - small.XY[None], axis=2) + 9 * np.eye(len(small.XY))
    assert gaps.min() > 0.4 * 0.6 - 1e-12


def test_titles_of_panels_in_space_leave_room_for_that_of_all():
    box = Box(x=(0, 1), y=(0, 1), z=(0, 1))
    points = np.random.default_rng(0).random((50, 3))
    figure = sample_points([Samples("heat\ndisk", box.axes, points)] * 3, "where its constraints hold")
    figure.canvas.draw()
    lowest = figure._suptitle.get_window_extent().y0
    assert all(panel.title.get_window_extent().y1 < lowest for panel in figure.axes)


def test_a_small_part_of_a_domain_is_seen_close():
    ax = on_a_circle(0.1)
    assert -0.22 < ax.get_xlim()[0] < -0.13 and 0.13 < ax.get_ylim()[1] < 0.22
    assert ax.get_title() == "edge\n600 points, seen close"
    arrows = ax.collections[-1]
    assert 0.02 < np.hypot(arrows.U, arrows.V).max() < 0.04
