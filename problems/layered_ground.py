"""Waves of one frequency from a source in water above layered ground, twenty wavelengths from end to end.

    Δu + (ω/c)² u = f   in a slice 4 km long and 1.8 km deep, whose sides are open,

with c = 1.5 km/s in the water, whose floor dips from 450 to 750 m, 1.6 to 2.2 km/s in sediments with a slow lens, and
3.5 km/s in a basement below 1400 m. Water and ground have fields of their own, u and v, joined by value and normal
derivative on the floor. About the source, where u would be infinite, s = u - w is
solved for, w being the incident wave, and both in a band. Layers two waves thick absorb what leaves.
"""

import torch
from torch import Tensor

from sirenpde import (
    PML,
    Box,
    Field,
    LeastSquares,
    Partition,
    Pieces,
    Point,
    Problem,
    SineFeatures,
    grad,
    laplacian,
    on,
)
from sirenpde.references.ground import (
    LEVEL,
    STRENGTH,
    WATER,
    angular,
    around_source,
    floor,
    floor_depth,
    speed_below,
)
from sirenpde.references.scattering import LineSource


def problem(frequency: float = 7.5, along: float = 0.8, depth: float = 0.25) -> Problem:
    """The wave field of a line source of one frequency.

    Args:
        frequency: in hertz, so that ω = 2π frequency; 7.5 makes waves 200 m long in the water.
        along: where the source is, in km from the left end; 0.2 to 3.8.
        depth: of the source, in km; at least 0.2, and 0.2 above the floor.
    """
    omega = angular(frequency)
    core, middle = around_source(along, depth)
    thick = 2 * WATER / frequency
    box = Box(x=(-thick, 4 + thick), y=(-thick, 1.8 + thick))
    layer = PML(box, thick, strength=STRENGTH)
    away, band = (part.where(lambda q: ~middle.contains(q), "away") for part in (box, core))
    water = away.where(lambda q: q[:, 1] < floor_depth(q[:, 0]), "water")
    ground = box.where(lambda q: q[:, 1] > floor_depth(q[:, 0]), "ground")
    bottom = floor(box)
    x, y = box.axes
    (left, right), (top, below) = core.bounds
    cuts = (-thick, 0, left, right, 4, 4 + thick), (-thick, 0, top, below, LEVEL, 1.8, 1.8 + thick)
    cells = Pieces(SineFeatures(), cells=Partition.spaced(cuts, min(0.5, 16 * WATER / omega)))
    u, v, s = (Field(name, box, cells, dtype=complex) for name in ("u", "v", "s"))
    w = LineSource((along, depth)).wave(omega / WATER, box.axes)
    k = omega / WATER

    @on(water, samples=4000, weight=k**-4)
    def in_water(p: Point) -> Tensor:
        """Δu + (ω/c)² u = 0, stretched in the layers"""
        return layer.laplacian(u)(p) + layer.volume(p) * k**2 * u(p)

    @on(ground, samples=6000, weight=k**-4)
    def in_ground(p: Point) -> Tensor:
        """Δv + (ω/c)² v = 0, stretched in the layers"""
        return layer.laplacian(v)(p) + layer.volume(p) * (omega / speed_below(x(p), y(p))) ** 2 * v(p)

    @on(core, samples=400, weight=k**-4)
    def near_source(p: Point) -> Tensor:
        """Δs + (ω/c)² s = 0"""
        return laplacian(s)(p) + k**2 * s(p)

    @on(bottom)
    def value(p: Point) -> Tensor:
        """u = v on the floor"""
        return u(p) - v(p)

    @on(bottom, weight=k**-2)
    def slope(p: Point) -> Tensor:
        """∂u/∂n = ∂v/∂n on the floor, stretched in the layers"""
        n, e_x, e_y = bottom["normal"](p), layer.stretch(x)(p), layer.stretch(y)(p)
        jump = grad(u)(p) - grad(v)(p)
        return n[0] * e_y / e_x * jump[0] + n[1] * e_x / e_y * jump[1]

    @on(band, samples=400)
    def overlap(p: Point) -> Tensor:
        """u = s + w"""
        return u(p) - s(p) - w(p)

    def total(p: Point) -> Tensor:
        inside = torch.maximum((x(p) - along).abs(), (y(p) - depth).abs()) < 0.15
        above = torch.where(inside, s(p) + w(p), u(p))
        return torch.where(y(p) < floor_depth(x(p)), above, v(p))

    return Problem(
        in_water,
        in_ground,
        near_source,
        value,
        slope,
        overlap,
        outputs=(total,),
        using=[LeastSquares()],
    )
