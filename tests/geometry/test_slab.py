"""Domains cut to a slab of an axis, their instants, and the same at another instant."""

import pytest
import torch

from sirenpde import Box, PointCloud
from sirenpde.geometry.boundary import Boundary
from sirenpde.geometry.carrying import Carrying
from sirenpde.geometry.instants import held_at, instant
from sirenpde.geometry.region import within
from sirenpde.geometry.slab import Slab

BOX = Box(t=(0, 4), x=(0, 1), y=(0, 1))
TIME = BOX.axes[0]
SLAB = (TIME, 1.0, 2.0)


def wedge(p):
    return p[:, 1] < p[:, 0] / 4


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize(
    "domain",
    [BOX, BOX.at(x=0), BOX.boundary("x", "y"), BOX.where(wedge), Carrying(BOX, lambda p: {"x": p[:, 1]})],
    ids=["box", "slice", "faces", "region", "wrapped"],
)
def test_an_infinite_domain_is_cut_to_a_slab(domain):
    part = within(domain, *SLAB)
    points, data = part.draw(200, generator())
    t = points[:, 0]
    assert len(t) == 200 and 1 < float(t.min()) < 1.1 < 1.9 < float(t.max()) < 2
    assert set(data) == set(domain.draw(1, generator())[1])
    assert part.name == domain.name and instant(part, TIME) is None


def test_a_predicate_that_moves_still_holds_in_the_slab():
    points = within(BOX.where(wedge), *SLAB).draw(500, generator())[0]
    assert bool(wedge(points).all()) and float(points[:, 1].max()) > 0.4


def test_a_lattice_that_spans_the_axis_is_squeezed_whole():
    grid = within(BOX.nodes(5), *SLAB)
    assert grid.size == 125 and grid.points[:, 0].unique().tolist() == [1, 1.25, 1.5, 1.75, 2]


def test_measured_points_on_an_edge_belong_to_the_slab_below():
    points = [[0.5, 0, 0], [1.0, 0, 0], [1.5, 0, 0], [2.0, 0, 0]]
    measured = PointCloud(points, BOX, {"value": [1, 2, 3, 4]})
    assert within(measured, *SLAB).data["value"].tolist() == [3, 4]
    assert within(measured, TIME, 0.0, 1.0).data["value"].tolist() == [1, 2]  # the first slab has both ends
    assert within(PointCloud([[3.5, 0, 0]], BOX), *SLAB) is None


def test_slices_and_faces_across_the_axis_are_whole_or_gone():
    assert within(BOX.at(t=0), *SLAB) is None and within(BOX.at(t=2), *SLAB) == BOX.at(t=2)
    assert within(BOX.at(t=0), TIME, 0.0, 1.0) == BOX.at(t=0)
    assert within(BOX.boundary("t", side="low"), *SLAB) is None
    faces = within(BOX.boundary(), TIME, 3.0, 4.0)
    assert isinstance(faces, Boundary) and faces.name == "t = 4, x = 0, 1, y = 0, 1"
    assert faces.measure == 1 + 4 * 1  # one end of time, and four walls for a quarter of it


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (BOX.at(t=0), 0),
        (BOX, None),
        (BOX.at(t=3).where(lambda p: p[:, 1] < 0.5), 3),
        (BOX.boundary("t", side="high"), 4),
        (BOX.boundary("t"), None),
        (BOX.at(t=1).boundary(), 1),
        (PointCloud([[2.0, 0, 0], [2.0, 1, 0]], BOX), 2),
    ],
)
def test_a_domain_knows_whether_it_is_one_instant(domain, value):
    assert instant(domain, TIME) == value


@pytest.mark.parametrize(
    "domain",
    [
        BOX.at(t=0),
        BOX.at(t=0).where(lambda p: p[:, 1] < 0.5),
        BOX.at(t=0).boundary("x"),
        BOX.at(t=0).nodes(3),
        PointCloud([[0.0, 0.5, 0.25]], BOX, {"value": [7.0]}),
    ],
    ids=["slice", "region", "faces", "nodes", "cloud"],
)
def test_a_domain_of_one_instant_is_had_at_another(domain):
    count = None if domain.size else 50
    points, data = held_at(domain, TIME, 2.5).draw(count, generator())
    before, known = domain.draw(count, generator())
    assert bool((points[:, 0] == 2.5).all()) and torch.equal(points[:, 1:], before[:, 1:])
    assert {key: value.tolist() for key, value in data.items()} == {k: v.tolist() for k, v in known.items()}


def test_a_slab_holds_its_high_end_and_at_the_start_of_the_axis_its_low_one():
    t = torch.tensor([0.0, 1.0, 1.5, 2.0, 2.1], dtype=torch.float64)
    assert Slab(TIME, 0.0, 1.0).holds(t).tolist() == [True, True, False, False, False]
    assert Slab(*SLAB).holds(t).tolist() == [False, False, True, True, False]
    assert Slab(TIME, 0.0, 1.0).is_first and not Slab(*SLAB).is_first
