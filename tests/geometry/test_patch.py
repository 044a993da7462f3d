"""Products of intervals: which axes are free, and products of patches."""

import math

import pytest
import torch

from sirenpde import Box
from sirenpde.geometry.nodes import Line
from sirenpde.geometry.patch import Patch

x, y = Box(x=(0, 2), y=(1, 4)).axes
(t,) = Box(t=(0, 5)).axes


def rule(axis):
    return Line.even(torch.linspace(axis.low, axis.high, 4, dtype=torch.float64))


def face(share=0.25):
    return Patch((x, y), ((2.0, 2.0), (1.0, 4.0)), torch.tensor([1.0, 0.0]), share)


def test_an_interval_of_one_value_is_not_free():
    assert face().free == (y,)
    nodes = face().nodes(rule)
    assert set(nodes.points[:, 0].tolist()) == {2.0} and len(nodes.points) == 4


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_product_multiplies_shares_and_keeps_the_normal_across(share):
    product = face().times(Patch((t,), ((0.0, 5.0),), share=share))
    assert product.axes == (x, y, t) and product.free == (y, t)
    assert product.normal.tolist() == [1.0, 0.0, 0.0] and product.share == 0.25 * share
    nodes = product.nodes(rule)
    assert len(nodes.points) == 16 and math.isclose(float(nodes.weights.sum()), 0.25 * share)
