"""Frozen waves in polar coordinates about points, beside waves of the coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from .dense import Embedding


@dataclass(frozen=True)
class Plane:
    """Polar coordinates about a point in the plane of two axes, by their numbers among a network's.

    z = r e^{iθ} is ``matrix`` applied to the offset from ``centre``, read as a complex number; θ in (-π, π] jumps
    where z is negative. Nothing is asked for nearer than ``nearest`` to the point, and there r ends.

    >>> import torch
    >>> from sirenpde.networks.polar import Plane
    >>> plane = Plane((0, 1), (1.0, 0.0), ((2.0, 0.0), (0.0, 2.0)), 1e-12)
    >>> plane.logarithm(torch.tensor([[1.0, 0.5]])).imag
    tensor([1.5708])
    """

    axes: tuple[int, int]
    centre: tuple[float, float]
    matrix: tuple[tuple[float, float], tuple[float, float]]
    nearest: float

    def logarithm(self, x: Tensor) -> Tensor:
        """Points (..., d) -> log z, complex (...)."""
        a, b = (x[..., axis] - c for axis, c in zip(self.axes, self.centre, strict=True))
        (p, q), (s, t) = self.matrix
        a, b = p * a + q * b, s * a + t * b
        return torch.complex((a**2 + b**2).clamp(min=self.nearest**2).log() / 2, torch.atan2(b, a))


@dataclass(frozen=True)
class Family:
    """What sets the waves about a point apart, a row each."""

    growth: Tensor  # (m,), λ
    steps: Tensor  # (m, 2), k and μ
    logs: Tensor  # (m, 2), how much of log z and of log z̄ multiplies the wave; 0, 0 where nothing does
    frequencies: Tensor  # (m, d), κ in radians per unit of xi
    phases: Tensor  # (m,)

    @staticmethod
    def joined(families: Sequence[Family]) -> Family:
        return Family(*(torch.cat([getattr(of, f.name) for of in families]) for f in fields(Family)))


class PolarWaves(nn.Module):
    """The waves r^λ sin(k log r + μ θ + κ·xi + b) about a point, and such times logarithms.

    xi in [-1, 1] are all coordinates. The waves are imaginary parts of e^{i(κ·xi + b)} z^α z̄^β, with
    α = (λ + ik + μ) / 2, β = (λ + ik - μ) / 2, or of that times log z or log r, so that all their derivatives are
    known in closed form.
    """

    growth: Tensor
    steps: Tensor
    logs: Tensor
    frequencies: Tensor
    phases: Tensor
    centre: Tensor  # (d,)
    scale: Tensor  # (d,)

    def __init__(self, plane: Plane, family: Family, centre: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.plane = plane
        for f in fields(Family):
            self.register_buffer(f.name, getattr(family, f.name))
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., m)
        log = self.plane.logarithm(x)[..., None]
        k, mu = self.steps.T
        angle = k * log.real + mu * log.imag + ((x - self.centre) * self.scale) @ self.frequencies.T
        wave = torch.polar(torch.exp(self.growth * log.real), angle + self.phases)
        waves: Tensor = (wave * self.times(log)).imag
        return waves

    def times(self, log: Tensor) -> Tensor:
        """What multiplies the waves where log z (..., 1) is this."""
        of_z, of_conjugate = self.logs.to(log.real).T
        none = (self.logs == 0).all(1)
        factor: Tensor = none.to(log) + of_z * log + of_conjugate * log.conj()
        return factor


class AroundPoints(nn.Module):
    """Waves of the coordinates, waves about points, and a linear head on all of them."""

    def __init__(self, waves: Embedding, points: Sequence[PolarWaves], head: nn.Linear) -> None:
        super().__init__()
        self.waves = waves
        self.points = nn.ModuleList(points)
        self.head = head

    @property
    def linear_head(self) -> nn.Linear:
        return self.head

    @property
    def singular(self) -> list[PolarWaves]:
        """The waves about points at which they are not smooth."""
        found = [module for module in self.points if isinstance(module, PolarWaves)]
        return [waves for waves in found if bool(waves.growth.any() or waves.logs.any())]

    @property
    def winds_about_holes(self) -> bool:
        """Whether some of the waves are smooth, and about points outside of the domain."""
        return len(self.singular) < len(self.points)

    def features(self, x: Tensor) -> Tensor:  # (..., d) -> (..., features of the head)
        return torch.cat([self.waves(x), *(point(x) for point in self.points)], dim=-1)

    def forward(self, x: Tensor) -> Tensor:  # (..., d) -> (..., outputs)
        y: Tensor = self.head(self.features(x))
        return y
