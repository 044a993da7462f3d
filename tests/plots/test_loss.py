"""The account of a run: what a figure shows of it, in limits that tell something."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from sirenpde.plots import Remaining, loss_figure, save_figure

LEFT = Remaining({"pde": 1e-9, "edge": 1e-28})


def row(stage, step, **terms):
    return SimpleNamespace(stage=stage, step=step, seconds=0.1 * step, loss=sum(terms.values()), terms=terms)


def test_the_loss_is_drawn_per_constraint_with_its_stages(tmp_path):
    history = [row("Adam", i, pde=1 / i, edge=2 / i) for i in range(1, 1001)]
    history += [row("L-BFGS", i, pde=1e-4, edge=0.0) for i in range(1, 200)]
    figure = loss_figure(history, LEFT, "square, solved")
    ax = figure.axes[0]
    assert ax.get_yscale() == "log" and ax.get_ylabel() and ax.get_xlabel() == "step"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["all", "pde", "edge"]
    assert {text.get_text() for text in ax.texts} == {"Adam", "L-BFGS"}
    assert figure.get_suptitle() == "square, solved"
    with Image.open(save_figure(tmp_path / "loss.png", figure)) as image:
        assert image.width > 1200


def test_terms_that_do_not_matter_squeeze_no_axis():
    history = [row("least squares", i, pde=10.0**-i, edge=1e-30) for i in range(1, 9)]
    ax = loss_figure(history, LEFT).axes[0]
    low, high = ax.get_ylim()
    assert 1e-13 < low <= 1e-8 and 0.1 <= high < 1 and ax.get_xlabel() == "trial of features"


def test_of_a_direct_solve_the_residual_of_each_constraint_is_shown():
    figure = loss_figure([row("least squares", 1, pde=1e-20, edge=0.0)], LEFT)
    (ax,) = figure.axes
    assert [text.get_text() for text in ax.get_yticklabels()] == ["pde", "edge"]
    assert [bar.get_width() for bar in ax.patches] == [1e-9, 1e-28]
    low, high = ax.get_xlim()
    assert low < 1e-28 and high >= 1 and ax.get_xscale() == "log"
    assert [text.get_text().strip() for text in ax.texts] == ["1.0e-09", "1.0e-28"]


def test_a_march_is_shown_slab_by_slab():
    left = Remaining({"pde": 1e-9}, "t", (0.0, 0.5, 0.75), {"pde": (1e-9, np.nan)})
    figure = loss_figure([row("march along t", i, pde=1e-20) for i in range(1, 9)], left)
    history, slabs, _ = figure.axes
    assert history.get_xlabel() == "step" and slabs.get_xlabel() == "t" and slabs.get_xlim() == (0, 0.75)
    values, edges, _ = slabs.patches[0].get_data()
    np.testing.assert_array_equal(edges, (0, 0.5, 0.75))
    assert values[0] == 1e-9 and np.isnan(values[1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("until", [0.5, 0.0])
def test_a_history_bears_values_that_are_not_known(tmp_path, bad, until):
    history = [row("Adam", i, pde=1.0 if i / 5 <= until else bad) for i in range(1, 6)]
    left = Remaining({"pde": bad}, "t", (0.0, 1.0), {"pde": (bad,)})
    figure = loss_figure(history, left)
    assert [text.get_text().strip() for text in figure.axes[2].texts] == ["not finite"]
    save_figure(tmp_path / "loss.png", figure, dpi=20)


def test_constraints_that_hold_exactly_are_told():
    figure = loss_figure([], Remaining({"pde": 0.0}))
    assert figure.axes[0].texts[0].get_text().strip() == "0"


def test_a_dollar_in_a_name_is_no_formula(tmp_path):
    for name in ("$", "$a", "price in $ or $", r"$\nonsense{$"):
        figure = loss_figure([row("Adam", i, **{name: 1 / i, "pde": 1 / i}) for i in range(1, 9)], LEFT)
        assert figure.axes[0].get_yscale() == "log"  # whose ticks are formulas
        save_figure(tmp_path / "loss.png", figure, dpi=20)


def test_figures_leave_pyplot_alone():
    import matplotlib.pyplot as plt

    loss_figure([row("Adam", 1, pde=1.0)], LEFT)
    assert plt.get_fignums() == []
