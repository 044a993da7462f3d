"""Waves about points: every derivative against the oracle, and what they can express."""

import math

import pytest
import torch
from oracle import relative

from sirenpde.calculus.symbols import Symbol
from sirenpde.engines.flat import flatten
from sirenpde.engines.nested import NestedEngine
from sirenpde.engines.registry import engine_for
from sirenpde.networks.around_holes import Hole
from sirenpde.networks.sine_features import SineFeatures
from sirenpde.networks.singular import Singular

HOLES = (Hole((0, 1), (0.3, 0.2), 0.1), Hole((0, 1), (-0.3, 0.2), 0.2))
REQUESTS = {
    "value": {(0, 0, 0): 1.0},
    "gradient": {(1, 0, 0): 1.0},
    "slope in time": {(0, 0, 1): 1.0},
    "Laplacian": {(2, 0, 0): 1.0, (0, 2, 0): 1.0},
    "mixed": {(0, 0, 2): 1.0, (1, 0, 1): 3.0, (1, 1, 0): -2.0},
    "third": {(1, 2, 0): 1.0},
    "biharmonic": {(4, 0, 0): 1.0, (2, 2, 0): 2.0, (0, 4, 0): 1.0},
    "fourth, mixed": {(2, 1, 1): 1.0},
}


SINGULAR = (
    Singular("corner", at=(1.0, 1.0), between=(0.3, 1.6), metric=((2.0, 0.5), (0.5, 1.0))),
    Singular("corner", at=(-1.0, -1.0), between=(0.0, math.pi / 2)),  # whole exponents, with logarithms
    Singular("crack", at=(1.0, -1.0), between=(0.0, 0.0)),
    Singular("source", at=(-1.0, 1.0)),
)


def built(count: int = 60, singular: tuple[Singular, ...] = ()):
    recipe = SineFeatures(count, (5.0, 6.0, 4.0), around=() if singular else HOLES, singular=singular)
    return recipe.build([-1, -1, 0], [1, 1, 2], 2, (), torch.Generator().manual_seed(0))


@pytest.mark.parametrize("singular", [(), SINGULAR], ids=["holes", "singular points"])
@pytest.mark.parametrize("name", REQUESTS)
def test_derivatives_match_the_oracle(name, singular):
    network, symbols = built(24 if singular else 60, singular), [Symbol.of(REQUESTS[name])]
    theta = torch.randn(
        flatten(network).shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    x = torch.rand(10, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 1.8 - 0.9
    fast, oracle = engine_for(network, symbols, 3), NestedEngine(network, symbols, 3)
    assert fast.kind == "closed form"
    found, tape = fast.forward(fast.load(theta), x)
    expected, slow_tape = oracle.forward(theta, x)
    assert relative(found, expected) < 1e-12
    assert relative(fast.features(fast.load(theta), x), oracle.features(theta, x)) < 1e-12
    for shape in (theta.shape, (len(x), len(theta))):
        gradients = torch.zeros(2, *shape, dtype=torch.float64)
        fast.backward(fast.load(theta), tape, torch.ones_like(found), gradients[0])
        oracle.backward(theta, slow_tape, torch.ones_like(found), gradients[1])
        assert relative(*gradients) < 1e-12


def test_half_of_the_waves_are_about_the_holes_and_wind_a_whole_number_of_times():
    network = built(80)
    assert len(network.waves.phases) == 40
    assert [len(hole.phases) for hole in network.points] == [20, 20]
    for hole in network.points:
        windings = hole.steps[:, 1]
        assert torch.equal(windings, windings.round()) and len(windings.unique()) > 3
        assert not hole.frequencies[:, :2].any() and hole.frequencies[:, 2].any()


def test_they_express_a_potential_whose_poles_lie_in_a_hole():
    """log r and a dipole, which sines on the box take many more of for the same error."""
    hole = Hole((0, 1), (0.0, 0.0), 0.1)
    angle = torch.rand(1500, 2, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    r = 0.1 * (10 ** angle[:, :1])
    x = r * torch.stack([torch.cos(2 * math.pi * angle[:, 1]), torch.sin(2 * math.pi * angle[:, 1])], dim=1)
    target = r.log() + 0.01 * x[:, :1] / r**2
    errors = []
    for around in ((hole,), ()):
        network = SineFeatures(400, 5.0, around=around).build(
            [-1, -1], [1, 1], 1, (), torch.Generator().manual_seed(0)
        )
        features = network.features(x)
        solved = torch.linalg.lstsq(features[::2], target[::2], driver="gelsd").solution
        errors.append(float((features @ solved - target)[1::2].abs().max()))
    assert errors[0] < 1e-6 < 1e-3 < errors[1], errors


def test_bare_powers_are_harmonic_to_the_last_digit():
    recipe = SineFeatures(100, 5.0, singular=(Singular("corner", (0.0, 0.0), (0.4, 0.4 + 1.5 * math.pi)),))
    network = recipe.build([-1, -1], [1, 1], 1, (), torch.Generator().manual_seed(0))
    (waves,) = network.points
    bare = ~waves.frequencies.any(1) & ~waves.logs.any(1)
    assert bare.sum() >= 6
    laplacian = Symbol.of({(2, 0): 1.0, (0, 2): 1.0})
    engine = engine_for(network, [laplacian], 2)
    x = torch.rand(50, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 1e-3
    features = engine.features(engine.load(flatten(network)), x)[0, :, 50:-1]
    assert float(features[:, bare].abs().max()) == 0.0


def test_a_corner_has_the_powers_of_its_opening():
    corner = Singular("corner", (0.0, 0.0), between=(0.5, 0.5 + 1.5 * math.pi))
    assert corner.powers[:3] == pytest.approx([2 / 3, 4 / 3, 2.0])
    assert corner.describe() == "corner at (0, 0), r^0.6667"
    stretched = Singular("corner", (0.0, 0.0), between=(0.0, math.pi / 4), metric=((4.0, 0.0), (0.0, 0.25)))
    assert stretched.opening == pytest.approx(math.atan(4.0))  # x is halved, y doubled


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kind": "edge", "at": (0, 0)}, "kind='edge'"),
        ({"kind": "corner", "at": (0,)}, "two coordinates"),
        ({"kind": "corner", "at": (0, 0), "exponents": (-0.5,)}, "0 or more"),
    ],
)
def test_what_is_no_singular_point_is_said(given, told):
    with pytest.raises(ValueError, match=told):
        Singular(**given)


@pytest.mark.parametrize("count", [8, 9, 16, 17, 24])
def test_few_features_leave_one_or_none_for_each_singular_point(count):
    network = built(count, SINGULAR)
    assert network(torch.zeros(3, 3, dtype=torch.float64)).shape == (3, 2)


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_a_corner_of_the_plane_has_at_most_its_share(count):
    corner = Singular("corner", at=(0.0, 0.0), between=(0.0, 1.5 * math.pi))
    network = SineFeatures(count, 4.0, singular=(corner,)).build([-1, -1], [1, 1], 1, (), torch.Generator())
    assert network.features(torch.ones(5, 2, dtype=torch.float64)).shape == (5, count)
