"""Networks: initial statistics, mappings, periodicity, derivatives of activations, messages."""

import math
from typing import Literal

import pytest
import torch
from torch import Tensor
from torch.func import grad, vmap

from sirenpde.networks import activations
from sirenpde.networks.activations import Activation
from sirenpde.networks.dense import DenseNetwork
from sirenpde.networks.fourier import Basic, FourierFeatures, Gaussian, Lattice, Positional
from sirenpde.networks.mlp import MLP
from sirenpde.networks.recipe import Recipe
from sirenpde.networks.series import FourierSeries, WaveSeries
from sirenpde.networks.sine_features import SineFeatures
from sirenpde.networks.siren import Siren

LOW, HIGH = (-0.5, 2.0), (1.5, 2.7)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def points(n: int, seed: int = 1) -> Tensor:
    low, high = torch.tensor(LOW, dtype=torch.float64), torch.tensor(HIGH, dtype=torch.float64)
    return low + (high - low) * torch.rand(n, 2, dtype=torch.float64, generator=seeded(seed))


def pre_activations(network: DenseNetwork, x: Tensor) -> list[Tensor]:
    h, z = network.embedding(x), []
    for layer, omega in zip(network.hidden, network.omega, strict=True):
        z.append(omega * layer(h))
        h = network.activation.function(z[-1])
    return z


RECIPES: list[Recipe] = [
    Siren(width=16, depth=3, omega=10),
    MLP(width=12, depth=2, activation="softplus"),
    FourierFeatures(Basic(), MLP(width=8, depth=1)),
    FourierFeatures(Positional(count=12, sigma=8), MLP(width=8, depth=1)),
    FourierFeatures(Gaussian(count=20, sigma=2), Siren(width=8, depth=2)),
    FourierFeatures(Lattice(2), MLP(depth=0)),
    SineFeatures(count=40, bandwidth=(9.0, 5.0)),
    FourierSeries(order=(3, 2)),
    FourierSeries(order=7, half_period=True),
]


def filled(recipe: Recipe, periodic: tuple[int, ...] = (), outputs: int = 2) -> torch.nn.Module:
    """The module with the zeros it starts with replaced by random numbers."""
    module = recipe.build(LOW, HIGH, outputs, periodic, seeded())
    for p in module.parameters():
        if not p.any():
            p.data = torch.randn(p.shape, dtype=p.dtype, generator=seeded(2))
    return module


# ---------------------------------------------------------------------------------------------- every recipe


@pytest.mark.parametrize("recipe", [*RECIPES, WaveSeries(order=4)], ids=lambda r: r.describe())
def test_built_networks_are_reproducible_and_leave_the_global_random_numbers_alone(recipe: Recipe) -> None:
    before = torch.random.get_rng_state()
    first, second = (recipe.build(LOW, HIGH, 2, (), seeded(5)) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    x = points(7)
    y = first(x)
    assert y.shape == (7, 2)
    assert y.dtype == torch.float64
    assert torch.equal(y, second(x))
    assert all(p.dtype == torch.float64 for p in first.parameters())
    assert torch.allclose(vmap(first)(x), y, rtol=1e-12, atol=1e-13)
    assert first.to(torch.float32)(x.float()).dtype == torch.float32


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.describe())
@pytest.mark.parametrize("periodic", [(0,), (1,), (0, 1)])
def test_periodic_axes_are_periodic_with_their_derivatives(recipe: Recipe, periodic: tuple[int, ...]) -> None:
    module = filled(recipe, periodic)
    x = points(9)
    for axis in periodic:
        shift = torch.zeros(2, dtype=torch.float64)
        shift[axis] = HIGH[axis] - LOW[axis]
        size = module(x).abs().max()
        assert size > 1e-3
        assert (module(x + shift) - module(x)).abs().max() < 1e-13 * max(size, 1)

        def slope(p: Tensor, axis: int = axis) -> Tensor:
            return grad(lambda q: module(q).sum())(p)[axis]

        steep = vmap(slope)(x).abs().max()
        assert (vmap(slope)(x + shift) - vmap(slope)(x)).abs().max() < 1e-12 * max(steep, 1)


def test_a_network_that_is_not_periodic_differs_across_the_box() -> None:
    shift = torch.tensor([HIGH[0] - LOW[0], 0], dtype=torch.float64)
    module = filled(RECIPES[0], (1,))
    assert (module(points(9) + shift) - module(points(9))).abs().max() > 1e-3


# ----------------------------------------------------------------------------------------------------- SIREN


def test_siren_weights_have_the_papers_ranges() -> None:
    network = Siren(width=300, depth=3, omega=12, omega_hidden=20).build(LOW, HIGH, 40, (), seeded())
    assert network.omega.tolist() == [12, 20, 20]
    hidden = math.sqrt(6 / 300) / 20
    layers = [*network.hidden, network.head]
    for layer, bound, inputs in zip(layers, [1 / 2, hidden, hidden, hidden], [2, 300, 300, 300], strict=True):
        assert layer.in_features == inputs
        for value, limit in ((layer.weight, bound), (layer.bias, 1 / math.sqrt(inputs))):
            assert 0.9 * limit < value.abs().max() <= limit
            assert value.std().item() == pytest.approx(limit / math.sqrt(3), rel=0.15)


def test_siren_maps_its_box_to_the_unit_one() -> None:
    network = Siren(width=8, depth=1).build(LOW, HIGH, 1, (), seeded())
    corners = torch.tensor([LOW, HIGH], dtype=torch.float64)
    assert torch.allclose(network.embedding(corners), torch.tensor([[-1.0, -1], [1, 1]], dtype=torch.float64))


def fixed_point(bias_variance: float) -> float:
    """The standard deviation s of pre-activations with s² = 1 - exp(-2 s²) + bias_variance."""
    square = 1.0
    for _ in range(200):
        square = 1 - math.exp(-2 * square) + bias_variance
    return math.sqrt(square)


@pytest.mark.parametrize("bias, width, networks", [("zero", 1024, 1), ("torch", 256, 12), ("torch", 1024, 4)])
def test_siren_statistics_settle_at_the_fixed_point(
    bias: Literal["torch", "zero"], width: int, networks: int
) -> None:
    recipe = Siren(width=width, depth=7, bias=bias)
    x = 2 * torch.rand(200, 3, dtype=torch.float64, generator=seeded(1)) - 1
    with torch.no_grad():
        built = [recipe.build([-1.0] * 3, [1.0] * 3, 1, (), seeded(seed)) for seed in range(networks)]
        _, *deep = map(torch.stack, zip(*[pre_activations(network, x) for network in built], strict=True))
    extra = 300 / width if bias == "torch" else 0.0
    square = 1 + extra  # behind a first layer whose sines are spread over many periods
    for z in deep:
        assert z.var().item() == pytest.approx(square, rel=0.04)
        after = (1 - math.exp(-2 * square)) / 2
        assert torch.sin(z).var().item() == pytest.approx(after, rel=0.04)
        square = 2 * after + extra
    assert math.sqrt(square) == pytest.approx(fixed_point(extra), rel=2e-3)
    if bias == "zero":
        assert fixed_point(0) == pytest.approx(0.893, abs=5e-4)
        assert torch.sin(deep[-1]).std().item() == pytest.approx(0.631, rel=0.01)


@pytest.mark.parametrize("bias, deviation", [("zero", 10.0), ("torch", 20.0)])
def test_siren_first_layer_spans_many_periods(bias: Literal["torch", "zero"], deviation: float) -> None:
    # 30 (w x + b) with w, x and b uniform in [-1, 1]: variances 900/9 and 900/3.
    network = Siren(width=4096, depth=1, bias=bias).build([-1.0], [1.0], 1, (), seeded())
    x = torch.linspace(-1, 1, 201, dtype=torch.float64)[:, None]
    assert pre_activations(network, x)[0].std().item() == pytest.approx(deviation, rel=0.03)


def test_siren_statistics_do_not_depend_on_position() -> None:
    network = Siren(width=512, depth=5, bias="zero").build([-1.0], [1.0], 1, (), seeded())
    x = 2 * torch.rand(400, 1, dtype=torch.float64, generator=seeded(1)) - 1
    with torch.no_grad():
        here, there = (pre_activations(network, x + shift)[-1].std().item() for shift in (0.0, 1000.0))
    assert here == pytest.approx(there, rel=0.05)


def test_siren_gradients_have_one_size_at_every_depth() -> None:
    network = Siren(width=512, depth=9).build([-1.0], [1.0], 1, (), seeded())
    x = 2 * torch.rand(300, 1, dtype=torch.float64, generator=seeded(1)) - 1
    z = pre_activations(network, x)
    y = network.head(torch.sin(z[-1])).sum()
    sizes = torch.tensor([g.std() for g in torch.autograd.grad(y, z)])
    growth = (sizes[1] / sizes[-1]) ** (1 / 7)  # per layer: E cos² times the variance factor 2, about 1
    assert 0.9 < growth < 1.1


# -------------------------------------------------------------------------------------------------- mappings


@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("order", [1, 2, 5])
def test_lattice_is_half_of_all_whole_frequencies(dimension: int, order: int) -> None:
    rows = Lattice(order).frequencies(dimension, seeded())
    assert len(rows) == ((2 * order + 1) ** dimension + 1) // 2
    both = {tuple(r) for r in rows.int().tolist()} | {tuple(r) for r in (-rows).int().tolist()}
    assert len(both) == (2 * order + 1) ** dimension
    assert rows.abs().max() == order


def test_lattice_of_order_8_has_145_rows() -> None:
    assert [len(Lattice(n).frequencies(2, seeded())) for n in (8, 16, 32)] == [145, 545, 2113]


def test_positional_frequencies_lie_on_one_axis_each() -> None:
    rows = Positional(count=256, sigma=64).frequencies(3, seeded())
    assert rows.shape == (255, 3)
    assert ((rows != 0).sum(dim=1) == 1).all()
    assert torch.allclose(rows[:85, 0], 64.0 ** (torch.arange(85, dtype=torch.float64) / 85))


def test_gaussian_frequencies_have_their_deviation() -> None:
    rows = Gaussian(count=4000, sigma=7).frequencies(2, seeded())
    assert rows.std().item() == pytest.approx(7, rel=0.03)


def test_fourier_features_are_cosines_and_sines_of_the_position_in_the_box() -> None:
    mapping = Gaussian(count=30, sigma=3)
    rows = mapping.frequencies(2, seeded())
    network = FourierFeatures(mapping, MLP(depth=0)).build(LOW, HIGH, 1, (), seeded())
    x = points(11)
    v = (x - torch.tensor(LOW, dtype=torch.float64)) / torch.tensor(
        [b - a for a, b in zip(LOW, HIGH, strict=True)], dtype=torch.float64
    )
    angle = 2 * math.pi * v @ rows.T
    expected = torch.cat([torch.cos(angle), torch.sin(angle)], dim=1)
    assert (network.embedding(x) - expected).abs().max() < 1e-12


@pytest.mark.parametrize("dimension", [1, 2])
def test_lattice_perceptron_and_fourier_series_are_one_space(dimension: int) -> None:
    low, high = LOW[:dimension], HIGH[:dimension]
    x = points(80)[:, :dimension]
    series = FourierSeries(order=3).build(low, high, 1, (), seeded())
    table = torch.ones(len(x), 1, dtype=torch.float64)
    for axis in range(dimension):
        table = (table[:, :, None] * series.factors(axis, x[:, axis], 0)[:, None]).flatten(1)
    perceptron = FourierFeatures(Lattice(3), MLP(depth=0)).build(low, high, 1, (), seeded())
    lattice = torch.cat([perceptron.features(x), torch.ones(len(x), 1, dtype=torch.float64)], dim=1)
    assert lattice.shape == table.shape
    combination = torch.linalg.lstsq(table, lattice).solution
    assert (table @ combination - lattice).abs().max() < 1e-10


def test_perceptron_starts_at_zero() -> None:
    network = FourierFeatures(Lattice(2), MLP(depth=0)).build(LOW, HIGH, 3, (), seeded())
    assert not network(points(4)).any()


# --------------------------------------------------------------------------------------------- sine features


def test_sine_features_fill_their_box_of_frequencies() -> None:
    network = SineFeatures(count=3000, bandwidth=(20.0, 6.0)).build(LOW, HIGH, 1, (), seeded())
    k = network.embedding.frequencies
    assert torch.allclose(k.abs().amax(dim=0), torch.tensor([20.0, 6.0], dtype=torch.float64), rtol=0.01)
    assert torch.allclose(
        k.std(dim=0), torch.tensor([20.0, 6.0], dtype=torch.float64) / math.sqrt(3), rtol=0.05
    )
    assert not network(points(4)).any()


def test_periodic_sine_features_use_every_multiple_of_pi_in_the_band_alike() -> None:
    network = SineFeatures(count=7000, bandwidth=10.0).build(LOW, HIGH, 1, (0,), seeded())
    turns = (network.embedding.frequencies[:, 0] / math.pi).round().int()
    assert torch.equal(turns.unique(), torch.arange(-3, 4, dtype=torch.int32))
    assert turns.unique(return_counts=True)[1].min() > 850


# ---------------------------------------------------------------------------------------------------- series


def test_fourier_series_functions() -> None:
    series = FourierSeries(order=2).build([1.0], [3.0], 1, (), seeded())
    x = torch.tensor([1.3, 2.9], dtype=torch.float64)
    a = math.pi * (x - 1)
    columns = [torch.ones_like(a), a.cos(), (2 * a).cos(), a.sin(), (2 * a).sin()]
    assert torch.allclose(series.factors(0, x, 0), torch.stack(columns, dim=1), rtol=1e-14, atol=1e-15)


def test_cosine_series_functions_and_zero_slope_at_the_sides() -> None:
    series = FourierSeries(order=5, half_period=True).build([1.0], [3.0], 1, (), seeded())
    x = torch.tensor([1.0, 1.4, 3.0], dtype=torch.float64)
    expected = torch.cos(math.pi * torch.arange(5).double() * (x[:, None] - 1) / 2)
    assert torch.allclose(series.factors(0, x, 0), expected, rtol=1e-14, atol=1e-14)
    assert series.factors(0, x, 1)[[0, 2]].abs().max() < 1e-14


def test_cosines_of_high_order_are_exact_on_a_grid() -> None:
    series = FourierSeries(order=512, half_period=True).build([-1.0], [1.0], 1, (), seeded())
    n = 512
    matrix = series.factors(0, (2 * torch.arange(n, dtype=torch.float64) + 1) / n - 1, 0)
    norms = torch.diag(torch.tensor([n, *[n / 2] * (n - 1)], dtype=torch.float64))
    assert (matrix.T @ matrix - norms).abs().max() < 1e-12


def test_a_periodic_axis_of_a_cosine_series_gets_full_waves() -> None:
    series = FourierSeries(order=7, half_period=True).build(LOW, HIGH, 1, (1,), seeded())
    assert series.modes == (7, 7)
    assert (series.basis(1).modes % 2 == 0).all()


def test_nyquist_orders() -> None:
    assert FourierSeries(half_period=True).at_nyquist((64, 33)).order == (64, 33)
    assert FourierSeries().at_nyquist((64, 33)).order == (31, 16)
    n = 33
    series = FourierSeries().at_nyquist((n,)).build([0.0], [1.0], 1, (), seeded())
    assert torch.linalg.matrix_rank(series.factors(0, torch.arange(n, dtype=torch.float64) / n, 0)) == n


# ----------------------------------------------------------------------------------------------- activations


ALL = [getattr(activations, n) for n in ("sine", "tanh", "sigmoid", "softplus", "silu", "gelu", "gaussian")]


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_derivatives_of_activations_equal_nested_automatic_ones(activation: Activation) -> None:
    z = torch.linspace(-6, 6, 121, dtype=torch.float64)
    closed, f = activation.derivatives(z, 4), activation.function
    assert len(closed) == 5
    for order in range(5):
        assert (closed[order] - vmap(f)(z)).abs().max() < 1e-12, f"order {order}"
        assert len(activation.derivatives(z, order)) == order + 1
        assert torch.equal(activation.derivatives(z, order)[order], closed[order])
        f = grad(f)


@pytest.mark.parametrize("activation", ALL, ids=lambda a: a.name)
def test_activations_stay_finite_far_out(activation: Activation) -> None:
    z = torch.tensor([-800.0, -45, -21, 21, 45, 800], dtype=torch.float64)
    closed = torch.stack(list(activation.derivatives(z, 4)))
    assert closed.isfinite().all()
    assert torch.equal(closed[0], activation.function(z))


def test_softplus_has_all_its_digits_beyond_twenty() -> None:
    z = torch.tensor([21.0, 30.0], dtype=torch.float64)
    assert torch.equal(activations.softplus.function(z), z + torch.log1p(torch.exp(-z)))


# -------------------------------------------------------------------------------------------------- messages


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Siren(width=0), "width=0; a whole number"),
        (lambda: Siren(depth=0), "depth=0"),
        (lambda: Siren(omega=-1), "omega=-1; a positive number"),
        (lambda: Siren(bias="none"), "'torch' or 'zero'"),
        (lambda: MLP(activation="relu"), "would not see the network"),
        (lambda: MLP(activation="sine"), "Use Siren"),
        (lambda: MLP(activation="mish"), "one of tanh"),
        (lambda: Gaussian(sigma=0), "sigma=0"),
        (lambda: Lattice(0), "order=0"),
        (lambda: Positional(count=1).frequencies(2, seeded()), "at least one frequency per axis"),
        (lambda: SineFeatures(count=0), "count=0"),
        (lambda: SineFeatures(count=10).build(LOW, HIGH, 1, (), seeded()), "LeastSquares"),
        (lambda: SineFeatures(9, (1.0,)).build(LOW, HIGH, 1, (), seeded()), "one per axis, 2"),
        (lambda: FourierSeries(0), "order=0"),
        (lambda: FourierSeries().build(LOW, HIGH, 1, (), seeded()), "FourierSeries\\(order=16"),
        (lambda: FourierSeries((2, 2, 2)).build(LOW, HIGH, 1, (), seeded()), "one per axis, 2"),
        (lambda: WaveSeries(4, speed=0), "speed=0"),
        (lambda: WaveSeries(4).build([0.0], [1.0], 1, (), seeded()), "at least one axis of space"),
        (lambda: WaveSeries(4).build(LOW, HIGH, 1, (0,), seeded()), "not periodic"),
        (lambda: Siren().build([0.0], [0.0], 1, (), seeded()), "the lower first"),
        (lambda: Siren().build([0.0], [1.0], 0, (), seeded()), "outputs=0"),
        (lambda: Siren().build([0.0], [1.0], 1, (1,), seeded()), "periodic axis 1"),
        (
            lambda: FourierFeatures(Gaussian(4, 1e-3)).build([0.0], [1.0], 1, (0,), seeded()),
            "rounds to zero",
        ),
    ],
)
def test_messages_say_what_was_given_and_what_to_do(make, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=words):
        make()


def test_fourier_features_check_their_parts() -> None:
    with pytest.raises(TypeError, match="mapping first"):
        FourierFeatures(MLP(), Gaussian())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="MLP"):
        FourierFeatures(Gaussian(), SineFeatures())  # type: ignore[arg-type]


def test_descriptions() -> None:
    assert Siren(depth=3).describe() == "SIREN 3 x 256, omega 30"
    assert MLP().describe() == "MLP 3 x 64, tanh"
    assert FourierFeatures(Lattice(8), MLP(depth=0)).describe() == (
        "Fourier features, lattice (order 8), perceptron"
    )
    assert SineFeatures().describe() == "frozen sines, bandwidth chosen by the solver"
    assert FourierSeries((4, 6)).describe() == "Fourier series, order 4 x 6"
    assert FourierSeries(half_period=True).describe() == "cosine series, order of the grid"
    assert WaveSeries(12, speed=2).describe() == "wave series, order 12, speed 2"
