"""Rays: where they enter and leave a box, their nodes and lengths, and beams of a tomograph."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Box, Rays
from sirenpde.geometry.gathered import DEPTHS, LENGTHS, NODES

cube = Box(x=(-1, 1), y=(-1, 1), z=(0, 3))
plane = Box(x=(-1, 1), y=(-1, 1))


def drawn(rays, n=None, seed=0):
    return rays.draw(n, torch.Generator().manual_seed(seed))


def test_a_ray_runs_from_where_it_enters_a_box_to_where_it_leaves():
    rays = Rays(
        [[0, 0, -2.0], [-3, 0.5, 1], [5, 0, 0], [0, 0, 1]],
        [[0, 0, 4.0], [1, 0, 0], [0, 1, 0], [1, 1, 0]],
        cube,
    )
    assert rays.near.tolist() == [2, 2, 0, 0]
    assert rays.far.tolist() == pytest.approx([5, 4, 0, math.sqrt(2)])
    points, data = drawn(rays)
    assert points[:2].tolist() == [[0, 0, 1.5], [0, 0.5, 1]]
    inside = (data[NODES][:2] >= torch.tensor([-1.0, -1, 0])) & (data[NODES][:2] <= torch.tensor([1.0, 1, 3]))
    assert bool(inside.all())
    assert data[LENGTHS].sum(1).tolist() == pytest.approx([3, 2, 0, math.sqrt(2)])
    assert torch.allclose((data[NODES] - rays.origins[:, None]).norm(dim=2), data[DEPTHS])


def test_random_nodes_lie_one_in_each_part_and_differ_from_draw_to_draw():
    rays = Rays(
        [[0, 0, -2.0]],
        torch.randn(5, 3, generator=torch.Generator().manual_seed(1)),
        cube,
        1,
        4,
        nodes=8,
        rule="random",
    )
    assert rays.size is None
    first, again, other = (drawn(rays, 20, seed)[1][DEPTHS] for seed in (0, 0, 1))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert ((first - 1) / 3 * 8).long().tolist() == [list(range(8))] * 20


def test_beams_are_the_lines_of_radons_transform():
    angles, measured = np.linspace(0, np.pi, 5)[:-1], np.arange(12.0).reshape(4, 3)
    rays = Rays.parallel(plane, angles, 3, measured, nodes=6)
    _, data = drawn(rays)
    x, y = data[NODES].unbind(2)
    angle, offset = data["angle"][:, None], data["offset"][:, None]
    assert torch.allclose(x * angle.cos() + y * angle.sin(), offset.expand_as(x), atol=1e-12)
    assert data["measured"].tolist() == list(range(12))
    assert data[LENGTHS].sum(1)[:3].tolist() == pytest.approx([2, 2, 2])
    corner = math.sqrt(2) - 2 / 3
    assert data[LENGTHS].sum(1)[3:6].tolist() == pytest.approx([2 * corner, 2 * math.sqrt(2), 2 * corner])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rays([[0.0, 0, 0]], [[0.0, 0, 0]], cube), "has length 0"),
        (lambda: Rays([[0.0, 0]], [[0.0, 0, 1]], cube), "expected \\(n, 3\\)"),
        (lambda: Rays([[0.0, 0, 0]], [[0.0, 0, 1]], cube, 3, 2), "expected near <= far"),
        (lambda: Rays([[0.0, 0, 0]], [[0.0, 0, math.nan]], cube), "finite numbers"),
        (lambda: Rays([[0.0, 0, 0]], [[0.0, 0, 1]], cube, rule="simpson"), "expected one of"),
        (lambda: Rays([[0.0, 0, 0]], [[0.0, 0, 1]], cube, data={"seen": [1.0, 2.0]}), "one row for each"),
        (lambda: Rays.parallel(cube, [0.0], 3), "domain in the plane"),
        (lambda: Rays.parallel(plane, [0.0, 1], 3, np.zeros((3, 2))), "angles by detectors"),
    ],
)  # fmt: skip
def test_what_is_no_ray_is_said(make, said):
    with pytest.raises(ValueError, match=said):
        make()
