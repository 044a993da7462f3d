"""Free vibrations, M q'' + K q = 0, at many times at once, to rounding."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .discrete import Discrete

BLOCK = 16  # polynomials that are added up together


def vibrated(system: Discrete, q: Tensor, v: Tensor, times: Tensor, fastest: float) -> tuple[Tensor, Tensor]:
    """q at ascending times (m,) after a start with q and v, (m, nodes), and v at the last of them.

    With A = K / M, B = 2 A / w² - 1 for a frequency w above all of them, and Chebyshev's polynomials,

        q(t) = cos(t √A) q + sin(t √A) / √A v,
        cos(t √A) = J_0(wt) + 2 Σ (-1)^k J_2k(wt) T_k(B),

    and the integral of this in time. Beyond 2k = wt the terms fall faster than exponentially.

    Source: Tal-Ezer, Spectral methods in time for hyperbolic equations, 1986.
    """
    w = fastest
    at_values, at_rates, at_end = _strengths(w * times, w)

    def b(u: Tensor) -> Tensor:
        moved = system.stiffness(u) / system.masses
        moved[system.held] = 0
        return (2 / w**2) * moved - u

    values, end = q.new_zeros(len(times), len(q)), torch.zeros_like(q)
    for start, here, then in ((q, at_values, at_end[0]), (v, at_rates, at_end[1])):
        before, now, block = start, b(start), [start]
        for k in range(1, here.shape[1] + 1):
            if len(block) == BLOCK or k == here.shape[1]:
                columns, stacked = slice(k - len(block), k), torch.stack(block)
                values.addmm_(here[:, columns], stacked)
                end += then[columns] @ stacked
                block = []
            block.append(now)
            before, now = now, 2 * b(now) - before
    return values, end


def _strengths(z: Tensor, w: float) -> tuple[Tensor, Tensor, Tensor]:
    """What T_k(B) q and T_k(B) v count in q at phases z (m,), each (m, k), and in v at the last of them, (2, k)."""
    from scipy.special import jv

    largest = float(z[-1])
    count = math.ceil(largest / 2 + 4 * largest ** (1 / 3) + 12)
    orders = torch.arange(2 * count + 2, dtype=torch.float64)
    bessel = torch.from_numpy(jv(orders.numpy(), z.numpy()[:, None]))
    even, odd = bessel[:, 0::2][:, :count], bessel[:, 1::2]
    sign = 2 * (-1.0) ** torch.arange(count, dtype=torch.float64)
    sign[0] = 1
    # The integral of J_2k is twice the sum of the odd ones above.
    above = odd.flip(1).cumsum(1).flip(1)[:, :count]
    # Its derivative is half the difference of its neighbours, and J_-1 is -J_1.
    lower = torch.cat([-odd[-1:, :1], odd[-1:, : count - 1]], dim=1)
    slopes = (lower - odd[-1:, :count]) / 2
    return sign * even, sign * (2 / w) * above, torch.cat([sign * w * slopes, sign * even[-1:]])
