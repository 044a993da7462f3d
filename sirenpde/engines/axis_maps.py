"""Linear maps along one axis of a grid: by a matrix, or by a fast Fourier transform."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class AxisMap(Protocol):
    """Coefficients along an axis -> values, or a derivative, at its nodes; acts on the last dimension."""

    def forth(self, coefficients: Tensor) -> Tensor: ...

    def back(self, values: Tensor) -> Tensor:
        """The transpose of ``forth``."""
        ...


@dataclass(frozen=True)
class MatrixMap:
    matrix: Tensor  # (nodes, coefficients)

    def forth(self, coefficients: Tensor) -> Tensor:
        return coefficients @ self.matrix.T

    def back(self, values: Tensor) -> Tensor:
        return values @ self.matrix


@dataclass(frozen=True)
class WaveMap:
    """Orthonormal waves around a period at equidistant nodes, by fast Fourier transforms."""

    nodes: int
    factors: Tensor  # (order + 1,), complex: (i wavenumber)^derivative

    def forth(self, coefficients: Tensor) -> Tensor:
        spectrum = as_waves(coefficients) * self.factors
        spectrum[..., 1:] *= 0.5**0.5
        values: Tensor = torch.fft.irfft(spectrum, self.nodes) * self.nodes
        return values

    def back(self, values: Tensor) -> Tensor:
        spectrum = torch.fft.rfft(values)[..., : len(self.factors)] * self.factors.conj()
        spectrum[..., 1:] *= 2**0.5
        return from_waves(spectrum)


@dataclass(frozen=True)
class CosineMap:
    """cos(pi k v) for k < modes, or their derivative, at the middles v = (j + 1/2)/nodes of equal cells.

    By fast transforms of twice the length, for as many nodes as a matrix would be too large for. ``wavenumbers``
    (modes,), at most as many as nodes, are those of a derivative; of values they are left out. ``part`` are the
    first cell that is meant and the one after the last, if not all of them; from the last to the first where the map
    is ``reversed``, as the rows of a picture are.
    """

    nodes: int
    modes: int
    wavenumbers: Tensor | None = None
    part: tuple[int, int] | None = None
    reversed: bool = False

    @property
    def cells(self) -> slice:
        return slice(0, self.nodes) if self.part is None else slice(*self.part)

    def forth(self, coefficients: Tensor) -> Tensor:
        turned = coefficients if self.wavenumbers is None else coefficients * self.wavenumbers
        spectrum = turned * self._turns(turned) * (1.0 if self.wavenumbers is None else 1j)
        spectrum[..., 0] *= 2
        values: Tensor = torch.fft.irfft(spectrum, 2 * self.nodes)[..., self.cells] * self.nodes
        return values.flip(-1) if self.reversed else values

    def back(self, values: Tensor) -> Tensor:
        whole = self._on_all(values)
        if self.wavenumbers is None:
            return self._sums(whole)[..., : self.modes]
        return -self.wavenumbers * self._sums(whole, odd=True)[..., : self.modes]

    def products(self, other: CosineMap, weights: Tensor) -> Tensor:
        """The sums over nodes of weights (..., nodes) times the functions of both maps, mode by mode.

        The nodes of ``other`` may lie as many cells further as its part begins later. With a = pi k v and
        b = pi k (v + s), cos a cos b = (cos(b - a) + cos(a + b))/2, and so on.
        """
        whole, shift = self._on_all(weights), other.cells.start - self.cells.start
        k = torch.arange(self.modes, device=weights.device, dtype=weights.dtype)
        c, s = torch.cos(k * (math.pi * shift / self.nodes)), torch.sin(k * (math.pi * shift / self.nodes))
        even, odd, total = self._doubled(whole), self._doubled(whole, odd=True), whole.sum(-1, keepdim=True)
        cosines, sines = c * even - s * odd, s * even + c * odd  # of a + b
        if self.wavenumbers is None and other.wavenumbers is None:
            return 0.5 * (c * total + cosines)
        if self.wavenumbers is not None and other.wavenumbers is not None:
            return 0.5 * self.wavenumbers * other.wavenumbers * (c * total - cosines)
        if self.wavenumbers is not None:
            return -0.5 * self.wavenumbers * (sines - s * total)
        assert other.wavenumbers is not None
        return -0.5 * other.wavenumbers * (sines + s * total)

    def _doubled(self, values: Tensor, *, odd: bool = False) -> Tensor:
        """The sums over nodes of values times cos(2 pi k v), or sin(2 pi k v), for all k < modes.

        Twice a frequency k beyond half the nodes is that of 2 n - 2 k, with the sign turned; at n there are signs by
        turns, or nothing.
        """
        sums = self._sums(values, odd=odd)
        twice = 2 * torch.arange(self.modes, device=values.device)
        folded = torch.where(twice < self.nodes, twice, (2 * self.nodes - twice) % self.nodes)
        sign = torch.where(twice < self.nodes, 1.0, 1.0 if odd else -1.0).to(values)
        return torch.where(twice == self.nodes, self._at_nyquist(values, odd), sign * sums[..., folded])

    def _at_nyquist(self, weights: Tensor, odd: bool) -> Tensor:
        """The sum with sin(pi (j + 1/2)), signs by turns; with the cosine it vanishes."""
        signs = 1.0 - 2.0 * (torch.arange(self.nodes, device=weights.device) % 2)
        total = (weights * signs.to(weights)).sum(-1, keepdim=True)
        return total if odd else torch.zeros_like(total)

    def _on_all(self, values: Tensor) -> Tensor:
        """Values at the cells that are meant, zero at the others."""
        values = values.flip(-1) if self.reversed else values
        if self.part is None:
            return values
        return torch.nn.functional.pad(values, (self.part[0], self.nodes - self.part[1]))

    def _sums(self, values: Tensor, *, odd: bool = False) -> Tensor:
        """The sums over nodes of values (..., nodes) times cos(pi k v), or sin(pi k v), for all k < nodes."""
        mirrored = torch.cat([values, (-1 if odd else 1) * values.flip(-1)], dim=-1)
        spectrum = torch.fft.rfft(mirrored)[..., : self.nodes] * self._turns(values, self.nodes).conj()
        sums: Tensor = -0.5 * spectrum.imag if odd else 0.5 * spectrum.real
        return sums

    def _turns(self, like: Tensor, count: int | None = None) -> Tensor:
        """exp(i pi k/(2 nodes)): from the left of a cell to its middle."""
        k = torch.arange(count or self.modes, device=like.device, dtype=like.dtype)
        turns: Tensor = torch.polar(torch.ones_like(k), k * (math.pi / (2 * self.nodes)))
        return turns


def products(one: AxisMap, other: AxisMap, weights: Tensor) -> Tensor:
    """The sums over the nodes of weights (..., nodes) times the functions of two maps of one kind, mode by mode.

    Raises TypeError for maps around a period, of which nobody asks for it.
    """
    if isinstance(one, CosineMap) and isinstance(other, CosineMap):
        return one.products(other, weights)
    if isinstance(one, MatrixMap) and isinstance(other, MatrixMap):
        return weights @ (one.matrix * other.matrix)
    raise TypeError(
        f"maps of kinds {type(one).__name__} and {type(other).__name__}; two of one kind were expected."
    )


def as_waves(amplitudes: Tensor) -> Tensor:
    """Amplitudes of 1, cosines and sines (..., 2 n + 1) -> complex amplitudes of waves (..., n + 1)."""
    order = amplitudes.shape[-1] // 2
    sines = torch.cat([torch.zeros_like(amplitudes[..., :1]), amplitudes[..., order + 1 :]], dim=-1)
    return torch.complex(amplitudes[..., : order + 1].contiguous(), -sines)


def from_waves(waves: Tensor) -> Tensor:
    """The transpose of ``as_waves``."""
    return torch.cat([waves.real, -waves.imag[..., 1:]], dim=-1)


def along_axes(matrices: list[Tensor], x: Tensor) -> Tensor:
    """Applies a matrix (m, k) along each axis of x (k1, ..., kd, outputs)."""
    rest = x.shape[-1]
    for matrix in matrices:
        # The axis at the front goes to the back; after all of them the outputs are in front.
        x = x.reshape(matrix.shape[1], -1).T @ matrix.T
    return x.reshape(rest, *[len(m) for m in matrices]).movedim(0, -1)
