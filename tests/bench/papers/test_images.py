"""The family of pictures: its figures from rows as they are saved."""

from sirenpde.bench.papers.images import FIGURES

PICTURE = [[0, 255], [9, 9]]


def test_least_squares_comes_after_all_mappings() -> None:
    rows = [
        {
            "name": f"image/{kind}/{mapping}",
            "curves": {"pictures": {mapping: PICTURE, "least squares": PICTURE}, "kind": kind},
        }
        for kind in ("natural", "text")
        for mapping in ("none", "gaussian")
    ]
    figure = FIGURES["image_mappings"](rows)
    assert figure is not None
    assert [ax.get_title() for ax in figure.axes] == 2 * ["none", "gaussian", "least squares"]
    assert [ax.get_ylabel() for ax in figure.axes if ax.get_ylabel()] == ["natural", "text"]


def test_rows_of_other_experiments_have_no_figure_here() -> None:
    rows = [{"name": "audio/sine", "curves": {}}]
    assert [draw(rows) for draw in FIGURES.values()] == [None] * len(FIGURES)
