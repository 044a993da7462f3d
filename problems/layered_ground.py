"""Waves of one frequency from a source in water above layered ground, twenty wavelengths from end to end.

    Δu + (ω/c)² u = f   in a slice 4 km long and 1.8 km deep, whose sides are open,

with c = 1.5 km/s in the water, whose floor dips from 450 to 750 m, 1.6 to 2.2 km/s in sediments with a slow lens, and
3.5 km/s in a basement below 1400 m. The depth is y(x, z), such that the floor is level in z, at 0.6: cells end there,
joined by u and its flux. The equation is written in x and z. About the source, where u would be infinite, s = u - w
is solved for, w being the incident wave, and both in a band. Layers two waves thick absorb what leaves.
"""

import torch
from torch import Tensor

from sirenpde import PML, Box, Field, LeastSquares, Partition, Pieces, Point, Problem, SineFeatures, on
from sirenpde.calculus.evaluate import PointFunction
from sirenpde.references.ground import (
    LEVEL,
    MIDDLE,
    STRENGTH,
    WATER,
    angular,
    around_source,
    depth_at,
    depth_slopes,
    level_laplacian,
    speed,
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
    box = Box(x=(-thick, 4 + thick), z=(-thick, 1.8 + thick))
    layer = PML(box, thick, strength=STRENGTH)
    away, band = (part.where(lambda q: ~middle.contains(q), "away") for part in (box, core))
    x, z = box.axes
    (left, right), (top, below) = core.bounds
    cuts = (-thick, 0, left, right, 4, 4 + thick), (-thick, 0, top, below, MIDDLE, LEVEL, 1.8, 1.8 + thick)
    cells = Pieces(SineFeatures(250), cells=Partition.spaced(cuts, min(0.5, 9 * WATER / omega)))
    u, s = (Field(name, box, cells, dtype=complex) for name in ("u", "s"))
    k = omega / WATER

    def y(p: Point) -> Tensor:
        return depth_at(x(p), z(p))

    w = LineSource((along, depth)).wave(k, (x, y))

    def equation(v: PointFunction) -> PointFunction:
        def waves(p: Point) -> Tensor:
            q = (omega / speed(x(p), y(p))) ** 2 * layer.volume(p)
            return level_laplacian(layer, v)(p) + depth_slopes(x(p), z(p))[1] * q * v(p)

        return waves

    @on(away, samples=10000, weight=k**-4)
    def outside(p: Point) -> Tensor:
        """y_z (Δu + (ω/c)² u) = 0, stretched in the layers"""
        return equation(u)(p)

    @on(core, samples=400, weight=k**-4)
    def near_source(p: Point) -> Tensor:
        """y_z (Δs + (ω/c)² s) = 0"""
        return equation(s)(p)

    @on(band, samples=400)
    def overlap(p: Point) -> Tensor:
        """u = s + w"""
        return u(p) - s(p) - w(p)

    @on(box.boundary(), samples=600)
    def ends(p: Point) -> Tensor:
        """u = 0 where the layers end"""
        return u(p)

    def total(p: Point) -> Tensor:
        return torch.where(middle.contains(p.place[None])[0], s(p) + w(p), u(p))

    return Problem(outside, near_source, overlap, ends, outputs=(total,), using=[LeastSquares(1e-6)])
