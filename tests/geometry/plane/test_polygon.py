"""Polygons: vertices, holes, rounded corners, tables and drawings."""

import json
import math

import numpy as np
import pytest
import torch

from sirenpde import Disk, Ellipse, Polygon
from sirenpde.geometry.plane.contour import Contour
from sirenpde.geometry.values import domain_from_value, domain_to_value

BRACKET = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]
DRAWING = """<svg xmlns="http://www.w3.org/2000/svg"><g transform="translate(5,5)">{}</g></svg>"""
CURVED = """<path d="M 0 0 H 60 V 40 C 50 60 20 60 0 40 Z M 10 10 h 10 v 10 h -10 z M 40 20 a 8 5 30 1 0 0.1 0 z"/>"""


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(
    "shape",
    [
        Polygon(BRACKET),
        Polygon(BRACKET[::-1], rounded=0.3),
        Polygon([(0, 0), (3, 0), (3, 3), (0, 3)], holes=[[(1, 1), (2, 1), (2, 2), (1, 2)]], rounded=0.1),
        Polygon(BRACKET, rounded=0.1).rotated(0.2) | Ellipse(center=(1, 1), radii=(2, 0.3)),
    ],
    ids=["plain", "rounded", "hole", "united"],
)
def test_samples_lie_on_the_boundary_with_outward_normals(shape, seed):
    points, data = shape.boundary().draw(3000, generator(seed))
    assert shape.level(points).abs().max() < 2e-15 * 4
    assert bool((shape.level(points + 1e-7 * data["normal"]) > 0).all())
    assert bool((shape.level(points - 1e-7 * data["normal"]) < 0).all())
    inside, _ = shape.draw(2000, generator(seed))
    assert bool(shape.contains(inside).all())


def test_rounding_takes_from_corners_and_gives_to_the_inner_one():
    r = 0.25
    rounded, missing = Polygon(BRACKET, rounded=r), r**2 * (1 - math.pi / 4)
    assert rounded.measure == pytest.approx(3 - 5 * missing + missing, rel=1e-15)
    assert rounded.boundary().measure == pytest.approx(8 - 12 * r + 6 * math.pi / 2 * r, rel=1e-15)
    arcs = rounded.sides
    for before, after in zip(arcs, (*arcs[1:], arcs[0]), strict=True):  # no kinks
        assert before.end == after.start
        ends = before.normals(torch.ones(1).double()), after.normals(torch.zeros(1).double())
        assert torch.allclose(*ends, rtol=0, atol=1e-14)
    assert [arc.name for arc in arcs[:3]] == ["edge 1", "corner 1", "edge 2"]
    stadium = Polygon([(0, 0), (2, 0), (2, 1), (0, 1)], rounded=0.5)  # half circles leave no short edge
    assert len(stadium.sides) == 6 and stadium.measure == pytest.approx(1 + math.pi / 4)


def test_the_level_is_the_distance_with_a_sign():
    bracket = Polygon(BRACKET)
    points = [[0.5, 0.25], [1.5, 1.5], [3.0, 0.5], [1.0, 0.9], [-1.0, -1.0], [0.5, 1.0]]
    level = bracket.level(torch.tensor(points, dtype=torch.float64))
    assert level.tolist() == pytest.approx([-0.25, 0.5, 1, -0.1, math.sqrt(2), -0.5], abs=1e-15)
    rounded = Polygon(BRACKET, rounded=0.25)
    assert float(rounded.level(torch.tensor([[0.0, 0.0]]).double())) == pytest.approx(
        0.25 * (math.sqrt(2) - 1)
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_level_of_curved_loops_tells_inside_from_outside(tmp_path, seed):
    """Against shapely on chords so fine that they differ by less than the points that are left out."""
    import shapely

    (tmp_path / "part.svg").write_text(DRAWING.format(CURVED))
    shape = Polygon.open(tmp_path / "part.svg")
    rings = [torch.cat([arc.polyline(tolerance=1e-5)[:-1] for arc in arcs]) for arcs in _loops(shape.sides)]
    twin = shapely.Polygon(rings[0].numpy(), [ring.numpy() for ring in rings[1:]])
    low, high = torch.tensor(shape.bounds, dtype=torch.float64).T
    points = low - 5 + (high - low + 10) * torch.rand(4000, 2, dtype=torch.float64, generator=generator(seed))
    level = shape.level(points)
    clear = level.abs() > 1e-3
    assert int(clear.sum()) > 3900
    inside = torch.from_numpy(shapely.contains_xy(twin, *points.numpy().T))
    assert torch.equal((level < 0)[clear], inside[clear])


def _loops(sides):
    loops = [[]]
    for arc in sides:
        if loops[-1] and loops[-1][-1].end != arc.start:
            loops.append([])
        loops[-1].append(arc)
    return loops


def test_drawings_keep_their_curves_and_holes(tmp_path):
    (tmp_path / "part.svg").write_text(DRAWING.format(CURVED))
    shape = Polygon.open(tmp_path / "part.svg")
    assert isinstance(shape, Contour) and shape.bounds == ((5, 65), (-60, -5)) and shape.name == "part"
    # A rectangle and the cubic's bulge, without the square and (but for a sliver) an ellipse.
    assert shape.measure == pytest.approx(60 * 40 + 630 - 100 - math.pi * 40, rel=1e-5)
    assert float(shape.cubature(3).weights.sum()) == pytest.approx(shape.measure, rel=1e-14)
    points, data = shape.boundary().draw(2000, generator())
    assert bool((shape.level(points + 1e-5 * data["normal"]) > 0).all())
    cut = shape - Disk(center=(35, -50), radius=12)
    assert float(cut.cubature(3).weights.sum()) == pytest.approx(cut.measure, rel=1e-14)
    both = shape | shape.moved(x=3.3, y=1).rotated(0.1)  # cubics that cross cubics
    assert float(both.cubature(3).weights.sum()) == pytest.approx(both.measure, rel=1e-14)


def test_straight_drawings_and_tables_are_polygons(tmp_path):
    (tmp_path / "a.svg").write_text(DRAWING.format('<path d="M 0 0 h 4 v 4 h -4 z M 1 1 h 1 v 1 h -1 z"/>'))
    polygon = Polygon.open(tmp_path / "a.svg")
    assert isinstance(polygon, Polygon) and polygon.measure == pytest.approx(15) and len(polygon.holes) == 1
    np.savetxt(tmp_path / "a.csv", BRACKET, delimiter=",", header="x,y", comments="")
    assert Polygon.open(tmp_path / "a.csv") == Polygon(BRACKET)
    (tmp_path / "a.txt").write_text("0 0\n2 0\n0 1\n0 0\n")
    assert Polygon.open(tmp_path / "a.txt", names=("r", "z")).axes[1].name == "z"


def test_it_is_written_as_plain_values_and_read_again():
    for shape in (Polygon(BRACKET, holes=[[(0.2, 0.2), (0.4, 0.2), (0.2, 0.4)]], rounded=0.01), Ellipse()):
        combined = (shape - Disk(center=(1, 0), radius=0.3)).rotated(0.2)
        for value in (shape, combined, combined.boundary()):
            assert domain_from_value(json.loads(json.dumps(domain_to_value(value)))) == value


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), r"crosses or touches itself at \(0.5, 0.5\)"),
        (lambda: Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)]), r"crosses or touches itself at \(2, 0\)"),
        (lambda: Polygon([(0, 0), (1, 1)]), "has no area: 2 different vertices"),
        (lambda: Polygon([(0, 0), (1, 1), (2, 2)]), "lie on one line"),
        (lambda: Polygon([(0, 0, 0), (1, 1, 1)]), r"shape \(2, 3\); expected \(n, 2\)"),
        (lambda: Polygon([(0, 0), (1, math.nan), (2, 2)]), "nan in row 1, column y"),
        (lambda: Polygon([(0, 0), (1, 0), (1, 1)], rounded=0.5), "leave no room for arcs of radius 0.5"),
        (lambda: Polygon([(0, 0), (1, 0), (1, 1)], rounded=-1), "rounded=-1; expected the radius"),
        (lambda: Polygon(BRACKET, holes=[[(3, 3), (4, 3), (4, 4)]]), "Hole 1 of 'polygon' lies outside"),
        (
            lambda: Polygon(BRACKET, holes=[[(0.5, -1), (0.6, 0.5), (0.4, 0.5)]]),
            "Two loops of 'polygon' meet at",
        ),
        (lambda: Ellipse(radii=(1, 0)), "expected numbers above 0"),
        (lambda: Ellipse(center=(1, math.inf)), "expected two finite numbers"),
    ],
)
def test_errors_teach(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "a.svg",
            DRAWING.format('<path d="M 0 0 h 4 v 4"/>'),
            "is open: it begins at .5, -5. and ends at .9, -9.",
        ),
        ("a.svg", DRAWING.format(""), "has no paths"),
        ("a.svg", "<svg", "could not be read as SVG"),
        ("a.csv", "x,z\n0,1\n1,0\n2,1\n", "a.csv.*y"),
        ("a.csv", "x,y\n0,1\n1,0\n", "has 2 vertices; a polygon has three or more"),
    ],
)
def test_files_that_hold_no_outline_are_refused(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        Polygon.open(tmp_path / name)
