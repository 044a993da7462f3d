"""Integrals as terms of constraints: their values, and equations with an exact solution."""

import math

import pytest
import torch

from sirenpde import (
    MLP,
    Box,
    D,
    Field,
    GaussNewton,
    LeastSquares,
    Problem,
    SineFeatures,
    Unknown,
    div,
    grad,
    integral,
    laplacian,
    on,
    solve,
)  # fmt: skip
from sirenpde.calculus.evaluate import over_points
from sirenpde.problem.probe import ConstraintError

line = Box(x=(0, 1))
(x,) = line.axes
plane = Box(x=(0, 1), y=(0, 2))
a, b = plane.axes


def values(function, points, axes):
    """A function of a point that reads no field."""
    return over_points(function, axes, torch.tensor(points, dtype=torch.float64), {}, lambda coords: None)


@pytest.mark.parametrize(
    ("function", "axes", "points", "exact"),
    [
        pytest.param(
            integral(lambda q: a(q) * q.sample("normal")[0] + b(q) * q.sample("normal")[1], plane.boundary()),
            ("x", "y"),
            [[0.3, 0.4]],
            [4.0],
            id="the flux of (x, y) through the walls",
        ),
        pytest.param(
            integral(lambda q: x(q) ** 5, line, nodes=3), ("x",), [[0.3]], [1 / 6], id="a line, to degree 5"
        ),
        pytest.param(
            integral(lambda q: a(q) ** 3 * b(q), plane, nodes=2),
            ("x", "y"),
            [[0.1, 0.2]],
            [0.5],
            id="a plane",
        ),
        pytest.param(
            integral(lambda q: a(q) * b(q), a),
            ("x", "y"),
            [[0.9, 0.5], [0.1, 2.0]],
            [0.25, 1.0],
            id="one axis",
        ),
        pytest.param(
            integral(lambda q: a(q) * b(q), plane.at(x=0.5)), ("x", "y"), [[0.9, 0.5]], [1.0], id="a slice"
        ),
        pytest.param(
            integral(lambda p, q: x(p) * x(q), line), ("x",), [[0.5], [2.0]], [0.25, 1.0], id="a kernel"
        ),
        pytest.param(
            integral(lambda q: x(q) ** 2, x, low=0, high=x),
            ("x",),
            [[0.5], [1.0]],
            [1 / 24, 1 / 3],
            id="Volterra",
        ),
        pytest.param(
            integral(lambda q: 1 + 0 * x(q), x, low=lambda p: x(p) ** 2, high=3),
            ("x",),
            [[2.0]],
            [-1.0],
            id="a limit that is a function",
        ),
        pytest.param(
            integral(lambda q: x(q), line), ("t",), [[7.0]], [0.5], id="an axis that the point has not"
        ),
        pytest.param(
            integral(lambda q: torch.stack([x(q), 1 + 0j + 0 * x(q)]), line),
            ("x",),
            [[0.0]],
            [[0.5, 1.0]],
            id="complex components",
        ),
        pytest.param(
            D(integral(lambda p, q: b(p) ** 2 * a(q) + b(q), a), b),
            ("x", "y"),
            [[0.3, 0.5]],
            [1.5],
            id="a slope",
        ),
    ],
)
def test_an_integral_has_its_value(function, axes, points, exact):
    value = values(function, points, axes)
    expected = torch.tensor(exact, dtype=value.dtype)
    assert torch.allclose(value, expected, rtol=1e-14, atol=1e-15)


def neumann():
    """Δu = f with fluxes through all walls and mean zero: u = cos(πx) cos(πy/2)."""
    u = Field("u", plane)

    def exact(p):
        return torch.cos(math.pi * a(p)) * torch.cos(math.pi * b(p) / 2)

    law = on(plane, 400, name="law")(lambda p: laplacian(u)(p) + 1.25 * math.pi**2 * exact(p))
    walls = on(plane.boundary(), 200, name="walls")(lambda p: (grad(u)(p) * p.sample("normal")).sum())
    mean = on(plane.at(x=0, y=0), name="mean")(integral(u, plane, nodes=12))
    return Problem(law, walls, mean, reference={u: exact})


def fredholm():
    """u(x) = g(x) + ∫ exp(x s) u(s) ds over [0, 1]: u = exp(-x)."""
    u = Field("u", line)
    kernel = integral(lambda p, q: torch.exp(x(p) * x(q)) * u(q), line, nodes=12)
    law = on(line, 60, name="law")(
        lambda p: u(p) - kernel(p) - torch.exp(-x(p)) + torch.expm1(x(p) - 1) / (x(p) - 1)
    )
    return Problem(law, reference={u: lambda p: torch.exp(-x(p))})


def volterra():
    """u(x) = x + ∫ (s - x) u(s) ds from 0 to x: u = sin x."""
    u = Field("u", line)
    past = integral(lambda p, q: (x(q) - x(p)) * u(q), x, low=0, high=x, nodes=12)
    return Problem(
        on(line, 60, name="law")(lambda p: u(p) - x(p) - past(p)), reference={u: lambda p: torch.sin(x(p))}
    )


def family():
    """u_xx = y (y varies over a family), u = 0 at x = 0, and ∫ u dx = y at every y: u = y (x² / 2 + 5 x / 3)."""
    u = Field("u", plane)
    law = on(plane, 200, name="law")(lambda p: D(u, a, a)(p) - b(p))
    start = on(plane.at(x=0), 40, name="start")(u)
    mean = on(plane.at(x=0), 40, name="mean")(lambda p: integral(u, a, nodes=10)(p) - b(p))
    return Problem(law, start, mean, reference={u: lambda p: b(p) * (a(p) ** 2 / 2 + 5 * a(p) / 3)})


@pytest.mark.parametrize("problem", [neumann, fredholm, volterra, family])
def test_an_affine_equation_with_an_integral_is_solved_by_default(problem):
    declared = problem()
    assert declared.traits.affine
    solution = solve(declared)
    assert solution.status == "solved" and not solution.warnings
    assert max(e["relative_l2"] for e in solution.errors.values()) < 1e-10


def test_an_equation_with_an_integral_is_linearised_many_samples_at_a_time():
    """Its function is called for chunks of samples, not for each."""
    calls = []

    def law(p):
        calls.append(p)
        return u(p) - integral(u, line)(p) / 2 - 1

    u = Field("u", line, SineFeatures(20, 3.0))
    problem = Problem(on(line, 600, name="law")(law), reference={u: lambda p: 2 + 0 * x(p)})
    assert solve(problem, [LeastSquares()]).errors["u"]["relative_l2"] < 1e-10
    assert len(calls) < 300


def test_a_nonlinear_integral_by_gauss_newton():
    """u(x) = 1 + x - 7/15 x + x/5 ∫ u² ds over [0, 1]: u = 1 + x."""
    u = Field("u", line, MLP(width=6, depth=1))
    law = on(line, 60, name="law")(
        lambda p: u(p) - 1 - 8 / 15 * x(p) - x(p) / 5 * integral(lambda q: u(q) ** 2, line, nodes=8)(p)
    )
    problem = Problem(law, reference={u: lambda p: 1 + x(p)})
    assert not problem.traits.affine
    assert solve(problem, using=[GaussNewton(steps=60)]).errors["u"]["relative_l2"] < 1e-8


def test_an_unknown_number_under_an_integral():
    """u' = c, u(0) = 0, ∫ u ds = 3/2: u = c x with c = 3."""
    u, c = Field("u", line), Unknown("c", 1.0)
    law = on(line, 40, name="law")(lambda p: D(u, x)(p) - c(p))
    start = on(line.at(x=0), name="start")(u)
    amount = on(line.at(x=0), name="amount")(
        lambda p: integral(lambda q: u(q) + 0 * c(q), line, nodes=8)(p) - 1.5
    )
    assert solve(Problem(law, start, amount)).unknowns["c"] == pytest.approx(3, abs=1e-9)


def test_what_is_read_at_nodes_is_shown_as_such():
    u = Field("u", line)
    law = on(line, 10, name="law")(lambda p: u(p) - integral(D(u, x), x, nodes=3)(p) - integral(u, line)(p))
    problem = Problem(law)
    assert [str(d) for d in problem.requests[0].derivatives] == [
        "u", "u_x at the nodes of x", "u at the nodes of (x)",
    ]  # fmt: skip
    assert "u_x at the nodes of x" in str(problem)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda u: integral(integral(u, line), line), "nodes of nodes"),
        (lambda u: integral(lambda q: u(q) * q.sample("f"), line), "at the points of the samples only"),
        (lambda u: D(integral(u, x, high=x), x), "Leibniz"),
    ],
)
def test_what_an_integral_cannot_be_is_said_at_declaration(make, words):
    u = Field("u", line)
    with pytest.raises(ConstraintError, match=words):
        Problem(on(line, 10, name="law")(make(u)))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (dict(over=line, nodes=0), ValueError, "positive whole number"),
        (dict(over=x, low="a"), ValueError, "low='a'; expected a finite number or a function"),
        (dict(over=x, high=math.nan), ValueError, "high=nan; expected a finite number or a function"),
        (dict(over=line, high=x), ValueError, "along a single axis"),
        (dict(over="x"), TypeError, "a domain or an axis"),
        (dict(over=plane.where(lambda q: q[:, 0] < 0.5)), TypeError, "no nodes and weights"),
    ],
)
def test_arguments_of_an_integral_are_checked(arguments, error, words):
    with pytest.raises(error, match=words):
        integral(Field("u", line), **arguments)


def test_div_of_an_integral_is_the_integral_of_the_slopes():
    u = Field("u", plane, shape=(1,))
    law = on(plane.at(x=0), 5, name="law")(lambda p: div(integral(u, a, nodes=3), b)(p))
    assert {str(d) for d in Problem(law).requests[0].derivatives} == {
        "u at the nodes of x",
        "u_y at the nodes of x",
    }
