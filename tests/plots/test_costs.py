"""Panels of cost against size."""

from sirenpde.plots.costs import CostLine, cost_panels


def test_a_panel_for_each_title_with_its_lines() -> None:
    ours = CostLine("ours", [(1, 0.1), (10, 0.5), (100, 5.0)])
    theirs = CostLine("others", [(1, 0.01), (10, 0.02)], dotted=True)
    figure = cost_panels({"seconds": [ours, theirs], "memory": [ours]}, "cells", linear=True)
    seconds, memory = figure.axes
    assert [seconds.get_title(), memory.get_title()] == ["seconds", "memory"]
    assert [line.get_label() for line in seconds.get_lines()] == ["ours", "others", "proportional"]
    assert seconds.get_xscale() == seconds.get_yscale() == "log" and memory.get_xlabel() == "cells"
    slope = memory.get_lines()[1].get_xydata()
    assert slope.tolist() == [[2.0, 0.1], [100.0, 5.0]]


def test_whole_numbers_are_ticks_and_nothing_measured_is_an_empty_panel() -> None:
    (ax,) = cost_panels({"seconds": [CostLine("ours", [(2, 1.0), (3, 4.0)])]}, "axes", logarithmic=False).axes
    assert ax.get_xscale() == "linear" and list(ax.get_xticks()) == [2, 3]
    (ax,) = cost_panels({"seconds": [CostLine("ours", [])]}, "axes", linear=True).axes
    assert len(ax.get_lines()) == 1 and ax.get_yscale() == "linear"
