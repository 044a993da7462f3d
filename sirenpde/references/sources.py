"""Point sources of the Helmholtz equation in the plane, and their waves."""

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

    The wave of a source in the medium that is around it is

        w = A i/4 H₀⁽²⁾(k_s r),   k_s² = q(x_s),   r = |x - x_s|,

    and in the true medium (Δ + q) w = f + (q - k_s²) w, of which ``load`` is what is left without f. Made by
    ``point_sources``, which checks what it is given; ``split`` solves with it.
    """

    layer: PML
    at: tuple[tuple[float, float], ...]
    squared: PointFunction
    wavenumbers: tuple[float, ...]
    strength: complex

    def incoming(self, p: Point) -> Tensor:
        """Σ w, the waves that the sources have where the medium is everywhere as at the source."""
        return self._waves(p)[0].sum()

    def load(self, p: Point) -> Tensor:
        """Σ (q - k_s²) w."""
        waves, k = self._waves(p)
        return ((self.squared(p) - k**2) * waves).sum()

    def _waves(self, p: Point) -> tuple[Tensor, Tensor]:
        """w and k_s of every source; a point at a source counts as one beside it."""
        k = p.place.new_tensor(self.wavenumbers)
        apart = (p.place - p.place.new_tensor(self.at)).square().sum(1)
        nearest = (NEAREST / max(self.wavenumbers)) ** 2
        j, y = bessel(k * torch.sqrt(apart.clamp(min=nearest)), 0)
        return torch.complex(j, -y)[..., 0] * (self.strength * 0.25j), k

    def measured(self, field: PointFunction, radius: float) -> PointFunction:
        """A field where it is compared: not a number in the layer, nor so near to a source."""

        def known(p: Point) -> Tensor:
            apart = (p.place - p.place.new_tensor(self.at)).norm(dim=1).amin()
            counts = (apart > radius) & self.layer.interior.contains(p.place[None])[0]
            return torch.where(counts, field(p), torch.nan)

        return known

    def check_layer(self) -> None:
        """Raises ValueError where the layer has another medium than the sources: their waves are not those in it."""
        points = self.layer.box.draw(DRAWN, torch.Generator().manual_seed(0))[0]
        points = points[~self.layer.interior.contains(points)]
        values = over_known(self.squared, _names(self.layer), points, {}, {})
        for k in self.wavenumbers:
            apart = (values - k**2).abs()
            if float(apart.max()) > SAME * k**2:
                raise ValueError(
                    f"Sources lie where k² m = {k**2:.6g}, and their waves were to be known in the layer, where it "
                    f"is up to {values[apart.argmax()]:.6g}; expected the same medium. Split the field around the "
                    f"sources: leave the bodies out."
                )


def point_sources(
    layer: PML, at: Sequence[float], squared: PointFunction, strength: complex = 1.0
) -> PointSources:
    """Sources in the part of a plane that ``layer`` leaves, in a medium q = k² m.

    Args:
        layer: on whose box the field is.
        at: the coordinates x, y of the sources, one after another.
        squared: q, a function of a point.
        strength: A, of each of them; a narrow source A N(x_s, σ²) has exp(-k²σ²/2) of it where it is 0.

    Raises ValueError for sources in the layer, on an interface, or where q is not positive.

    >>> from sirenpde import PML, Box
    >>> box = Box(x=(-1, 1), y=(-1, 1))
    >>> layer = PML(box, 0.5, wavenumber=20.0)
    >>> x, _ = box.axes
    >>> sources = point_sources(layer, (0.0, 0.0, 0.2, 0.1), lambda p: 400.0 + 0 * x(p))
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
    size = max(axis.high - axis.low for axis in layer.box.axes)
    found = tuple(_wavenumber(layer, place, squared, RING * size) for place in places)
    return PointSources(layer, places, squared, found, complex(strength))


def _names(layer: PML) -> tuple[str, ...]:
    return tuple(axis.name for axis in layer.box.axes)


def _wavenumber(layer: PML, place: tuple[float, float], squared: PointFunction, near: float) -> float:
    """k at a source, where the medium is the same all about."""
    turns = torch.arange(8, dtype=torch.float64) * (math.pi / 4)
    ring = torch.stack([torch.cos(turns), torch.sin(turns)], 1)
    points = torch.tensor(place, dtype=torch.float64) + near * torch.cat([torch.zeros(1, 2), ring])
    values = over_known(squared, _names(layer), points, {}, {})
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
