"""What domains say they can do, and what is made do with where one does not say."""

import pytest
import torch

from sirenpde import Box, Disk, Interval, PixelGrid, PointCloud
from sirenpde.geometry import can
from sirenpde.geometry.carrying import Carrying
from sirenpde.geometry.nodes import gauss
from sirenpde.geometry.quadrature import quadrature

BOX = Box(x=(0, 1), y=(0, 2))
PART = BOX.where(lambda p: p[:, 1] < p[:, 0])
SCAN = PointCloud([[0.5, 0.5], [1.0, 2.0]], BOX, {"h": [1.0, 2.0]})
PIXELS = PixelGrid({"scene": [[0.0, 0.25], [0.5, 1.0]]})
DOMAINS = {
    "box": BOX,
    "slice": BOX.at(x=0),
    "faces": BOX.boundary(),
    "region": PART,
    "cloud": SCAN,
    "nodes": BOX.nodes(3),
    "pixels": PIXELS,
    "edges": PIXELS.edges("x"),
    "disk": Disk(),
    "circle": Disk().boundary(),
    "pairs": BOX.pairs("x"),
    "cylinder": Disk() * Interval(t=(0, 1)),
}


@pytest.mark.parametrize(
    ("capability", "who"),
    [
        (can.Patches, "box slice faces cylinder"),
        (can.Contain, "box slice region disk circle cylinder"),
        (can.Measure, "box slice faces disk circle cylinder"),
        (can.Cut, "box slice faces region cloud nodes circle pairs cylinder"),
        (can.Slice, "box slice cylinder"),
        (can.Bounded, "box slice disk cylinder"),
        (can.Faces, "faces circle"),
        (can.Restricted, "region"),
        (can.OnLattice, "cloud nodes pixels edges"),
        (can.Triangulate, "box slice region disk cylinder"),
        (can.Listed, "cloud nodes pixels edges"),
        (can.Scaled, "cloud nodes"),
        (can.Pictured, "pixels"),
        (can.Joined, "pairs"),
        (can.FromUnit, "box slice disk circle cylinder"),
    ],
)
def test_who_can_do_what(capability, who):
    assert [name for name, domain in DOMAINS.items() if isinstance(domain, capability)] == who.split()


def test_what_has_a_grid_pictures_or_products_of_intervals():
    assert [n for n, d in DOMAINS.items() if can.lattice_of(d) is not None] == ["nodes", "pixels", "edges"]
    assert [n for n, d in DOMAINS.items() if can.patches_of(d) is not None] == ["box", "slice", "faces"]
    assert set(can.images_of(PIXELS)) == {"scene"} and not can.images_of(BOX)
    assert can.cells_of(SCAN, 5) is None and can.cells_of(Disk(), 5) is not None
    assert [can.dimension_of(d) for d in (BOX, BOX.at(x=0), BOX.boundary(), PART, SCAN)] == [2, 1, 1, 2, 2]


def test_what_lies_inside():
    points = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.5], [1.0 + 1e-6, 0.5]]).double()
    assert can.contains(BOX, points).tolist() == [True, True, True, False]
    assert can.contains(BOX.at(x=0), points).tolist() == [True, True, False, False]
    assert can.contains(PART, points).tolist() == [False, False, True, False]
    assert can.contains(SCAN, points).all()  # it does not say


def rule(axis):
    return gauss(axis.low, axis.high, 4)


def test_nodes_of_faces_share_the_boundary_by_measure():
    parts = quadrature(BOX.boundary(), rule)
    assert [float(part.weights.sum()) for part in parts] == pytest.approx([1 / 3, 1 / 3, 1 / 6, 1 / 6])
    flux = sum((part.points * part.data["normal"]).sum(1) @ part.weights for part in parts)
    assert float(flux) * BOX.boundary().measure == pytest.approx(2 * BOX.measure)  # Gauss' theorem


def test_nodes_of_a_full_lattice_are_its_points_with_their_data():
    (part,) = quadrature(PIXELS, rule)
    order = [PIXELS.points.tolist().index(point) for point in part.points.tolist()]
    assert torch.equal(part.data["scene"], PIXELS.data["scene"][order]) and float(part.weights.sum()) == 1
    assert quadrature(PIXELS.where(PIXELS.images["scene"] > 0), rule) is None


def test_a_domain_that_carries_values_has_the_nodes_of_the_one_within():
    (part,) = quadrature(Carrying(BOX, lambda p: {"sum": p.sum(1)}), rule)
    assert torch.equal(part.data["sum"], part.points.sum(1))
    assert float(part.data["sum"] @ part.weights) == pytest.approx(1.5)
    assert quadrature(Carrying(PART, lambda p: {}), rule) is None and quadrature(SCAN, rule) is None
