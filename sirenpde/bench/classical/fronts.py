"""Pulses and fronts on a square over time: plane waves, each exact in time, and the method of lines."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, pi, radians, sin, sqrt

import numpy as np

from .boxes import chebyshev
from .measured import Array, Classical, relative, timed

TIMES = 11  # at which errors are measured, the start included


def pulse(
    velocity: tuple[float, float], diffusivity: float, start: Callable[[Array, Array], Array], n: int
) -> Array:
    """u_t + c·∇u = κ Δu on [-2, 2]² with periods, t <= 1: values (times, n, n), each plane wave exact in time.

    A pulse that is nothing at the ends of the periods solves the equation on the plane.
    """
    x, k = -2 + 4 * np.arange(n) / n, 2 * pi * np.fft.fftfreq(n, 4 / n)
    modes = np.fft.fft2(start(x[:, None], x[None, :]))
    rate = -1j * (velocity[0] * k[:, None] + velocity[1] * k) - diffusivity * (k[:, None] ** 2 + k**2)
    values: Array = np.fft.ifft2(modes * np.exp(np.linspace(0, 1, TIMES)[:, None, None] * rate)).real
    return values


def carried_pulse(sharpness: float = 30.0, n: int = 96) -> Classical:
    """exp(-s r²), carried by (1, 1/2) from (-1/2, -1/5), measured in [-1, 1]²."""
    return _pulse((1.0, 0.5), 0.0, (-0.5, -0.2), 1 / sqrt(2 * sharpness), (-1.0, 1.0), n)


def drifting_pulse(width: float = 0.06, diffusivity: float = 1e-4, n: int = 240) -> Classical:
    """A bell that drifts with (0.5, 0.4) from (0.25, 0.3) and spreads, measured in [0, 1]²."""
    return _pulse((0.5, 0.4), diffusivity, (0.25, 0.3), width, (0.0, 1.0), n)


def _pulse(
    velocity: tuple[float, float],
    diffusivity: float,
    centre: tuple[float, float],
    width: float,
    where: tuple[float, float],
    n: int,
) -> Classical:
    def exact(x: Array, y: Array, t: Array) -> Array:
        spread = width**2 + 2 * diffusivity * t
        along, across = x - centre[0] - velocity[0] * t, y - centre[1] - velocity[1] * t
        bell: Array = width**2 / spread * np.exp(-(along**2 + across**2) / (2 * spread))
        return bell

    values, seconds = timed(lambda: pulse(velocity, diffusivity, lambda x, y: exact(x, y, np.zeros(())), n))
    x, t = -2 + 4 * np.arange(n) / n, np.linspace(0, 1, TIMES)[:, None, None]
    inside = np.flatnonzero((where[0] <= x) & (x <= where[1]))
    true = exact(x[inside, None], x[inside], t)
    return Classical(f"Fourier {n}², exact in time", relative(values[:, inside][:, :, inside], true), seconds)


def fisher(rate: float = 600.0, place: float = 0.2, n: int = 80) -> Classical:
    """u_t = u_xx + ρ u (1 - u) on [0, 1], t <= 1/100, with a front's values at the ends."""
    from scipy.integrate import solve_ivp

    steepness = sqrt(rate / 6)
    (x, first), times = chebyshev(n, 0.0, 1.0), np.linspace(0, 0.01, TIMES)
    second, inside = first @ first, slice(1, -1)

    def exact(t: float) -> Array:
        front: Array = (1 + np.exp(steepness * (x - place - 5 * steepness * t))) ** -2.0
        return front

    def slope(t: float, inner: Array) -> Array:
        u = exact(t)
        u[inside] = inner
        rising: Array = (second @ u)[inside] + rate * inner * (1 - inner)
        return rising

    def jacobian(t: float, inner: Array) -> Array:
        return second[inside, inside] + np.diag(rate * (1 - 2 * inner))

    def solve() -> Array:
        words = {"method": "Radau", "t_eval": times, "rtol": 1e-11, "atol": 1e-13, "jac": jacobian}
        values: Array = solve_ivp(slope, (0, 0.01), exact(0.0)[inside], **words).y.T
        return values

    values, seconds = timed(solve)
    true = np.stack([exact(t)[inside] for t in times])
    return Classical(f"Chebyshev {n + 1}, Radau", relative(values, true), seconds)


def travelling_front(
    width: float = 0.05, threshold: float = 0.25, angle: float = 30.0, until: float = 10.0, n: int = 36
) -> Classical:
    """u_t = ε² Δu + u (1 - u) (u - a) on a square, with an oblique front's values on the sides."""
    from scipy.integrate import solve_ivp

    speed = sqrt(2) * width * (0.5 - threshold)
    (x, first), times = chebyshev(n, 0.0, 1.0), np.linspace(0, until, TIMES)
    second, inside = width**2 * first @ first, (slice(1, -1), slice(1, -1))
    ahead = cos(radians(angle)) * x[:, None] + sin(radians(angle)) * x - 0.4

    def exact(t: float) -> Array:
        front: Array = 1 / (1 + np.exp((ahead - speed * t) / (sqrt(2) * width)))
        return front

    def slope(t: float, inner: Array) -> Array:
        u = exact(t)
        u[inside] = inner.reshape(n - 1, n - 1)
        rising: Array = (second @ u + u @ second.T + u * (1 - u) * (u - threshold))[inside]
        return rising.reshape(-1)

    def solve() -> Array:
        start = exact(0.0)[inside].reshape(-1)
        values: Array = solve_ivp(slope, (0, until), start, "DOP853", times, rtol=1e-9, atol=1e-11).y.T
        return values

    values, seconds = timed(solve)
    true = np.stack([exact(t)[inside].reshape(-1) for t in times])
    return Classical(f"Chebyshev {n + 1}², DOP853", relative(values, true), seconds)
