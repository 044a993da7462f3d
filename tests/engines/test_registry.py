"""Which engine a module gets: its own, its type's, or nested torch.func."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from oracle import D2, F64, agrees, axis, network, partial, relative
from torch import Tensor, nn

from sirenpde import Box, D, Field, GaussNewton, Problem, on, solve
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines import registry
from sirenpde.engines.engine import Engine
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import differentiates, engine_for
from sirenpde.networks.dense import DenseNetwork

# torch.func.jvp does it
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")


class Bump(nn.Module):
    """No network of the package's."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 4, dtype=F64)
        self.outer = nn.Linear(4, 1, dtype=F64)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.outer(torch.exp(-(self.inner(x) ** 2)))
        return y * x[..., :1]


def test_any_module_has_nested_derivatives() -> None:
    bump = Bump()
    engine = engine_for(bump, D2["hessian"], 2)
    assert engine.kind == "nested torch.func"
    theta, x = flatten(bump), torch.randn(3, 2, dtype=F64)
    value, _ = engine.forward(engine.load(theta), x)
    hessian = torch.stack([torch.func.hessian(lambda p: bump(p)[0])(p) for p in x])
    assert relative(value[..., 0], hessian[:, [0, 0, 1], [0, 1, 1]].T.detach()) < 1e-12


class Waves(nn.Module):
    """sum_k c_k exp(k_k.x + b_k), whose every derivative multiplies by a polynomial in k_k: its engine is short."""

    def __init__(self) -> None:
        super().__init__()
        g = torch.Generator().manual_seed(0)
        self.k = torch.randn(6, 2, dtype=F64, generator=g)
        self.c = nn.Parameter(torch.randn(6, 1, dtype=F64, generator=g))

    def forward(self, x: Tensor) -> Tensor:
        return torch.exp(x @ self.k.T) @ self.c

    def engine(self, symbols: Sequence[Symbol]) -> Exponentials:
        return Exponentials(self.k, symbols)


class Exponentials:
    kind, channels, chunk = "exponentials", 1, 256

    def __init__(self, k: Tensor, symbols: Sequence[Symbol]) -> None:
        factors = [sum(c * (k ** torch.tensor(powers)).prod(1) for powers, c in s.terms) for s in symbols]
        self.k, self.factors = k, torch.stack([torch.as_tensor(f) for f in factors])  # (S, waves)

    def load(self, theta: Tensor) -> Tensor:
        return theta.detach().view(-1, 1)

    def forward(self, weights: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        rows = torch.exp(x @ self.k.T) * self.factors[:, None]  # (S, n, waves)
        return rows @ weights, rows

    def backward(self, weights: Tensor, tape: Tensor, cotangent: Tensor, gradient: Tensor) -> None:
        by_point = (tape * cotangent).sum(0)
        gradient += by_point if gradient.dim() == 2 else by_point.sum(0)

    def features(self, weights: Tensor, x: Tensor) -> Tensor | None:
        return None


@pytest.mark.parametrize("name", D2)
def test_a_module_with_an_engine_of_its_own_is_differentiated_by_it(name: str) -> None:
    module = Waves()
    engine = engine_for(module, D2[name], 2)
    assert engine.kind == "exponentials"
    agrees(engine, module, D2[name], 2)


def test_a_problem_is_solved_by_a_modules_own_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u = Field("u", box, Waves())

    @on(box, samples=40)
    def transport(p):  # type: ignore[no-untyped-def]
        return D(u, x)(p) + D(u, y)(p) - u(p)

    @on(box.at(x=0, y=0), samples=1)
    def corner(p):  # type: ignore[no-untyped-def]
        return u(p) - 1

    calls, own = [], Exponentials.forward
    monkeypatch.setattr(Exponentials, "forward", lambda *a: calls.append(1) or own(*a))
    monkeypatch.setattr(NestedEngine, "forward", None)
    solve(Problem(transport, corner), using=(GaussNewton(steps=2),))
    assert calls


def test_what_a_module_returns_as_its_engine_is_looked_at() -> None:
    class Train(nn.Module):
        def engine(self, symbols: Sequence[Symbol]) -> str:
            return "steam"

    with pytest.raises(TypeError, match=r"Train.engine\(symbols\) returned a str without load, forward"):
        engine_for(Train(), D2["value"], 2)


def test_a_type_that_is_registered_has_its_engine_and_its_subclasses_have_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "_engines", dict(registry._engines))

    class Plain(Waves):
        engine = None  # type: ignore[assignment]

    class Other(Plain): ...

    @differentiates(Plain)
    def of_plain(module: Plain, symbols: Sequence[Symbol], dimension: int) -> Engine:
        return Exponentials(module.k, symbols)

    agrees(engine_for(Plain(), D2["hessian"], 2), Plain(), D2["hessian"], 2)
    assert engine_for(Plain(), D2["value"], 2).kind == "exponentials"
    assert engine_for(Other(), D2["value"], 2).kind == "nested torch.func"


def test_a_dense_network_that_goes_forward_another_way_has_nested_derivatives() -> None:
    class Doubled(DenseNetwork):
        def forward(self, x: Tensor) -> Tensor:
            return 2 * super().forward(x)

    net = network(2)
    double = Doubled(net.embedding, list(net.hidden), net.omega.tolist(), net.activation, net.head)
    engine = engine_for(double, D2["value"], 2)
    x = torch.randn(3, 2, dtype=F64)
    value, _ = engine.forward(engine.load(flatten(double)), x)
    assert relative(value[0], 2 * net(x).detach()) < 1e-12


def test_errors_teach() -> None:
    with pytest.raises(ValueError, match="expected 3"):
        engine_for(network(3), [axis(2, 0)], 3)
    with pytest.raises(ValueError, match="at most 4"):
        engine_for(network(1), [partial(5)], 1)
