"""Figures: what they show, in the scales they should have."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from matplotlib.colors import LogNorm
from named_axes import named_axes
from PIL import Image

from sirenpde import Disk
from sirenpde.plots import (
    Samples,
    field_panels,
    image_panels,
    loss_curve,
    mesh_panels,
    sample_points,
    save_figure,
)

X, Y = np.linspace(-1, 1, 21), np.linspace(0, 1, 11)
U = np.sin(3 * X)[:, None] * np.cos(Y)[None, :]


def row(stage, step, **terms):
    return SimpleNamespace(stage=stage, step=step, seconds=0.1 * step, loss=sum(terms.values()), terms=terms)


def panels(figure):
    return [ax for ax in figure.axes if ax.get_xlabel() and ax.get_visible()]


def test_the_loss_is_drawn_per_constraint_with_its_stages(tmp_path):
    history = [row("Adam", i, pde=1 / i, edge=2 / i) for i in range(1, 1001)]
    history += [row("L-BFGS", i, pde=1e-4, edge=0.0) for i in range(1, 200)]
    figure = loss_curve(history)
    ax = figure.axes[0]
    assert ax.get_yscale() == "log" and ax.get_ylabel() and ax.get_xlabel() == "step"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["all", "pde", "edge"]
    assert {text.get_text() for text in ax.texts} == {"Adam", "L-BFGS"}
    with Image.open(save_figure(tmp_path / "loss.png", figure)) as image:
        assert image.width == 1200


def test_the_loss_of_one_step_is_a_mark(tmp_path):
    figure = loss_curve([row("least squares", 1, pde=1e-20)])
    assert figure.axes[0].lines[0].get_marker() == "o"
    save_figure(tmp_path / "loss.png", figure)


def test_a_field_stands_beside_its_reference_and_error(tmp_path):
    figure = field_panels("u", named_axes(("x", "y")), (X, Y), U + 1e-5, U)
    prediction, reference, error = panels(figure)
    assert [ax.get_title() for ax in (prediction, reference, error)] == ["u", "reference", "|error|"]
    assert prediction.get_aspect() == 1 and prediction.get_xlabel() == "x" and prediction.get_ylabel() == "y"
    shown = prediction.collections[0]
    assert shown.get_cmap().name == "RdBu_r" and shown.norm.vmin == -shown.norm.vmax
    assert reference.collections[0].norm.vmax == shown.norm.vmax
    assert isinstance(error.collections[0].norm, LogNorm)
    assert error.collections[0].norm.vmin <= 1e-5 <= error.collections[0].norm.vmax * (1 + 1e-9)
    save_figure(tmp_path / "u.png", figure)


def test_a_positive_field_is_shown_in_viridis_upright():
    figure = field_panels("u", named_axes(("x", "y")), (X, Y), np.tile(Y, (21, 1)) + 1)
    mesh = figure.axes[0].collections[0]
    assert mesh.get_cmap().name == "viridis"
    shown = np.asarray(mesh.get_array()).reshape(11, 21)
    assert (shown[-1] == 2).all() and (shown[0] == 1).all()  # up the page is y


def test_complex_fields_and_components_have_rows_of_their_own():
    where = np.where(np.abs(X)[:, None] < 0.5, U * 1j, np.nan + 0j)
    figure = field_panels("u", named_axes(("x", "y")), (X, Y), U * 1j, where)
    titles = [ax.get_title() for ax in panels(figure)]
    assert titles == ["Re u", "reference", "|error|", "Im u", "reference", "|error|"]
    figure = field_panels("v", named_axes(("x", "y")), (X, Y), np.stack([U, -U], -1))
    assert [ax.get_title() for ax in panels(figure)] == ["v[0]", "v[1]"]


@pytest.mark.parametrize(
    ("axes", "titles"), [(("t", "x", "y"), ["u, t = 0", "u, t = 0.5", "u, t = 1"]), ("xyz", None)]
)
def test_three_axes_are_cut_into_slices(axes, titles):
    t = np.linspace(0, 1, 5)
    values = np.broadcast_to(t[:, None, None] + 1, (5, 21, 11)) * np.ones((5, 21, 11))
    figure = field_panels("u", named_axes(axes), (t, X, Y), values)
    found = [ax.get_title() for ax in panels(figure)]
    assert len(found) == 3 and (titles is None or found == titles)
    if titles:
        assert panels(figure)[2].collections[0].get_array().max() == 2


def test_one_axis_is_a_curve():
    figure = field_panels("u", named_axes(("x",)), (X,), np.sin(X) + 1e-6, np.sin(X))
    curve, error = figure.axes
    assert curve.get_xlabel() == "x" and error.get_yscale() == "log"
    assert np.nanmax(error.lines[0].get_ydata()) == pytest.approx(1e-6, rel=1e-6)


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_samples_are_drawn_with_normals(tmp_path, dimension):
    points = np.random.default_rng(0).uniform(size=(50, dimension))
    normals = np.zeros_like(points)
    normals[:, 0] = 1
    sets = [Samples("inside", points), Samples("edge", points, normals, total=5000)]
    figure = sample_points(sets, named_axes("xyzw"[:dimension]))
    assert [ax.get_title() for ax in figure.axes] == ["inside\n50 points", "edge\n5000 points"]
    inside, edge = (len(ax.collections) + len(ax.texts) for ax in figure.axes)
    assert edge > inside  # the arrows
    save_figure(tmp_path / "samples.png", figure)


def test_pictures_stand_side_by_side():
    figure = image_panels({"source": np.zeros((4, 6)), "result": np.full((4, 6, 3), 2.0)})
    assert [ax.get_title() for ax in figure.axes] == ["source", "result"]
    assert figure.axes[1].images[0].get_array().max() == 1


def test_figures_leave_pyplot_alone():
    import matplotlib.pyplot as plt

    loss_curve([row("Adam", 1, pde=1.0)])
    assert plt.get_fignums() == []


def test_of_many_axes_the_titles_name_the_one_that_differs() -> None:
    axes, n = ("a", "b", "c", "d", "e"), (3, 3, 3, 1, 1)
    coordinates = [np.linspace(0, 1, k) if k > 1 else np.array([0.5]) for k in n]
    figure = field_panels("u", named_axes(axes), coordinates, np.ones(n))
    titles = [ax.get_title() for ax in figure.axes if ax.get_title()]
    assert titles == ["u, …, c = 0", "u, …, c = 0.5", "u, …, c = 1"]


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
    coordinates = [times] * len(axes)
    values = np.ones((5,) * len(axes))
    values[times >= until] = bad
    exact = {"none": None, "known": np.zeros_like(values), "unknown as well": values}[reference]
    figure = field_panels("u", named_axes(axes), coordinates, values, exact)
    save_figure(tmp_path / "u.png", figure, dpi=20)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("until", [0.5, 0.0])
def test_a_history_bears_values_that_are_not_known(tmp_path, bad, until):
    history = [row("Adam", i, pde=1.0 if i / 5 <= until else bad) for i in range(1, 6)]
    save_figure(tmp_path / "loss.png", loss_curve(history), dpi=20)


def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    for name in ("$", "$a", "price in $ or $", r"$\nonsense{$"):
        save_figure(tmp_path / "u.png", field_panels(name, named_axes(("x", "y")), (X, Y), U, U), dpi=20)
        figure = loss_curve([row("Adam", i, **{name: 1 / i, "pde": 1 / i}) for i in range(1, 9)])
        assert figure.axes[0].get_yscale() == "log"  # whose ticks are formulas
        save_figure(tmp_path / "loss.png", figure, dpi=20)


@pytest.mark.parametrize(("times", "titles"), [(None, ["u"]), (5, ["u, t = 0", "u, t = 0.5", "u, t = 1"])])
def test_a_field_on_triangles_is_drawn_on_them_beside_its_reference(tmp_path, times, titles):
    cells = Disk().cells(8)
    cells = cells if times is None else cells.times(torch.linspace(0, 1, times))
    values = cells.points[:, 0].numpy().reshape(61, *(1 for _ in cells.lines)) + np.zeros(cells.shape)
    figure = mesh_panels("u", named_axes("xyt"[: 2 + len(cells.lines)]), cells, values + 1e-5, values)
    shown = panels(figure)
    assert [ax.get_title() for ax in shown] == [
        t for title in titles for t in (title, "reference", "|error|")
    ]
    assert all(ax.get_aspect() == 1 and ax.get_xlabel() == "x" for ax in shown)
    np.testing.assert_allclose(shown[0].collections[0].get_array(), cells.points[:, 0] + 1e-5)
    save_figure(tmp_path / "u.png", figure, dpi=20)
    figure = mesh_panels(
        "v", named_axes("xyt"[: 2 + len(cells.lines)]), cells, np.stack([values, values], -1)
    )
    assert next(ax.get_title() for ax in panels(figure)).startswith("v[0]")
