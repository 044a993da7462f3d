"""Solids in space: exact surfaces, normals and measures, of single shapes and of combinations."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from boxes import seeded

from sirenpde import Ball, Box, Cylinder, Disk, Ellipsoid, Interval, Revolution, TriangleMesh, bundled
from sirenpde.geometry.quadrature import cubature
from sirenpde.geometry.shape import Shape

PI = math.pi
CUBE = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
PLATE = Box(x=(-1, 1), y=(-1, 1)) - Disk(radius=0.5)
ROD = Cylinder(radius=1, height=4)
CAP = 0.2**2 * (3 * 1.2 - 0.2) / 3  # of a ball of radius 1.2 beyond a face of the cube, over π

SOLIDS: dict[str, tuple[Shape, float, float]] = {  # volume and area
    "ball": (Ball((1, 2, 3), 2), 32 / 3 * PI, 16 * PI),
    "egg": (Ellipsoid(radii=(1, 1, 2)), 8 / 3 * PI, 2 * PI * (1 + 4 * PI / 27**0.5)),
    "cylinder": (Cylinder((1, 0, 0), 0.5, 3, axis="x"), 0.75 * PI, 3.5 * PI),
    "torus": (Revolution(Disk((2, 0), 1, names=("r", "z"))), 4 * PI**2, 8 * PI**2),
    "turned box": (Revolution(Box(r=(0, 1), z=(0, 2))), 2 * PI, 6 * PI),
    "plate": (PLATE * Interval(z=(0, 1)), 4 - PI / 4, 2 * (4 - PI / 4) + 8 + PI),
    "lens": (Ball() & Ball((1, 0, 0)), 5 / 12 * PI, 2 * PI),
    "two balls": (Ball() | Ball((1, 0, 0)), 9 / 4 * PI, 6 * PI),
    "hollow cube": (CUBE - Ball(radius=0.5), 8 - PI / 6, 24 + PI),
    "steinmetz": (ROD & ROD.rotated(PI / 2, axis="y"), 16 / 3, 16),
    "shell": (Ball(radius=2) - Ball(), 28 / 3 * PI, 20 * PI),
    "turned lens": (
        (Ball() & Ball((1, 0, 0))).rotated(0.7, axis="z").scaled(2).moved(y=3),
        10 / 3 * PI,
        8 * PI,
    ),
}
every_solid = pytest.mark.parametrize("name", SOLIDS)


@every_solid
def test_volumes_and_areas(name: str) -> None:
    solid, volume, area = SOLIDS[name]
    assert solid.measure == pytest.approx(volume, rel=1e-8)
    assert solid.boundary().measure == pytest.approx(area, rel=1e-8)


@every_solid
def test_samples_lie_on_the_surface_with_outward_normals_uniform_by_area(name: str) -> None:
    """Uniform: the fluxes of (x, 0, 0), (0, y, 0) and (0, 0, z) through the samples are the volume each."""
    solid, volume, area = SOLIDS[name]
    points, data = solid.boundary().draw(8000, seeded())
    normals = data["normal"]
    size = max(high - low for low, high in solid.bounds)
    assert solid.level(points).abs().max() < 1e-14 * size
    assert (normals.norm(dim=1) - 1).abs().max() < 1e-14
    assert bool((solid.level(points + 1e-7 * size * normals) > 0).all())
    assert bool((solid.level(points - 1e-7 * size * normals) < 0).all())
    middle = torch.tensor([(low + high) / 2 for low, high in solid.bounds], dtype=torch.float64)
    fluxes = area * ((points - middle) * normals).mean(0)
    assert torch.allclose(fluxes, torch.full((3,), volume, dtype=torch.float64), rtol=0.01)


@every_solid
def test_inside_samples_are_inside_and_uniform(name: str) -> None:
    """The divergence theorem once more: the mean of x² inside, from samples inside and on the surface."""
    solid, volume, area = SOLIDS[name]
    points, _ = solid.draw(8000, seeded())
    assert bool((solid.level(points) < 0).all()) and bool(solid.contains(points).all())
    surface, data = solid.boundary().draw(16_000, seeded())
    for k in range(3):
        inside = volume * (points[:, k] ** 2).mean()
        around = area * (surface[:, k] ** 3 * data["normal"][:, k]).mean() / 3
        assert float(inside) == pytest.approx(float(around), rel=0.03)


@every_solid
def test_the_surface_mesh_is_closed_and_close(name: str) -> None:
    solid, volume, _ = SOLIDS[name]
    coarse, fine = TriangleMesh.of(solid, 12), TriangleMesh.of(solid, 24)
    assert coarse.watertight and fine.watertight
    assert abs(fine.measure - volume) < 0.4 * abs(coarse.measure - volume) < 0.03 * volume


def test_vertices_of_smooth_surfaces_lie_on_them() -> None:
    for name in ("ball", "egg", "torus", "cylinder"):
        solid = SOLIDS[name][0]
        vertices, _ = solid.surface(16)
        assert solid.level(vertices).abs().max() < 1e-14, name


@pytest.mark.parametrize(
    "solid", [Ball((1, 2, 3), 2), Ellipsoid((1, 0, 0), (1, 2, 3))], ids=["ball", "ellipsoid"]
)
@pytest.mark.parametrize("count", [1, 2, 4])
def test_nodes_are_exact_for_polynomials(solid: Shape, count: int) -> None:
    """∫ xᵏ over the unit ball is 4 π / ((k + 1) (k + 3)) for even k."""
    nodes = cubature(solid, count)
    assert nodes is not None and bool(solid.contains(nodes.points).all())
    middle, half = torch.tensor(solid.bounds, dtype=torch.float64).mean(1), solid.bounds
    unit = (nodes.points - middle) / torch.tensor([(b - a) / 2 for a, b in half])
    scale = solid.measure / (4 / 3 * PI)
    for axis in range(3):
        for k in range(2 * count):
            exact = scale * 4 * PI / ((k + 1) * (k + 3)) if k % 2 == 0 else 0
            assert float((unit[:, axis] ** k) @ nodes.weights) == pytest.approx(exact, rel=1e-13, abs=1e-12)


def test_parts_of_a_boundary_are_found_by_where_they_came_from() -> None:
    hole = Disk(radius=0.5)
    plate = (Box(x=(-1, 1), y=(-1, 1)) - hole) * Interval(z=(0, 1))
    assert plate.boundary_of(hole).measure == pytest.approx(PI)
    bore = Cylinder(radius=0.2, height=4, axis="x")
    drilled = CUBE - bore
    points, data = drilled.boundary_of(bore).draw(500, seeded())
    assert torch.allclose(
        points[:, 1:].norm(dim=1), torch.full((500,), 0.2, dtype=torch.float64), rtol=0, atol=1e-14
    )
    assert torch.allclose(
        points[:, 1:] + 0.2 * data["normal"][:, 1:], torch.zeros(500, 2).double(), atol=1e-14
    )
    lid = plate.boundary(where=lambda p: p[:, 2] > 1 - 1e-9, name="lid")
    assert lid.name == "lid" and lid.draw(10, seeded())[1]["normal"][:, 2].tolist() == [1] * 10


def test_a_mesh_is_an_operand() -> None:
    part = TriangleMesh.open(bundled("bracket.stl"))
    low, high = part.bounds[2]
    rest = part - Box(x=(-1, 7), y=(-1, 5), z=(low + 0.5, high + 1))
    foot = part.boundary().facing((0, 0, -1)).measure
    assert rest.measure == pytest.approx(0.5 * foot, rel=1e-6)
    assert rest.boundary_of(part).measure == pytest.approx(rest.boundary().measure - foot, rel=0.02)
    points, data = rest.boundary().draw(2000, seeded())
    assert rest.level(points).abs().max() < 1e-11  # splinters
    assert bool((rest.level(points - 1e-6 * data["normal"]) < 0).all())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Ball(radius=0), "A ball was given radius=0; expected a finite number above 0"),
        (lambda: Ball(center=(0, 0)), r"A ball was given center=\(0, 0\); expected three finite numbers"),
        (lambda: Ball(names=("x", "y", "y")), "expected 3 different Python names"),
        (lambda: Ellipsoid(radii=(1, 1)), r"radii=\(1, 1\); expected three finite numbers above 0"),
        (lambda: Ellipsoid(radii=(1, 1, -1)), "expected three finite numbers above 0"),
        (lambda: Cylinder(height=math.inf), "A cylinder was given height=inf"),
        (lambda: Cylinder(axis="t"), "axis='t'; expected one of 'x', 'y', 'z'"),
        (
            lambda: Revolution(Disk(names=("r", "z"))),
            "reaches from -1 on; its first coordinate is the distance",
        ),
        (lambda: Revolution(Ball()), "profile ball; expected a plane shape"),
        (lambda: Ball() & Ball((5, 0, 0)), "is empty"),
        (lambda: CUBE - Ball((5, 0, 0)), "lies outside, and cuts nothing"),
        (lambda: CUBE - Ball(radius=3), "is empty"),
        (lambda: Disk() & Ball(), "shapes that are combined have the same ones"),
        (lambda: Disk().surface(), "expected a solid"),
    ],
)
def test_errors_teach(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)
