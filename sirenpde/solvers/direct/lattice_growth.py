"""Lattices of sines that grow and shrink with the field, and continue it from one slab to the next."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ...calculus.field import Field
from ...geometry.point import Axis
from ...linear.axis_basis import AxisBasis, along_axis
from ...linear.tensor_rows import TensorRows
from ...networks.series import SeparableSeries
from ...networks.sine_lattice import SineLattice
from ...residuals import Parameters


@dataclass(frozen=True)
class GrowthPolicy:
    """The orders that lattices start with, how they follow the field, and how large they may become."""

    # Orders to start with, the first that are affordable: along the axis of a march, and along the others.
    along: tuple[int, ...] = (4, 2)
    across: tuple[int, ...] = (12, 8, 5, 3, 2)
    # Parts of the order beyond which waves count as the highest, whose size is the error of the truncation, and as
    # the upper: if these vanish, so many were never needed.
    highest: float = 0.85
    upper: float = 0.6
    # Orders grow by half, so that a field which needs ten times as many has them after six solves ...
    growth: float = 1.5
    # ... and by little where a factor is already large, since its cost grows with the cube of its columns.
    gentle: float = 1.2
    # Orders shrink by a quarter, to no fewer than these, where the upper waves are below this part of the
    # tolerance.
    shrinkage: float = 0.75
    least: int = 8
    negligible: float = 0.01
    # Coefficients of a field.
    largest: int = 100_000
    # Columns of the factor of one wave: from the first number on it takes seconds, and at the second the factor and
    # what it comes from take some 1.7 GiB.
    wide: int = 1500
    widest: int = 8500


GROWTH = GrowthPolicy()
Lattices = Mapping[Field, SineLattice]


def open_lattices(recipes: Mapping[Field, object]) -> dict[Field, SineLattice]:
    """The lattices whose orders are left to the solver."""
    return {u: r for u, r in recipes.items() if isinstance(r, SineLattice) and r.is_open}


def opened(recipes: Lattices, along: Axis | None) -> dict[Field, SineLattice]:
    """The lattices with orders to start from."""
    for across, slow in itertools.product(GROWTH.across, GROWTH.along):
        lattices = {
            u: replace(r, orders=tuple(slow if along and a.name == along.name else across for a in u.axes))
            for u, r in recipes.items()
        }
        if affordable(lattices) and (slow == GROWTH.along[-1] or columns(lattices) <= GROWTH.wide):
            break
    return lattices


@dataclass(frozen=True)
class Tails:
    """What of the fields is in their highest waves, and in the upper ones, by the axes' names."""

    highest: Mapping[str, float]
    upper: Mapping[str, float]

    @property
    def worst(self) -> float:
        return max(self.highest.values(), default=0.0)


def tails(rows: TensorRows, amplitudes: Tensor, recipes: Lattices, along: Axis | None) -> Tails:
    """The largest of all fields' tails, on all axes but one."""
    by_field = rows.split(amplitudes)
    highest: dict[str, float] = {}
    upper: dict[str, float] = {}
    for u in recipes:
        for axis_index, axis in enumerate(u.axes):
            if along is not None and axis.name == along.name:
                continue
            for sizes, share in ((highest, GROWTH.highest), (upper, GROWTH.upper)):
                size = tail(rows.waves[u][axis_index], by_field[u], axis_index, share)
                sizes[axis.name] = max(sizes.get(axis.name, 0.0), size)
    return Tails(highest, upper)


def resized(recipes: Lattices, sizes: Tails, tolerance: float) -> dict[Field, SineLattice]:
    """Higher orders where the highest waves exceed the tolerance, lower ones where the upper vanish."""
    lattices, growth = dict(recipes), GROWTH.growth if columns(recipes) <= GROWTH.wide else GROWTH.gentle
    for u, recipe in recipes.items():
        for index, (axis, order) in enumerate(zip(u.axes, orders_of(recipe), strict=True)):
            if sizes.highest.get(axis.name, 0.0) > tolerance:
                lattices[u] = _with(lattices[u], index, math.ceil(growth * order))
            elif sizes.upper.get(axis.name, math.inf) < GROWTH.negligible * tolerance:
                lattices[u] = _with(
                    lattices[u], index, min(order, max(GROWTH.least, math.ceil(GROWTH.shrinkage * order)))
                )
    return lattices


def within_reach(wanted: Lattices, current: Lattices) -> Lattices:
    """The lattices that are wanted, or, where these are too large, the largest on the way to them."""
    if affordable(wanted):
        return wanted
    for share in (0.75, 0.5, 0.25):
        nearer = dict(wanted)
        for u, recipe in current.items():
            pairs = zip(orders_of(recipe), orders_of(wanted[u]), strict=True)
            nearer[u] = replace(recipe, orders=tuple(a + round(share * (b - a)) for a, b in pairs))
        if affordable(nearer) and larger(nearer, current):
            return nearer
    return wanted


def larger(recipes: Lattices, others: Mapping[Field, object]) -> set[Field]:
    """The fields whose lattice has a higher order along some axis."""
    return {
        u
        for u, recipe in recipes.items()
        if any(a > b for a, b in zip(orders_of(recipe), orders_of(others[u]), strict=True))
    }


def affordable(recipes: Lattices) -> bool:
    """Whether the coefficients, and the factor of one wave of all fields together, are not too many."""
    sizes = [math.prod(_functions(recipe)) for recipe in recipes.values()]
    return columns(recipes) <= GROWTH.widest and max(sizes, default=0) <= GROWTH.largest


def columns(recipes: Lattices) -> int:
    """Of the factor of one wave of all fields together."""
    return sum(
        u.outputs * math.prod(n for a, n in zip(u.axes, _functions(r), strict=True) if a not in u.periodic)
        for u, r in recipes.items()
    )


def _functions(recipe: object) -> list[int]:
    return [2 * order + 1 for order in orders_of(recipe)]


def orders_of(recipe: object) -> tuple[int, ...]:
    assert isinstance(recipe, SineLattice) and isinstance(recipe.orders, tuple)
    return recipe.orders


def _with(recipe: SineLattice, index: int, order: int) -> SineLattice:
    orders = orders_of(recipe)
    return replace(recipe, orders=(*orders[:index], order, *orders[index + 1 :]))


def tail(basis: AxisBasis, amplitudes: Tensor, axis: int, share: float) -> float:
    """The share, in the root mean square, of what varies beyond this part of the highest frequency of an axis.

    Along a periodic axis these are the waves, along any other Legendre polynomials: one of degree m varies at
    its middle like a wave of m radians per half side.
    """
    count = len(basis.basis.modes)
    if basis.is_periodic:
        index = torch.arange(count)
        wave = torch.where(index > count // 2, index - count // 2, index)
        beyond = amplitudes.index_select(
            axis, (wave > share * (count // 2)).nonzero()[:, 0].to(amplitudes.device)
        )
    else:
        beyond = along_axis(_polynomials(basis, share), amplitudes, axis)
    return float(beyond.norm()) / (float(amplitudes.norm()) or 1.0)


def _polynomials(basis: AxisBasis, share: float) -> Tensor:
    """What the functions of an axis have of each Legendre polynomial beyond a part of the highest degree, (m, K)."""
    line, count = basis.reference(), len(basis.basis.modes)
    low, high = basis.basis.low, basis.basis.high
    highest = max(count - 1, int(basis.highest))
    scaled = (2 * line.nodes - low - high) / (high - low)
    degrees = np.arange(int(share * highest) + 1, len(line.nodes))
    values = np.polynomial.legendre.legvander(scaled.numpy(), len(line.nodes) - 1)[:, degrees]
    polynomials = torch.from_numpy(values * np.sqrt(2 * degrees + 1))
    return basis.project(polynomials).T


def continued(parameters: Parameters, theta: Tensor, into: Parameters, along: Axis | None = None) -> Tensor:
    """The coefficients with which other series continue the fields: their own values everywhere, or along one
    axis those at its end."""
    pieces = []
    for u, series in into.networks.items():
        module = parameters.networks[u]
        assert isinstance(module, SeparableSeries) and isinstance(series, SeparableSeries)
        index = None if along is None else u.position(along)
        pieces.append(_continued(module, parameters.of(u, theta), series, index))
    return torch.cat(pieces)


def _continued(module: SeparableSeries, theta: Tensor, into: SeparableSeries, along: int | None) -> Tensor:
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
    shared = min(known, order)
    cosines, sines = x.narrow(axis, 0, shared + 1), x.narrow(axis, known + 1, shared)
    zeros = x.new_zeros([order - shared if a == axis else n for a, n in enumerate(x.shape)])
    return torch.cat([cosines, zeros, sines, zeros], dim=axis)
