"""Problems that tests march, and runs of them that are stopped on the way."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Point, Problem, Reference, SineLattice, laplacian, on, solve
from sirenpde.geometry.point import Axis
from sirenpde.references.burgers import burgers_from_sine
from sirenpde.run.solution import Solution
from sirenpde.run.solve import Progress
from sirenpde.solvers.stage import Stage

spacetime = Box(t=(0, 1), x=(-1, 1))
t, x = spacetime.axes


def burgers(nu: float, network=None) -> Problem:
    u = Field("u", spacetime, network or SineLattice(), periodic=(x,))

    @on(spacetime, samples=4000)
    def inside(p: Point) -> Tensor:
        return D(u, t)(p) + u(p) * D(u, x)(p) - nu * D(u, x, x)(p)

    @on(spacetime.at(t=0), samples=200, weight=10)
    def start(p: Point) -> Tensor:
        return u(p) + torch.sin(math.pi * x(p))

    return Problem(inside, start, reference={u: burgers_from_sine(nu, (t, x))})


def walls(end: float, width: float = 1.0) -> Problem:
    """u_t = Δu / 50 - u² + f on a square between walls."""
    box = Box(t=(0, end), x=(0, width), y=(0, 1))
    t, x, y = box.axes
    u = Field("u", box)

    def exact(p):
        return torch.exp(-t(p)) * torch.sin(math.pi * x(p)) * torch.sin(math.pi * y(p))

    @on(box, samples=500)
    def motion(p):
        source = (math.pi**2 / 25 - 1) * exact(p) + exact(p) ** 2
        return D(u, t)(p) - laplacian(u, x, y)(p) / 50 + u(p) ** 2 - source

    @on(box.at(t=0), samples=100)
    def start(p):
        return u(p) - exact(p)

    @on(box.boundary("x", "y"), samples=100)
    def sides(p):
        return u(p)

    return Problem(motion, start, sides, reference={u: exact})


def carried(network=None, width: float = 0.3, turning: bool = False, end: float = 0.4) -> Problem:
    """A pulse that spreads while it is carried across a square, or around the middle of it."""
    box = Box(t=(0, end), x=(-1, 1), y=(-1, 1))
    t, x, y = box.axes
    u = Field("u", box, network)

    def speed(p: Point) -> tuple[Tensor | float, Tensor | float]:
        return (-2 * y(p), 2 * x(p)) if turning else (1.0, 0.6)

    def exact(p: Point) -> Tensor:
        spread = width**2 + 2 * 0.02 * t(p)
        a, b = (-0.3 + t(p), -0.2 + 0.6 * t(p))
        if turning:
            a, b = 0.3 * torch.cos(2 * t(p)), 0.3 * torch.sin(2 * t(p))
        return width**2 / spread * torch.exp(-((x(p) - a) ** 2 + (y(p) - b) ** 2) / (2 * spread))

    def motion(p: Point) -> Tensor:
        a, b = speed(p)
        return D(u, t)(p) + a * D(u, x)(p) + b * D(u, y)(p) - 0.02 * laplacian(u, x, y)(p)

    return Problem(
        on(box, 2000, name="motion")(motion),
        on(box.at(t=0), 500, weight=100, name="start")(lambda p: u(p) - exact(p)),
        on(box.boundary("x", "y"), 500, weight=100, name="walls")(lambda p: u(p) - exact(p)),
        reference={u: exact},
    )


def flow(box: Box, nu: float, exact: Sequence[Callable[[Point], Tensor]]) -> Problem:
    """Velocities and pressure of a flow around two periods, from where the exact velocities start."""
    t, x, y = box.axes
    u, v, q = (Field(name, box, SineLattice(), periodic=(x, y)) for name in "uvq")

    def momentum(w: Field, along: Axis) -> Callable[[Point], Tensor]:
        def residual(p: Point) -> Tensor:
            carried = D(w, t)(p) + u(p) * D(w, x)(p) + v(p) * D(w, y)(p)
            return carried + D(q, along)(p) - nu * laplacian(w, x, y)(p)

        return residual

    return Problem(
        on(box, 1000, name="along x")(momentum(u, x)),
        on(box, 1000, name="along y")(momentum(v, y)),
        on(box, 1000, name="volume")(lambda p: D(u, x)(p) + D(v, y)(p)),
        on(box.at(t=0), 100, name="u at the start")(lambda p: u(p) - exact[0](p)),
        on(box.at(t=0), 100, name="v at the start")(lambda p: v(p) - exact[1](p)),
        reference={u: exact[0], v: exact[1], q: Reference(exact[2], fit="affine")},
    )


def stopped(problem: Problem, stages: Sequence[Stage], step: int) -> Solution:
    """What is found where the keyboard interrupts after a step."""

    def stop(progress: Progress) -> None:
        if progress.step == step:
            raise KeyboardInterrupt

    return solve(problem, stages, progress=stop)


def error(solution: Solution) -> float:
    return float(solution.errors["u"]["relative_l2"])
