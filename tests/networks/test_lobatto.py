"""Nodes of Lobatto, and the polynomials through them."""

import pytest
import torch

from sirenpde.networks.lobatto import lobatto, slopes_at_nodes, through_nodes

ORDERS = pytest.mark.parametrize("order", [1, 2, 5, 12, 28])


@ORDERS
def test_the_rule_is_exact_to_its_degree(order):
    nodes, weights = lobatto(order)
    assert nodes[0] == -1 and nodes[-1] == 1 and torch.equal(nodes, -nodes.flip(0))
    for degree in (0, 2 * order - 2, 2 * order - 1):
        exact = 0.0 if degree % 2 else 2 / (degree + 1)
        assert abs(float(weights @ nodes**degree) - exact) < 1e-13


@ORDERS
def test_polynomials_are_read_between_nodes_and_have_their_slopes(order):
    nodes, _ = lobatto(order)
    x = torch.linspace(-1, 1, 17, dtype=torch.float64)
    for degree in {1, order // 2, order}:
        assert float((through_nodes(order, x) @ nodes**degree - x**degree).abs().max()) < 1e-13
        slopes = slopes_at_nodes(order) @ nodes**degree
        assert float((slopes - degree * nodes ** max(degree - 1, 0) * (degree > 0)).abs().max()) < 1e-11
