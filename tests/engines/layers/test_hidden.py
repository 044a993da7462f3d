"""A hidden layer's formulas for the Laplacian, written out by hand: forth, and back from unit pulls."""

from __future__ import annotations

import pytest
import torch
from oracle import F64, network, weighted

from sirenpde.calculus.plan import jet_plan
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.buffers import Frames, Turns
from sirenpde.engines.flat import flatten
from sirenpde.engines.layers.hidden import Hidden
from sirenpde.engines.layers.linear import LinearLayers
from sirenpde.engines.layers.powers import runs
from sirenpde.networks.activations.activation import Activation
from sirenpde.networks.activations.sine import sine
from sirenpde.networks.activations.tanh import tanh

N, WIDTH = 5, 7  # the plan of a Laplacian in two axes: value, two slopes, itself


@pytest.mark.parametrize("activation", [sine, tanh], ids=lambda a: a.name)
def test_laplacian_of_a_hidden_layer(activation: Activation) -> None:
    layer = Hidden(jet_plan([weighted(1, 1), Symbol.identity(2)], 2), activation, WIDTH, range(4))
    linear = LinearLayers(network(2, activation, widths=(WIDTH, WIDTH)))
    theta = flatten(network(2, activation, widths=(WIDTH, WIDTH)))
    affine = linear.load(theta)[1]
    g = torch.Generator().manual_seed(2)
    h = torch.randn(4, N, WIDTH, dtype=F64, generator=g)

    def lay_out(n: int, take):  # type: ignore[no-untyped-def]
        return layer.lay_out(h, 0, Turns(take, 4 * n * WIDTH, n * WIDTH, 3), take)

    buffers = Frames(lay_out).of(N, theta)
    buffers.forth(layer.load(affine, None))  # type: ignore[arg-type]
    z = h @ affine.weight.T
    assert affine.bias is not None
    z[0] += affine.bias
    f = activation.derivatives(z[0], 3)
    squares = z[1] ** 2 + z[2] ** 2
    expected = torch.stack([f[0], f[1] * z[1], f[1] * z[2], f[1] * z[3] + f[2] * squares])
    assert torch.allclose(buffers.out, expected, rtol=0, atol=1e-13)

    pull = torch.randn(4, N, WIDTH, dtype=F64, generator=g)
    buffers.pull.copy_(pull)
    gradient = torch.zeros_like(theta)
    into = linear.gradients(gradient, linear.load(theta))[1]
    buffers.back(affine, into)
    tilted = z[1] * pull[1] + z[2] * pull[2] + z[3] * pull[3]
    back = torch.stack(
        [
            f[1] * pull[0] + f[2] * tilted + f[3] * squares * pull[3],
            f[1] * pull[1] + 2 * f[2] * z[1] * pull[3],
            f[1] * pull[2] + 2 * f[2] * z[2] * pull[3],
            f[1] * pull[3],
        ]
    )
    assert torch.allclose(buffers.pull, back, rtol=0, atol=1e-12)
    by_weight = affine.omega * torch.einsum("cno,cni->oi", back, h)
    assert into.weight is not None and into.bias is not None
    assert torch.allclose(into.weight, by_weight, rtol=0, atol=1e-12)
    assert torch.allclose(into.bias, affine.omega * back[0].sum(0), rtol=0, atol=1e-12)
    below = torch.empty(4, N, WIDTH, dtype=F64)
    buffers.pass_down(affine, below)
    assert torch.allclose(below, back @ affine.weight, rtol=0, atol=1e-12)


def test_runs_take_what_follows_together() -> None:
    kinds = {(1, 0): 1.0, (2, 1): 1.0, (3, 2): 2.0}
    assert list(runs(kinds)) == [(1, 0, 3)]
    assert list(runs(kinds, kinds)) == [(1, 0, 2), (3, 2, 1)]
    assert list(runs([])) == []
