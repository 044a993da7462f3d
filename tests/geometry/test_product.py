"""Any domain times an interval."""

import json

import pytest
import torch

from sirenpde import Box, Disk, Interval, PointCloud
from sirenpde.geometry import can
from sirenpde.geometry.instants import held_at, instant
from sirenpde.geometry.nodes import gauss
from sirenpde.geometry.quadrature import quadrature
from sirenpde.geometry.region import within
from sirenpde.geometry.values import domain_from_value, domain_to_value

T = Interval(t=(0, 2))
CYLINDER = Disk() * T
TIME = CYLINDER.axes[2]
BOX = Box(x=(0, 1), y=(0, 2))
SCAN = PointCloud([[0.0, 1.0], [1.0, 1.5]], BOX, {"h": [1.0, 2.0], "normal": [[1.0, 0.0], [0.0, 1.0]]})


def generator():
    return torch.Generator().manual_seed(0)


def test_its_axes_names_and_measures_are_those_of_both():
    assert [axis.name for axis in CYLINDER.axes] == ["x", "y", "t"] and TIME.is_time
    assert CYLINDER.name == "disk × (t)" and CYLINDER.at(t=1).name == "disk, t = 1"
    assert CYLINDER.measure == pytest.approx(2 * torch.pi) and CYLINDER.at(t=1).measure == Disk().measure
    assert CYLINDER.bounds == ((-1, 1), (-1, 1), (0, 2)) and CYLINDER.at(t=1).bounds[2] == (1, 1)
    assert [can.dimension_of(d) for d in (CYLINDER, CYLINDER.at(t=0), CYLINDER.boundary("x", "y"))] == [
        3,
        2,
        2,
    ]


def test_points_fill_shape_and_interval_together():
    """Quasi-random in all three directions at once: every eighth of the unit cube has an eighth of the points."""
    points = CYLINDER.draw(4096, generator())[0]
    r, angle = points[:, :2].norm(dim=1), torch.atan2(points[:, 1], points[:, 0]) % (2 * torch.pi)
    cells = (r**2 > 0.5).long() + 2 * (angle > torch.pi) + 4 * (points[:, 2] > 1)
    assert (torch.bincount(cells) - 512).abs().max() <= 2


def test_boxes_are_factors_too_and_come_after_the_shape():
    assert (
        Interval(x=(0, 1)) * Interval(t=(0, 2))
        == Box(x=(0, 1), t=(0, 2))
        == Interval(x=(0, 1)) * Box(t=(0, 2))
    )
    assert BOX.at(x=0) * T.at(t=1) == Box(x=(0, 1), y=(0, 2), t=(0, 2)).at(x=0, t=1)
    assert Disk() * Box(t=(0, 2)) == CYLINDER and Disk() * T.at(t=1) == CYLINDER.at(t=1)
    assert Disk() * Box(s=(0, 1), t=(0, 2)) == Disk() * Interval(s=(0, 1)) * T
    with pytest.raises(TypeError, match="A box was multiplied by a Disk; expected"):
        T * Disk()
    with pytest.raises(TypeError, match="unsupported operand"):
        2 * T


def test_finite_points_are_repeated_and_keep_their_data():
    points, data = (SCAN * T).draw(100, generator())
    assert torch.equal(data["h"], points[:, 0] + 1) and int((data["h"] == 1).sum()) == 50
    assert bool((data["normal"][:, 2] == 0).all()) and data["normal"].shape == (100, 3)
    start, data = (SCAN * T).at(t=0).draw(None, generator())
    assert start.tolist() == [[0, 1, 0], [1, 1.5, 0]] and (SCAN * T).at(t=0).size == 2
    assert data["h"].tolist() == [1, 2]


def test_it_is_cut_moved_and_asked_for_its_instant():
    assert instant(CYLINDER, TIME) is None and instant(CYLINDER.at(t=1.5), TIME) == 1.5
    part = within(CYLINDER, TIME, 0.5, 1.0)
    assert part.bounds[2] == (0.5, 1.0) and part.measure == pytest.approx(torch.pi / 2)
    assert within(CYLINDER.at(t=0), TIME, 0.5, 1.0) is None
    assert held_at(CYLINDER.at(t=0), TIME, 0.75) == CYLINDER.at(t=0.75)
    sides = within(CYLINDER.boundary(), TIME, 0.5, 2.0)
    assert sides.name == "circle × (t), t = 2"


def test_its_boundary_has_sides_and_ends_with_normals():
    points, data = CYLINDER.boundary().draw(4000, generator())
    ends = (points[:, 2] == 0) | (points[:, 2] == 2)
    assert abs(int(ends.sum()) / 4000 - 1 / 3) < 0.01  # 2 π of 2 π + 4 π
    assert torch.allclose(data["normal"][~ends, :2], points[~ends, :2]) and not data["normal"][~ends, 2].any()
    assert torch.equal(data["normal"][ends, 2], points[ends, 2] - 1) and not data["normal"][ends, :2].any()
    assert CYLINDER.boundary("t", side="high").name == "t = 2"
    assert CYLINDER.boundary(*CYLINDER.axes[:2]).name == "circle × (t)"


def test_walls_of_a_box_times_an_interval_are_those_of_the_product_box():
    rule = {"x": 3, "y": 4, "t": 5}
    walls, whole = BOX.boundary() * T, (BOX * T).boundary("x", "y")
    pairs = zip(
        *(quadrature(d, lambda a: gauss(a.low, a.high, rule[a.name])) for d in (walls, whole)), strict=True
    )
    for ours, theirs in pairs:
        assert torch.equal(ours.points, theirs.points) and torch.equal(ours.weights, theirs.weights)
        assert torch.equal(ours.data["normal"], theirs.data["normal"])
    assert quadrature(CYLINDER, lambda a: gauss(a.low, a.high, 3)) is None


def test_its_cells_are_those_of_the_shape_at_every_value_of_the_interval():
    cells = CYLINDER.cells(9)
    assert cells.shape == (1 + 3 * 4 * 5, 9) and torch.equal(cells.corners, Disk().cells(9).corners)
    assert cells.all_points[:9, 2].tolist() == torch.linspace(0, 2, 9).tolist()
    assert CYLINDER.at(t=1).cells(9).shape == (61, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Interval(), "An interval of no axis was declared; it has one"),
        (lambda: Interval(t=(0, 1), x=(0, 1)), "An interval of the axes t, x was declared; it has one"),
        (lambda: Disk() * Interval(y=(0, 1)), "axes x, y was multiplied by an interval of y"),
        (lambda: BOX * Interval(y=(0, 1)), "axes x, y was multiplied by an interval of y"),
        (lambda: Interval(y=(0, 1)) * Interval(y=(0, 1)), "axes y was multiplied by an interval of y"),
        (lambda: CYLINDER.at(x=0), "has slices along t alone"),
        (lambda: CYLINDER.at(z=0), "no axis 'z'"),
        (lambda: CYLINDER.at(t=3), "t = 3 lies outside"),
        (lambda: CYLINDER.boundary("x"), "not told apart by axes. Name all of x, y"),
        (lambda: CYLINDER.draw(None, generator()), "infinitely many points"),
    ],
)
def test_errors_teach(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "shape",
    [
        Disk(center=(1, 2.5), radius=3, names=("r", "z")),
        Disk().boundary(),
        CYLINDER,
        (Disk() * T).at(t=1.5),
        Disk() * Interval(t=(0, 1)) * Interval(s=(2, 3)),
        BOX.at(x=0.5),
    ],
)
def test_shapes_are_written_as_plain_values_and_read_again(shape):
    value = domain_to_value(shape)
    assert domain_from_value(json.loads(json.dumps(value))) == shape


def test_what_is_no_shape_of_numbers_has_no_value():
    assert domain_to_value(Disk().where(lambda p: p[:, 0] > 0)) is None and domain_to_value(SCAN) is None
    with pytest.raises(ValueError, match="the kind of a shape"):
        domain_from_value({"kind": "os.path.join"})
