"""Laplacians in boxes with known values on their boundary."""

import torch

from sirenpde import (
    Box,
    Field,
    Problem,
    laplacian,
    on,
)
from sirenpde.residuals import System
from sirenpde.run.begin import build_network


def cube(dimension, low=0.0, high=1.0):
    return Box(**{f"x{i}": (low, high) for i in range(dimension)})


def dirichlet(box, exact, source, shift=0.0, samples=1000, weight=100.0, network=None):
    """Δu + shift u = source with the exact values on the boundary."""
    u = Field("u", box, network)
    inside = on(box, samples, name="inside")(lambda p: laplacian(u)(p) + shift * u(p) - source(p))
    edge = on(box.boundary(), samples // 3, weight=weight, name="edge")(lambda p: u(p) - exact(p))
    return Problem(inside, edge, reference={u: exact})


UNIT, WIDE = cube(2), cube(2, -1.0, 1.0)


def system_of(problem):
    networks = {u: build_network(u, u.network, seed) for seed, u in enumerate(problem.fields)}
    return System(problem, networks, torch.device("cpu"), torch.float64)
