"""The Fourier solver in time: its order, exact waves, convergence of what the problem files ask for."""

import math

import numpy as np
import pytest
import torch
from reference_values import at, relative

from sirenpde import Box
from sirenpde.problem.load import build, find, load
from sirenpde.references import periodic
from sirenpde.references.burgers import burgers_from_sine
from sirenpde.references.periodic import etdrk4, evolved


def test_a_step_is_of_order_four():
    # v' = i v + v², with the solution v = i / (c exp(-it) - 1).
    start, end = 0.5 + 0j, 1.0
    c = 1j / start + 1
    known = 1j / (c * np.exp(-1j * end) - 1)
    errors = []
    for steps in (20, 40):
        v, advance = np.array([start]), etdrk4(np.array([1j]), lambda v: v * v, end / steps)
        for _ in range(steps):
            v = advance(v)
        errors.append(abs(v[0] - known))
    assert 14 < errors[0] / errors[1] < 18 and errors[1] < 1e-7


def test_linear_waves_are_exact():
    box = Box(t=(0, 2), x=(1, 4))

    def start(x):
        return 1 + torch.cos(2 * math.pi * (x - 1) / 3) + torch.sin(4 * math.pi * (x - 1) / 3)

    known = evolved(box, start, {2: 0.1, 1: -0.7, 3: 0.02}, {}, modes=4, steps=4, nodes=(5, 11))
    t, x = known.points.T
    exact = 1 + sum(
        torch.exp(-0.1 * k**2 * t) * torch.cos(k * (x - 1 - 0.7 * t) - 0.02 * k**3 * t - phase)
        for k, phase in ((2 * math.pi / 3, 0.0), (4 * math.pi / 3, math.pi / 2))
    )
    assert float((known.data["u"] - exact).abs().max()) < 1e-13


def test_constant_and_mixed_powers_are_all_counted():
    # u' = 1 + u² from 0 is tan t, the same everywhere; u' = u - u³ is logistic in u².
    box = Box(t=(0, 1), x=(0, 1))
    tangent = evolved(box, lambda x: 0 * x, {}, {0: 1.0, 2: 1.0}, modes=2, steps=400, nodes=(3, 3))
    assert float((tangent.data["u"] - torch.tan(tangent.points[:, 0])).abs().max()) < 1e-9
    logistic = evolved(box, lambda x: 0 * x + 0.5, {}, {1: 1.0, 3: -1.0}, modes=2, steps=400, nodes=(3, 3))
    t = logistic.points[:, 0]
    assert float((logistic.data["u"] - (1 + 3 * torch.exp(-2 * t)) ** -0.5).abs().max()) < 1e-9


@pytest.mark.parametrize(
    ("viscosity", "modes", "steps"),
    [(0.05, 128, 2000), pytest.param(0.01 / math.pi, 1536, 20_000, marks=pytest.mark.slow)],
)
def test_the_fourier_solver_and_cole_hopf_agree(viscosity, modes, steps):
    box = Box(t=(0, 1), x=(-1, 1))
    known = evolved(
        box,
        lambda x: -torch.sin(math.pi * x),
        {2: viscosity},
        {2: -0.5},
        outer=1,
        modes=modes,
        steps=steps,
        nodes=(11, 129),
    )
    exact = at(box, burgers_from_sine(viscosity, box.axes), known.points)
    assert float((known.data["u"] - exact).abs().max()) < 2e-12


def declared(monkeypatch, name, **flags):
    """What a problem file asks of ``evolved``."""
    calls = []
    monkeypatch.setattr(periodic, "evolved", lambda *a, **k: calls.append((a, k)) or evolved(*a, **k))
    build(load(find(name)), flags)
    arguments, options = calls[0]
    return arguments, {**evolved.__kwdefaults__, **options}


SPECTRAL = [
    ("allen_cahn", {"start": "smooth"}, 2e-12, 1e-11),
    ("allen_cahn", {"start": "kink"}, 2e-12, 1e-11),
    ("korteweg_de_vries", {}, 1e-12, 5e-11),
    ("kuramoto_sivashinsky", {}, 1e-11, 1e-8),
]


@pytest.mark.parametrize(("name", "flags", "early", "whole"), SPECTRAL)
def test_references_have_converged_early(name, flags, early, whole, monkeypatch):
    (box, *rest), options = declared(monkeypatch, name, **flags)
    t, x = box.axes
    part = Box(t=(t.low, t.low + (t.high - t.low) / 20), x=(x.low, x.high))
    coarse = {**options, "steps": options["steps"] // 20, "nodes": (2, 257)}
    fine = {**coarse, "steps": 2 * coarse["steps"], "modes": 2 * coarse["modes"]}
    found, finer = (evolved(part, *rest, **given).data["u"][257:] for given in (coarse, fine))
    assert relative(found, finer) < early


@pytest.mark.slow
@pytest.mark.parametrize(("name", "flags", "early", "whole"), SPECTRAL)
def test_references_have_converged(name, flags, early, whole, monkeypatch):
    (box, *rest), options = declared(monkeypatch, name, **flags)
    fine = {**options, "steps": 2 * options["steps"], "modes": 2 * options["modes"]}
    found, finer = (evolved(box, *rest, **given).data["u"].reshape(101, 257) for given in (options, fine))
    assert float(((found - finer).norm(dim=1) / finer.norm(dim=1)).max()) < whole


def test_a_reference_begins_with_its_start_to_the_last_digit(monkeypatch):
    (box, first, *rest), options = declared(monkeypatch, "allen_cahn", start="kink")
    known = evolved(box, first, *rest, **{**options, "modes": 64, "steps": 100})
    x = known.points[:257, 1]
    assert torch.equal(known.data["u"][:257], x**2 * torch.cos(math.pi * x))


def test_a_reference_is_computed_when_read_and_once(monkeypatch):
    calls = []
    whole = periodic.etdrk4
    monkeypatch.setattr(periodic, "etdrk4", lambda *a: calls.append(a) or whole(*a))
    box = Box(t=(0, 1.25), x=(0, 1))
    first, second = (
        evolved(box, lambda x: torch.sin(2 * math.pi * x), {2: 0.01}, {3: -1.0}, modes=8, steps=100)
        for _ in range(2)
    )
    assert not calls
    assert torch.equal(first.data["u"], second.data["u"]) and len(calls) == 1


def test_a_solution_that_grows_beyond_bounds_is_told():
    box = Box(t=(0, 2), x=(0, 1))
    known = evolved(box, lambda x: 1 + 0 * x, {}, {2: 1.0}, modes=2, steps=200, nodes=(3, 3))
    with pytest.raises(ValueError, match="grew beyond bounds"):
        known.data["u"]
    with pytest.raises(ValueError, match="expected time and one axis"):
        evolved(Box(t=(0, 1)), torch.sin, {}, {})
