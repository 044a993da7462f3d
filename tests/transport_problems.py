"""Transport at a known speed, with points of every kind."""

import math

import torch
from states import state_of

from sirenpde import MLP, Box, D, Field, Problem, Siren, on


def transport(samples=200, network=None):
    """u_t + 3 u_x = 0, u = sin πx at the start, periodic; three terms of very different sizes."""
    box = Box(t=(0, 1), x=(-1, 1))
    t, x = box.axes
    u = Field("u", box, network or Siren(16, 2, omega=3, omega_hidden=3), periodic=[x])

    @on(box, samples=samples)
    def equation(p):
        return D(u, t)(p) + 3 * D(u, x)(p)

    @on(box, samples=samples, weight=1e-3)
    def bounded(p):
        return torch.stack([u(p) ** 2 - 0.5, D(u, x)(p)])

    @on(box.at(t=0), samples=40, weight=20)
    def start(p):
        return u(p) - torch.sin(math.pi * x(p))

    return Problem(equation, bounded, start)


def on_a_line(samples, source):
    """u = f, for a network that is zero: the residual is -f."""
    line = Box(x=(0, 1))
    (x,) = line.axes
    u = Field("u", line, MLP(width=4, depth=1))

    @on(line, samples=samples)
    def matches(p):
        return u(p) - source(x(p))

    state = state_of(Problem(matches))
    state.theta = torch.zeros_like(state.theta)
    return state
