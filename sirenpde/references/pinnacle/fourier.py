"""PINNacle's nonlinear evolution problems on a square, by Fourier and sine series carried in time by ETDRK4."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...geometry.box import Box
from ...geometry.point import Axis, Point
from ...problem.reference import exact_values
from ..periodic import etdrk4

Array = NDArray[np.float64]
Modes = NDArray[np.complex128]

SEED = 20220722  # of the suite
WAVES = 4  # of Burgers2d-C's start along each axis, from 0
BELLS = ((-0.05, -0.02), (0.05, 0.02))  # middles of Gray-Scott's start in u and v


def heat_reaction(modes: int, step: float, end: float, frames: int) -> Array:
    """Heat2d-LT: coefficients of sin kπx sin lπy at even times, (frames, modes, modes), indexed by k and l from 1.

        u_t = Δu / 1000 + 5 sin(u²) (1 + 2 sin πt/4) sin 4πx sin 2πy  on (0, 1)²,  u = 0 outside,
        u = sin 4πx sin 3πy  at t = 0.

    The solution is odd about the sides. Its nonlinear part is taken on a grid half again as fine as the modes need;
    time is one more unknown, whose rate is 1.
    """
    from scipy.fft import dstn

    k = np.arange(1, modes + 1)
    linear = np.append(-1e-3 * math.pi**2 * (k[:, None] ** 2 + k**2).reshape(-1), 0.0)
    count = 3 * (modes + 1) // 2 - 1  # inner nodes
    x = np.arange(1, count + 1) / (count + 1)
    source = 5 * np.outer(np.sin(4 * math.pi * x), np.sin(2 * math.pi * x))

    def rate(v: Modes) -> Modes:
        t = v[-1].real
        padded = np.zeros((count, count))
        padded[:modes, :modes] = v[:-1].real.reshape(modes, modes)
        u = dstn(padded, type=1) / 4
        pushed = dstn(np.sin(u * u) * source * (1 + 2 * math.sin(math.pi * t / 4)), type=1)
        kept = pushed[:modes, :modes] / (count + 1) ** 2
        return np.append(kept.reshape(-1), 1.0).astype(complex)

    start = np.zeros(modes * modes + 1, dtype=complex)
    start[3 * modes + 2] = 1
    history = _carried(start, linear.astype(complex), rate, step, end, frames)
    return history[:, :-1].real.reshape(frames, modes, modes)


def gray_scott(count: int, step: float, end: float, frames: int) -> Array:
    """GS: u and v at even times on the nodes -1 + 2i/count, (frames, 2, count, count), indexed by x and y.

    u_t = 1e-5 Δu + 0.04 (1 - u) - u v²,    v_t = 5e-6 Δv - 0.1 v + u v²    on (-1, 1)², periodic,
    u = 1 - exp(-80 ((x + 0.05)² + (y + 0.02)²)),    v = exp(-80 ((x - 0.05)² + (y - 0.02)²))   at t = 0.
    """
    x = -1 + 2 * np.arange(count) / count
    bells = [np.outer(np.exp(-80 * (x - a) ** 2), np.exp(-80 * (x - b) ** 2)) for a, b in BELLS]
    squares = (math.pi * _waves(count)) ** 2
    linear = np.stack([-1e-5 * squares - 0.04, -5e-6 * squares - 0.1])

    def rate(u: Array, v: Array) -> Array:
        eaten = u * v * v
        return np.stack([0.04 - eaten, eaten])

    def nonlinear(w: Modes) -> Modes:
        return _to_modes(rate(*_to_values(w, count)))

    start = _to_modes(np.stack([1 - bells[0], bells[1]]))
    history = _carried(start, linear.astype(complex), nonlinear, step, end, frames)
    return np.stack([_to_values(w, count) for w in history])


def burgers_start(x: Axis, y: Axis) -> Callable[[Point], Tensor]:
    """The velocity (2,) at t = 0 of Burgers2d-C as a function of a point, of period 1.

    Waves of up to three periods with normally distributed amplitudes, drawn from NumPy's generator as the suite does,
    scaled so that the largest value on the suite's grid is 2, and a constant.
    """
    draw = np.random.RandomState(SEED)
    sines, cosines = np.moveaxis(draw.normal(size=(2, 2, WAVES, WAVES)), 1, 0)  # of u and v
    shift = torch.from_numpy(draw.normal(size=2))
    k, grid = np.arange(WAVES), 2 * math.pi * np.linspace(0, 4, 512)
    turning = np.exp(1j * np.outer(grid, k))
    largest = (turning @ (cosines - 1j * sines) @ turning.T).real.max()
    amplitudes = torch.from_numpy(2 / largest * np.stack([sines, cosines]))
    period = 2 * math.pi * torch.arange(WAVES, dtype=torch.float64)

    def velocity(p: Point) -> Tensor:
        phase = (period * x(p))[:, None] + period * y(p)
        waves = torch.stack([torch.sin(phase), torch.cos(phase)])
        return (amplitudes * waves[:, None]).sum((0, 2, 3)) + shift

    return velocity


def burgers(count: int, step: float, end: float, frames: int) -> Array:
    """Burgers2d-C: u and v at even times on nodes i/count of the unit cell, (frames, 2, count, count), by x and y.

        u_t + u u_x + v u_y = Δu / 1000,    v_t + u v_x + v v_y = Δv / 1000,    periodic with period 1.

    The suite's square is sixteen such cells.
    """
    cell = Box(x=(0, 1), y=(0, 1))
    places = torch.arange(count, dtype=torch.float64) / count
    first = exact_values(burgers_start(*cell.axes), cell.axes, torch.cartesian_prod(places, places), {})
    along_x = 2j * math.pi * np.fft.fftfreq(count, 1 / count)[:, None]
    along_y = 2j * math.pi * np.arange(count // 2 + 1)
    kept = np.maximum(abs(along_x), abs(along_y)) < 2 * math.pi * count / 3  # without aliasing

    def rate(w: Modes) -> Modes:
        u, v = _to_values(w, count)
        across, up = _to_values(w * along_x, count), _to_values(w * along_y, count)
        advected: Modes = _to_modes(-(u * across + v * up)) * kept
        return advected

    linear = np.broadcast_to(-1e-3 * (2 * math.pi * _waves(count)) ** 2, (2, count, count // 2 + 1))
    start = _to_modes(first.T.reshape(2, count, count).numpy()) * kept
    history = _carried(start, linear.astype(complex), rate, step, end, frames)
    return np.stack([_to_values(w, count) for w in history])


def _carried(
    start: Modes, linear: Modes, nonlinear: Callable[[Modes], Modes], step: float, end: float, frames: int
) -> Modes:
    """The coefficients at even times, in steps of at most ``step``."""
    each = math.ceil(end / (frames - 1) / step - 1e-9)
    advance = etdrk4(linear, nonlinear, end / (frames - 1) / each)
    history = [start]
    for _ in range(frames - 1):
        now = history[-1]
        for _ in range(each):
            now = advance(now)
        history.append(now)
    return np.stack(history)


def _waves(count: int) -> Array:
    """The length of the wave vector, in periods, of every coefficient (count, count // 2 + 1)."""
    length: Array = np.hypot(np.fft.fftfreq(count, 1 / count)[:, None], np.arange(count // 2 + 1))
    return length


def _to_values(modes: Modes, count: int) -> Array:
    from scipy.fft import irfft2

    values: Array = irfft2(modes, s=(count, count))
    return values


def _to_modes(values: Array) -> Modes:
    from scipy.fft import rfft2

    modes: Modes = rfft2(values)
    return modes
