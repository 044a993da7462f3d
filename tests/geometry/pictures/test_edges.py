"""The edges between neighbouring pixels."""

from __future__ import annotations

import numpy as np
import pytest
from smooth_pictures import errors, smooth_gradient
from torch import Tensor

from sirenpde import Field, PixelGrid, Problem, jump, on
from sirenpde.calculus.evaluate import PointFunction, over_points
from sirenpde.geometry.pairs import ONE, OTHER
from sirenpde.geometry.pictures.edges import Edges


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


def test_edges_have_two_ends_and_jumps_are_differences() -> None:
    image = np.random.default_rng(0).random((3, 4, 3))
    grid = PixelGrid({"f": image})
    u = Field("u", grid, shape=(3,))
    for along, expected in (("x", np.diff(image, axis=1)), ("y", -np.diff(image, axis=0))):
        edges = grid.edges(along)
        first, second = edges.data[ONE], edges.data[OTHER]
        assert np.allclose((first + second) / 2, edges.points)
        assert np.allclose((second - first).norm(dim=1), grid.spacing) and (second >= first).all()
        known = jump(grid["f"])
        (rows,) = _values(known, edges)
        assert np.allclose(rows, expected.reshape(-1, 3))
        constraint = on(edges, name="c")(lambda p, known=known: jump(u)(p) - known(p))
        assert {str(d) for d in Problem(constraint).requests[0].derivatives} == {
            f"u at {ONE}",
            f"u at {OTHER}",
        }


def test_edges_take_data_of_their_own() -> None:
    grid = PixelGrid({"f": np.zeros((3, 4))})
    given = np.arange(9.0).reshape(3, 3)
    edges = grid.edges("x", wanted=given)
    assert np.array_equal(edges.data["wanted"], given.ravel())
    assert edges["wanted"].key == "wanted"
    assert edges.where(np.eye(3, 4, dtype=bool)).data["wanted"].tolist() == [0, 3, 4, 7, 8]
    with pytest.raises(ValueError, match=r"shape \(3, 4\); expected \(3, 3\) or \(3, 3, 3\)"):
        grid.edges("x", wanted=np.zeros((3, 4)))
    with pytest.raises(ValueError, match="the name of a picture"):
        grid.edges("x", f=given)


def _values(function: PointFunction, edges: Edges) -> list[Tensor]:
    names = tuple(axis.name for axis in edges.axes)
    return [over_points(function, names, edges.points, dict(edges.data), lambda coords: _nothing)]


def _nothing(key: object) -> Tensor:
    raise AssertionError(key)
