"""Which constraints count as affine in the fields, and what becomes of those that only look so."""

from dataclasses import replace

import pytest
import torch

from sirenpde import Box, D, Field, LeastSquares, PointCloud, Problem, SineFeatures, on, solve

box = Box(t=(0, 1), x=(0, 1))
t, x = box.axes
u, v = Field("u", box), Field("v", box)

CURVED = {
    "a reciprocal": lambda p: D(u, t)(p) - 1 / u(p),
    "a faint reciprocal": lambda p: D(u, t)(p) + 1e-30 / u(p),
    "a logarithm": lambda p: D(u, t)(p) + torch.log(u(p)),
    "a root": lambda p: D(u, t)(p) + torch.sqrt(u(p)),
    "a positive part": lambda p: D(u, t)(p) + torch.clamp(u(p), min=0),
    "a modulus": lambda p: D(u, t)(p) - u(p).abs(),
    "a faint square": lambda p: D(u, t)(p) + 1e-15 * u(p) ** 2,
    "a branch far away": lambda p: D(u, t)(p) + torch.where(u(p) > 10, u(p) - 10, 0 * u(p)),
    "a product of derivatives": lambda p: D(u, t)(p) * D(u, x)(p) + u(p),
    "what saturates": lambda p: D(u, t)(p) + 1e-3 * torch.tanh(1e4 * u(p)),
    "a square at a few points": lambda p: D(u, t)(p) + torch.where(t(p) < 0.03, u(p) ** 2, u(p)),
    "a small component": lambda p: torch.stack([1e9 * D(u, t)(p), u(p) * v(p)]),
}
STRAIGHT = {
    "large coefficients": lambda p: D(lambda q: (1 + 210e9 * x(q)) * D(u, x)(q), x)(p) - 1e12,
    "a singular coefficient": lambda p: D(u, x, x)(p) + D(u, x)(p) / x(p) - 1 / x(p),
    "a large source": lambda p: D(u, t)(p) + 1e9 * x(p) * D(v, x, x)(p) - 1e5,
    "unequal components": lambda p: torch.stack([1e9 * D(u, t)(p), 1e-9 * v(p) - 1.0]),
}


@pytest.mark.parametrize("what", [*CURVED, *STRAIGHT])
def test_affine_means_affine(what):
    constraint = {**CURVED, **STRAIGHT}[what]
    assert Problem(on(box, 100, name="it")(constraint)).traits.affine is (what in STRAIGHT)


def decay(rate, exact, network=None):
    line = Box(t=(0, 1))
    (s,) = line.axes
    w = Field("w", line, network)
    ode = on(line, 300, name="ode")(lambda p: D(w, s)(p) - rate(w(p)))
    start = on(line.at(t=0), name="start")(lambda p: w(p) - 1)
    return Problem(ode, start, reference={w: lambda p: exact(s(p))})


@pytest.mark.parametrize(
    ("rate", "exact"),
    [
        (lambda w: 1 / w, lambda s: torch.sqrt(1 + 2 * s)),
        (lambda w: 1 / w**2, lambda s: (1 + 3 * s) ** (1 / 3)),
    ],
)
def test_what_is_infinite_for_vanishing_fields_is_solved(rate, exact):
    assert solve(decay(rate, exact)).errors["w"]["relative_l2"] < 1e-11


@pytest.mark.parametrize("network", [None, SineFeatures(200, 3.0)])
def test_a_mistake_shows_in_the_residual_and_leads_to_newton(network):
    problem = decay(lambda w: -(w**2), lambda s: 1 / (1 + s), network)
    vars(problem)["traits"] = replace(problem.traits, affine=True)
    solution = solve(problem, using=[LeastSquares()])
    assert solution.errors["w"]["relative_l2"] < 1e-11


def test_a_problem_affine_but_for_a_sliver_is_solved_by_newton():
    strip = Box(x=(0, 1))
    (s,) = strip.axes
    w = Field("w", strip)
    sliver = lambda p: torch.where((s(p) - 0.5).abs() < 1e-4, 1.0, 0.0)
    ode = on(strip, 300, name="ode")(lambda p: D(w, s)(p) - 1 + sliver(p) * w(p) ** 2)
    places = PointCloud(torch.linspace(0.49991, 0.50009, 50)[:, None], strip)
    there = on(places, name="there")(lambda p: sliver(p) * (w(p) ** 2 - 4))
    solution = solve(Problem(ode, there), using=[LeastSquares()])
    value = float(solution[w]([[0.5]])[0])
    assert abs(value**2 - 4) < 1e-2
