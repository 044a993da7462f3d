"""Poisson's equation on a square with a known solution, and a nonlinear flux."""

import math

import torch

from sirenpde import (
    Box,
    Field,
    Problem,
    Siren,
    div,
    grad,
    laplacian,
    on,
)

square = Box(x=(-1, 1), y=(-1, 1))
x, y = square.axes


def bump(p):
    return torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))


def poisson(network=None, samples=1000, using=None, periodic=()):
    u = Field("u", square, network, periodic=periodic)

    @on(square, samples=samples)
    def interior(p):
        """Δu = f"""
        return laplacian(u)(p) + 2 * math.pi**2 * bump(p)

    @on(square.boundary(), samples=max(40, samples // 3), weight=100)
    def edge(p):
        """u = 0"""
        return u(p)

    return u, Problem(interior, edge, reference={u: bump}, using=using)


def nonlinear():
    line = Box(s=(0, 1))
    (s,) = line.axes
    u = Field("u", line, Siren(width=24, depth=2, omega=4, omega_hidden=4))
    source = 2.0
    equation = on(line, samples=64)(lambda p: div(lambda q: (1 + u(q)) * grad(u)(q))(p) + source)
    ends = on(line.boundary(), samples=2, weight=100, name="ends")(lambda p: u(p))

    def exact(p):
        return torch.sqrt(1 + 2 * s(p) * (1 - s(p))) - 1

    return u, Problem(equation, ends, reference={u: exact})
