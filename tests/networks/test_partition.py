"""Partitions: tiling, faces with hanging nodes, points, shapes, and the order of elimination."""

import itertools

import pytest
import torch

from sirenpde.networks.partition import Partition


def tree():
    """A square of nine cells with one refined, and one of its parts again."""
    grid = Partition.grid([(0, 0.3, 0.7, 1), (0, 0.1 + 0.2, 2, 3)])
    return grid.refined([4]).refined([5])


def test_a_grid_has_its_cells_in_order():
    grid = Partition.grid([(0, 1, 3), (-1, 0, 1, 2)])
    assert len(grid) == 6 and grid.dimension == 2
    assert grid.low[4] == (1.0, 0.0) and grid.high[4] == (3.0, 1.0)
    assert grid.bounds == ((0.0, 3.0), (-1.0, 2.0))


def test_a_spaced_grid_has_the_given_edges_and_no_side_that_is_too_long():
    grid = Partition.spaced([(0, 0.3, 1), (0, 0.1 + 0.2)], 0.35)
    along, across = grid.edges
    assert along == pytest.approx((0.0, 0.3, 0.65, 1.0))
    assert across == (0.0, 0.1 + 0.2)
    with pytest.raises(ValueError, match="no wider than 0; a number above 0 was expected"):
        Partition.spaced([(0, 1)], 0.0)


def test_points_are_located_as_by_looking_at_every_cell():
    cells = tree()
    low, high = (torch.tensor(c, dtype=torch.float64) for c in (cells.low, cells.high))
    points = torch.rand(500, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    points *= torch.tensor([1.0, 3.0], dtype=torch.float64)
    inside = ((points[:, None] > low) & (points[:, None] <= high)).all(-1)
    assert (inside.sum(1) == 1).all()
    assert torch.equal(cells.locate(points), inside.int().argmax(1))
    assert torch.equal(cells.locate(points.view(50, 10, 2)), cells.locate(points).view(50, 10))


def test_points_beyond_the_box_belong_to_the_nearest_cell_and_those_on_an_edge_to_the_one_below():
    cells = Partition.grid([(0, 1, 2), (0, 1)])
    points = torch.tensor([[-5.0, 0.5], [1.0, 9.0], [1.0 + 1e-6, -1.0], [7.0, 0.5]])
    assert cells.locate(points).tolist() == [0, 0, 1, 1]


def test_faces_of_a_tree_are_those_of_all_pairs_of_cells():
    cells = tree()
    expected = set()
    for i, j in itertools.permutations(range(len(cells)), 2):
        for axis in range(2):
            other = 1 - axis
            low = max(cells.low[i][other], cells.low[j][other])
            high = min(cells.high[i][other], cells.high[j][other])
            if cells.high[i][axis] == cells.low[j][axis] and low < high:
                expected.add((i, j, axis, cells.high[i][axis], low, high))
    faces = cells.faces()
    assert {
        (f.first, f.second, f.axis, f.place, f.low[1 - f.axis], f.high[1 - f.axis]) for f in faces
    } == expected
    assert len(faces) == len(expected)
    assert all(f.low[f.axis] == f.high[f.axis] == f.place == f.beyond for f in faces)


def test_around_a_period_the_ends_touch():
    around = Partition.grid([(0, 1, 2), (0, 1)]).faces(periodic=[0])
    assert [(f.first, f.second, f.place, f.beyond) for f in around] == [(0, 1, 1.0, 1.0), (1, 0, 2.0, 0.0)]
    (own,) = Partition.grid([(0, 2)]).faces(periodic=[0])
    assert (own.first, own.second, own.place, own.beyond) == (0, 0, 2.0, 0.0)


def test_one_axis_and_three():
    assert [f.place for f in Partition.grid([(0, 1, 4)]).faces()] == [1.0]
    cube = Partition.grid([(0, 1, 2)] * 3)
    assert len(cube.faces()) == 12 and len(cube.refined([0])) == 15
    assert len(cube.refined([0]).faces()) == 9 + 3 * 4 + 12  # three of the twelve are four each now
    assert len(cube.refined([0], axes=[1])) == 9


def test_equal_cells_are_like_each_other_whatever_rounding_does():
    cells = Partition.grid([[k * 0.1 for k in range(11)], (0, 1)])
    assert cells.like() == (tuple(range(10)),)
    assert Partition.grid([(0, 1, 2, 4), (0, 1, 3)]).like() == ((0, 2), (1, 3), (4,), (5,))


def test_edges_that_differ_by_rounding_are_one():
    cells = Partition(((0.0,), (0.1 + 0.2,)), ((0.3,), (1.0,)))
    assert [f.place for f in cells.faces()] == [0.3]


@pytest.mark.parametrize(
    "cells", [tree(), Partition.grid([range(9), range(6)]), Partition.grid([range(4)] * 3)]
)
def test_elimination_leaves_parts_that_reach_no_further_than_their_outer_faces(cells):
    faces = cells.faces()
    order = cells.dissection(faces)
    assert sorted(order.cells) == list(range(len(cells)))
    assert sorted(n for group in order.faces for n in group) == list(range(len(faces)))
    # Eliminating a face merges what touches it: what it then reaches is the outer boundary of the merged part.
    part_of = {cell: {cell} for cell in range(len(cells))}
    for group in order.faces:
        touched = {cell for n in group for cell in (faces[n].first, faces[n].second)}
        merged = set().union(*(part_of[cell] for cell in touched))
        for cell in merged:
            part_of[cell] = merged
        # Two parts are joined by a group, and by all of their common faces at once.
        inner = {n for n, f in enumerate(faces) if {f.first, f.second} <= merged}
        done = {n for other in order.faces[: order.faces.index(group) + 1] for n in other}
        assert inner <= done
    assert len(part_of[0]) == len(cells)


def test_separators_of_a_grid_are_its_shorter_lines():
    faces = Partition.grid([range(17), range(5)]).faces()
    assert len(Partition.grid([range(17), range(5)]).dissection(faces).faces[-1]) == 4


def test_cutting_where_a_cell_is_not():
    with pytest.raises(ValueError, match="Cell 0 was to be cut at 3 along axis 0, where it runs from 0 to 1"):
        Partition.grid([(0, 1, 2)]).split(0, 0, at=3)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (((0.0,), (0.6,)), ((0.5,), (1.0,)), "0.5 to 0.6 lies in none of them"),
        (((0.0,), (0.4,)), ((0.5,), (1.0,)), "0.4 to 0.5 lies in 2 of them"),
        (((0.0,), (0.5,)), ((0.5,), (0.5,)), "Cell 1 of a partition is from"),
        (((0.0,), (0.5, 1.0)), ((0.5,), (1.0, 2.0)), "one number per axis"),
        ((), (), "0 low and 0 high corners"),
        (((0.0,),), ((float("inf"),),), "not finite"),
    ],
)
def test_cells_that_do_not_tile(low, high, message):
    with pytest.raises(ValueError, match=message):
        Partition(low, high)


def test_edges_that_do_not_ascend():
    with pytest.raises(ValueError, match="along axis 1 are"):
        Partition.grid([(0, 1), (0, 2, 1)])
