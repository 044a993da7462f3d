"""A temperature before it was measured: the heat equation run backward.

    u_t = u_xx  in (0, T) x (0, 1),     u = 0 at both ends,     u(T, ·) measured,     u(0, ·) unknown.

The wave sin kπx loses the factor exp(-(kπ)² T), so that each further one is known far worse: an equation run backward
would make noise larger by as much. Here it is run forward from an unknown start, with a prior for what the data leave
open: the start is a Gaussian field, whose size and smoothness the data choose. ``start_deviation`` says how well it
is known at every place. The truth is two warm spots, which spread as Gaussians do, with their images in both ends.

Source: Hadamard, 1923; Engl, Hanke and Neubauer, Regularization of inverse problems, 1996, section 1.1.
"""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Inference, Point, Problem, SineFeatures, Table, hessian, on
from sirenpde.references.noise import sensors_along, with_noise

SPOTS = ((1.0, 0.3, 0.06), (0.6, 0.65, 0.1))  # heights, places and widths
IMAGES = ((1, 0.0, 1), (-1, 0.0, -1), (-1, 2.0, -1), (1, 2.0, 1), (1, -2.0, 1))  # signs: about 0 and about 1


def spread(t: Tensor, x: Tensor) -> Tensor:
    """The temperature at a time, spots and images."""
    spots = []
    for height, place, width in SPOTS:
        wide = width**2 + 2 * t
        peaks = [
            sign * torch.exp(-((x - shift - side * place) ** 2) / (2 * wide)) for sign, shift, side in IMAGES
        ]
        spots.append(height * width / wide.sqrt() * torch.stack(peaks).sum(0))
    return torch.stack(spots).sum(0)


def problem(noise: float = 0.01, draw: int = 0, sensors: int = 50, until: float = 0.01) -> Problem:
    """An initial state from a later one.

    Args:
        noise: the standard deviation of the measurements, of the largest; 0 counts as a millionth.
        draw: the seed of the noise.
        sensors: how many.
        until: the time T at which is measured.
    """
    rod, past = Box(x=(0, 1)), Box(t=(0, until), x=(0, 1))
    (s,), (t, x) = rod.axes, past.axes
    u, start = Field("u", past, SineFeatures(1200, (20.0, 30.0))), Field("start", rod, SineFeatures(60, 24.0))
    at = sensors_along(sensors)
    then = torch.full_like(at, until)
    exact = spread(then, at)
    unit = float(exact.max())
    seen = with_noise(exact, noise, torch.Generator().manual_seed(draw), unit=unit)
    probes = Table.of({"t": then, "x": at, "u": seen}, past)

    @on(past, samples=3600)
    def heat(p: Point) -> Tensor:
        """u_t = u_xx"""
        return D(u, t)(p) - D(u, x, x)(p)

    @on(past.boundary("x"), samples=200)
    def ends(p: Point) -> Tensor:
        """u = 0"""
        return u(p)

    @on(past.at(t=0), samples=200)
    def begun(p: Point) -> Tensor:
        """u(0, x) = start(x)"""
        return u(p) - start(p)

    @on(rod.boundary())
    def held(p: Point) -> Tensor:
        """start = 0 at both ends"""
        return start(p)

    @on(probes, sigma=max(noise, 1e-6) * unit)
    def measured(p: Point) -> Tensor:
        """u(T, x) is measured"""
        return u(p) - probes["u"](p)

    @on(rod, samples=400, prior=True)
    def small(p: Point) -> Tensor:
        """∫ start² is small"""
        return start(p)

    @on(rod, samples=400, prior=True)
    def smooth(p: Point) -> Tensor:
        """∫ (start″)² is small"""
        return hessian(start)(p)

    known = {u: lambda p: spread(t(p), x(p)), start: lambda p: spread(torch.zeros_like(s(p)), s(p))}
    constraints = (heat, ends, begun, held, measured, small, smooth)
    return Problem(*constraints, outputs=(start, u), reference=known, using=[Inference()])
