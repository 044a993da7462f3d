"""Burgers' equation by Cole and Hopf: against itself with more nodes, and against its equation."""

import math

import numpy as np
import pytest
import torch
from reference_values import at, drawn

from sirenpde import Box, D
from sirenpde.references.burgers import burgers_from_sine


def trapezoid(viscosity, t, x, nodes=4001, half=12.0):
    """The same formula with many more nodes, plainly written."""
    z = np.linspace(-half, half, nodes)
    y = np.pi * (x - z * np.sqrt(4 * viscosity * t))
    exponent = -np.cos(y) / (2 * np.pi * viscosity) - z**2
    weight = np.exp(exponent - exponent.max())
    return -(np.sin(y) * weight).sum() / weight.sum()


@pytest.mark.parametrize("viscosity", [2.0, 0.01, 0.01 / math.pi])
def test_burgers_has_converged_in_its_nodes(viscosity):
    box = Box(t=(0, 1), x=(-1, 1))
    points = drawn(box, 200)
    points[::2, 1] *= 0.01  # in the layer
    known = [trapezoid(viscosity, *point) for point in points.tolist()]
    found = at(box, burgers_from_sine(viscosity, box.axes), points)
    assert float((found - torch.tensor(known)).abs().max()) < 1e-14


def test_burgers_solves_its_equation():
    viscosity, box = 0.01 / math.pi, Box(t=(0, 1), x=(-1, 1))
    t, x = box.axes
    u = burgers_from_sine(viscosity, box.axes)
    points = drawn(box, 200)
    points[::2, 1] *= 0.01
    terms = [at(box, f, points) for f in (D(u, t), u, D(u, x), D(u, x, x))]
    residual = terms[0] + terms[1] * terms[2] - viscosity * terms[3]
    assert float(terms[2].abs().max()) > 100  # the layer is there
    assert float(residual.abs().max()) < 1e-11
    first = at(box, u, drawn(box.at(t=0), 50))
    assert torch.allclose(first, -torch.sin(math.pi * drawn(box.at(t=0), 50)[:, 1]), rtol=0, atol=1e-15)
    with pytest.raises(ValueError, match="positive number"):
        burgers_from_sine(0.0, box.axes)
