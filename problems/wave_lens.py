"""A pulse in Maxwell's fish eye, a lens of varying speed with a mirror around it.

    u_tt = c² Δu,  c = (1 + r²) / 2   in r < 1,      ∂u/∂n = 0   at r = 1,      u = g,  u_t = 0   at t = 0.

All rays from a point meet again in the point opposite, so that the pulse comes together there, near t = π, and again
where it began, near t = 2π. The plane is the picture of a sphere, on which all speeds are one: the solution is known.

Source: Luneburg, Mathematical Theory of Optics, 1944, section 28.
"""

from torch import Tensor

from sirenpde import (
    D,
    Disk,
    Field,
    Interval,
    Point,
    Problem,
    Reference,
    SpectralElements,
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.media import fish_eye


def problem(distance: float = 0.5, width: float = 0.15, duration: float = 3.2) -> Problem:
    """Waves in a lens with an exact solution.

    Args:
        distance: of the pulse from the middle, below 1.
        width: of the pulse on the sphere; in the plane (1 + r²) / 2 as much.
        duration: until which time.
    """
    disk = Disk(radius=1)
    spacetime = disk * Interval(t=(0, duration))
    x, y, t = spacetime.axes
    start, rim = spacetime.at(t=0), disk.boundary() * Interval(t=(0, duration))
    u = Field("u", spacetime)
    exact = fish_eye((-distance, 0.0), width, (t, x, y))

    def speed(p: Point) -> Tensor:
        return (1 + x(p) ** 2 + y(p) ** 2) / 2

    @on(spacetime, samples=6000)
    def wave(p: Point) -> Tensor:
        """u_tt = c² Δu"""
        return D(u, t, t)(p) - speed(p) ** 2 * laplacian(u, x, y)(p)

    @on(rim, samples=1500)
    def mirror(p: Point) -> Tensor:
        """∂u/∂n = 0"""
        return dot(rim.normal(p), grad(u)(p))

    @on(start, samples=1500, weight=1000)
    def pulse(p: Point) -> Tensor:
        """u = g"""
        return u(p) - exact(p)

    @on(start, samples=1500, weight=100)
    def rest(p: Point) -> Tensor:
        """u_t = 0"""
        return D(u, t)(p)

    moments = {f"t = {s * duration:.3g}": spacetime.at(t=s * duration) for s in (0.25, 0.5, 0.75, 1)}
    return Problem(
        wave,
        mirror,
        pulse,
        rest,
        reference={u: Reference(exact, moments, samples=2000)},
        using=[SpectralElements(t)],
    )
