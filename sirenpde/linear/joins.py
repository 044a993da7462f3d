"""What joins the cells of a partition: on every face the value and normal derivatives of each field are unknown.

With P_l the orthonormal Legendre polynomials along the face and ℓ its local length, rows from each of its sides say

    ℓ^j ∂_n^j u(node) / U - Σ_l g_l P_l(node) = 0,    j = 0 .. m - 1,

so that a cell's rows touch its own coefficients and the g of its faces alone. m is the highest derivative along the
axis that a constraint asks for of the field: joined so, the pieces satisfy its equation across the face too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..calculus.field import Field
from ..geometry import can
from ..geometry.nodes import gauss
from ..networks.partition import Face, Partition
from ..residuals import System

SAME = 1e-9  # of a face: points that are one
DENSER = 2.5  # nodes to a polynomial at a singular point
CLOSEST = 1e-9  # of a face: so near its nodes come to such a point; nearer, rounding moves them
OVERSAMPLED = 1.5  # nodes to a polynomial, along each axis of a face


@dataclass(frozen=True)
class Joint:
    """One face: nodes on it (n, d), as its two cells see them, and the rows of the unknowns there.

    ``orders`` are how many derivatives of each field are joined, the value included; ``lengths`` what a derivative
    along the axis is multiplied by.
    """

    face: Face
    nodes: Tensor  # (n, d), as the first cell sees them
    roots: Tensor  # (n,), of their weights, whose sum is one
    basis: Tensor  # (n, k), the polynomials there
    orders: Mapping[Field, int]
    length: float
    near: Tensor | None = None  # (n,), distances from a singular point at an end, of the face's length
    fluxes: tuple[Any, ...] = ()  # in place of the highest derivatives of the fields ``lowered``
    lowered: tuple[Field, ...] = ()

    def width(self, components: Mapping[Field, int]) -> int:
        """How many unknowns it has."""
        return self.basis.shape[1] * sum(n * components[u] for u, n in self.orders.items())

    def scale(self, order: int) -> Tensor:
        """What the rows of a derivative are multiplied by, (n,): at a singular point it grows as 1 / r^order."""
        factor = self.length**order * self.roots
        return factor if self.near is None else factor * self.near**order

    def seen_by(self, cell: int) -> Tensor:
        """The nodes as one of its cells sees them: around a period at the low end of the axis."""
        if cell == self.face.first:
            return self.nodes
        moved = self.nodes.clone()
        moved[:, self.face.axis] = self.face.beyond
        return moved


def graded(joint: Joint, points: Sequence[Sequence[float]]) -> Joint:
    """The joint with nodes that are denser towards singular points at its ends, and an unknown for each.

    What is singular there is no polynomial. Faces of more than one axis, and those without such points, stay.
    """
    face = joint.face
    along = [axis for axis, (a, b) in enumerate(zip(face.low, face.high, strict=True)) if a < b]
    if len(along) != 1:
        return joint
    length = face.high[along[0]] - face.low[along[0]]
    at_low, at_high = (
        any(math.dist(end, point) < SAME * length for point in points) for end in (face.low, face.high)
    )
    if not at_low and not at_high:
        return joint
    t = gauss(0, 1, math.ceil(DENSER * joint.basis.shape[1])).nodes
    power = math.log(CLOSEST) / math.log(float(t[0]))
    low, high = t**power if at_low else t, (1 - t) ** power if at_high else 1 - t
    low, high = low / (low + high), high / (low + high)
    nodes = joint.nodes[:1].repeat(len(t), 1)
    nodes[:, along[0]] = torch.where(
        low < high, face.low[along[0]] + length * low, face.high[along[0]] - length * high
    )
    ones = torch.ones_like(t)
    near = torch.minimum(low if at_low else ones, high if at_high else ones)
    basis = torch.eye(len(t), dtype=torch.float64)
    return replace(joint, nodes=nodes, roots=ones / math.sqrt(len(t)), basis=basis, near=near)


def orders_along(system: System, axis: int) -> dict[Field, int]:
    """The highest derivative along an axis that a constraint inside the domain asks for of each field."""
    orders: dict[Field, int] = {u: 0 for u in system.problem.fields}
    for constraint, requests in zip(system.problem.constraints, system.problem.requests, strict=True):
        for d in requests.derivatives:
            name = d.field.axes[axis].name
            if _varies(constraint.domain, name):
                highest = max(powers[axis] for powers, _ in d.symbol.terms)
                orders[d.field] = max(orders[d.field], highest)
    return orders


def _varies(domain: object, axis: str) -> bool:
    """Whether a domain is more than slices across an axis, such as a start or a face."""
    patches = can.patches_of(domain)
    return patches is None or any(axis in {a.name for a in patch.free} for patch in patches)


def joints(
    partition: Partition,
    faces: Sequence[Face],
    orders: Sequence[Mapping[Field, int]],
    counts: Sequence[int],
    rates: Sequence[float],
) -> list[Joint]:
    """The joints of these faces.

    Args:
        orders: for every face, how many derivatives across it are joined of each field.
        counts: of polynomials along each axis of a face as long as the smaller of its cells.
        rates: how fast the features of cells of half length 1 are along each axis, in radians.
    """
    found = []
    for face, joined in zip(faces, orders, strict=True):
        lines, polynomials = [], []
        for axis, (low, high) in enumerate(zip(face.low, face.high, strict=True)):
            if axis == face.axis:
                lines.append(
                    (torch.tensor([face.place], dtype=torch.float64), torch.ones(1, dtype=torch.float64))
                )
                polynomials.append(torch.ones(1, 1, dtype=torch.float64))
                continue
            count = counts[axis]
            line = gauss(low, high, math.ceil(OVERSAMPLED * count))
            lines.append((line.nodes, line.weights))
            unit = gauss(-1, 1, math.ceil(OVERSAMPLED * count)).nodes.numpy()
            values = np.polynomial.legendre.legvander(unit, count - 1)
            polynomials.append(torch.from_numpy(values * np.sqrt(2 * np.arange(count) + 1)))
        nodes = torch.cartesian_prod(*(nodes for nodes, _ in lines)).reshape(-1, len(lines))
        weights, basis = torch.ones(1, dtype=torch.float64), torch.ones(1, 1, dtype=torch.float64)
        for (_, w), p in zip(lines, polynomials, strict=True):
            weights, basis = torch.kron(weights, w), torch.kron(basis, p)
        cells, axis = (face.first, face.second), face.axis
        halves = [(partition.high[cell][axis] - partition.low[cell][axis]) / 2 for cell in cells]
        length = math.sqrt(halves[0] * halves[1]) / max(1.0, rates[axis])
        found.append(Joint(face, nodes, weights.sqrt(), basis, joined, length))
    return found
