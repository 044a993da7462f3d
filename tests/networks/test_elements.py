"""Spectral elements: which nodes cells share, where points lie, and periods."""

import pytest
import torch

from sirenpde import Elements
from sirenpde.networks.values import recipe_from_value, recipe_to_value

TWO = (((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.2, 1.1)), ((1.0, 0.0), (1.2, 1.1), (2.0, 0.0), (2.0, 1.0)))


def built(recipe, low, high, periodic=()):
    return recipe.build(low, high, 1, periodic, torch.Generator())


def filled(network, function):
    """The network with the values of a function of (times, places) at its nodes."""
    places = torch.zeros(network.nodes, network.dim, dtype=torch.float64)
    places[network.numbers.reshape(-1)] = network.positions.flatten(0, 1)
    with torch.no_grad():
        for slab in range(len(network.slabs) - 1):
            for k, t in enumerate(network.times(slab)):
                network.values[slab, k, :, 0] = function(t, places)
    return network


@pytest.mark.parametrize("time", [0, 2])
def test_polynomials_are_found_again_everywhere(time):
    ends = ([0.0, 0, 0], [1.0, 2, 1.1]) if time == 0 else ([0.0, 0, 0], [2.0, 1.1, 1])
    network = built(Elements(4, TWO, (0.0, 0.4, 1.0), 3, time), *ends)
    assert network.nodes == 5 * 5 + 5 * 5 - 5  # a side is shared
    filled(network, lambda t, x: (1 + t**3) * (x[:, 0] ** 2 * x[:, 1] - x[:, 1] ** 2))
    random = torch.rand(40, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    t, x, y = random[:, 0], 2 * random[:, 1], 0.99 * random[:, 2]
    points = torch.stack([t, x, y] if time == 0 else [x, y, t], dim=1)
    exact = (1 + t**3) * (x**2 * y - y**2)
    assert float((network(points)[:, 0] - exact).detach().abs().max()) < 1e-13


def test_curved_cells_are_followed():
    """A quarter of a ring, whose sides are no straight lines."""
    xi = torch.linspace(-1, 1, 3, dtype=torch.float64)
    r, turn = torch.meshgrid(1.5 + xi / 2, torch.pi / 4 * (xi + 1), indexing="ij")
    corners = torch.stack([r * torch.cos(turn), r * torch.sin(turn)], dim=-1).reshape(9, 2)
    network = built(Elements(6, (tuple(map(tuple, corners.tolist())),)), [0.0] * 3, [1.0, 2.0, 2.0])
    filled(network, lambda t, x: x[:, 0] * x[:, 1])
    place = network.positions[0, [8, 24, 40]]
    points = torch.nn.functional.pad(place, (1, 0), value=0.5)
    assert float((network(points)[:, 0] - place.prod(1)).detach().abs().max()) < 1e-12


def test_a_period_closes_the_cells():
    one = ((0.0,), (0.5,)), ((0.5,), (1.0,))
    network = built(Elements(5, one, (0.0, 1.0), 2), [0.0, 0.0], [1.0, 1.0], periodic=(1,))
    assert network.nodes == 10
    with torch.no_grad():
        network.values.normal_(generator=torch.Generator().manual_seed(0))
    points = torch.tensor([[0.3, 0.0], [0.3, 1.0], [0.3, 0.2], [0.3, 1.2]], dtype=torch.float64)
    low, high, first, second = network(points)[:, 0].tolist()
    assert abs(low - high) < 1e-13 and abs(first - second) < 1e-13


def test_recipes_are_values_and_come_back():
    recipe = Elements(4, TWO, (0.0, 0.4, 1.0), 3, 2)
    assert recipe_from_value(recipe_to_value(recipe)) == recipe
    assert Elements().is_open and not recipe.is_open
    assert recipe.describe() == "2 spectral elements of order 4, 2 slabs of time"


def test_orders_and_degrees_are_checked():
    with pytest.raises(ValueError, match="degree=0"):
        Elements(3, TWO, (), 0)
    with pytest.raises(ValueError, match="order=0"):
        Elements(0)
