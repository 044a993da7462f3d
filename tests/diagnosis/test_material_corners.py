"""Exponents where materials meet, and cells that have the functions of such points."""

import math

import pytest
import torch

from sirenpde import Box, Field, Pieces, Problem, SineFeatures, div, grad, on
from sirenpde.diagnosis.jumps import jumps
from sirenpde.diagnosis.material_corners import exponents_around, material_corners

BOX = Box(x=(0, 1), y=(0, 1))
x, y = BOX.axes


def plate(conductivity, network=None):
    u = Field("u", BOX, network)

    def flux(p):
        return conductivity(p) * grad(u)(p)

    @on(BOX, samples=200)
    def heat(p):
        """-∇·(a ∇u) = 1"""
        return -div(flux)(p) - 1

    return Problem(heat, on(BOX.boundary(), samples=50, name="edge")(lambda p: u(p))), u


@pytest.mark.parametrize("contrast", [2.0, 10.0, 1000.0])
def test_exponents_of_a_checkerboard_are_known(contrast):
    first = 4 / math.pi * math.atan(1 / math.sqrt(contrast))
    expected = [first, 2 - first, 2, 2 + first, 4 - first, 4]
    assert exponents_around([1, contrast, 1, contrast])[:6] == pytest.approx(expected, abs=1e-6)


def test_one_material_has_whole_exponents():
    assert exponents_around([3, 3, 3, 3], 3.5) == pytest.approx([1, 2, 3], abs=1e-6)


def test_crosses_are_found_and_straight_lines_are_none():
    cross, u = plate(lambda p: torch.where((x(p) < 0.5) == (y(p) < 0.4), 1.0, 10.0))
    inside = [s.at for s in material_corners(cross, u) if 0 < s.at[0] < 1 and 0 < s.at[1] < 1]
    assert inside == [(0.5, 0.4)]
    layers, u = plate(lambda p: torch.where(x(p) < 0.5, 1.0, 10.0))
    assert material_corners(layers, u) == ()


def test_what_cells_are_cut_along_is_no_mistake():
    def cross(p):
        return torch.where((x(p) < 0.5) == (y(p) < 0.4), 1.0, 10.0)

    assert len(jumps(plate(cross)[0])) == 2
    assert len(jumps(plate(cross, SineFeatures(100, 5.0))[0])) == 2
    assert jumps(plate(cross, Pieces())[0]) == []
    round_one = plate(lambda p: torch.where(x(p) ** 2 + y(p) ** 2 < 0.3, 1.0, 10.0), Pieces())
    assert len(jumps(round_one[0])) == 2
