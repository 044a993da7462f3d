"""A preconditioner for tau rows: the operator averaged to a sum over the axes, solved at their cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from .axis_basis import along_axis
from .kronecker_sum import KroneckerSum
from .tau_rows import TauTangent
from .tensor_rows import Unsuited

SINGULAR = 1e13  # condition of the conditions across an axis, seen by its highest polynomials


class SeparableBox:
    """u with Σ_a L_a u = f and B_a u = g_a, for operators L_a along the axes and conditions B_a across them.

    The conditions give the highest amplitudes along their axis from the others, so that a square sum of operators on
    these is left, ``KroneckerSum``.

    Args:
        operators: L_a, (n_a, n_a), of which the first n_a - c_a rows are used.
        conditions: B_a, (c_a, n_a).
        changes: the functions (n_a, n_a) along each axis of which the tests see the first n_a - c_a one by one; u is
            in the polynomials.

    Raises Unsuited: for conditions that do not tell the highest amplitudes.
    """

    def __init__(
        self, operators: Sequence[Tensor], conditions: Sequence[Tensor], changes: Sequence[Tensor]
    ) -> None:
        self.expand, self.lift, self.moved, self.seen, kept = [], [], [], [], []
        for of_polynomials, on_polynomials, change in zip(operators, conditions, changes, strict=True):
            operator, rows = of_polynomials @ change, on_polynomials @ change
            low = operator.shape[1] - len(rows)
            unit = torch.eye(low).to(operator)
            highest = rows[:, low:]
            if len(rows) and float(torch.linalg.cond(highest / highest.norm(dim=1, keepdim=True))) > SINGULAR:
                raise Unsuited(
                    "Collocation() separates axes only where the conditions across each are independent."
                )
            inverse = torch.linalg.inv(highest)
            expand = torch.cat([unit, -inverse @ rows[:, :low]])
            lift = torch.cat([operator.new_zeros(low, len(rows)), inverse])
            kept.append((operator @ expand)[:low])
            self.moved.append((operator @ lift)[:low])
            self.expand.append(change @ expand)
            self.lift.append(change @ lift)
            self.seen.append(torch.linalg.inv(change)[:low])
        self.sum = KroneckerSum(kept)

    def solve(self, inside: Tensor, across: Mapping[int, Tensor]) -> Tensor:
        """f, and g_a of the shapes of ``TauRows.shape``, one condition after the other along axis a -> u."""
        f = inside
        for a, g in across.items():
            low = g
            for b, seen in enumerate(self.seen):
                if b > a:  # those before are tested so already
                    low = along_axis(seen, low, b)
            f = f - along_axis(self.moved[a], low, a)
        u = self.sum.solve(f)
        for a in reversed(range(u.ndim)):
            u = along_axis(self.expand[a], u, a)
            if a in across:
                u = u + along_axis(self.lift[a], across[a], a)
        return u


class TauSolve:
    """The inverse of a tangent of tau rows with averaged coefficients, unknown by unknown."""

    def __init__(self, tangent: TauTangent) -> None:
        self.residuals = residuals = tangent.residuals
        self.boxes = []
        for u in residuals.unknowns:
            operators = tangent.operator(u.inside, u)
            conditions = [
                torch.cat(
                    [
                        operators[a].new_zeros(0, operators[a].shape[1]),
                        *(tangent.operator(e, u)[a] for e in across),
                    ]
                )
                for a, across in enumerate(u.conditions)
            ]
            changes = [residuals.end_tests(u, a).change.to(m) for a, m in enumerate(operators)]
            self.boxes.append(SeparableBox(operators, conditions, changes))

    def solve(self, tested: Tensor) -> Tensor:
        """What an equation's tests see, as ``TauRows.vector`` orders it -> amplitudes."""
        residuals, rows = self.residuals, self.residuals.rows
        by_equation = residuals.by_equation(tested)
        by_field = [rows.like.new_zeros(shape) for shape in rows.shapes]
        for u, box in zip(residuals.unknowns, self.boxes, strict=True):
            across = {
                a: torch.cat([by_equation[e] for e in conditions], dim=a)
                for a, conditions in enumerate(u.conditions)
                if conditions
            }
            by_field[u.field][..., u.output] = box.solve(by_equation[u.inside], across)
        return torch.cat([x.reshape(-1) for x in by_field])
