"""Lines and pictures in panels."""

import numpy as np

from sirenpde.plots.papers import line_panels, picture_rows


def test_a_label_has_one_colour_and_one_place_in_the_legend():
    up, down = [(1, 1), (10, 2)], [(1, 5), (10, 0.5)]
    figure = line_panels({"a": {"u": up, "v": down}, "b": {"v": up}}, "steps", "dB", logx=True, logy=True)
    a, b = figure.axes
    (v,) = b.lines
    assert v.get_color() == a.lines[1].get_color() != a.lines[0].get_color()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["u", "v"]
    assert a.get_xscale() == b.get_yscale() == "log" and a.get_ylabel() == "dB" and b.get_ylabel() == ""
    assert a.lines[1].get_ydata().tolist() == [5, 0.5]


def test_pictures_stand_in_rows_with_their_names():
    grey, colour = [[0, 255], [10, 20]], np.zeros((2, 2, 3), dtype=np.uint8)
    figure = picture_rows({"seen": {"first": grey}, "made": {"first": colour, "second": np.eye(2)}})
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == ["first", "", "first", "second"] and figure.axes[2].get_ylabel() == "made"
    assert figure.axes[0].images[0].get_clim() == (0, 255)
    assert figure.axes[3].images[0].get_clim() == (0, 1)
