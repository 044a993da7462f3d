"""Networks too slow or too small for what the constraints say are named before a solve, with what would do."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    Field,
    FourierFeatures,
    Gaussian,
    LeastSquares,
    Pieces,
    Problem,
    SineFeatures,
    SineLattice,
    Siren,
    laplacian,
    on,
    solve,
)
from sirenpde.diagnosis.reach import out_of_reach

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes


def poisson(network, k):
    u = Field("u", box, network)
    inside = on(box, 400, name="inside")(
        lambda p: laplacian(u)(p) - torch.sin(k * math.pi * x(p)) * torch.sin(math.pi * y(p))
    )
    return Problem(inside, on(box.boundary(), 100, name="walls")(u))


def said(network, k):
    problem = poisson(network, k)
    return out_of_reach(problem, {u: u.network for u in problem.fields})


SLOW = {
    "features": (SineFeatures(300, bandwidth=10), "bandwidth=("),
    "lattice": (SineLattice(orders=6), "SineLattice(orders=(80, 6))"),
    "fourier": (FourierFeatures(Gaussian(sigma=0.2)), "sigma="),
    "siren": (Siren(omega=5), "omega=64"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_slow_network_is_named_with_what_would_do(name):
    network, remedy = SLOW[name]
    (text,) = said(network, 64)
    assert "The network of 'u'" in text and "along x these have up to 20" in text
    assert remedy in text
    assert not said(network, 1)


@pytest.mark.parametrize(("k", "remedy"), [(20.0, None), (400.0, "Write omega=128")])
def test_a_siren_too_slow_for_the_waves_of_the_equations_is_named(k, remedy):
    u = Field("u", box, Siren(omega=15))
    waves = on(box, 400, name="waves")(lambda p: laplacian(u)(p) + k**2 * u(p))
    walls = on(box.boundary(), 100, name="walls")(lambda p: u(p) - 1)
    texts = out_of_reach(Problem(waves, walls), {u: u.network})
    assert [text for text in texts if remedy is None or remedy not in text] == []
    assert bool(texts) == (remedy is not None)


def test_too_few_features_are_named_with_a_number_that_would_do():
    u = Field("u", box, SineFeatures(100, bandwidth=110))
    both = on(box, 400, name="both")(lambda p: laplacian(u)(p) - torch.sin(60 * x(p)) * torch.sin(60 * y(p)))
    (text,) = out_of_reach(Problem(both), {u: u.network})
    assert "room for 4" in text and "SineFeatures(count=4" in text


def test_a_run_says_it_before_its_first_stage():
    slow = solve(poisson(SineFeatures(100, bandwidth=4), 40), using=[LeastSquares()])
    assert any("cannot represent the data" in text for text in slow.warnings)


def test_trained_networks_that_nothing_joins_are_named():
    hard, smooth = (
        Pieces(Siren(width=8, depth=1), cells=(2, 2), blend=blend) for blend in ("hard", "smooth")
    )
    problem = poisson(hard, 3.0)
    (u,) = problem.fields
    (said,) = out_of_reach(problem, {u: hard})
    assert "jumps on the faces of its cells" in said and 'blend="smooth"' in said
    assert out_of_reach(problem, {u: smooth}) == out_of_reach(problem, {u: Pieces(cells=(2, 2))}) == []
