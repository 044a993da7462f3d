"""SOAP: Adam in the eigenbasis of every weight matrix's own gradient covariances."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from ..engines.flat import trainable
from ..residuals import System
from ..sampling.points import FRESH, Points
from .adam import EPSILON, Schedule, check_schedule, falling
from .stage import Report, State, report_of

# Of the packages with SOAP, pytorch-optimizer 4.1 orthogonalises in float32, so that bases in float64 are
# orthonormal to 3e-7 only, and heavyball 3.2 compiles its steps and sets torch's global matmul precision.

# A turned gradient below so many times the rounding of its matrix means nothing.
ROUNDING = 100.0

Pair = tuple[Tensor, Tensor]  # of the two sides of a weight matrix


@dataclass
class Memory:
    """The moving averages, and the bases in which the second moment is kept."""

    m: Tensor
    v: Tensor
    covariances: list[Pair]  # G Gᵀ and Gᵀ G of every weight matrix
    bases: list[Pair]  # and their eigenvectors, the largest eigenvalue first


@dataclass(frozen=True)
class Soap:
    """Adam in a rotated space, for networks too large for a matrix over all parameters.

    For every weight matrix W (m, n) with gradient G, averages L of G Gᵀ and R of Gᵀ G are kept, with
    orthonormal Q_L and Q_R that follow their eigenvectors by one step of orthogonal iteration every
    ``every`` steps. Adam's second moment is that of Q_Lᵀ G Q_R, and

        W ← W - lr Q_L (M' / (√V' + ε)) Q_Rᵀ,      M' = Q_Lᵀ M Q_R,

    with Adam's corrections for the start. All other parameters, biases among them, take Adam's own step. Where a
    gradient has fewer directions than its matrix, turning it leaves rounding in the others, which a division by
    its own size would make as long as any: so ε is Adam's, or 100 times the rounding of the whole matrix, 100 eps
    √ΣV', where that is more, as in single precision.

    Args:
        steps: how many.
        lr: the learning rate to start from.
        schedule: "cosine" falls to ``lr * final`` along half a cosine, "exponential" geometrically,
            "constant" stays.
        final: the last learning rate as a fraction of the first.
        betas: how much the averages remember: the first of the gradient, the second of its square and of L and R.
        every: steps between updates of the bases.
        points: how the samples are drawn and weighed; new ones at every step if left out.

    Raises:
        ValueError: for numbers out of range.

    Source: Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson, Kakade, SOAP: improving and stabilizing
    Shampoo using Adam, 2025, algorithms 3 and 4.

    >>> from sirenpde import Soap
    >>> Soap(steps=10_000, lr=1e-3).name
    'SOAP'
    """

    steps: int = 5000
    lr: float = 3e-3
    schedule: Schedule = "cosine"
    final: float = 0.01
    betas: tuple[float, float] = (0.95, 0.95)
    every: int = 10
    points: Points = FRESH

    remembers: ClassVar[type] = Memory

    def __post_init__(self) -> None:
        if self.steps < 1 or not self.lr > 0 or not 0 < self.final <= 1 or self.every < 1:
            raise ValueError(
                f"Soap was given steps={self.steps}, lr={self.lr}, final={self.final}, every={self.every}; expected "
                f"steps >= 1, lr > 0, 0 < final <= 1 and every >= 1."
            )
        if len(self.betas) != 2 or not all(0 <= beta < 1 for beta in self.betas):
            raise ValueError(f"Soap was given betas={self.betas}; expected two numbers from 0 to below 1.")
        check_schedule("Soap", self.schedule)

    @property
    def name(self) -> str:
        return "SOAP"

    @property
    def precision(self) -> torch.dtype:
        return torch.float32

    def advance(self, state: State) -> Report:
        evaluation = state.system.gradient(state.theta, state.batches(self.points))
        gradient, layout = evaluation.gradient, list(blocks(state.system))
        memory = state.remember(Memory, lambda: first_memory(gradient, layout))
        rate = self.lr * falling(self.schedule, self.final, state.step / self.steps)
        state.theta = state.theta - rate * self.direction(memory, layout, gradient, state.step + 1)
        state.step += 1
        return report_of(evaluation.terms, state.theta, state.step >= self.steps, "all steps taken")

    def direction(
        self, memory: Memory, layout: list[tuple[slice, torch.Size]], gradient: Tensor, t: int
    ) -> Tensor:
        """What the ``t``-th step, from 1, follows downhill; updates the averages and bases in ``memory``."""
        beta1, beta2 = self.betas
        m, v, bases = memory.m, memory.v, memory.bases
        m.lerp_(gradient, 1 - beta1)
        turned = _turn(gradient, layout, bases)
        v.mul_(beta2).addcmul_(turned, turned, value=1 - beta2)
        squares = v / (1 - beta2**t)
        least = [(ROUNDING * _rounding(squares[block])).clamp_min(EPSILON) for block, _ in layout]
        scaled = squares.sqrt_()
        floor = torch.full_like(scaled, EPSILON)
        for (block, _), epsilon in zip(layout, least, strict=True):
            floor[block] = epsilon
        scaled.add_(floor)
        step = _turn(m, layout, bases).div_(scaled).div_(1 - beta1**t)
        step = _turn(step, layout, [(left.T, right.T) for left, right in bases])
        for (left, right), (block, shape) in zip(memory.covariances, layout, strict=True):
            g = gradient[block].view(shape)
            left.lerp_(g @ g.T, 1 - beta2)
            right.lerp_(g.T @ g, 1 - beta2)
        if t % self.every == 0:
            memory.bases = [
                _follow(pair, basis, v[block].view(shape))
                for pair, basis, (block, shape) in zip(memory.covariances, bases, layout, strict=True)
            ]
        return step


def first_memory(gradient: Tensor, layout: list[tuple[slice, torch.Size]]) -> Memory:
    """The averages and bases at the first gradient."""
    matrices = [gradient[block].view(shape) for block, shape in layout]
    covariances = [(g @ g.T, g.T @ g) for g in matrices]
    bases = [(_eigenvectors(left), _eigenvectors(right)) for left, right in covariances]
    return Memory(torch.zeros_like(gradient), torch.zeros_like(gradient), covariances, bases)


def _eigenvectors(covariance: Tensor) -> Tensor:
    vectors: Tensor = torch.linalg.eigh(covariance)[1]
    return vectors.flip(1)


def _rounding(squares: Tensor) -> Tensor:
    """What rounding leaves of a zero where vectors whose components have these squares are turned."""
    return torch.finfo(squares.dtype).eps * squares.sum().sqrt()


def blocks(system: System) -> Iterator[tuple[slice, torch.Size]]:
    """Where the weight matrices lie in theta, and their shapes."""
    for u, module in system.parameters.networks.items():
        start = system.parameters.slices[u].start
        for _, parameter in trainable(module):
            if parameter.dim() == 2:
                yield slice(start, start + parameter.numel()), parameter.shape
            start += parameter.numel()


def _turn(x: Tensor, layout: list[tuple[slice, torch.Size]], bases: list[Pair]) -> Tensor:
    """Q_Lᵀ X Q_R for every matrix in the flat x; the rest stays."""
    turned = x.clone()
    for (block, shape), (left, right) in zip(layout, bases, strict=True):
        turned[block] = (left.T @ x[block].view(shape) @ right).reshape(-1)
    return turned


def _follow(covariances: Pair, bases: Pair, v: Tensor) -> Pair:
    """One step of orthogonal iteration, the largest eigenvalues first; ``v`` (m, n) is put in the same order."""
    turned = []
    for side, (covariance, basis) in enumerate(zip(covariances, bases, strict=True)):
        image = covariance @ basis
        order = (basis * image).sum(0).argsort(descending=True, stable=True)
        v.copy_(v.index_select(side, order))
        turned.append(torch.linalg.qr(image[:, order])[0])
    left, right = turned
    return left, right
