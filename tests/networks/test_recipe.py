"""What every recipe promises: the same network again, exact periods, messages that teach, words for tables."""

import pytest
import torch
from boxes import HIGH, LOW, points, seeded
from torch import Tensor
from torch.func import grad, vmap

from sirenpde.networks.fourier import FourierFeatures
from sirenpde.networks.mappings.axes import Basic, Coordinates, Octaves, Positional
from sirenpde.networks.mappings.changed import Rotated, Weighted
from sirenpde.networks.mappings.draws import Gaussian, LogUniform
from sirenpde.networks.mappings.lattice import IntegerLattice
from sirenpde.networks.mlp import MLP
from sirenpde.networks.radial import RBF
from sirenpde.networks.recipe import Recipe
from sirenpde.networks.series import FourierSeries, WaveSeries
from sirenpde.networks.sine_features import SineFeatures
from sirenpde.networks.siren import Siren

RECIPES: list[Recipe] = [
    Siren(width=16, depth=3, omega=10),
    MLP(width=12, depth=2, activation="softplus"),
    FourierFeatures(Basic(), MLP(width=8, depth=1)),
    FourierFeatures(Positional(count=12, sigma=8), MLP(width=8, depth=1)),
    FourierFeatures(Gaussian(count=20, sigma=2), Siren(width=8, depth=2)),
    FourierFeatures(IntegerLattice(2), MLP(depth=0)),
    FourierFeatures(Coordinates(), MLP(width=8, depth=1)),
    FourierFeatures(Weighted(Octaves(3), 0.5), MLP(width=8, depth=1)),
    FourierFeatures(Rotated(Positional(12, 8, "from zero")), MLP(width=8, depth=1)),
    SineFeatures(count=40, bandwidth=(9.0, 5.0)),
    RBF(10, 2.0, MLP(width=8, depth=1, activation="selu", initialisation="lecun")),
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


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Siren(width=0), "width=0; a whole number"),
        (lambda: Siren(depth=0), "depth=0"),
        (lambda: Siren(omega=-1), "omega=-1; a positive number"),
        (lambda: Siren(bias="none"), "'zero' or 'narrow'"),
        (lambda: MLP(initialisation="he"), "'kaiming' with relu"),
        (lambda: RBF(centres=0), "centres=0"),
        (lambda: MLP(activation="sine"), "Use Siren"),
        (lambda: MLP(activation="mish"), "one of elu, gaussian"),
        (lambda: Gaussian(sigma=0), "sigma=0"),
        (lambda: IntegerLattice(0), "order=0"),
        (lambda: LogUniform(sigma=0.5), "Use Uniform"),
        (lambda: Octaves(0), "levels=0"),
        (lambda: Coordinates(1, 1), "the lower first"),
        (lambda: Positional(ladder="up"), "'from zero' was expected"),
        (lambda: Weighted(power=-1), "0 or more"),
        (lambda: Weighted(Coordinates()).spectrum(2, seeded()), "has no waves"),
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
    assert FourierFeatures(IntegerLattice(8), MLP(depth=0)).describe() == (
        "Fourier features, lattice (order 8), perceptron"
    )
    assert SineFeatures().describe() == "frozen sines, bandwidth chosen by the solver"
    assert FourierSeries((4, 6)).describe() == "Fourier series, order 4 x 6"
    assert FourierSeries(half_period=True).describe() == "cosine series, order of the grid"
    assert WaveSeries(12, speed=2).describe() == "wave series, order 12, speed 2"
