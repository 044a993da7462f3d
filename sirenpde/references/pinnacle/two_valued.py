"""PINNacle's random medium of two materials, and heat and waves in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...geometry.domain import HasAxes
from ...geometry.point import Point
from .decay import decayed

Array = NDArray[np.float64]
Form = Literal["flux", "code"]

CELLS = 256  # of the medium along a side, the outermost half as wide
SEED = 20220722


@lru_cache(maxsize=1)
def medium() -> NDArray[np.bool_]:
    """Where the harder material is: nodes i/255 of the unit square, (256, 256), indexed by y and x.

    A Gaussian field whose Fourier coefficients have the size 1/k², drawn from NumPy's generator as the suite does,
    is above its mean. As a table of 1 and 2 it is the suite's file `heat_2d_coef_256.dat` to the last byte.

    >>> round(float(medium().mean()), 3)
    0.52
    """
    draw = np.random.RandomState(SEED)
    noise = draw.normal(size=(CELLS, CELLS)) + 1j * draw.normal(size=(CELLS, CELLS))
    k = np.fft.fftfreq(CELLS, 1 / CELLS)
    squares = k[:, None] ** 2 + k**2
    amplitude = np.divide(1, squares, out=np.zeros_like(squares), where=squares > 0)
    field = np.fft.ifft2(noise * amplitude).real
    harder: NDArray[np.bool_] = field > field.mean()
    return harder


def coefficient(low: float, high: float) -> Array:
    """The medium with these two values, (256, 256), indexed by x and y."""
    return np.where(medium(), high, low).T


def nearest(low: float, high: float, square: HasAxes) -> Callable[[Point], Tensor]:
    """The medium, stretched over a square, as a function of a point: the value of the nearest node."""
    values = torch.from_numpy(coefficient(low, high))
    x, y = (axis for axis in square.axes if not axis.is_time)
    side = x.high - x.low

    def a(p: Point) -> Tensor:
        unit = torch.stack([x(p) - x.low, y(p) - y.low]) / side
        i, j = ((CELLS - 1) * unit).round().long()
        return values.to(unit)[i, j]

    return a


def heat(form: Form, times: Sequence[float], fine: int = 2) -> tuple[Array, Array]:
    """Heat2d-VC: the nodes along a side (n + 2,) and the temperatures (times, n + 2, n + 2), indexed by x and y.

        u_t = div(a grad u) + f  or  u_t = a Δu + f,    f = 200 sin πx sin 5πy sin πt,    u = 0 at t = 0 and outside,

    with a = 1 or 2. Finite volumes, ``fine`` for each 1/255, their faces on the jumps of the medium; in time exact:
    what swings with the source, and what decays. Walls are nodes of their own.
    """
    from scipy.sparse import diags
    from scipy.sparse.linalg import spsolve

    a, x = _volumes(coefficient(1.0, 2.0), fine)
    flux = form == "flux"
    stiffness = _stiffness(a if flux else np.ones_like(a), 1.0, walls=True)
    mass = diags((np.ones_like(a) if flux else 1 / a).reshape(-1), format="csc")
    source = mass @ (200 * np.outer(np.sin(math.pi * x), np.sin(5 * math.pi * x))).reshape(-1)
    swing = spsolve((1j * math.pi * mass + stiffness).tocsc(), source.astype(complex))
    t = np.asarray(times)
    later = t[(t > 0) & (t < 3)]  # after that exp(-2π² t) is nothing
    values = np.outer(np.cos(math.pi * t), swing.imag) + np.outer(np.sin(math.pi * t), swing.real)
    values[(t > 0) & (t < 3)] += decayed(mass, stiffness, -swing.imag, later.tolist())
    values[t == 0] = 0
    whole = np.pad(values.reshape(len(t), len(x), len(x)), ((0, 0), (1, 1), (1, 1)))
    return np.concatenate([[0], x, [1]]), whole


def waves(form: Form, high: float, end: float, frames: int, fine: int = 2) -> tuple[Array, Array]:
    """Wave2d-CG: the places along a side (n,) and the displacements at as many even times (frames, n, n), by x and y.

        u_tt = div(c grad u), c by the nearest node,   or   u_tt = c Δu, c interpolated linearly,

    on (-1, 1)², ∂u/∂n = 0, from rest, u = exp(-((x + 1/2)² + y²) / 0.18), with c = 1 or ``high``. Finite volumes as
    in ``heat``, and leapfrog steps half as long as are stable.
    """
    c, unit = _volumes(coefficient(1.0, high), fine)
    if form == "code":
        c = _interpolated(coefficient(1.0, high), unit)
    x = 2 * unit - 1
    flux = form == "flux"
    stiffness = _stiffness(c if flux else np.ones_like(c), 2.0, walls=False)
    speed = 1.0 if flux else c.reshape(-1)
    bell = np.exp(-((x + 0.5) ** 2) / 0.18)
    now = np.outer(bell, np.exp(-(x**2) / 0.18)).reshape(-1)
    finest = (2 / len(x)) / math.sqrt(2 * c.max())
    each = math.ceil(2 * end / (frames - 1) / finest)
    square = (end / (frames - 1) / each) ** 2 * speed
    history, before = [now], now
    now = before - square * (stiffness @ before) / 2
    for _ in range(frames - 1):
        for _ in range(each - 1):
            now, before = 2 * now - before - square * (stiffness @ now), now
        history.append(now)
        now, before = 2 * now - before - square * (stiffness @ now), now
    return x, np.stack(history).reshape(-1, len(x), len(x))


def _volumes(table: Array, fine: int) -> tuple[Array, Array]:
    """Values in volumes of the unit square whose faces are on the jumps between the nodes, and their middles."""
    if fine % 2:
        raise ValueError(f"The volumes were asked to be {fine} for each 1/255; expected an even number.")
    n = (CELLS - 1) * fine
    x = (np.arange(n) + 0.5) / n
    nearest = np.floor(x * (CELLS - 1) + 0.5).astype(int)
    return table[np.ix_(nearest, nearest)], x


def _interpolated(table: Array, x: Array) -> Array:
    from scipy.interpolate import RegularGridInterpolator

    nodes = np.linspace(0, 1, CELLS)
    places = np.stack(np.meshgrid(x, x, indexing="ij"), -1)
    values: Array = RegularGridInterpolator((nodes, nodes), table)(places)
    return values


def _stiffness(a: Array, side: float, walls: bool) -> Any:
    """The matrix of -div(a grad ·) on square volumes, per area; at the sides 0 outside, or no flux."""
    from scipy.sparse import coo_matrix

    n = len(a)
    index = np.arange(n * n).reshape(n, n)
    rows, columns, entries = [], [], []
    for first, second, left, right in (
        (index[:-1], index[1:], a[:-1], a[1:]),
        (index[:, :-1], index[:, 1:], a[:, :-1], a[:, 1:]),
    ):
        face = (2 * left * right / (left + right)).reshape(-1)
        i, j = first.reshape(-1), second.reshape(-1)
        rows += [i, j, i, j]
        columns += [i, j, j, i]
        entries += [face, face, -face, -face]
    if walls:
        for edge, value in (
            (index[0], a[0]),
            (index[-1], a[-1]),
            (index[:, 0], a[:, 0]),
            (index[:, -1], a[:, -1]),
        ):
            rows.append(edge)
            columns.append(edge)
            entries.append(2 * value)
    triplets = np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))
    return coo_matrix(triplets, shape=(n * n, n * n)).tocsc() * (n / side) ** 2
