"""An activation and a recipe that the package has not: declared here, solved with, saved and loaded."""

from dataclasses import dataclass, replace
from math import factorial

import pytest
import torch
from torch import nn
from torch.func import grad, vmap

from sirenpde import MLP, Box, D, Field, GaussNewton, LeastSquares, Problem, Solution, on, solve
from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.registry import engine_for
from sirenpde.networks.activations import activation
from sirenpde.networks.activations.activation import Activation
from sirenpde.networks.names import offered_names
from sirenpde.networks.recipe import check_box, check_whole, is_linear, is_open, smallest, typical
from sirenpde.networks.registry import UnknownKind, kind_named, known, offered
from sirenpde.networks.values import recipe_from_value, recipe_to_value
from sirenpde.problem.probe import ConstraintError

line = Box(x=(0, 1))


def growth(network) -> Problem:
    """u' = u, u(0) = 1."""
    u = Field("u", line, network)
    (x,) = line.axes

    @on(line, samples=30)
    def grows(p):
        return D(u, x)(p) - u(p)

    @on(line.at(x=0), samples=1)
    def start(p):
        return u(p) - 1

    return Problem(grows, start)


def error(solution) -> float:
    x = torch.linspace(0, 1, 21, dtype=torch.float64)[:, None]
    return float((torch.as_tensor(solution["u"](x)) - torch.exp(x[:, 0])).abs().max())


# ------------------------------------------------------------------------------------------------ activation


def arctangents(z, order):
    s = 1 / (1 + z * z)
    series = [torch.atan(z), s, -2 * z * s**2, (6 * z * z - 2) * s**3, 24 * z * (1 - z * z) * s**4]
    return series[: order + 1]


@pytest.fixture
def arctangent(monkeypatch):
    monkeypatch.setattr(activation, "_named", dict(activation._named))
    return activation.offer_activation(Activation("arctangent", torch.atan, arctangents))


def test_a_new_activation_has_a_name_and_all_the_speed(arctangent):
    assert "arctangent" in [a.name for a in activation.offered_activations()]
    z, f = torch.linspace(-3, 3, 13, dtype=torch.float64), torch.atan
    for closed in arctangent.derivatives(z, 4):
        assert torch.allclose(closed, vmap(f)(z), rtol=0, atol=1e-12)
        f = grad(f)
    problem = growth(MLP(width=8, depth=2, activation="arctangent"))
    network = problem.fields[0].network.build([0.0], [1.0], 1, (), torch.Generator().manual_seed(0))
    assert engine_for(network, [Symbol.partial(1, 0, 2)], 1).kind == "forward jets"
    assert error(solve(problem, using=(GaussNewton(steps=25),))) < 1e-6


# ---------------------------------------------------------------------------------------------------- recipe


class Taylor(nn.Module):
    """sum of c_k (x - low)^k / k!, another kind of module than the package has."""

    def __init__(self, low: float, degree: int, outputs: int) -> None:
        super().__init__()
        self.low = low
        self.coefficients = nn.Parameter(torch.zeros(degree + 1, outputs, dtype=torch.float64))

    def forward(self, x):
        powers = [(x - self.low) ** k / factorial(k) for k in range(len(self.coefficients))]
        return torch.cat(powers, dim=-1) @ self.coefficients


@known
@dataclass(frozen=True)
class TaylorSeries:
    """A recipe with all that recipes may say of themselves."""

    degree: int | None = None

    def __post_init__(self):
        if self.degree is not None:
            check_whole("degree", self.degree)

    @property
    def is_open(self):
        return self.degree is None

    def smallest(self):
        return replace(self, degree=self.degree or 1)

    def typical(self):
        return replace(self, degree=self.degree or 4)

    def build(self, low, high, outputs, periodic, generator):
        check_box(low, high, outputs, periodic)
        return Taylor(low[0], self.degree, outputs)

    def describe(self):
        return f"Taylor series, degree {self.degree}"


@dataclass(frozen=True)
class Bare:
    """The least that a recipe is: it builds, and says what."""

    def build(self, low, high, outputs, periodic, generator):
        return Taylor(low[0], 9, outputs)

    def describe(self):
        return "bare"


def test_a_recipe_owns_its_sizes():
    assert is_open(TaylorSeries()) and not is_open(TaylorSeries(3)) and not is_open(Bare())
    assert smallest(TaylorSeries()) == TaylorSeries(1) and smallest(TaylorSeries(3)) == TaylorSeries(3)
    assert typical(TaylorSeries()) == TaylorSeries(4) and typical(Bare()) == Bare()
    assert not is_linear(TaylorSeries(3))


@dataclass(frozen=True)
class Corners(Bare):
    """A recipe of networks without second derivatives."""

    def build(self, low, high, outputs, periodic, generator):
        return nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, outputs)).double()


def test_a_new_recipe_is_looked_at_where_a_problem_asks_for_second_derivatives():
    (x,) = line.axes
    for recipe in (Corners(), MLP(depth=0)):
        u = Field("u", line, recipe)
        with pytest.raises(ConstraintError, match="has none: its derivatives of order 2 vanish"):
            Problem(on(line, samples=9)(lambda p, u=u: D(u, x, x)(p)))
    u = Field("u", line, Bare())
    assert Problem(on(line, samples=9)(lambda p: D(u, x, x)(p))).fields == (u,)


@pytest.fixture(scope="module")
def solved():
    return solve(growth(TaylorSeries(12)), using=(GaussNewton(steps=8),))


def test_a_new_recipe_is_solved_with(solved):
    assert error(solved) < 1e-9


def test_a_new_recipe_that_is_known_comes_back_from_files(solved, tmp_path):
    solved.save(tmp_path / "kept")
    again = Solution.load(tmp_path / "kept")
    x = torch.linspace(0, 1, 7, dtype=torch.float64)[:, None]
    assert torch.equal(torch.as_tensor(again["u"](x)), torch.as_tensor(solved["u"](x)))
    assert error(again) < 1e-9


def test_a_file_that_names_a_recipe_nobody_declares_says_what_to_import(solved, tmp_path, monkeypatch):
    solved.save(tmp_path / "kept")
    monkeypatch.delitem(known.__globals__["_kinds"], "TaylorSeries")
    with pytest.raises(UnknownKind, match=r"kind 'TaylorSeries'; one of .*Siren.* First import the file"):
        Solution.load(tmp_path / "kept")


def test_recipes_are_written_as_values_where_they_are_known():
    assert recipe_to_value(TaylorSeries(3)) == {"name": "TaylorSeries", "degree": 3}
    assert recipe_from_value({"name": "TaylorSeries", "degree": 3}) == TaylorSeries(3)
    assert recipe_to_value(Bare()) is None


class Powers(nn.Module):
    """1, x, ..., x^degree and a linear layer: a module that says where its last layer is."""

    def __init__(self, degree):
        super().__init__()
        self.degree = degree
        self.linear_head = nn.Linear(degree, 1, dtype=torch.float64)

    def features(self, x):
        return torch.cat([x**k for k in range(1, self.degree + 1)], dim=-1)

    def forward(self, x):
        return self.linear_head(self.features(x))


def test_a_module_with_a_linear_head_is_solved_by_least_squares():
    solution = solve(growth(Powers(14)), using=(LeastSquares(),))
    assert error(solution) < 1e-12


def test_names_of_the_package_are_taken():
    with pytest.raises(ValueError, match="'Siren', and so does the package"):
        known(type("Siren", (), {}))
    assert kind_named("Siren").__module__ == "sirenpde.networks.siren"


def test_the_command_line_knows_the_names_before_torch_is_there():
    assert offered_names() == tuple(offered())
    assert offered_names() == ("fourier-features", "fourier-series", "mlp", "sine-features", "siren")
