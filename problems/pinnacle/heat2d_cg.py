"""Heat in a plate with seventeen holes, which give and take heat (Heat2d-CG).

    u_t = Δu   in (-8, 8) × (-12, 12) without eleven discs of radius 1 and six of radius 2/5, t < 3,
    ∂u/∂n = 5 - u   on large circles,      ∂u/∂n = 1 - u   on small ones,      ∂u/∂n = 1/10 - u   on the rectangle,
    u = 0   at t = 0,

n outward, into the holes. Near the circles u grows like √t at first, since start and boundary do not agree. It is
measured against cubic finite elements with curved edges, exact in time, within 1e-5. Cells are
cut at the middles of the large circles, and once in time, where the first jump has spread.

Source: Hao et al., PINNacle, 2024.
"""

from torch import Tensor

from sirenpde import (
    D,
    Field,
    Interval,
    LeastSquares,
    Pieces,
    Point,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    bundled,
    dot,
    grad,
    laplacian,
    on,
)
from sirenpde.references.pinnacle.perforated import plate


def problem() -> Problem:
    """A cold plate that is warmed through its holes until t = 3."""
    solid, rectangle, large, small = plate()
    duration = Interval(t=(0, 3))
    spacetime = solid * duration
    wide, narrow = solid.boundary_of(large) * duration, solid.boundary_of(small) * duration
    outer = solid.boundary_of(rectangle) * duration
    x, y, t = spacetime.axes
    cells = ((-4.0, 0.0, 4.0), (-9.0, -6.0, -3.0, 0.0, 3.0, 6.0, 9.0), (0.5,))
    u = Field("u", spacetime, Pieces(SineFeatures(420), cells))

    @on(spacetime, samples=8000)
    def heat(p: Point) -> Tensor:
        """u_t = Δu"""
        return D(u, t)(p) - laplacian(u, x, y)(p)

    @on(wide, samples=4000, weight=10)
    def hot(p: Point) -> Tensor:
        """∂u/∂n = 5 - u"""
        return dot(wide.normal(p), grad(u)(p)) + u(p) - 5

    @on(narrow, samples=2000, weight=10)
    def warm(p: Point) -> Tensor:
        """∂u/∂n = 1 - u"""
        return dot(narrow.normal(p), grad(u)(p)) + u(p) - 1

    @on(outer, samples=2000, weight=10)
    def cold(p: Point) -> Tensor:
        """∂u/∂n = 1/10 - u"""
        return dot(outer.normal(p), grad(u)(p)) + u(p) - 0.1

    @on(spacetime.at(t=0), samples=2000, weight=10)
    def start(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    known = PointCloud.open(bundled("pinnacle/heat2d_cg.npz"), spacetime)
    certified = Reference(known["certified"], known)
    return Problem(heat, hot, warm, cold, start, reference={u: certified}, using=[LeastSquares()])
