"""Problems on boxes whose fields are tensor-product series, for tests of rows on tensor nodes."""

import torch

from sirenpde import Box, D, Field, Problem, SineLattice, laplacian, on
from sirenpde.residuals import System
from sirenpde.run.begin import build_network

box = Box(t=(0, 0.3), x=(0, 2), y=(-1, 1))
t, x, y = box.axes


def system_of(*constraints):
    problem = Problem(*constraints)
    networks = {u: build_network(u, u.network, 0) for u in problem.fields}
    return System(problem, networks, torch.device("cpu"), torch.float64)


def coupled():
    """Two fields, one of them complex, a periodic axis, a product of fields, faces with normals."""
    recipe = SineLattice((1, 2, 2), bandwidth=4.0)
    u = Field("u", box, recipe, periodic=(x,))
    h = Field("h", box, recipe, dtype=complex, periodic=(x,))

    @on(box, samples=50, weight=3.0)
    def motion(p):
        return D(h, t)(p) + 1j * D(h, x, x)(p) - u(p) * h(p)

    @on(box, samples=50)
    def balance(p):
        return laplacian(u, x, y)(p) + u(p) ** 2 + h(p).abs() ** 2

    @on(box.boundary("y"), samples=20, weight=7.0)
    def walls(p):
        return p.sample("normal")[2] * D(u, y)(p) + u(p) + y(p)

    @on(box.at(t=0), samples=20)
    def start(p):
        return h(p) - torch.exp(1j * x(p))

    return system_of(motion, balance, walls, start)


def random(shape, seed=0):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
