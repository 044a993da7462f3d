"""Lattices of sines that grow and shrink with the field, and continue it from one slab to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ..networks.series import SeparableSeries
from ..networks.sine_lattice import SineLattice
from .tensor_rows import AxisBasis, along_axis

ALONG, ACROSS = 4, 16  # orders to start with, along the axis of the march and the others
HIGHEST, UPPER = 0.85, 0.6  # parts of the order beyond which waves count as the highest, and as the upper
GROWTH, SHRINKAGE, LEAST = 1.5, 0.75, 8
NEGLIGIBLE = 0.01  # of the tolerance: upper waves that are dropped
LARGEST = 100_000  # coefficients of a field in one slab

Amplitudes = tuple[Sequence[AxisBasis], Tensor]  # of a field, with the functions that they belong to


def lattice(recipe: object) -> SineLattice:
    """The recipe, known to be one of a lattice."""
    assert isinstance(recipe, SineLattice)
    return recipe


def opened(recipe: SineLattice, axes: int, along: int) -> SineLattice:
    """The recipe with orders to start from, where it leaves them open."""
    return replace(recipe, orders=tuple(ALONG if axis == along else ACROSS for axis in range(axes)))


def tail(basis: AxisBasis, amplitudes: Tensor, axis: int, part: float) -> float:
    """The share, in the root mean square, of what varies beyond this part of the highest frequency of an axis.

    Along a periodic axis these are the waves, along any other Legendre polynomials: one of degree m varies at
    its middle like a wave of m radians per half side.
    """
    count = len(basis.basis.modes)
    if basis.is_periodic:
        place = torch.arange(count)
        wave = torch.where(place > count // 2, place - count // 2, place)
        beyond = amplitudes.index_select(
            axis, (wave > part * (count // 2)).nonzero()[:, 0].to(amplitudes.device)
        )
    else:
        beyond = along_axis(_polynomials(basis, part), amplitudes, axis)
    return float(beyond.norm()) / (float(amplitudes.norm()) or 1.0)


def _polynomials(basis: AxisBasis, part: float) -> Tensor:
    """What the functions of an axis have of each Legendre polynomial beyond a part of the highest degree, (m, K)."""
    line, count = basis.reference(), len(basis.basis.modes)
    low, high = basis.basis.low, basis.basis.high
    highest = max(count - 1, int(float(basis.basis.wavenumbers.max()) * (high - low) / 2))
    place = (2 * line.nodes - low - high) / (high - low)
    degrees = np.arange(int(part * highest) + 1, len(line.nodes))
    values = np.polynomial.legendre.legvander(place.numpy(), len(line.nodes) - 1)[:, degrees]
    polynomials = torch.from_numpy(values * np.sqrt(2 * degrees + 1))
    return basis.project(polynomials).T


def resized(recipe: SineLattice, fields: Sequence[Amplitudes], along: int, tolerance: float) -> SineLattice:
    """Higher orders where the highest waves of any field exceed the tolerance, lower ones where the upper vanish."""
    assert isinstance(recipe.orders, tuple)
    orders = list(recipe.orders)
    for axis, order in enumerate(orders):
        if axis == along:
            continue
        if max(tail(bases[axis], x, axis, HIGHEST) for bases, x in fields) > tolerance:
            orders[axis] = math.ceil(GROWTH * order)
        elif max(tail(bases[axis], x, axis, UPPER) for bases, x in fields) < NEGLIGIBLE * tolerance:
            orders[axis] = min(order, max(LEAST, math.ceil(SHRINKAGE * order)))
    return replace(recipe, orders=tuple(orders))


def is_larger(recipe: SineLattice, other: SineLattice) -> bool:
    """Whether it has a higher order along some axis."""
    assert isinstance(recipe.orders, tuple) and isinstance(other.orders, tuple)
    return any(a > b for a, b in zip(recipe.orders, other.orders, strict=True))


def fits(recipe: SineLattice) -> bool:
    assert isinstance(recipe.orders, tuple)
    return math.prod(2 * order + 1 for order in recipe.orders) <= LARGEST


def carried(module: SeparableSeries, theta: Tensor, into: SeparableSeries, along: int | None) -> Tensor:
    """The coefficients with which another series continues a field: its own values everywhere, or along one
    axis those at its end."""
    x = theta.double().view(module.coefficients.shape)
    for axis in range(module.dimension):
        old, new = AxisBasis(module.basis(axis)), AxisBasis(into.basis(axis))
        if old.is_periodic and new.is_periodic:
            x = _rescaled(x, axis, len(new.basis.modes) // 2)
            continue
        nodes = new.reference().nodes
        if axis == along:
            nodes = torch.full_like(nodes, old.basis.high)
        x = new.to_coefficients(along_axis(new.project(old.functions(nodes, 0)), x, axis), axis)
    return x.reshape(-1).to(theta.dtype)


def _rescaled(x: Tensor, axis: int, order: int) -> Tensor:
    """Coefficients of 1, cosines and sines along an axis, cut off or filled up with zeros to another order."""
    known = x.shape[axis] // 2
    kept = min(known, order)
    cosines, sines = x.narrow(axis, 0, kept + 1), x.narrow(axis, known + 1, kept)
    zeros = x.new_zeros([order - kept if a == axis else n for a, n in enumerate(x.shape)])
    return torch.cat([cosines, zeros, sines, zeros], dim=axis)
