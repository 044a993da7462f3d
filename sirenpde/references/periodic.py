"""Evolution equations on a periodic interval: Fourier series and exponential time differencing."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..geometry.box import Box
from ..geometry.data.cloud import Cloud
from ..geometry.domain import Deferred

Modes = NDArray[np.complex128]  # Fourier coefficients of a real function, for the wavenumbers 0, ..., K

# Of the start: a kink's coefficients fall off as 1/k², and what aliases is then below 1e-12.
SAMPLES = 1 << 20
CIRCLE = 32  # points of the contour integrals


def evolved(
    spacetime: Box,
    start: Callable[[Tensor], Tensor],
    linear: Mapping[int, float],
    powers: Mapping[int, float],
    *,
    outer: int = 0,
    modes: int = 256,
    steps: int = 10_000,
    nodes: tuple[int, int] = (101, 257),
) -> Cloud:
    """The solution of an evolution equation on a periodic interval, as data "u" on a grid of nodes.

        u_t = Σ_j a_j ∂x^j u + ∂x^m Σ_p b_p u^p,     u = u0 at the first time.

    A Fourier series in x without aliasing, its coefficients carried in time by ETDRK4: the linear part exactly,
    the rest by a Runge-Kutta scheme of order four whose coefficients are contour integrals. It is computed when
    "u" is first read, once per process.

    Args:
        spacetime: two axes, time first; the second is a whole period.
        start: u0, of the coordinates (n,).
        linear: the order j of each derivative -> its factor a_j.
        powers: the power p of each term -> its factor b_p.
        outer: m.
        modes: K, the largest wavenumber in periods per interval.
        steps: time steps at least; rounded up to a multiple of the intervals between the nodes.
        nodes: how many along time and space, ends included.

    Returns:
        The nodes, float64, with their lattice.

    Raises:
        ValueError: for a box without exactly two axes, and on reading, where the solution grew beyond bounds.

    Source: Cox and Matthews, Exponential time differencing for stiff systems, 2002, equations 26 to 29; Kassam
    and Trefethen, Fourth-order time stepping for stiff PDEs, 2005, section 2.

    >>> import torch
    >>> from sirenpde import Box
    >>> box = Box(t=(0, 1), x=(0, 2 * torch.pi))
    >>> heat = evolved(box, torch.sin, {2: 1.0}, {1: 1.0}, modes=4, steps=100, nodes=(2, 5))
    >>> heat.data["u"].reshape(2, 5)[1, 1::2].round(decimals=9).tolist()  # u_t = u_xx + u keeps sin x as it is
    [1.0, -1.0]
    """
    if len(spacetime.axes) != 2:
        raise ValueError(
            f"evolved was given a box with the axes {', '.join(map(str, spacetime.axes))}; expected time and one "
            f"axis of space. Declare it as Box(t=(0, 1), x=(-1, 1))."
        )
    t, x = spacetime.axes
    grid = spacetime.nodes({t.name: nodes[0], x.name: nodes[1]})

    def values() -> Tensor:
        each = math.ceil(steps / (nodes[0] - 1))
        step = (t.high - t.low) / (each * (nodes[0] - 1))
        length = x.high - x.low
        coefficients = _sampled(start, x.low, length, modes)
        history = _history(
            coefficients.tobytes(), _terms(linear), _terms(powers), outer, length, step, each, nodes[0]
        )
        sampled = torch.from_numpy(_summed(history, nodes[1]))
        sampled[0] = start(grid.points[: nodes[1], 1])  # a start with a kink is no finite series
        return sampled.reshape(-1)

    return Cloud(
        grid.points, grid.axes, Deferred({"u": values}), f"reference on {grid.name}", lattice=grid.lattice
    )


def _terms(given: Mapping[int, float]) -> tuple[tuple[int, float], ...]:
    return tuple((order, float(factor)) for order, factor in sorted(given.items()))


def _sampled(start: Callable[[Tensor], Tensor], low: float, length: float, modes: int) -> Modes:
    x = low + length * torch.arange(SAMPLES, dtype=torch.float64) / SAMPLES
    coefficients: Modes = np.fft.rfft(start(x).numpy())[: modes + 1] / SAMPLES
    return coefficients


def _summed(history: Modes, nodes: int) -> NDArray[np.float64]:
    """Coefficients (times, K + 1) -> values (times, nodes) on the interval, ends included."""
    k = np.arange(history.shape[1])
    position = np.arange(nodes) / (nodes - 1)
    waves = np.exp(2j * np.pi * (np.outer(k, position) % 1)) * np.where(k == 0, 1, 2)[:, None]
    values: NDArray[np.float64] = (history @ waves).real
    return values


@lru_cache(maxsize=8)
def _history(
    start: bytes,
    linear: tuple[tuple[int, float], ...],
    powers: tuple[tuple[int, float], ...],
    outer: int,
    length: float,
    step: float,
    each: int,
    count: int,
) -> Modes:
    """The coefficients at ``count`` times, ``each`` steps apart, (count, K + 1)."""
    now = np.frombuffer(start, dtype=np.complex128)
    slope: Modes = (2j * np.pi / length * np.arange(len(now))).astype(np.complex128)  # what ∂x multiplies by
    advance = etdrk4(_multiplier(linear, slope), _dealiased(powers, slope**outer), step)
    history = [now]
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(count - 1):
            for _ in range(each):
                now = advance(now)
            if not np.isfinite(now).all():
                raise ValueError(
                    f"The reference grew beyond bounds after {len(history) * each} steps of {step:.2g}; a solution "
                    f"should stay finite. Raise steps, or look at the signs of the equation."
                )
            history.append(now)
    return np.stack(history)


def _multiplier(terms: tuple[tuple[int, float], ...], slope: Modes) -> Modes:
    return sum((factor * slope**order for order, factor in terms), np.zeros_like(slope))


def _dealiased(powers: tuple[tuple[int, float], ...], outside: Modes) -> Callable[[Modes], Modes]:
    """Coefficients -> those of the nonlinear part, on a grid so fine that no wave returns as a kept one."""
    from scipy.fft import irfft, next_fast_len, rfft

    count = len(outside)
    degree = max([1, *(power for power, _ in powers)])
    size = next_fast_len((degree + 1) * count, real=True)
    dense = [dict(powers).get(power, 0.0) for power in range(degree, -1, -1)]

    def nonlinear(v: Modes) -> Modes:
        u = irfft(v, size) * size
        total = dense[0] * u
        for factor in dense[1:-1]:
            total = (total + factor) * u if factor else total * u
        result: Modes = outside * rfft(total + dense[-1] if dense[-1] else total)[:count] / size
        return result

    return nonlinear


def etdrk4(linear: Modes, nonlinear: Callable[[Modes], Modes], step: float) -> Callable[[Modes], Modes]:
    """One step of v' = linear v + nonlinear(v), the linear part diagonal, arrays of any shape, by ETDRK4.

    >>> import numpy as np
    >>> advance = etdrk4(np.array([-1000.0 + 0j]), lambda v: np.ones_like(v), 0.1)
    >>> bool(abs(advance(np.array([1.0 + 0j])) - 1e-3) < 1e-15)  # v' = 1 - 1000 v is solved exactly
    True
    """
    z = step * linear
    full, half = np.exp(z), np.exp(z / 2)
    means = [np.zeros_like(z) for _ in range(4)]
    for angle in (
        np.arange(CIRCLE) + 0.5
    ) / CIRCLE:  # of contour integrals, whose points are few and arrays large
        around = z + np.exp(2j * np.pi * angle)
        whole = np.exp(around)
        means[0] += (np.exp(around / 2) - 1) / around
        means[1] += (-4 - around + whole * (4 - 3 * around + around**2)) / around**3
        means[2] += 2 * (2 + around + whole * (around - 2)) / around**3
        means[3] += (-4 - 3 * around - around**2 + whole * (4 - around)) / around**3
    middle, first, between, last = (step / CIRCLE * mean for mean in means)

    def advance(v: Modes) -> Modes:
        carried, at_start = half * v, nonlinear(v)
        a = carried + middle * at_start
        at_a = nonlinear(a)
        at_b = nonlinear(carried + middle * at_a)
        at_end = nonlinear(half * a + middle * (2 * at_b - at_start))
        result: Modes = full * v + first * at_start + between * (at_a + at_b) + last * at_end
        return result

    return advance
