"""Noisy and incomplete linear problems, solved at once."""

import pytest
import torch

from sirenpde import (
    MLP,
    Box,
    Field,
    FourierFeatures,
    FourierSeries,
    Gaussian,
    PointCloud,
    Problem,
    Regularised,
    Reweighted,
    SampleGrid,
    Siren,
    Whole,
    everywhere,
    l1,
    on,
    solve,
)  # fmt: skip
from sirenpde.residuals.unfit import Unfit

line = Box(x=(0, 1))
at = (torch.arange(100, dtype=torch.float64)[:, None] + 0.5) / 100
exact = torch.sin(5 * at[:, 0]) + at[:, 0]
noise = 0.1 * torch.randn(100, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("by", ["robust-gcv", "gcv", "l-curve"])
@pytest.mark.parametrize("count", [100, 400])
def test_features_far_too_many_do_not_follow_the_noise(by, count):
    """A fit of ten numbers to a hundred leaves an error of 0.1 sqrt(10 / 100) = 0.032."""
    u = Field("u", line, FourierFeatures(Gaussian(count, 20.0), MLP(depth=0)))
    seen = PointCloud(at, line, {"u": exact + noise})
    match = on(seen, name="match")(lambda p: u(p) - seen["u"](p))
    solution = solve(Problem(match), [Regularised(by)])
    assert float((solution[u](at) - exact).square().mean().sqrt()) < 0.05
    said = solution.stages[0].reason
    assert ("L-curve" if by == "l-curve" else "cross-validation") in said and "of 100 data are fitted" in said


def test_a_series_on_a_grid_is_solved_for_without_a_matrix():
    nodes = SampleGrid(exact + noise)
    u, whole = Field("u", nodes, FourierSeries(100, half_period=True)), Whole(nodes)
    match = on(whole, name="match")(lambda p: everywhere(u)(p) - nodes["f"](p))
    solution = solve(Problem(match), [Regularised()])
    assert float((solution[u](nodes.points) - exact).square().mean().sqrt()) < 0.05
    assert "100 coefficients on a grid" in solution.stages[0].reason


def test_absolute_values_find_a_step_in_noise_and_squares_do_not():
    step = (at[:, 0] > 0.4).double()
    nodes = SampleGrid(step)
    whole = Whole(nodes, {"u": step + noise})
    u = Field("u", nodes, FourierSeries(100, half_period=True))
    match = on(whole, weight=1 / 100, name="match")(lambda p: everywhere(u)(p) - whole["u"](p))
    flat = on(whole, weight=0.01, loss=l1, name="flat")(lambda p: everywhere(u)(p).diff())
    found = solve(Problem(match, flat), [Reweighted()])[u](nodes.points)
    assert float((found - step).abs().max()) < 0.15  # errors of 0.1 would be 0.25 at the largest
    jumps = found.diff().abs()
    assert int((jumps > 0.01).sum()) <= 6 and float(jumps.max()) > 0.8


def test_exact_data_are_met_at_a_heavy_weight_of_the_variation():
    """A step from its lowest frequencies is flattened by the weight, and by far less where data are exact."""
    nodes = Box(x=(0, 1)).nodes(20)
    step = ((nodes.points[:, 0] > 0.3) & (nodes.points[:, 0] < 0.55)).double()
    whole = Whole(nodes, {"low": torch.fft.rfft(step, norm="ortho")[:7]})
    u = Field("u", nodes, FourierSeries(20, half_period=True))
    low = on(whole, name="low")(
        lambda p: torch.fft.rfft(everywhere(u)(p), norm="ortho")[:7] - whole["low"](p)
    )
    variation = on(whole, weight=0.1, loss=l1, prior=True, name="variation")(
        lambda p: everywhere(u)(p).diff()
    )
    left = {}
    for met in (False, True):
        stage = Reweighted(rounds=30, iterations=30, fall=0.5, floor=0.01, exact=met)
        solution = solve(Problem(low, variation), [stage])
        left[met] = float((solution[u](nodes.points) - step).abs().max())
    assert left[False] > 0.02 and left[True] < left[False] / 2


@pytest.mark.parametrize("stage", [Regularised(), Reweighted()])
def test_what_is_not_linear_is_refused(stage):
    nodes = line.nodes(10)
    whole, u = Whole(nodes), Field("u", nodes, FourierSeries(10, half_period=True))
    square = on(whole, name="square")(lambda p: everywhere(u)(p) ** 2 - 1)
    with pytest.raises(Unfit, match="not affine"):
        solve(Problem(square), [stage])
    v = Field("v", nodes, Siren(8, 2))
    trained = on(whole, name="trained")(lambda p: everywhere(v)(p) - 1)
    with pytest.raises(Unfit, match="for one FourierSeries"):
        solve(
            Problem(trained, on(whole, loss=l1, name="flat")(lambda p: everywhere(v)(p).diff())),
            [Reweighted()],
        )
