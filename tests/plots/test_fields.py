"""Figures of fields: what they show, in scales that can be compared."""

import numpy as np
import pytest
import torch
from matplotlib.colors import LogNorm
from named_axes import named_axes

from sirenpde import Box, Disk
from sirenpde.plots import (
    Shown,
    cells_views,
    cloud_view,
    field_figure,
    grid_views,
    image_figure,
    save_figure,
)
from sirenpde.plots.figures import new_figure
from sirenpde.plots.panels import _arrows as draw_arrows

X, Y = np.linspace(-1, 1, 21), np.linspace(0, 1, 11)
U = np.sin(3 * X)[:, None] * np.cos(Y)[None, :]


def on_grid(name, axes, coordinates, values, reference=None, **labels):
    axes = named_axes(axes)
    space = [axis.name for axis in axes if not axis.is_time]
    return Shown(name, grid_views(axes, coordinates), values, reference, len(axes), space, **labels)


def on_cells(name, axes, cells, values, reference=None, **labels):
    axes = named_axes(axes)
    space = [axis.name for axis in axes if not axis.is_time]
    return Shown(name, cells_views(axes, cells), values, reference, len(cells.shape), space, **labels)


def panels(figure):
    return [ax for ax in figure.axes if ax.get_xlabel() and ax.get_visible()]


def titles(figure):
    return [ax.get_title() for ax in panels(figure)]


def limits(ax):
    norm = ax.collections[0].norm
    return norm.vmin, norm.vmax


def test_a_field_stands_beside_its_reference_and_error(tmp_path):
    figure = field_figure(on_grid("u", "xy", (X, Y), U + 1e-5, U), "square: u")
    prediction, reference, error = panels(figure)
    assert titles(figure) == ["u", "reference", "|error|"] and figure.get_suptitle() == "square: u"
    assert prediction.get_aspect() == 1 and prediction.get_xlabel() == "x" and prediction.get_ylabel() == "y"
    shown = prediction.collections[0]
    assert shown.get_cmap().name == "RdBu_r" and shown.norm.vmin == -shown.norm.vmax
    assert limits(reference) == limits(prediction)
    assert isinstance(error.collections[0].norm, LogNorm)
    assert limits(error)[0] <= 1e-5 <= limits(error)[1] * (1 + 1e-9)
    save_figure(tmp_path / "u.png", figure)


def test_a_positive_field_is_shown_in_viridis_upright():
    figure = field_figure(on_grid("u", "xy", (X, Y), np.tile(Y, (21, 1)) + 1))
    mesh = figure.axes[0].collections[0]
    assert mesh.get_cmap().name == "viridis"
    shown = np.asarray(mesh.get_array()).reshape(11, 21)
    assert (shown[-1] == 2).all() and (shown[0] == 1).all()  # up the page is y


def test_complex_fields_have_rows_in_one_scale():
    where = np.where(np.abs(X)[:, None] < 0.5, U * 2j, np.nan + 0j)
    figure = field_figure(on_grid("u", "xy", (X, Y), U * 2j + 0.1 * U, where))
    assert titles(figure) == ["Re u", "reference", "|error|", "Im u", "reference", "|error|"]
    shown = panels(figure)
    assert limits(shown[0]) == limits(shown[1]) == limits(shown[3]) == limits(shown[4])
    assert limits(shown[2]) == limits(shown[5])


def test_vectors_have_arrows_on_their_magnitude_and_components_with_names():
    values = np.stack([np.ones((21, 11)), np.zeros((21, 11))], -1)
    figure = field_figure(
        on_grid("v", "xy", (X, Y), 2 * values, components=("vx", "vy"), unit="m/s", units={"x": "m"})
    )
    assert titles(figure) == ["|v| (m/s)", "vx (m/s)", "vy (m/s)"]
    magnitude = panels(figure)[0]
    mesh, arrows = magnitude.collections
    assert magnitude.get_xlabel() == "x (m)" and magnitude.get_ylabel() == "y"
    assert (np.asarray(mesh.get_array()) == 2).all()
    assert len(arrows.U) > 50 and (np.asarray(arrows.U) == 2).all() and (np.asarray(arrows.V) == 0).all()
    assert np.abs(arrows.XY).max() <= 1


def test_panels_of_a_channel_are_one_below_the_other(tmp_path):
    length = np.linspace(0, 10, 41)
    values = np.stack([np.ones((41, 11)), np.zeros((41, 11))], -1)
    figure = field_figure(on_grid("v", "xy", (length, Y), values, values))
    assert len({round(ax.get_position().x0, 3) for ax in panels(figure)}) == 1 and len(panels(figure)) == 9
    save_figure(tmp_path / "v.png", figure, dpi=20)


def test_the_error_of_a_magnitude_is_that_of_the_vector():
    values = np.stack([np.ones((21, 11)), np.zeros((21, 11))], -1)
    figure = field_figure(on_grid("v", "xy", (X, Y), values, values[..., ::-1]))
    error = panels(figure)[2]
    assert error.get_title() == "|error|"
    np.testing.assert_allclose(np.asarray(error.collections[0].get_array()), np.sqrt(2))


def test_two_species_in_one_dimension_have_no_magnitude():
    figure = field_figure(on_grid("u", "x", (X,), np.ones((21, 2)), components=("prey", "hunters")))
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["prey", "hunters"]


def test_equal_components_of_a_symmetric_matrix_are_shown_once():
    stress = np.stack([np.stack([U, 2 * U], -1), np.stack([2 * U, 3 * U], -1)], -1)
    assert titles(field_figure(on_grid("s", "xy", (X, Y), stress))) == ["s[0, 0]", "s[0, 1]", "s[1, 1]"]
    names = ("sxx", "sxy", "syx", "syy")
    named = field_figure(on_grid("s", "xy", (X, Y), stress, components=names))
    assert titles(named) == ["sxx", "sxy", "syy"]
    stress[..., 0, 1] *= 2
    assert titles(field_figure(on_grid("s", "xy", (X, Y), stress, components=names))) == list(names)


def test_components_that_are_not_shown_are_counted():
    many = on_grid("u", "xy", (X, Y), np.ones((21, 11, 12)))
    figure = field_figure(many, "mix: u")
    assert len(panels(figure)) == 9 and figure.get_suptitle() == "mix: u, 9 of 12 components"


def test_times_are_side_by_side_in_one_scale():
    t = np.linspace(0, 1, 9)
    values = np.exp(-9 * t)[:, None, None] * np.cos(X)[:, None] * np.ones(11)
    figure = field_figure(on_grid("u", "txy", (t, X, Y), values, values + 1e-3 * t[:, None, None]))
    times = ["t = 0", "t = 0.5", "t = 1"]
    assert titles(figure) == [f"{row}, {t}" for row in ("u", "reference", "|error|") for t in times]
    shown = panels(figure)
    assert len({limits(ax) for ax in shown[:6]}) == 1 and len({limits(ax) for ax in shown[6:]}) == 1
    assert limits(shown[0])[1] == pytest.approx(1.001, abs=2e-3)
    assert shown[1].collections[0].get_array().max() < 0.02  # decay is seen


def test_a_few_times_are_all_shown():
    t = np.array([0.0, 0.1, 0.2, 0.9])
    figure = field_figure(on_grid("u", "txy", (t, X, Y), np.ones((4, 21, 11))))
    assert titles(figure) == ["u, t = 0", "u, t = 0.1", "u, t = 0.2", "u, t = 0.9"]


def test_one_axis_is_a_curve():
    figure = field_figure(on_grid("u", "x", (X,), np.sin(X) + 1e-6, np.sin(X), unit="K"), "rod: u")
    curve, error = figure.axes
    assert curve.get_xlabel() == "x" and curve.get_ylabel() == "u (K)" and error.get_yscale() == "log"
    assert np.nanmax(error.lines[0].get_ydata()) == pytest.approx(1e-6, rel=1e-6)
    assert figure.get_suptitle() == "rod: u"


def test_a_few_times_of_one_axis_are_curves_and_many_a_plane(tmp_path):
    t = np.array([0.0, 0.5, 2.0])
    values = np.exp(-t)[:, None] * np.cos(X)
    figure = field_figure(on_grid("u", "tx", (t, X), values, values + 1e-3))
    curves, errors = figure.axes
    words = [text.get_text() for text in curves.get_legend().get_texts()]
    assert words == ["t = 0", "t = 0.5", "t = 2", "reference"] and curves.get_xlabel() == "x"
    np.testing.assert_array_equal(curves.lines[4].get_ydata(), values[2])
    assert len(errors.lines) == 3
    save_figure(tmp_path / "u.png", figure, dpi=20)
    t = np.linspace(0, 1, 9)
    figure = field_figure(on_grid("u", "tx", (t, X), np.exp(-t)[:, None] * np.cos(X)))
    assert titles(figure) == ["u"] and figure.axes[0].get_ylabel() == "x"
    assert figure.axes[0].get_aspect() == "auto"  # a time compares with no length


@pytest.mark.parametrize("times", [None, 5])
def test_a_shape_is_drawn_on_its_triangles_with_its_boundary(tmp_path, times):
    cells = Disk().cells(8)
    cells = cells if times is None else cells.times(torch.linspace(0, 1, times))
    values = cells.points[:, 0].numpy().reshape(-1, *(1 for _ in cells.lines)) + np.zeros(cells.shape)
    figure = field_figure(on_cells("u", "xyt"[: 2 + len(cells.lines)], cells, values + 1e-5, values))
    count = times or 1
    shown = panels(figure)
    assert len(shown) == 3 * count and all(ax.get_aspect() == 1 and ax.get_xlabel() == "x" for ax in shown)
    triangles, boundary = shown[0].collections
    np.testing.assert_allclose(triangles.get_array(), cells.points[:, 0] + 1e-5)
    ends = np.array(boundary.get_segments())
    assert ends.shape == (24, 2, 2)
    np.testing.assert_allclose(np.linalg.norm(ends, axis=2), 1)
    save_figure(tmp_path / "u.png", figure, dpi=20)


def test_values_that_are_not_known_leave_holes_in_a_mesh(tmp_path):
    cells = Disk().cells(8)
    values = np.where(cells.points[:, 0].numpy() > 0, np.nan, 1.0)
    figure = field_figure(on_cells("u", "xy", cells, values))
    corners = figure.axes[0].collections[0]._triangulation.get_masked_triangles()
    assert 0 < len(corners) < len(cells.corners) and np.isfinite(values[corners]).all()
    save_figure(tmp_path / "u.png", figure, dpi=20)


def test_a_solid_is_seen_from_outside_and_on_three_planes(tmp_path):
    lines = (np.linspace(0, 1, 5), np.linspace(0, 2, 6), np.linspace(0, 3, 7))
    x, y, z = np.meshgrid(*lines, indexing="ij")
    figure = field_figure(on_grid("u", "xyz", lines, x + 10 * y + 100 * z))
    assert titles(figure) == ["u", "u, x = 0.5", "u, y = 1.2", "u, z = 1.5"]
    solid, across_x, *_ = panels(figure)
    assert solid.name == "3d" and solid.get_zlabel() == "z"
    assert across_x.get_xlabel() == "y" and across_x.get_ylabel() == "z"
    expected = 0.5 + 10 * lines[1] + 100 * lines[2][:, None]
    np.testing.assert_allclose(across_x.collections[0].get_array().reshape(7, 6), expected)
    save_figure(tmp_path / "u.png", figure, dpi=20)


def test_a_solid_over_time_has_its_surface_and_a_plane_at_each():
    lines = (np.linspace(0, 1, 3), *([np.linspace(0, 1, 4)] * 3))
    figure = field_figure(on_grid("u", "txyz", lines, np.ones((3, 4, 4, 4))))
    times = ["t = 0", "t = 0.5", "t = 1"]
    assert titles(figure) == [f"u, {t}" for t in times] + [f"u, {t}, z = 0.667" for t in times]


def test_an_extrusion_is_a_solid(tmp_path):
    cells = Disk().cells(8).times(torch.linspace(0, 2, 5))
    values = cells.all_points[:, 2].numpy().reshape(cells.shape)
    figure = field_figure(on_cells("u", "xyz", cells, values))
    assert titles(figure) == ["u", "u, x = 0", "u, y = 0", "u, z = 1"]
    surface, _, _, flat = panels(figure)
    assert surface.name == "3d" and len(surface.collections) == 1
    np.testing.assert_allclose(flat.collections[0].get_array(), 1)
    save_figure(tmp_path / "u.png", figure, dpi=20)


def test_points_alone_are_dots():
    points = np.random.default_rng(0).uniform(size=(50, 2))
    view = cloud_view(named_axes("xy"), points)
    figure = field_figure(Shown("u", [view], points[:, 0], points[:, 0] + 1, 1, ("x", "y")))
    dots = panels(figure)[0].collections[0]
    np.testing.assert_allclose(dots.get_offsets(), points)
    np.testing.assert_allclose(dots.get_array(), points[:, 0])
    assert cloud_view(named_axes("abcd"), np.ones((5, 4))) is None


def test_of_many_axes_the_middle_of_the_others_is_shown():
    axes, n = Box(a=(0, 1), b=(0, 1), c=(0, 1), d=(0, 1), e=(0, 1)).axes, (3, 3, 3, 1, 1)
    lines = [np.linspace(0, 1, k) if k > 1 else np.array([0.5]) for k in n]
    views = grid_views(axes, lines)
    assert views[0].title == "d = 0.5, e = 0.5"
    assert views[1].title == "d = 0.5, e = 0.5, a = 0.5"


def test_pictures_stand_side_by_side_with_the_error():
    images = {"source": np.zeros((4, 6)), "result": np.full((4, 6, 3), 2.0)}
    figure = image_figure(images, np.full((4, 6), 1e-3), "edit")
    assert [ax.get_title() for ax in figure.axes[:3]] == ["source", "result", "|error|"]
    assert figure.axes[1].images[0].get_array().max() == 1 and figure.get_suptitle() == "edit"
    assert isinstance(figure.axes[2].images[0].norm, LogNorm)


# All combinations; a quarter of them, with each value of each word, on ordinary days.
UNKNOWN = [
    pytest.param(axes, reference, bad, until, marks=[] if (i + j + k + m) % 4 == 0 else pytest.mark.slow)
    for i, axes in enumerate(("t", "tx", "txy"))
    for j, reference in enumerate(("none", "known", "unknown as well"))
    for k, bad in enumerate((np.nan, np.inf))
    for m, until in enumerate((0.5, 0.0))
]


@pytest.mark.parametrize(("axes", "reference", "bad", "until"), UNKNOWN)
def test_figures_bear_values_that_are_not_known(tmp_path, axes, reference, bad, until):
    times = np.linspace(0, 1, 5)
    values = np.ones((5,) * len(axes))
    values[times >= until] = bad
    exact = {"none": None, "known": np.zeros_like(values), "unknown as well": values}[reference]
    figure = field_figure(on_grid("u", axes, [times] * len(axes), values, exact))
    save_figure(tmp_path / "u.png", figure, dpi=20)


def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    for name in ("$", "$a", "price in $ or $", r"$\nonsense{$"):
        save_figure(tmp_path / "u.png", field_figure(on_grid(name, "xy", (X, Y), U, U), name), dpi=20)


def test_arrows_in_a_long_channel_are_in_the_middle_and_none_is_on_a_wall():
    points = np.stack(np.meshgrid(np.linspace(0, 22, 221), np.linspace(0, 4.1, 83)), -1).reshape(-1, 2)
    ax = new_figure(6, 2).add_subplot()
    draw_arrows(ax, points, np.ones_like(points), 1.0)
    heights = np.unique(ax.collections[0].XY[:, 1])
    assert heights[0] > 0.3 and heights[-1] < 3.8
    np.testing.assert_allclose(heights, 4.1 - heights[::-1], atol=0.06)
