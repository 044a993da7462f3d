"""Waves scattered by cylinders, as series in Bessel functions, to measure fields against.

Convention: e^{+iωt}, so that waves leave as Hankel functions of the second kind, and a plane wave that travels along
d is exp(-ik d·x). About the cylinder's centre, with r and θ there, a the radius and φ the direction of the wave or of
the source, all waves are Σ ε_n c_n f_n(r) cos n(θ - φ), ε_0 = 1, ε_n = 2. Orders would overflow, so they are kept as

    J_n(z) = (z/2)^n / n! Ĵ_n(z),     H_n(z) = n! (2/z)^n Ĥ_n(z),

whose recurrences in the stable directions have factors near 1; what the factors take away makes powers of r / a.

Source: Bowman, Senior, Uslenghi, Electromagnetic and Acoustic Scattering by Simple Shapes, 1969, chapter 2;
Watson, A Treatise on the Theory of Bessel Functions, 1944, section 11.3, for line sources (Graf).
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.point import Axis, Point
from .bessel import bessel, hankel2

Place = tuple[float, float]
Wave = Callable[[Point], Tensor]

NEGLIGIBLE = 1e-17  # of the largest term: later ones change no digit
ON_IT = 1e-6  # squares of a radius: points on a cylinder are there but for rounding
DIGITS = 40.0  # -log NEGLIGIBLE and a little: terms of a near source fall as (a / R)^n


@dataclass(frozen=True)
class PlaneWave:
    """exp(-ik (x cos α + y sin α)), which travels in the direction of the angle α, in radians."""

    angle: float = 0.0

    def wave(self, wavenumber: float, axes: Sequence[Wave]) -> Wave:
        """The wave where nothing scatters it, a function of a point."""
        x, y = axes
        along, across = wavenumber * math.cos(self.angle), wavenumber * math.sin(self.angle)

        def incident(p: Point) -> Tensor:
            phase = along * x(p) + across * y(p)
            return torch.complex(torch.cos(phase), -torch.sin(phase))

        return incident

    def _about(self, centre: Place, wavenumber: float, radius: float) -> _Strengths:
        z = wavenumber * radius
        phase = wavenumber * (centre[0] * math.cos(self.angle) + centre[1] * math.sin(self.angle))
        values = [cmath.exp(-1j * phase)]
        for n in range(1, _enough(z)):
            values.append(values[-1] * -1j * z / (2 * n))
        return _Strengths(self.angle, values)


@dataclass(frozen=True)
class LineSource:
    """(i - 1)/4 H₀⁽²⁾(k|x - place|) exp(-k²σ²/2): the wave of f = (1 + i) N(place, σ²) in Δu + k²u = f.

    ``width`` is σ; 0, which is left out, is that of (1 + i) δ. Where nearer than σ the wave has the value at σ.
    """

    place: Place
    width: float = 0.0

    def wave(self, wavenumber: float, axes: Sequence[Wave]) -> Wave:
        """The wave where nothing scatters it, a function of a point."""
        (x, y), (a, b) = axes, self.place

        def incident(p: Point) -> Tensor:
            r = torch.hypot(x(p) - a, y(p) - b).clamp(min=self.width)
            return hankel2(0, wavenumber * r) * self._amplitude(wavenumber)

        return incident

    def _amplitude(self, wavenumber: float) -> complex:
        return (1j - 1) / 4 * math.exp(-((wavenumber * self.width) ** 2) / 2)

    def _about(self, centre: Place, wavenumber: float, radius: float) -> _Strengths:
        to = complex(self.place[0] - centre[0], self.place[1] - centre[1])
        if abs(to) <= radius:
            raise ValueError(
                f"A line source at {self.place} lies {abs(to):g} from the centre {centre} of a cylinder of radius "
                f"{radius:g}; expected one outside of it. Move the source, or make the cylinder smaller."
            )
        count = _enough(wavenumber * radius) + math.ceil(DIGITS / math.log(abs(to) / radius))
        share, amplitude = radius / abs(to), self._amplitude(wavenumber)
        outgoing = _numbers(_outgoing(_double(wavenumber * abs(to)), count))
        values = [amplitude * h * share**n for n, h in enumerate(outgoing)]
        return _Strengths(cmath.phase(to), values)


Incident = PlaneWave | LineSource


@dataclass(frozen=True)
class _Strengths:
    """An incident wave about a cylinder of radius a: Σ ε_n values_n (r/a)^n Ĵ_n(kr) cos n(θ - direction)."""

    direction: float
    values: list[complex]


@dataclass(frozen=True)
class Scattering:
    """Complex functions of a point: the incident wave, what the cylinder adds, and both.

    Inside of a cylinder that no wave enters, by more than rounding, ``scattered`` and ``total`` are NaN.
    """

    incident: Wave
    scattered: Wave
    total: Wave


def soft_cylinder(
    wavenumber: float,
    radius: float,
    incident: Incident,
    axes: Sequence[Axis],
    centre: Place = (0.0, 0.0),
) -> Scattering:
    """Waves of Δu + k²u = 0 about a sound-soft cylinder, on which u = 0.

    Args:
        wavenumber: k > 0, in radians per unit of length. radius: a > 0, with ka up to 1000.
        incident: the wave that comes in. axes: of the plane. centre: of the cylinder.

    Returns:
        Complex functions of a point, to thirteen digits of the incident wave in float64, and differentiable.

    Raises:
        ValueError: for k or a that is not positive, and for a source in the cylinder.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> axes = Box(x=(-1, 1), y=(-1, 1)).axes
    >>> waves = soft_cylinder(20.0, 0.1, PlaneWave(), axes)
    >>> points = torch.tensor([[0.06, 0.08], [0.3, 0.0]], dtype=torch.float64)
    >>> [round(abs(u), 7) for u in exact_values(waves.total, axes, points, {}).tolist()]
    [0.0, 0.2812069]
    """
    _check(wavenumber, radius)
    strengths = incident._about(centre, wavenumber, radius)
    j, h = _both(wavenumber * radius, len(strengths.values))
    c = [-s * a / b for s, a, b in zip(strengths.values, j, h, strict=False)]
    return _impenetrable(_Cylinder(wavenumber, radius, centre, axes), incident, strengths.direction, c)


def hard_cylinder(
    wavenumber: float,
    radius: float,
    incident: Incident,
    axes: Sequence[Axis],
    centre: Place = (0.0, 0.0),
) -> Scattering:
    """Waves of Δu + k²u = 0 about a sound-hard cylinder, on which ∂u/∂n = 0; the rest as of ``soft_cylinder``."""
    _check(wavenumber, radius)
    strengths = incident._about(centre, wavenumber, radius)
    j, h = _both(wavenumber * radius, len(strengths.values))
    slopes = zip(_regular_slopes(wavenumber * radius, j), _outgoing_slopes(h), strict=True)
    c = [-s * a / b for s, (a, b) in zip(strengths.values, slopes, strict=True)]
    return _impenetrable(_Cylinder(wavenumber, radius, centre, axes), incident, strengths.direction, c)


def penetrable_cylinder(
    wavenumber: float,
    radius: float,
    speed: float,
    incident: Incident,
    axes: Sequence[Axis],
    centre: Place = (0.0, 0.0),
) -> Scattering:
    """Waves of Δu + k²u / c² = 0, c = 1 but for a cylinder in which it is ``speed``; u and ∂u/∂n are continuous.

    Args:
        wavenumber: k > 0 outside, in radians per unit of length. radius: a > 0, with ka up to 1000.
        speed: c > 0 in the cylinder, in units of that outside. incident: the wave that comes in.
        axes: of the plane. centre: of the cylinder.

    Returns:
        Complex functions of a point, inside as outside, to thirteen digits of the incident wave in float64, and
        differentiable; inside ``scattered`` is the difference of ``total`` and ``incident``.

    Raises:
        ValueError: for k, a or c that is not positive, and for a source in the cylinder.

    >>> import torch
    >>> from sirenpde import Box
    >>> from sirenpde.problem.reference import exact_values
    >>> axes = Box(x=(-1, 1), y=(-1, 1)).axes
    >>> waves = penetrable_cylinder(20.0, 0.1, 2.0, LineSource((-0.35, -0.35)), axes)
    >>> points = torch.tensor([[0.4, 0.1], [0.0, 0.0]], dtype=torch.float64)
    >>> [round(abs(u), 8) for u in exact_values(waves.total, axes, points, {}).tolist()]
    [0.04573423, 0.0651899]
    """
    _check(wavenumber, radius)
    z, z_in = wavenumber * radius, wavenumber_in(wavenumber, speed) * radius
    strengths = incident._about(centre, wavenumber, radius)
    count = len(strengths.values)
    j, h = _both(z, count)
    j_in = _numbers(_regular(_double((z_in / 2) ** 2), z_in, count))
    outside, inside = [], []
    slopes = zip(_outgoing_slopes(h), _regular_slopes(z_in, j_in), strict=True)
    for n, (outgoing, regular) in enumerate(slopes):
        # j' j_in - j j_in', from which n j j_in has dropped out.
        above = (z_in**2 * j[n] * j_in[n + 1] - z**2 * j[n + 1] * j_in[n]) / (2 * (n + 1))
        below = outgoing * j_in[n] - h[n] * regular
        outside.append(-strengths.values[n] * above / below)
        inside.append(-2j / math.pi * strengths.values[n] / below)
    cylinder = _Cylinder(wavenumber, radius, centre, axes)
    wave = incident.wave(wavenumber, axes)
    around = cylinder.around(strengths.direction, outside)
    within = cylinder.within(strengths.direction, inside, speed)

    def scattered(p: Point) -> Tensor:
        return torch.where(cylinder.contains(p), within(p) - wave(p), around(p))

    def total(p: Point) -> Tensor:
        return torch.where(cylinder.contains(p), within(p), wave(p) + around(p))

    return Scattering(wave, scattered, total)


def wavenumber_in(wavenumber: float, speed: float) -> float:
    """k / c, of waves in a body whose speed is c. Raises ValueError unless that is finite and above 0."""
    if not 0 < speed < math.inf:
        raise ValueError(
            f"A body with the speed {speed:g}; expected a finite number above 0, in units of the speed around it. "
            f"Write speed=2 for waves twice as fast in it."
        )
    return wavenumber / speed


def _impenetrable(cylinder: _Cylinder, incident: Incident, direction: float, c: list[complex]) -> Scattering:
    wave = incident.wave(cylinder.wavenumber, cylinder.axes)
    around = cylinder.around(direction, c)

    def scattered(p: Point) -> Tensor:
        return torch.where(cylinder.contains(p, ON_IT), torch.nan, around(p))

    def total(p: Point) -> Tensor:
        return wave(p) + scattered(p)

    return Scattering(wave, scattered, total)


@dataclass(frozen=True)
class _Cylinder:
    wavenumber: float
    radius: float
    centre: Place
    axes: Sequence[Axis]

    def contains(self, p: Point, margin: float = 0.0) -> Tensor:
        """Whether the point is inside, by more than the margin, in squares of a radius."""
        a, b = self._offset(p)
        return a**2 + b**2 < 1 - margin

    def _offset(self, p: Point) -> tuple[Tensor, Tensor]:
        """From the centre to the point, in radii."""
        (x, y), (a, b) = self.axes, self.centre
        return (x(p) - a) / self.radius, (y(p) - b) / self.radius

    def around(self, direction: float, coefficients: list[complex]) -> Wave:
        """Σ ε_n c_n (a/r)^n Ĥ_n(kr) cos n(θ - direction); inside, the value at a place on the cylinder."""
        z = self.wavenumber * self.radius
        c = _trimmed(coefficients, _numbers(_outgoing(_double(z), len(coefficients))))

        def wave(p: Point) -> Tensor:
            inside = self.contains(p, ON_IT)
            a, b = self._offset(p)
            a, b = torch.where(inside, 1.0, a), torch.where(inside, 0.0, b)
            squared = a**2 + b**2
            turned = _turned(a / squared, b / squared, direction)
            return _series(c, turned, _outgoing(z * torch.sqrt(squared), len(c)))

        return wave

    def within(self, direction: float, coefficients: list[complex], speed: float) -> Wave:
        """Σ ε_n c_n (r/a)^n Ĵ_n(kr/speed) cos n(θ - direction); outside, the value at the centre."""
        z = self.wavenumber * self.radius / speed
        c = _trimmed(coefficients, _numbers(_regular(_double((z / 2) ** 2), z, len(coefficients))))

        def wave(p: Point) -> Tensor:
            inside = self.contains(p)
            a, b = (torch.where(inside, offset, 0.0) for offset in self._offset(p))
            return _series(c, _turned(a, b, direction), _regular((z / 2) ** 2 * (a**2 + b**2), z, len(c)))

        return wave


def _check(wavenumber: float, radius: float) -> None:
    for name, value in (("wavenumber", wavenumber), ("radius", radius)):
        if not 0 < value < math.inf:
            raise ValueError(f"A cylinder was given {name}={value:g}; expected a finite number above 0.")


def _double(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def _numbers(values: Sequence[Tensor]) -> list[complex]:
    return [complex(value) for value in values]


def _enough(z: float) -> int:
    """How many orders a wave has on a circle of so many radians in a radius, to the last digit."""
    return math.ceil(z + 12 * math.cbrt(z) + 25)


def _trimmed(coefficients: list[complex], sizes: Sequence[complex]) -> list[complex]:
    """Without the last ones, that change no digit where the functions have these sizes."""
    terms = [abs(c * size) for c, size in zip(coefficients, sizes, strict=False)]
    count = max(n for n, term in enumerate(terms) if term >= NEGLIGIBLE * max(terms)) + 1
    return coefficients[:count]


def _turned(a: Tensor, b: Tensor, direction: float) -> Tensor:
    """(a + ib) e^{-i direction}"""
    cosine, sine = math.cos(direction), math.sin(direction)
    return torch.complex(a * cosine + b * sine, b * cosine - a * sine)


def _series(coefficients: list[complex], turned: Tensor, functions: list[Tensor]) -> Tensor:
    """Σ ε_n c_n f_n Re turned^n."""
    total, power = coefficients[0] * functions[0], torch.ones_like(turned)
    for c, function in zip(coefficients[1:], functions[1:], strict=False):
        power = power * turned
        total = total + 2 * c * function * power.real
    return total


def _both(z: float, count: int) -> tuple[list[complex], list[complex]]:
    """Ĵ_n(z) and Ĥ_n(z) for n = 0 ... count."""
    return _numbers(_regular(_double((z / 2) ** 2), z, count)), _numbers(_outgoing(_double(z), count))


def _regular(squared: Tensor, z: float, count: int) -> list[Tensor]:
    """Ĵ_n for n = 0 ... count where (z/2)² is ``squared``, and z at most the number: backwards, J₀ + 2 Σ J_2m = 1."""
    top = max(_enough(z), count) + 12
    values = [torch.ones_like(squared), torch.ones_like(squared)]
    for n in range(top, 0, -1):
        values.append(values[-1] - squared / (n * (n + 1)) * values[-2])
    values.reverse()
    factor, total = torch.ones_like(squared), values[0]
    for m in range(2, top, 2):
        factor = factor * squared / (m * (m - 1))
        total = total + 2 * factor * values[m]
    return [value / total for value in values[: count + 1]]


def _outgoing(z: Tensor, count: int) -> list[Tensor]:
    """Ĥ_n of the second kind for n = 0 ... count, of z up to 1000 or so: forwards."""
    j, y = bessel(z, 1)
    h = torch.complex(j, -y)
    values = [h[..., 0], h[..., 1] * (z / 2)]
    for n in range(1, count):
        values.append(n / (n + 1) * values[n] - z**2 / (4 * n * (n + 1)) * values[n - 1])
    return values[: count + 1]


def _regular_slopes(z: float, values: list[complex]) -> list[complex]:
    """z J_n'(z) n! (2/z)^n, one less than the values Ĵ_n."""
    return [n * j - z**2 / (2 * (n + 1)) * values[n + 1] for n, j in enumerate(values[:-1])]


def _outgoing_slopes(values: list[complex]) -> list[complex]:
    """z H_n'(z) (z/2)^n / n!, one less than the values Ĥ_n."""
    return [n * h - 2 * (n + 1) * values[n + 1] for n, h in enumerate(values[:-1])]
