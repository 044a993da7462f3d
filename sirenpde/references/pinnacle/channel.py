"""PINNacle's flow through a short channel whose inlet swings, by polynomials of high degree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]

LENGTH, HEIGHT, VISCOSITY = 2.0, 1.0, 0.01
# Of the new value and the last ones: backward differences, and extrapolation, of order one, two and three.
DIFFERENCES = ((1.0, 1.0), (1.5, 2.0, -0.5), (11 / 6, 3.0, -1.5, 1 / 3))
AHEAD = ((1.0,), (2.0, -1.0), (3.0, -3.0, 1.0))


@dataclass(frozen=True)
class Line:
    """Polynomials along one side by their values at Lobatto's nodes, and Legendre's, two degrees less, for pressures.

    ``value``, ``slope`` and ``pressure`` are matrices to Gauss' nodes.
    """

    nodes: Array
    gauss: Array
    weights: Array
    value: Array
    slope: Array
    pressure: Array
    length: float

    @staticmethod
    def of(degree: int, length: float) -> Line:
        unit = np.zeros(degree + 1)
        unit[-1] = 1
        inner = legendre.legroots(legendre.legder(unit))
        nodes = np.concatenate([[-1.0], inner, [1.0]])
        gauss, weights = legendre.leggauss(3 * degree // 2 + 2)
        to_modes = np.linalg.inv(legendre.legvander(nodes, degree))
        slopes = np.stack([legendre.legval(gauss, legendre.legder(row)) for row in np.eye(degree + 1)], 1)
        value, slope = legendre.legvander(gauss, degree) @ to_modes, slopes @ to_modes * 2 / length
        pressure = legendre.legvander(gauss, degree - 2)
        return Line(nodes, gauss, weights * length / 2, value, slope, pressure, length)

    def at(self, x: Array) -> tuple[Array, Array]:
        """From values at the nodes, and from modes of the pressure, to places."""
        unit, degree = 2 * x / self.length - 1, len(self.nodes) - 1
        to_modes = np.linalg.inv(legendre.legvander(self.nodes, degree))
        return legendre.legvander(unit, degree) @ to_modes, legendre.legvander(unit, degree - 2)

    def product(self, left: Array, right: Array) -> Array:
        return (left.T * self.weights) @ right


def swinging_flow(degrees: tuple[int, int], each: int, end: float, frames: int, x: Array, y: Array) -> Array:
    """NS2d-LT: u, v and p on the grid of these coordinates at even times, (frames, len(x), len(y), 3).

        u_t + u·∇u + ∇p = Δu / 100 + (0, -sin πx sin πy sin πt),    ∇·u = 0    on (0, 2) × (0, 1), at rest at t = 0,
        u = (sin πy (sin πt + sin 3πt + sin 5πt), 0)  at x = 0,    ∂u/∂n / 100 = p n  at x = 2,    u = 0  at y = 0, 1.

    Weakly in space, where the condition at the outlet is the natural one, with velocities of these degrees along the
    sides and pressures of two less; backward differences of third order in time, ``each`` steps from frame to frame,
    the inertia extrapolated. At t = 0 the pressure is left at zero.
    """
    along, up = Line.of(degrees[0], LENGTH), Line.of(degrees[1], HEIGHT)
    nx, ny = degrees[0] + 1, degrees[1] + 1
    step = end / (frames - 1) / each
    mass = np.kron(along.product(along.value, along.value), up.product(up.value, up.value))
    bent = np.kron(along.product(along.slope, along.slope), up.product(up.value, up.value)) + np.kron(
        along.product(along.value, along.value), up.product(up.slope, up.slope)
    )
    spread = (
        np.kron(along.product(along.pressure, along.slope), up.product(up.pressure, up.value)),
        np.kron(along.product(along.pressure, along.value), up.product(up.pressure, up.slope)),
    )
    inner = np.zeros((nx, ny), dtype=bool)
    inner[1:, 1:-1] = True
    free = np.flatnonzero(inner)
    inlet = np.zeros((nx, ny))
    inlet[0] = np.sin(math.pi * (up.nodes + 1) / 2)
    force = np.outer(np.sin(math.pi * LENGTH * (along.gauss + 1) / 2), np.sin(math.pi * (up.gauss + 1) / 2))
    pushed = -_tested(force, along, up).reshape(-1)
    inverses = [_inverse(order[0] / step * mass + VISCOSITY * bent, spread, free) for order in DIFFERENCES]
    to_x, to_y = along.at(x), up.at(y)

    def swing(t: float) -> float:
        return sum(math.sin(k * math.pi * t) for k in (1, 3, 5))

    def seen(u: Array, v: Array, p: Array) -> Array:
        pressures = to_x[1] @ p.reshape(nx - 2, ny - 2) @ to_y[1].T
        return np.stack([*(to_x[0] @ w.reshape(nx, ny) @ to_y[0].T for w in (u, v)), pressures], -1)

    u, v, p = np.zeros(nx * ny), np.zeros(nx * ny), np.zeros((nx - 2) * (ny - 2))
    past: list[tuple[Array, Array, Array, Array]] = []
    history = [seen(u, v, p)]
    for n in range(1, (frames - 1) * each + 1):
        past = [(u, v, *_inertia(u.reshape(nx, ny), v.reshape(nx, ny), along, up)), *past][:3]
        order = len(past) - 1
        (first, *last), ahead = DIFFERENCES[order], AHEAD[order]
        t = n * step
        lift = swing(t) * inlet.reshape(-1)
        rights = []
        for i, push in ((0, 0.0), (1, math.sin(math.pi * t))):
            carried = sum(c * old[i] for c, old in zip(last, past, strict=True))
            inertia = sum(c * old[2 + i] for c, old in zip(ahead, past, strict=True))
            rights.append(mass @ (carried / step) - inertia + push * pushed)
        rights[0] = rights[0] - first / step * (mass @ lift) - VISCOSITY * (bent @ lift)
        found = inverses[order] @ np.concatenate([rights[0][free], rights[1][free], spread[0] @ lift])
        u, v, p = lift.copy(), np.zeros(nx * ny), found[2 * len(free) :]
        u[free], v[free] = u[free] + found[: len(free)], found[len(free) : 2 * len(free)]
        if not np.isfinite(p).all():
            raise ValueError(
                f"The flow grew beyond bounds at t = {t:g}; expected a finite one. Take shorter steps."
            )
        if n % each == 0:
            history.append(seen(u, v, p))
    return np.stack(history)


def _tested(values: Array, along: Line, up: Line) -> Array:
    """Integrals of values at Gauss' nodes times every polynomial."""
    tested: Array = (along.value.T * along.weights) @ values @ (up.value.T * up.weights).T
    return tested


def _inertia(u: Array, v: Array, along: Line, up: Line) -> tuple[Array, Array]:
    """Of u·∇u, tested."""
    across, above = along.value @ u @ up.value.T, along.value @ v @ up.value.T
    tested = (
        _tested(across * (along.slope @ w @ up.value.T) + above * (along.value @ w @ up.slope.T), along, up)
        for w in (u, v)
    )
    first, second = (values.reshape(-1) for values in tested)
    return first, second


def _inverse(viscous: Array, spread: tuple[Array, Array], free: NDArray[np.intp]) -> Array:
    """Of the equations for both velocities and the pressure, (∇·u, q) with the sign that makes them symmetric."""
    a, (bx, by) = viscous[np.ix_(free, free)], (b[:, free] for b in spread)
    none, size = np.zeros_like(a), len(bx)
    inverse: Array = np.linalg.inv(
        np.block([[a, none, -bx.T], [none, a, -by.T], [-bx, -by, np.zeros((size, size))]])
    )
    return inverse
