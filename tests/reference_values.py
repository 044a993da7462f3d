"""Values of reference solutions at points."""

import torch

from sirenpde.problem.reference import exact_values


def drawn(box, count, seed=0):
    return box.draw(count, torch.Generator().manual_seed(seed))[0]


def at(box, function, points):
    return exact_values(function, box.axes, points, {})


def relative(found, exact):
    return float((found - exact).norm() / exact.norm())
