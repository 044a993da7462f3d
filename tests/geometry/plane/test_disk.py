"""The disk: its samples, normals, mesh and product with time; and problems solved on it."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    Interval,
    March,
    Point,
    Problem,
    SineFeatures,
    dot,
    grad,
    integral,
    laplacian,
    on,
    solve,
)  # fmt: skip
from sirenpde.geometry import can
from sirenpde.geometry.quadrature import cubature
from sirenpde.solvers.initial import set_initial

DISK = Disk(center=(1.0, -2.0), radius=3.0)
ROOT = 2.404825557695773  # the first zero of the Bessel function J0


def drawn(domain, n=4000):
    return domain.draw(n, torch.Generator().manual_seed(0))


def test_samples_are_inside_and_uniform():
    points, data = drawn(DISK)
    q = (points - torch.tensor([1.0, -2.0])) / 3
    assert points.dtype == torch.float64 and not data and bool(DISK.contains(points).all())
    r, angle = q.norm(dim=1), torch.atan2(q[:, 1], q[:, 0])
    rings = torch.histc(r**2, 10, 0, 1)
    sectors = torch.histc(angle, 12, -math.pi, math.pi)
    assert (rings / 400 - 1).abs().max() < 0.05 and (sectors / (4000 / 12) - 1).abs().max() < 0.05
    assert torch.equal(drawn(DISK)[0], points) and not torch.equal(drawn(DISK, 3999)[0], points[:3999] + 1)


def test_the_boundary_has_exact_outward_unit_normals():
    points, data = drawn(DISK.boundary(), 500)
    normal = data["normal"]
    assert torch.allclose(points, torch.tensor([1.0, -2.0]) + 3 * normal, rtol=0, atol=1e-15)
    assert torch.allclose(normal.norm(dim=1), torch.ones(500).double(), rtol=0, atol=1e-15)
    sectors = torch.histc(torch.atan2(normal[:, 1], normal[:, 0]), 10, -math.pi, math.pi)
    assert (sectors - 50).abs().max() <= 2
    assert bool(DISK.boundary().contains(points).all()) and not DISK.boundary().contains(0.9 * points).any()


def test_measures_bounds_and_what_lies_inside():
    assert DISK.measure == pytest.approx(9 * math.pi) and DISK.boundary().measure == pytest.approx(
        6 * math.pi
    )
    assert DISK.bounds == ((-2.0, 4.0), (-5.0, 1.0)) == DISK.boundary().bounds
    assert [axis.name for axis in DISK.axes] == ["x", "y"]
    assert [axis.name for axis in Disk(names=("r", "z")).axes] == ["r", "z"]
    inside = DISK.contains(torch.tensor([[1.0, -2.0], [4.0, -2.0], [3.9, 0.0], [1.0, 1.01]]).double())
    assert inside.tolist() == [True, True, False, False]


@pytest.mark.parametrize("resolution", [2, 3, 21])
def test_its_cells_fill_the_polygon_of_their_outer_ring(resolution):
    cells = DISK.cells(resolution)
    a, b, c = cells.points[cells.corners].unbind(1)
    u, v = b - a, c - a
    areas = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    rings = max(1, resolution // 2)
    sides = 6 * rings
    assert areas.min() > 0 and len(cells.points) == 1 + 3 * rings * (rings + 1)
    assert float(areas.sum()) == pytest.approx(9 * sides / 2 * math.sin(2 * math.pi / sides))
    assert bool(DISK.contains(cells.points).all())


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_its_nodes_are_exact_for_polynomials(count):
    """∫ xⁱ yʲ over the unit disk is Γ((i+1)/2) Γ((j+1)/2) / Γ((i+j)/2 + 2), and 0 for odd powers."""
    nodes = cubature(DISK, count)
    x, y = ((nodes.points - torch.tensor(DISK.center)) / 3).T
    powers = [(i, j) for i in range(2 * count) for j in range(2 * count - i)]
    gamma = math.gamma
    for i, j in powers:
        even = i % 2 == j % 2 == 0
        exact = 9 * gamma((i + 1) / 2) * gamma((j + 1) / 2) / gamma((i + j) / 2 + 2) if even else 0
        assert float((x**i * y**j) @ nodes.weights) == pytest.approx(exact, rel=1e-13, abs=1e-13)
    assert bool(DISK.contains(nodes.points).all())


@pytest.mark.parametrize(
    ("solid", "flux"),
    [(DISK, 18 * math.pi), (DISK * Interval(t=(0, 2)), 54 * math.pi)],
    ids=["disk", "cylinder"],
)
def test_the_flux_of_the_coordinates_through_a_boundary_is_the_dimension_times_the_measure(solid, flux):
    nodes = cubature(solid.boundary(), 2)
    through = (nodes.points * nodes.data["normal"]).sum(1)
    assert float(through @ nodes.weights) == pytest.approx(flux, rel=1e-14)
    assert float(cubature(solid, 2).weights.sum()) == pytest.approx(solid.measure, rel=1e-14)


@pytest.mark.parametrize(
    "capability", [can.Contain, can.Measure, can.Bound, can.Bounded, can.Cubature, can.Triangulate]
)
def test_what_it_can_do(capability):
    assert isinstance(DISK, capability) and isinstance(DISK * Interval(t=(0, 1)), capability)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Disk(radius=0), "radius=0; expected a finite number above 0"),
        (lambda: Disk(radius=-1.0), "radius=-1.0; expected a finite number above 0"),
        (lambda: Disk(radius=math.inf), "radius=inf; expected"),
        (lambda: Disk(radius=math.nan), "radius=nan; expected"),
        (lambda: Disk(center=(math.nan, 0)), "center=.nan, 0.; expected two finite numbers"),
        (lambda: Disk(radius="a"), "radius='a'; expected a finite number"),
        (lambda: Disk(center=3), "center=3; expected two finite numbers"),
        (lambda: Disk(center=("a", 0)), "expected two finite numbers"),
        (lambda: Disk(center=(0, 0, 0)), "expected two finite numbers"),
        (lambda: Disk(names=("x", "x")), "'x', 'x' were given; expected 2 different Python names"),
        (lambda: Disk(names=("x", "y z")), "'y z' were given"),
        (lambda: Disk().draw(None, torch.Generator()), "infinitely many points"),
        (lambda: Disk().boundary()["height"], "carries no data 'height'"),
        (lambda: Disk() * Interval(x=(0, 1)), "axes x, y was multiplied by an interval of x"),
    ],
)
def test_errors_teach(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def poisson(exact, source):
    x, y = DISK.axes
    u = Field("u", DISK)

    @on(DISK, samples=2000)
    def equation(p: Point):
        return -laplacian(u)(p) - source(x(p) - 1, y(p) + 2)

    @on(DISK.boundary(), samples=300, weight=100)
    def rim(p: Point):
        return u(p) - exact(x(p) - 1, y(p) + 2)

    return Problem(equation, rim, reference={u: lambda p: exact(x(p) - 1, y(p) + 2)})


@pytest.mark.parametrize(
    ("exact", "source"),
    [
        (lambda x, y: 9 - x**2 - y**2, lambda x, y: 4.0),
        (lambda x, y: torch.exp(x) * torch.cos(2 * y), lambda x, y: 3 * torch.exp(x) * torch.cos(2 * y)),
    ],
    ids=["parabola", "waves"],
)
def test_poisson_is_solved_by_default(exact, source):
    assert solve(poisson(exact, source)).errors["u"]["relative_l2"] < 1e-10


def test_a_free_constant_is_set_by_the_mean_over_the_disk():
    """Δu = 4 with ∂u/∂n = 2 on the rim of the unit disk and mean zero: u = x² + y² - 1/2."""
    disk = Disk()
    x, y = disk.axes
    u, rim = Field("u", disk), disk.boundary()
    equation = on(disk, samples=1000, name="equation")(lambda p: laplacian(u)(p) - 4)
    flux = on(rim, samples=200, name="flux")(lambda p: dot(grad(u)(p), rim.normal(p)) - 2)
    mean = on(disk, samples=1, name="mean")(integral(u, disk))
    problem = Problem(equation, flux, mean, reference={u: lambda p: x(p) ** 2 + y(p) ** 2 - 0.5})
    solution = solve(problem)
    assert solution.errors["u"]["relative_l2"] < 1e-10 and not solution.warnings


def test_a_flux_through_the_rim_is_given_by_the_normal():
    """Δu = 4, u + ∂u/∂n given: u = x² + y² about the centre."""
    disk = Disk()
    x, y = disk.axes
    u, rim = Field("u", disk), disk.boundary()

    @on(disk, samples=1000)
    def equation(p: Point):
        return laplacian(u)(p) - 4

    @on(rim, samples=200, weight=10)
    def flux(p: Point):
        nx, ny = rim.normal(p)
        return u(p) + nx * D(u, x)(p) + ny * D(u, y)(p) - 3

    problem = Problem(equation, flux, reference={u: lambda p: x(p) ** 2 + y(p) ** 2})
    assert solve(problem).errors["u"]["relative_l2"] < 1e-10


def drum(end: float) -> Problem:
    """u_t = Δu with u = 0 on the rim: u = J0(λ r) exp(-λ² t)."""
    cylinder = Disk() * Interval(t=(0, end))
    x, y, t = cylinder.axes
    u = Field("u", cylinder)

    def exact(p: Point):
        r = torch.sqrt(x(p) ** 2 + y(p) ** 2)
        return torch.special.bessel_j0(ROOT * r) * torch.exp(-(ROOT**2) * t(p))

    @on(cylinder, samples=2000)
    def heat(p: Point):
        return D(u, t)(p) - laplacian(u, x, y)(p)

    @on(cylinder.boundary("x", "y"), samples=500, weight=100)
    def rim(p: Point):
        return u(p)

    @on(cylinder.at(t=0), samples=500, weight=100)
    def start(p: Point):
        return u(p) - exact(p)

    return Problem(heat, rim, start, reference={u: exact})


@pytest.mark.slow
def test_a_warm_disk_cools_by_default():
    assert solve(drum(0.5)).errors["u"]["relative_l2"] < 1e-10


@pytest.mark.slow
def test_a_warm_disk_cools_slab_after_slab():
    solution = solve(drum(0.2), [March("t", 2)])
    assert solution.errors["u"]["relative_l2"] < 1e-8


def test_parts_of_disks_and_boxes_times_an_interval_have_their_points_and_normals():
    half = DISK.where(lambda p: p[:, 0] > 1, "half")
    for domain, inside in (
        (half * Interval(t=(0, 2)), lambda p: p[:, 0] > 1),
        (half.whole.boundary() * Interval(t=(0, 2)), lambda p: DISK.boundary().contains(p[:, :2])),
    ):
        points, data = drawn(domain, 500)
        assert points.shape == (500, 3) and bool(inside(points).all())
        assert 0 < points[:, 2].min() < 0.01 and 1.99 < points[:, 2].max() < 2
        assert not data or bool((data["normal"][:, 2] == 0).all())
    assert Box(x=(0, 1)) * Interval(t=(0, 2)) == Box(x=(0, 1), t=(0, 2))


def test_a_start_that_is_known_on_the_disk_alone_is_fitted_there():
    """In the corners of its box the start is no number."""
    disk = Disk()
    x, y = disk.axes
    u = Field("u", disk, initial=lambda p: torch.sqrt(1.5 - x(p) ** 2 - y(p) ** 2))
    module = SineFeatures(120, 4.0).build([-1, -1], [1, 1], 1, (), torch.Generator().manual_seed(0))
    points = drawn(disk, 100)[0]
    values = set_initial(module.double(), u)(points).detach()[:, 0]
    assert torch.allclose(values, torch.sqrt(1.5 - points.square().sum(1)), atol=1e-3)
