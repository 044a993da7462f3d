"""Waves at two scales over a long time (Wave2d-MS).

The suite prints u_tt = u_xx + 2 u_yy with u = (sin πx sinh πy + sinh 3πx sin 2πy) cos πt, for which
u_tt - u_xx - 2 u_yy = -2π² u and not 0: no solution of the equation has these values. There are two repairs,

    "mass"     u_tt = u_xx + 2 u_yy - m u,  m = 2π²,   with that u, whose values reach sinh 3π = 6195,
    "modes"    u_tt = u_xx + 2 u_yy   with   u = sin πx sin πy cos √3 πt + sin 3πx sin 2πy cos √17 πt,

on (0, 1)², t < 100, with u known on the sides and at t = 0, where u_t = 0.

Source: Hao et al., PINNacle, 2024.
"""

import math
from typing import Literal

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on

PI = math.pi


def mass(t: Tensor, x: Tensor, y: Tensor) -> Tensor:
    first = torch.sin(PI * x) * torch.sinh(PI * y)
    second = torch.sinh(3 * PI * x) * torch.sin(2 * PI * y)
    return (first + second) * torch.cos(PI * t)


def modes(t: Tensor, x: Tensor, y: Tensor) -> Tensor:
    first = torch.sin(PI * x) * torch.sin(PI * y) * torch.cos(math.sqrt(3) * PI * t)
    return first + torch.sin(3 * PI * x) * torch.sin(2 * PI * y) * torch.cos(math.sqrt(17) * PI * t)


REPAIRS = {"mass": (mass, 2 * PI**2), "modes": (modes, 0.0)}


def problem(repair: Literal["mass", "modes"] = "modes", duration: float = 100.0) -> Problem:
    """Waves with an exact solution.

    Args:
        repair: "mass" keeps the suite's solution, "modes" its equation.
        duration: until which time.
    """
    spacetime = Box(t=(0, duration), x=(0, 1), y=(0, 1))
    t, x, y = spacetime.axes
    u = Field("u", spacetime)
    known, m = REPAIRS[repair]

    def exact(p: Point) -> Tensor:
        return known(t(p), x(p), y(p))

    @on(spacetime, samples=8000)
    def wave(p: Point) -> Tensor:
        """u_tt = u_xx + 2 u_yy - m u"""
        return D(u, t, t)(p) - D(u, x, x)(p) - 2 * D(u, y, y)(p) + m * u(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def shape(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    @on(spacetime.at(t=0), samples=2000, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    @on(spacetime.boundary("x", "y"), samples=2000, weight=100)
    def sides(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(wave, shape, rest, sides, reference={u: exact})
