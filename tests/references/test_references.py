"""Reference solutions: each is compared with itself at a finer resolution, and with something independent."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, D, laplacian
from sirenpde.problem.load import build, find, load
from sirenpde.problem.reference import exact_values
from sirenpde.references import cavity, periodic
from sirenpde.references.burgers import burgers_from_sine
from sirenpde.references.cavity import driven_cavity, parabola
from sirenpde.references.periodic import etdrk4, evolved
from sirenpde.references.solitons import solitons


def drawn(box, count, seed=0):
    return box.draw(count, torch.Generator().manual_seed(seed))[0]


def at(box, function, points):
    return exact_values(function, box.axes, points, {})


def relative(found, exact):
    return float((found - exact).norm() / exact.norm())


# ---------------------------------------------------------------------------------------- Cole and Hopf


def trapezoid(viscosity, t, x, nodes=4001, half=12.0):
    """The same formula with many more nodes, plainly written."""
    z = np.linspace(-half, half, nodes)
    y = np.pi * (x - z * np.sqrt(4 * viscosity * t))
    exponent = -np.cos(y) / (2 * np.pi * viscosity) - z**2
    weight = np.exp(exponent - exponent.max())
    return -(np.sin(y) * weight).sum() / weight.sum()


@pytest.mark.parametrize("viscosity", [2.0, 0.01, 0.01 / math.pi])
def test_burgers_has_converged_in_its_nodes(viscosity):
    box = Box(t=(0, 1), x=(-1, 1))
    points = drawn(box, 200)
    points[::2, 1] *= 0.01  # in the layer
    known = [trapezoid(viscosity, *point) for point in points.tolist()]
    found = at(box, burgers_from_sine(viscosity, box.axes), points)
    assert float((found - torch.tensor(known)).abs().max()) < 1e-14


def test_burgers_solves_its_equation():
    viscosity, box = 0.01 / math.pi, Box(t=(0, 1), x=(-1, 1))
    t, x = box.axes
    u = burgers_from_sine(viscosity, box.axes)
    points = drawn(box, 200)
    points[::2, 1] *= 0.01
    terms = [at(box, f, points) for f in (D(u, t), u, D(u, x), D(u, x, x))]
    residual = terms[0] + terms[1] * terms[2] - viscosity * terms[3]
    assert float(terms[2].abs().max()) > 100  # the layer is there
    assert float(residual.abs().max()) < 1e-11
    first = at(box, u, drawn(box.at(t=0), 50))
    assert torch.allclose(first, -torch.sin(math.pi * drawn(box.at(t=0), 50)[:, 1]), rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="positive number"):
        burgers_from_sine(0.0, box.axes)


# -------------------------------------------------------------------------------------------- solitons


def test_two_solitons_are_the_known_quotient():
    box = Box(t=(0, 5), x=(0, 20))
    t, x = drawn(box, 1000).T
    a, b = x - 6 * t + 2, x - 2 * t - 2
    k, m = math.sqrt(6), math.sqrt(2)
    top = 8 * (6 * torch.cosh(m * b / 2) ** 2 + 2 * torch.sinh(k * a / 2) ** 2)
    below = (k - m) * torch.cosh((k * a + m * b) / 2) + (k + m) * torch.cosh((k * a - m * b) / 2)
    found = at(box, solitons((6, 2), (-2, 2), box.axes), torch.stack([t, x], dim=1))
    assert float(found.max()) > 2.9
    assert float((found - top / below**2).abs().max()) < 1e-13


def test_three_solitons_solve_their_equation_and_never_overflow():
    box = Box(t=(0, 2), x=(-10, 20))
    t, x = box.axes
    u, points = solitons((9.0, 4.0, 1.0), (-8.0, -2.0, 0.0), box.axes), drawn(box, 300)
    terms = [at(box, f, points) for f in (D(u, t), u, D(u, x), D(u, x, x, x))]
    assert float(terms[3].abs().max()) > 50
    assert float((terms[0] + 6 * terms[1] * terms[2] + terms[3]).abs().max()) < 1e-11
    far = torch.tensor([[0.0, 1e5], [1e4, -1e5]], dtype=torch.float64)
    assert at(box, u, far).tolist() == [0.0, 0.0]


def test_solitons_of_the_same_speed_are_refused():
    axes = Box(t=(0, 1), x=(0, 1)).axes
    for speeds, places in (((1.0, 1.0), (0.0, 1.0)), ((1.0, -2.0), (0.0, 1.0)), ((1.0,), (0.0, 1.0))):
        with pytest.raises(ValueError, match="positive and differ"):
            solitons(speeds, places, axes)


# ------------------------------------------------------------------------------- evolution on a period


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


# ---------------------------------------------------------------------------------------------- cavity


def test_the_flow_in_a_corner_is_biharmonic_and_follows_the_walls():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes

    def psi(p):
        return cavity.corner_flow(x(p), y(p))

    assert float(at(box, laplacian(laplacian(psi, x, y), x, y), drawn(box, 100)).abs().max()) < 1e-8
    for wall, normal, slope in (("x", x, 0.0), ("y", y, -1.0)):
        points = drawn(box.at(**{wall: 0}), 50)
        along = points.sum(1)
        assert float(at(box, psi, points).abs().max()) < 1e-15
        assert torch.allclose(at(box, D(psi, normal), points), slope * along, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("coarse", "fine", "most"), [(24, 32, 3e-6), pytest.param(48, 64, 1e-8, marks=pytest.mark.slow)]
)
def test_the_cavity_has_converged(coarse, fine, most):
    box = Box(x=(0, 1), y=(0, 1))
    found, finer = (driven_cavity(box, 100, modes=modes).data["velocity"] for modes in (coarse, fine))
    assert relative(found, finer) < most


def test_the_cavity_solves_navier_stokes_and_follows_its_walls():
    reynolds, nodes = 100.0, 41
    flow = cavity._flow(reynolds, parabola, 32)
    u, v = flow.at(nodes, 0, 1), -flow.at(nodes, 1, 0)
    wx = -flow.at(nodes, 3, 0) - flow.at(nodes, 1, 2)
    wy = -flow.at(nodes, 2, 1) - flow.at(nodes, 0, 3)
    spread = -flow.at(nodes, 4, 0) - 2 * flow.at(nodes, 2, 2) - flow.at(nodes, 0, 4)
    inner = (slice(4, -4), slice(4, -4))  # in the corners the terms grow without bounds
    assert np.abs(u * wx + v * wy - spread / reynolds)[inner].max() < 2e-4 * np.abs(u * wx)[inner].max()
    s = np.linspace(0, 1, nodes)
    assert np.abs(u[:, -1] - 4 * s * (1 - s)).max() < 1e-13
    edges = [u[0], u[-1], u[:, 0], v[0], v[-1], v[:, 0], v[:, -1]]
    assert max(np.abs(edge).max() for edge in edges) < 1e-13


def test_without_inertia_the_cavity_is_a_mirror_image_of_itself():
    box = Box(x=(0, 1), y=(0, 1))
    stream = driven_cavity(box, 1e-9, modes=16, nodes=21).data["stream"].reshape(21, 21)
    assert torch.allclose(stream, stream.flip(0), rtol=0, atol=1e-12)


def test_a_slower_lid_at_a_larger_viscosity_drives_the_same_flow():
    box = Box(x=(0, 1), y=(0, 1))
    whole = driven_cavity(box, 50, modes=16, nodes=11).data["velocity"]
    half = driven_cavity(box, 100, lambda x: 2 * x * (1 - x), modes=16, nodes=11).data["velocity"]
    assert torch.allclose(whole, 2 * half, rtol=0, atol=1e-11)
    with pytest.raises(ValueError, match="expected the unit square"):
        driven_cavity(Box(x=(0, 2), y=(0, 1)))
