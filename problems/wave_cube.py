"""A pulse in a cube of rigid walls, until its echoes from all six of them have met.

    u_tt = c² Δu   in [-1, 1]³,      ∂u/∂n = 0   on the walls,      u = g,  u_t = 0   at t = 0,

with g = Σ exp(-|x - a|² / 2σ²) over all points a of even coordinates: a bell in the middle and its images, since the
walls are mirrors. The solution is the sum of their waves in open space.
"""

from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, SpectralElements, dot, grad, laplacian, on
from sirenpde.references.media import echoes_in_a_cube


def problem(speed: float = 1.0, width: float = 0.3, duration: float = 2.0) -> Problem:
    """Waves in three dimensions with an exact solution.

    Args:
        speed: c, of the waves.
        width: σ, of the pulse.
        duration: until which time.
    """
    spacetime = Box(t=(0, duration), x=(-1, 1), y=(-1, 1), z=(-1, 1))
    t, x, y, z = spacetime.axes
    start, walls = spacetime.at(t=0), spacetime.boundary("x", "y", "z")
    u = Field("u", spacetime)
    exact = echoes_in_a_cube(speed, width, speed * duration, (t, x, y, z))

    @on(spacetime, samples=2000)
    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed**2 * laplacian(u, x, y, z)(p)

    @on(walls, samples=1000, weight=100)
    def rigid(p: Point) -> Tensor:
        """∂u/∂n = 0"""
        return dot(walls.normal(p), grad(u)(p))

    @on(start, samples=500, weight=1000)
    def pulse(p: Point) -> Tensor:
        """u = g"""
        return u(p) - exact(p)

    @on(start, samples=500, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    moments = {f"t = {s * duration:.3g}": spacetime.at(t=s * duration) for s in (0.25, 0.5, 1)}
    return Problem(
        wave,
        rigid,
        pulse,
        rest,
        reference={u: Reference(exact, moments, samples=1000)},
        using=[SpectralElements(t)],
    )
