"""Equations that a series, or an ordinary equation at each place, solves to the last digit."""

from __future__ import annotations

from math import pi

import numpy as np

from .measured import Array, Classical, relative, timed


def wave_string(n: int = 32) -> Classical:
    """u_tt = 4 u_xx with fixed ends from rest: a sine transform of the start, each sine exact in time."""
    from scipy.fft import dst, idst

    x, times = np.arange(1, n) / n, np.linspace(0, 1, 11)

    def solve() -> Array:
        modes = dst(np.sin(pi * x) + 0.5 * np.sin(4 * pi * x), 1)
        values: Array = idst(modes * np.cos(2 * pi * np.outer(times, np.arange(1, n))), 1)
        return values

    values, seconds = timed(solve)
    t = times[:, None]
    exact = np.sin(pi * x) * np.cos(2 * pi * t) + 0.5 * np.sin(4 * pi * x) * np.cos(8 * pi * t)
    return Classical(f"sine series {n}, exact in time", relative(values, exact), seconds)


def convection(n: int = 32) -> Classical:
    """u_t + 40 u_x = 0 on a period 2π from sin x: a Fourier series, each wave exact in time."""
    x, times = 2 * pi * np.arange(n) / n, np.linspace(0, 1, 11)

    def solve() -> Array:
        modes = np.fft.rfft(np.sin(x))
        values: Array = np.fft.irfft(modes * np.exp(-40j * np.outer(times, np.arange(len(modes)))), n)
        return values

    values, seconds = timed(solve)
    return Classical(
        f"Fourier {n}, exact in time", relative(values, np.sin(x - 40 * times[:, None])), seconds
    )


def reaction(n: int = 257) -> Classical:
    """u_t = 5u (1 - u) from a Gaussian: an ordinary equation at each x, by a Runge-Kutta method of order eight."""
    from scipy.integrate import solve_ivp

    x, times = np.linspace(0, 2 * pi, n), np.linspace(0, 1, 11)
    start = np.exp(-((x - pi) ** 2) / (2 * (pi / 4) ** 2))

    def solve() -> Array:
        run = solve_ivp(lambda t, u: 5 * u * (1 - u), (0, 1), start, "DOP853", times, rtol=1e-13, atol=1e-15)
        values: Array = run.y.T
        return values

    values, seconds = timed(solve)
    grown = start * np.exp(5 * times[:, None])
    return Classical(f"DOP853 at {n} points", relative(values, grown / (grown + 1 - start)), seconds)
