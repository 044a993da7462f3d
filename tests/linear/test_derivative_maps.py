"""Jacobians as maps against their own matrices by nested torch.func: residuals and networks."""

import pytest
import torch
from torch import Tensor, nn

from sirenpde import Box, D, Field, Problem, Siren, Unknown, laplacian, on
from sirenpde.analysis.check import build_system, some_parameters
from sirenpde.engines.flat import flatten, unflatten
from sirenpde.linear import derivative_maps as maps
from sirenpde.linear.derivative_maps import Jacobian, NetworkJacobian, ResidualJacobian
from sirenpde.linear.map import columns_of


def residuals() -> ResidualJacobian:
    box = Box(t=(0, 1), x=(-1, 2))
    (t, x), c = box.axes, Unknown("c", initial=0.7, low=0.0)
    u, v = Field("u", box, Siren(8, 2, 3.0, 2.0)), Field("v", box, Siren(7, 1, 3.0), dtype=complex)

    @on(box, samples=23, weight=3.0)
    def inside(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - c(p) * laplacian(u, x)(p)

    @on(box, samples=23)
    def coupled(p):
        return laplacian(v)(p) + v(p) * u(p)

    @on(box.at(t=0), samples=5)
    def start(p):
        return torch.stack([u(p) - torch.sin(x(p)), D(u, x)(p) ** 2])

    system = build_system(Problem(inside, coupled, start), {u: u.network, v: v.network})
    return ResidualJacobian(system, some_parameters(system), system.draw(torch.Generator().manual_seed(0)))


def network(outputs: int) -> NetworkJacobian:
    made = Siren(9, 2, 5.0, 3.0).build([0.0, 0.0], [1.0, 1.0], outputs, (), torch.Generator().manual_seed(0))
    return NetworkJacobian(made, torch.rand(31, 2, generator=torch.Generator().manual_seed(1)))


def relu_network() -> NetworkJacobian:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = nn.Sequential(nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 2))
    return NetworkJacobian(module.double(), torch.rand(31, 2, generator=torch.Generator().manual_seed(1)))


def exact(jacobian: Jacobian) -> Tensor:
    if isinstance(jacobian, ResidualJacobian):
        return jacobian.system.jacobian(jacobian.theta, jacobian.batches)[1]
    assert isinstance(jacobian, NetworkJacobian)
    module, points = jacobian.network, jacobian.points

    def values(theta: Tensor) -> Tensor:
        return torch.func.functional_call(module, unflatten(module, theta), (points,)).flatten()

    return torch.func.jacrev(values)(flatten(module))


@pytest.mark.parametrize(
    "made",
    [residuals, lambda: network(1), lambda: network(3), relu_network],
    ids=["problem", "1", "3", "relu"],
)
def test_products_are_those_with_the_matrix(made, monkeypatch):
    monkeypatch.setattr(maps, "ENTRIES", 2000)  # some rows in a block
    jacobian = made()
    matrix = exact(jacobian)
    assert (jacobian.rows, jacobian.columns) == matrix.shape
    random = torch.Generator().manual_seed(2)
    x = torch.randn(jacobian.columns, 3, dtype=torch.float64, generator=random)
    y = torch.randn(jacobian.rows, dtype=torch.float64, generator=random)
    size = float(matrix.abs().max())
    assert float((jacobian.apply(x) - matrix @ x).abs().max()) < 1e-12 * size * len(x)
    assert float((jacobian.apply(x[:, 0]) - matrix @ x[:, 0]).abs().max()) < 1e-12 * size * len(x)
    assert float((jacobian.transpose(y) - matrix.T @ y).abs().max()) < 1e-12 * size * len(y)
    assert float((columns_of(jacobian) - matrix).abs().max()) < 1e-12 * size
    assert len(list(jacobian.blocks())) > 1
