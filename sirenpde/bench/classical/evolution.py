"""Evolution equations on a periodic interval: Fourier series and ETDRK4."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import pi
from typing import TYPE_CHECKING

import numpy as np

from .measured import Array, Classical, relative

if TYPE_CHECKING:
    from torch import Tensor

    from ...calculus.operators import PointFunction
    from ...geometry.box import Box
    from ...geometry.point import Axis

NODES = 51, 257  # times and places that errors are measured at
Start = Callable[["Tensor"], "Tensor"]


@dataclass(frozen=True)
class Evolution:
    """u_t = Σ linear_j ∂x^j u + ∂x^outer Σ powers_p u^p on one period, as `evolved` takes it."""

    start: Start
    linear: Mapping[int, float]
    powers: Mapping[int, float]
    outer: int = 0
    low: float = -1.0
    high: float = 1.0
    end: float = 1.0

    def box(self) -> Box:
        from ...geometry.box import Box

        return Box(t=(0, self.end), x=(self.low, self.high))

    def run(self, modes: int, steps: int) -> Array:
        """Values at the nodes, (times * places,)."""
        from ...references.periodic import evolved

        evolution = (self.box(), self.start, self.linear, self.powers)
        cloud = evolved(*evolution, outer=self.outer, modes=modes, steps=steps, nodes=NODES)
        values: Array = cloud.data["u"].numpy()
        return values


def by_etdrk4(
    equation: Evolution,
    modes: int,
    steps: int,
    exact: Callable[[tuple[Axis, Axis]], PointFunction] | None = None,
    where: tuple[float, float] | None = None,
) -> Classical:
    """A Fourier series stepped by ETDRK4, against the exact solution or one with twice the modes and steps.

    ``where`` is the part of the interval that counts.
    """
    warm, reference = (8, 20), (2 * modes, 2 * steps)
    finer = equation.run(*(warm if exact else reference))  # code is loaded before the clock starts
    start = time.process_time()
    values = equation.run(modes, steps)
    seconds = time.process_time() - start
    box = equation.box()
    points = box.nodes({"t": NODES[0], "x": NODES[1]}).points
    if exact:
        from ...problem.reference import exact_values

        finer = exact_values(exact(box.axes), box.axes, points, {}).numpy()  # type: ignore[arg-type]
    x = points[:, 1].numpy()
    counted = np.full(len(x), True) if where is None else (where[0] <= x) & (x <= where[1])
    return Classical(
        f"Fourier {modes}, ETDRK4, {steps} steps", relative(values[counted], finer[counted]), seconds
    )


def burgers(viscosity: float, modes: int, steps: int) -> Classical:
    """u_t + u u_x = ν u_xx from -sin πx; exact by Cole and Hopf."""
    from ...references.burgers import burgers_from_sine

    equation = Evolution(lambda x: -(pi * x).sin(), {2: viscosity}, {2: -0.5}, outer=1)
    return by_etdrk4(equation, modes, steps, partial(burgers_from_sine, viscosity))


def allen_cahn(start: Start, modes: int, steps: int) -> Classical:
    """u_t = 1e-4 u_xx + 5 u - 5 u³."""
    return by_etdrk4(Evolution(start, {2: 1e-4, 0: 5.0}, {3: -5.0}), modes, steps)


def zabusky_kruskal(modes: int, steps: int) -> Classical:
    """u_t + u u_x + 0.022² u_xxx = 0 from cos πx (Zabusky and Kruskal)."""
    return by_etdrk4(Evolution(lambda x: (pi * x).cos(), {3: -(0.022**2)}, {2: -0.5}, outer=1), modes, steps)


def two_solitons(modes: int, steps: int) -> Classical:
    """u_t + 6 u u_x + u_xxx = 0, solitons of speeds 6 and 2, on a period three times the interval asked for."""
    import torch

    from ...problem.reference import exact_values
    from ...references.solitons import solitons

    exact = partial(solitons, (6.0, 2.0), (-2.0, 2.0))
    line = Evolution(torch.sin, {}, {}, low=-20.0, high=40.0, end=5.0)

    def start(x: Tensor) -> Tensor:
        axes: tuple[Axis, Axis] = line.box().axes  # type: ignore[assignment]
        return exact_values(exact(axes), axes, torch.stack([0 * x, x], 1), {})

    equation = replace(line, start=start, linear={3: -1.0}, powers={2: -3.0}, outer=1)
    return by_etdrk4(equation, modes, steps, exact, where=(0.0, 20.0))


def kuramoto_sivashinsky(modes: int, steps: int) -> Classical:
    """u_t + 100/16 u u_x + 100/16² u_xx + 100/16⁴ u_xxxx = 0 from cos x (1 + sin x)."""
    equation = Evolution(
        lambda x: x.cos() * (1 + x.sin()),
        {2: -100 / 16**2, 4: -100 / 16**4},
        {2: -100 / 32},
        outer=1,
        low=0.0,
        high=2 * pi,
    )
    return by_etdrk4(equation, modes, steps)


def gray_scott(count: int, step: float) -> Classical:
    """Two species on a periodic square until t = 200, both together, against half as many waves again."""
    from ...references.pinnacle import fourier

    frames, common = 11, 64
    finer = fourier.gray_scott(3 * count // 2, step, 200.0, frames)
    start = time.process_time()
    values = fourier.gray_scott(count, step, 200.0, frames)
    seconds = time.process_time() - start
    there, here = (a[:, :, :: a.shape[2] // common, :: a.shape[3] // common] for a in (finer, values))
    return Classical(
        f"Fourier {count}², ETDRK4, {200 / step:.0f} steps", relative(here.ravel(), there.ravel()), seconds
    )
