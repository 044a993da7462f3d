"""Linear least squares with priors: what is unknown, what follows from it, and how well both are known.

Rows are of three kinds. Equations hold, measurements carry noise of standard deviation σ, and priors are to be small.
Columns are of two: coefficients f of unknown fields, which the priors read, and u of all that follows from them. Of

    W² |E (u, f) - e|² + |D (u, f) - d|² + Σ λ_i |L_i f - l_i|²,     W large,

u is eliminated, u = u₀ - X f, by one factorisation of its columns (variable projection), and f = f₀ + T z, with T an
inverse of all L_i together, makes the priors white. What is left is |A z - b|² + λ |z|². With the singular values s
and the right singular vectors v of A, the posterior of a Gaussian prior z ~ N(0, σ²/λ) has, along each v, the
variance σ² / (s² + λ), which is the prior's times λ / (s² + λ).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from .qr import Factor, solve_dense

LEAST, MOST = 1e-18, 1e6  # of the largest squared singular value of the data: where λ is looked for
APART = 0.5  # of its logarithm, between the values that are tried first
SETTLED = 1e-3  # and how closely it is found
# Logarithms of the second prior's weight, beside the first's and in units of their sizes: of a field and its second
# derivatives, from lengths of the fastest features to those of thirty times as much. The posterior is their mean.
RATIOS = tuple(range(2, 16, 2))
FOLLOWED = 0.01  # of a datum: less of them is followed by rounding
COUNTED = 1e-3  # of the likeliest: ratios less likely than that are left out
# Of the largest: equations of unknown fields alone fix the directions with larger singular values.
HELD = 1e-6
# Of the priors' largest singular value: functions whose coefficients would be larger are left out.
RANK = 1e-8


@dataclass(frozen=True)
class Rows:
    """A (rows, columns) and b (rows,) with what each row and column is.

    ``followed``, ``binding`` and ``data`` (rows,) are true for equations from which fields follow, for equations
    of unknown fields alone, and for measurements; ``prior`` (rows,) numbers those of priors, and is -1 elsewhere.
    ``unknown`` (columns,) is true for the columns that priors read. ``known`` says that data are in units of σ.
    """

    matrix: Tensor
    target: Tensor
    followed: Tensor
    binding: Tensor
    data: Tensor
    prior: Tensor
    unknown: Tensor
    known: bool


@dataclass(frozen=True)
class Eliminated:
    """What is left of the rows when the columns that follow do so: triangles [R | r] for the unknown ones.

    ``measured`` is how many data there are, less those that columns without a prior follow.
    """

    data: Tensor  # (k, n + 1)
    priors: tuple[Tensor, ...]
    measured: float
    known: bool
    base: Tensor  # B (., n): the unknown coefficients are f₁ + B y, with y the columns of the triangles
    offset: Tensor  # f₁
    follow: Tensor  # X (m, n)
    start: Tensor  # u₀ (m,)
    factor: Factor | None  # of the columns that follow, where data say something about these themselves
    unknown: Tensor  # (columns,)

    def change(self, y: Tensor) -> Tensor:
        """What changes of y (n, k) make of all coefficients (columns, k)."""
        all_of_them = y.new_zeros(len(self.unknown), y.shape[1])
        all_of_them[self.unknown], all_of_them[~self.unknown] = self.base @ y, -self.follow @ y
        return all_of_them


@dataclass(frozen=True)
class Posterior:
    """|A z - b|² + λ |z|² in the singular vectors of A, with all that leads back to the coefficients."""

    of: Eliminated
    values: Tensor  # s (k,)
    target: Tensor  # β = Uᵀ b (k,)
    rest: float  # |b - U β|²
    mean: Tensor  # f₀ (n,)
    back: Tensor  # T V (n, k)
    weight: float = 1.0  # λ

    @property
    def misfit(self) -> float:
        """min |A z - b|² + λ |z|²."""
        left = self.target.square() * (self.weight / (self.values.square() + self.weight))
        return float(left.sum()) + self.rest

    @property
    def evidence(self) -> float:
        """Twice the logarithm of the density of the data, but for a constant; for the likeliest σ if not known.

        Of b ~ N(0, σ² (1 + A Aᵀ / λ)) it is -Σ log(1 + s²/λ) - misfit/σ² - n log σ².

        Source: MacKay, Bayesian interpolation, 1992.
        """
        volume = float(torch.log1p(self.values.square() / self.weight).sum())
        return -volume - (
            self.misfit if self.of.known else self.of.measured * math.log(max(self.misfit, 1e-300))
        )

    @property
    def noise(self) -> float:
        """σ, 1 where the data are in units of it, else the likeliest."""
        return 1.0 if self.of.known else math.sqrt(self.misfit / self.of.measured)

    def likeliest(self) -> Posterior:
        """With the λ of the largest evidence."""
        largest = float(self.values[0]) ** 2
        if not largest > 0:
            return self
        logs = math.log(LEAST * largest), math.log(MOST * largest)
        best = _maximum(lambda x: replace(self, weight=math.exp(x)).evidence, *logs, APART, SETTLED)
        return replace(self, weight=math.exp(best))

    @property
    def likeliest_y(self) -> Tensor:
        return self.mean + self.back @ (self.values * self.target / (self.values.square() + self.weight))

    @property
    def solution(self) -> Tensor:
        """All coefficients (columns,), the likeliest."""
        found = self.of.change(self.likeliest_y[:, None])[:, 0]
        found[self.of.unknown] += self.of.offset
        found[~self.of.unknown] += self.of.start
        return found

    @property
    def spread_y(self) -> Tensor:
        """S (n, k): the covariance of y is S Sᵀ."""
        return self.back * (self.noise / (self.values.square() + self.weight).sqrt())

    @property
    def spread(self) -> Tensor:
        """C (columns, k) of the unknown ones, and of what follows from them: their covariance is C Cᵀ."""
        return self.of.change(self.spread_y)

    @property
    def fitted(self) -> float:
        """How many data the unknown fields follow: the trace of the influence on them."""
        squares = self.values.square()
        return float((squares / (squares + self.weight)).sum())

    @property
    def determined(self) -> int:
        """Along how many directions data at least halve the variance of the prior."""
        return int((self.values.square() > self.weight).sum())


@dataclass(frozen=True)
class Inferred:
    """The mean over posteriors for several ratios of the priors, each as probable as it makes the data."""

    parts: tuple[Posterior, ...]
    probabilities: tuple[float, ...]

    def mean(self, value: Callable[[Posterior], float]) -> float:
        return sum(p * value(part) for p, part in zip(self.probabilities, self.parts, strict=True))

    @property
    def known(self) -> bool:
        """Whether the deviation of the data was given."""
        return self.parts[0].of.known

    @property
    def noise(self) -> float:
        return self.mean(lambda part: part.noise)

    @property
    def measured(self) -> float:
        return self.parts[0].of.measured

    @property
    def fitted(self) -> float:
        return self.mean(lambda part: part.fitted)

    @property
    def determined(self) -> int:
        return round(self.mean(lambda part: part.determined))

    @property
    def combinations(self) -> int:
        return max(len(part.values) for part in self.parts)

    @cached_property
    def solution(self) -> Tensor:
        """All coefficients (columns,)."""
        each = [p * part.solution for p, part in zip(self.probabilities, self.parts, strict=True)]
        return torch.stack(each).sum(0)

    @property
    def spread(self) -> Tensor:
        """C (columns, k): the covariance of the coefficients is C Cᵀ, what the ratios differ in among it."""
        pairs = list(zip(self.probabilities, self.parts, strict=True))
        middle = torch.stack([p * part.likeliest_y for p, part in pairs]).sum(0)
        each = [p**0.5 * part.spread_y for p, part in pairs]
        apart = [p**0.5 * (part.likeliest_y - middle)[:, None] for p, part in pairs]
        of = self.parts[0].of
        spread = of.change(_triangle(torch.cat([*each, *apart], dim=1).mH).mH)
        if of.factor is None:
            return spread
        own = spread.new_zeros(len(of.unknown), of.factor.columns)
        own[~of.unknown] = self.noise * of.factor.solve(torch.eye(of.factor.columns).to(own))
        return torch.cat([spread, own], dim=1)


def infer(rows: Rows) -> Inferred:
    """The posterior, with the likeliest weight of all priors for each ratio of them.

    The length over which a field varies, which the ratio of two priors says, is often not well known. A mean over
    its values is honest about that, where the likeliest one alone would not be.

    >>> import torch
    >>> from sirenpde.linear.inference import Rows, infer
    >>> line, twice = torch.eye(2).double(), torch.tensor([0, 0, 1, 1])
    >>> none = torch.zeros(4, dtype=torch.bool)
    >>> rows = Rows(torch.cat([line, line]), torch.tensor([3.0, -3.0, 0, 0]).double(), none, none, twice == 0,
    ...     twice - 1, torch.tensor([True, True]), known=True)
    >>> [round(x, 3) for x in infer(rows).solution.tolist()]
    [2.667, -2.667]

    A prior variance with 1 + variance = 3² is the likeliest there, and shrinks the values by 1/9.
    """
    left = eliminate(rows)
    ratios = RATIOS if len(left.priors) > 1 else (0,)
    found = [posterior(left, [0.0, ratio][: len(left.priors)]).likeliest() for ratio in ratios]
    best = max(part.evidence for part in found)
    chances = [math.exp((part.evidence - best) / 2) for part in found]
    counted = [(part, chance) for part, chance in zip(found, chances, strict=True) if chance > COUNTED]
    total = sum(chance for _, chance in counted)
    return Inferred(tuple(part for part, _ in counted), tuple(chance / total for _, chance in counted))


def eliminate(rows: Rows) -> Eliminated:
    """Let columns without a prior follow the others.

    What they cannot make up for in their equations is left out: it is of waves of the unknown fields that are too
    fast for them, and no information.
    """
    unknown = rows.unknown
    priors = list(_priors(rows))
    # Coefficients of dependent features are huge where they cancel: those of functions of unit size are not.
    base = _inverse(torch.cat(priors)[:, :-1])
    offset, free = _bound(rows.matrix[rows.binding][:, unknown] @ base, rows.target[rows.binding])
    base, offset = base @ free, base @ offset
    told = torch.cat([rows.matrix[rows.followed], rows.matrix[rows.data]])
    target = torch.cat([rows.target[rows.followed], rows.target[rows.data]])
    by_unknown, others = told[:, unknown], told[:, ~unknown]
    left = torch.cat([by_unknown @ base, (target - by_unknown @ offset)[:, None]], dim=1)
    follow, start, factor, taken = left.new_zeros(0, base.shape[1]), left.new_zeros(0), None, 0.0
    data = len(told) - int(rows.data.sum())
    if others.shape[1]:
        solved = solve_dense(others, left)
        follow, start, factor = solved.x[:, :-1], solved.x[:, -1], solved.factor
        left = left - others @ solved.x
        taken = float(factor.solve_adjoint(others[data:].mH).square().sum())
    return Eliminated(
        _triangle(left[data:]),
        tuple(torch.cat([p[:, :-1] @ base, (p[:, -1] - p[:, :-1] @ offset)[:, None]], dim=1) for p in priors),
        max(len(left) - data - taken, 1.0),
        rows.known,
        base,
        offset,
        follow,
        start,
        factor if taken > FOLLOWED else None,
        unknown,
    )


def _bound(binding: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What equations fix: a solution of them, and the directions (n, k) that they leave free."""
    count = binding.shape[1]
    if not len(binding):
        return binding.new_zeros(count), torch.eye(count).to(binding)
    triangle = _triangle(torch.cat([binding, target[:, None]], dim=1))
    left, sizes, rotation = torch.linalg.svd(triangle[:, :-1])
    held = int((sizes > HELD * sizes[0]).sum())
    offset = rotation[:held].mH @ ((left[:, :held].mH @ triangle[:, -1]) / sizes[:held])
    return offset, rotation[held:].mH


def posterior(left: Eliminated, ratios: Sequence[float]) -> Posterior:
    """For priors whose weights have these logarithms, beside a common factor λ still to be chosen."""
    together = [math.exp(ratio / 2) * prior for ratio, prior in zip(ratios, left.priors, strict=True)]
    prior = _triangle(torch.cat([triangle / math.exp(max(ratios) / 2) for triangle in together]))
    inverse = _inverse(prior[:, :-1])
    mean = inverse @ (inverse.mH @ (prior[:, :-1].mH @ prior[:, -1]))
    a, b = left.data[:, :-1] @ inverse, left.data[:, -1] - left.data[:, :-1] @ mean
    values, right, target, rest = _svd(a, b)
    return Posterior(left, values, target, rest, mean, inverse @ right)


def _priors(rows: Rows) -> Iterator[Tensor]:
    """[L | l] of each prior, in units of the size of L."""
    for i in range(int(rows.prior.max()) + 1):
        at = rows.prior == i
        triangle = _triangle(torch.cat([rows.matrix[at][:, rows.unknown], rows.target[at][:, None]], dim=1))
        yield triangle / triangle[:, :-1].norm()


def _inverse(prior: Tensor) -> Tensor:
    """T with |L T z| = |z|."""
    _, sizes, rotation = torch.linalg.svd(prior, full_matrices=False)
    kept = sizes > RANK * sizes[0]
    inverse: Tensor = rotation[kept].mH / sizes[kept]
    return inverse


def _triangle(rows: Tensor) -> Tensor:
    """R of a QR factorisation: the rows in as few of the same products."""
    return torch.linalg.qr(rows, mode="r")[1] if len(rows) else rows


def _svd(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor, float]:
    """s (k,), V (k, k), Uᵀ b (k,) and |b - U Uᵀ b|² of rows that may be fewer than the k columns."""
    count = a.shape[1]
    triangle = _triangle(torch.cat([a, b[:, None]], dim=1))
    upper = a.new_zeros(count + 1, count + 1)
    upper[: len(triangle)] = triangle
    left, values, right = torch.linalg.svd(upper[:count, :count])
    return values, right.mH, left.mH @ upper[:count, count], float(upper[count, count] ** 2)


def _maximum(f: Callable[[float], float], low: float, high: float, apart: float, settled: float) -> float:
    """Where f is largest: the best of values so far apart, and golden sections about it."""
    count = math.ceil((high - low) / apart)
    step = (high - low) / count
    best = max(range(count + 1), key=lambda i: f(low + i * step))
    low, high = low + max(best - 1, 0) * step, low + min(best + 1, count) * step
    ratio = (math.sqrt(5) - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    at_a, at_b = f(a), f(b)
    while high - low > settled:
        if at_a < at_b:
            low, a, at_a, b = a, b, at_b, a + ratio * (high - a)
            at_b = f(b)
        else:
            high, b, at_b, a = b, a, at_a, b - ratio * (b - low)
            at_a = f(a)
    return 0.5 * (low + high)
