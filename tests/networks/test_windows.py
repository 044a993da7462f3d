"""Windows that sum to one, and the networks under them."""

import pytest
import torch

from sirenpde import Pieces, SineFeatures
from sirenpde.networks.partition import Partition
from sirenpde.networks.windows import Windows

WINDOWS = Windows(((-1.0, 0.0, 0.25, 1.0), (0.0, 1.0, 2.0)), overlap=0.6)
POINTS = torch.rand(200, 2, dtype=torch.float64) * 2 - torch.tensor([1.0, 0.0])


def test_windows_sum_to_one_and_vanish_beyond_their_box() -> None:
    for axis in (0, 1):
        factors = WINDOWS.factors(axis, POINTS[:, axis], 0)
        torch.testing.assert_close(factors.sum(1), torch.ones(200, dtype=torch.float64))
        assert factors.min() >= 0
    for window in range(len(WINDOWS)):
        low, high = (torch.tensor(corner, dtype=torch.float64) for corner in WINDOWS.box(window))
        outside = ((low > POINTS) | (high < POINTS)).any(1)
        pair = [WINDOWS.factors(a, POINTS[:, a], 0)[:, WINDOWS.along(window, a)] for a in (0, 1)]
        assert outside.any() and (pair[0] * pair[1])[outside].abs().max() == 0


@pytest.mark.parametrize("derivative", [1, 2, 3, 4])
def test_derivatives_of_windows_are_those_of_autograd_and_continuous(derivative: int) -> None:
    x = torch.linspace(-1, 1, 801, dtype=torch.float64).requires_grad_()
    value = WINDOWS.factors(0, x, derivative - 1)[:, 1]
    (slope,) = torch.autograd.grad(value.sum(), x)
    found = WINDOWS.factors(0, x.detach(), derivative)[:, 1]
    torch.testing.assert_close(found, slope, rtol=1e-10, atol=1e-8)
    edges = torch.tensor([-0.075, 0.075, 0.175, 0.325], dtype=torch.float64)
    jump = WINDOWS.factors(0, edges + 1e-9, derivative) - WINDOWS.factors(0, edges - 1e-9, derivative)
    assert jump.abs().max() < 1e-4 * found.abs().max()


def test_a_recipe_of_windows_builds_networks_on_their_boxes() -> None:
    recipe = Pieces(SineFeatures(12, 3.0), cells=(2, 3), blend="smooth", overlap=0.5)
    network = recipe.build([0.0, 0.0], [2.0, 3.0], 1, (), torch.Generator().manual_seed(0))
    assert recipe.describe() == "2 x 3 windows of 12 frozen sines, bandwidth 3"
    assert network.windows.box(0) == ((0.0, 0.0), (1.25, 1.25))
    network.set_constant(torch.tensor([2.5], dtype=torch.float64))
    points = torch.rand(20, 2, dtype=torch.float64)
    torch.testing.assert_close(network(points), torch.full((20, 1), 2.5, dtype=torch.float64))


def test_windows_of_a_tree_and_around_a_period_are_refused() -> None:
    tree = Partition.grid([(0.0, 0.5, 1.0), (0.0, 1.0)]).split(0, 1)
    with pytest.raises(ValueError, match="no grid"):
        Pieces(SineFeatures(4, 1.0), tree, "smooth").build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator())
    with pytest.raises(ValueError, match="periodic"):
        Pieces(SineFeatures(4, 1.0), (2,), "smooth").build([0.0], [1.0], 1, (0,), torch.Generator())
    with pytest.raises(ValueError, match="overlap"):
        Pieces(blend="smooth", overlap=1.5)
