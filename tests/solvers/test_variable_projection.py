"""Media and numbers found by Gauss-Newton steps, with the fields solved for at each."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    PointCloud,
    Problem,
    SineFeatures,
    Siren,
    Unknown,
    VariableProjection,
    on,
    solve,
)
from sirenpde.references.noise import with_noise
from sirenpde.residuals.unfit import Unfit

LINE = Box(x=(0, 1))
(x,) = LINE.axes


def conductivity(p):
    return 1 + 0.5 * torch.sin(math.pi * x(p))


def temperatures(count, noise):
    """u of (a u')' = -1, u(0) = u(1) = 0, by quadrature: a u' = 1/2 - x, by symmetry."""
    nodes = torch.linspace(0, 1, 20001, dtype=torch.float64)
    slope = (0.5 - nodes) / (1 + 0.5 * torch.sin(math.pi * nodes))
    u = torch.cumulative_trapezoid(slope, nodes)
    step = 20000 // (count + 1)
    seen = u[step - 1 :: step][:count]
    return with_noise(seen, noise, torch.Generator().manual_seed(3)), nodes[step::step][:count]


def rod(noise=1e-4, network=None, prior=1e-4, affine=True, measured=True):
    """An unknown conductivity e^q from temperatures, of which the slope of q is a prior."""
    u, q = Field("u", LINE, SineFeatures(40, 8.0)), Field("q", LINE, network or SineFeatures(15, 4.0))
    values, places = temperatures(19, noise)
    probes = PointCloud(places[:, None], LINE, {"u": values})
    square = 0.0 if affine else 1.0

    def flux(p):
        return torch.exp(q(p)) * D(u, x)(p)

    law = on(LINE, 120, name="law")(lambda p: D(flux, x)(p) + 1 + square * u(p) ** 2)
    ends = on(LINE.boundary(), 2, name="ends")(lambda p: u(p))
    # What is known is the conductivity at one end: all of u scales with it.
    seen = on(probes, sigma=noise if measured else None, name="seen")(lambda p: u(p) - probes["u"](p))
    smooth = on(LINE, 60, weight=prior, prior=True, name="smooth")(lambda p: D(q, x)(p))
    return q, Problem(law, ends, seen, smooth)


def error(solution, q):
    at = torch.linspace(0, 1, 101, dtype=torch.float64)[:, None]
    found = torch.as_tensor(solution[q](at)).exp()
    true = 1 + 0.5 * torch.sin(math.pi * at[:, 0])
    return float((found - true).norm() / true.norm())


def test_a_conductivity_from_temperatures_with_the_strength_of_the_prior_that_the_noise_asks_for():
    q, problem = rod()
    solution = solve(problem, [VariableProjection(("u",), prior="discrepancy")])
    assert error(solution, q) < 0.03
    value, count = solution.chi_square["seen"]
    assert count == 19 and 0.9 * count < value < 1.1 * count
    assert "unknowns are determined" in solution.stages[0].reason


def test_declared_priors_count_as_declared():
    weak, strong = (rod(prior=weight) for weight in (1e-6, 1e6))
    stage = VariableProjection(("u",), steps=8)
    errors = [error(solve(problem, [stage]), q) for q, problem in (weak, strong)]
    assert errors[0] < 0.1 < errors[1]


def test_the_medium_may_be_a_network_of_any_kind():
    q, problem = rod(network=Siren(width=8, depth=1, omega=3.0))
    solution = solve(problem, [VariableProjection(("u",), steps=20, prior="discrepancy")])
    assert error(solution, q) < 0.03


def test_a_number_is_found_to_rounding():
    u, rate = Field("u", LINE, SineFeatures(30, 4.0)), Unknown("rate", initial=0.1)
    seen = PointCloud([[1.0]], LINE)
    law = on(LINE, 100, name="law")(lambda p: D(u, x)(p) + rate(p) * u(p))
    start = on(LINE.at(x=0), name="start")(lambda p: u(p) - 1)
    read = on(seen, sigma=1e-6, name="read")(lambda p: u(p) - 0.5)
    solution = solve(Problem(law, start, read), [VariableProjection(("u",))])
    assert solution.unknowns["rate"] == pytest.approx(math.log(2), abs=1e-9)


@pytest.mark.parametrize(
    ("problem", "stage", "message"),
    [
        (rod()[1], VariableProjection(("v",)), "the problem's fields are"),
        (rod(affine=False)[1], VariableProjection(("u",)), "not affine"),
        (rod(measured=False)[1], VariableProjection(("u",)), "no measurements"),
        (rod(network=Siren(width=8, depth=1))[1], VariableProjection(("u", "q")), "cannot eliminate q"),
    ],
)
def test_what_it_cannot_eliminate_is_named(problem, stage, message):
    with pytest.raises(Unfit, match=message):
        solve(problem, [stage])


@pytest.mark.parametrize("wrong", [{"eliminate": "u"}, {"eliminate": ()}, {"steps": 0}, {"prior": "none"}])
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="VariableProjection was given"):
        VariableProjection(**{"eliminate": ("u",), **wrong})
