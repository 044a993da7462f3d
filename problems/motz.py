"""Motz's problem: conditions that change on a straight side.

    Δu = 0   on (-1, 1) x (0, 1),
    u = 0    on y = 0, x < 0,       u_y = 0   on y = 0, x > 0,
    u = 500  on x = 1,              u_x = 0   on x = -1,      u_y = 0   on y = 1.

Where the condition changes u behaves like r^(1/2) cos θ/2, and its gradient is not bounded. The reference is a sum of
such powers fitted on the other sides, its first coefficient 401.162453745.

Source: Motz, The treatment of singularities of partial differential equations by relaxation methods, 1947.
"""

from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, laplacian, on
from sirenpde.references.corners import motz


def problem() -> Problem:
    """Motz's problem, measured against a sum of singular powers."""
    box = Box(x=(-1, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box)
    below = box.at(y=0)

    @on(box, samples=4000)
    def laplace(p: Point) -> Tensor:
        """Δu = 0"""
        return laplacian(u)(p)

    @on(below.where(lambda p: p[:, 0] < 0, name="y = 0, x < 0"), samples=1000, weight=1000)
    def held(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(below.where(lambda p: p[:, 0] > 0, name="y = 0, x > 0"), samples=1000, weight=100)
    def free(p: Point) -> Tensor:
        """u_y = 0"""
        return D(u, y)(p)

    @on(box.at(x=1), samples=1000, weight=1000)
    def right(p: Point) -> Tensor:
        """u = 500"""
        return u(p) - 500

    @on(box.at(x=-1), samples=1000, weight=100)
    def left(p: Point) -> Tensor:
        """u_x = 0"""
        return D(u, x)(p)

    @on(box.at(y=1), samples=1000, weight=100)
    def top(p: Point) -> Tensor:
        """u_y = 0"""
        return D(u, y)(p)

    return Problem(laplace, held, free, right, left, top, reference={u: motz})
