"""Series on scattered points and on grids, against nested torch.func and against themselves transposed."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, jacrev, vmap

from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.engine import Engine
from sirenpde.engines.registry import engine_for
from sirenpde.engines.series import series_transform
from sirenpde.networks.series import EvolvingSeries, FourierSeries, SeparableSeries, WaveSeries

Series = SeparableSeries | EvolvingSeries


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 3) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=seeded(seed))


def build(recipe: FourierSeries | WaveSeries, dimension: int, outputs: int = 2) -> Series:
    low, high = [-0.5, 2.0, -1.0, 0.0][:dimension], [1.5, 2.7, 1.0, 3.0][:dimension]
    module = recipe.build(low, high, outputs, (), seeded())
    module.coefficients.data = normal(*module.coefficients.shape)
    return module


def points(n: int, dimension: int) -> Tensor:
    low = torch.tensor([-0.5, 2.0, -1.0, 0.0], dtype=torch.float64)[:dimension]
    high = torch.tensor([1.5, 2.7, 1.0, 3.0], dtype=torch.float64)[:dimension]
    return low + (high - low) * torch.rand(n, dimension, dtype=torch.float64, generator=seeded(1))


def symbols(dimension: int) -> list[Symbol]:
    """Value, all first derivatives, a Laplacian, mixed, lopsided, third-order and biharmonic operators."""
    axes = [Symbol.partial(dimension, a) for a in range(dimension)]
    laplacian = axes[0] * axes[0]
    for a in axes[1:]:
        laplacian = laplacian + a * a
    x, y = axes[0], axes[-1]
    lopsided = (x * x).scaled(2.0) + (x * y).scaled(-0.5) + (y * y).scaled(0.25)
    return [Symbol.identity(dimension), *axes, laplacian, x * y, lopsided, x * y * y, laplacian * laplacian]


def oracle(module: nn.Module, request: Symbol, x: Tensor) -> Tensor:
    """The request by nested differentiation of ``module.forward``, (n, outputs)."""

    def value(p: Tensor) -> Tensor:
        return module(p)

    derivatives = [value]
    for _ in range(request.order):
        derivatives.append(jacrev(derivatives[-1]))
    full = vmap(derivatives[-1])(x)  # (n, outputs, d, d, ...)
    total = torch.zeros(full.shape[:2], dtype=torch.float64)
    for powers, c in request.terms:
        index = [axis for axis, times in enumerate(powers) for _ in range(times)]
        total = total + c * full[(slice(None), slice(None), *index)]
    return total


CASES = [
    pytest.param(FourierSeries(order=3), 1, id="Fourier 1-D"),
    pytest.param(FourierSeries(order=(3, 2)), 2, id="Fourier 2-D"),
    pytest.param(FourierSeries(order=(4, 5), half_period=True), 2, id="cosines 2-D"),
    pytest.param(FourierSeries(order=(2, 1, 2)), 3, id="Fourier 3-D"),
    pytest.param(WaveSeries(order=4, speed=1.7), 2, id="wave 1+1-D"),
    pytest.param(WaveSeries(order=(3, 4), speed=0.6), 3, id="wave 1+2-D"),
    pytest.param(WaveSeries(order=1, half_period=False), 3, id="periodic wave 1+2-D"),
]


def engine_of(module: Series, requests: list[Symbol]) -> Engine:
    engine = engine_for(module, requests, module.dimension)
    assert engine.kind == "separable series"
    return engine


@pytest.mark.parametrize("recipe, dimension", CASES)
def test_derivatives_at_points_equal_nested_ones(recipe: FourierSeries | WaveSeries, dimension: int) -> None:
    module, x, requests = build(recipe, dimension), points(6, dimension), symbols(dimension)
    engine = engine_of(module, requests)
    values, _ = engine.forward(engine.load(module.coefficients.detach().flatten()), x)
    assert values.shape == (len(requests), 6, 2)
    for request, value in zip(requests, values, strict=True):
        expected = oracle(module, request, x)
        assert (value - expected).abs().max() < 1e-12 * expected.abs().max(), request


@pytest.mark.parametrize("recipe, dimension", CASES)
def test_parameter_gradients_equal_automatic_ones(recipe: FourierSeries | WaveSeries, dimension: int) -> None:
    module, x, requests = build(recipe, dimension), points(5, dimension), symbols(dimension)
    x[1:3, 0] = x[0, 0]  # points that share a coordinate share work
    engine = engine_of(module, requests)
    theta = module.coefficients.detach().flatten()
    weights = engine.load(theta)
    _, tape = engine.forward(weights, x)
    cotangent = normal(len(requests), 5, 2, seed=8)
    gradient = torch.ones_like(theta)
    engine.backward(weights, tape, cotangent, gradient)

    total = sum((c * oracle(module, s, x)).sum() for c, s in zip(cotangent, requests, strict=True))
    (expected,) = torch.autograd.grad(total, module.coefficients)
    assert (gradient - 1 - expected.flatten()).abs().max() < 1e-12 * expected.abs().max()


def test_functions_of_a_long_axis_are_few_points_at_a_time() -> None:
    """Those of seven seconds of sound take 2.5 MB a point, and each of the steps to them as much again."""
    module = FourierSeries((308_700,), half_period=True).build([0.0], [7.0], 1, (), seeded())
    engine = engine_of(module, [Symbol.identity(1)])
    assert engine.chunk >= 1 and engine.chunk * 8 * 5 * 308_700 <= 20e6
    module.coefficients.data[-3:] = 1.0
    x = torch.tensor([[0.123], [6.9]], dtype=torch.float64)
    weights = engine.load(module.coefficients.detach().flatten())
    parts = [engine.forward(weights, part)[0] for part in x.split(engine.chunk)]
    torch.testing.assert_close(torch.cat(parts, dim=1)[0], module(x).detach(), rtol=1e-9, atol=1e-9)


def test_float32_and_chunk_size() -> None:
    module = build(FourierSeries(order=40), 2, outputs=1)
    requests, x = symbols(2)[:4], points(50, 2)
    engine = engine_of(module, requests)
    assert 16 <= engine.chunk <= 4096
    assert engine.chunk * 8 * (81 * 4 + 4 * 81) <= 20e6
    assert engine.features(engine.load(module.coefficients.detach().flatten()), x) is None
    exact, _ = engine.forward(engine.load(module.coefficients.detach().flatten()), x)
    single = build(FourierSeries(order=40), 2, outputs=1).float()
    engine = engine_of(single, requests)
    values, tape = engine.forward(
        engine.load(single.coefficients.detach().flatten()), x.float().double().float()
    )
    assert values.dtype == torch.float32
    gradient = torch.zeros(single.coefficients.numel())
    engine.backward(engine.load(single.coefficients.detach().flatten()), tape, values, gradient)
    assert gradient.isfinite().all()
    for value, e in zip(values, exact, strict=True):
        assert (value - e).abs().max() < 1e-4 * e.abs().max()


# --------------------------------------------------------------------------------------------- wave equation


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("half_period", [True, False])
def test_every_wave_series_solves_the_wave_equation(dimension: int, half_period: bool) -> None:
    speed = 1.3
    module = build(WaveSeries(order=5, speed=speed, half_period=half_period), dimension)
    t, *space = (Symbol.partial(dimension, a) for a in range(dimension))
    laplacian = space[0] * space[0]
    for a in space[1:]:
        laplacian = laplacian + a * a
    engine = engine_of(module, [t * t, laplacian])
    (u_tt, change), _ = engine.forward(
        engine.load(module.coefficients.detach().flatten()), points(40, dimension)
    )
    assert (u_tt - speed**2 * change).abs().max() < 1e-12 * u_tt.abs().max()


def test_wave_series_starts_with_the_series_of_its_coefficients() -> None:
    module = build(WaveSeries(order=(3, 4), speed=2.0), 3)
    x = points(7, 3)
    x[:, 0] = -0.5
    engine = engine_of(module, [Symbol.identity(3), Symbol.partial(3, 0)])
    (u, u_t), _ = engine.forward(engine.load(module.coefficients.detach().flatten()), x)
    series = FourierSeries(order=(3, 4), half_period=True).build([2.0, -1.0], [2.7, 1.0], 2, (), seeded())
    for branch, value in enumerate((u, u_t)):
        weights = {"coefficients": module.coefficients[branch].detach()}
        expected = functional_call(series, weights, (x[:, 1:],))
        assert (value - expected).abs().max() < 1e-13 * expected.abs().max()


def test_the_mean_of_a_wave_moves_at_constant_velocity() -> None:
    module = WaveSeries(order=2).build([1.0, 0.0], [2.0, 1.0], 1, (), seeded())
    module.coefficients.data[:, 0, 0] = torch.tensor([0.3, -0.7], dtype=torch.float64)
    x = torch.tensor([[1.8, 0.4]], dtype=torch.float64)
    assert module(x).item() == pytest.approx(0.3 - 0.7 * 0.8, abs=1e-15)


# ----------------------------------------------------------------------------------------------------- grids


GRIDS = [
    pytest.param(FourierSeries(order=3), 1, (9,), id="Fourier 1-D"),
    pytest.param(FourierSeries(order=(3, 2)), 2, (5, 6), id="Fourier 2-D"),
    pytest.param(FourierSeries(order=(4, 5), half_period=True), 2, (7, 3), id="cosines 2-D"),
    pytest.param(FourierSeries(order=(2, 1, 2)), 3, (4, 5, 3), id="Fourier 3-D"),
    pytest.param(WaveSeries(order=4, speed=1.7), 2, (1, 6), id="wave 1+1-D"),
    pytest.param(WaveSeries(order=(3, 4), speed=0.6), 3, (1, 5, 4), id="wave 1+2-D"),
]


def grid_of(dimension: int, shape: tuple[int, ...]) -> list[Tensor]:
    ranges = zip([-0.5, 2.0, -1.0], [1.5, 2.7, 1.0], shape, strict=False)
    grid = [torch.linspace(a, b, n + 2, dtype=torch.float64)[1:-1] for a, b, n in ranges]
    return grid[:dimension]


@pytest.mark.parametrize("recipe, dimension, shape", GRIDS)
def test_grids_equal_scattered_points(
    recipe: FourierSeries | WaveSeries, dimension: int, shape: tuple[int, ...]
) -> None:
    module, requests, grid = build(recipe, dimension), symbols(dimension), grid_of(dimension, shape)
    transform = series_transform(module, requests, grid)
    values = transform.forth(module.coefficients.detach())
    assert values.shape == (len(requests), *shape, 2)
    x = torch.cartesian_prod(*grid).reshape(-1, dimension)
    engine = engine_of(module, requests)
    expected, _ = engine.forward(engine.load(module.coefficients.detach().flatten()), x)
    for value, e in zip(values.reshape(expected.shape), expected, strict=True):
        assert (value - e).abs().max() < 1e-13 * e.abs().max()


@pytest.mark.parametrize("recipe, dimension, shape", GRIDS)
def test_adjoint_is_the_transpose(
    recipe: FourierSeries | WaveSeries, dimension: int, shape: tuple[int, ...]
) -> None:
    module, requests = build(recipe, dimension), symbols(dimension)
    transform = series_transform(module, requests, grid_of(dimension, shape))
    c, y = normal(*module.coefficients.shape, seed=5), normal(len(requests), *shape, 2, seed=6)
    left, right = (transform.forth(c) * y).sum(), (c * transform.back(y)).sum()
    scale = transform.forth(c).norm() * y.norm()
    assert transform.back(y).shape == c.shape
    assert (left - right).abs() < 1e-13 * scale


@pytest.mark.parametrize("recipe, dimension, shape", GRIDS)
def test_diagonal_of_the_normal_matrix(
    recipe: FourierSeries | WaveSeries, dimension: int, shape: tuple[int, ...]
) -> None:
    module, requests = build(recipe, dimension, outputs=1), symbols(dimension)
    transform = series_transform(module, requests, grid_of(dimension, shape))
    weights = normal(len(requests), len(requests), *shape, seed=7)
    count = math.prod(module.coefficients.shape)
    columns = []
    for unit in torch.eye(count, dtype=torch.float64):
        a = transform.forth(unit.reshape(module.coefficients.shape))[..., 0]
        columns.append((a[:, None] * weights * a[None]).sum())
    diagonal = transform.diagonal(weights)
    expected = torch.stack(columns)
    assert diagonal.shape == module.coefficients.shape[:-1]
    assert (diagonal.flatten() - expected).abs().max() < 1e-12 * expected.abs().max()


def test_a_full_cosine_series_on_its_grid_inverts() -> None:
    module = (
        FourierSeries(half_period=True).at_nyquist((32, 20)).build([-1.0, -1.0], [1.0, 1.0], 1, (), seeded())
    )
    grid = [(2 * torch.arange(n, dtype=torch.float64) + 1) / n - 1 for n in (32, 20)]
    transform = series_transform(module, [Symbol.identity(2)], grid)
    picture = normal(1, 32, 20, 1)
    norms = transform.diagonal(torch.ones(1, 1, 32, 20, dtype=torch.float64))[..., None]
    again = transform.forth(transform.back(picture) / norms)
    assert (again - picture).abs().max() < 1e-13 * 10


def test_grid_messages() -> None:
    module = build(WaveSeries(order=3), 2)
    with pytest.raises(ValueError, match="one was expected"):
        series_transform(module, [Symbol.identity(2)], [torch.zeros(2), torch.zeros(3)])
    with pytest.raises(ValueError, match="2 lists of coordinates"):
        series_transform(module, [Symbol.identity(2)], [torch.zeros(2)])
    with pytest.raises(ValueError, match="Declare the field with"):
        series_transform(nn.Linear(2, 1), [Symbol.identity(2)], [torch.zeros(1), torch.zeros(3)])
