"""Solitons of the Korteweg-de Vries equation that pass through one another."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..geometry.point import Axis, Point


def solitons(
    speeds: Sequence[float], places: Sequence[float], axes: tuple[Axis, Axis]
) -> Callable[[Point], Tensor]:
    """The exact solution of u_t + 6 u u_x + u_xxx = 0 made of N solitons.

    With k_i = √c_i and ξ_i = x - c_i t - x_i, and the sum over all signs s = (±1, ..., ±1),

        u = 2 ∂x² log Σ_s w_s exp(½ Σ_i s_i k_i ξ_i),     w_s = Π_{i<j} |s_i k_i - s_j k_j|.

    The second derivative of the logarithm of such a sum is the variance of the slopes ½ Σ s_i k_i under weights
    that add up to one; computed as that it neither overflows nor cancels. A single soliton is
    c/2 sech²(√c ξ/2); of two, this is the usual quotient of hyperbolic functions.

    Args:
        speeds: c_i, positive and distinct.
        places: x_i, the centres that the phases are counted from.
        axes: time, and the axis of space.

    Returns:
        A function of a point, differentiable to any order; use float64.

    Raises:
        ValueError: for speeds that are not positive or not distinct, or not as many as places.

    Source: Hirota, Exact solution of the Korteweg-de Vries equation for multiple collisions of solitons, 1971,
    in its form with symmetric phases.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> box = Box(t=(0, 1), x=(-10, 10))
    >>> one = solitons([4.0], [1.0], box.axes)
    >>> exact_values(one, box.axes, torch.tensor([[0.0, 1.0], [1.0, 5.0]]), {}).tolist()
    [2.0, 2.0]
    """
    if len(set(speeds)) < len(speeds) or len(speeds) != len(places) or not all(c > 0 for c in speeds):
        raise ValueError(
            f"solitons was given the speeds {list(speeds)} and the places {list(places)}; expected as many of one "
            f"as of the other, and speeds that are positive and differ. Correct them."
        )
    t, x = axes
    c, centre = (torch.tensor(values, dtype=torch.float64) for values in (speeds, places))
    signs = list(itertools.product((-1.0, 1.0), repeat=len(speeds)))
    pairs = list(itertools.combinations(range(len(speeds)), 2))
    roots = [math.sqrt(speed) for speed in speeds]
    logs = [sum(math.log(abs(s[i] * roots[i] - s[j] * roots[j])) for i, j in pairs) for s in signs]
    weight = torch.tensor(logs, dtype=torch.float64)
    slopes = torch.tensor(signs, dtype=torch.float64) * torch.sqrt(c) / 2  # (2^N, N)
    total = slopes.sum(1)

    def u(p: Point) -> Tensor:
        shares = torch.softmax(weight + slopes @ (x(p) - c * t(p) - centre), 0)
        mean = (shares * total).sum()
        return 2 * (shares * (total - mean) ** 2).sum()

    return u
