"""Training as a kernel predicts it: gradient descent with a tangent kernel that stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .grid_spectra import grid_spectrum


@dataclass(frozen=True, eq=False)
class KernelDescent:
    """Gradient descent on half the sum of (y_i - y)² with the kernel K (n, n), from predictions of zero.

    The error's part along an eigenvector with eigenvalue q decays as exp(-q t), with t the rate times the number of
    steps: large eigenvalues are learned first. ``targets`` are y, (n,) or (n, k); with k columns each is a fit of its
    own. In steps of a ``rate``, where one is given, the decay is (1 - rate q)^steps in place of exp.

    Sources: Jacot, Gabriel and Hongler 2018; Tancik et al. 2020, eq. 3 and 4.

    >>> import torch
    >>> from sirenpde.analysis.kernels.descent import KernelDescent
    >>> descent = KernelDescent(torch.diag(torch.tensor([2.0, 1.0])), torch.ones(2))
    >>> [round(e, 3) for e in descent.error(0.5).tolist()]
    [0.368, 0.607]
    """

    kernel: Tensor
    targets: Tensor
    rate: float | None = None

    @cached_property
    def _decomposition(self) -> tuple[Tensor, Tensor]:
        values, vectors = torch.linalg.eigh(self.kernel)
        return values.clamp(min=0).flip(0), vectors.flip(1)

    @property
    def eigenvalues(self) -> Tensor:
        """(n,), the largest first."""
        return self._decomposition[0]

    @property
    def largest_rate(self) -> float:
        """Steps of this rate or more do not converge: 2 over the largest eigenvalue."""
        return 2 / float(self.eigenvalues[0])

    def along(self, error: Tensor) -> Tensor:
        """An error (n,) or (n, k) in terms of the eigenvectors, in the order of ``eigenvalues``."""
        return self._decomposition[1].T @ error.to(self.kernel)

    def left(self, time: float) -> Tensor:
        """What is left at time t of the error along each eigenvector, (n,)."""
        return _left(self.eigenvalues, time, self.rate)

    def error(self, time: float) -> Tensor:
        """The targets less the predictions at time t, of the shape of the targets."""
        parts = self.along(self.targets)
        return self._decomposition[1] @ (self._column(self.left(time), parts) * parts)

    def loss(self, time: float) -> Tensor:
        """The mean square of the error, one for each column of the targets."""
        parts = self.along(self.targets)
        return (self._column(self.left(time), parts) * parts).square().sum(0) / len(self.kernel)

    def predictions(self, across: Tensor, time: float) -> Tensor:
        """At other points, of which ``across`` (m, n) is the kernel to those trained on: (m,) or (m, k).

        K_test K⁻¹ (I - exp(-K t)) y, which needs no inverse.
        """
        parts = self.along(self.targets)
        learned = _learned(self.eigenvalues, self.left(time), time)
        return across @ (self._decomposition[1] @ (self._column(learned, parts) * parts))

    @staticmethod
    def _column(values: Tensor, like: Tensor) -> Tensor:
        return values[:, None] if like.dim() == 2 else values


def _left(eigenvalues: Tensor, time: float, rate: float | None) -> Tensor:
    if rate is None:
        return (-time * eigenvalues).exp()
    return (1 - rate * eigenvalues) ** round(time / rate)


def _learned(eigenvalues: Tensor, left: Tensor, time: float) -> Tensor:
    """(1 - left) / eigenvalue, and the time itself where an eigenvalue vanishes."""
    small = eigenvalues * time < 1e-8
    return torch.where(small, torch.full_like(left, time), (1 - left) / torch.where(small, 1, eigenvalues))


def predictions_on_grid(row: Tensor, samples: Tensor, time: float | None, dimension: int = 1) -> Tensor:
    """What gradient descent makes of samples on a coarse periodic grid, on a finer one, for a shift-invariant kernel.

    With H the spectrum of the kernel on the fine grid and A that on the coarse one, the mean of H over the
    frequencies that are one there, the prediction's transform is H / A · (1 - exp(-A t)) times that of the samples,
    repeated: waves that the samples do not tell apart share what is learned of them in proportion to H.

    Args:
        row: K(x_0, x_i) on the fine grid, (N1, ..., Nd).
        samples: (..., n1, ..., nd), where every n divides its N: the values at every (N/n)-th point.
        time: t; None for endless training, which meets the samples.
        dimension: d.

    Returns:
        The predictions at the points of the fine grid, (..., N1, ..., Nd).

    Source: Tancik et al. 2020, supplement (prediction with a band-limited kernel).

    >>> import torch
    >>> from sirenpde.analysis.kernels.descent import predictions_on_grid
    >>> x = torch.arange(8, dtype=torch.float64) / 8
    >>> row = 1 + 2 * torch.cos(2 * torch.pi * x)  # constants and one wave
    >>> wave = torch.cos(2 * torch.pi * x)
    >>> bool((predictions_on_grid(row, wave[::2], None) - wave).abs().max() < 1e-12)
    True
    """
    axes = tuple(range(-dimension, 0))
    fine, coarse = row.shape, samples.shape[-dimension:]
    steps = [a // b for a, b in zip(fine, coarse, strict=True)]
    spectrum = grid_spectrum(row, dimension)
    aliased = grid_spectrum(row[tuple(slice(None, None, step) for step in steps)], dimension)
    floor = 1e-14 * float(aliased.abs().max())
    seen = torch.where(aliased > floor, aliased, torch.ones_like(aliased))
    share = (torch.ones_like(seen) if time is None else 1 - (-time * seen).exp()) / seen
    share = torch.where(aliased > floor, share, torch.zeros_like(share))
    weights = share * torch.fft.fftn(samples.to(row), dim=axes)
    repeated = weights.repeat(*[1] * (weights.dim() - dimension), *steps)
    predicted: Tensor = torch.fft.ifftn(spectrum * repeated, dim=axes).real
    return predicted
