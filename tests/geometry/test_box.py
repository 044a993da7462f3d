"""Boxes, slices, faces and regions: where their samples lie, how they spread, what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch

from sirenpde import Axis, Box
from sirenpde.geometry.domain import Data, Domain, subset
from sirenpde.geometry.tensor_grid import TensorGrid


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


spacetime = Box(t=(0, 0.5), x=(-1, 1), y=(2, 5))

domains: list[Domain] = [
    spacetime,
    spacetime.at(t=0.25),
    spacetime.boundary("x"),
    spacetime.boundary(),
    spacetime.at(t=0).boundary("y", side="low"),
    spacetime.where(lambda p: p[:, 1] > 0.9),
    spacetime.boundary("x", "y").where(lambda p: p[:, 0] < 0.1),
]


@pytest.mark.parametrize("domain", domains, ids=lambda d: d.name)
def test_samples_lie_in_the_domain_and_repeat_with_the_generator(domain: Domain) -> None:
    points, data = domain.draw(1000, seeded(3))
    again, _ = domain.draw(1000, seeded(3))
    other, _ = domain.draw(1000, seeded(4))
    assert points.shape == (1000, 3) and points.dtype == torch.float64
    assert all(len(values) == 1000 for values in data.values())
    for column, axis in zip(points.T, domain.axes, strict=True):
        assert column.min() >= axis.low and column.max() <= axis.high
    assert torch.equal(points, again) and not torch.equal(points, other)
    assert domain.size is None


def test_two_draws_of_one_generator_differ() -> None:
    generator = seeded()
    first, second = spacetime.draw(64, generator)[0], spacetime.draw(64, generator)[0]
    assert not torch.equal(first, second)


@pytest.mark.parametrize("n", [1000, 4096])
def test_box_samples_are_more_uniform_than_random_ones(n: int) -> None:
    points = Box(x=(0, 1), y=(-1, 1)).draw(n, seeded())[0]
    xi = (points - torch.tensor([0.5, 0.0])) / torch.tensor([1.0, 2.0])
    # Standard deviations of random points: 0.29/sqrt(n) for the mean, about 0.07/sqrt(n) for moments.
    assert xi.mean(0).abs().max() < 0.05 / math.sqrt(n)
    assert (xi.var(0) - 1 / 12).abs().max() < 0.05 / math.sqrt(n)
    assert abs(float((xi[:, 0] * xi[:, 1]).mean())) < 0.05 / math.sqrt(n)


def test_a_smooth_integral_is_far_better_than_monte_carlo() -> None:
    points = Box(x=(0, 1), y=(0, 1), z=(0, 1)).draw(4096, seeded())[0]
    exact = (math.e - 1) ** 3
    assert abs(float(points.sum(1).exp().mean()) - exact) < 2e-3  # Monte Carlo: 0.04


def test_axes_are_named_in_order() -> None:
    t, x, y = spacetime.axes
    assert (t, x, y) == (Axis("t", 0, 0.5), Axis("x", -1, 1), Axis("y", 2, 5))
    assert repr(spacetime) == "Box(t=(0, 0.5), x=(-1, 1), y=(2, 5))"
    assert spacetime == Box(t=(0, 0.5), x=(-1, 1), y=(2, 5)) != spacetime.at(t=0)
    assert hash(spacetime) == hash(Box(t=(0, 0.5), x=(-1, 1), y=(2, 5)))


def test_a_slice_keeps_all_coordinates() -> None:
    part = spacetime.at(t=0.25)
    points, _ = part.draw(100, seeded())
    assert part.axes == spacetime.axes and part.name == "t = 0.25" and part.measure == 6.0
    assert (points[:, 0] == 0.25).all() and points[:, 1].std() > 0.5
    assert part.at(x=1).name == "t = 0.25, x = 1"
    assert repr(part) == "Box(t=(0, 0.5), x=(-1, 1), y=(2, 5)).at(t=0.25)"


def test_a_slice_at_a_rounded_end_lies_at_the_end() -> None:
    assert Box(t=(0, 0.3)).at(t=0.1 + 0.2).fixed == (("t", 0.3),)


def test_a_slice_through_every_axis_is_one_point() -> None:
    start = Box(t=(0, 1)).at(t=0)
    assert start.size == 1
    assert start.draw(None, seeded())[0].tolist() == [[0.0]]
    assert start.draw(10, seeded())[0].shape == (1, 1)


def test_normals_are_unit_and_point_outwards() -> None:
    points, data = spacetime.boundary().draw(999, seeded())
    normals = data["normal"]
    assert torch.equal(normals.norm(dim=1), torch.ones(999, dtype=torch.float64))
    middle = torch.tensor([0.25, 0.0, 3.5], dtype=torch.float64)
    extent = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    # At a face the scaled coordinate across is ±1/2 in the direction of the normal.
    assert torch.allclose(((points - middle) / extent * normals).sum(1), torch.full((999,), 0.5).double())
    assert spacetime.boundary().normal == Data("normal")


def test_faces_are_chosen_in_proportion_to_their_measure() -> None:
    boundary = spacetime.boundary()
    points, data = boundary.draw(2200, seeded())
    areas = {0: 6.0, 1: 1.5, 2: 1.0}  # x·y, t·y, t·x
    assert boundary.measure == 2 * sum(areas.values())
    for axis, area in areas.items():
        for end in (-1, 1):
            on_face = data["normal"][:, axis] == end
            assert abs(int(on_face.sum()) - 2200 * area / 17) <= 1
    # Every face is filled evenly, and the points come in no order of faces.
    bottom = points[data["normal"][:, 0] == -1]
    assert (bottom.mean(0) - torch.tensor([0, 0, 3.5])).abs().max() < 0.01
    assert abs(float((data["normal"][:100, 0] != 0).double().mean()) - 12 / 17) < 0.15


def test_sides_and_names_of_faces() -> None:
    assert spacetime.boundary("x").name == "x = -1, 1"
    assert spacetime.boundary("x", "y").name == "x = -1, 1, y = 2, 5"
    assert spacetime.at(t=0).boundary("x", side="high").name == "t = 0, x = 1"
    points, data = spacetime.boundary("x", side="low").draw(10, seeded())
    assert (points[:, 1] == -1).all() and (data["normal"] == torch.tensor([0, -1, 0])).all()
    _, x, _ = spacetime.axes
    assert spacetime.boundary(x) == spacetime.boundary("x") == spacetime.boundary("x", "x")


def test_the_boundary_of_an_interval_is_two_points() -> None:
    ends = Box(x=(0, 3)).boundary()
    assert ends.size == 2 and ends.measure == 2
    points, data = ends.draw(100, seeded())
    assert points.tolist() == [[0], [3]] and data["normal"].tolist() == [[-1], [1]]
    assert ends.draw(1, seeded())[0].shape == (1, 1)
    right = ends.where(lambda p: p[:, 0] > 1)
    assert right.size == 1 and right.draw(None, seeded())[0].tolist() == [[3]]


def test_a_region_is_filled_evenly() -> None:
    disk = Box(x=(-1, 1), y=(-1, 1)).where(lambda p: p.norm(dim=1) < 0.5, name="disk")
    points, _ = disk.draw(4000, seeded())
    assert disk.name == "disk" and disk.size is None
    assert points.norm(dim=1).max() < 0.5
    assert abs(float(points.norm(dim=1).square().mean()) - 0.125) < 1e-3  # R²/2
    half = disk.where(lambda p: p[:, 0] > 0)
    points, _ = half.draw(500, seeded())
    assert points[:, 0].min() > 0 and points.norm(dim=1).max() < 0.5


def test_a_part_of_the_boundary_has_its_normals() -> None:
    inflow = spacetime.boundary("x").where(lambda p: p[:, 2] < 3)
    points, data = inflow.draw(50, seeded())
    assert (points[:, 2] < 3).all() and torch.equal(data["normal"][:, 1], points[:, 1])
    assert inflow.normal == Data("normal")


def test_grid_and_nodes() -> None:
    points, shape = spacetime.at(t=0.5).grid({"x": 3, "y": 2})
    assert shape == (1, 3, 2)
    assert points.tolist() == [[0.5, x, y] for x in (-1, 0, 1) for y in (2, 5)]
    nodes = Box(x=(0, 1), y=(0, 2)).nodes(4)
    lattice = nodes.lattice
    assert nodes.size == 16 and lattice is not None and lattice.shape == (4, 4)
    assert torch.equal(lattice.points, nodes.points)
    part = nodes.where(nodes.points[:, 0] > 0.5)
    assert part.lattice is not None and torch.equal(part.lattice.points, part.points)


def test_a_lattice_picks_coordinates_by_index() -> None:
    lattice = TensorGrid.rows(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([9.0, 8.0]))
    assert lattice.points.tolist() == [[1, 9], [2, 9], [3, 9], [1, 8], [2, 8], [3, 8]]


@pytest.mark.parametrize(("size", "n"), [(10, 9), (1000, 100), (200_000, 1000)])
def test_a_subset_has_no_point_twice_and_favours_none(size: int, n: int) -> None:
    generator = seeded()
    chosen = subset(size, n, generator)
    assert chosen is not None and len(chosen) == n == len(torch.unique(chosen))
    assert chosen.min() >= 0 and chosen.max() < size
    draws = [subset(size, n, generator) for _ in range(50)]
    mean = torch.cat([d for d in draws if d is not None]).double().mean() / (size - 1)
    assert abs(float(mean) - 0.5) < 4 * 0.29 / math.sqrt(50 * n)
    assert subset(size, size, generator) is None and subset(size, None, generator) is None


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "without axes": (lambda: Box(), "at least one is needed"),
    "one number": (lambda: Box(x=1), r"The axis x was given 1; expected two numbers"),  # type: ignore[arg-type]
    "reversed": (lambda: Box(x=(1, 0)), r"x runs from 1 to 0; the low end comes first"),
    "empty": (lambda: Box(x=(1, 1)), r"must not be empty"),
    "infinite": (lambda: Box(x=(0, math.inf)), r"x runs from 0\.0 to inf; its ends must be finite"),
    "nan": (lambda: Box(x=(math.nan, 1)), r"must be finite"),
    "name": (lambda: Box(**{"a b": (0, 1)}), r"'a b' was given as an axis; expected a Python name"),
    "unknown axis": (lambda: spacetime.at(z=0), r"no axis 'z'; the axes are t, x, y"),
    "outside": (lambda: spacetime.at(t=3), r"t = 3 lies outside the box; t runs from 0 to 0\.5"),
    "nan slice": (lambda: spacetime.at(t=math.nan), r"t = nan lies outside"),
    "word": (lambda: spacetime.at(t="a"), r"t = 'a', a str, was asked for; expected a number from 0 to 0\.5"),  # type: ignore[arg-type]
    "fixed twice": (lambda: spacetime.at(t=0).at(t=0.5), r"t is already held at 0"),
    "unknown face": (lambda: spacetime.boundary("z"), r"no axis 'z'; the axes are t, x, y"),
    "side": (lambda: spacetime.boundary("x", side="left"), r"side='left' was given"),  # type: ignore[arg-type]
    "point": (lambda: Box(x=(0, 1)).at(x=0).boundary(), r"'x = 0' is a single point"),
    "no number": (lambda: spacetime.draw(None, seeded()), r"infinitely many points.*samples=1024"),
    "zero": (lambda: spacetime.boundary().draw(0, seeded()), r"Asked for 0 points"),
    "zero of some": (lambda: subset(5, 0, seeded()), r"Asked for 0 of 5 points"),
    "grid": (lambda: spacetime.grid({"t": 3}), r"numbers for t; expected one for each of t, x, y"),
    "thin grid": (lambda: spacetime.grid(1), r"2 points or more along t, its ends; got 1"),
    "nowhere": (
        lambda: spacetime.where(lambda p: p[:, 0] > 9, "late").draw(5, seeded()),
        r"None of \d+ points of \(t, x, y\) lies in 'late'",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusals_say_what_to_do(what: str) -> None:
    attempt, message = REFUSED[what]
    with pytest.raises((ValueError, TypeError), match=message):
        attempt()


def test_a_predicate_gives_booleans_for_points() -> None:
    with pytest.raises(TypeError, match="float64; booleans are needed"):
        spacetime.where(lambda p: p[:, 0]).draw(5, seeded())
    with pytest.raises(ValueError, match=r"shape \(1024, 3\); expected \(1024,\)"):
        spacetime.where(lambda p: p > 0).draw(5, seeded())
