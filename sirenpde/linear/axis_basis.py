"""The functions of a series along one axis: made orthonormal, and taken to nodes and back."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from ..engines.axis_maps import AxisMap, MatrixMap, WaveMap
from ..geometry.nodes import Line, equidistant, gauss
from ..geometry.point import Axis
from ..networks.series import Harmonics

PER_WAVE = 3  # nodes to a period of the highest wave: a product of two such waves is still told apart


class AxisFunctions(Protocol):
    """Functions of one axis from ``low`` to ``high``, orthonormal in the mean over it."""

    low: float
    high: float
    strength: Tensor

    @property
    def count(self) -> int: ...

    @property
    def is_periodic(self) -> bool: ...

    @property
    def nodes(self) -> int:
        """Enough nodes to tell products of two functions apart."""
        ...

    def line(self, axis: Axis, count: int) -> Line:
        """So many nodes on an interval of the axis."""
        ...

    def is_around(self, line: Line) -> bool: ...

    def matrix(self, x: Tensor, derivative: int) -> Tensor:
        """A derivative of all functions at x, (n, count)."""
        ...

    def map(self, line: Line, derivative: int, like: Tensor) -> AxisMap: ...


class AxisBasis:
    """The functions of one axis made orthonormal over it.

    ``strength`` (K,), or (1,) along a period, says how large a function can be made with coefficients of norm
    one: of redundant waves some combinations nearly cancel.
    """

    def __init__(self, basis: Harmonics) -> None:
        self.basis = basis
        self.low, self.high = basis.low, basis.high
        self.is_periodic = basis.is_periodic
        count = len(basis.modes)
        if self.is_periodic:
            self.scale = torch.full((count,), 2**0.5, dtype=torch.float64)
            self.scale[0] = 1
            self.strength = torch.ones(1, dtype=torch.float64)
            return
        line = self.reference()
        values = line.weights.sqrt()[:, None] * self.functions(line.nodes, 0)
        left, self.strength, right = _svd(values)
        # Rounding decides the signs of a decomposition; a factor serves in a box moved along only if they agree.
        signs = torch.where(left[-1] < 0, -1.0, 1.0).to(left)
        self._left, right = left * signs, right * signs[:, None]
        self.change = right.T / self.strength
        self.inverse = self.strength[:, None] * right

    @property
    def count(self) -> int:
        return len(self.basis.modes)

    def reference(self) -> Line:
        """Nodes on which products of two of the functions are integrated to rounding."""
        count = 2 * len(self.basis.modes) + 2
        return (equidistant if self.is_periodic else gauss)(self.basis.low, self.basis.high, count)

    def to_coefficients(self, amplitudes: Tensor, axis: int) -> Tensor:
        """Amplitudes of the orthonormal functions -> coefficients of the waves, along one axis of a tensor."""
        if self.is_periodic:
            return amplitudes * broadcast_along(self.scale.to(amplitudes), axis, amplitudes.ndim)
        return along_axis(self.change, amplitudes, axis)

    def to_amplitudes(self, coefficients: Tensor, axis: int) -> Tensor:
        if self.is_periodic:
            return coefficients / broadcast_along(self.scale.to(coefficients), axis, coefficients.ndim)
        return along_axis(self.inverse, coefficients, axis)

    def project(self, values: Tensor) -> Tensor:
        """Values (nodes of ``reference``, k) of functions on the axis -> their amplitudes (K, k)."""
        root = self.reference().weights.sqrt()[:, None]
        # Not by ``matrix``: through ``change`` rounding has made the weak functions less than orthonormal.
        left = root * self.matrix(self.reference().nodes, 0) if self.is_periodic else self._left
        return left.T @ (root * values)

    def functions(self, x: Tensor, derivative: int) -> Tensor:  # (n,) -> (n, K)
        values: Tensor = self.basis(x.to(self.basis.modes.device), derivative)
        return values.cpu()

    def matrix(self, x: Tensor, derivative: int) -> Tensor:  # (n,) -> (n, K), of the orthonormal functions
        functions = self.functions(x, derivative)
        return functions * self.scale if self.is_periodic else functions @ self.change

    def line(self, axis: Axis, count: int) -> Line:
        if self.is_periodic and self._is_whole(axis.low, axis.high):
            return equidistant(axis.low, axis.high, count)
        return gauss(axis.low, axis.high, count)

    def is_around(self, line: Line) -> bool:
        """Whether the nodes are equidistant around the period."""
        if not self.is_periodic or len(line.nodes) < len(self.basis.modes):
            return False
        around = equidistant(self.basis.low, self.basis.high, len(line.nodes))
        return bool((around.nodes - line.nodes).abs().max() <= 1e-12 * (self.basis.high - self.basis.low))

    def map(self, line: Line, derivative: int, like: Tensor) -> AxisMap:
        if self.is_around(line):
            wavenumbers = self.basis.wavenumbers[: len(self.basis.modes) // 2 + 1]
            factors = (1j * wavenumbers.cpu()) ** derivative
            return WaveMap(len(line.nodes), factors.to(device=like.device, dtype=like.dtype.to_complex()))
        return MatrixMap(self.matrix(line.nodes, derivative).to(like))

    def _is_whole(self, low: float, high: float) -> bool:
        slack = 1e-9 * (high - low)
        return abs(low - self.basis.low) <= slack and abs(high - self.basis.high) <= slack

    @property
    def highest(self) -> float:
        """The highest frequency, in radians per half side."""
        return float(self.basis.wavenumbers.max()) * (self.basis.high - self.basis.low) / 2

    @property
    def nodes(self) -> int:
        """Enough nodes to integrate a product of two functions: with fewer, some combinations pass between them."""
        count = len(self.basis.modes)
        return _smooth(PER_WAVE * (count // 2) + 1) if self.is_periodic else max(count, int(self.highest) + 2)


def _svd(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The decomposition of functions many of whose combinations vanish to rounding.

    Divide and conquer, which is fast, now and then finds no end among singular values that are alike; QR sweeps do.
    """
    try:
        left, strength, right = torch.linalg.svd(values, full_matrices=False)
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # it is, though not exported
        from scipy.linalg import svd

        left, strength, right = map(
            torch.from_numpy, svd(values.numpy(), full_matrices=False, lapack_driver="gesvd")
        )
    return left, strength, right


def along_axis(matrix: Tensor, x: Tensor, axis: int) -> Tensor:
    """Applies a matrix along one axis of x."""
    product: Tensor = torch.tensordot(x, matrix.to(x), dims=([axis], [1]))
    return product.movedim(-1, axis)


def broadcast_along(values: Tensor, axis: int, dimensions: int) -> Tensor:
    """Values (K,) so shaped that they broadcast along one axis of so many."""
    return values.reshape([-1 if a == axis else 1 for a in range(dimensions)])


def _smooth(least: int) -> int:
    """The next number whose only prime factors are 2, 3 and 5, as fast transforms like it."""
    while True:
        rest = least
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return least
        least += 1
