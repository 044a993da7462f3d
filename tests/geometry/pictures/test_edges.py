"""The edges between neighbouring pixels."""

from __future__ import annotations

import numpy as np
import pytest
from smooth_pictures import errors, smooth_gradient
from torch import Tensor

from sirenpde import PixelGrid


@pytest.mark.parametrize(("along", "component"), [("x", 0), ("y", 1)])
def test_edge_differences_are_derivatives_at_the_midpoints(along: str, component: int) -> None:
    def error(g: PixelGrid) -> Tensor:
        edges = g.edges(along)  # type: ignore[arg-type]
        return edges.data["difference of f"] - smooth_gradient(edges.points)[:, component]

    found = errors(error)
    assert found[2] < 5e-4
    assert 3.5 < found[0] / found[1] < 4.5 and 3.5 < found[1] / found[2] < 4.5


def test_edges_in_a_mask_touch_it() -> None:
    mask = np.zeros((3, 4), bool)
    mask[1, 1:3] = True
    grid = PixelGrid({"mask": mask})
    assert grid.where("mask").size == 2 and grid.where(~grid.mask("mask")).size == 10
    across = grid.edges("x")
    assert across.where("mask").points[:, 0].tolist() == [-0.5, 0.0, 0.5]
    assert across.where("mask", touching="all").points.tolist() == [[0.0, 0.0]]
    assert across.where(mask).name == "edges along x in a part"
    assert grid.edges("y").where("mask").size == 4
    assert grid.where("mask").name == "mask"
