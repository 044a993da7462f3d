"""The frequencies that suit given samples: what a kernel fitted to half of them makes of the other half.

A network learns what its kernel lets it: with frequencies that are too low its details are not learned in time, with
too high ones it is noise between the samples. Both are seen without a network, from transforms on the samples' grid.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ...networks.siren import Siren
from .descent import predictions_on_grid
from .relu import ReluNTK
from .sine import SirenNTK

LEAST = 8  # samples along an axis
MOST = 2**16  # samples that are looked at: the middle of larger grids
WAVES, FACTORS = (
    1e4,
    1e3,
)  # the smallest eigenvalues that training reaches are so much smaller than the largest
CLOSE, GOOD = (
    1.05,
    2e-3,
)  # times the least error, or of the samples: widths of which none is better than another
FEATURES = 512  # of the mapping that is meant
FLAT = 1e-12  # of their size: samples that do not vary


@dataclass(frozen=True)
class Suited:
    """What suits the samples.

    ``sigma`` is the standard deviation of a Gaussian mapping's frequencies, in cycles per side of the box, and
    ``omega`` the first factor of a SIREN. ``sigmas`` and ``omegas`` are the relative errors, in the root mean square,
    that are expected between samples of twice the distance for each width that was looked at.
    """

    sigma: float
    omega: float
    sigmas: Mapping[float, float] = field(default_factory=dict)
    omegas: Mapping[float, float] = field(default_factory=dict)

    def describe(self) -> str:
        """In a few words, as a user writes them."""
        sigma, omega = (float(f"{width:.2g}") for width in (self.sigma, self.omega))
        return f"Gaussian(sigma={sigma:g}), or Siren(omega={omega:g})"


def suited(
    samples: Tensor, dimension: int | None = None, whole: Sequence[int] | None = None
) -> Suited | None:
    """The frequencies that suit samples on a uniform grid over the whole box, from their spectrum.

    Every second sample along each axis is fitted by the kernel of a wide network, ReLU on Gaussian features or a
    SIREN, for the time that training has; the others tell how well. On a uniform grid that is two transforms for each
    width. The best width has the least error: of those that are about as good the middle one, of those with errors
    below 0.2 % the slowest.

    Args:
        samples: (n1, ..., nd, ...), any further axes being components.
        dimension: d; all axes if left out.
        whole: how many samples the box has along each axis, where these are a part of it.

    Returns:
        The widths, and the errors expected for all that were looked at; None for samples that do not vary.

    Raises ValueError for fewer than 8 samples along an axis, and for numbers that are not finite.

    >>> import torch
    >>> from sirenpde.analysis.kernels.suited import suited
    >>> x = torch.arange(256, dtype=torch.float64) / 256
    >>> slow, fast = suited(torch.sin(12 * x)), suited(torch.sin(120 * x))
    >>> slow.sigma < fast.sigma, slow.omega < fast.omega
    (True, True)
    """
    d = samples.dim() if dimension is None else dimension
    grid = tuple(samples.shape[:d])
    box = grid if whole is None else tuple(whole)
    if d < 1 or min(grid) < LEAST:
        raise ValueError(
            f"samples on a grid of {' x '.join(map(str, grid))}; at least {LEAST} along each axis were expected. "
            f"Give more of them, or name the number of axes: suited(samples, dimension=2)."
        )
    values = samples.detach().double().reshape(*grid, -1).movedim(-1, 0)
    if not bool(values.isfinite().all()):
        raise ValueError("samples that are not finite numbers; give finite ones, or fill the gaps first.")
    values, kept = _even_middle(values, d)
    values = values - values.flatten(1).mean(1).reshape(-1, *[1] * d)
    size = float(values.square().mean().sqrt())
    if size <= FLAT * float(samples.detach().abs().max().clamp(min=1e-300)):
        return None
    offsets = [torch.arange(n + 1, dtype=torch.float64) / side for n, side in zip(kept, box, strict=True)]
    mirrored = _mirrored(values, d)
    highest = max(box) / 2  # cycles per side that samples of twice the distance tell apart, and twice them

    def sigma_row(sigma: float) -> Tensor:
        alike = torch.ones((), dtype=torch.float64)
        for a in offsets:
            alike = alike[..., None] * (-2 * (math.pi * sigma * a) ** 2).exp()
        return ReluNTK(3, 256).profile(alike, FEATURES)

    def omega_row(omega: float) -> Tensor:
        return SirenNTK(Siren(256, 4, omega))(torch.stack(torch.meshgrid(*offsets, indexing="ij"), -1))

    sigmas = _errors(mirrored, size, sigma_row, _halves(0.25, highest), WAVES)
    # The weights' standard deviation is omega / (sqrt(3) d) radians per half side.
    per_wave = math.pi * math.sqrt(3) * d
    omegas = _errors(mirrored, size, omega_row, [per_wave * s for s in _halves(0.25, highest / 2)], FACTORS)
    return Suited(_best(sigmas), _best(omegas), sigmas, omegas)


def middle(shape: Sequence[int]) -> tuple[slice, ...]:
    """The part of a grid that is looked at: its middle, with an even number of samples along each axis.

    >>> from sirenpde.analysis.kernels.suited import middle
    >>> middle((101, 64)), middle((2**18,))
    ((slice(0, 100, None), slice(0, 64, None)), (slice(98304, 163840, None),))
    """
    kept = list(shape)
    while math.prod(kept) > MOST:
        longest = kept.index(max(kept))
        kept[longest] = max(LEAST, kept[longest] // 2)
    even = [n - n % 2 for n in kept]
    firsts = [(n - k) // 2 for n, k in zip(shape, even, strict=True)]
    return tuple(slice(first, first + k) for first, k in zip(firsts, even, strict=True))


def _even_middle(values: Tensor, d: int) -> tuple[Tensor, tuple[int, ...]]:
    """The middle of values (c, n1, ..., nd), and its shape without the components."""
    part = values[(slice(None), *middle(values.shape[1:]))]
    return part, tuple(part.shape[1 : d + 1])


def _around(row: Tensor) -> Tensor:
    """What is known of distances 0 to n along each axis, on mirrored lines of 2n samples."""
    for axis, n in enumerate(row.shape):
        row = torch.cat([row, row.narrow(axis, 1, n - 2).flip(axis)], axis)
    return row


def _mirrored(values: Tensor, d: int) -> Tensor:
    """Continued evenly at the end of each axis, so that what is periodic then does not jump."""
    for axis in range(1, d + 1):
        values = torch.cat([values, values.flip(axis)], axis)
    return values


def _errors(
    whole: Tensor, size: float, row_of: Callable[[float], Tensor], widths: Sequence[float], trained: float
) -> dict[float, float]:
    """The relative error at the samples that are not fitted, by width."""
    d = whole.dim() - 1
    fitted = whole[(slice(None), *[slice(None, None, 2)] * d)]
    others = (slice(None), *[slice(1, None, 2)] * d)
    found = {}
    for width in widths:
        row = _around(row_of(width))  # the kernel from the first sample to all
        coarse = row[(slice(None, None, 2),) * d]
        largest = float(torch.fft.fftn(coarse).real.max())
        predicted = predictions_on_grid(row, fitted, trained / largest, d)
        found[width] = float((predicted - whole)[others].square().mean().sqrt()) / size
    return found


def _halves(low: float, high: float) -> list[float]:
    """Powers of the root of two from about ``low`` to ``high``."""
    steps = round(2 * math.log2(high / low))
    return [low * 2 ** (k / 2) for k in range(max(1, steps) + 1)]


def _best(errors: Mapping[float, float]) -> float:
    """The slowest width that is good; else, in the logarithm, the middle of those about as good as the best."""
    widths = sorted(errors)
    good = [width for width in widths if errors[width] <= GOOD]
    if good:
        return good[0]
    best = first = last = widths.index(min(widths, key=lambda width: errors[width]))
    enough = CLOSE * errors[widths[best]]
    while first > 0 and errors[widths[first - 1]] <= enough:
        first -= 1
    while last < len(widths) - 1 and errors[widths[last + 1]] <= enough:
        last += 1
    return math.sqrt(widths[first] * widths[last])
