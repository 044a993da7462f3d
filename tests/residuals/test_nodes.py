"""Residuals that read fields at nodes and at other ends, against nested torch.func in float64."""

from functools import partial

import numpy as np
import pytest
import torch
from torch.func import functional_call, grad, jacrev, vmap

from sirenpde import (
    MLP,
    Box,
    D,
    Field,
    Problem,
    Rays,
    Siren,
    Unknown,
    Whole,
    along,
    everywhere,
    integral,
    jump,
    on,
)  # fmt: skip
from sirenpde.calculus.gathered import OwnNodes
from sirenpde.engines.flat import unflatten
from sirenpde.geometry.gathered import NODES as NODES_OF
from sirenpde.geometry.pairs import OTHER
from sirenpde.residuals import System, evaluate
from sirenpde.residuals.measure import relative_residuals
from sirenpde.residuals.nodes import Asked
from sirenpde.run.begin import build_network

box = Box(t=(0, 1), x=(0, 2))
t, x = box.axes
u = Field("u", box, Siren(width=6, depth=2, omega=2, omega_hidden=1))
v = Field("v", box, MLP(width=5, depth=1), shape=(2,))
c = Unknown("c", 0.7)
NODES = 5


@on(box, samples=7, weight=2.0)
def memory(p):
    """u_t = ∫ exp(-x s) u(t, s)² + u_x(t, s) v_1(t, s) ds + c ∫_0^t v_0(s, x) ds"""
    kernel = integral(lambda q, s: torch.exp(-x(q) * x(s)) * u(s) ** 2 + D(u, x)(s) * v(s)[1], x, nodes=NODES)
    past = integral(lambda s: v(s)[0], t, low=0, high=t, nodes=NODES)
    return D(u, t)(p) - kernel(p) - c(p) * past(p)


@on(box.pairs("x"), samples=4)
def around(p):
    """[u + u v] = 0, [v_x] = 0"""
    return torch.cat([jump(lambda q: u(q) + u(q) * v(q))(p), jump(D(v, x))(p)])


def made():
    problem = Problem(memory, around)
    networks = {w: build_network(w, w.network, seed) for seed, w in enumerate(problem.fields)}
    system = System(problem, networks, torch.device("cpu"), torch.float64)
    theta = system.initial()
    return system, theta + 0.1 * torch.randn(theta.shape, generator=torch.Generator().manual_seed(1))


def oracle(system, batches, theta):
    """The scaled residuals as an ordinary function of the parameters, and their derivatives by torch.func."""
    unit, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(NODES))
    unit, weights = (unit + 1) / 2, weights / 2

    def field(w, parameters, q):
        module = system.parameters.networks[w]
        values = unflatten(module, system.parameters.of(w, parameters))
        return functional_call(module, values, (q[None],))[0]

    def vector(parameters):
        value, pair = (partial(field, w, parameters) for w in (u, v))
        number = system.parameters.numbers(parameters)[0]
        scalar = lambda q: value(q)[0]

        def law(q):
            def integrand(s):
                node = torch.stack([q[0], s])
                return torch.exp(-q[1] * s) * scalar(node) ** 2 + grad(scalar)(node)[1] * pair(node)[1]

            def earlier(s):
                return pair(torch.stack([s, q[1]]))[0]

            kernel = 2 * (weights * vmap(integrand)(2 * unit)).sum()
            past = q[0] * (weights * vmap(earlier)(q[0] * unit)).sum()
            return grad(scalar)(q)[0] - kernel - number * past

        def join(q, other):
            both = lambda s: scalar(s) + scalar(s) * pair(s)
            slope = lambda s: jacrev(pair)(s)[:, 1]
            return torch.cat([both(other) - both(q), slope(other) - slope(q)])

        first, second = batches
        rows = vmap(law)(first.points) * (2.0 / len(first)) ** 0.5
        ends = vmap(join)(second.points, second.data[OTHER]) / len(second) ** 0.5
        return torch.cat([rows, ends.reshape(-1)])

    return vector


def test_residuals_gradient_and_jacobian_equal_nested_derivatives():
    system, theta = made()
    batches = system.draw(torch.Generator().manual_seed(3))
    vector = oracle(system, batches, theta)
    exact, jacobian = vector(theta), jacrev(vector)(theta)
    values, rows = system.jacobian(theta, batches)
    evaluation = system.gradient(theta, batches)
    size = float(jacobian.abs().max())
    assert float((values - exact).abs().max()) <= 1e-12 * float(exact.abs().max())
    assert float((system.vector(theta, batches) - exact).abs().max()) <= 1e-12 * float(exact.abs().max())
    assert float((rows - jacobian).abs().max()) <= 1e-11 * size
    slope = 2 * jacobian.T @ exact
    assert float((evaluation.gradient - slope).abs().max()) <= 1e-11 * float(slope.abs().max())
    assert float(evaluation.loss) == pytest.approx(float(exact.square().sum()), rel=1e-12)


def test_rows_about_some_fields_are_the_slopes_of_the_residuals():
    system, theta = made()
    batches = system.draw(torch.Generator().manual_seed(3))
    step = torch.randn(theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(4))
    step[system.parameters.numbers_slice] = 0
    _, rows = system.jacobian(theta, batches)
    changes = []
    for block in system.linear_rows(batches, at=theta):
        evaluator, batch = block.evaluator, block.batch
        two = [evaluator.jets(evaluator.load(theta + s * 1e-5 * step), batch)[0] for s in (1, -1)]
        jets = [(a - b) / 2e-5 for a, b in zip(*two, strict=True)]
        scale = system.row_scale(block.constraint, batch, block.index)
        change = sum(torch.einsum("nmso,sno->nm", g, jet) for g, jet in zip(block.slopes, jets, strict=True))
        changes.append((change * scale).flatten())
    exact = rows @ step
    assert float((torch.cat(changes) - exact).abs().max()) <= 1e-7 * float(exact.abs().max())


def test_values_do_not_depend_on_the_chunks(monkeypatch):
    system, theta = made()
    batches = system.draw(torch.Generator().manual_seed(3))
    group = system.groups[0]
    whole = evaluate(group.evaluator, theta, batches[0], system.device)[0]
    monkeypatch.setattr("sirenpde.residuals.evaluator.BLOCK", 2 * group.evaluator.nodes)
    for engine in group.evaluator.engines.values():
        engine.chunk = 1
    parts = evaluate(group.evaluator, theta, batches[0], system.device)[0]
    assert torch.allclose(parts, whole, rtol=1e-13, atol=0)


def test_a_site_counts_its_nodes_as_requests_and_a_point_counts_one():
    system, _ = made()
    law, ends = (group.evaluator for group in system.groups)
    # u: u_t at the point, u and u_x at the nodes of x; v at those of x and of t.
    assert [len(law.asked[w]) for w in (u, v)] == [1 + 2 * NODES, 2 * NODES]
    assert [len(ends.asked[w]) for w in (u, v)] == [2, 4]
    assert law.nodes == 2 * NODES and not law.is_plain and len(set(map(str, law.asked[v]))) == 2


cube = Box(x=(0, 1), y=(0, 1))
w = Field("w", cube, Siren(width=6, depth=2, omega=2, omega_hidden=1), shape=(2,))
RAYS = Rays(
    [[0, 0.2], [0.1, 0]], [[1.0, 0.3], [0.4, 1]], cube, data={"seen": [0.5, 0.7]}, nodes=9, rule="random"
)
GRID = Whole(cube.nodes(4), {"target": torch.linspace(0, 1, 12).double().reshape(4, 3)})


@on(RAYS, samples=6)
def rendered(p):
    """Σ_k T_k (1 - exp(-σ_k h_k)) c_k = seen"""
    field, h = along(w)(p), RAYS.lengths(p)
    optical = torch.nn.functional.softplus(field[:, 0]) * h
    passed = torch.exp(-(optical.cumsum(0) - optical))
    return (passed * (1 - torch.exp(-optical)) * field[:, 1]).sum() - RAYS["seen"](p)


@on(GRID, weight=0.5)
def transformed(p):
    """F(w_0²) = target, with real and imaginary parts"""
    spectrum = torch.fft.rfft2(everywhere(lambda q: w(q)[0] ** 2)(p).reshape(4, 4))
    return spectrum - GRID["target"](p)


def gathered():
    problem = Problem(rendered, transformed)
    system = System(problem, {w: build_network(w, w.network, 0)}, torch.device("cpu"), torch.float64)
    return system, system.initial(), system.draw(torch.Generator().manual_seed(3))


def direct(system, batches):
    """The residuals' squares as autograd has them, with the network called on all nodes at once."""
    module = system.parameters.networks[w]

    def values(parameters, nodes):
        given = unflatten(module, system.parameters.of(w, parameters))
        return functional_call(module, given, (nodes.reshape(-1, 2),)).reshape(*nodes.shape[:-1], 2)

    def total(parameters):
        rays, whole = (batch.data for batch in batches)
        field, h = values(parameters, rays[NODES_OF]), rays["the lengths"]
        optical = torch.nn.functional.softplus(field[..., 0]) * h
        passed = torch.exp(-(optical.cumsum(1) - optical))
        first = (passed * (1 - torch.exp(-optical)) * field[..., 1]).sum(1) - rays["seen"]
        square = values(parameters, whole[NODES_OF])[0, :, 0] ** 2
        second = torch.fft.rfft2(square.reshape(4, 4)) - whole["target"][0]
        return first.square().mean() + 0.5 * second.abs().square().sum()

    return total


@pytest.mark.parametrize("kept", [1 << 14, 5])
def test_rays_and_whole_grids_have_the_values_and_gradients_of_autograd(monkeypatch, kept):
    """With tapes of all nodes kept, and with nodes that go through the network in blocks."""
    monkeypatch.setattr("sirenpde.residuals.nodes.KEPT", kept)
    system, theta, batches = gathered()
    for group in system.groups:
        for engine in group.evaluator.engines.values():
            for site in engine.sites:
                site.engine.chunk = 4
    total = direct(system, batches)
    evaluation = system.gradient(theta, batches)
    exact = grad(total)(theta)
    assert float(evaluation.loss) == pytest.approx(float(total(theta)), rel=1e-12)
    assert float((evaluation.gradient - exact).abs().max()) <= 1e-11 * float(exact.abs().max())
    values, rows = system.jacobian(theta, batches)
    assert torch.allclose(2 * rows.T @ values, exact, rtol=1e-10, atol=1e-12 * float(exact.abs().max()))


def test_a_million_nodes_are_two_requests():
    asked = Asked([D(u, x), D(u, t).at(OwnNodes(1_000_000, "grid"))])
    assert len(asked) == 1_000_001 and len(asked.requests) == 2
    assert [rows.start for rows in asked.rows.values()] == [0, 1]
    few = Asked([D(u, x).at(OwnNodes(2, "grid")), D(u, t)])
    assert few.spread(torch.tensor([1.0, 2.0])).tolist() == [1, 1, 2]
    assert few.gathered(torch.tensor([1.0, 2.0, 4.0])).tolist() == [3, 4]
    assert [d.symbol for d in few] == [D(u, x).symbol] * 2 + [D(u, t).symbol]


def test_sums_with_random_signs_stand_for_the_slopes_of_many_components(monkeypatch):
    """Residuals are as large beside their terms as where the slopes of every component are looked at."""
    system, theta, batches = gathered()
    exact = relative_residuals(system, theta, batches)
    monkeypatch.setattr("sirenpde.residuals.slopes.WIDE", 2)
    group = system.groups[1]
    assert group.residual_slopes.is_wide and not system.groups[0].residual_slopes.is_wide
    near = relative_residuals(system, theta, batches)
    assert torch.allclose(near, exact, rtol=0.2)
    raw = theta[system.parameters.numbers_slice]
    jets = group.evaluator.jets(group.evaluator.load(theta), batches[1])[0]
    _, each, owners = group.residual_slopes.sketched(batches[1], jets, raw)
    assert owners == [0] * 4
    _, all_slopes = group.residual_slopes.slopes(batches[1], jets, raw)
    whole = sum(float(by_jet[0].square().sum()) for _, by_jet in all_slopes)
    sketch = sum(float(by_jet[0].square().sum()) for _, by_jet in each)
    assert sketch == pytest.approx(whole, rel=0.5)
