"""Heat in a checkerboard of two materials: expansions about all corners of its squares, joined between these."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import torch
from torch import Tensor

from ..geometry.point import Point

SQUARES = 4  # along each side of the board [0, 1]²
HIGHEST = 30.0  # exponents of r about each corner
NODES = 22  # on each half of the line between two corners
STEP = 1e-3  # between the exponents at which one looks for a change of sign
TURN = math.pi / 2  # the angle of a quadrant


@dataclass(frozen=True)
class Expansion:
    """What solves the equation about a corner of squares, by quadrants q that follow one another.

    With w = z e^{-iqπ/2} for the offset z from it, u = Re(Σ_j x_j C_jq w^λ_j + (a_q + b_q log w) w²) - |z|² / 4k_q.
    """

    quadrants: tuple[int, ...]
    materials: tuple[float, ...]
    powers: Tensor  # (m,)
    factors: Tensor  # (m, quadrants), complex C
    source: Tensor  # (quadrants, 2), complex a, b

    def at(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The functions (..., m), their complex slopes u_x - i u_y, then value and slope of what f = 1 adds (...)."""
        zero = z.real[..., None] * 0 * self.powers
        values, slopes, value, slope = zero, zero + 0j, z.real * 0, z * 0
        for n, q in enumerate(self.quadrants):
            east, north = (q in (0, 3)), (q in (0, 1))
            inside = (
                ((z.real >= 0) == east) & ((z.imag >= 0) == north)
                if len(self.quadrants) > 1
                else z.real == z.real
            )
            back = complex(math.cos(q * TURN), -math.sin(q * TURN))
            w = z * back
            log = torch.complex((w.abs() + 1e-300).log(), w.angle())
            waves = self.factors[:, n] * torch.exp(self.powers * log[..., None])
            a, b = self.source[n]
            values = torch.where(inside[..., None], waves.real, values)
            slopes = torch.where(
                inside[..., None], self.powers * waves * torch.exp(-log)[..., None] * back, slopes
            )
            particular = ((a + b * log) * w * w).real - z.abs() ** 2 / (4 * self.materials[n])
            steep = (2 * a + b + 2 * b * log) * w * back - z.conj() / (2 * self.materials[n])
            value, slope = torch.where(inside, particular, value), torch.where(inside, steep, slope)
        return values, slopes, value, slope


@dataclass(frozen=True)
class Board:
    """The expansions in units of a square's side, their coefficients, and the largest misfit between them."""

    expansions: tuple[Expansion, ...]
    coefficients: tuple[Tensor, ...]
    misfit: float


def checkerboard(p: Point, contrast: float) -> Tensor:
    """The solution of -∇·(a ∇u) = 1 on [0, 1]², a = 1 or ``contrast`` on 4 x 4 squares in turn, u = 0 on the edge.

    It satisfies the equation and the conditions on all interfaces at each corner; between two corners the expansions
    miss each other by at most ``board(contrast).misfit``, value and flux, relative to the largest square's own u.

    Source: Kellogg, On the Poisson equation with intersecting interfaces, 1975.
    """
    fitted = board(contrast)
    x, y = SQUARES * p.coords[0], SQUARES * p.coords[1]
    total = 0 * x
    column, row = (c.add(0.5).floor().clamp(0, SQUARES) for c in (x, y))
    for number, (expansion, factors) in enumerate(zip(fitted.expansions, fitted.coefficients, strict=True)):
        i, j = divmod(number, SQUARES + 1)
        values, _, value, _ = expansion.at(torch.complex(x - i, y - j))
        here = values @ factors.to(values) + value
        total = torch.where((column == i) & (row == j), here, total)
    return total / SQUARES**2


@lru_cache(maxsize=4)
def board(contrast: float) -> Board:
    """The coefficients that make neighbouring expansions agree, by least squares.

    >>> from sirenpde.references.checkerboard import board
    >>> board(10.0).misfit < 1e-8
    True
    """
    size = SQUARES + 1
    expansions = [_expansion(*_around(i, j, contrast)) for i in range(size) for j in range(size)]
    starts = torch.tensor([0, *(len(e.powers) for e in expansions)]).cumsum(0).tolist()
    t = 0.25 * (1 - torch.cos(math.pi * (torch.arange(NODES, dtype=torch.float64) + 0.5) / NODES))
    across = torch.cat([-t, t])
    rows, targets = [], []
    for number, first in enumerate(expansions):
        i, j = divmod(number, size)
        for step, neighbour, ends in ((1 + 0j, number + size, (i, j)), (1j, number + 1, (j, i))):
            if ends[0] == SQUARES:
                continue
            within = (across + ends[1] > 0) & (across + ends[1] < SQUARES)
            line = step / 2 + (1j if step == 1 else 1) * across[within]
            material = torch.where((_index(line, i, 0) + _index(line, j, 1)) % 2 == 0, 1.0, contrast)
            sides = [
                (number, first.at(line)),
                (neighbour, expansions[neighbour].at(line - step)),
            ]
            scale = (material / contrast)[:, None]
            block = torch.zeros(2, len(line), starts[-1], dtype=torch.float64)
            target = torch.zeros(2, len(line), dtype=torch.float64)
            for sign, (owner, (values, slopes, value, slope)) in zip((1, -1), sides, strict=True):
                columns = slice(starts[owner], starts[owner + 1])
                normal, steep = (slopes.real, slope.real) if step == 1 else (-slopes.imag, -slope.imag)
                block[0, :, columns], block[1, :, columns] = sign * values, sign * scale * normal
                target[0] -= sign * value
                target[1] -= sign * scale[:, 0] * steep
            rows.append(block.flatten(0, 1))
            targets.append(target.flatten())
    matrix, right = torch.cat(rows), torch.cat(targets)
    norms = matrix.norm(dim=0)
    x = torch.linalg.lstsq(matrix / norms, right[:, None], driver="gelsy", rcond=1e-14).solution[:, 0]
    misfit = float((matrix / norms @ x - right).abs().max())
    parts = [(x / norms)[a:b] for a, b in pairwise(starts)]
    return Board(tuple(expansions), tuple(parts), misfit)


def _index(line: Tensor, corner: int, axis: int) -> Tensor:
    return (corner + (line.real if axis == 0 else line.imag)).floor()


def _around(i: int, j: int, contrast: float) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The quadrants of the board around a corner of squares, against the clock, and their materials."""
    squares = {0: (i, j), 1: (i - 1, j), 2: (i - 1, j - 1), 3: (i, j - 1)}
    present = [q for q, of in squares.items() if all(0 <= c < SQUARES for c in of)]
    if len(present) < 4:
        first = next(q for q in present if (q - 1) % 4 not in present)
        present = [(first + n) % 4 for n in range(len(present))]
    materials = tuple(1.0 if sum(squares[q]) % 2 == 0 else contrast for q in present)
    return tuple(present), materials


def _expansion(quadrants: tuple[int, ...], materials: tuple[float, ...]) -> Expansion:
    found = _functions(materials)
    powers = torch.tensor([power for power, _ in found], dtype=torch.float64)
    factors = torch.stack([torch.complex(of[:, 0], -of[:, 1]) for _, of in found])
    return Expansion(quadrants, materials, powers, factors, _source(materials))


@lru_cache(maxsize=16)
def _functions(materials: tuple[float, ...]) -> tuple[tuple[float, Tensor], ...]:
    """Exponents λ, and of cos λt and sin λt in each quadrant how much, so that value and flux are continuous."""
    around = len(materials) == 4
    steps = torch.arange(0.3 * STEP, HIGHEST, STEP, dtype=torch.float64)

    def excess(power: Tensor) -> Tensor:
        carried = _carried(materials, power)
        return carried[..., 0, 0] + carried[..., 1, 1] - 2 if around else carried[..., 0, 1]

    def root(function: object, low: Tensor, high: Tensor) -> Tensor:
        assert callable(function)
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if function(low) * function(middle) <= 0 else (middle, high)
        return (low + high) / 2

    values = excess(steps)
    crossed = (values[:-1] * values[1:] <= 0).nonzero()[:, 0]
    powers = [root(excess, steps[n], steps[n + 1]) for n in crossed.tolist()]
    if around:  # where squares of two materials meet in turn, whole exponents are double
        tops = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:]) & (values[1:-1] <= 0)

        def slope(power: Tensor) -> Tensor:
            return excess(power + 1e-6) - excess(power - 1e-6)

        places = (root(slope, steps[n], steps[n + 2]) for n in tops.nonzero()[:, 0].tolist())
        powers += [place for place in places if float(excess(place)) > -1e-7]
    found = []
    for power in sorted(powers):
        starts = [torch.tensor([0.0, 1.0], dtype=torch.float64)]
        if around:
            off = _carried(materials, power) - torch.eye(2, dtype=torch.float64)
            _, sizes, vectors = torch.linalg.svd(off)
            starts = [vectors[1]] if float(sizes[0]) > 1e-5 else [vectors[0], vectors[1]]
        for start in starts:
            of = [_carried(materials[: n + 1], power, last=False) @ start for n in range(len(materials))]
            found.append((float(power), torch.stack(of)))
    if around:
        found.append((0.0, torch.tensor([[1.0, 0.0]] * 4, dtype=torch.float64)))
    return tuple(found)


def _carried(materials: Sequence[float], power: Tensor, last: bool = True) -> Tensor:
    """What takes the two factors of the first quadrant to the last, or to the one after it, (..., 2, 2)."""
    c, s = torch.cos(power * TURN), torch.sin(power * TURN)
    total = torch.eye(2, dtype=torch.float64).expand(*power.shape, 2, 2)
    following = [*materials[1:], materials[0]]
    for a, b in list(zip(materials, following, strict=True))[: None if last else -1]:
        rows = torch.stack([torch.stack([c, s], -1), torch.stack([-a / b * s, a / b * c], -1)], -2)
        total = rows @ total
    return total


def _source(materials: tuple[float, ...]) -> Tensor:
    """Complex a and b of (a + b log w) w² in each quadrant, for what f = 1 leaves open at the interfaces."""
    count = len(materials)

    def traces(t: float) -> Tensor:
        """Of Re and -Im of a, then of b: value and slope along the angle, each without and with log r, (4, 4)."""
        c, s = math.cos(2 * t), math.sin(2 * t)
        rows = [
            [c, s, -t * s, t * c],
            [0, 0, c, s],
            [-2 * s, 2 * c, -s - 2 * t * c, c - 2 * t * s],
            [0, 0, -2 * s, 2 * c],
        ]
        return torch.tensor(rows, dtype=torch.float64)

    rows, right = [], []
    for n in range(count if count == 4 else count - 1):
        m, (a, b) = (n + 1) % count, (materials[n], materials[(n + 1) % count])
        weights = torch.tensor([[1.0, 1.0]] * 2 + [[a, b]] * 2, dtype=torch.float64)
        block = torch.zeros(4, count, 4, dtype=torch.float64)
        block[:, n] += weights[:, :1] * traces(TURN)
        block[:, m] -= weights[:, 1:] * traces(0)
        rows.append(block.flatten(1))
        right += [(1 / a - 1 / b) / 4, 0.0, 0.0, 0.0]
    for n, t in () if count == 4 else ((0, 0.0), (count - 1, TURN)):
        block = torch.zeros(2, count, 4, dtype=torch.float64)
        block[:, n] = traces(t)[:2]
        rows.append(block.flatten(1))
        right += [1 / materials[n] / 4, 0.0]
    target = torch.tensor(right, dtype=torch.float64)[:, None]
    x = torch.linalg.lstsq(torch.cat(rows), target, driver="gelsd", rcond=1e-10).solution.reshape(count, 4)
    return torch.stack([torch.complex(x[:, 0], -x[:, 1]), torch.complex(x[:, 2], -x[:, 3])], dim=1)
