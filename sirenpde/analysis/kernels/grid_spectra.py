"""What the matrix of a kernel, or one row of it, says: eigenvalues by frequency, stationarity, tails."""

from __future__ import annotations

import torch
from torch import Tensor


def grid_spectrum(row: Tensor, dimension: int = 1) -> Tensor:
    """The eigenvalues of a shift-invariant kernel on a uniform periodic grid, from its first row: its transform.

    Args:
        row: K(x_0, x_i), (..., n1, ..., nd), the grid's own shape.
        dimension: d, how many of the last axes are the grid's.

    Returns:
        The eigenvalue of each wave, in the order of ``torch.fft.fftn``: the first is that of constants.

    >>> import torch
    >>> from sirenpde.analysis.kernels.grid_spectra import grid_spectrum
    >>> grid_spectrum(torch.tensor([3.0, 1.0, 0.0, 1.0])).tolist()
    [5.0, 3.0, 1.0, 3.0]
    """
    spectrum: Tensor = torch.fft.fftn(row, dim=tuple(range(-dimension, 0))).real
    return spectrum


def shift_mean(matrix: Tensor) -> Tensor:
    """The mean of a matrix (n, n) over all shifts of a periodic grid, as a row (n,): that of the nearest circulant.

    >>> import torch
    >>> from sirenpde.analysis.kernels.grid_spectra import shift_mean
    >>> shift_mean(torch.tensor([[2.0, 1.0], [0.0, 4.0]])).tolist()
    [3.0, 0.5]
    """
    n = len(matrix)
    columns = (torch.arange(n)[:, None] + torch.arange(n)) % n
    return matrix.gather(1, columns.to(matrix.device)).mean(0)


def nonstationarity(matrix: Tensor, periodic: bool = True) -> float:
    """How far a kernel on a uniform grid of an interval is from shift-invariant: 0 where it is.

    It is the size of what is left of the matrix (n, n) without its mean over shifts, relative to the whole, in the
    Frobenius norm. Without ``periodic`` the means are along its diagonals, that do not go around.

    >>> import torch
    >>> from sirenpde.analysis.kernels.grid_spectra import nonstationarity
    >>> x = torch.arange(8) / 8
    >>> waves = torch.cos(2 * torch.pi * (x[:, None] - x))
    >>> round(nonstationarity(waves), 6), round(nonstationarity(x[:, None] * x), 1)
    (0.0, 0.7)
    """
    n = len(matrix)
    place = torch.arange(n, device=matrix.device)
    offset = (place - place[:, None]) % n if periodic else place - place[:, None] + n - 1
    kinds = n if periodic else 2 * n - 1
    sums = matrix.new_zeros(kinds).index_add_(0, offset.flatten(), matrix.flatten())
    counts = torch.bincount(offset.flatten(), minlength=kinds)
    rest = matrix - (sums / counts)[offset]
    return float(rest.norm() / matrix.norm())


def tail(spectrum: Tensor, beyond: int) -> float:
    """The share of the eigenvalues (n,), in the order of ``torch.fft.fft``, of frequencies above ``beyond``.

    Deeper networks spread the spectrum of their inputs: their kernels have heavier tails.

    >>> import torch
    >>> from sirenpde.analysis.kernels.grid_spectra import tail
    >>> tail(torch.tensor([4.0, 2.0, 2.0, 2.0]), 1)
    0.2
    """
    frequency = torch.fft.fftfreq(len(spectrum), 1 / len(spectrum)).abs().to(spectrum)
    return float(spectrum[frequency > beyond].sum()) / float(spectrum.sum())


def by_frequency(signals: Tensor) -> Tensor:
    """The amplitudes of signals (..., n) on a periodic grid by whole frequency, (..., n // 2 + 1).

    Of an error these say which waves are not learned yet.

    >>> import torch
    >>> from sirenpde.analysis.kernels.grid_spectra import by_frequency
    >>> x = torch.arange(8, dtype=torch.float64) / 8
    >>> by_frequency(3 * torch.cos(4 * torch.pi * x)).round(decimals=9).tolist()
    [0.0, 0.0, 3.0, 0.0, 0.0]
    """
    n = signals.shape[-1]
    amplitudes: Tensor = 2 / n * torch.fft.rfft(signals).abs()
    amplitudes[..., 0] /= 2
    if n % 2 == 0:
        amplitudes[..., -1] /= 2
    return amplitudes
