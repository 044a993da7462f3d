"""Jumps: periodic pairs for any network, and two materials that meet."""

import math

import pytest
import torch

from sirenpde import MLP, Box, D, Field, GaussNewton, Problem, Solution, jump, laplacian, on, solve
from sirenpde.problem.probe import ConstraintError
from sirenpde.solvers.ladder import choose

TURN = 2 * math.pi


def torus():
    """Δu - u = f, joined at both ends of x and of y: u = sin(2πx + 0.3) cos(2πy)."""
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return torch.sin(TURN * x(p) + 0.3) * torch.cos(TURN * y(p))

    law = on(box, 500, name="law")(lambda p: laplacian(u)(p) - u(p) + (1 + 2 * TURN**2) * exact(p))
    values = [on(box.pairs(a), 50, name=f"value_{a}")(jump(u)) for a in (x, y)]
    slopes = [on(box.pairs(a), 50, name=f"slope_{a}")(jump(D(u, a))) for a in (x, y)]
    return Problem(law, *values, *slopes, reference={u: exact})


def rod():
    """-(k w')' = 1 with k = 1 left of x = 0.5 and 10 right of it, w = 0 at both ends: quadratic on either side."""
    whole, left, right = Box(x=(0, 1)), Box(x=(0, 0.5)), Box(x=(0.5, 1))
    (x,) = whole.axes
    u, v = Field("u", left), Field("v", right)
    middle, c = whole.interface(x=0.5), -13 / 44

    def w(p):
        return torch.where(x(p) < 0.5, u(p), v(p))

    def k(p):
        return torch.where(x(p) < 0.5, 1.0, 10.0)

    return Problem(
        on(left, 50, name="soft")(lambda p: D(u, x, x)(p) + 1),
        on(right, 50, name="hard")(lambda p: 10 * D(v, x, x)(p) + 1),
        on(left.at(x=0), name="start")(u),
        on(right.at(x=1), name="end")(v),
        on(middle, name="value")(jump(w)),
        on(middle, name="flux")(jump(lambda p: k(p) * D(w, x)(p))),
        reference={
            u: lambda p: -(x(p) ** 2 / 2 + c * x(p)),
            v: lambda p: ((1 - x(p) ** 2) / 2 + c * (1 - x(p))) / 10,
        },
    )


def wall():
    """Δw = 0 across a wall of two materials, k = 1 and 3: w = sin(πy) times sinh(πx) and a sum of both sides."""
    whole = Box(x=(-1, 1), y=(0, 1))
    x, y = whole.axes
    left, right = Box(x=(-1, 0), y=(0, 1)), Box(x=(0, 1), y=(0, 1))
    u, v = Field("u", left), Field("v", right)
    middle = whole.interface(x=0)

    def w(p):
        return torch.where(x(p) < 0, u(p), v(p))

    def flux(p):
        return torch.where(x(p) < 0, 1.0, 3.0) * D(w, x)(p)

    def soft(p):
        return torch.sin(math.pi * y(p)) * (torch.cosh(math.pi * x(p)) + 3 * torch.sinh(math.pi * x(p)))

    def hard(p):
        return torch.sin(math.pi * y(p)) * (torch.cosh(math.pi * x(p)) + torch.sinh(math.pi * x(p)))

    fields = ((left, u, soft), (right, v, hard))
    laws = [on(side, 300, name=f"law_{f}")(laplacian(f)) for side, f, _ in fields]
    plates = [
        on(side.boundary("y"), 100, name=f"plates_{f}")(lambda p, f=f, g=g: f(p) - g(p))
        for side, f, g in fields
    ]
    ends = [
        on(side.at(x=end), 60, name=f"end_{f}")(lambda p, f=f, g=g: f(p) - g(p))
        for end, (side, f, g) in zip((-1, 1), fields, strict=True)
    ]
    joints = [on(middle, 60, name="value")(jump(w)), on(middle, 60, name="flux")(jump(flux))]
    return Problem(*laws, *plates, *ends, *joints, reference={u: soft, v: hard})


@pytest.mark.parametrize(
    ("problem", "error"), [(torus, 1e-11), (rod, 1e-10), pytest.param(wall, 1e-10, marks=pytest.mark.slow)]
)
def test_an_affine_problem_with_jumps_is_solved_by_default(problem, error):
    declared = problem()
    assert declared.traits.affine
    solution = solve(declared)
    assert solution.status == "solved" and not solution.warnings
    assert max(e["relative_l2"] for e in solution.errors.values()) < error


@pytest.mark.slow
def test_a_trained_network_becomes_periodic():
    """u'' = u³ + f, joined at both ends: u = sin(2πx)."""
    box = Box(x=(0, 1))
    (x,) = box.axes
    u = Field("u", box, MLP(width=12, depth=1))

    def exact(p):
        return torch.sin(TURN * x(p))

    law = on(box, 120, name="law")(
        lambda p: (D(u, x, x)(p) - u(p) ** 3 + TURN**2 * exact(p) + exact(p) ** 3) / TURN**2
    )
    ends = box.pairs("x")
    joints = [on(ends, name="value")(jump(u)), on(ends, name="slope")(jump(D(u, x)))]
    solution = solve(Problem(law, *joints, reference={u: exact}), using=[GaussNewton(steps=150)])
    assert solution.errors["u"]["relative_l2"] < 1e-6


def test_what_is_read_at_the_other_end_is_shown_as_such():
    box = Box(x=(0, 1))
    u = Field("u", box)
    problem = Problem(on(box.pairs("x"), name="value")(jump(u)))
    assert [str(d) for d in problem.requests[0].derivatives] == ["u at the other end", "u"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda box, u: on(box, 10, name="it")(jump(u)), "one side only"),
        (lambda box, u: on(box.pairs("x"), name="it")(jump(jump(u))), "nodes of nodes"),
        (lambda box, u: on(box.pairs("x"), name="it")(D(jump(u), box.axes[0])), "jump\\(D"),
    ],
)
def test_what_a_jump_cannot_be_is_said_at_declaration(make, words):
    box = Box(x=(0, 1))
    with pytest.raises(ConstraintError, match=words):
        Problem(make(box, Field("u", box)))


def test_both_sides_of_an_interface_that_are_one_point_in_single_precision_are_refused():
    with pytest.raises(ValueError, match="one point in float32"):
        solve(rod(), dtype=torch.float32)


def test_a_solution_with_jumps_is_saved_and_gone_on_from(tmp_path):
    problem = rod()
    solution = solve(problem)
    solution.save(tmp_path)
    again = solve(problem, resume=Solution.load(tmp_path))
    assert torch.equal(again.theta, solution.theta)
    assert again["u"]([[0.25]]) == solution["u"]([[0.25]])


def test_a_trained_network_for_a_problem_with_jumps_is_sized_from_it():
    assert "SIREN" in choose(rod(), None, "siren").reason
