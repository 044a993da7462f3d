"""Free space around a disk: waves that leave it, and their values beyond, without a layer or a larger domain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..calculus.evaluate import PointFunction
from ..calculus.field import Unknown
from ..calculus.integral import integral
from ..calculus.operators import D
from ..geometry.box import Box
from ..geometry.data.point_cloud import PointCloud
from ..geometry.domain import is_finite
from ..geometry.plane.disk import Disk
from ..geometry.point import Point
from ..networks.sine_features import SineFeatures
from .bessel import bessel

REACHED, SPARE = (
    1.5,
    8.0,
)  # the bandwidth of sines, in wavenumbers times the radius, and what it is more than that
GROWN, MORE = (
    1.5,
    11,
)  # how much an unknown radius may grow, and orders beyond the wavenumber times the radius
MOST = 2000  # of them: a factorisation takes seconds

Number = float | Unknown
Place = Sequence[Number] | Sequence[PointFunction] | PointFunction  # two coordinates, or a function of both


@dataclass(frozen=True, eq=False)
class Radiation:
    """The free space of Δs + k²s = 0 around a disk, which waves s leave: those of e^(+iωt), H⁽²⁾(kr).

    Center and radius may be unknown. Fields then live on the unit disk, of which x = center + radius ξ is an image,
    and nothing is sampled anew when the disk moves; else on the disk itself. On its rim a wave that leaves is
    Σ s_n e^{inθ} with

        ∂s_n/∂ρ = z H_n'(z) / H_n(z) s_n,    z = k radius,

    one equation for each order n, ``outgoing``, and beyond the rim it is Σ s_n H_n(kr) / H_n(z) e^{inθ}, ``beyond``.

    Args:
        wavenumber: k of the free space.
        radius: of the disk, a positive number or an ``Unknown``.
        center: its two coordinates, numbers or ``Unknown``s.
        orders: the highest n; k times the radius and 11 more if left out, beyond which smooth waves have nothing. An
            unknown radius is taken to end within one and a half of what it starts from.
        names: of the two axes.

    Raises ValueError for numbers out of range.

    Source: Keller and Givoli, Exact non-reflecting boundary conditions, J. Comput. Phys. 82, 1989.

    >>> from sirenpde import Field, on
    >>> from sirenpde.references.radiating import Radiation
    >>> space = Radiation(wavenumber=20.0, radius=0.1)
    >>> s = Field("s", space.disk, space.features, dtype=complex)
    >>> @on(space.waves)
    ... def leaves(p):
    ...     return space.outgoing(s)(p)
    >>> leaves.count
    27
    """

    wavenumber: float
    radius: Number = 1.0
    center: Sequence[Number] = (0.0, 0.0)
    orders: int | None = None
    names: tuple[str, str] = ("x", "y")

    def __post_init__(self) -> None:
        positive = is_finite(self.wavenumber) and self.wavenumber > 0
        known = not isinstance(self.radius, Unknown)
        if not positive or (known and not (is_finite(self.radius) and self.size > 0)):
            raise ValueError(
                f"Radiation was given wavenumber={self.wavenumber!r}, radius={self.radius!r}; expected positive "
                f"numbers, or an Unknown for the radius."
            )
        if self.orders is not None and self.orders < self.wavenumber * self.size:
            raise ValueError(
                f"Radiation was given orders={self.orders!r} for wavenumber={self.wavenumber:g}; expected at least "
                f"{self.wavenumber * self.size:.0f}, the wavenumber times the radius, and some ten more, as when "
                f"they are left out."
            )

    @property
    def size(self) -> float:
        """The radius, or the largest that is expected."""
        return GROWN * self.radius.initial if isinstance(self.radius, Unknown) else self.radius

    @property
    def highest(self) -> int:
        """N, the highest order."""
        return math.ceil(self.wavenumber * self.size) + MORE if self.orders is None else self.orders

    @cached_property
    def disk(self) -> Disk:
        """Where fields live: the disk, or the unit disk where it is unknown."""
        numbers = [n for n in (*self.center, self.radius) if not isinstance(n, Unknown)]
        if len(numbers) < 3:
            return Disk(names=self.names)
        return Disk((numbers[0], numbers[1]), numbers[2], self.names)

    def stretch(self, p: Point) -> Tensor:
        """How many times as large as ``disk`` the disk is."""
        return _value(self.radius, p) / self.disk.radius

    @cached_property
    def waves(self) -> PointCloud:
        """The orders n = -N ... N, where ``outgoing`` is to vanish."""
        n = torch.arange(-self.highest, self.highest + 1, dtype=torch.float64)
        chosen = torch.nn.functional.one_hot(n.abs().long(), self.highest + 1).double()
        return PointCloud(n[:, None], Box(order=(-self.highest, self.highest)), {"chosen": chosen})

    def place(self, p: Point) -> Tensor:
        """The place x (2,) of a point of ``disk``."""
        x: Tensor = _both(self.center, p) + self.stretch(p) * self._from_center(p)
        return x

    def _from_center(self, p: Point) -> Tensor:
        x, y = self.disk.axes
        return torch.stack([x(p) - self.disk.center[0], y(p) - self.disk.center[1]])

    def outgoing(self, s: PointFunction) -> PointFunction:
        """(∂s_n/∂ρ - z H_n'/H_n s_n) / (1 + |n|) of a function on the unit disk, at the orders of ``waves``."""
        (x, y), (order,), chosen = self.disk.axes, self.waves.axes, self.waves["chosen"]

        def one(p: Point, q: Point) -> Tensor:
            n = torch.arange(self.highest + 1, dtype=p.place.dtype, device=p.place.device)
            z = self.wavenumber * _value(self.radius, p)
            rate = ((n - z * self._ratios(z)) * chosen(p)).sum()
            a, b = self._from_center(q)
            turn = torch.polar(torch.ones_like(a), -order(p) * torch.atan2(b, a))
            along = a * D(s, x)(q) + b * D(s, y)(q)
            share: Tensor = (along - rate * s(q)) * turn / (self._around * (1 + order(p).abs()))
            return share

        return integral(one, self.disk.boundary(), nodes=self.nodes)

    def beyond(self, s: PointFunction, at: Place) -> PointFunction:
        """The wave outside, at the place x ``at``: two axes, or a function of a point with values (2,)."""

        def share(p: Point, q: Point) -> Tensor:
            n = torch.arange(self.highest + 1, dtype=p.place.dtype, device=p.place.device)
            offset = _both(at, p) - _both(self.center, p)
            r, angle = torch.hypot(offset[0], offset[1]), torch.atan2(offset[1], offset[0])
            falls = self._outward(self.wavenumber * r, self.wavenumber * _value(self.radius, p))
            a, b = self._from_center(q)
            twice = torch.where(n == 0, 1.0, 2.0) * torch.cos(n * (angle - torch.atan2(b, a)))
            return (falls * twice).sum() * s(q) / self._around

        return integral(share, self.disk.boundary(), nodes=self.nodes)

    @property
    def features(self) -> SineFeatures:
        """Frozen sines that resolve smooth waves in the disk: three for each that fits into its box.

        Raises ValueError where they are too many, with the highest wavenumber that is not.
        """
        if self._count > MOST:
            highest = (math.pi / 2 * math.sqrt(MOST / 3) - SPARE) / (REACHED * self.size)
            raise ValueError(
                f"Waves of the wavenumber {self.wavenumber:g} in a disk of radius {self.size:g} take {self._count} "
                f"sines; expected at most {MOST}, which resolve wavenumbers up to {math.floor(highest)}. Lower it, "
                f"or make the disk smaller."
            )
        return SineFeatures(self._count, bandwidth=self._bandwidth)

    @property
    def samples(self) -> int:
        """How many points of the disk are enough for these."""
        return 3 * self._count

    @property
    def _bandwidth(self) -> float:
        return REACHED * self.wavenumber * self.size + SPARE

    @property
    def _count(self) -> int:
        return math.ceil(3 * (2 * self._bandwidth / math.pi) ** 2)

    @property
    def _around(self) -> float:
        return 2 * math.pi * self.disk.radius

    @property
    def nodes(self) -> int:
        """Half the number of nodes on the rim, on which waves of all orders are told apart."""
        return self.highest + 6

    def _ratios(self, z: Tensor) -> Tensor:
        """H_{n+1}(z) / H_n(z) for n = 0 ... N, forwards, which is stable for H."""
        j, y = bessel(z, 1)
        h = torch.complex(j, -y)
        found = [h[..., 1] / h[..., 0]]
        for n in range(1, self.highest + 1):
            found.append(2 * n / z - 1 / found[-1])
        return torch.stack(found, dim=-1)

    def _outward(self, far: Tensor, near: Tensor) -> Tensor:
        """H_n(far) / H_n(near) for n = 0 ... N."""
        j, y = bessel(torch.stack([far, near]), 0)
        h = torch.complex(j, -y)[..., 0]
        steps = self._ratios(far)[:-1] / self._ratios(near)[:-1]
        return h[0] / h[1] * torch.cat([torch.ones_like(steps[:1]), steps.cumprod(0)])


def line_sources(wavenumber: float, places: Tensor, at: Place) -> PointFunction:
    """(i - 1)/4 H₀⁽²⁾(k|x - place|), the waves of (1 + i) δ at several places (n, 2): a function (n,) of a point.

    ``at`` is x, two axes, or a function of a point with values (2,).
    """

    def waves(p: Point) -> Tensor:
        j, y = bessel(wavenumber * torch.linalg.vector_norm(_both(at, p) - places.to(p.place), dim=1), 0)
        return torch.complex(j, -y)[:, 0] * ((1j - 1) / 4)

    return waves


def _value(number: Number | PointFunction, p: Point) -> Tensor:
    return number(p) if callable(number) else p.place.new_tensor(number)


def _both(place: Place, p: Point) -> Tensor:
    """x (2,)."""
    if callable(place):
        return place(p)
    return torch.stack([_value(each, p) for each in place])
