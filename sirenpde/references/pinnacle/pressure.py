"""Velocity and pressure of the flow in a cavity, from its stream function."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from ..cavity import Flow, flow_below, parabola

Array = NDArray[np.float64]

NODES = 16  # of Gauss' rule between two places of the grid


def cavity_on(x: Array, y: Array, reynolds: float = 100.0, *, modes: int = 48) -> Array:
    """u, v and p of the steady flow below the lid 4 x (1 - x) on the grid of these coordinates, (len(x), len(y), 3).

        u·∇u + ∇p = Δu / Re,   ∇·u = 0   in (0, 1)²,    p = 0 at (0, 0).

    The velocity is that of the stream function of ``driven_cavity``. The pressure is the integral of its gradient,
    which the momentum equation gives, along y = 0 to x and from there upwards; both coordinates begin at 0. Other
    paths differ by 5e-6. In the lid's corners, where p is like ±8 log r / Re, it is not finite.

    >>> import numpy as np
    >>> s = np.linspace(0, 1, 5)
    >>> cavity_on(s, s, 10.0, modes=12)[2, 2].round(3).tolist()
    [-0.182, 0.007, 0.005]
    """
    flow = flow_below(float(reynolds), parabola, modes)
    places_x, half_x, weight = _between(x)
    places_y, half_y, _ = _between(y)
    with np.errstate(all="ignore"):  # in the lid's corners
        bottom = _slope(flow, 1 / reynolds, places_x.ravel(), np.zeros(1), 0)[:, 0].reshape(places_x.shape)
        upward = _slope(flow, 1 / reynolds, x, places_y.ravel(), 1).reshape(len(x), *places_y.shape)
    first = np.concatenate([[0.0], np.cumsum(bottom @ weight * half_x)])
    above = np.concatenate([np.zeros((len(x), 1)), np.cumsum(upward @ weight * half_y, axis=1)], axis=1)
    return np.stack([flow.on(x, y, 0, 1), -flow.on(x, y, 1, 0), first[:, None] + above], axis=-1)


def _between(x: Array) -> tuple[Array, Array, Array]:
    """Gauss' nodes between any two neighbours (len(x) - 1, n), half the distances, and the rule's weights (n,)."""
    nodes, weight = legendre.leggauss(NODES)
    half = np.diff(x) / 2
    return (x[1:] - half)[:, None] + half[:, None] * nodes, half, weight


def _slope(flow: Flow, viscosity: float, x: Array, y: Array, axis: int) -> Array:
    """∂p/∂x or ∂p/∂y by the momentum equation, with u = ψ_y and v = -ψ_x."""
    u, v = flow.on(x, y, 0, 1), -flow.on(x, y, 1, 0)
    if axis == 0:
        viscous = flow.on(x, y, 2, 1) + flow.on(x, y, 0, 3)
        return viscosity * viscous - u * flow.on(x, y, 1, 1) - v * flow.on(x, y, 0, 2)
    viscous = flow.on(x, y, 3, 0) + flow.on(x, y, 1, 2)
    return -viscosity * viscous + u * flow.on(x, y, 2, 0) + v * flow.on(x, y, 1, 1)
