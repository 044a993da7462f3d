"""Two solitons: the fast one overtakes the slow one, and both come out as they were.

    u_t + 6 u u_x + u_xxx = 0   for x in (0, 20),      u known at t = 0 and at x = 0, 20,  u_x at x = 20,

known exactly.

Source: Hirota, Exact solution of the Korteweg-de Vries equation for multiple collisions of solitons, 1971.
"""

from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, on
from sirenpde.references.solitons import solitons


def problem() -> Problem:
    """The Korteweg-de Vries equation until t = 5, with an exact solution: solitons of speeds 6 and 2."""
    spacetime = Box(t=(0, 5), x=(0, 20))
    t, x = spacetime.axes
    u = Field("u", spacetime)
    exact = solitons((6, 2), (-2, 2), (t, x))

    @on(spacetime, samples=8000)
    def motion(p: Point) -> Tensor:
        """u_t + 6 u u_x + u_xxx = 0"""
        return D(u, t)(p) + 6 * u(p) * D(u, x)(p) + D(u, x, x, x)(p)

    @on(spacetime.at(t=0), samples=500, weight=100)
    def start(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    @on(spacetime.boundary("x"), samples=400, weight=100)
    def ends(p: Point) -> Tensor:
        """u is known"""
        return u(p) - exact(p)

    @on(spacetime.at(x=20), samples=200)
    def outflow(p: Point) -> Tensor:
        """u_x is known"""
        return D(u, x)(p) - D(exact, x)(p)

    return Problem(motion, start, ends, outflow, reference={u: exact})
