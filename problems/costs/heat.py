"""Heat in boxes of one to three axes of space, over time, on lattices.

    u_t = Δu / 20 + f   in (0, 1)^d for 0 < t < 1,      u known at the start and on the sides,

with f such that u = Π sin(3 x_i + t / 2 + i / 5).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from sirenpde import Box, Collocation, D, Field, Point, Problem, SineLattice, laplacian, on


def problem(space: int = 2) -> Problem:
    """A wave of as many radians along every axis.

    Args:
        space: d, axes of space.
    """
    box = Box(t=(0, 1), **{name: (0, 1) for name in "xyz"[:space]})
    t, *along = box.axes
    u = Field("u", box, SineLattice())

    def exact(p: Point) -> Tensor:
        waves = [torch.sin(3 * a(p) + t(p) / 2 + i / 5) for i, a in enumerate(along)]
        return torch.stack(waves).prod(0)

    def balance(v: Field | Callable[[Point], Tensor]) -> Callable[[Point], Tensor]:
        return lambda p: D(v, t)(p) - laplacian(v, *along)(p) / 20

    heating = balance(u), balance(exact)

    @on(box, samples=4000)
    def heat(p: Point) -> Tensor:
        """u_t - Δu / 20 = f"""
        ours, wanted = heating
        return ours(p) - wanted(p)

    @on(box.at(t=0), samples=1000, weight=100)
    def start(p: Point) -> Tensor:
        """u is known at t = 0"""
        return u(p) - exact(p)

    @on(box.boundary(*along), samples=2000, weight=100)
    def sides(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    return Problem(heat, start, sides, using=[Collocation()], reference={u: exact})
