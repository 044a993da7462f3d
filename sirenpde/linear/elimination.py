"""Fields eliminated from a problem: what is left of it is a function of the other unknowns alone.

With coefficients a of the eliminated fields, in which all residuals are affine, and the other unknowns x, the
equations A(x) a + b(x) determine the fields, and the residuals D(x) a + d(x) that stay, those of measurements, become

    r(x) = D a(x) + d,    a(x) = argmin |A a + b|²,    r' = (D' a + d') - W (A' a + b'),    W = D A⁺.

The rows of W are adjoint fields: as many solves with one factor of A as there are data, however many unknowns stay.
r' leaves out a term as small as what the equations leave of |A a + b| (Kaufman 1975).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..calculus.field import Field
from ..networks.linear_head import head_width
from ..residuals import Batch, Rows, System
from ..residuals.unfit import Unfit
from .dense_rows import FixedFeatures, complex_slopes, fill, read_head, write_head
from .qr import DAMPING

SAME = 1e-12  # relative: slopes that are nearer make one matrix
MARGIN = (
    10.0  # times the damping of other solves: an adjoint field has to be found beside rows that contradict it
)

Component = tuple[Field, int]  # of an eliminated field
Line = tuple[int, int]  # a block, and a component of its residuals


@dataclass(frozen=True)
class Block:
    """A constraint's scaled residuals (n, m), from row ``start`` on, and their slopes by the eliminated fields.

    Where all is complex, a residual is two rows that follow one another.
    """

    rows: Rows
    start: int
    is_equation: bool
    offset: Tensor
    slopes: dict[Field, Tensor]  # (n, m, requests, components)

    def places(self, component: int) -> Tensor:
        """The rows (n,) of a component of real residuals; of a complex one, those of its real part."""
        count, width = self.offset.shape
        step = 2 if self.offset.is_complex() else 1
        return self.start + step * (torch.arange(count, device=self.offset.device) * width + component)


@dataclass(frozen=True)
class Part:
    """Components of fields that no row joins with others, and the lines that read them."""

    components: tuple[Component, ...]
    equations: tuple[Line, ...]
    others: tuple[Line, ...]


@dataclass(frozen=True)
class Factored:
    """A = Q R diag(scale) of the equations of a part, and the matrix D of the other rows."""

    turned: Tensor  # Q (rows, columns)
    upper: Tensor
    scale: Tensor
    read: Tensor

    def solve(self, right: Tensor) -> Tensor:
        """A⁺ right, for (rows, k)."""
        x = torch.linalg.solve_triangular(self.upper, self.turned.mH @ right, upper=True)
        solved: Tensor = x / self.scale[:, None]
        return solved

    def apply(self, x: Tensor) -> Tensor:
        """A x, for (columns, k)."""
        product: Tensor = self.turned @ (self.upper @ (self.scale[:, None] * x))
        return product

    def adjoint(self) -> Tensor:
        """W = D A⁺, (others, rows)."""
        each = torch.linalg.solve_triangular(self.upper, self.read / self.scale, upper=True, left=False)
        fields: Tensor = each @ self.turned.mH
        return fields


@dataclass(frozen=True)
class Solved:
    """All parameters with the eliminated fields solved for, the residuals that stay, and the factors for a tangent.

    ``left`` is the norm of what the equations leave, relative to that of their data.
    """

    theta: Tensor
    residual: Tensor
    left: float
    blocks: Sequence[Block]
    parts: Sequence[tuple[Part, Factored]]


class Elimination:
    """The residuals that stay as functions of the unknowns that stay.

    Components of fields that no row joins with others, as the waves of several sources, are solved for apart, and
    those with equal matrices by one factorisation. Complex fields in complex-linear rows are solved for in complex
    numbers.

    Args:
        system: its residuals have to be affine in the eliminated fields, of whose networks only a linear last layer
            is trained.
        fields: what to eliminate.
        equations: the numbers of the constraints that determine them; the residuals of the others stay.
        batches: the samples.
    """

    def __init__(
        self, system: System, fields: Sequence[Field], equations: Sequence[int], batches: Sequence[Batch]
    ) -> None:
        self.system, self.fields, self.batches = system, tuple(fields), batches
        self.equations = frozenset(equations)
        self.others = tuple(u for u in system.parameters.networks if u not in self.fields)
        self._features = FixedFeatures(system, batches)

    @property
    def places(self) -> Tensor:
        """Where the unknowns that stay lie among all parameters."""
        parameters = self.system.parameters
        slices = [*(parameters.slices[u] for u in self.others), parameters.numbers_slice]
        return torch.cat([torch.arange(s.start, s.stop) for s in slices]).to(self.system.device)

    def solve(self, theta: Tensor) -> Solved:
        """The eliminated fields for the other unknowns of ``theta``."""
        blocks = self._blocks(theta)
        residuals = {i: block.offset.clone() for i, block in enumerate(blocks) if not block.is_equation}
        moved, parts, left, size = theta.clone(), [], 0.0, 0.0
        for members in _alike(blocks, _parts(blocks)):
            self._check(members[0])
            factored = self._factored(theta, blocks, members[0])
            parts += [(part, factored) for part in members]
            offset = torch.stack([_stacked(blocks, part.equations) for part in members], dim=1)
            known = [self._known(theta, part, offset.is_complex()) for part in members]
            before = offset - factored.apply(torch.stack(known, dim=1))
            steps = factored.solve(-offset)
            rest = offset - factored.turned @ (factored.turned.mH @ offset)
            left, size = left + float(rest.abs().square().sum()), size + float(before.abs().square().sum())
            for part, step, change in zip(members, steps.T, (factored.read @ steps).T, strict=True):
                self._add(moved, part, step)
                counts = [len(blocks[b].offset) for b, _ in part.others]
                for (b, m), values in zip(part.others, change.split(counts), strict=True):
                    residuals[b][:, m] += values
        flat = [_real(residual).flatten() for residual in residuals.values()]
        return Solved(moved, torch.cat(flat), (left / size) ** 0.5 if size else 0.0, blocks, parts)

    def tangent(self, solved: Solved) -> Tensor:
        """The derivative of the residuals that stay by the unknowns that stay, (rows, unknowns)."""
        _, slopes = self.system.jacobian(solved.theta, self.batches, of=self.others)
        for part, factored in solved.parts:
            lines = [(solved.blocks[b], m) for b, m in part.equations]
            change = factored.adjoint() @ torch.cat([_rows(slopes, block, m) for block, m in lines])
            counts = [len(solved.blocks[b].offset) for b, _ in part.others]
            for (b, m), values in zip(part.others, change.split(counts), strict=True):
                places = solved.blocks[b].places(m)
                slopes[places] -= values.real
                if values.is_complex():
                    slopes[places + 1] -= values.imag
        stay = [block for block in solved.blocks if not block.is_equation]
        return torch.cat([slopes[block.start :][: _real(block.offset).numel()] for block in stay])

    def _blocks(self, theta: Tensor) -> list[Block]:
        """All rows about these parameters, in complex numbers where all of them are complex-linear."""
        system, found, start = self.system, [], 0
        for rows in system.linear_rows(self.batches, at=theta):
            scale = system.row_scale(rows.constraint, rows.batch, rows.index)
            by_field = zip(rows.evaluator.fields, rows.slopes, strict=True)
            slopes = {u: scale[:, :, None, None] * slope for u, slope in by_field if u in self.fields}
            is_equation = rows.constraint in self.equations
            found.append(Block(rows, start, is_equation, scale * rows.offset, slopes))
            start += rows.offset.numel()
        together = [_in_complex(block) if block.slopes else block for block in found]
        return found if None in together else [block for block in together if block is not None]

    def _check(self, part: Part) -> None:
        """Raises ``Unfit`` for fields that no equation reads."""
        if not part.equations:
            names = ", ".join(dict.fromkeys(u.name for u, _ in part.components))
            raise Unfit(
                f"{names} was to be eliminated, and no equation determines it: all constraints that read it have a "
                f"sigma or are priors. Declare its equation without either."
            )

    def _factored(self, theta: Tensor, blocks: Sequence[Block], part: Part) -> Factored:
        matrix = self._matrix(theta, blocks, part, part.equations)
        scale = torch.linalg.vector_norm(matrix, dim=0)
        scale = scale.clamp(min=max(0.01 * float(scale.median()), torch.finfo(scale.dtype).tiny))
        damped = torch.diag(torch.full_like(scale, MARGIN * DAMPING)).to(matrix)
        turned, upper = torch.linalg.qr(torch.cat([matrix / scale, damped]))
        return Factored(turned[: len(matrix)], upper, scale, self._matrix(theta, blocks, part, part.others))

    def _matrix(self, theta: Tensor, blocks: Sequence[Block], part: Part, lines: Sequence[Line]) -> Tensor:
        """The slopes of lines by a part's coefficients, (rows, columns)."""
        widths = [head_width(self.system.parameters.networks[u]) for u, _ in part.components]
        like, rows = blocks[part.equations[0][0]].offset, sum(len(blocks[b].offset) for b, _ in lines)
        matrix = like.new_zeros(rows, sum(widths))
        first = 0
        for b, m in lines:
            block = blocks[b]
            entries, column = matrix[first : first + len(block.offset), None], 0
            for (u, o), width in zip(part.components, widths, strict=True):
                if u in block.slopes:
                    slopes = block.slopes[u][:, m : m + 1, :, o : o + 1]
                    features = self._features.of(self.system, theta, block.rows, u)
                    fill(entries[:, :, column : column + width], slopes, features)
                column += width
            first += len(block.offset)
        return matrix

    def _known(self, theta: Tensor, part: Part, in_complex: bool) -> Tensor:
        """A part's coefficients."""
        known = []
        for u, o in part.components:
            layer = read_head(self.system.parameters.networks[u], self.system.parameters.of(u, theta))
            known.append(torch.complex(layer[o], layer[u.components + o]) if in_complex else layer[o])
        return torch.cat(known)

    def _add(self, theta: Tensor, part: Part, step: Tensor) -> None:
        """Adds a step of a part's coefficients to the parameters."""
        first = 0
        for u, o in part.components:
            module, own = self.system.parameters.networks[u], self.system.parameters.of(u, theta)
            layer, width = read_head(module, own), head_width(module)
            own_step = step[first : first + width]
            layer[o] += own_step.real
            if own_step.is_complex():
                layer[u.components + o] += own_step.imag
            write_head(own, module, layer)
            first += width


def _in_complex(block: Block) -> Block | None:
    """The same in complex numbers, where residuals and fields are complex and the slopes complex-linear."""
    rows = block.rows
    if not rows.evaluator.requests[rows.index].is_complex:
        return None
    slopes = {u: complex_slopes(slope, u) for u, slope in block.slopes.items()}
    if any(slope is None for slope in slopes.values()):
        return None
    offset = torch.complex(block.offset[:, 0::2], block.offset[:, 1::2])
    found = {u: slope for u, slope in slopes.items() if slope is not None}
    return Block(rows, block.start, block.is_equation, offset, found)


def _real(values: Tensor) -> Tensor:
    """Residuals as real components, (n, m)."""
    return torch.view_as_real(values).flatten(1) if values.is_complex() else values


def _rows(slopes: Tensor, block: Block, component: int) -> Tensor:
    """The slopes (n, unknowns) of one component of a block's residuals."""
    places = block.places(component)
    if not block.offset.is_complex():
        return slopes[places]
    return torch.complex(slopes[places], slopes[places + 1])


def _stacked(blocks: Sequence[Block], lines: Sequence[Line]) -> Tensor:
    return torch.cat([blocks[b].offset[:, m] for b, m in lines])


def _parts(blocks: Sequence[Block]) -> list[Part]:
    """Components of fields that some row joins, directly or through others, and their lines."""
    owner: dict[Component, int] = {}
    joined: dict[int, list[Component]] = {}
    reads: dict[Line, list[Component]] = {}
    for b, block in enumerate(blocks):
        for u, slopes in block.slopes.items():
            for m, o in (slopes != 0).any(0).any(1).nonzero().tolist():
                reads.setdefault((b, m), []).append((u, o))
    for together in reads.values():
        for component in together:
            if component not in owner:
                owner[component] = len(joined)
                joined[len(joined)] = [component]
        target = owner[together[0]]
        for other in {owner[c] for c in together} - {target}:
            for component in joined[other]:
                owner[component] = target
            joined[target] += joined[other]
            joined[other] = []
    parts = []
    for number, components in joined.items():
        if components:
            lines = [line for line, together in reads.items() if owner[together[0]] == number]
            kinds = [
                [line for line in lines if blocks[line[0]].is_equation is kind] for kind in (True, False)
            ]
            parts.append(Part(tuple(components), tuple(kinds[0]), tuple(kinds[1])))
    return parts


def _alike(blocks: Sequence[Block], parts: Sequence[Part]) -> list[list[Part]]:
    """Parts by classes of equal matrices."""
    classes: list[list[Part]] = []
    for part in parts:
        for members in classes:
            if _same(blocks, members[0], part):
                members.append(part)
                break
        else:
            classes.append([part])
    return classes


def _same(blocks: Sequence[Block], one: Part, other: Part) -> bool:
    if [u for u, _ in one.components] != [u for u, _ in other.components]:
        return False
    for lines, its_lines in ((one.equations, other.equations), (one.others, other.others)):
        if [b for b, _ in lines] != [b for b, _ in its_lines]:
            return False
        for (b, m), (_, its_m) in zip(lines, its_lines, strict=True):
            for (u, o), (_, its_o) in zip(one.components, other.components, strict=True):
                slopes = blocks[b].slopes.get(u)
                if slopes is None:
                    continue
                mine, its = slopes[:, m, :, o], slopes[:, its_m, :, its_o]
                if float((mine - its).abs().amax()) > SAME * float(mine.abs().amax()):
                    return False
    return True
