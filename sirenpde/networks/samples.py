"""Fourier series through samples on a grid, their coefficients by a fast Fourier transform."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Generator, Tensor, nn

from .dense import DenseNetwork
from .recipe import Recipe, highest_derivative, is_curved, is_linear, one_per_axis
from .series import SeparableSeries

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

WHOLE = 1e-6  # what a frequency may be off a whole number by rounding


@dataclass(frozen=True, eq=False)
class FromSamples:
    """A Fourier series that starts as the trigonometric polynomial through ``samples``.

    ``recipe`` is a ``FourierSeries`` of full periods, or a perceptron on whole frequencies,
    ``FourierFeatures(IntegerLattice(order), MLP(depth=0))``. ``samples`` (M1, ..., Md), or (M1, ..., Md, outputs),
    are values at v_i = (i + offset)/M along each axis of the box, v in [0, 1): centres of pixels have the offset 1/2.
    With

        c_n = 1/(M1 ... Md) sum over i of samples_i exp(-2 pi i n.v_i)

    the coefficients are 2 Re c_n of cos(2 pi n.v) and -2 Im c_n of sin(2 pi n.v), and c_0 of the constant. Waves
    with |n_a| = M_a/2 take half of it for each such axis, since n_a and -n_a have the same samples; those beyond take
    none. Where the order is M_a/2 or more along every axis the series meets the samples to rounding: to 290 dB in
    float64. Where it is less, the waves that are missing are left out.

    With ``beyond="copies"`` c_n is taken at every wave of the lattice, beyond M_a/2 too, where it repeats itself;
    waves that have the same samples share it evenly. That meets the samples as well, but falls to little in between.

    Files hold the recipe alone: the numbers of a run are in its checkpoint.

    Raises ValueError for samples that do not fit the box or the outputs, and for a network of another kind.

    Source: Benbarka et al., Seeing Implicit Neural Representations as Fourier Series, 2021, section 3.

    >>> import torch
    >>> from sirenpde import FourierFeatures, FromSamples, IntegerLattice, MLP
    >>> lattice = FourierFeatures(IntegerLattice(2), MLP(depth=0))
    >>> values = [3.0, 1.0, 4.0, 2.0, -1.0]
    >>> network = FromSamples(lattice, values).build([0.0], [5.0], 1, (), torch.Generator())
    >>> network(torch.arange(5.0, dtype=torch.float64)[:, None])[:, 0].round(decimals=12).tolist()
    [3.0, 1.0, 4.0, 2.0, -1.0]
    """

    recipe: Recipe
    samples: ArrayLike | Tensor
    offset: float | tuple[float, ...] = 0.0
    beyond: Literal["none", "copies"] = "none"

    def __post_init__(self) -> None:
        if self.beyond not in ("none", "copies"):
            raise ValueError(
                f"beyond={self.beyond!r}; 'none' or 'copies' was expected. Leave it out for the smoothest series."
            )

    @property
    def held_as(self) -> Recipe:
        """The recipe of the same network that starts elsewhere."""
        return self.recipe

    @property
    def is_linear(self) -> bool:
        return is_linear(self.recipe)

    @property
    def is_curved(self) -> bool:
        return is_curved(self.recipe)

    @property
    def highest_derivative(self) -> int:
        return highest_derivative(self.recipe)

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> nn.Module:
        module = self.recipe.build(low, high, outputs, periodic, generator)
        samples = _checked(self.samples, len(low), outputs)
        offsets = [float(v) for v in one_per_axis("offset", self.offset, len(low))]
        with torch.no_grad():
            _fill(module, samples, offsets, self.beyond == "copies")
        return module

    def describe(self) -> str:
        return f"{self.recipe.describe()}, from samples"


def fourier_coefficients(
    samples: Tensor, rows: Tensor, offsets: Sequence[float], copies: bool = False
) -> tuple[Tensor, Tensor]:
    """The coefficients of cos(2 pi n.v) and sin(2 pi n.v), (m, outputs) each, for whole n in ``rows`` (m, d).

    ``rows`` has one of each pair ±n; ``samples`` is (M1, ..., Md, outputs), as `FromSamples` has them. With
    ``copies`` the waves of the lattice of ``rows`` that have the same samples share their coefficient.

    >>> samples = torch.tensor([[1.0], [3.0]], dtype=torch.float64)  # 2 - cos(2 pi v)
    >>> fourier_coefficients(samples, torch.tensor([[0], [1]]), [0.0])[0].flatten().tolist()
    [2.0, -1.0]
    """
    shape = torch.tensor(samples.shape[:-1], device=rows.device)
    spectrum = torch.fft.fftn(samples, dim=tuple(range(len(shape)))) / samples[..., 0].numel()
    index = torch.remainder(rows, shape)
    c = spectrum[tuple(index.T)]
    doubled, highest = 2 * rows.abs(), rows.abs().amax(dim=0)
    # Whole numbers of the lattice that are n modulo M.
    same = (highest - rows) // shape + (highest + rows) // shape + 1
    within = torch.where(doubled == shape, 0.5, (doubled < shape).double())
    share = (same.double().reciprocal() if copies else within).prod(dim=1)
    shift = (rows * torch.tensor(offsets, dtype=torch.float64) / shape).sum(dim=1)
    turns = 2 * math.pi * (shift - shift.round())
    c = c * torch.polar(share, -turns)[:, None]
    twice = torch.where(rows.abs().sum(dim=1) == 0, 1.0, 2.0)[:, None]
    return twice * c.real, -twice * c.imag


def _checked(given: Any, axes: int, outputs: int) -> Tensor:
    """Samples as (M1, ..., Md, outputs) float64."""
    samples = torch.as_tensor(given if isinstance(given, Tensor) else np.asarray(given)).double()
    if samples.ndim == axes and outputs == 1:
        samples = samples[..., None]
    if samples.ndim != axes + 1 or samples.shape[-1] != outputs or samples.numel() == 0:
        raise ValueError(
            f"samples of shape {tuple(samples.shape)} for a field of {axes} axes and {outputs} outputs; one "
            f"dimension per axis, and one more for several outputs, was expected. Give values on a grid."
        )
    if not bool(samples.isfinite().all()):
        raise ValueError(
            "samples that are not all finite; finite ones were expected. Fill the gaps, or fit the points that there "
            "are by LeastSquares()."
        )
    return samples


def _fill(module: nn.Module, samples: Tensor, offsets: Sequence[float], copies: bool) -> None:
    if isinstance(module, SeparableSeries) and all(
        module.basis(axis).is_periodic for axis in range(module.dimension)
    ):
        _fill_series(module, samples, offsets, copies)
        return
    if isinstance(module, DenseNetwork) and not len(module.hidden) and not module.embedding.passed:
        cycles = module.embedding.frequencies / math.pi
        count = len(cycles) // 2
        rows = cycles[:count].round()
        if bool((cycles[:count] - rows).abs().max() < WHOLE) and torch.equal(cycles[:count], cycles[count:]):
            _fill_perceptron(module, rows.long(), samples, offsets, copies)
            return
    raise ValueError(
        f"samples for a {type(module).__name__} that is no Fourier series; whole frequencies were expected. Use "
        f"FourierFeatures(IntegerLattice(order), MLP(depth=0)), or FourierSeries(order)."
    )


def _fill_perceptron(
    network: DenseNetwork, rows: Tensor, samples: Tensor, offsets: Sequence[float], copies: bool
) -> None:
    with_constant = torch.cat([torch.zeros_like(rows[:1]), rows])
    cosines, sines = fourier_coefficients(samples, with_constant, offsets, copies)
    network.head.weight.copy_((torch.cat([cosines[1:], sines[1:]]) / network.embedding.amplitudes[:, None]).T)
    network.head.bias.copy_(cosines[0])


def _fill_series(series: SeparableSeries, samples: Tensor, offsets: Sequence[float], copies: bool) -> None:
    """Axis after axis: the real coefficients of lines of samples."""
    values = samples
    for axis, offset in enumerate(offsets):
        lines = values.movedim(axis, 0)
        order = len(series.basis(axis).modes) // 2
        n = torch.arange(order + 1)[:, None]
        cosines, sines = fourier_coefficients(lines.flatten(1), n, [offset], copies)
        values = torch.cat([cosines, sines[1:]]).unflatten(1, lines.shape[1:]).movedim(0, axis)
    series.coefficients.copy_(values)
