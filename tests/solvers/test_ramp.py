"""Masked waves: the window, Adam's steps against torch's own on masked features, and the same bits after a stop."""

import math

import pytest
import torch
from states import state_of

from sirenpde import (
    MLP,
    Adam,
    Box,
    Field,
    FourierFeatures,
    FourierSeries,
    Gaussian,
    IntegerLattice,
    Octaves,
    PointCloud,
    Problem,
    Ramp,
    Siren,
    on,
    solve,
)
from sirenpde.networks.recipe import Recipe
from sirenpde.residuals.unfit import Unfit
from sirenpde.solvers.ramp import parameter_frequencies

box = Box(x=(0, 1), y=(0, 2))
generator = torch.Generator().manual_seed(0)
cloud = PointCloud(
    torch.rand(40, 2, dtype=torch.float64, generator=generator),
    box,
    {"f": torch.rand(40, generator=generator)},
)
RECIPES: list[Recipe] = [
    FourierFeatures(IntegerLattice(2), MLP(depth=0, initialisation="torch")),
    FourierFeatures(Gaussian(7, 2.0), MLP(6, 2)),
    FourierFeatures(Octaves(3), Siren(6, 1, omega=4)),
]
every_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=lambda r: r.describe())


def fitting(recipe: Recipe) -> Problem:
    u = Field("u", box, recipe)
    return Problem(on(cloud, name="fit")(lambda p: u(p) - cloud["f"](p)))


def window(alpha: float, frequencies: torch.Tensor) -> torch.Tensor:
    open_ = (1 - torch.cos(math.pi * (alpha - frequencies).clamp(0, 1))) / 2
    return torch.where(frequencies > 0, open_, 1.0)


def test_the_window_opens_from_slow_waves_to_fast_ones_and_ends_with_all_of_them() -> None:
    z = torch.tensor([0.0, 1.0, 2.0, 2.5, 5.0], dtype=torch.float64)
    assert Ramp(start=1.0).windows(z, 0.0).tolist() == [1, 0, 0, 0, 0]
    assert Ramp(start=1.0).windows(z, 1.0).tolist() == [1, 1, 1, 1, 1]  # alpha = 6: the fastest is on
    assert Ramp(until=0.5).windows(z, 0.5).tolist() == [1, 1, 1, 1, 1]
    assert Ramp(start=0.0, end=3.0).windows(z, 1.0).tolist() == pytest.approx([1, 1, 1, 0.5, 0])


@every_recipe
def test_steps_are_those_of_torchs_adam_on_masked_features(recipe: Recipe) -> None:
    stage = Adam(steps=10, lr=0.02, schedule="constant", ramp=Ramp(start=0.7, until=0.8))
    state = state_of(fitting(recipe))
    network = recipe.build([0, 0], [1, 2], 1, (), torch.Generator().manual_seed(0))
    waves = network.embedding.frequencies.norm(dim=1) / math.pi
    z = torch.cat([torch.zeros(len(network.embedding.passed)), waves])
    x, f = cloud.points, cloud.data["f"][:, None]

    def masked(alpha: float) -> torch.Tensor:
        h = network.embedding(x) * window(alpha, z)
        for layer, omega in zip(network.hidden, network.omega, strict=True):
            h = network.activation.function(omega * layer(h))
        return network.head(h)

    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    for step in range(10):
        alpha = 0.7 + (z.max().item() + 1 - 0.7) * min(1, step / 8)
        optimizer.zero_grad()
        loss = (masked(alpha) - f).square().mean()
        loss.backward()
        optimizer.step()
        report = stage.advance(state)
        assert report.loss == pytest.approx(loss.item(), rel=1e-9)
        shown = state.system.losses(state.theta, state.batches(stage.points)).item()
        following = 0.7 + (z.max().item() + 1 - 0.7) * min(1, (step + 1) / 8)
        assert shown == pytest.approx((masked(following) - f).square().mean().item(), rel=1e-9)
    assert torch.allclose(
        state.theta, torch.cat([p.detach().flatten() for p in network.parameters()]), rtol=1e-8
    )


def test_a_series_has_the_frequencies_of_its_products() -> None:
    state = state_of(fitting(FourierSeries((1, 2))))
    expected = [math.hypot(a, b) for a in (0, 1, 1) for b in (0, 1, 2, 1, 2)]
    assert parameter_frequencies(state.system).tolist() == pytest.approx(expected)
    half = state_of(fitting(FourierSeries(3, half_period=True)))
    assert parameter_frequencies(half.system)[:3].tolist() == [0, 0.5, 1]


@pytest.mark.parametrize("average", [0.0, 0.8])
def test_a_stopped_run_goes_on_to_the_same_bits(average: float) -> None:
    problem = fitting(RECIPES[1])
    stages = [Adam(steps=12, lr=0.02, average=average, ramp=Ramp(until=0.7)), Adam(steps=3)]
    whole, kept = solve(problem, stages, dtype=torch.float64), {}

    def interrupt(progress):
        if progress.step == 5:
            kept["snapshot"] = progress.snapshot()
            raise KeyboardInterrupt

    solve(problem, stages, dtype=torch.float64, progress=interrupt)
    rest = solve(problem, stages, dtype=torch.float64, resume=kept["snapshot"])
    assert torch.equal(rest.theta, whole.theta)


def test_what_a_ramp_cannot_do_is_said() -> None:
    with pytest.raises(ValueError, match="0 < until <= 1"):
        Ramp(until=0)
    with pytest.raises(Unfit, match="stand on no waves"):
        Adam(steps=2, ramp=Ramp()).advance(state_of(fitting(Siren(6, 1))))
