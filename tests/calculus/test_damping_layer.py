"""Rims that take waves in: how they grow, and what they refuse."""

import pytest
import torch

from sirenpde import Box, DampingLayer
from sirenpde.problem.reference import exact_values

BOX = Box(x=(-2, 2), y=(-1, 3))


def test_the_rate_grows_with_the_third_power_of_the_depth():
    layer = DampingLayer(BOX, thickness=0.5, strength=16.0)
    points = torch.tensor([[0.0, 1.0], [1.75, 1.0], [-2.0, 1.0], [2.0, -0.75]], dtype=torch.float64)
    assert exact_values(layer.rate, BOX.axes, points, {}).tolist() == [0.0, 2.0, 16.0, 18.0]


def test_places_in_the_rim_are_refused():
    layer = DampingLayer(BOX, thickness=0.5, strength=16.0)
    assert layer.inside(1.5, -0.5) == (1.5, -0.5)
    with pytest.raises(ValueError, match=r"y = 2\.75 lies in the rim .*-0\.5 to 2\.5"):
        layer.inside(0.0, 2.75)


@pytest.mark.parametrize(("thickness", "strength"), [(2.0, 1.0), (0.0, 1.0), (0.5, -1.0)])
def test_rims_leave_something_and_take_nothing_away(thickness, strength):
    with pytest.raises(ValueError, match="expected a thickness between 0 and 2, and a strength of 0"):
        DampingLayer(BOX, thickness, strength)
