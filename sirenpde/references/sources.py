"""Point sources of the Helmholtz equation in the plane: their waves, and what is left to solve for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..calculus.absorbing import PML
from ..calculus.evaluate import PointFunction, over_known
from ..geometry.point import Point
from .bessel import bessel

BEGIN = 1 / 8  # of the reach: where the known wave begins to end
SMOOTH = 10  # the slope of what ends it is that of (1 - t²)^SMOOTH
NEAREST = 1e-9  # of a wave's radian: so near to a source a point counts as beside it
RING = 1e-6  # of the box, around a source: there the medium has to be the same all about
ALIKE = 1e-3  # of its value
DRAWN, SAME = (
    1024,
    1e-9,
)  # points at which a layer's medium is looked at, and how near it is to that of the sources


@dataclass(frozen=True, eq=False)
class PointSources:
    """Sources f = A Σ δ(x - x_s) of Δu + q u = f in the plane, q = k² m, and outgoing waves of e^{+iωt}.

    The field u is infinite at a source, so no network is to represent it. Near a source its wave is known,

        w = A i/4 H₀⁽²⁾(k_s r),   k_s² = q(x_s),   r = |x - x_s|,

    and u = v + Σ χ(r) w, where χ is 1 near the source and 0 beyond its ``reach``. The rest v has no source but the
    smooth

        -load = -(2χ'w' + (χ'' + χ'/r) w + (q - k_s²) χ w),   Δv + q v = -load,

    and v is the total field u beyond the reach. With an infinite reach χ is 1, v is the scattered field, and the load
    is where q differs from what it is at the source: in a uniform medium nowhere. Either way v is outgoing,
    which is what a layer asks for. Made by ``point_sources``, which checks what it is given.

    Source: total and scattered fields, as in Taflove and Hagness, Computational Electrodynamics, 2005, chapter 5.
    """

    at: tuple[tuple[float, float], ...]
    wavenumbers: tuple[float, ...]
    strength: complex
    reach: float

    def incoming(self, p: Point) -> Tensor:
        """Σ w, the waves that the sources have where the medium is everywhere as at the source."""
        r, k = self._distances(p)
        return self._waves(k * r)[0].sum()

    def known(self, p: Point) -> Tensor:
        """Σ χ w, what is to be added to the unknown v: ``u(p) = v(p) + sources.known(p)``."""
        r, k = self._distances(p)
        value = self._waves(k * r)[0]
        return (value if math.isinf(self.reach) else self._ended(r)[0] * value).sum()

    def load(self, squared: PointFunction) -> PointFunction:
        """(Δ + q) Σ χ w but for the sources themselves, for a function q of a point, real or complex."""

        def at(p: Point) -> Tensor:
            r, k = self._distances(p)
            wave, slope = self._waves(k * r)
            rest = squared(p) - k**2
            if math.isinf(self.reach):
                return (rest * wave).sum()
            part, first, second = self._ended(r)
            return (2 * first * k * slope + (second + first / r) * wave + rest * part * wave).sum()

        return at

    def _distances(self, p: Point) -> tuple[Tensor, Tensor]:
        """r from every source, and k there; a point at a source counts as one beside it."""
        k = p.place.new_tensor(self.wavenumbers)
        apart = (p.place - p.place.new_tensor(self.at)).square().sum(1)
        return torch.sqrt(apart.clamp(min=(NEAREST / max(self.wavenumbers)) ** 2)), k

    def _waves(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """A i/4 H₀⁽²⁾ and its slope by z."""
        j, y = bessel(z, 1)
        both = torch.complex(j, -y) * (self.strength * 0.25j)
        return both[..., 0], -both[..., 1]

    def _ended(self, r: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """χ and its first two derivatives by r: a polynomial of r between two radii."""
        half = self.reach * (1 - BEGIN) / 2
        t = ((r - self.reach * (1 + BEGIN) / 2) / half).clamp(-1, 1)
        terms = [(-1) ** i * math.comb(SMOOTH, i) / (2 * i + 1) for i in range(SMOOTH + 1)]
        area = torch.zeros_like(t)
        for c in reversed(terms):
            area = area * t**2 + c
        whole = sum(terms)
        fall = (1 - t**2) ** (SMOOTH - 1) / (-2 * whole * half)
        return (1 - t * area / whole) / 2, fall * (1 - t**2), -2 * SMOOTH * t * fall / half


def point_sources(
    layer: PML,
    at: Sequence[float],
    squared: PointFunction,
    strength: complex = 1.0,
    reach: float = math.inf,
) -> PointSources:
    """Sources in the part of a plane that ``layer`` leaves, in a medium q = k² m.

    Args:
        layer: on whose box the field is.
        at: the coordinates x, y of the sources, one after another.
        squared: q, a function of a point.
        strength: A, of each of them; a narrow source N(x_s, σ²) has exp(-k²σ²/2) of it, wherever it is 0.
        reach: how far from each source its wave is taken as known, at most up to the layer; infinite where the layer
            has the medium of the sources.

    Raises ValueError for sources in the layer, on an interface, or where q is not positive, and for other reaches.

    >>> from sirenpde import PML, Box
    >>> box = Box(x=(-1, 1), y=(-1, 1))
    >>> layer = PML(box, 0.5, wavenumber=20.0)
    >>> x, _ = box.axes
    >>> sources = point_sources(layer, (0.0, 0.0, 0.2, 0.1), lambda p: 400.0 + 0 * x(p), reach=0.3)
    >>> sources.at, sources.wavenumbers
    (((0.0, 0.0), (0.2, 0.1)), (20.0, 20.0))
    """
    if not len(at) or len(at) % 2:
        raise ValueError(
            f"Sources at {', '.join(f'{s:g}' for s in at) or 'no place'} were given, {len(at)} numbers; expected two "
            f"for each source, its x and y. Write -0.35 0 for one source, -0.35 0 0.2 0.1 for two."
        )
    places = tuple((float(x), float(y)) for x, y in list(pairwise(at))[::2])
    layer.keep_out(places, "source")
    inside = layer.interior
    room = min(
        min(s - a.low, a.high - s) for place in places for s, a in zip(place, inside.axes, strict=True)
    )
    if not math.isinf(reach) and not 0 < reach <= room * (1 + SAME):
        raise ValueError(
            f"The waves of the sources were to be known up to {reach:g} from them; the layer begins {room:g} from "
            f"one. Give a reach up to that, or an infinite one, with which the scattered field is solved for."
        )
    size = max(axis.high - axis.low for axis in layer.box.axes)
    found = tuple(_wavenumber(layer, place, squared, RING * size) for place in places)
    if math.isinf(reach):
        _check_layer(layer, squared, found)
    return PointSources(places, found, complex(strength), float(reach))


def _check_layer(layer: PML, squared: PointFunction, wavenumbers: Sequence[float]) -> None:
    """Raises ValueError where a layer has another medium than the sources, whose waves are then not those in it."""
    points = layer.box.draw(DRAWN, torch.Generator().manual_seed(0))[0]
    points = points[~layer.interior.contains(points)]
    names = tuple(axis.name for axis in layer.box.axes)
    values = over_known(squared, names, points, {}, {})
    for k in wavenumbers:
        apart = (values - k**2).abs()
        if float(apart.max()) > SAME * k**2:
            raise ValueError(
                f"Waves of sources where k² m = {k**2:.6g} were to be known everywhere; in the layer k² m is up to "
                f"{values[apart.argmax()]:.6g}. Give a reach that ends before the layer."
            )


def _wavenumber(layer: PML, place: tuple[float, float], squared: PointFunction, near: float) -> float:
    """k at a source, where the medium is the same all about."""
    turns = torch.arange(8, dtype=torch.float64) * (math.pi / 4)
    ring = torch.stack([torch.cos(turns), torch.sin(turns)], 1)
    points = torch.tensor(place, dtype=torch.float64) + near * torch.cat([torch.zeros(1, 2), ring])
    names = tuple(axis.name for axis in layer.box.axes)
    values = over_known(squared, names, points, {}, {})
    shown = ", ".join(f"{s:g}" for s in place)
    if values.is_complex() or not bool((values > 0).all()):
        raise ValueError(
            f"The source at ({shown}) lies where k² m = {values[0]:g}; expected a positive number, a medium in which "
            f"waves travel without loss. Move the source, or give the medium no loss there."
        )
    if float(values.max() - values.min()) > ALIKE * float(values.max()):
        raise ValueError(
            f"The source at ({shown}) lies on an interface: k² m is {values.min():.6g} on one side of it and "
            f"{values.max():.6g} on the other. Move it off the interface, by as much as it is to be away from it."
        )
    return math.sqrt(float(values[0]))
