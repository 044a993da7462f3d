"""Splines on tensor grids as functions of one point, which torch differentiates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .constants import Constant, row


@dataclass(frozen=True, eq=False)
class _Along:
    """The B-splines of one axis as polynomials between neighbouring knots.

    In the interval i they are, with s = (x - low_i) / width_i in [0, 1], basis_i (degree + 1, degree + 1) times
    (1, s, s², ...).
    """

    inner: Constant  # the knots without the first and the last
    low: Constant
    width: Constant
    basis: Constant

    def weights(self, x: Tensor, degree: int) -> tuple[Tensor, Tensor]:
        """The interval of a coordinate (), and the values there of the B-splines that do not vanish."""
        # The sum lies in one piece of memory, without which torch warns.
        i = torch.bucketize(x + 0.0, self.inner.like(x), right=True)
        s = (x - row(self.low.like(x), i)) / row(self.width.like(x), i)
        powers = [torch.ones_like(s)]
        for _ in range(degree):
            powers.append(powers[-1] * s)
        return i, row(self.basis.like(x), i) @ torch.stack(powers)


@dataclass(frozen=True, eq=False)
class TensorSpline:
    """The spline of odd degree through values on a tensor grid: continuous with degree - 1 derivatives.

    The error is of order h^(degree + 1) for smooth values, one order less for each derivative. At the ends it is
    "not a knot". Source: de Boor, A Practical Guide to Splines, 1978; coefficients by SciPy.
    """

    axes: tuple[_Along, ...]
    ends: Constant  # (2, d)
    coefficients: Constant  # (n_1 ... n_d, m): flat
    counts: tuple[int, ...]
    degree: int
    shape: tuple[int, ...]

    def __call__(self, x: Tensor) -> Tensor:
        """The value, of the shape of one grid value, at one point (d,)."""
        place = torch.zeros((), dtype=torch.int64, device=x.device)
        steps = torch.arange(self.degree + 1, device=x.device)
        weights = []
        for axis, count, c in zip(self.axes, self.counts, x.unbind(), strict=True):
            i, values = axis.weights(c, self.degree)
            place = place[..., None] * count + (i + steps)
            weights.append(values)
        block = self.coefficients.like(x)[place]  # (degree + 1, ..., degree + 1, m)
        for values in weights:
            block = torch.tensordot(values, block, dims=1)
        return block.reshape(self.shape)


def through(grid: Sequence[NDArray[np.float64]], values: NDArray[np.float64], degree: int) -> TensorSpline:
    """The spline through values (n_1, ..., n_d, *shape) at ascending coordinates."""
    from scipy.interpolate import make_interp_spline

    axes, coefficients = [], values
    for a, x in enumerate(grid):
        spline = make_interp_spline(x, coefficients, k=degree, axis=a)
        coefficients = np.moveaxis(spline.c, 0, a)
        axes.append(_pieces(spline.t, degree))
    flat = np.ascontiguousarray(coefficients).reshape(int(np.prod(values.shape[: len(grid)])), -1)
    counts = tuple(map(len, grid))
    ends = torch.tensor([[x[end] for x in grid] for end in (0, -1)], dtype=torch.float64)
    shape = values.shape[len(grid) :]
    return TensorSpline(tuple(axes), Constant(ends), Constant(torch.from_numpy(flat)), counts, degree, shape)


def _pieces(knots: NDArray[np.float64], degree: int) -> _Along:
    """Each interval's B-splines as polynomials, from their values at points inside."""
    from scipy.interpolate import BSpline

    breaks = knots[degree : len(knots) - degree]
    width = np.diff(breaks)
    s = (1 - np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))) / 2
    places = (breaks[:-1, None] + s * width[:, None]).reshape(-1)
    rows = BSpline.design_matrix(places, knots, degree).data.reshape(len(width), degree + 1, degree + 1)
    basis = np.linalg.solve(np.vander(s, increasing=True), rows).swapaxes(1, 2)
    parts = (breaks[1:-1], breaks[:-1], width, basis)
    return _Along(*(Constant(torch.from_numpy(np.ascontiguousarray(part))) for part in parts))
