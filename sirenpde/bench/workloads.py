"""The workloads of the speed benchmark: problems as a user declares them, and the same steps by others.

A step is residual, backward and Adam over all points, in float32. Points are spread over the unit cube;
residuals are squared and averaged. W1 to W5 are differential equations, W6 fits of a picture, a recording and a film,
which `authors` takes as the SIREN authors' code does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from ..calculus.algebra import norm
from ..calculus.field import Field
from ..calculus.operators import D, grad, laplacian
from ..geometry.box import Box
from ..geometry.point import Point
from ..networks.dense import DenseNetwork
from ..networks.siren import Siren
from ..problem.constraint import on
from ..problem.problem import Problem
from ..residuals import System

Step = Callable[[], object]


@dataclass(frozen=True)
class Workload:
    """One of them; ``signs`` are the factors of the second derivatives, empty where there are none.

    One that ``fits`` asks for values alone. No measurement takes fewer points than ``least``: others' time for
    pictures and recordings goes into memory of their size.
    """

    name: str
    equation: str
    signs: tuple[float, ...]
    inputs: int
    depth: int
    width: int
    outputs: int
    omega: float
    points: int
    boundary: int = 0
    fits: bool = False
    least: int = 0

    @property
    def channels(self) -> int:
        """How many the cheapest mode needs: values, a collapsed second-order set, or reverse mode."""
        return 1 if self.fits else self.inputs + 2 if self.signs else 2

    @property
    def network(self) -> Siren:
        return Siren(width=self.width, depth=self.depth, omega=self.omega, omega_hidden=self.omega)

    def problem(self, scale: float = 1.0) -> Problem:
        """The problem, with ``scale`` times as many points."""
        names = "txyzabcdef"[: self.inputs] if len(set(self.signs)) > 1 else "xyzabcdefg"[: self.inputs]
        box = Box(**{name: (0.0, 1.0) for name in names})
        u = Field("u", box, self.network, shape=() if self.outputs == 1 else (self.outputs,))
        constraints = [on(box, samples=round(scale * self.points), name=self.name)(self._residual(u))]
        if self.boundary:
            edge = on(box.boundary(), samples=round(scale * self.boundary), name="boundary")
            constraints.append(edge(u))
        return Problem(*constraints)

    def _residual(self, u: Field) -> Callable[[Point], Tensor]:
        if self.fits:
            return lambda p: u(p) - TARGET
        if not self.signs:
            return lambda p: norm(grad(u)(p)) - 1
        if len(set(self.signs)) > 1:
            t, *space = u.axes
            wave = D(u, t, t) - laplacian(u, *space)  # one request
            return lambda p: wave(p) + 1
        if self.outputs > 1:
            return lambda p: laplacian(u)(p) + 400 * u(p) - 1
        return lambda p: laplacian(u)(p) + 1


TARGET = 0.25  # of a fit: what the numbers are changes no step's time
WORKLOADS = (
    Workload("W1", "Δu + 1, u on the boundary", (1, 1), 2, 4, 128, 1, 1.0, 4096, 512),
    Workload("W2", "Δu + 400 u - 1, two outputs", (1, 1), 2, 5, 256, 2, 30.0, 8192),
    Workload("W3", "u_tt - u_xx - u_yy + 1", (1, -1, -1), 3, 4, 128, 1, 1.0, 8192),
    Workload("W4", "|∇u| - 1", (), 3, 3, 256, 1, 30.0, 8192),
    Workload("W5a", "Δu + 1, five inputs", (1,) * 5, 5, 4, 128, 1, 1.0, 2048),
    Workload("W5b", "Δu + 1, ten inputs", (1,) * 10, 10, 4, 128, 1, 1.0, 2048),
    Workload("W6a", "u - f, a picture of 512²", (), 2, 4, 256, 1, 30.0, 2**18, fits=True, least=2**16),
    Workload("W6b", "u - f, 6 s of sound", (), 1, 4, 256, 1, 30.0, 2**18, fits=True, least=2**16),
    Workload("W6c", "u - f, voxels of a film", (), 3, 4, 1024, 3, 30.0, 16384, fits=True),
)


class Differentiator(Protocol):
    """How somebody else differentiates the outputs ``u`` (n, outputs) of a network by its inputs."""

    def inputs(self, x: Tensor) -> Tensor:
        """The points as what the derivatives are taken by."""
        ...

    def gradient(self, u: Tensor, x: Tensor, output: int) -> Tensor:  # (n, d)
        ...

    def second(self, u: Tensor, x: Tensor, output: int, signs: Sequence[float]) -> Tensor:  # (n,)
        ...


class NestedAutograd:
    """Plain ``torch.autograd.grad`` of ``torch.autograd.grad``."""

    def inputs(self, x: Tensor) -> Tensor:
        return x.requires_grad_()

    def gradient(self, u: Tensor, x: Tensor, output: int) -> Tensor:
        return _row(u[:, output], x)

    def second(self, u: Tensor, x: Tensor, output: int, signs: Sequence[float]) -> Tensor:
        slope = _row(u[:, output], x)
        terms = [sign * _row(slope[:, i], x)[:, i] for i, sign in enumerate(signs)]
        return torch.stack(terms).sum(0)


def _row(y: Tensor, x: Tensor) -> Tensor:
    return torch.autograd.grad(y.sum(), x, create_graph=True)[0]


def network(workload: Workload, device: str = "cpu") -> DenseNetwork:
    d = workload.inputs
    built = workload.network.build(
        [0.0] * d, [1.0] * d, workload.outputs, (), torch.Generator().manual_seed(0)
    )
    return built.float().to(device)


class EngineStep:
    """A step by this package, through the same residual system that ``solve`` uses."""

    def __init__(self, workload: Workload, scale: float, device: str = "cpu") -> None:
        problem = workload.problem(scale)
        networks = {problem.fields[0]: network(workload)}
        self.system = System(problem, networks, torch.device(device), torch.float32)
        self.batches = self.system.draw(torch.Generator().manual_seed(0))
        self.theta = self.system.initial()
        self.m, self.v, self.count = torch.zeros_like(self.theta), torch.zeros_like(self.theta), 0
        evaluator = self.system.groups[0].evaluator
        engine = next(iter(evaluator.engines.values()))
        self.kind, self.channels = engine.kind, engine.channels
        self.chunk = evaluator.chunk(self.system.device)

    def __call__(self) -> None:
        gradient = self.system.gradient(self.theta, self.batches).gradient
        self.count += 1
        self.m.lerp_(gradient, 0.1)
        self.v.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        size = (self.v / (1 - 0.999**self.count)).sqrt_().add_(1e-8)
        self.theta.addcdiv_(self.m, size, value=-1e-5 / (1 - 0.9**self.count))


def floor_step(workload: Workload, chunk: int, scale: float, device: str = "cpu") -> Step:
    """The matrix products of a step alone, between the hidden layers, in chunks and existing buffers."""
    width, layers = workload.width, workload.depth - 1
    points = round(scale * workload.points)
    chunk = min(chunk, points)
    rows = max(workload.channels * chunk, round(scale * workload.boundary))
    h, z, pulled, below = (torch.randn(rows, width, device=device) for _ in range(4))
    weights = [torch.randn(width, width, device=device) for _ in range(layers)]
    gradients = [torch.empty(width, width, device=device) for _ in range(layers)]
    sizes = [workload.channels * min(chunk, points - start) for start in range(0, points, chunk)]
    if workload.boundary:
        sizes.append(round(scale * workload.boundary))

    def step() -> None:
        for n in sizes:
            for weight in weights:
                torch.mm(h[:n], weight.T, out=z[:n])
            for weight, gradient in zip(weights, gradients, strict=True):
                torch.mm(pulled[:n], weight, out=below[:n])
                torch.mm(pulled[:n].T, h[:n], out=gradient)

    return step


def autograd_step(workload: Workload, derivatives: Differentiator, scale: float, device: str = "cpu") -> Step:
    """The same step under autograd, with somebody else's derivatives."""
    module: nn.Module = network(workload, device)
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-5)
    points, *edges = points_of(workload, scale, device)
    x = derivatives.inputs(points)

    def step() -> None:
        optimizer.zero_grad()
        u, loss = module(x.as_subclass(Tensor)), points.new_zeros(())
        for k in range(workload.outputs):
            if not workload.signs:
                residual = derivatives.gradient(u, x, k).norm(dim=1) - 1
            elif workload.outputs > 1:
                residual = derivatives.second(u, x, k, workload.signs) + 400 * u[:, k] - 1
            else:
                residual = derivatives.second(u, x, k, workload.signs) + 1
            loss = loss + residual.square().mean() / workload.outputs
        for edge in edges:
            loss = loss + module(edge).square().mean()
        loss.backward()
        optimizer.step()

    return step


def points_of(workload: Workload, scale: float, device: str = "cpu") -> list[Tensor]:
    """The points (n, d) of every constraint of a workload."""
    random = torch.Generator().manual_seed(0)
    constraints = workload.problem(scale).constraints
    return [c.domain.draw(c.samples, random)[0].float().to(device) for c in constraints]
