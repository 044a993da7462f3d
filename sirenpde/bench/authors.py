"""A step of a fit in the formulation of SIREN's authors, for the speed benchmark."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .workloads import TARGET, Step, Workload, network, points_of


class PlainSiren(nn.Module):
    """A network of sines as the code of the authors' experiments has it.

    Products, biases, factors and sines are operations of their own, on a batch of one set of points (1, n, d),
    and plain autograd goes back. The paper says sin(30 (W h + b)); this is that, operation by operation.
    """

    def __init__(self, workload: Workload, device: str) -> None:
        super().__init__()
        built = network(workload, device)
        self.layers = nn.ModuleList([*built.hidden, built.head])
        self.omega = workload.omega
        self.embedding = built.embedding  # to [-1, 1], where the authors' coordinates are from the beginning

    def forward(self, coordinates: Tensor) -> Tensor:  # (1, n, d) -> (1, n, outputs)
        *hidden, head = self.layers
        h = coordinates
        for layer in hidden:
            h = torch.sin(self.omega * _affine(layer, h))
        return _affine(head, h)


def _affine(layer: nn.Module, h: Tensor) -> Tensor:
    weight, bias = layer.weight, layer.bias
    assert isinstance(weight, Tensor) and isinstance(bias, Tensor)
    z = h.matmul(weight.transpose(-1, -2))
    z += bias
    return z


def authors_step(workload: Workload, scale: float, device: str = "cpu") -> Step:
    """All points at once, coordinates that ask for gradients, the mean square, Adam.

    Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, and its code.
    """
    module = PlainSiren(workload, device)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-5)
    points, *_ = points_of(workload, scale, device)
    with torch.no_grad():
        given = module.embedding(points)[None]

    def step() -> None:
        coordinates = given.clone().requires_grad_()
        loss = (module(coordinates) - TARGET).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step
