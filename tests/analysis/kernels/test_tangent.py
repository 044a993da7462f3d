"""Empirical tangent kernels: against Jacobians of torch.func, against the closed form, and of problems."""

import pytest
import torch
from torch import Tensor, nn

from sirenpde import MLP, Box, Field, Problem, Siren, laplacian, ntk, on, solve
from sirenpde.analysis.kernels.finite import ReluNetworks
from sirenpde.analysis.kernels.mapped import features
from sirenpde.analysis.kernels.relu import ReluNTK
from sirenpde.engines.flat import flatten, unflatten
from sirenpde.linear import derivative_maps as maps


def by_hand(module: nn.Module, points: Tensor) -> Tensor:
    def values(theta: Tensor) -> Tensor:
        return torch.func.functional_call(module, unflatten(module, theta), (points,)).flatten()

    rows = torch.func.jacrev(values)(flatten(module))
    return rows @ rows.T


def test_the_kernel_of_a_network_is_the_gram_matrix_of_its_gradients(monkeypatch):
    monkeypatch.setattr(maps, "ENTRIES", 5000)
    module = Siren(16, 2, 8.0).build([0.0, 0.0], [1.0, 1.0], 2, (), torch.Generator().manual_seed(0))
    points = torch.rand(40, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    kernel, exact = ntk(module, points), by_hand(module, points)
    size = float(exact.abs().max())
    assert float((kernel.matrix - exact).abs().max()) < 1e-12 * size
    assert float((kernel.diagonal - exact.diagonal()).abs().max()) < 1e-12 * size
    v = torch.randn(80, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(kernel.apply(v), exact @ v, rtol=1e-10, atol=1e-10 * size)
    values, vectors = kernel.leading(5)
    torch.testing.assert_close(values, kernel.eigenvalues[:5], rtol=1e-10, atol=0)
    torch.testing.assert_close(exact @ vectors, vectors * values, rtol=0, atol=1e-9 * float(values[0]))
    assert kernel.largest() == pytest.approx(float(values[0]))
    others = ntk(module, points[:7])
    torch.testing.assert_close(kernel.across(others), exact[:, :14], rtol=0, atol=1e-11 * size)


def test_finite_networks_come_near_the_closed_form():
    """The mean over random networks and all shifts of the grid, in the standard parametrisation."""
    width, hidden = 256, 3
    random = torch.Generator().manual_seed(0)
    grid = torch.arange(8, dtype=torch.float64)[:, None] / 8
    rows = features(grid, torch.tensor([[1.0], [2.0]], dtype=torch.float64))
    networks = ReluNetworks.random(12, 4, hidden, width, generator=random, dtype=torch.float64)
    found = torch.stack([ntk(networks.member(i), rows).matrix for i in range(12)]).mean(0)
    shifted = torch.stack([found[i].roll(-i) for i in range(8)]).mean(0)
    exact = ReluNTK(hidden, width)(rows)[0]
    assert float(shifted[0] / exact[0]) == pytest.approx(
        1, abs=0.08
    )  # all rows of a network go up and down together
    torch.testing.assert_close(shifted / shifted[0], exact / exact[0], rtol=0.03, atol=0)


def problem(weight: float = 1.0) -> Problem:
    box = Box(x=(0, 1), y=(0, 1))
    u, (x, y) = Field("u", box, MLP(12, 1)), box.axes

    @on(box, samples=30)
    def poisson(p):
        return laplacian(u)(p) + torch.sin(3 * x(p)) * y(p)

    @on(box.boundary(), samples=20, weight=weight)
    def walls(p):
        return u(p)

    return Problem(poisson, walls)


def test_the_kernel_of_a_problem_tells_which_constraint_is_learned_first():
    kernel = ntk(problem())
    assert kernel.parts == {"poisson": slice(0, 30), "walls": slice(30, 50)}
    system, theta = kernel.jacobian.system, kernel.jacobian.theta
    rows = system.jacobian(theta, kernel.jacobian.batches)[1]
    torch.testing.assert_close(
        kernel.matrix, rows @ rows.T, rtol=1e-10, atol=1e-12 * float(kernel.matrix.max())
    )
    shares, heavier = kernel.shares(), ntk(problem(100.0)).shares()
    assert sum(shares.values()) == pytest.approx(1)
    assert heavier["walls"] / heavier["poisson"] == pytest.approx(100 * shares["walls"] / shares["poisson"])


def test_a_small_step_down_the_gradient_moves_residuals_as_the_kernel_says():
    """Of a solution, at the parameters that it found."""
    from sirenpde import Adam

    solution = solve(problem(), [Adam(steps=20)], seed=1)
    kernel = ntk(solution)
    system, theta, batches = solution.system, kernel.jacobian.theta, kernel.jacobian.batches
    residual = system.vector(theta, batches).double()
    rate = 1e-4 / kernel.largest()
    moved = system.vector(theta - rate * kernel.jacobian.transpose(residual.to(theta)), batches).double()
    expected = -rate * kernel.apply(residual.to(theta)).double()
    assert float((moved - residual - expected).norm() / expected.norm()) < 2e-2


def test_points_belong_to_networks_alone():
    with pytest.raises(ValueError, match=r"points \(n, d\) were expected"):
        ntk(nn.Linear(1, 1))
    with pytest.raises(ValueError, match="at the problem's own samples"):
        ntk(problem(), torch.zeros(3, 2))
