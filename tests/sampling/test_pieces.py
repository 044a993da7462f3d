"""Samples on cells: sums over cells are means over domains, equal cells have equal nodes, nothing is lost."""

import pytest
import torch

from sirenpde import Box, Disk, Field, Interval, PointCloud, Problem, SineFeatures, on
from sirenpde.geometry.carrying import Carrying
from sirenpde.linear.dense_rows import affine_rows
from sirenpde.networks.partition import Partition
from sirenpde.networks.polar import Plane
from sirenpde.problem.constraint import Constraint
from sirenpde.residuals import System
from sirenpde.sampling.pieces import cell_batches, drawn_pattern, layout_of

SQUARE = Box(x=(0, 2), y=(-1, 1))
CELLS = Partition.grid([(0, 0.5, 1, 1.5, 2), (-1, 0, 1)])


def system_of(box, *domains):
    """A constraint u = 0 on each of the domains."""
    u = Field("u", box, SineFeatures(12, 2.0))

    def vanishing(i, domain):
        @on(domain, samples=None if domain.size is not None else 50, name=f"c{i}")
        def residual(p):
            """u = 0"""
            return u(p)

        return residual

    problem = Problem(*(vanishing(i, domain) for i, domain in enumerate(domains)))
    low, high = zip(*((axis.low, axis.high) for axis in box.axes), strict=True)
    network = u.network.build(low, high, 1, (), torch.Generator().manual_seed(0))
    return System(problem, {u: network}, torch.device("cpu"), torch.float64)


def mean(by_cell, group, function):
    """What the objective takes for the mean of a function over a group's domain."""
    total = 0.0
    for batches in by_cell:
        batch = batches[group]
        if len(batch):
            total += float((batch.weights[:, 0] * function(batch.points)).mean())
    return total


def test_sums_over_cells_are_means_on_boxes_faces_and_slices():
    system = system_of(SQUARE, SQUARE, SQUARE.boundary(), SQUARE.boundary("x", side="high"), SQUARE.at(y=0))
    by_cell = cell_batches(system, CELLS, "xy", 30)
    polynomial = lambda p: p[:, 0] ** 3 + p[:, 0] * p[:, 1] ** 4
    assert mean(by_cell, 0, polynomial) == pytest.approx(2 + 1 / 5, abs=1e-13)
    # x = 0: 0; x = 2: 8 + 2/5; y = -1, 1: 2 + 1, each a quarter of the boundary.
    assert mean(by_cell, 1, polynomial) == pytest.approx((8 + 2 / 5 + 3 + 3) / 4, abs=1e-13)
    assert mean(by_cell, 2, polynomial) == pytest.approx(8 + 2 / 5, abs=1e-13)
    assert mean(by_cell, 3, polynomial) == pytest.approx(2, abs=1e-13)


def test_cells_that_lie_alike_at_singular_points_have_equal_nodes_and_weights():
    unit = ((1.0, 0.0), (0.0, 1.0))
    planes = [Plane((0, 1), at, unit, 1e-14) for at in ((0.5, 0.0), (1.5, 0.0))]
    by_cell = cell_batches(system_of(SQUARE, SQUARE), CELLS, "xy", 30, singular=planes)
    low = torch.tensor(CELLS.low, dtype=torch.float64)
    first = next(i for i in range(len(CELLS)) if CELLS.low[i] == (0.0, -1.0))
    second = next(i for i in range(len(CELLS)) if CELLS.low[i] == (1.0, -1.0))
    a, b = by_cell[first][0], by_cell[second][0]
    torch.testing.assert_close(a.points - low[first], b.points - low[second], rtol=0, atol=1e-14)
    torch.testing.assert_close(a.weights, b.weights, rtol=1e-6, atol=0)
    assert float(a.weights.max() / a.weights.min()) > 100


def test_equal_cells_have_equal_nodes():
    by_cell = cell_batches(system_of(SQUARE, SQUARE), CELLS, ["x", "y"], 30)
    low = torch.tensor(CELLS.low, dtype=torch.float64)
    first = by_cell[0][0].points - low[0]
    assert len(first) == 36  # six along each axis
    for cell in range(1, len(CELLS)):
        assert (by_cell[cell][0].points - low[cell] - first).abs().max() < 1e-15


def test_a_point_lies_in_the_cell_that_a_network_of_cells_would_use():
    disk = Disk(center=(1, 0), radius=0.8)
    system = system_of(SQUARE, SQUARE, SQUARE.boundary(), SQUARE.at(x=1), disk, disk.boundary())
    for cell, batches in enumerate(cell_batches(system, CELLS, "xy", 40)):
        for batch in batches:
            assert (CELLS.locate(batch.points) == cell).all()


def test_single_points_slices_on_inner_faces_and_clouds_are_in_one_cell_each():
    cloud = PointCloud(torch.tensor([[0.5, 0.5], [0.2, -0.3], [2.0, 1.0], [0.0, 0.0]]), SQUARE.axes)
    system = system_of(SQUARE, SQUARE.at(x=1, y=0), SQUARE.at(x=0, y=-1), SQUARE.at(x=2, y=1), cloud)
    by_cell = cell_batches(system, CELLS, "xy", 4)
    counts = [[len(batches[group]) for batches in by_cell] for group in range(4)]
    assert counts[0] == [0, 0, 1, 0, 0, 0, 0, 0]
    assert counts[1] == [1, 0, 0, 0, 0, 0, 0, 0]
    assert counts[2] == [0, 0, 0, 0, 0, 0, 0, 1]
    assert counts[3] == [2, 1, 0, 0, 0, 0, 0, 1]
    assert mean(by_cell, 3, lambda p: p[:, 0]) == pytest.approx(2.7 / 4)


def test_shapes_keep_the_pattern_inside_and_have_enough_points_where_they_are_cut():
    disk = Disk(center=(1, 0), radius=0.9)
    cells = Partition.grid([torch.linspace(0, 2, 9).tolist(), torch.linspace(-1, 1, 9).tolist()])
    by_cell = cell_batches(system_of(SQUARE, disk, disk.boundary()), cells, "xy", 25)
    assert mean(by_cell, 0, lambda p: torch.ones(len(p))) == pytest.approx(1)
    assert mean(by_cell, 0, lambda p: (p[:, 0] - 1) ** 2) == pytest.approx(0.81 / 4, rel=0.02)
    assert mean(by_cell, 1, lambda p: (p[:, 0] - 1) ** 2) == pytest.approx(0.81 / 2, rel=0.02)
    low, high = (torch.tensor(c, dtype=torch.float64) for c in (cells.low, cells.high))
    lengths = [
        max(abs(x - 1) for x in (a[0], b[0])) ** 2 + max(abs(y) for y in (a[1], b[1])) ** 2
        for a, b in zip(cells.low, cells.high, strict=True)
    ]
    full = [cell for cell, square in enumerate(lengths) if square < 0.81]
    outside = [cell for cell, batches in enumerate(by_cell) if not len(batches[0])]
    assert len(full) == 24 and outside == [0, 1, 6, 7, 8, 15, 48, 55, 56, 57, 62, 63]
    unit = (by_cell[full[0]][0].points - low[full[0]]) / (high - low)[full[0]]
    for cell in full:
        there = (by_cell[cell][0].points - low[cell]) / (high - low)[cell]
        assert (there - unit).abs().max() < 1e-13
    cut = [len(by_cell[cell][0]) for cell in range(64) if cell not in full + outside]
    assert min(cut) >= 20 and max(cut) <= 60


def test_products_with_time_and_their_parts():
    tube = Disk(radius=1) * Interval(t=(0, 2))
    box = Box(x=(-1, 1), y=(-1, 1), t=(0, 2))
    cells = Partition.grid([(-1, 0, 1), (-1, 0, 1), (0, 0.5, 2)])
    system = system_of(box, tube, tube.at(t=0), tube.boundary("x", "y"))
    by_cell = cell_batches(system, cells, "xyt", 1000)
    assert mean(by_cell, 0, lambda p: p[:, 2] ** 2) == pytest.approx(4 / 3, abs=1e-12)
    assert mean(by_cell, 1, lambda p: p[:, 2]) == 0
    assert mean(by_cell, 1, lambda p: p[:, 0] ** 2) == pytest.approx(1 / 4, rel=0.02)
    assert mean(by_cell, 2, lambda p: p[:, 2]) == pytest.approx(1, rel=0.01)
    assert [len(batches[1]) > 0 for batches in by_cell] == [True, False] * 4


def test_parts_given_by_a_predicate():
    part = SQUARE.where(lambda p: p[:, 0] < 0.75)
    edge = SQUARE.boundary(where=lambda p: p[:, 1] > 0.5)
    by_cell = cell_batches(system_of(SQUARE, part, edge), CELLS, "xy", 100)
    assert [len(batches[0]) > 0 for batches in by_cell] == [True] * 4 + [False] * 4
    assert mean(by_cell, 0, lambda p: torch.ones(len(p))) == pytest.approx(1)
    assert all(bool((batches[1].points[:, 1] > 0.5).all()) for batches in by_cell)


def test_axes_that_are_not_cut():
    box = Box(t=(0, 1), x=(0, 2), y=(-1, 1))
    by_cell = cell_batches(system_of(box, box), CELLS, "xy", 64)
    assert len(by_cell) == 8 and mean(by_cell, 0, lambda p: p[:, 0]) == pytest.approx(0.5)


def test_held_out_points_are_others_and_lie_within():
    system = system_of(SQUARE, SQUARE, SQUARE.boundary())
    fitted = cell_batches(system, CELLS, "xy", 30)
    held_out = cell_batches(system, CELLS, "xy", 30, pattern=drawn_pattern(7))
    assert torch.cdist(fitted[0][0].points, held_out[0][0].points).min() > 0
    assert mean(held_out, 0, lambda p: p[:, 0]) == pytest.approx(1, rel=0.02)


def test_rows_of_a_cell_are_those_of_the_groups_that_meet_it():
    system = system_of(SQUARE, SQUARE, SQUARE.boundary("x", side="low"), SQUARE.boundary())
    by_cell = cell_batches(system, CELLS, "xy", [25] * 4 + [49] * 4)
    rows = [affine_rows(system, system.initial(), batches).matrix for batches in by_cell]
    # 25 inside, and ceil(1.5 * 5) on each edge, the left one twice.
    expected = [25 + 3 * 8, 25 + 3 * 8, 25 + 8, 25 + 8, 49 + 11, 49 + 11, 49 + 22, 49 + 22]
    assert [len(matrix) for matrix in rows] == expected
    theta = torch.linspace(-1, 1, len(system.initial()), dtype=torch.float64)
    x = torch.cat([theta[:12], theta[12:]])
    squares = sum(float((matrix @ x).square().sum()) for matrix in rows)
    losses = sum(system.losses(theta, batches).sum() for batches in by_cell)
    assert squares == pytest.approx(float(losses), rel=1e-12)


def test_a_domain_that_lies_between_all_nodes():
    dot = SQUARE.where(lambda p: (p - 0.3).norm(dim=1) < 0.02, "a dot")
    with pytest.raises(ValueError, match="No point in 8 cells lies in 'a dot'"):
        cell_batches(system_of(SQUARE, dot), CELLS, "xy", 4)


def test_curves_have_no_layout():
    assert layout_of(Disk().boundary()) is None
    assert layout_of(SQUARE.boundary()) is not None


def test_what_a_slab_takes_over_is_sampled_on_the_nodes_of_its_cells():
    box = Box(t=(0, 1), x=(0, 1))
    u = Field("u", box, SineFeatures(10, 2.0))
    start = Carrying(box.at(t=0.5), lambda points: {"before": torch.sin(points[:, 1:])})

    def goes_on(p):
        return u(p) - p.sample("before")

    problem = Problem.derived(Constraint("go on", goes_on, start, 40, 1.0))
    network = u.network.build([0, 0], [1, 1], 1, (), torch.Generator().manual_seed(0))
    system = System(problem, {u: network}, torch.device("cpu"), torch.float64)
    cells = Partition.grid([(0.5, 0.7, 1.0), (0.0, 0.5, 1.0)])
    found = [batch for (batch,) in cell_batches(system, cells, ["t", "x"], 16)]
    left, right = (batch for batch in found if len(batch))
    assert len(left) == len(right) == 6  # half as many again as inside along an axis
    torch.testing.assert_close(right.points, left.points + torch.tensor([0.0, 0.5]), atol=1e-15, rtol=0)
    for batch in (left, right):
        torch.testing.assert_close(batch.data["before"], torch.sin(batch.points[:, 1:]))
