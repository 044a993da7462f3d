"""What constraints leave undetermined: directions in which the fields move and the residuals do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Field
from ..calculus.symbols import Symbol
from ..engines.registry import engine_for
from ..networks.linear_head import head_width
from ..residuals import Batch, System
from ..residuals.chunks import mapped
from .dense_rows import column_count, tangent
from .qr import solve_dense

# Beyond so many columns the singular values would take longer than the solve.
MOST_COLUMNS = 1000
# Directions in which features make so little of a field, relative to the largest, are left out. They come from the
# eigenvalues of squares, whose rounding is 1e-8 of it: what is above has two digits at least.
NOISE = 1e-6
# Directions that are told: a list that is still read. The next one is what ordinary directions are like.
MOST = 8

# All sizes are relative to what slow fields make of each constraint, so that 1 is an ordinary one. Where even the
# smallest is no smaller, nothing stands out, and it is not looked at more closely.
FAINT = 1.0
# A size is small where a wide gap parts it from the next, by this factor, and where it is clearly below 1 itself.
GAP, SMALL = 0.01, 0.02
# And without a gap, where sizes grow little by little, as where smooth fields are determined ever worse.
FAR = 1e-3
# Of the next size: fields may be moved at will along directions that change the residuals by rounding alone.
EXACT = 1e-10
# Of the largest singular value: features make no more of a field than that, and less is rounding.
RANK = 1e-10
# Of the largest change: one that varies by no more is a constant.
EVEN = 1e-5


@dataclass(frozen=True)
class NullSpace:
    """Directions of the fields, ascending by what the residuals change where the fields change by 1.

    Both are root mean squares, of the residuals with their weights. ``relative`` are the same, the next size
    included, where every residual counts in units of what slow fields make of it. ``changes`` of each field are
    (directions, points, outputs); its points (n, d) count with their ``shares`` (n,), whose sum is 1.
    """

    sizes: tuple[float, ...]
    usual: float  # that of a direction like most others
    relative: tuple[float, ...]
    points: Mapping[Field, Tensor]
    shares: Mapping[Field, Tensor]
    changes: Mapping[Field, Tensor]

    @property
    def exact(self) -> int:
        """How many directions are free: fields may be moved along them at will."""
        return sum(size < EXACT * self.relative[-1] for size in self.relative)

    @property
    def moved(self) -> tuple[Field, ...]:
        """The fields that change along the first direction."""
        sizes = {u: float(change[0].abs().max()) for u, change in self.changes.items()}
        return tuple(u for u, size in sizes.items() if size > EVEN * max(sizes.values()))

    @property
    def is_constant(self) -> bool:
        """Whether all that is found is a constant added to fields."""
        first = [self.changes[u][0] for u in self.moved]
        even = all(float((c - c.mean(0)).abs().max()) < EVEN * float(c.abs().max()) for c in first)
        return even and len(self.sizes) == 1

    def rows(self, system: System, theta: Tensor) -> Tensor | None:
        """Combinations of any last layers' coefficients that hold the free directions: (exact, columns).

        They are the fields' mean products with the directions.
        """
        if not self.exact:
            return None
        blocks = []
        for u, points in self.points.items():
            features = _values(system, theta, u, points)
            weighted = self.shares[u][:, None] * features
            products = self.changes[u][: self.exact].permute(0, 2, 1) @ weighted
            blocks.append(self.usual * products.flatten(1))
        return torch.cat([*blocks, theta.new_zeros(self.exact, len(system.parameters.unknowns))], dim=1)


def null_space(
    system: System, theta: Tensor, batches: Sequence[Batch], matrix: Tensor | None = None
) -> NullSpace | None:
    """The directions that residuals hardly see, if they stand out from the others.

    The residuals are linearised about ``theta`` unless ``matrix``, their slopes by all columns, is given. Unknown
    numbers stay as they are.

    Frozen features are always dependent to rounding, so that null vectors of the matrix mean nothing. With
    F = U S Vᵀ the features' values at the points, the unit of measure is a field of size 1, and the sizes are the
    singular values of A V S⁻¹. The rows of A are in units of what slow fields make of each constraint, whatever
    its order: fast fields then have large sizes, and those of slow ones are small only where terms cancel.
    None where there is nothing to tell, and beyond ``MOST_COLUMNS``.
    """
    if column_count(system) > MOST_COLUMNS:
        return None
    matrix = tangent(system, theta, batches).matrix if matrix is None else matrix
    matrix = matrix[:, : matrix.shape[1] - len(system.parameters.unknowns)]
    units = column_units(system)
    even = matrix * row_units(system, batches)[:, None] * units
    sampled = {u: _points(system, batches, u) for u in system.parameters.networks}
    points, shares = {u: x for u, (x, _) in sampled.items()}, {u: share for u, (_, share) in sampled.items()}
    fields = _field_values(system, theta, points, shares)
    squares, vectors = torch.linalg.eigh(fields.T @ fields)
    clear = squares > NOISE**2 * squares[-1]
    whitening = vectors[:, clear] / squares[clear].sqrt()
    _, sizes, directions = torch.linalg.svd(torch.linalg.qr(even @ whitening, mode="r")[1])
    sizes, directions = sizes.flip(0), directions.flip(0)
    if len(sizes) <= MOST or sizes[0] > FAINT:
        return None
    combinations, small = _sharpened(even, fields, whitening @ directions[: MOST + 1].T, float(sizes[MOST]))
    count = _small(small)
    if count == 0:
        return None
    real = units[:, None] * combinations
    size = torch.linalg.vector_norm(fields @ real, dim=0)
    raw = torch.linalg.vector_norm(matrix @ real, dim=0) / size
    relative = small[: count + 1].tolist()
    changes = _changes(fields @ (real / size)[:, :count], shares)
    ordinary = units * (whitening @ directions[len(directions) // 2])
    usual = float((matrix @ ordinary).norm() / (fields @ ordinary).norm())
    return NullSpace(tuple(raw[:count].tolist()), usual, tuple(relative), points, shares, changes)


def row_units(system: System, batches: Sequence[Batch]) -> Tensor:
    """What puts rows (rows,) in units of what slow fields make of them, with a weight of 1 at least."""
    problem, scales, units = system.problem, system.scales, []
    for group, batch in zip(system.groups, batches, strict=True):
        for i in group.members:
            constraint, size = problem.constraints[i], problem.requests[i].size
            size_in_rows = scales.constraints[constraint.name] / scales.row_unit(constraint.name)
            unit = size_in_rows * min(constraint.weight, 1.0) ** 0.5
            units.append(batch.points.new_full((len(batch) * size,), 1 / unit))
    return torch.cat(units)


def column_units(system: System) -> Tensor:
    """The sizes of the networks of all columns but those of the unknown numbers."""
    sizes, units = system.sizes, []
    for u in system.parameters.networks:
        count = head_width(system.parameters.networks[u]) * u.outputs
        units.append(torch.full((count,), sizes[u], dtype=system.dtype, device=system.device))
    return torch.cat(units)


def span(matrix: Tensor) -> Tensor:
    """An orthonormal basis of what columns reach, but for rounding."""
    norms = matrix.norm(dim=0).clamp(min=1e-300)
    vectors, sizes, _ = torch.linalg.svd(matrix / norms, full_matrices=False)
    reached: Tensor = vectors[:, sizes > RANK * sizes[0]]
    return reached


def _small(ascending: Tensor) -> int:
    """How many sizes stand below a wide gap, or, where they grow little by little, are next to nothing."""
    ratios = ascending[:-1] / ascending[1:]
    gap = int(ratios.argmin())
    if float(ratios[gap]) < GAP and float(ascending[gap]) < SMALL:
        return gap + 1
    return min(int((ascending < FAR).sum()), MOST)


def _sharpened(matrix: Tensor, fields: Tensor, combinations: Tensor, usual: float) -> tuple[Tensor, Tensor]:
    """The directions, and their sizes, without the rounding that the whitening amplified.

    A small change of the fields takes these residuals away; a Rayleigh-Ritz step sorts what is left.
    """
    weak = torch.cat([matrix, 1e-3 * usual * fields])
    left = torch.cat([-matrix @ combinations, fields.new_zeros(len(fields), combinations.shape[1])])
    combinations = combinations + solve_dense(weak, left).x
    triangle = torch.linalg.qr(fields @ combinations, mode="r")[1]
    combinations = torch.linalg.solve_triangular(triangle, combinations, upper=True, left=False)
    _, sizes, turn = torch.linalg.svd(matrix @ combinations, full_matrices=False)
    return combinations @ turn.flip(0).T, sizes.flip(0)


def _field_values(
    system: System, theta: Tensor, points: Mapping[Field, Tensor], shares: Mapping[Field, Tensor]
) -> Tensor:
    """All columns but the unknown numbers' -> all fields' values at the points, scaled to mean squares."""
    blocks = []
    for u, x in points.items():
        blocks += [_values(system, theta, u, x) * shares[u].sqrt()[:, None]] * u.outputs
    values: Tensor = torch.block_diag(*blocks)
    return values


def _changes(values: Tensor, shares: Mapping[Field, Tensor]) -> dict[Field, Tensor]:
    """The rows of ``_field_values`` @ coefficients by field, (directions, points, outputs), not scaled."""
    changes, first = {}, 0
    for u, share in shares.items():
        block = values[first : first + u.outputs * len(share)].unflatten(0, (u.outputs, len(share)))
        changes[u] = (block / share.sqrt()[:, None]).permute(2, 1, 0)
        first += u.outputs * len(share)
    return changes


def _points(system: System, batches: Sequence[Batch], u: Field) -> tuple[Tensor, Tensor]:
    """Points of the largest group of constraints that reads the field, and their shares."""
    groups = [(g, b) for g, b in zip(system.groups, batches, strict=True) if u in g.evaluator.columns]
    group, batch = max(groups, key=lambda pair: len(pair[1]))
    points = batch.points[: 2 * MOST_COLUMNS, group.evaluator.columns[u]]
    weights = points.new_ones(len(points)) if batch.weights is None else batch.weights[: len(points), 0]
    weights = weights.clamp(min=1e-3)  # at an edge they all but vanish
    return points, weights / weights.sum()


def _values(system: System, theta: Tensor, u: Field, points: Tensor) -> Tensor:
    """The last layer's features at points (n, d), the constant one last: (n, F)."""
    module = system.parameters.networks[u]
    engine = engine_for(module, [Symbol.identity(len(u.axes))], len(u.axes))
    weights = engine.load(system.parameters.of(u, theta))

    def features(chunk: Batch) -> list[Tensor]:
        values = engine.features(weights, chunk.points)
        assert values is not None
        return [values[0]]

    return mapped(features, Batch(points, {}), engine.chunk)[0]
