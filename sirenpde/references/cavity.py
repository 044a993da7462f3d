"""Steady flow in a square with a moving lid, by a spectral Galerkin method."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.polynomial import legendre
from numpy.typing import NDArray
from torch import Tensor

from ..calculus.operators import D, PointFunction, laplacian
from ..geometry.box import Box
from ..geometry.data.cloud import Cloud
from ..geometry.domain import Deferred
from ..geometry.point import Point
from ..geometry.tensor_grid import TensorGrid
from ..problem.reference import exact_values

Array = NDArray[np.float64]
Lid = Callable[[Tensor], Tensor]

NEWTON = 30  # steps at most
SLOW = 250  # Newton's method finds flows of twice this Reynolds number from rest
KEEP = 0.03  # of the step before: so much shorter ones do not want new slopes
# In the corner itself the slope of the angle is undefined, and multiplied by zero. So much less than the distances at
# which conditions are compared that the angle there is right, and its square is a number in float32.
TINY = 1e-18
TOLERANCE = 1e-12  # of a Newton step, relative to the coefficients
MODES = 48  # where nothing else is said, and nothing is known before
# Coefficients below a lid that moves as a whole, which would take minutes: `driven_cavity` with 76 modes, in float32.
TABLE = "uniform_lid.npz"

_UNIT = Box(x=(0, 1), y=(0, 1))
_X, _Y = _UNIT.axes


def parabola(x: Tensor) -> Tensor:
    """The velocity 4 x (1 - x) of a lid that rests at its ends."""
    return 4 * x * (1 - x)


def uniform(x: Tensor) -> Tensor:
    """The velocity of a lid that moves as a whole, 1."""
    return torch.ones_like(x)


def driven_cavity(
    square: Box, reynolds: float = 100.0, lid: Lid = parabola, *, modes: int | None = None, nodes: int = 101
) -> Cloud:
    """The steady flow (ω = -Δψ, u = ψ_y, v = -ψ_x) below a lid, as data "velocity" and "stream" on nodes.

        u·∇ω = Δω / Re  in (0, 1)²,    (u, v) = (lid(x), 0) at y = 1,  and 0 at the other walls.

    A Galerkin method for ψ with polynomials that are zero at the walls with their slopes; Newton's method, beyond
    Re = 500 from the flow of half the Reynolds number. A lid whose velocity grows linearly from its ends
    leaves no smooth flow: near such a corner ψ is r² times a function of the angle, and r times one where the lid
    moves at its ends. Those parts are subtracted in closed form, and what is left converges like a power of
    1/modes: with 48 of them the velocity at Re = 100 is known to some 1e-8. It is computed when first read, once
    per process, in about 5 s.

    Of a lid that moves as a whole (``uniform``) the velocity outside of a twentieth about the lid's ends differs
    between 56 and 76 modes by 1e-5, 4e-5, 1.1e-4 and 5e-4 at Re = 100, 400, 1000 and 3200, and converges like
    modes^-4. With 76 modes these four are known without being computed.

    Args:
        square: the box (0, 1)², its axes x and y.
        reynolds: Re.
        lid: its velocity, of x: ``parabola``, ``uniform``, or another.
        modes: polynomials along each axis; 48 if left out, 76 where they are known.
        nodes: along each axis, ends included.

    Returns:
        The nodes, float64, with their lattice; "velocity" (n, 2), "stream" (n,).

    Raises:
        ValueError: for another box, and on reading, where Newton's method did not converge.

    Source: Shen, Efficient spectral-Galerkin method I, 1994, for the basis; Moffatt, Viscous and resistive eddies
    near a sharp corner, 1964, for flow near corners.

    >>> from sirenpde import Box
    >>> known = driven_cavity(Box(x=(0, 1), y=(0, 1)), reynolds=10, modes=12, nodes=11)
    >>> known.data["velocity"].reshape(11, 11, 2)[5, 5:, 0].round(decimals=3).tolist()  # at x = 1/2
    [-0.182, -0.177, -0.113, 0.06, 0.408, 1.0]
    """
    if square.fixed or [(axis.low, axis.high) for axis in square.axes] != [(0, 1), (0, 1)]:
        raise ValueError(
            f"driven_cavity was given {square!r}; expected the unit square, Box(x=(0, 1), y=(0, 1))."
        )
    grid = square.nodes(nodes)

    def stream() -> Tensor:
        return torch.from_numpy(_found(float(reynolds), lid, modes).at(nodes, 0, 0)).reshape(-1)

    def velocity() -> Tensor:
        flow = _found(float(reynolds), lid, modes)
        return torch.from_numpy(np.stack([flow.at(nodes, 0, 1), -flow.at(nodes, 1, 0)], axis=-1)).reshape(
            -1, 2
        )

    data = Deferred({"velocity": velocity, "stream": stream})
    return Cloud(grid.points, grid.axes, data, f"reference on {grid.name}", lattice=grid.lattice)


@dataclass(frozen=True, eq=False)
class Flow:
    """The stream function: a known part with the right slopes at the walls, and a polynomial."""

    lift: PointFunction
    coefficients: Array  # (modes, modes), of the basis along x and y

    def at(self, nodes: int, i: int, j: int) -> Array:
        """∂x^i ∂y^j ψ on a regular grid, (nodes, nodes)."""
        x = np.linspace(0, 1, nodes)
        return self.on(x, x, i, j)

    def on(self, x: Array, y: Array, i: int, j: int) -> Array:
        """∂x^i ∂y^j ψ on the grid of these coordinates, (len(x), len(y))."""
        modes = len(self.coefficients)
        along_x, along_y = _basis(modes, x, i)[i], _basis(modes, y, j)[j]
        f = D(self.lift, *[_X] * i, *[_Y] * j) if i + j else self.lift
        # The slope of the angle is undefined in a corner, where r² is 0.
        known = np.nan_to_num(_on_grid(f, x, y))
        value: Array = known + along_x @ self.coefficients @ along_y.T
        return value


def _found(reynolds: float, lid: Lid, modes: int | None) -> Flow:
    """From the table, where it has the flow that is asked for."""
    if lid is uniform and modes is None:
        with np.load(Path(__file__).with_name(TABLE)) as table:
            if f"{reynolds:g}" in table:
                return Flow(_lift(lid), table[f"{reynolds:g}"].astype(np.float64))
    return flow_below(reynolds, lid, modes or MODES)


@lru_cache(maxsize=8)
def flow_below(reynolds: float, lid: Lid, modes: int) -> Flow:
    """The flow of ``driven_cavity``, computed once per process. Raises ValueError where Newton's method fails."""
    from scipy.linalg import lu_factor, lu_solve

    lift = _lift(lid)
    points, weight = legendre.leggauss(modes + modes // 2 + 8)
    x, weight = (1 + points) / 2, weight / 2
    b0, b1, b2 = _basis(modes, x, 2)
    area = weight[:, None] * weight
    known = tuple(_on_grid(f, x, x) for f in (D(lift, _X), D(lift, _Y), laplacian(lift, _X, _Y)))

    def slopes(c: Array) -> tuple[Array, Array, Array]:
        """ψ_x, ψ_y and Δψ of the polynomial."""
        return b1 @ c @ b0.T, b0 @ c @ b1.T, b2 @ c @ b0.T + b0 @ c @ b2.T

    def tested(z: Array, across: Array, along: Array) -> Array:
        """(Δφ, z) + Re (φ_x, along) - Re (φ_y, across) for every φ of the basis."""
        bent = b2.T @ (area * z) @ b0 + b0.T @ (area * z) @ b2
        carried = b1.T @ (area * along) @ b0 - b0.T @ (area * across) @ b1
        result: Array = bent + reynolds * carried
        return result

    def slope(px: Array, py: Array, z: Array) -> Array:
        """Of ``tested`` about a flow, by all coefficients."""
        matrix = np.empty((modes,) * 4)
        for i in range(modes):
            each = np.zeros((modes,) * 3)
            each[range(modes), i, range(modes)] = 1
            qx, qy, q = slopes(each)
            matrix[:, :, i] = np.moveaxis(tested(q, q * px + z * qx, q * py + z * qy), 0, -1)
        return matrix.reshape(modes**2, modes**2)

    slower = reynolds / 2
    c = flow_below(slower, lid, modes).coefficients if slower > SLOW else np.zeros((modes, modes))
    sizes: list[float] = []
    for _ in range(NEWTON):
        px, py, z = (a + b for a, b in zip(known, slopes(c), strict=True))
        if len(sizes) < 2 or sizes[-1] > KEEP * sizes[-2]:
            factor = lu_factor(slope(px, py, z), overwrite_a=True)
        step = lu_solve(factor, -tested(z, z * px, z * py).reshape(-1)).reshape(c.shape)
        c = c + step
        sizes.append(float(np.abs(step).max()))
        if sizes[-1] <= TOLERANCE * np.abs(c).max():
            return Flow(lift, c)
    raise ValueError(
        f"Newton's method did not find the flow at Re = {reynolds:g} in {NEWTON} steps with {modes} modes. Raise "
        f"modes, or lower the Reynolds number."
    )


def _basis(modes: int, x: Array, order: int) -> list[Array]:
    """Polynomials of x in [0, 1] that vanish at both ends with their slopes, and derivatives: each (n, modes)."""
    i = np.arange(modes)
    shape = np.zeros((modes + 4, modes))
    size = (2 * i + 3) * np.sqrt(2 * (2 * i + 5))  # of the second derivative
    shape[i, i], shape[i + 2, i] = 1 / size, -2 * (2 * i + 5) / (2 * i + 7) / size
    shape[i + 4, i] = (2 * i + 3) / (2 * i + 7) / size
    each = [legendre.legder(shape, m, scl=2, axis=0) if m else shape for m in range(order + 1)]
    return [legendre.legvander(2 * x - 1, len(c) - 1) @ c for c in each]


def _on_grid(f: PointFunction, x: Array, y: Array) -> Array:
    points = TensorGrid.full([torch.from_numpy(x), torch.from_numpy(y)]).points
    values: Array = exact_values(f, _UNIT.axes, points, {}).reshape(len(x), len(y)).numpy()
    return values


def _lift(lid: Lid) -> PointFunction:
    """A ψ with the slopes that are asked for at the walls, and the flow without inertia in the lid's corners."""
    ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
    inwards = torch.tensor([1.0, -1.0], dtype=torch.float64)
    values, growth = torch.func.jvp(lid, (ends,), (inwards,))[:2]

    def psi(p: Point) -> Tensor:
        a, b = _X(p), 1 - _Y(p)
        total = torch.zeros_like(a)
        rest = lid(a)
        for s, value, slope in ((a, values[0], growth[0]), (1 - a, values[1], growth[1])):
            near = _fading(s)
            total = total + near * (value * sliding_flow(s, b) + slope * corner_flow(s, b))
            rest = rest - near * (value + slope * s)  # and this is zero at both ends with its slope
        return _fading(b) * total - rest * b * (1 - b) ** 2

    return psi


def corner_flow(a: Tensor, b: Tensor) -> Tensor:
    """The flow without inertia between a wall a = 0 at rest and a wall b = 0 that moves along itself with velocity a.

        ψ = r² (θ/2 - π/8) + π/8 (b² - a²) - ab/2,      r² = a² + b²,  tan θ = a/b,

    so that Δψ = 2θ - π/2, Δ²ψ = 0, and the velocity along b = 0 is -ψ_b = a.

    Source: Moffatt, Viscous and resistive eddies near a sharp corner, 1964.

    >>> import torch
    >>> wall = torch.tensor(0.0), torch.tensor(0.5)
    >>> corner_flow(*wall).item()
    0.0
    """
    angle = torch.atan2(a, b + TINY)
    return (a * a + b * b) * (angle / 2 - math.pi / 8) + math.pi / 8 * (b * b - a * a) - a * b / 2


def sliding_flow(a: Tensor, b: Tensor) -> Tensor:
    """The flow without inertia between a wall a = 0 at rest and a wall b = 0 that moves along itself with velocity 1.

        ψ = 2π/(π² - 4) (a - 2θa/π - θb),      tan θ = a/b,

    so that Δ²ψ = 0, and the velocity along b = 0 is -ψ_b = 1. The corner itself has no velocity.

    Source: Batchelor, An Introduction to Fluid Dynamics, 1967, section 4.8.

    >>> import torch
    >>> sliding_flow(torch.tensor(0.0), torch.tensor(0.5)).item()
    0.0
    """
    angle = torch.atan2(a, b + TINY)
    value: Tensor = 2 * math.pi / (math.pi**2 - 4) * (a - 2 / math.pi * angle * a - angle * b)
    return value


def _fading(s: Tensor) -> Tensor:
    """1 - 5 s⁴ + 4 s⁵, which goes from 1 to 0, with its slope, and leaves the neighbourhood of 0 as it is."""
    return 1 + s**4 * (4 * s - 5)
