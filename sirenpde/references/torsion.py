"""The stress function of a twisted bar, certified on the edge of its section."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ..geometry.plane.arc import Arc
from ..geometry.point import Point
from ..geometry.shape import Shape, arcs_of

POLES, DEGREE = 30, 30  # at each end of an arc; of the polynomial
CLUSTERED = 3.0  # how fast poles come closer to the end
FARTHEST = 0.3  # of the section's size
ON_AN_ARC = 120  # even places, and as many that are denser towards its ends


@dataclass(frozen=True)
class Poles:
    """A harmonic function: the real parts of c_j d_j / (z - z_j) and of a polynomial, fitted to r²/2 on an edge."""

    places: Tensor  # (k, 2), of the poles z_j
    distances: Tensor  # (k,), d_j, from the edge
    middle: Tensor  # (2,)
    size: float  # of the section
    coefficients: Tensor

    def at(self, points: Tensor) -> Tensor:
        """Points (..., 2) -> the functions (..., 2 k + 2 degree + 1)."""
        apart = points[..., None, :] - self.places
        near = self.distances[:, None] * apart / apart.square().sum(-1, keepdim=True)
        x, y = ((points - self.middle) / self.size)[..., None].unbind(-2)
        n = torch.arange(1, DEGREE + 1, dtype=points.dtype)
        power, turns = (x * x + y * y) ** (n / 2), n * torch.atan2(y, x)
        parts = [near[..., 0], near[..., 1], torch.ones_like(x), power * turns.cos(), power * turns.sin()]
        return torch.cat(parts, dim=-1)


def stress_function(section: Shape) -> Callable[[Point], Tensor]:
    """The φ with -Δφ = 2 in a section without holes, 0 on its edge of arcs that meet without corners.

    φ = h - r²/2 with a harmonic h, a polynomial and poles outside, closer and closer to the ends of the arcs, where
    the curvature jumps and φ has a weak singularity. By the maximum principle φ is nowhere farther off than on the
    edge, ``edge_error``: 5e-9 for an L-section with rounded corners. It is computed when first used, in some seconds.

    Source of the poles: Gopal and Trefethen, Solving Laplace problems with corner singularities via rational
    functions, 2019.

    >>> import torch
    >>> from sirenpde import Disk
    >>> from sirenpde.problem.reference import exact_values
    >>> disk = Disk()
    >>> middle = exact_values(stress_function(disk), disk.axes, torch.zeros(1, 2, dtype=torch.float64), {})
    >>> round(float(middle), 9)
    0.5
    """
    x, y = section.axes

    def phi(p: Point) -> Tensor:
        place, h = torch.stack([x(p), y(p)]), _fitted(section)
        return h.at(place) @ h.coefficients - place.square().sum() / 2

    return phi


def edge_error(section: Shape, places: int = 333) -> float:
    """The largest |φ| of ``stress_function`` on so many places of each arc: a bound of its error everywhere."""
    h = _fitted(section)
    edge = torch.cat([arc.at(_clustered(places)) for arc in _arcs(section)])
    return float((h.at(edge) @ h.coefficients - edge.square().sum(1) / 2).abs().max())


def _arcs(section: Shape) -> tuple[Arc, ...]:
    arcs = arcs_of(section)
    assert arcs is not None
    return arcs


@lru_cache(maxsize=4)
def _fitted(section: Shape) -> Poles:
    low, high = torch.tensor(section.bounds, dtype=torch.float64).T
    size = float((high - low).max())
    steps = math.sqrt(POLES) - torch.arange(1, POLES + 1, dtype=torch.float64).sqrt()
    distances = FARTHEST * size * torch.exp(-CLUSTERED * steps)
    end = torch.ones(1, dtype=torch.float64)
    poles, from_edge = [], []
    for arc in _arcs(section):
        place = arc.at(end) + distances[:, None] * arc.normals(end)
        outside = section.level(place) > 0.3 * distances  # not beyond, in another arm
        poles.append(place[outside])
        from_edge.append(distances[outside])
    places, found = torch.cat(poles), torch.cat(from_edge)
    h = Poles(places, found, (low + high) / 2, size, torch.zeros(2 * len(places) + 2 * DEGREE + 1).double())
    edge = torch.cat([arc.at(_clustered(ON_AN_ARC)) for arc in _arcs(section)])
    matrix = h.at(edge)
    scale = matrix.norm(dim=0)
    target = edge.square().sum(1, keepdim=True) / 2
    solved = torch.linalg.lstsq(matrix / scale, target, driver="gelsd", rcond=1e-14).solution[:, 0]
    return Poles(h.places, h.distances, h.middle, h.size, solved / scale)


def _clustered(count: int) -> Tensor:
    """Places in (0, 1): even ones, and as many that are exponentially denser towards both ends."""
    s = torch.linspace(-1, 1, count, dtype=torch.float64)
    even = 0.5 * (1 + s * (1 - 1 / count))
    return torch.cat([even, 0.5 * (1 + torch.tanh(6 * s))])
