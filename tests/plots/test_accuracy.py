"""The picture of a benchmark: one panel for each problem, on the same axes."""

from sirenpde.plots.accuracy import ErrorCurve, error_curves
from sirenpde.plots.figures import save_figure


def test_each_problem_has_a_panel_with_its_own_curve_before_all_others(tmp_path):
    curves = [
        ErrorCurve(f"case{i}", [(0.1, 1e-2), (1.0 + i, 10.0**-i)], (10.0, 1e-3), (0.01, 1e-9))
        for i in range(8)
    ]
    figure = error_curves(curves)
    shown = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in shown][:3] == ["case0: 1e+00", "case1: 1e-01", "case2: 1e-02"]
    assert len(shown) == 8 and len({ax.get_xlim() for ax in shown}) == 1
    assert len({ax.get_ylim() for ax in shown}) == 1 and shown[0].get_yscale() == "log"
    own = [line for line in shown[3].lines if line.get_zorder() == 3]
    assert [list(line.get_ydata()) for line in own] == [[1e-2, 1e-3]]
    assert len([line for line in shown[3].lines if line.get_zorder() == 1]) == 8
    assert len({line.get_color() for ax in shown for line in ax.lines}) == 4
    save_figure(tmp_path / "accuracy.png", figure, dpi=20)


def test_a_single_case_without_others_is_drawn(tmp_path):
    figure = error_curves([ErrorCurve("alone", [(0.0, 0.1)])])
    assert sum(ax.has_data() for ax in figure.axes) == 1
    save_figure(tmp_path / "one.png", figure, dpi=20)
