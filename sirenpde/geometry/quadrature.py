"""The nodes and weights of a domain: the tensor products that it consists of, or its own."""

from __future__ import annotations

import torch

from . import can
from .domain import Domain
from .nodes import Line, Rule, TensorNodes, WeightedNodes, gauss


def quadrature(domain: Domain, rule: Rule) -> tuple[TensorNodes, ...] | None:
    """Tensor products of nodes, those of the rule along the axes that a domain leaves free, with weights.

    A box, its slices and faces are such products; so is a finite domain that fills a lattice, whose own nodes
    count. None for any other domain.

    >>> from sirenpde import Box
    >>> from sirenpde.geometry.nodes import gauss
    >>> (whole,) = quadrature(Box(x=(0, 1), y=(0, 2)), lambda axis: gauss(axis.low, axis.high, 3))
    >>> x, y = whole.points.T
    >>> round(float((x * y**2) @ whole.weights), 12)  # the mean over the box: 1/2 times 4/3
    0.666666666667
    """
    if isinstance(domain, can.Quadrature):
        return domain.quadrature(rule)
    patches = can.patches_of(domain)
    if patches is not None:
        return tuple(patch.nodes(rule) for patch in patches)
    lattice = can.lattice_of(domain)
    if lattice is None or not lattice.is_full:
        return None
    _, data = domain.draw(None, torch.Generator())
    strides = [*torch.tensor(lattice.shape[::-1]).cumprod(0).flip(0).tolist()[1:], 1]
    order = torch.argsort((lattice.index * torch.tensor(strides)).sum(1))
    lines = tuple(Line.even(c.double()) for c in lattice.coordinates)
    return (TensorNodes(lines, 1.0, {key: values[order] for key, values in data.items()}),)


def cubature(domain: Domain, count: int) -> WeightedNodes | None:
    """Nodes, weights and data that integrate polynomials up to degree 2 ``count`` - 1 over a domain exactly.

    Those of Gauss along axes where the domain is a product of intervals, its own otherwise; None for a domain that
    has none, or does not know its measure.

    >>> from sirenpde import Disk
    >>> nodes = cubature(Disk(radius=2), 2)
    >>> round(float(nodes.points[:, 0].square() @ nodes.weights), 12)  # π 2⁴ / 4
    12.566370614359
    """
    products = quadrature(domain, lambda axis: gauss(axis.low, axis.high, count))
    if products is None:
        return domain.cubature(count) if isinstance(domain, can.Cubature) else None
    if not isinstance(domain, can.Measure):
        return None
    data = {key: torch.cat([nodes.data[key] for nodes in products]) for key in products[0].data}
    weights = domain.measure * torch.cat([nodes.weights for nodes in products])
    return WeightedNodes(torch.cat([nodes.points for nodes in products]), weights, data)
