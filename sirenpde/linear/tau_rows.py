"""As many equations as unknowns on a box: residuals tested by polynomials, conditions on the faces in their place.

Residuals inside are tested by all but the highest polynomials along each axis, as many fewer as there are conditions
across it; the conditions take the place of these. So the system is square, as differential equations with the right
number of conditions are, and an operator along one axis stays a small matrix.

Where all conditions across an axis are at one end of it, as those of an evolution are at its start, the last test is
another: it makes what is left of the residual vanish at the other end (`EndTests`).

Source: Lanczos, Trigonometric interpolation of empirical and analytical functions, 1938 (the tau method); Gottlieb
and Orszag, Numerical Analysis of Spectral Methods, 1977, section 10.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from .axis_basis import AxisFunctions
from .end_tests import EndTests
from .tensor_rows import Block, Slopes, TensorRows, Unsuited

FAINT = 1e-3  # of the mean: rows are divided by no smaller size of an operator
LEVEL = 0.1  # of the mean: a size of an operator that varies by less is taken for constant
DIRECT = "Collocation() separates axes only where"


@dataclass(frozen=True)
class Equation:
    """One component of a block's residuals, and the unknown that it is for.

    ``axis`` is the one across which it is a condition, as the ``rank``-th of these; None inside.
    """

    block: int
    component: int
    axis: int | None
    unknown: int = 0
    rank: int = 0


@dataclass(frozen=True)
class Unknown:
    """An output of a field, with its equation inside and its conditions across every axis."""

    field: int
    output: int
    inside: Equation
    conditions: tuple[tuple[Equation, ...], ...]


class TauRows:
    """The residuals of tensor rows tested so, as functions of the amplitudes: both are flat and equally long.

    Residuals are divided at every node by the size of the operator there, for the slopes ``at`` some amplitudes: one
    whose coefficients vary by a common factor has constant ones then.

    ``coarse`` are the same rows for fewer functions, about the same fields: where sizes of operators hardly vary
    there, equations are matched and coefficients averaged as they are, at their cost.

    Raises Unsuited: where equations and conditions do not match the unknowns one by one.
    """

    def __init__(self, rows: TensorRows, at: Tensor, coarse: TauRows | None = None) -> None:
        self.rows = rows
        self.coarse = coarse if coarse is not None and coarse.is_level else None
        self.first = TauTangent(self, at)
        self.sizes = rows.shapes[0][:-1]
        if any(shape[:-1] != self.sizes for shape in rows.shapes):
            raise Unsuited(f"{DIRECT} all fields have the same orders.")
        self._tables: dict[tuple[int, int, int], Tensor] = {}
        self.scales = [torch.ones_like(block.scale) for block in rows.blocks]
        if self.coarse is None:
            self.scales = [self._scale(*pair) for pair in zip(rows.blocks, self.first.slopes, strict=True)]
        self.is_level: bool = all(bool((scale == 1).all()) for scale in self.scales)
        self.unknowns: list[Unknown] = (
            self._matched(self.first.slopes) if self.coarse is None else self.coarse.unknowns
        )
        self.equations = [
            e for u in self.unknowns for e in (u.inside, *(c for across in u.conditions for c in across))
        ]

    def vector(self, amplitudes: Tensor) -> Tensor:
        return self.tested(self.rows.values(amplitudes))

    def tangent(self, amplitudes: Tensor) -> TauTangent:
        return self.first if amplitudes is self.first.at else TauTangent(self, amplitudes)

    def tested(self, values: Sequence[Tensor]) -> Tensor:
        """Residuals at the nodes of all blocks -> what the polynomials see of them, equation by equation."""
        return torch.cat([self._test(e, values[e.block][e.component]).reshape(-1) for e in self.equations])

    def by_equation(self, tested: Tensor) -> dict[Equation, Tensor]:
        """A vector taken apart."""
        shapes = [self.shape(e) for e in self.equations]
        pieces = tested.split([math.prod(shape) for shape in shapes])
        return {e: x.view(shape) for e, x, shape in zip(self.equations, pieces, shapes, strict=True)}

    def shape(self, equation: Equation) -> tuple[int, ...]:
        """How many polynomials an equation is tested by along each axis.

        Where two faces meet, the conditions across the later axis leave out what those across the earlier one set.
        """
        unknown = self.unknowns[equation.unknown]
        kept = [n - len(c) for n, c in zip(self.sizes, unknown.conditions, strict=True)]
        last = len(self.sizes) if equation.axis is None else equation.axis
        return tuple(
            1 if a == equation.axis else kept[a] if a < last else n for a, n in enumerate(self.sizes)
        )

    def operator(self, equation: Equation, unknown: Unknown, slopes: Sequence[Slopes] | None) -> list[Tensor]:
        """What an equation does to an unknown along each axis, averaged over the others.

        Matrices (n, n) inside; (1, n) across the axis of a condition, and none along the others. Derivatives along
        two axes at once are left out. Without slopes their coefficients are those of the coarse rows.
        """
        block = self.rows.blocks[equation.block]
        matrices = [
            self.rows.like.new_zeros(1 if a == equation.axis else n, n) for a, n in enumerate(self.sizes)
        ]
        for a, power, c in self._averages(equation, unknown, slopes):
            image = c[:, None] * self._table(equation.block, a, power)
            if a != equation.axis:
                tests = self._table(equation.block, a, 0) * block.nodes.lines[a].weights[:, None].to(c)
                image = self.end_tests(unknown, a).combined(tests).T @ image
            matrices[a] += image
        return matrices

    def _averages(
        self, equation: Equation, unknown: Unknown, slopes: Sequence[Slopes] | None
    ) -> list[tuple[int, int, Tensor]]:
        """An axis, a derivative along it, and its coefficients at the nodes there, averaged over the other axes."""
        block, axes = self.rows.blocks[equation.block], range(len(self.sizes))
        if slopes is None:
            assert self.coarse is not None
            known = self.coarse._averages(equation, unknown, self.coarse.first.slopes)
            return [(a, power, self._resampled(equation.block, a, c)) for a, power, c in known]
        lengths = [len(line.nodes) for line in block.nodes.lines]
        scale = self.scales[equation.block][equation.component]
        averages = []
        for powers, slope in self._terms(block, equation.component, unknown, slopes[equation.block]):
            active = [a for a in axes if powers[a] > 0]
            coefficient = (slope / scale).view(lengths)
            if len(active) > 1 or (equation.axis is not None and active not in ([], [equation.axis])):
                continue
            if equation.axis is not None:
                shares = [(equation.axis, self._mean(block, coefficient, equation.axis))]
            elif active:
                shares = [(active[0], self._mean(block, coefficient, active[0]))]
            else:  # a sum of functions of one axis each
                shares = [(a, self._mean(block, coefficient, a)) for a in axes]
                mean = float(shares[0][1] @ block.nodes.lines[0].weights.to(shares[0][1]))
                shares = [(a, c - mean if a else c) for a, c in shares]
                # Around a period only its mean: waves stay apart, which is worth more than a better average.
                shares = [(a, self._levelled(block, c, a)) for a, c in shares]
            averages += [(a, powers[a], c) for a, c in shares]
        return averages

    def _resampled(self, block: int, axis: int, values: Tensor) -> Tensor:
        """Values at the coarse rows' nodes of an axis -> at those of these rows."""
        assert self.coarse is not None
        nodes = self.rows.blocks[block].nodes.lines[axis].nodes
        if len(values) == 1:
            return values
        weights = self.coarse.rows.blocks[block].nodes.lines[axis].weights.to(values)
        amplitudes = self.coarse._table(block, axis, 0).T @ (weights * values)
        return self.coarse.functions(axis).matrix(nodes, 0).to(values) @ amplitudes

    def functions(self, axis: int) -> AxisFunctions:
        return self.rows.bases[self.rows.fields[0]][axis]

    def end_tests(self, unknown: Unknown, axis: int) -> EndTests:
        """How the equation of an unknown is tested along an axis."""
        return EndTests(self.sizes[axis], self._ends(unknown, axis))

    # ------------------------------------------------------------------------------------- parts

    def _test(self, equation: Equation, values: Tensor) -> Tensor:
        lines = self.rows.blocks[equation.block].nodes.lines
        x = values / self.scales[equation.block][equation.component]
        x = x.view([len(line.nodes) for line in lines])
        for a, count in enumerate(self.shape(equation)):
            if a != equation.axis:
                tests = self._table(equation.block, a, 0) * lines[a].weights[:, None].to(x)
                if count < self.sizes[a]:
                    tests = self.end_tests(self.unknowns[equation.unknown], a).combined(tests)[:, :count]
                x = torch.tensordot(x, tests, dims=([a], [0])).movedim(-1, a)
        return x

    def _table(self, block: int, axis: int, derivative: int) -> Tensor:
        """A derivative of the functions of an axis at the nodes of a block, (nodes, n), made once."""
        key = block, axis, derivative
        if key not in self._tables:
            nodes = self.rows.blocks[block].nodes.lines[axis].nodes
            self._tables[key] = self.functions(axis).matrix(nodes, derivative).to(self.rows.like)
        return self._tables[key]

    def _ends(self, unknown: Unknown, axis: int) -> list[int]:
        """At which end of an axis, -1 or 1, each condition of an unknown across it is."""
        functions = self.functions(axis)
        middle = (functions.low + functions.high) / 2
        places = [self.rows.blocks[e.block].nodes.lines[axis].nodes for e in unknown.conditions[axis]]
        return [1 if float(nodes[0]) > middle else -1 for nodes in places]

    def _mean(self, block: Block, values: Tensor, axis: int) -> Tensor:
        """The mean over all axes but one, by the quadrature of a block."""
        for a in reversed(range(values.ndim)):
            if a != axis:
                values = torch.tensordot(values, block.nodes.lines[a].weights.to(values), dims=([a], [0]))
        return values

    def _levelled(self, block: Block, values: Tensor, axis: int) -> Tensor:
        """Values at the nodes of an axis, their mean where it has a period."""
        if not self.functions(axis).is_periodic:
            return values
        return torch.full_like(values, float(values @ block.nodes.lines[axis].weights.to(values)))

    def _terms(
        self, block: Block, component: int, unknown: Unknown, slopes: Slopes
    ) -> Iterator[tuple[tuple[int, ...], Tensor]]:
        """The partial derivatives of an unknown in a component of a block, and their coefficients (n,)."""
        fields = block.group.evaluator.fields
        if self.rows.fields[unknown.field] in fields:
            f = fields.index(self.rows.fields[unknown.field])
            for term in block.transforms[f].terms:
                yield term.keys, term.factor * slopes[f][component, term.request, :, unknown.output]

    def _scale(self, block: Block, slopes: Slopes) -> Tensor:
        """How large the operator of a block is at its nodes, relative to its mean, (components, n).

        Ones where coefficients are nearer to functions of their own axis as they are.
        """
        terms = [
            (self._size(term.keys), term.keys, term.factor * slope[:, term.request, :, output])
            for slope, transform in zip(slopes, block.transforms, strict=True)
            for term in transform.terms
            for output in range(slope.shape[-1])
        ]
        total = torch.zeros_like(block.scale)
        for size, _, coefficient in terms:
            total += (size * coefficient).square()
        total = total.sqrt()
        mean = total.mean(1, keepdim=True)
        if bool(((total - mean).abs() <= LEVEL * mean).all()):
            return torch.ones_like(total)
        scale = torch.where(mean > 0, total / mean.clamp(min=1e-300), 1.0).clamp(min=FAINT)
        plain = torch.ones_like(scale)
        mixed = [
            sum(size**2 * self._mixed(block, keys, c / divisor) for size, keys, c in terms)
            for divisor in (plain, scale)
        ]
        return (
            torch.where((mixed[0] <= mixed[1] + 1e-20 * mean[:, 0] ** 2)[:, None], plain, scale)
            if terms
            else plain
        )

    def _mixed(self, block: Block, powers: Sequence[int], coefficients: Tensor) -> Tensor:
        """What of a derivative's coefficients (components, n) is no function of its axis alone, mean square."""
        lengths = [len(line.nodes) for line in block.nodes.lines]
        own = [a for a, power in enumerate(powers) if power > 0]
        rest = []
        for c in coefficients:
            x = c.view(lengths)
            if len(own) == 1:
                x = x - self._mean(block, x, own[0]).view([-1 if a == own[0] else 1 for a in range(x.ndim)])
            elif not own:
                continue
            rest.append(x.square().mean())
        return torch.stack(rest) if rest else coefficients.new_zeros(len(coefficients))

    def _size(self, powers: Sequence[int]) -> float:
        """Of a derivative of a field that varies as fast as the polynomials can."""
        pairs = enumerate(zip(self.sizes, powers, strict=True))
        return math.prod((n / (self.functions(a).high - self.functions(a).low)) ** p for a, (n, p) in pairs)

    def _matched(self, slopes: Sequence[Slopes]) -> list[Unknown]:
        """The unknowns with their equations: inside that with the largest operators, conditions likewise."""
        from scipy.optimize import linear_sum_assignment

        axes = len(self.sizes)
        equations = [
            Equation(b, component, self._across(block))
            for b, block in enumerate(self.rows.blocks)
            for component in range(len(block.scale))
        ]
        inside = [e for e in equations if e.axis is None]
        unknowns = [
            Unknown(f, o, inside[0] if inside else equations[0], ((),) * axes)
            for f, u in enumerate(self.rows.fields)
            for o in range(u.outputs)
        ]
        if len(inside) != len(unknowns):
            raise Unsuited(f"{DIRECT} there are as many equations on the box as unknowns.")
        sizes = torch.tensor(
            [[sum(float(m.norm()) for m in self.operator(e, u, slopes)) for u in unknowns] for e in inside],
            dtype=torch.float64,
        )
        if not bool(sizes.isfinite().all()) or not bool((sizes.amax(1) > 0).all()):
            raise Unsuited(f"{DIRECT} the equations' slopes are finite and do not vanish.")
        found: list[list[list[Equation]]] = [[[] for _ in range(axes)] for _ in unknowns]
        for e in equations:
            if e.axis is not None:
                rows = [float(self.operator(e, u, slopes)[e.axis].norm()) for u in unknowns]
                k = max(range(len(rows)), key=rows.__getitem__)
                found[k][e.axis].append(replace(e, unknown=k, rank=len(found[k][e.axis])))
        across = [tuple(tuple(c) for c in conditions) for conditions in found]
        # Among all pairs those first that agree with the conditions, else the one with the largest operators.
        agree = [
            [
                self._orders(e, u, slopes) == [len(c) for c in conditions]
                for u, conditions in zip(unknowns, across, strict=True)
            ]
            for e in inside
        ]
        value = (sizes + 1e-300).log() + 1e4 * torch.tensor(agree, dtype=torch.float64) * (sizes > 0)
        _, pairing = linear_sum_assignment(-value.T.numpy())
        matched = [
            replace(u, inside=replace(inside[pairing[k]], unknown=k), conditions=across[k])
            for k, u in enumerate(unknowns)
        ]
        for u in matched:
            if not any(bool(m.any()) for m in self.operator(u.inside, u, slopes)):
                raise Unsuited(f"{DIRECT} every unknown has an equation of its own.")
            self._check(u, slopes)
        return matched

    def _check(self, unknown: Unknown, slopes: Sequence[Slopes]) -> None:
        """As many conditions across every axis as the order of the operator along it."""
        orders = self._orders(unknown.inside, unknown, slopes)
        for a, (order, conditions) in enumerate(zip(orders, unknown.conditions, strict=True)):
            if len(conditions) != order:
                raise Unsuited(
                    f"{DIRECT} there are as many conditions across each as derivatives along it; along "
                    f"{self.rows.fields[0].axes[a].name} there are {order}, and {len(conditions)} conditions."
                )

    def _orders(self, equation: Equation, unknown: Unknown, slopes: Sequence[Slopes]) -> list[int]:
        """Of an equation's derivatives of an unknown along every axis without a period."""
        terms = self._terms(
            self.rows.blocks[equation.block], equation.component, unknown, slopes[equation.block]
        )
        seen = [powers for powers, c in terms if bool((c != 0).any())]
        return [
            0 if self.functions(a).is_periodic else max((powers[a] for powers in seen), default=0)
            for a in range(len(self.sizes))
        ]

    def _across(self, block: Block) -> int | None:
        """The axis across which a block lies; None for the box itself. Raises Unsuited for parts of these."""
        lines = block.nodes.lines
        across = [a for a, line in enumerate(lines) if len(line.nodes) == 1]
        for a, line in enumerate(lines):
            functions = self.functions(a)
            axis = replace(self.rows.fields[0].axes[a], low=functions.low, high=functions.high)
            whole = functions.line(axis, len(line.nodes))
            slack = 1e-9 * (axis.high - axis.low)
            if a not in across and float((whole.nodes - line.nodes).abs().max()) > slack:
                raise Unsuited(f"{DIRECT} constraints hold on the whole box and on whole faces.")
        if len(across) > 1:
            raise Unsuited(f"{DIRECT} constraints hold on the whole box and on whole faces.")
        return across[0] if across else None


@dataclass(frozen=True)
class TauTangent:
    """The derivative of tau rows by the amplitudes, ``at`` some of them."""

    residuals: TauRows
    at: Tensor

    @cached_property
    def slopes(self) -> Sequence[Slopes]:
        """Made once they are asked for: where Newton's method has arrived, they are not."""
        return self.residuals.rows.slopes(self.at)

    def operator(self, equation: Equation, unknown: Unknown) -> list[Tensor]:
        """``TauRows.operator`` here; by the coarse rows, if there are any, where it is about the same fields."""
        is_known = self is self.residuals.first and self.residuals.coarse is not None
        return self.residuals.operator(equation, unknown, None if is_known else self.slopes)

    def apply(self, x: Tensor) -> Tensor:
        rows = self.residuals.rows
        amplitudes, images = rows.split(x), []
        for block, by_field in zip(rows.blocks, self.slopes, strict=True):
            image = torch.zeros_like(block.scale)
            for slope, jet in zip(by_field, rows.jets(block, amplitudes), strict=True):
                image += (slope * jet).sum((1, 3))
            images.append(image)
        return self.residuals.tested(images)
