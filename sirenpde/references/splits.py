"""Fields of point sources in two parts, of which one does not have the sources' own waves in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..geometry.box import Box
from ..geometry.domain import Domain
from ..geometry.point import Point
from .sources import PointSources

CORE = 0.25  # half a side of a box around a source, where there is room
BAND = 0.4  # of half a side: how wide the band is in which both fields are


@dataclass(frozen=True, eq=False)
class Split:
    """Fields v in some boxes and u around them, of which one is the total field and the other the scattered one.

    The field of a point source is infinite there, so no network is to represent it: where the sources are, the
    scattered field is solved for, total field minus w, their known waves. Where the boxes are around the sources

        Δv + q v + (q - k_s²) w = 0  inside,      Δu + q u = 0  outside,      u = v + w  in a band,

    and where they are around what scatters

        Δv + q v = 0  inside,      Δu + q u + (q - k_s²) w = 0  outside,      u + w = v  in a band.

    The band is inside of the boxes, along their sides, and both equations hold in it. Made by ``split``.

    Source: total and scattered fields, as in Taflove and Hagness, Computational Electrodynamics, 2005, chapter 5.
    """

    sources: PointSources
    boxes: tuple[Box, ...]
    holds_sources: bool

    @property
    def hull(self) -> Box:
        """The box around the boxes: the home of v."""
        return _around([box.bounds for box in self.boxes], self.sources.layer.box)

    @property
    def inside(self) -> Domain:
        """The boxes."""
        return self.hull.where(lambda q: self._depth(q) > 0, "inside")

    @property
    def outside(self) -> Domain:
        """All but the middles of the boxes."""
        return self.sources.layer.box.where(lambda q: self._depth(q) < BAND, "outside")

    @property
    def band(self) -> Domain:
        """Where both are."""
        return self.hull.where(lambda q: (self._depth(q) > 0) & (self._depth(q) < BAND), "band")

    def known_inside(self, p: Point) -> Tensor:
        """What is to be added to v for the total field: w, or nothing."""
        return self.sources.incoming(p) if self.holds_sources else _nothing(p)

    def known_outside(self, p: Point) -> Tensor:
        """What is to be added to u for the total field: nothing, or w."""
        return _nothing(p) if self.holds_sources else self.sources.incoming(p)

    def load_inside(self, p: Point) -> Tensor:
        """(Δ + q) of ``known_inside`` but for the sources themselves."""
        return self.sources.load(p) if self.holds_sources else _nothing(p)

    def load_outside(self, p: Point) -> Tensor:
        """(Δ + q) of ``known_outside`` but for the sources themselves."""
        return _nothing(p) if self.holds_sources else self.sources.load(p)

    def joined(self, p: Point, outside: Tensor, inside: Tensor) -> Tensor:
        """The one or the other, with the change in the middle of the band."""
        return torch.where(self._depth(p.place[None])[0] > BAND / 2, inside, outside)

    def _depth(self, points: Tensor) -> Tensor:
        """How deep points (n, d) are in the boxes, in parts of half a side: 1 in the middle, 0 on a side."""
        ends = points.new_tensor([box.bounds for box in self.boxes])  # (boxes, d, 2)
        half = (ends[..., 1] - ends[..., 0]) / 2
        off = (points[:, None] - ends.mean(2)).abs() / half
        depth: Tensor = (1 - off.amax(2)).amax(1)
        return depth


def split(sources: PointSources, bodies: Sequence[Box] = ()) -> Split:
    """The field of some sources, split about boxes: those of ``bodies`` that scatter, or around the sources if none.

    Boxes around sources are half a unit wide, and narrower where the layer is nearer. Those of bodies hold all places
    at which the medium is another than at the sources.

    Raises ValueError for sources in the boxes of bodies, for boxes that reach into the layer, and for a layer that
    has another medium than the sources outside of them.

    >>> from sirenpde import PML, Box
    >>> from sirenpde.references.sources import point_sources
    >>> box = Box(x=(-1, 1), y=(-1, 1))
    >>> layer = PML(box, 0.5, wavenumber=20.0)
    >>> sources = point_sources(layer, (0.1, 0.0), lambda p: 400.0 + 0 * box.axes[0](p))
    >>> split(sources).hull
    Box(x=(-0.15, 0.35), y=(-0.25, 0.25))
    """
    interior = sources.layer.interior
    if not bodies:
        return Split(sources, tuple(_core(interior, place) for place in sources.at), True)
    found = Split(sources, tuple(bodies), False)
    inside = found._depth(torch.tensor(sources.at, dtype=torch.float64)) >= 0
    if bool(inside.any()):
        place = ", ".join(f"{s:g}" for s in sources.at[int(inside.int().argmax())])
        raise ValueError(
            f"The source at ({place}) lies in the box of a body; expected sources around it. Leave the bodies out: "
            f"then the field is split around the sources."
        )
    sources.layer.keep_out(
        [tuple(end) for box in bodies for end in zip(*box.bounds, strict=True)], "corner of a body"
    )
    sources.check_layer()
    return found


def _core(interior: Box, place: tuple[float, float]) -> Box:
    room = min(min(s - a.low, a.high - s) for s, a in zip(place, interior.axes, strict=True))
    half = min(CORE, room)
    if half <= 0:
        raise ValueError(
            f"The source at ({', '.join(f'{s:g}' for s in place)}) lies where the layer begins; expected room around "
            f"it. Move it inwards."
        )
    return Box(**{a.name: (s - half, s + half) for s, a in zip(place, interior.axes, strict=True)})


def _around(bounds: Sequence[tuple[tuple[float, float], ...]], box: Box) -> Box:
    lows = [min(low for low, _ in of) for of in zip(*bounds, strict=True)]
    highs = [max(high for _, high in of) for of in zip(*bounds, strict=True)]
    return Box(**{a.name: ends for a, ends in zip(box.axes, zip(lows, highs, strict=True), strict=True)})


def _nothing(p: Point) -> Tensor:
    zero = torch.zeros_like(p.place[0])
    return torch.complex(zero, zero)
