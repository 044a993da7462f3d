"""A preconditioner for tensor rows: coefficients averaged around the periodic axes, one small factor per wave.

An operator whose coefficients do not vary along the periodic axes takes each wave to itself, so that its
triangular factor falls into one block per wave. With the true slopes averaged around these axes it is close to
the true operator as long as the variation moves little within the box, as in a short slab of time. Without a
periodic axis nothing is averaged, and the one block is the factor of the true matrix; where that is large, it
comes from the products of its columns, which cost far less and lose digits that conjugate gradients win back.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..calculus.field import Field
from ..engines.axis_maps import as_waves, from_waves
from ..residuals.unfit import MEMORY_LIMIT, TooLarge
from .gram import gram
from .tensor_rows import Block, TensorRows, TensorTangent, Unsuited

DAMPING = 1e-14  # of a block's largest column: what no row sees keeps its amplitude
WIDE = 1500  # columns of one block beyond which its factor comes from the products of its columns
FAINT = 1e-13  # of the largest of these products: below, they are rounding


class ModeBlocks:
    """Solves with the triangular factor of the averaged rows, amplitudes in and out.

    ``is_rough`` says that it is a factor of the products of columns, which has lost digits; ``exact`` asks for one
    that has not.
    """

    def __init__(self, tangent: TensorTangent, exact: bool = False) -> None:
        self.rows = rows = tangent.residuals
        first = rows.fields[0]
        self.around = [axis for axis, basis in enumerate(rows.bases[first]) if basis.is_periodic]
        self.along = [axis for axis, basis in enumerate(rows.bases[first]) if not basis.is_periodic]
        self._check()
        wavenumbers = [self._wavenumbers(axis) for axis in self.around]
        self.modes = tuple(len(w) for w in wavenumbers)
        self.widths = [
            math.prod(rows.shapes[f][a] for a in (*self.along, -1)) for f in range(len(rows.fields))
        ]
        self._check_memory()
        self.is_rough = not (exact or self.around) and sum(self.widths) > WIDE
        if self.is_rough:
            self.triangle = _triangle(gram(tangent), self._strong())
            return
        averaged = [
            self._averaged(block, slope, wavenumbers)
            for block, slope in zip(rows.blocks, tangent.slopes, strict=True)
            if all(rows.bases[first][axis].is_around(block.nodes.lines[axis]) for axis in self.around)
        ]
        if not averaged:
            raise Unsuited(
                "Collocation() found no constraint all around the periodic axes on equidistant nodes. Declare the "
                "equations on the box itself, @on(box, samples=...), not on a part of it or on nodes of your own."
            )
        matrix = torch.cat(averaged, dim=1) * self._strong()  # (waves, rows, columns)
        size = torch.linalg.vector_norm(matrix, dim=1).amax(dim=1)
        unit = torch.eye(matrix.shape[2], dtype=matrix.dtype, device=matrix.device)
        matrix = torch.cat([matrix, DAMPING * size[:, None, None] * unit], dim=1)
        triangle = torch.linalg.qr(matrix, mode="r")[1]
        self.inverse = torch.linalg.solve_triangular(triangle, unit.expand_as(triangle), upper=True)

    def solve(self, amplitudes: Tensor) -> Tensor:
        if self.is_rough:
            solution: Tensor = torch.linalg.solve_triangular(self.triangle.T, amplitudes[:, None], upper=True)
            return solution[:, 0]
        return self._through(self.inverse, amplitudes)

    def solve_adjoint(self, amplitudes: Tensor) -> Tensor:
        if self.is_rough:
            solution: Tensor = torch.linalg.solve_triangular(self.triangle, amplitudes[:, None], upper=False)
            return solution[:, 0]
        return self._through(self.inverse.mH, amplitudes)

    def fits(self, rows: TensorRows) -> bool:
        """Whether it takes the amplitudes of these rows."""
        return self.rows.shapes == rows.shapes

    def _through(self, inverse: Tensor, amplitudes: Tensor) -> Tensor:
        by_field = self.rows.split(amplitudes)
        columns = torch.cat([self._to_waves(x) for x in by_field.values()], dim=1)
        solved = torch.bmm(inverse, columns[:, :, None])[:, :, 0].split(self.widths, dim=1)
        amplitudes_by_field = [self._from_waves(f, x) for f, x in enumerate(solved)]
        return torch.cat([x.reshape(-1) for x in amplitudes_by_field])

    def _to_waves(self, x: Tensor) -> Tensor:
        """Amplitudes (K1, ..., Kd, outputs) -> (waves, other amplitudes)."""
        for index, axis in enumerate(self.around):
            rolled = x.movedim(axis, -1)
            x = (as_waves(rolled) if index == 0 else _both_ways(rolled)).movedim(-1, axis)
        return x.permute(*self.around, *self.along, x.ndim - 1).reshape(math.prod(self.modes), -1)

    def _from_waves(self, field: int, x: Tensor) -> Tensor:
        shape = self.rows.shapes[field]
        order = [*self.around, *self.along, len(shape) - 1]
        x = x.reshape(*self.modes, *[shape[axis] for axis in order[len(self.around) :]])
        x = x.permute([order.index(axis) for axis in range(len(shape))])
        for index, axis in reversed(list(enumerate(self.around))):
            rolled = x.movedim(axis, -1)
            x = (from_waves(rolled) if index == 0 else _one_way(rolled)).movedim(-1, axis)
        return x

    def _strong(self) -> Tensor:
        """Ones for the columns in use."""
        ones = []
        for shape, strong in zip(self.rows.shapes, self.rows.strong, strict=True):
            whole = strong.expand([1 if axis in self.around else n for axis, n in enumerate(shape)])
            ones.append(whole.permute(*self.around, *self.along, len(shape) - 1).reshape(-1))
        return torch.cat(ones)

    def _wavenumbers(self, axis: int) -> Tensor:
        """Of the waves along an axis: one of each pair ±k along the first, both along the others."""
        basis = self.rows.waves[self.rows.fields[0]][axis].basis
        half = basis.wavenumbers[: len(basis.modes) // 2 + 1].to(self.rows.like)
        return half if axis == self.around[0] else torch.cat([half, -half[1:]])

    def _averaged(self, block: Block, slopes: Sequence[Tensor], wavenumbers: Sequence[Tensor]) -> Tensor:
        """The averaged rows of a block, (waves, rows, columns)."""
        lengths = [len(line.nodes) for line in block.nodes.lines]
        around = math.prod(lengths[axis] for axis in self.around)
        columns = []
        for u, slope, transform in zip(block.group.evaluator.fields, slopes, block.transforms, strict=True):
            m, requests, _, outputs = slope.shape
            by_axis = slope.reshape(m, requests, *lengths, outputs)
            if self.around:
                by_axis = around**0.5 * by_axis.mean([2 + axis for axis in self.around])
            mean = by_axis.reshape(m, requests, -1, outputs)
            total = None
            for term in transform.terms:
                product = term.factor * self._product(u, block, term.keys, mean[:, term.request], wavenumbers)
                total = product if total is None else total.add_(product)
            assert total is not None
            columns.append((u, total.flatten(1, 2).flatten(2, 3)))
        known = dict(columns)
        like = columns[0][1]
        return torch.cat(
            [
                known[u] if u in known else like.new_zeros(*like.shape[:2], width)
                for u, width in zip(self.rows.fields, self.widths, strict=True)
            ],
            dim=2,
        )

    def _product(
        self, u: Field, block: Block, powers: Sequence[int], mean: Tensor, wavenumbers: Sequence[Tensor]
    ) -> Tensor:
        """One partial derivative's share of the rows: (waves, m, nodes, functions, outputs)."""
        functions = self.rows.like.new_ones(1, 1)
        for axis in self.along:
            matrix = (
                self.rows.bases[u][axis].matrix(block.nodes.lines[axis].nodes, powers[axis]).to(functions)
            )
            functions = torch.kron(functions, matrix)
        rows = mean[:, :, None, :] * functions[None, :, :, None]  # (m, nodes, functions, outputs)
        if not self.around:
            return rows[None]
        factors = rows.new_ones(1, dtype=rows.dtype.to_complex())
        for axis, k in zip(self.around, wavenumbers, strict=True):
            factors = (factors[:, None] * (1j * k) ** powers[axis]).reshape(-1)
        return factors[:, None, None, None, None] * rows

    def _check(self) -> None:
        kinds = {
            tuple(len(b.basis.modes) if b.is_periodic else 0 for b in bases)
            for bases in self.rows.waves.values()
        }
        if len(kinds) > 1:
            raise Unsuited(
                "Collocation() needs the same orders along the periodic axes in all fields, since it couples "
                "their waves one by one. Give every field's recipe the same orders there."
            )

    def _check_memory(self) -> None:
        columns = sum(self.widths)
        needed = 3 * math.prod(self.modes) * columns**2 * (16 if self.around else 8)
        if needed > MEMORY_LIMIT:
            raise TooLarge(
                f"Collocation() would factorise {math.prod(self.modes)} matrices of {columns} columns, "
                f"{needed / 2**30:.1f} GiB; {MEMORY_LIMIT >> 30} GiB are allowed. Lower the orders along the axes "
                f"without a period, declare periodic axes as such, or use a stage without a matrix, such as LBFGS()."
            )


def _triangle(products: Tensor, strong: Tensor) -> Tensor:
    """The lower Cholesky factor of products of columns, of which only those ``kept`` count."""
    products.mul_(strong).mul_(strong[:, None])
    products.diagonal().add_(FAINT * float(products.diagonal().max()))
    factor: Tensor = torch.linalg.cholesky(products)
    return factor


def _both_ways(x: Tensor) -> Tensor:
    """Complex amplitudes of 1, cosines and sines -> of the waves 0, 1, ..., n, -1, ..., -n; unitary."""
    order = x.shape[-1] // 2
    cosines, sines = x[..., 1 : order + 1], x[..., order + 1 :]
    return torch.cat(
        [x[..., :1], (cosines - 1j * sines) * 0.5**0.5, (cosines + 1j * sines) * 0.5**0.5], dim=-1
    )


def _one_way(x: Tensor) -> Tensor:
    order = x.shape[-1] // 2
    up, down = x[..., 1 : order + 1], x[..., order + 1 :]
    return torch.cat([x[..., :1], (up + down) * 0.5**0.5, 1j * (up - down) * 0.5**0.5], dim=-1)
