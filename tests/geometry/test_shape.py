"""Shapes: what is cut, joined, moved and named, against formulas by hand."""

import math
from dataclasses import dataclass

import pytest
import torch

from sirenpde import Box, Disk, Interval
from sirenpde.geometry.plane.arc import Arc
from sirenpde.geometry.plane.curves import EllipticArc
from sirenpde.geometry.point import Axis
from sirenpde.geometry.quadrature import cubature
from sirenpde.geometry.shape import Shape

SQUARE, HOLE = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
PLATE = SQUARE - HOLE
A, B = Disk(), Disk(center=(1, 0))
UNIT = Box(x=(0, 1), y=(0, 1))
LENS = 2 * math.pi / 3 - math.sqrt(3) / 2  # the area common to A and B


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("shape", "area", "perimeter"),
    [
        (PLATE, 4 - math.pi / 4, 8 + math.pi),
        (A & B, LENS, 4 * math.pi / 3),
        (A | B, 2 * math.pi - LENS, 8 * math.pi / 3),
        (A - B, math.pi - LENS, 2 * math.pi),
        (UNIT | Box(x=(1, 2), y=(0, 1)), 2, 6),
        (UNIT | Box(x=(1, 2), y=(0.25, 0.5)), 1.25, 6),
        (UNIT - Box(x=(0.25, 0.75), y=(0.5, 1)), 0.75, 5),  # a notch that shares a piece of an edge
        (UNIT - Box(x=(0.5, 2), y=(-1, 2)), 0.5, 3),
        (SQUARE - Disk(center=(0.5, 0), radius=0.5), 4 - math.pi / 4, 8 + math.pi),  # it touches an edge
        (UNIT & UNIT, 1, 4),
        (A | Disk(center=(2, 0)), 2 * math.pi, 4 * math.pi),  # they touch at a point
        (A | Disk(radius=0.5), math.pi, 2 * math.pi),
        (A - Disk(radius=0.5) | Disk(radius=0.25), math.pi * (1 - 0.25 + 0.0625), 2 * math.pi * 1.75),
    ],
)
def test_areas_and_perimeters_are_known_to_rounding(shape, area, perimeter):
    assert shape.measure == pytest.approx(area, rel=4e-15)
    assert shape.boundary().measure == pytest.approx(perimeter, rel=4e-15)
    for turned in (shape.rotated(0.3).moved(x=2, y=-1).scaled(1.5), shape.scaled(1e-3), shape.scaled(1e4)):
        factor = turned.motion.factor if turned.motion else 1
        assert turned.measure == pytest.approx(area * factor**2, rel=1e-12)
        assert turned.boundary().measure == pytest.approx(perimeter * factor, rel=1e-13)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "shape",
    [
        PLATE,
        A & B,
        (UNIT.rotated(0.2) | HOLE) - Disk(center=(0.1, 0.1), radius=0.2),
        (A - B).rotated(1).scaled(3),
    ],
    ids=lambda shape: shape.name,
)
def test_corners_are_shared_to_the_last_bit_and_flux_is_area(shape, seed):
    starts, ends = sorted(arc.start for arc in shape.sides), sorted(arc.end for arc in shape.sides)
    assert starts == ends
    for arc in shape.sides:
        assert arc.at(torch.tensor([0.0, 1.0]).double()).tolist() == [list(arc.start), list(arc.end)]
    nodes = cubature(shape.boundary(), 4)
    through = (nodes.points * nodes.data["normal"]).sum(1) @ nodes.weights
    assert float(through) == pytest.approx(2 * shape.measure, rel=1e-13)  # Gauss' theorem
    points, data = shape.boundary().draw(2000, generator(seed))
    assert shape.level(points).abs().max() < 1e-14
    outside, inside = (shape.level(points + s * 1e-7 * data["normal"]) for s in (1, -1))
    assert bool((outside > 0).all() and (inside < 0).all())
    assert (data["normal"].norm(dim=1) - 1).abs().max() < 1e-15 * 2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_normals_after_nested_combinations_and_motions_are_those_of_the_formula(seed):
    """Half a ring, turned, moved and doubled: -r on its inner arc, r on its outer one, the turned -x on the cut."""
    ring = (Disk(radius=1) - Disk(radius=0.5)) & Box(x=(0, 2), y=(-2, 2))
    turned = ring.rotated(math.pi / 6, about=(0, 0)).moved(x=3).scaled(2, about=(3, 0))
    points, data = turned.boundary().draw(3000, generator(seed))
    q, normals = (points - torch.tensor([3.0, 0.0]).double()) / 2, data["normal"]
    r = q.norm(dim=1)
    outer, inner = (r - 1).abs() < 1e-12, (r - 0.5).abs() < 1e-12
    cut = ~outer & ~inner
    assert torch.allclose(normals[outer], q[outer], rtol=0, atol=4e-15)
    assert torch.allclose(normals[inner], -2 * q[inner], rtol=0, atol=4e-15)
    left = -torch.tensor([math.cos(math.pi / 6), 0.5], dtype=torch.float64)
    assert torch.allclose(normals[cut], left.expand(int(cut.sum()), 2), rtol=0, atol=4e-15)
    lengths = torch.tensor([math.pi, math.pi / 2, 1.0])
    counts = torch.tensor([int(part.sum()) for part in (outer, inner, cut)])
    assert (counts / 3000 - lengths / lengths.sum()).abs().max() < 2e-3
    assert (q[cut] @ left).abs().max() < 2e-15


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_samples_are_uniform_by_length_and_by_area(seed):
    points, _ = PLATE.boundary_of(HOLE).draw(4000, generator(seed))
    sectors = torch.histc(torch.atan2(points[:, 1], points[:, 0]), 20, -math.pi, math.pi)
    assert (sectors - 200).abs().max() <= 3
    points, _ = PLATE.draw(4000, generator(seed))
    assert bool(PLATE.contains(points).all()) and not HOLE.contains(points).any()
    corner = int(((points > 0.5).all(1)).sum()) / 4000
    assert corner == pytest.approx(0.25 / PLATE.measure, abs=0.004)


def test_parts_are_named_cut_where_the_predicate_changes_and_keep_the_axes():
    inlet = PLATE.boundary(where=lambda p: p[:, 0] < -1 + 1e-9, name="inlet")
    assert inlet.name == "inlet" and inlet.measure == 2 and inlet.axes == PLATE.axes
    half = PLATE.boundary_of(HOLE, where=lambda p: p[:, 0] > 0.25)
    assert half.measure == pytest.approx(0.5 * 2 * math.acos(0.5), rel=1e-14)
    assert half.where(lambda p: p[:, 1] > 0).measure == pytest.approx(0.5 * math.acos(0.5), rel=1e-14)
    nested = (PLATE | Box(x=(1, 2), y=(-1, 1))).rotated(0.4) - Disk(center=(1.5, 0), radius=0.1)
    assert nested.boundary_of(HOLE).measure == pytest.approx(math.pi, rel=1e-14)
    assert nested.boundary_of(SQUARE).measure == pytest.approx(6, rel=1e-14)
    assert nested.boundary_of(PLATE).measure == pytest.approx(6 + math.pi, rel=1e-14)
    assert nested.boundary_of(HOLE).axes == nested.axes == nested.boundary().axes
    side = PLATE.boundary_of(SQUARE, where=lambda p: p[:, 1] == 1)
    points, data = side.draw(100, generator())
    assert bool((points[:, 1] == 1).all()) and data["normal"].unique(dim=0).tolist() == [[0, 1]]


def test_products_with_time_have_slices_and_sides():
    tube = PLATE * Interval(t=(0, 2))
    assert tube.at(t=0).name == "box - disk, t = 0" and tube.measure == 2 * PLATE.measure
    wall = PLATE.boundary_of(HOLE) * Interval(t=(0, 2))
    assert wall.measure == pytest.approx(2 * math.pi) and wall.axes == tube.axes
    points, data = wall.draw(500, generator())
    assert torch.allclose(points[:, :2], -0.5 * data["normal"][:, :2], rtol=0, atol=1e-15)
    assert tube.boundary("x", "y").measure == pytest.approx(2 * (8 + math.pi))


def test_shapes_in_space_are_drawn_by_rejection():
    """A cube with a niche that opens to its upper face: the faces' areas, and normals into the niche."""
    cube, niche = Box(x=(0, 1), y=(0, 1), z=(0, 1)), Box(x=(0.25, 0.75), y=(0.25, 0.75), z=(0.5, 1))
    part = (cube - niche).rotated(0.3, axis="z").moved(z=1)
    assert part.measure == pytest.approx(0.875, rel=1e-8)
    assert part.boundary().measure == pytest.approx(7, rel=1e-8)
    assert part.boundary_of(niche).measure == pytest.approx(1.25, rel=1e-8)
    points, data = part.boundary_of(niche).draw(3000, generator())
    floor = data["normal"][:, 2] == 1
    assert torch.allclose(points[floor, 2], torch.tensor(1.5).double()) and int(floor.sum()) == 600
    inward = torch.tensor([0.5, 0.5]).double() - points[~floor, :2]
    assert bool(((inward * data["normal"][~floor, :2]).sum(1) > 0.2).all())
    inside, _ = part.draw(2000, generator())
    assert bool(part.contains(inside).all())


@dataclass(frozen=True)
class Inward(Shape):
    """A disk with its circle the wrong way round."""

    name: str = "inverted"

    @property
    def axes(self):
        return (Axis("x", -1.0, 1.0), Axis("y", -1.0, 1.0))

    @property
    def sides(self):
        return (Arc.of(EllipticArc.circle((0.0, 0.0), 1.0).reversed(), self.axes, "circle"),)

    def level(self, points):
        return points.norm(dim=1) - 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SQUARE - Disk(center=(3, 0)), "was cut out of .*It lies outside, and cuts nothing"),
        (lambda: SQUARE - Box(x=(1, 2), y=(0, 1)), "It lies outside"),
        (lambda: A & Disk(center=(3, 0)), "'disk & disk' is empty"),
        (lambda: HOLE - SQUARE, "'disk - box' is empty"),
        (lambda: HOLE - HOLE, "is empty"),
        (
            lambda: SQUARE - Disk(names=("x", "z")),
            "has the axes x, y, 'disk' x, z; shapes that are combined have",
        ),
        (lambda: SQUARE - Box(x=(0, 1), y=(0, 1), t=(0, 1)), "multiply by time afterwards"),
        (lambda: Interval(x=(0, 1)) | Interval(x=(0, 1)), "has one axis"),
        (lambda: Box(x=(0, 1), y=(0, 1), z=(0, 1)) - Box(x=(2, 3), y=(0, 1), z=(0, 1)), "It lies outside"),
        (lambda: SQUARE.at(x=0) - SQUARE.at(x=0), "is a slice, without an inside"),
        (lambda: PLATE.boundary(where=lambda p: p[:, 0] > 5, name="inlet"), "'inlet' is empty"),
        (lambda: PLATE.boundary(where=lambda p: p.norm(dim=1) == 0.5), "changes .* times along 'circle'"),
        (lambda: PLATE.boundary_of(A), "its sides came from '.x, y.', 'disk'"),
        (lambda: SQUARE.moved(z=1), "no axis 'z'"),
        (lambda: SQUARE.moved(x=math.inf), "x=inf was given; expected a finite number"),
        (lambda: SQUARE.scaled(0), "was to be scaled by 0; expected a number above 0"),
        (lambda: SQUARE.rotated(1, about=(0,)), "expected a point, 2 finite numbers"),
        (lambda: SQUARE.rotated(1, axis="x"), "is plane"),
        (lambda: Box(x=(0, 1), y=(0, 1), z=(0, 1)).rotated(1), "in space a rotation is about one of them"),
        (lambda: Inward().boundary().draw(10, generator()), "The normal of 'inverted' at .* points inwards"),
    ],
)
def test_errors_teach(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_shapes_are_combined():
    with pytest.raises(TypeError, match="a Region was written; expected two shapes"):
        SQUARE - SQUARE.where(lambda p: p[:, 0] > 0)


def test_moved_and_scaled_boxes_are_boxes():
    assert Box(x=(0, 1), y=(0, 2)).moved(x=1, y=-2) == Box(x=(1, 2), y=(-2, 0))
    assert Box(t=(0, 1), x=(0, 2), y=(-1, 1)).scaled(2, about=(0, 0, 0)) == Box(t=(0, 2), x=(0, 4), y=(-2, 2))
    with pytest.raises(ValueError, match="is a slice of a box, and was to be moved"):
        SQUARE.at(x=0).moved(y=1)


def test_a_part_of_a_box_is_cut_exactly_and_faces_by_axis_stay():
    part = UNIT.boundary(where=lambda p: p[:, 1] < 0.25, name="foot")
    assert part.name == "foot" and part.measure == pytest.approx(1.5, rel=1e-14)
    faces = UNIT.boundary("x", where=lambda p: p[:, 1] < 0.25)
    points, data = faces.draw(200, generator())
    assert bool((points[:, 1] < 0.25).all()) and set(data["normal"][:, 0].tolist()) == {-1, 1}
    cube = Box(x=(0, 1), y=(0, 1), z=(0, 1)).boundary(where=lambda p: p[:, 2] < 0.5)
    assert bool((cube.draw(100, generator())[0][:, 2] < 0.5).all())


def test_names_say_what_was_combined_and_stay_short():
    three = A | B | Disk(center=(2, 0))
    assert three.name == "disk | disk | disk" and (SQUARE - three).name == "box - (disk | disk | disk)"
    for k in range(3, 12):
        three = three | Disk(center=(k, 0))
    assert three.name.startswith("disk | … disk") and len(three.name) <= 60
