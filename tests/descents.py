"""Small problems that a line search goes down."""

import math

import torch

from sirenpde import (
    MLP,
    Box,
    Field,
    Problem,
    laplacian,
    on,
)


def poisson(network, samples=484):
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, network)

    def exact(p):
        return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(box, samples=samples)
    def interior(p):
        return laplacian(u)(p) + 2 * math.pi**2 * exact(p)

    @on(box.boundary(), samples=80, weight=100)
    def edge(p):
        return u(p)

    return Problem(interior, edge, reference={u: exact})


def parabola(samples=64, weight=1.0):
    """u = f with all that is trained in the last layer: a quadratic objective."""
    box = Box(x=(-1, 1))
    (x,) = box.axes
    u = Field("u", box, MLP(width=4, depth=0))

    @on(box, samples=samples, weight=weight)
    def matches(p):
        return u(p) - (0.3 + 2 * x(p))

    return Problem(matches)
