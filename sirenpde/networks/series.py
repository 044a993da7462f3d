"""Tensor-product Fourier and cosine series, still or evolving by the wave equation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn

from .recipe import check_box, check_positive, check_whole, one_per_axis
from .registry import known, offer


class Harmonics(nn.Module):
    """The functions cos(pi s m_k v - q_k pi/2) of one coordinate, v = (x - low)/(high - low), m_k, q_k whole.

    q = 0 is a cosine, q = 1 a sine. With the spacing s = 1 an even m has the period high - low.
    """

    modes: Tensor  # (K,), int64
    quarters: Tensor  # (K,), int64

    def __init__(
        self, low: float, high: float, modes: Tensor, quarters: Tensor, spacing: float = 1.0
    ) -> None:
        super().__init__()
        # Plain numbers, not buffers: a network converted to float32 keeps its box to the last digit.
        self.low, self.high, self.spacing = float(low), float(high), float(spacing)
        self.register_buffer("modes", modes)
        self.register_buffer("quarters", quarters)

    @property
    def wavenumbers(self) -> Tensor:  # (K,) float64, radians per unit of x
        return self.modes.double() * (self.spacing * math.pi / (self.high - self.low))

    @property
    def is_periodic(self) -> bool:
        """Whether these are the first full waves of the interval, cosines first, and the constant."""
        order = len(self.modes) // 2
        full = _full_waves(self.low, self.high, order)
        same = torch.equal(self.modes.cpu(), full.modes) and torch.equal(self.quarters.cpu(), full.quarters)
        return self.spacing == 1 and len(self.modes) % 2 == 1 and same

    @property
    def is_cosines(self) -> bool:
        """Whether these are the first half waves of the interval that are cosines, in their order."""
        modes = torch.arange(len(self.modes), device=self.modes.device)
        return self.spacing == 1 and torch.equal(self.modes, modes) and not self.quarters.any()

    def forward(self, x: Tensor, order: int = 0) -> Tensor:  # (n,) -> (n, K)
        """The derivative of that order at each coordinate, computed in float64, returned in x's precision."""
        half_turns = (self.spacing * (x.double() - self.low) / (self.high - self.low))[:, None] * self.modes
        # Whole turns are taken off before the factor pi rounds: at v = i/2^j the phase is then exact.
        half_turns = half_turns - 2 * torch.round(half_turns / 2)
        wave = torch.cos(math.pi * half_turns + (order - self.quarters.double()) * (math.pi / 2))
        return (self.wavenumbers**order * wave if order else wave).to(x.dtype)


def _cosines(low: float, high: float, count: int) -> Harmonics:
    modes = torch.arange(count)
    return Harmonics(low, high, modes, torch.zeros_like(modes))


def _full_waves(low: float, high: float, order: int) -> Harmonics:
    n = 2 * torch.arange(order + 1)
    return Harmonics(low, high, torch.cat([n, n[1:]]), torch.tensor([0] * (order + 1) + [1] * order))


class SeparableSeries(nn.Module):
    """u(x) = sum over k of c_k f1_k1(x_1) ... fd_kd(x_d), with ``coefficients`` (K1, ..., Kd, outputs)."""

    coefficients: nn.Parameter

    def __init__(self, bases: Sequence[Harmonics], outputs: int) -> None:
        super().__init__()
        self.bases = nn.ModuleList(bases)
        sizes = [basis.modes.numel() for basis in bases]
        self.coefficients = nn.Parameter(torch.zeros(*sizes, outputs, dtype=torch.float64))

    @property
    def dimension(self) -> int:
        return len(self.bases)

    @property
    def modes(self) -> tuple[int, ...]:
        """The number of functions along each axis, (K1, ..., Kd)."""
        return tuple(self.coefficients.shape[:-1])

    def basis(self, axis: int) -> Harmonics:
        basis = self.bases[axis]
        assert isinstance(basis, Harmonics)
        return basis

    def set_constant(self, value: Tensor) -> None:
        self.coefficients.zero_()
        self.coefficients[(0,) * self.dimension] = value  # the first function of every basis is 1

    def factors(self, axis: int, coordinates: Tensor, order: int) -> Tensor:
        """Coordinates (n,) along an axis -> the derivative of that order of its basis, (n, K_axis)."""
        factors: Tensor = self.basis(axis)(coordinates, order)
        return factors

    def eigenvalues(self, axis: int) -> Tensor:
        """What the second derivative along an axis multiplies each mode by; broadcasts to (K1, ..., Kd)."""
        shape = [1] * self.dimension
        shape[axis] = -1
        return -(self.basis(axis).wavenumbers ** 2).reshape(shape)

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        points = x.reshape(-1, x.shape[-1])
        sums = self.coefficients[None]
        for axis in range(self.dimension):
            f = self.factors(axis, points[:, axis], 0)
            # The first axis is one matrix product, and only from there on are the sums one per point.
            sums = torch.tensordot(f, sums[0], 1) if axis == 0 else torch.einsum("nk,nk...->n...", f, sums)
        return sums.reshape(*x.shape[:-1], -1)


class EvolvingSeries(nn.Module):
    """u(t, x) = sum over k of [a_k cos(w_k tau) + b_k sin(w_k tau)/w_k] phi_k(x), with tau = t - start.

    phi_k are the products of the spatial bases and w_k = speed * |wavenumber of phi_k|; where w_k = 0 the
    second branch is tau. Axis 0 is time. ``coefficients`` (2, K1, ..., Kd, outputs) are a and b: the values
    and the velocities at the start.
    """

    coefficients: nn.Parameter

    def __init__(self, start: float, speed: float, bases: Sequence[Harmonics], outputs: int) -> None:
        super().__init__()
        self.start, self.speed = float(start), float(speed)
        self.bases = nn.ModuleList(bases)
        sizes = [basis.modes.numel() for basis in bases]
        self.coefficients = nn.Parameter(torch.zeros(2, *sizes, outputs, dtype=torch.float64))

    @property
    def dimension(self) -> int:
        return 1 + len(self.bases)

    @property
    def modes(self) -> tuple[int, ...]:
        """The number of functions along each spatial axis, (K1, ..., Kd)."""
        return tuple(self.coefficients.shape[1:-1])

    def basis(self, axis: int) -> Harmonics:
        """The basis along a spatial axis, axis 1 being the first of them."""
        basis = self.bases[axis - 1]
        assert isinstance(basis, Harmonics)
        return basis

    def set_constant(self, value: Tensor) -> None:
        self.coefficients.zero_()
        self.coefficients[(0,) * self.dimension] = value  # of the values at the start; velocities vanish

    def factors(self, axis: int, coordinates: Tensor, order: int) -> Tensor:
        """Coordinates (n,) along a spatial axis -> the derivative of that order of its basis, (n, K_axis)."""
        factors: Tensor = self.basis(axis)(coordinates, order)
        return factors

    def eigenvalues(self, axis: int) -> Tensor:
        """What the second derivative along an axis multiplies each mode by; broadcasts to (K1, ..., Kd)."""
        if axis == 0:
            return self.speed**2 * reduce(torch.add, map(self.eigenvalues, range(1, self.dimension)))
        shape = [1] * len(self.bases)
        shape[axis - 1] = -1
        return -(self.basis(axis).wavenumbers ** 2).reshape(shape)

    def evolution(self, t: Tensor, order: int) -> Tensor:
        """Times (n,) -> the time derivative, of order 0 or 1, of both branches, (2, n, K1, ..., Kd)."""
        w = torch.sqrt(-self.eigenvalues(0))
        tau = (t.double() - self.start).reshape(-1, *[1] * w.ndim)
        cosine, sine = torch.cos(w * tau), torch.sin(w * tau)
        if order == 0:
            still = w == 0
            branches = cosine, torch.where(still, tau, sine / torch.where(still, 1.0, w))
        else:
            branches = -w * sine, cosine
        return torch.stack(branches).to(t.dtype)

    def forward(self, x: Tensor) -> Tensor:  # (..., 1 + d) -> (..., outputs)
        points = x.reshape(-1, x.shape[-1])
        terms = self.evolution(points[:, 0], 0)
        for axis in range(1, self.dimension):
            f = self.factors(axis, points[:, axis], 0)
            terms = terms * f.reshape(len(f), *[-1 if a == axis else 1 for a in range(1, self.dimension)])
        flat = terms.transpose(0, 1).reshape(len(points), -1)
        return (flat @ self.coefficients.flatten(0, -2)).reshape(*x.shape[:-1], -1)


Order = int | tuple[int, ...] | None


def _check_order(order: Order) -> None:
    for value in order if isinstance(order, tuple) else () if order is None else (order,):
        check_whole("order", value)


def _orders(recipe: FourierSeries | WaveSeries, axes: int) -> tuple[int, ...]:
    if recipe.order is None:
        raise ValueError(
            f"{recipe!r}; an order was expected here. Give {type(recipe).__name__}(order=16, ...); "
            f"only a problem on a grid chooses it by itself."
        )
    return one_per_axis("order", recipe.order, axes)


def _harmonics(low: float, high: float, order: int, half_period: bool, periodic: bool) -> Harmonics:
    if not half_period:
        return _full_waves(low, high, order)
    return _full_waves(low, high, (order - 1) // 2) if periodic else _cosines(low, high, order)


def _nyquist(shape: Sequence[int], half_period: bool) -> tuple[int, ...]:
    return tuple(n if half_period else max((n - 1) // 2, 1) for n in shape)


def _describe_order(order: Order) -> str:
    if order is None:
        return "order of the grid"
    return f"order {' x '.join(map(str, order)) if isinstance(order, tuple) else order}"


@known
@dataclass(frozen=True)
class FourierSeries:
    """A d-dimensional Fourier series, its coefficients the only parameters, all zero at the start.

    With v in [0, 1]^d the position in the box, the functions along each axis are

        1, cos(2 pi n v), sin(2 pi n v) for n = 1, ..., order    (2 order + 1 of them, period one box), or
        cos(pi k v) for k = 0, ..., order - 1                    with ``half_period=True``,

    and the series is made of their products. The cosines have zero slope at the sides of the box but no
    period in it: natural for images. An axis on which the field is periodic gets full waves in either case.
    ``order`` is one number or one per axis; None leaves it to a problem on a grid, which takes the grid's
    Nyquist order.

    It is the same space of functions as ``FourierFeatures(IntegerLattice(order), MLP(depth=0))``, one perceptron on
    the integer lattice, but a product basis: on a grid, one matrix product per axis evaluates it.

    Raises ValueError for orders below 1, and when built while the order is None.

    Source: Benbarka et al., Seeing Implicit Neural Representations as Fourier Series, 2021, section 3.

    >>> import torch
    >>> from sirenpde import FourierSeries
    >>> series = FourierSeries(order=3).build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator())
    >>> series.coefficients.shape
    torch.Size([7, 7, 1])
    """

    is_linear: ClassVar[bool] = True
    is_curved: ClassVar[bool] = True

    order: Order = None
    half_period: bool = False

    def __post_init__(self) -> None:
        _check_order(self.order)

    @property
    def is_open(self) -> bool:
        return self.order is None

    def smallest(self) -> FourierSeries:
        return replace(self, order=self.order or 1)

    def typical(self) -> FourierSeries:
        return replace(self, order=self.order or 8)

    def at_nyquist(self, shape: Sequence[int]) -> FourierSeries:
        """This series with the highest order that a grid of n1 x ... x nd points can tell apart."""
        return replace(self, order=_nyquist(shape, self.half_period))

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> SeparableSeries:
        check_box(low, high, outputs, periodic)
        orders = _orders(self, len(low))
        bases = [
            _harmonics(low[a], high[a], order, self.half_period, a in periodic)
            for a, order in enumerate(orders)
        ]
        return SeparableSeries(bases, outputs)

    def describe(self) -> str:
        return f"{'cosine' if self.half_period else 'Fourier'} series, {_describe_order(self.order)}"


@known
@dataclass(frozen=True)
class WaveSeries:
    """A series in space whose every term solves the wave equation u_tt = speed² Δu exactly.

        u(t, x) = sum over k of [a_k cos(w_k tau) + b_k sin(w_k tau)/w_k] phi_k(x),   w_k = speed * |kappa_k|

    The first axis of the box is time, tau is counted from its low end; phi_k are the products of the
    functions of ``FourierSeries`` with wavenumber kappa_k (cosines by default: walls that reflect). Only the
    initial conditions are left to fit: a is the series of u, b that of u_t, at the first instant.

    ``order`` is one number or one per spatial axis; None leaves it to a problem on a grid. Raises ValueError
    for orders below 1, a speed that is not positive, fewer than two axes, or a periodic time.

    >>> import torch
    >>> from sirenpde import WaveSeries
    >>> series = WaveSeries(order=8, speed=2.0).build([0.0, -1.0], [1.0, 1.0], 1, (), torch.Generator())
    >>> series.coefficients.shape
    torch.Size([2, 8, 1])
    """

    is_linear: ClassVar[bool] = True
    is_curved: ClassVar[bool] = True

    order: Order = None
    speed: float = 1.0
    half_period: bool = True

    def __post_init__(self) -> None:
        _check_order(self.order)
        check_positive("speed", self.speed)

    @property
    def is_open(self) -> bool:
        return self.order is None

    def smallest(self) -> WaveSeries:
        return replace(self, order=self.order or 1)

    def typical(self) -> WaveSeries:
        return replace(self, order=self.order or 8)

    def at_nyquist(self, shape: Sequence[int]) -> WaveSeries:
        """This series with the highest order that a grid of nt x n1 x ... x nd points can tell apart in space."""
        return replace(self, order=_nyquist(shape[1:], self.half_period))

    def build(
        self,
        low: Sequence[float],
        high: Sequence[float],
        outputs: int,
        periodic: Sequence[int],
        generator: Generator,
    ) -> EvolvingSeries:
        check_box(low, high, outputs, periodic)
        if len(low) < 2 or 0 in periodic:
            raise ValueError(
                f"a wave series on {len(low)} axes, periodic along {tuple(periodic)}; time first, not "
                f"periodic, and at least one axis of space were expected. Declare the box as Box(t=, x=)."
            )
        orders = _orders(self, len(low) - 1)
        bases = [
            _harmonics(low[a], high[a], order, self.half_period, a in periodic)
            for a, order in enumerate(orders, start=1)
        ]
        return EvolvingSeries(low[0], self.speed, bases, outputs)

    def describe(self) -> str:
        return f"wave series, {_describe_order(self.order)}, speed {self.speed:g}"


# Half periods: cosines, which suit a field that has no period.
offer("fourier-series", FourierSeries(half_period=True))
