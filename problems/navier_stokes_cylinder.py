"""Steady flow past a cylinder in a channel, at Re = 20: the benchmark 2D-1 of the DFG.

    u·∇u = -∇p + Δu / Re,    u = (ψ_y, -ψ_x)   in (0, 22) × (0, 4.1) without the disc of radius ½ about (2, 2),
    u = (6y (4.1 - y) / 4.1², 0)  at x = 0,    ∂u/∂x / Re = (p, 0)  at x = 22,    and u = 0 elsewhere.

Lengths are in diameters, velocities in means over the inlet. The stream function makes the divergence vanish, and
the pressure is single-valued about the cylinder since it is a field. Both are waves in the coordinates, and waves in
log r and the angle about the cylinder, near which more points are drawn.

Twice the integral of the traction over the circle is the drag and the lift in units of ½ ρ U² D; known are
5.57953523384 and 0.010618948146, and 0.11752016697 / 0.04 for the difference of the pressures in front and behind.
From a solution:

    cylinder, stress = Disk((2, 2), 0.5).boundary(), solution["stress"].function
    drag, lift = 2 * solution.integrate(lambda p: stress(p) @ cylinder.normal(p), cylinder).value

Source: Schäfer and Turek, Benchmark computations of laminar flow around a cylinder, 1996; digits by Nabh, 1998.
"""

import torch
from torch import Tensor

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    Hole,
    LeastSquares,
    Point,
    Problem,
    SineFeatures,
    grad,
    laplacian,
    on,
)


def problem(reynolds: float = 20.0) -> Problem:
    """Flow past a cylinder in a channel; drag and lift are integrals of its traction.

    Args:
        reynolds: Re, of the mean velocity and the diameter.
    """
    height = 4.1
    whole = Box(x=(0, 22), y=(0, height))
    cylinder = Disk(center=(2, 2), radius=0.5)
    channel = whole - cylinder
    wake = Box(x=(0, 8), y=(0, height)) - cylinder
    around = Disk(center=(2, 2), radius=1.8) - cylinder
    nearest = Disk(center=(2, 2), radius=0.9) - cylinder
    x, y = channel.axes
    waves = SineFeatures(1600, (40, 8), around=(Hole((0, 1), (2, 2), 0.5, bandwidth=(8, 16)),))
    psi = Field("psi", channel, waves)
    pressure = Field("pressure", channel, waves)

    def velocity(p: Point) -> Tensor:
        return torch.stack([D(psi, y)(p), -D(psi, x)(p)])

    def stress(p: Point) -> Tensor:
        slopes = grad(velocity, x, y)(p)
        return (slopes + slopes.T) / reynolds - pressure(p) * torch.eye(2).to(slopes)

    def excess(p: Point) -> Tensor:
        inertia = grad(velocity, x, y)(p) @ velocity(p)
        return inertia + grad(pressure, x, y)(p) - laplacian(velocity, x, y)(p) / reynolds

    @on(channel, samples=1600)
    def momentum(p: Point) -> Tensor:
        """u·∇u = -∇p + Δu / Re"""
        return excess(p)

    @on(wake, samples=1000)
    def momentum_in_the_wake(p: Point) -> Tensor:
        """u·∇u = -∇p + Δu / Re"""
        return excess(p)

    @on(around, samples=1000)
    def momentum_around(p: Point) -> Tensor:
        """u·∇u = -∇p + Δu / Re"""
        return excess(p)

    @on(nearest, samples=800)
    def momentum_nearest(p: Point) -> Tensor:
        """u·∇u = -∇p + Δu / Re"""
        return excess(p)

    @on(whole.boundary("y"), samples=600, weight=100)
    def walls(p: Point) -> Tensor:
        """u = 0"""
        return velocity(p)

    @on(channel.boundary_of(cylinder), samples=300, weight=100)
    def circle(p: Point) -> Tensor:
        """u = 0"""
        return velocity(p)

    @on(whole.at(x=0), samples=150, weight=100)
    def inlet(p: Point) -> Tensor:
        """u = (6y (4.1 - y) / 4.1², 0)"""
        profile = 6 * y(p) * (height - y(p)) / height**2
        return velocity(p) - torch.stack([profile, 0 * profile])

    @on(whole.at(x=22), samples=100, weight=100)
    def outlet(p: Point) -> Tensor:
        """∂u/∂x / Re = (p, 0)"""
        push = torch.stack([pressure(p), 0 * pressure(p)])
        return D(velocity, x)(p) / reynolds - push

    @on(whole.at(x=0, y=0))
    def level(p: Point) -> Tensor:
        """ψ = 0 in a corner"""
        return psi(p)

    return Problem(
        momentum,
        momentum_in_the_wake,
        momentum_around,
        momentum_nearest,
        walls,
        circle,
        inlet,
        outlet,
        level,
        outputs=(velocity, pressure, psi, stress),
        components={velocity: ("u", "v"), stress: ("σxx", "σxy", "σyx", "σyy")},
        using=[LeastSquares()],
    )
