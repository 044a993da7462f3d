"""Slits: a side of the boundary on either hand, and what is no slit."""

import math

import pytest
import torch

from sirenpde import Box, Disk, Slit
from sirenpde.geometry.corners import corners_of

SQUARE = Box(x=(-1, 1), y=(-1, 1))


@pytest.mark.parametrize("start", [(1, 0), (1, 1), (-0.3, 1), (-1, -0.2)])
def test_the_boundary_runs_around_the_slit_on_both_hands(start):
    cracked = Slit(SQUARE, start=start, tip=(0, 0))
    sides = cracked.sides
    assert all(a.end == b.start for a, b in zip(sides, (*sides[1:], *sides[:1]), strict=True))
    assert cracked.boundary().measure == pytest.approx(8 + 2 * math.hypot(*start))
    assert cracked.measure == 4 and cracked.faces.measure == pytest.approx(2 * math.hypot(*start))
    openings = {c.at: c.opening for c in corners_of(cracked) if c.at == (0.0, 0.0)}
    assert openings == {(0.0, 0.0): pytest.approx(2 * math.pi)}


def test_points_of_its_sides_lie_on_their_own_hand_with_normals_into_the_crack():
    cracked = Slit(SQUARE, start=(1, 0), tip=(0, 0))
    points, data = cracked.faces.draw(200, torch.Generator().manual_seed(0))
    assert float(points[:, 1].abs().max()) < 1e-11
    assert torch.equal(points[:, 1].sign(), -data["normal"][:, 1])
    assert {-1.0, 1.0} == set(data["normal"][:, 1].tolist())
    assert float(cracked.level(points).abs().max()) < 1e-11
    inside, _ = cracked.draw(100, torch.Generator().manual_seed(0))
    assert bool((cracked.level(inside) < 0).all())
    assert float(cracked.level(torch.tensor([[0.5, 0.1], [-0.3, 0.4]]).double())[0]) == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("start", "tip", "told"),
    [
        ((0.5, 0), (0, 0), "not on its boundary"),
        ((1, 0), (-1, 0), "leaves the shape"),
        ((1, 0), (2, 0), "leaves"),
    ],
)
def test_what_is_no_slit_is_said(start, tip, told):
    with pytest.raises(ValueError, match=told):
        Slit(SQUARE, start=start, tip=tip)
    with pytest.raises(ValueError, match="leaves the shape"):
        Slit(SQUARE - Disk(radius=0.3), start=(1, 0), tip=(-0.5, 0))
