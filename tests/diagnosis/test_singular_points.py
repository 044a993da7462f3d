"""Singular points known from shapes and conditions, and the exponents there."""

import math

import pytest
import torch

from sirenpde import Box, D, Disk, Ellipse, Field, Interval, Polygon, Problem, dot, grad, laplacian, on
from sirenpde.diagnosis.singular_points import singular_points

SQUARE = Box(x=(-1, 1), y=(-1, 1))
L_SHAPE = SQUARE - Box(x=(0, 1), y=(-1, 0))
HALF = Box(x=(-1, 1), y=(0, 1))


def found(domain, *edges, equation=None):
    """The points that are certain, with their lowest exponent, and how many are tried."""
    u = Field("u", domain)
    x, y = domain.axes[:2]
    inside = equation(u, x, y) if equation else (lambda p: D(u, x, x)(p) + D(u, y, y)(p) + 1)
    constraints = [on(domain, samples=50, name="inside")(inside)]
    for i, (edge, condition) in enumerate(edges):
        constraints.append(on(edge, samples=50, name=f"edge {i}")(condition(u, edge)))
    points = singular_points(Problem(*constraints), u)
    return {s.at: s.powers[0] for s in points if not s.tried}, sum(s.tried for s in points)


def value(u, edge):
    return lambda p: u(p)


def flux(u, edge):
    return lambda p: edge.normal(p) @ grad(u)(p) - 1


def lift(u, edge):
    return lambda p: u(p) - torch.where(p.coords[0] > 0.25, 1.0, 0.0)


@pytest.mark.parametrize("condition", [value, flux])
def test_a_re_entrant_corner(condition):
    certain, tried = found(L_SHAPE, (L_SHAPE.boundary(), condition))
    assert certain == {(0.0, 0.0): pytest.approx(2 / 3)}
    assert tried == 5


def test_where_conditions_change_on_a_straight_side():
    at = lambda p: (p[:, 1] < 1e-9) & (p[:, 0] < 1 / 3)
    certain, _ = found(HALF, (HALF.boundary(where=at), value), (HALF.boundary(where=lambda p: ~at(p)), flux))
    ((place, power),) = certain.items()
    assert place == (pytest.approx(1 / 3, abs=1e-9), 0.0) and power == pytest.approx(0.5)
    regions = [HALF.at(y=0).where(lambda p: p[:, 0] < 0), HALF.at(y=0).where(lambda p: p[:, 0] > 0)]
    y = HALF.axes[1]
    slope = lambda u, edge: lambda p: D(u, y)(p)
    certain, _ = found(HALF, (regions[0], value), (regions[1], slope), (HALF.at(y=1), value))
    assert certain == {(0.0, 0.0): pytest.approx(0.5)}


def test_an_oblique_derivative_shifts_the_exponent():
    """u = Re(C z^λ), u = 0 at θ = 0 and u_x + u_y = 0 at θ = π: λπ = π/4 - π, plus whole π."""
    x, y = HALF.axes
    ahead, behind = HALF.at(y=0).where(lambda p: p[:, 0] > 0), HALF.at(y=0).where(lambda p: p[:, 0] < 0)
    oblique = lambda u, edge: lambda p: D(u, x)(p) + D(u, y)(p)
    certain, _ = found(HALF, (ahead, value), (behind, oblique))
    assert certain == {(0.0, 0.0): pytest.approx(0.75)}


def test_an_anisotropic_operator_has_its_own_opening():
    certain, _ = found(
        L_SHAPE,
        (L_SHAPE.boundary(), value),
        equation=lambda u, x, y: lambda p: 2 * D(u, x, x)(p) + 2 * D(u, x, y)(p) + 2 * D(u, y, y)(p) + u(p),
    )
    # In the coordinates of a Laplacian the sides of the gap are 60 degrees apart: K⁻¹ = (2, -1; -1, 2) / 3.
    assert certain[0.0, 0.0] == pytest.approx(180 / (360 - 60))


def test_given_values_that_jump():
    certain, _ = found(SQUARE, (SQUARE.at(y=1), lift), (SQUARE.at(y=-1), value), (SQUARE.at(x=1), value))
    (corner, inner) = sorted(certain, reverse=True)
    assert corner == (1.0, 1.0) and inner == (pytest.approx(0.25, abs=1e-9), 1.0)
    assert set(certain.values()) == {0.0}


def test_over_time_and_at_other_angles():
    moving = L_SHAPE * Interval(t=(0, 1))
    certain, tried = found(moving, (L_SHAPE.boundary() * Interval(t=(0, 1)), value))
    assert certain == {(0.0, 0.0): pytest.approx(2 / 3)} and tried == 5
    wedge = Polygon([(0, 0), (1, -0.1), (1, -1), (-1, -1), (-1, 1), (1, 1), (1, 0.1)])
    certain, _ = found(wedge, (wedge.boundary(), value))
    assert certain[0.0, 0.0] == pytest.approx(math.pi / (2 * math.pi - 2 * math.atan(0.1)))


def test_the_direction_of_a_flux_may_jump_on_a_curved_side_but_turns_with_it():
    disk = Disk()
    rim = disk.boundary()
    assert found(disk, (rim, flux)) == ({}, 0)

    def oblique(u, edge):
        def slope(p):
            nx, ny = edge.normal(p)
            way = torch.where(p.coords[0] > 0, torch.stack([nx - ny, ny + nx]), torch.stack([nx, ny]))
            return (way * grad(u)(p)).sum()

        return slope

    points, _ = found(disk, (rim, oblique))
    assert {tuple(round(c, 6) for c in at) for at in points} == {(0.0, 1.0), (0.0, -1.0)}


def test_none_where_there_is_none():
    assert found(Disk(), (Disk().boundary(), value)) == ({}, 0)
    biharmonic = lambda u, x, y: lambda p: laplacian(laplacian(u))(p)
    assert found(L_SHAPE, (L_SHAPE.boundary(), value), equation=biharmonic) == ({}, 0)
    wave = lambda u, x, y: lambda p: D(u, x, x)(p) - D(u, y, y)(p)
    assert found(L_SHAPE, (L_SHAPE.boundary(), value), equation=wave) == ({}, 0)
    assert found(Box(x=(0, 1), y=(0, 1), z=(0, 1))) == ({}, 0)


@pytest.mark.parametrize("factor", [0.0, 2.0])
@pytest.mark.parametrize("turned", [0.0, 0.7])
def test_a_flux_along_a_curved_edge_changes_nowhere(factor, turned):
    ellipse = Ellipse(radii=(1.0, 0.6)).rotated(turned)
    u, rim = Field("u", ellipse), ellipse.boundary()
    equation = on(ellipse, 100, name="equation")(laplacian(u))
    flux = on(rim, 100, name="flux")(lambda p: dot(rim.normal(p), grad(u)(p)) + factor * u(p) - 1)
    assert singular_points(Problem(equation, flux), u) == ()


def test_where_a_flux_on_a_curved_edge_ends_is_found_with_its_power():
    ellipse = Ellipse(radii=(1.0, 0.6))
    u = Field("u", ellipse)
    free = ellipse.boundary(where=lambda q: q[:, 0] > 0, name="free")
    held = ellipse.boundary(where=lambda q: q[:, 0] <= 0, name="held")
    equation = on(ellipse, 100, name="equation")(laplacian(u))
    flux = on(free, 100, name="flux")(lambda p: dot(free.normal(p), grad(u)(p)))
    found = singular_points(Problem(equation, flux, on(held, 100, name="value")(u)), u)
    assert sorted(round(s.at[1], 9) for s in found) == [-0.6, 0.6]
    assert all(s.powers[0] == pytest.approx(0.5, abs=1e-9) for s in found)


@pytest.mark.parametrize(("width", "step", "count"), [(1e-4, 0.0, 0), (1e-5, 0.0, 0), (1e-4, 0.01, 1)])
def test_values_that_fall_off_in_a_thin_layer_at_a_corner_do_not_jump_there(width, step, count):
    def given(p):
        along = p.coords[0] + 1
        return torch.exp(-along / width) + torch.where(along < 1e-12, step, 0.0)

    def layer(u, edge):
        return lambda p: u(p) - given(p)

    assert len(found(SQUARE, (SQUARE.boundary(), layer))[0]) == 2 * count
