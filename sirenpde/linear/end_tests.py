"""Tests of a residual along an axis all of whose conditions are at one end, as those of an evolution are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


class EndTests:
    """The tests along an axis with c conditions across it, at ``ends`` -1 or 1, for n orthonormal polynomials p_k.

    Plainly they are p_0, ..., p_(n - c - 1), and a residual that they do not see is any sum of the c highest. Such
    equations in slabs of time let waves grow that a slab does not resolve, with two conditions by
    (√β + √α) / (√β - √α) for each slab, α = (n - 2) (n - 1) / 2 and β = (n - 1) n / 2. So where all conditions are at
    one end the last test is

        Σ √(2 k + 1) p_k   over k = n - c - 1, ..., n - 1,

    which sees all of the highest but what vanishes at the other end. That is the method of Radau, which damps what
    decays too fast for it, and with two conditions no wave grows, whatever its frequency.

    ``change`` has the functions, in columns, of which the tests see the first n - c one by one and no other.

    Source: Hairer and Wanner, Solving Ordinary Differential Equations II, 1996, section IV.5 (Radau IIA, of one
    condition).

    >>> from sirenpde.linear.end_tests import EndTests
    >>> tests = EndTests(3, [-1])
    >>> seen = tests.combined(tests.change.new_ones(1, 3).diag_embed()[0]).T @ tests.change
    >>> seen[:2].round(decimals=9).add(0.0).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def __init__(self, count: int, ends: Sequence[int]) -> None:
        self.first = count - len(ends) - 1  # of the polynomials in the last test
        self.weights: Tensor | None = None
        self.change = torch.eye(count, dtype=torch.float64)
        if not ends or len(set(ends)) > 1 or self.first < 0:
            return
        k = torch.arange(self.first, count, dtype=torch.float64)
        self.weights = (2 * k + 1).sqrt() * (-float(ends[0])) ** k
        for place in range(self.first, count):
            self.change[:, place] = 0.0
            if place > self.first:
                self.change[place - 1, place] = 1 / self.weights[place - 1 - self.first]
                self.change[place, place] = -1 / self.weights[place - self.first]
        self.change[self.first, self.first] = 1 / self.weights[0]

    def combined(self, polynomials: Tensor) -> Tensor:
        """Polynomials (..., n) -> the tests, the last c as they are."""
        if self.weights is None:
            return polynomials
        combined = polynomials.clone()
        combined[..., self.first] = polynomials[..., self.first :] @ self.weights.to(polynomials)
        return combined
