"""Steady problems solved on tensor nodes, orders that grow, and what cannot be solved so."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    Collocation,
    D,
    Field,
    Problem,
    SineLattice,
    Siren,
    Unknown,
    l1,
    laplacian,
    on,
    solve,
)
from sirenpde.linear.tensor_rows import NoNodes
from sirenpde.residuals.unfit import Unfit


def test_without_a_period_nothing_is_averaged():
    square = Box(x=(0, 1), y=(0, 1))
    a, b = square.axes
    u = Field("u", square, SineLattice(14))

    def exact(p):
        return torch.exp(a(p) * torch.sin(3 * b(p)))

    def source(p):
        s, c, v = torch.sin(3 * b(p)), torch.cos(3 * b(p)), exact(p)
        return v * (s * s + 9 * a(p) * (a(p) * c * c - s))

    @on(square, samples=10)
    def inside(p):
        return laplacian(u)(p) - torch.exp(u(p) / 3) - source(p) + torch.exp(exact(p) / 3)

    @on(square.boundary(), samples=10, weight=100)
    def edges(p):
        return u(p) - exact(p)

    solution = solve(Problem(inside, edges, reference={u: exact}), [Collocation()])
    assert float(solution.errors["u"]["relative_l2"]) < 1e-12


def test_boxes_without_periods_are_solved_at_the_cost_of_their_axes():
    """Heat in a square over time, with waves five times shorter along one axis, by default settings."""
    box = Box(t=(0, 0.1), x=(0, 1), y=(0, 1))
    tau, a, b = box.axes
    u = Field("u", box)

    def exact(p):
        fast = (
            torch.exp(-26 * math.pi**2 * tau(p)) * torch.sin(5 * math.pi * a(p)) * torch.cos(math.pi * b(p))
        )
        return fast + torch.exp(-b(p)) * torch.sin(2 * a(p) + tau(p))

    @on(box, samples=10)
    def heat(p):
        slow = torch.exp(-b(p)) * (torch.cos(2 * a(p) + tau(p)) + 3 * torch.sin(2 * a(p) + tau(p)))
        return D(u, tau)(p) - laplacian(u, a, b)(p) - slow

    @on(box.at(t=0), samples=10)
    def start(p):
        return u(p) - exact(p)

    @on(box.boundary("x"), samples=10)
    def sides(p):
        return u(p) - exact(p)

    @on(box.at(y=0), samples=10)
    def below(p):
        return D(u, b)(p) + torch.sin(2 * a(p) + tau(p))

    @on(box.at(y=1), samples=10)
    def above(p):
        return D(u, b)(p) + math.exp(-1) * torch.sin(2 * a(p) + tau(p))

    solution = solve(Problem(heat, start, sides, below, above, reference={u: exact}), [Collocation()])
    assert float(solution.errors["u"]["relative_l2"]) < 1e-10
    assert "the last two lattices differ by" in solution.stages[-1].reason


def test_open_orders_grow_as_far_as_the_field_asks():
    line = Box(x=(0, 1))
    (s,) = line.axes

    def exact(p):
        return torch.tanh(20 * (s(p) - 0.4))

    def found(tolerance):
        u = Field("u", line, SineLattice())

        @on(line, samples=10)
        def layer(p):
            return D(u, s)(p) - 20 * (1 - u(p) ** 2)

        @on(line.at(x=0.4))
        def middle(p):
            return u(p)

        return solve(Problem(layer, middle, reference={u: exact}), [Collocation(tolerance)])

    coarse, fine = found(1e-3), found(1e-10)
    assert coarse.parameters < fine.parameters
    assert float(fine.errors["u"]["relative_l2"]) < 1e-9 < float(coarse.errors["u"]["relative_l2"])
    again = solve(fine.problem, [Collocation(1e-10)], resume=fine.snapshot())
    assert torch.equal(again.theta, fine.theta)


def test_what_collocation_cannot_solve_is_told_so():
    square = Box(x=(0, 1), y=(0, 1))
    a, _ = square.axes
    u = Field("u", square, SineLattice(2))
    v = Field("v", square, Siren(8, 2))
    c = Unknown("c", 1.0)

    def refused(kind, match, residual, domain=square, **flags):
        constraint = on(domain, samples=10, name="given", **flags)(residual)
        with pytest.raises(kind, match=match):
            solve(Problem(constraint), [Collocation()])

    refused(Unfit, "cannot solve for v, a DenseNetwork", lambda p: v(p))
    refused(Unfit, "the loss of 'given'", lambda p: u(p), loss=l1)
    refused(Unfit, "the unknown c", lambda p: u(p) - c(p))
    disk = square.where(lambda p: p.norm(dim=1) < 1, "quarter")
    refused(NoNodes, "'quarter' is no tensor product", lambda p: u(p), disk)
    around = Field("w", square, SineLattice(2), periodic=(a,))
    refused(Unfit, "no constraint all around the periodic axes", lambda p: around(p) - 1, square.at(x=0.5))
    with pytest.raises(ValueError, match="tolerance=0"):
        Collocation(tolerance=0)
    large = Field("large", Box(x=(0, 1), y=(0, 1), z=(0, 1)), SineLattice(20))
    refused(ValueError, "68921 columns", lambda p: large(p) - 1, large.domain)


def test_collocation_alone_solves_a_steady_nonlinear_problem():
    line = Box(x=(-1, 1))
    (s,) = line.axes
    u = Field("u", line, SineLattice(24), periodic=(s,))

    def exact(p):
        return torch.exp(torch.sin(math.pi * s(p)))

    @on(line, samples=200)
    def balance(p):
        v, wave = exact(p), math.pi * s(p)
        second = math.pi**2 * v * (torch.cos(wave) ** 2 - torch.sin(wave))
        return D(u, s, s)(p) - u(p) - u(p) ** 3 - second + v + v**3

    solution = solve(Problem(balance, reference={u: exact}), [Collocation()])
    assert float(solution.errors["u"]["relative_l2"]) < 1e-12


def test_two_lattices_that_agree_exactly_still_have_an_error_bar():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, SineLattice())

    def exact(p):  # of few polynomials, so that the next lattice changes nothing
        return (x(p) * (1 - x(p)) + 1) * y(p) ** 2

    equation = on(box, samples=100, name="equation")(
        lambda p: laplacian(u)(p) + 2 * y(p) ** 2 - 2 * (x(p) * (1 - x(p)) + 1)
    )
    walls = on(box.boundary(), samples=100, name="walls")(lambda p: u(p) - exact(p))
    solution = solve(Problem(equation, walls, reference={u: exact}))
    bar = solution.two_resolutions
    assert bar is not None and 1e-13 < bar < 1e-10
    assert solution.errors["u"]["relative_l2"] < bar
