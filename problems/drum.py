"""A round drum that is let go.

    u_tt = Δu   in r < 1,      u = 0   on the rim,      u = g and u_t = 0   at t = 0,

with g = J₂(kr) cos 2θ + J₀(k'r), two modes of the drum: k is the first root of J₂, k' the second of J₀. Each swings
with its own frequency, u = J₂(kr) cos 2θ cos kt + J₀(k'r) cos k't.
"""

import torch
from torch import Tensor

from sirenpde import D, Disk, Field, Interval, Point, Problem, laplacian, on
from sirenpde.references.membranes import bessel_root, round_wave


def problem(duration: float = 1.0) -> Problem:
    """Waves of a round membrane with an exact solution.

    Args:
        duration: until which time.
    """
    disk = Disk(radius=1)
    spacetime = disk * Interval(t=(0, duration))
    start, rim = spacetime.at(t=0), disk.boundary() * Interval(t=(0, duration))
    x, y, t = spacetime.axes
    u = Field("u", spacetime)
    k, m = bessel_root(2, 1), bessel_root(0, 2)
    first, second = round_wave(2, k, (x, y)), round_wave(0, m, (x, y))

    def exact(p: Point) -> Tensor:
        return first(p) * torch.cos(k * t(p)) + second(p) * torch.cos(m * t(p))

    @on(spacetime, samples=6000)
    def wave(p: Point) -> Tensor:
        """u_tt = Δu"""
        return D(u, t, t)(p) - laplacian(u, x, y)(p)

    @on(rim, samples=1500, weight=1000)
    def held(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(start, samples=1500, weight=1000)
    def shape(p: Point) -> Tensor:
        """u = g"""
        return u(p) - first(p) - second(p)

    @on(start, samples=1500, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    return Problem(wave, held, shape, rest, reference={u: exact})
