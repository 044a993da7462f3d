"""Burgers' equations in the plane from waves with random amplitudes (Burgers2d-C).

    u_t + u u_x + v u_y = ν Δu,      v_t + u v_x + v v_y = ν Δv,      ν = 1/1000,    t < 1,
    u, v = waves of up to three periods, with amplitudes drawn from NumPy's generator,   at t = 0.

The suite's square (0, 4)² holds sixteen equal cells, since all its waves have the period 1: it is solved on one of
them, periodic. Its program asks for equal values on opposite sides, not for equal slopes, and reads the start from a
table. From t = 0.1 on there are fronts some 1/500 wide. Measured against a Fourier solution of 256 × 256 waves, which
is some hundredths from the true one, both components together.

Source: Hao et al., PINNacle, 2024.
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, PointCloud, Problem, Reference, bundled, laplacian, on
from sirenpde.references.pinnacle.fourier import burgers_start

VISCOSITY = 1e-3


def problem(duration: float = 1.0) -> Problem:
    """Waves that steepen in both directions.

    Args:
        duration: until which time; it is measured until then.
    """
    spacetime = Box(t=(0, duration), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u, v = Field("u", spacetime, periodic=(x, y)), Field("v", spacetime, periodic=(x, y))
    first = burgers_start(x, y)

    def velocity(p: Point) -> Tensor:
        return torch.stack([u(p), v(p)])

    @on(spacetime, samples=8000)
    def along_x(p: Point) -> Tensor:
        """u_t + u u_x + v u_y = ν Δu"""
        carried = u(p) * D(u, x)(p) + v(p) * D(u, y)(p)
        return D(u, t)(p) + carried - VISCOSITY * laplacian(u, x, y)(p)

    @on(spacetime, samples=8000)
    def along_y(p: Point) -> Tensor:
        """v_t + u v_x + v v_y = ν Δv"""
        carried = u(p) * D(v, x)(p) + v(p) * D(v, y)(p)
        return D(v, t)(p) + carried - VISCOSITY * laplacian(v, x, y)(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def start(p: Point) -> Tensor:
        """(u, v) = waves"""
        return velocity(p) - first(p)

    whole = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    table = PointCloud.open(bundled("pinnacle/burgers2d_c.npz"), whole)
    known = table.where(table.points[:, 0] <= duration)
    reference = {velocity: Reference(known["certified"], known)}
    return Problem(along_x, along_y, start, outputs=(velocity,), reference=reference)
