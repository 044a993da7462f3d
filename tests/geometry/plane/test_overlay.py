"""Combinations at random: arcs that close, areas by two ways and by counting, normals that point out."""

import random

import pytest
import torch

from sirenpde import Box, Disk, Ellipse, Polygon
from sirenpde.geometry.plane.arc import Arc
from sirenpde.geometry.plane.overlay import joined


def primitive(chosen, number):
    x, y, size = number(-1, 1), number(-1, 1), max(0.25, number(0.25, 1))
    kind = chosen.choice(["disk", "box", "ellipse", "rounded", "triangle"])
    if kind == "disk":
        return Disk(center=(x, y), radius=size)
    if kind == "box":
        return Box(x=(x, x + size), y=(y, y + max(0.25, number(0.25, 1.5))))
    if kind == "ellipse":
        return Ellipse(center=(x, y), radii=(size, max(0.25, number(0.25, 1))))
    if kind == "triangle":
        return Polygon([(x, y), (x + 1, y + 0.25), (x + 0.5, y + 1)])
    corners = [(0, 0), (1, 0), (1, 0.5), (0.5, 0.5), (0.5, 1), (0, 1)]
    return Polygon([(x + a, y + b) for a, b in corners], rounded=chosen.choice([0, 0.125]))


def combined(seed, on_grid):
    """Some primitives, one after another; on a grid they share edges and corners, and touch."""
    chosen = random.Random(seed)
    number = (lambda a, b: chosen.randint(int(a * 4), int(b * 4)) / 4) if on_grid else chosen.uniform
    shape = primitive(chosen, number)
    for _ in range(3):
        other, operator = primitive(chosen, number), chosen.choice("||&-")
        try:
            shape = {"|": shape.__or__, "&": shape.__and__, "-": shape.__sub__}[operator](other)
        except ValueError as error:  # and rightly so
            assert "is empty" in str(error) or "lies outside" in str(error)
            mine, its = (s.draw(1000, torch.Generator().manual_seed(seed))[0] for s in (shape, other))
            apart = not bool((shape.level(its) < -1e-9).any())
            assert apart or (operator == "-" and bool((other.level(mine) <= 0).all()))
        if not on_grid:
            shape = shape.rotated(chosen.uniform(0, 3))
    return shape


@pytest.mark.parametrize("on_grid", [True, False], ids=["grid", "anywhere"])
@pytest.mark.parametrize("seed", range(12))
def test_combinations_are_sound(seed, on_grid):
    shape = combined(seed, on_grid)
    generator = torch.Generator().manual_seed(seed)
    nodes = shape.cubature(2)
    assert float(nodes.weights.sum()) == pytest.approx(shape.measure, rel=1e-13)
    assert shape.level(nodes.points).max() < 1e-12
    low, high = torch.tensor(shape.bounds, dtype=torch.float64).T
    anywhere = low + (high - low) * torch.rand(20_000, 2, dtype=torch.float64, generator=generator)
    counted = (shape.level(anywhere) < 0).double().mean() * (high - low).prod()
    assert float(counted) == pytest.approx(shape.measure, abs=0.015 * float((high - low).prod()))
    points, data = shape.boundary().draw(500, generator)
    beside = [shape.level(points + s * 1e-8 * data["normal"]) for s in (1, -1)]
    assert float(((beside[0] > 0) & (beside[1] < 0)).double().mean()) > 0.99  # a corner may be nearer
    assert sorted(arc.start for arc in shape.sides) == sorted(arc.end for arc in shape.sides)


def test_arcs_that_do_not_close_are_told():
    arcs = list(Box(x=(0, 1), y=(0, 1)).sides)
    assert all(isinstance(arc, Arc) for arc in arcs)
    assert joined(arcs, 1.0) is not None and joined(arcs[:3], 1.0) is None
