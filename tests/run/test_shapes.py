"""Boundary-value problems on shapes, solved by default: every kind of condition, systems, equations with powers."""

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Disk,
    Ellipse,
    Field,
    Interval,
    March,
    Problem,
    SineFeatures,
    dot,
    grad,
    laplacian,
    on,
    solve,
)

ELLIPSE = Ellipse(radii=(1.0, 0.6))
SQUARE, HOLE = Box(x=(-1, 1), y=(-1, 1)), Disk(center=(0.2, 0.1), radius=0.4)
PLATE = SQUARE - HOLE


def exact_on(shape):
    x, y = shape.axes
    return lambda p: torch.exp(x(p)) * torch.cos(y(p)) + x(p) * y(p) ** 2


def error(problem: Problem, seed: int = 0) -> float:
    solution = solve(problem, seed=seed)
    assert solution.status == "solved", solution
    return max(each["relative_l2"] for each in solution.errors.values())


def poisson(shape, u, samples=800):
    exact = exact_on(shape)
    return on(shape, samples, name="Δu = f")(lambda p: laplacian(u)(p) - laplacian(exact, *shape.axes)(p))


def slope(edge, f, *axes):
    return lambda p: dot(edge.normal(p), grad(f, *axes)(p))


@pytest.mark.slow
def test_robin():
    u, exact, edge = Field("u", ELLIPSE), exact_on(ELLIPSE), ELLIPSE.boundary()
    known = slope(edge, exact, *ELLIPSE.axes)
    robin = on(edge, 200, weight=100, name="u_n + 2 u = g")(
        lambda p: slope(edge, u)(p) + 2 * u(p) - known(p) - 2 * exact(p)
    )
    assert error(Problem(poisson(ELLIPSE, u), robin, reference={u: exact})) < 1e-11


@pytest.mark.slow
def test_a_flux_on_a_hole_and_values_on_the_square():
    u, exact, rim = Field("u", PLATE), exact_on(PLATE), PLATE.boundary_of(HOLE)
    known = slope(rim, exact, *PLATE.axes)
    flux = on(rim, 200, weight=100, name="u_n = g")(lambda p: slope(rim, u)(p) - known(p))
    walls = on(PLATE.boundary_of(SQUARE), 300, weight=1000, name="u = h")(lambda p: u(p) - exact(p))
    assert error(Problem(poisson(PLATE, u), flux, walls, reference={u: exact})) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize("turned", [0.0, 0.7])
def test_half_of_a_turned_edge_is_free(turned):
    shape = ELLIPSE.rotated(turned)
    u, exact = Field("u", shape), exact_on(shape)
    free = shape.boundary(where=lambda q: q[:, 0] > 0, name="right")
    fixed = shape.boundary(where=lambda q: q[:, 0] <= 0, name="left")
    known = slope(free, exact, *shape.axes)
    flux = on(free, 200, weight=100, name="u_n = g")(lambda p: slope(free, u)(p) - known(p))
    value = on(fixed, 200, weight=1000, name="u = h")(lambda p: u(p) - exact(p))
    assert error(Problem(poisson(shape, u), flux, value, reference={u: exact})) < 1e-10


def test_two_coupled_fields():
    """Δu = v, Δv = w: a clamped plate, the fourth order in two steps."""
    disk = Disk()
    x, y = disk.axes
    u, v, rim = Field("u", disk), Field("v", disk), disk.boundary()

    def exact(p):
        return torch.exp(x(p)) * torch.sin(2 * y(p))

    def bent(p):
        return -3 * exact(p)

    known = slope(rim, exact, x, y)
    problem = Problem(
        on(disk, 800, name="Δu = v")(lambda p: laplacian(u)(p) - v(p)),
        on(disk, 800, name="Δv = w")(lambda p: laplacian(v)(p) - 9 * exact(p)),
        on(rim, 200, weight=1000, name="u")(lambda p: u(p) - exact(p)),
        on(rim, 200, weight=100, name="u_n")(lambda p: slope(rim, u)(p) - known(p)),
        reference={u: exact, v: bent},
    )
    assert error(problem) < 1e-9


def test_a_power_of_the_field():
    """-Δu + u³ = f."""
    u, exact = Field("u", ELLIPSE), exact_on(ELLIPSE)
    x, y = ELLIPSE.axes
    inside = on(ELLIPSE, 800, name="-Δu + u³ = f")(
        lambda p: u(p) ** 3 - laplacian(u)(p) - exact(p) ** 3 + laplacian(exact, x, y)(p)
    )
    edge = on(ELLIPSE.boundary(), 200, weight=1000, name="u = g")(lambda p: u(p) - exact(p))
    assert error(Problem(inside, edge, reference={u: exact})) < 1e-10


DISK, TIME = Disk(), Interval(t=(0, 0.5))


def cooling(network: SineFeatures | None) -> Problem:
    """u_t = Δu on a disk, of which cos(x + y) exp(-2t) is a solution, given at the start and on the rim."""
    spacetime = DISK * TIME
    x, y, t = spacetime.axes
    u = Field("u", spacetime, network)

    def exact(p):
        return torch.exp(-2 * t(p)) * torch.cos(x(p) + y(p))

    return Problem(
        on(spacetime, 3000, name="heat")(lambda p: D(u, t)(p) - laplacian(u, x, y)(p)),
        on(spacetime.at(t=0), 800, weight=1000, name="start")(lambda p: u(p) - exact(p)),
        on(DISK.boundary() * TIME, 800, weight=1000, name="rim")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )


@pytest.mark.slow
def test_heat_on_a_disk():
    assert error(cooling(None)) < 1e-10


@pytest.mark.slow
def test_heat_on_a_disk_slab_after_slab():
    """Cylinders, one on top of the other, each with sines of its own."""
    solution = solve(cooling(SineFeatures(800, (4.0, 4.0, 2.0))), [March("t", slabs=2)], seed=0)
    assert solution.status == "solved" and "2 slabs" in str(solution)
    assert solution.errors["u"]["relative_l2"] < 1e-9
