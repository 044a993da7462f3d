"""Linear maps along one axis of a grid: by a matrix, or by a fast Fourier transform around a period."""

from __future__ import annotations

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
