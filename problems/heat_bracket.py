"""Heat in a part from an STL file: a steel bracket, hot on top, its foot cooled by a stream of air.

    ΔT = 0   in it,      T = 80   on top,      k ∂T/∂n + h T = 0   under the foot,      ∂T/∂n = 0   elsewhere,

with T in kelvin above the air, lengths in centimetres as in the file, k = 0.5 W/(cm K) and h = 0.2 W/(cm² K). It is
measured against quadratic finite elements on tetrahedra that conform to the same triangles (scikit-fem, 107,000
unknowns), whose own error is near 1e-5. Sines come to 6e-4: they are smooth, and the fillet of the file is a chain of
chords, at whose bends the normal jumps; its small weight keeps them from following that.
"""

from torch import Tensor

from sirenpde import (
    Field,
    Point,
    PointCloud,
    Problem,
    Reference,
    SineFeatures,
    TriangleMesh,
    bundled,
    dot,
    grad,
    laplacian,
    on,
)

CONDUCTIVITY, TRANSFER, HOT = 0.5, 0.2, 80.0


def problem() -> Problem:
    """Steady heat in a bracket with a fixed, a convective and insulated sides."""
    bracket = TriangleMesh.open(bundled("bracket.stl"))
    skin = bracket.boundary()
    foot = skin.facing((0, 0, -1))
    top = skin.where(lambda points: points[:, 2] > 4 - 1e-6, "top")
    sides = skin.where(lambda points: (points[:, 2] > 1e-6) & (points[:, 2] < 4 - 1e-6), "sides")
    T = Field("T", bracket, SineFeatures(2000, bandwidth=7))

    @on(bracket, samples=8000)
    def conduction(p: Point) -> Tensor:
        """ΔT = 0"""
        return laplacian(T)(p)

    @on(top, samples=800, weight=100)
    def hot(p: Point) -> Tensor:
        """T = 80"""
        return T(p) - HOT

    @on(foot, samples=1500, weight=100)
    def cooled(p: Point) -> Tensor:
        """k ∂T/∂n + h T = 0"""
        return dot(foot.normal(p), grad(T)(p)) + TRANSFER / CONDUCTIVITY * T(p)

    @on(sides, samples=6000, weight=3)
    def insulated(p: Point) -> Tensor:
        """∂T/∂n = 0"""
        return dot(skin.normal(p), grad(T)(p))

    known = PointCloud.open(bundled("bracket_temperature.npz"), bracket)
    return Problem(
        conduction,
        hot,
        cooled,
        insulated,
        reference={T: Reference(known["temperature"], known)},
        units={T: "K", **dict.fromkeys(bracket.axes, "cm")},
    )
