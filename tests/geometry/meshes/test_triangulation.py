"""Triangles that conform to curves."""

import math

import numpy as np
import pytest
import shapely

from sirenpde.geometry.meshes.triangulation import angles_of, triangulate


def circle(center, radius):
    def curve(s):
        angle = 2 * np.pi * s
        return np.array(center) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)

    return curve


def polygon(*corners):
    def side(a, b):
        return lambda s: np.array(a) + (np.array(b, float) - np.array(a)) * s[:, None]

    return [side(a, b) for a, b in zip(corners, [*corners[1:], corners[0]], strict=True)]


def square_level(p):
    return np.abs(p).max(1) - 1


def disk_level(center, radius):
    return lambda p: np.linalg.norm(p - np.array(center), axis=1) - radius


SQUARE = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
L = [(-1, -1), (1, -1), (1, 0), (0, 0), (0, 1), (-1, 1)]
HOLES = [((-0.4, -0.4), 0.1), ((0.4, 0.4), 0.2), ((0.4, -0.4), 0.3), ((-0.4, 0.4), 0.05)]
WEDGE = [(0, 0), (1, 0.05), (1, 0.2), (0.3, 0.5), (0.1, 2)]  # 10.5 degrees at its tip


def l_level(p):
    return np.maximum(square_level(p), np.minimum(p[:, 0], p[:, 1]))


def holes_level(p):
    return np.max([square_level(p), *(-disk_level(*hole)(p) for hole in HOLES)], axis=0)


def crescent_level(p):
    return np.maximum(disk_level((0, 0), 1)(p), -disk_level((0.3, 0), 0.68)(p))


def wedge_level(p):
    shape, points = shapely.Polygon(WEDGE), shapely.points(p)
    return np.where(shapely.contains(shape, points), -1, 1) * shapely.distance(shape.exterior, points)


CASES = {
    "disk": ([circle((0, 0), 1)], disk_level((0, 0), 1), math.pi, 29),
    "holes": (
        [*polygon(*SQUARE), *(circle(*hole) for hole in HOLES)],
        holes_level,
        4 - math.pi * sum(r**2 for _, r in HOLES),
        22,
    ),
    "L": (polygon(*L), l_level, 3.0, 30),
    "crescent": ([circle((0, 0), 1), circle((0.3, 0), 0.68)], crescent_level, math.pi * (1 - 0.68**2), 25),
    "wedge": (polygon(*WEDGE), wedge_level, shapely.Polygon(WEDGE).area, 10),
}


def mesh(case, size):
    curves, level, area, _ = CASES[case]
    points, triangles = triangulate(curves, level, size)
    corners = points[triangles]
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    areas = (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    return points, triangles, areas, areas.sum() - area


def boundary(triangles):
    edges = np.sort(np.concatenate([triangles[:, [i, (i + 1) % 3]] for i in range(3)]), axis=1)
    unique, times = np.unique(edges, axis=0, return_counts=True)
    assert times.max() <= 2
    return unique[times == 1]


@pytest.mark.parametrize("case", CASES)
def test_triangles_fill_the_shape_and_their_boundary_lies_on_its_own(case):
    _, level, _, least = CASES[case]
    points, triangles, areas, _ = mesh(case, 0.1)
    assert (areas > 0).all() and len(np.unique(triangles)) == len(points)
    edges = boundary(triangles)
    assert np.abs(level(points[np.unique(edges)])).max() < 1e-14
    assert (level(points[triangles].mean(1)) < 0).all()
    assert angles_of(points, triangles).min() > least
    # Every boundary vertex has two boundary edges: closed loops without gaps.
    assert (np.unique(edges, return_counts=True)[1] == 2).all()
    assert np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1).max() < 0.15


@pytest.mark.parametrize("case", ["disk", "holes", "crescent"])
def test_the_area_converges_at_second_order(case):
    coarse, fine = (abs(mesh(case, size)[3]) for size in (0.0625, 0.04))
    assert fine < coarse / 2 and fine < 5e-3
    assert abs(mesh("L", 0.2)[3]) < 1e-14


def test_corners_are_kept():
    points = mesh("L", 0.17)[0]
    for corner in L:
        assert np.linalg.norm(points - np.array(corner), axis=1).min() < 1e-15


def test_triangles_are_finer_at_a_small_hole_and_grow_away_from_it():
    points, triangles, areas, _ = mesh("holes", 0.1)
    distance = np.linalg.norm(points[triangles].mean(1) - np.array([-0.4, 0.4]), axis=1)
    near, far = areas[distance < 0.08], areas[distance > 1]
    assert near.max() < 0.1 * np.median(far)
    assert len(points) < 900
