"""All points of a grid as one sample: its data are those of the grid, and its own."""

import numpy as np
import pytest
import torch

from sirenpde import Box, PixelGrid, Whole

grid = PixelGrid({"scene": np.arange(6.0).reshape(2, 3)})


def test_the_one_sample_has_the_points_and_data_of_the_grid_and_its_own():
    whole = Whole(grid, {"sums": np.array([3.0, 5, 7])})
    points, data = whole.draw(None, torch.Generator())
    assert points.tolist() == [[0, 0]] and whole.size == 1 and len(whole.points) == 1
    assert data["the nodes"].tolist() == [grid.points.tolist()]
    assert data["scene"].tolist() == [list(range(6))] and data["sums"].tolist() == [[3, 5, 7]]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Whole(Box(x=(0, 1))), "no finite number of points"),
        (lambda: Whole(grid, {"scene": 1.0}), "data of that name"),
        (lambda: Whole(grid, {"sums": [np.inf]}), "finite numbers"),
        (lambda: Whole(grid)["sums"], "carries no data 'sums'"),
    ],
)
def test_what_is_no_whole_is_said(make, said):
    with pytest.raises(ValueError, match=said):
        make()
