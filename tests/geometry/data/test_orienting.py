"""Normals turned by the vote of neighbours: mended where a minority is wrong, and left where none is."""

from __future__ import annotations

import pytest
import torch
from boxes import seeded
from solids import sphere
from torch import Tensor

from sirenpde.geometry.data.local_fits import tree_of
from sirenpde.geometry.data.orienting import agreement, along_the_surface, oriented, voted


def sheet(count: int) -> tuple[Tensor, Tensor]:
    """Both faces of a sheet a fiftieth thick, which is less than samples are apart where they are few."""
    points = torch.rand(count, 3, dtype=torch.float64, generator=seeded())
    side = torch.where(torch.arange(count) % 2 == 0, 1.0, -1.0).double()
    normals = torch.zeros_like(points)
    points[:, 2], normals[:, 2] = 0.01 * side, side
    return points, normals


@pytest.mark.parametrize("count", [700, 2000])
def test_the_two_sides_of_a_thin_sheet_do_not_contradict_each_other(count: int) -> None:
    points, normals = sheet(count)
    tree = tree_of(points)
    beside, agree = agreement(points, normals, tree)
    along = along_the_surface(points, normals, beside)
    assert float((agree[along] < 0).double().mean()) < 0.01
    assert torch.equal(voted(points, normals, tree), normals)


def test_a_tenth_of_wrong_normals_is_turned_back() -> None:
    ball = sphere(3000)
    wrong = torch.rand(len(ball), 1, generator=seeded()) < 0.1
    assert torch.equal(voted(ball, torch.where(wrong, -ball, ball), tree_of(ball)), ball)


def test_parts_are_turned_outwards_and_cavities_inwards() -> None:
    outer, inner, other = sphere(2000), 0.5 * sphere(800), sphere(500) + torch.tensor([3.0, 0, 0])
    points = torch.cat([outer, inner, other])
    right = torch.cat([outer, -2 * inner, other - torch.tensor([3.0, 0, 0])])
    sign = torch.where(torch.rand(len(points), 1, generator=seeded()) < 0.5, -1.0, 1.0).double()
    assert torch.allclose(oriented(points, sign * right, tree_of(points)), right)
