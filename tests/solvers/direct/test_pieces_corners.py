"""Singular points of shapes in open cells: their functions, cuts through them, slits that do not join cells."""

import math
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.patches import Rectangle
from torch import Tensor

from sirenpde import Box, Field, Pieces, Point, Polygon, Problem, Slit, Solution, laplacian, on, solve
from sirenpde.geometry.can import contains
from sirenpde.geometry.shape import Shape
from sirenpde.networks.partition import Partition
from sirenpde.networks.pieces import PiecesNetwork
from sirenpde.networks.polar import AroundPoints
from sirenpde.residuals.unfit import Unfit
from sirenpde.sampling.pieces import layout_of
from sirenpde.solvers.direct.pieces_corners import cuts_between, shape_corners, with_points, with_room
from sirenpde.solvers.direct.pieces_solve import is_slit, parts_within

L_SHAPE = Polygon([(-1, -1), (0, -1), (0, 0), (1, 0), (1, 1), (-1, 1)])
SQUARE = Box(x=(-1, 1), y=(-1, 1))
TURN = math.radians(20)
DIAMOND = Polygon(
    [(math.cos(a) * 0.7, math.sin(a) * 0.7) for a in (TURN + k * math.pi / 2 for k in range(4))]
)
PLATE = Box(x=(-1.2, 1.2), y=(-1.2, 1.2)) - DIAMOND
CRACKED = Slit(SQUARE, start=(-1, 0.3), tip=(0.2, 0.3))


def with_bump(
    shape: Shape, tip: tuple[float, float], cut: float, power: float, bump: tuple[float, float]
) -> Problem:
    """Δu = Δ(bump), of width 0.03, and r^λ sin λθ beside it, θ from the direction ``cut`` on; given on all sides."""
    u = Field("u", shape, Pieces())
    x, y = shape.axes
    width = 0.03

    def mode(p: Point) -> Tensor:
        a, b = x(p) - tip[0], y(p) - tip[1]
        turn = cut + math.pi
        theta = torch.atan2(-math.sin(turn) * a + math.cos(turn) * b, math.cos(turn) * a + math.sin(turn) * b)
        return (a**2 + b**2) ** (power / 2) * torch.cos(power * theta)

    def peak(p: Point) -> Tensor:
        return torch.exp(-((x(p) - bump[0]) ** 2 + (y(p) - bump[1]) ** 2) / (2 * width**2))

    def source(p: Point) -> Tensor:
        far = ((x(p) - bump[0]) ** 2 + (y(p) - bump[1]) ** 2) / width**2
        return peak(p) * (far - 2) / width**2

    def exact(p: Point) -> Tensor:
        return mode(p) + peak(p)

    inside = on(shape, samples=2000, name="inside")(lambda p: laplacian(u)(p) - source(p))
    outer = shape.shape if isinstance(shape, Slit) else shape
    sides = on(outer.boundary(), samples=800, name="sides")(lambda p: u(p) - exact(p))
    if not isinstance(shape, Slit):
        return Problem(inside, sides, reference={u: exact})
    held = on(shape.faces, samples=800, name="held")(lambda p: u(p))
    return Problem(inside, held, sides, reference={u: exact})


def re_entrant() -> Problem:
    return with_bump(L_SHAPE, (0, 0), -math.pi / 4, 2 / 3, (-0.55, 0.45))


def cracked() -> Problem:
    return with_bump(CRACKED, (0.2, 0.3), math.pi, 1 / 2, (0.5, -0.3))


def around_hole() -> Problem:
    """Δu = f about a square hole, u = 0 on it, of which one corner has r^(2/3) cos 2θ/3, ended by a polynomial."""
    u, reach = Field("u", PLATE, Pieces()), 0.5
    (a, b), (x, y) = DIAMOND.vertices[0], PLATE.axes

    def polar(p: Point) -> tuple[Tensor, Tensor]:
        along = math.cos(TURN) * (x(p) - a) + math.sin(TURN) * (y(p) - b)
        across = math.cos(TURN) * (y(p) - b) - math.sin(TURN) * (x(p) - a)
        r = torch.sqrt(along**2 + across**2)
        return r, r ** (2 / 3) * torch.cos(2 / 3 * torch.atan2(across, along))

    def exact(p: Point) -> Tensor:
        r, mode = polar(p)
        return (1 - (r / reach) ** 2).clamp(min=0) ** 8 * mode

    def source(p: Point) -> Tensor:
        r, mode = polar(p)
        left = (1 - (r / reach) ** 2).clamp(min=0)
        first = -16 * r / reach**2 * left**7
        second = 224 * r**2 / reach**4 * left**6 - 16 / reach**2 * left**7
        return (7 / 3 * first / r + second) * mode

    inside = on(PLATE, samples=3000, name="inside")(lambda p: laplacian(u)(p) - source(p))
    held = on(PLATE.boundary(), samples=800, name="held", weight=100)(lambda p: u(p))
    return Problem(inside, held, reference={u: exact})


def test_points_that_are_surely_singular_bring_the_others_along() -> None:
    problem = re_entrant()
    points = shape_corners(problem, problem.fields[0])
    assert [point.at for point in points if not point.tried] == [(0, 0)] and len(points) == 6
    assert with_points({1e-9, 0.5}, points, 0, 1e-6) == {0.0, 0.5}
    assert cuts_between(points, 1) == {-0.5, 0.5}


def test_a_square_whose_corners_are_only_tried_has_none() -> None:
    u = Field("u", SQUARE)
    problem = Problem(
        on(SQUARE, samples=100, name="inside")(lambda p: laplacian(u)(p) + 1),
        on(SQUARE.boundary(), samples=100, name="sides")(lambda p: u(p)),
    )
    assert shape_corners(problem, u) == ()


def test_corners_of_a_hole_have_functions_where_the_hole_is_as_large_as_their_cells() -> None:
    problem = around_hole()
    (u,) = problem.fields
    corners = [point for point in shape_corners(problem, u) if not point.tried]
    assert {point.at for point in corners} == set(DIAMOND.vertices)
    assert all(point.exponents is not None and abs(point.exponents[0] - 2 / 3) < 1e-9 for point in corners)
    first = corners[0]
    x, y = first.at
    small = Partition.grid([(-1.2, x - 0.2, x, x + 0.2, 1.2), (-1.2, y - 0.2, y, y + 0.2, 1.2)])
    assert with_room(u, [first], small) == (first,)
    whole = Partition.grid([(-1.2, x, 1.2), (-1.2, y, 1.2)])
    assert with_room(u, [first], whole) == ()


def test_a_face_through_a_hole_has_the_parts_beside_it() -> None:
    u = Field("u", PLATE)
    (face,) = Partition.grid([(-1.2, 0, 1.2), (-1.2, 1.2)]).faces()
    below, above = parts_within(u, face)
    edge = 0.7 * math.sin(math.pi / 4) / math.cos(math.radians(25))  # 25 degrees aside from a side's middle
    assert (below.low, above.high) == ((0, -1.2), (0, 1.2))
    assert below.high[1] == pytest.approx(-edge, abs=1e-8)
    assert above.low[1] == pytest.approx(edge, abs=1e-8)
    assert parts_within(Field("v", Box(x=(-1.2, 1.2), y=(-1.2, 1.2))), face) == [face]


@pytest.mark.slow
def test_a_corner_of_a_hole_is_solved() -> None:
    (errors,) = solve(around_hole()).errors.values()
    assert errors["relative_l2"] < 1e-6


def test_a_crack_along_no_axis_is_refused() -> None:
    slanted = Slit(SQUARE, start=(-1, 0), tip=(0.2, 0.3))
    problem = with_bump(slanted, (0.2, 0.3), math.pi, 1 / 2, (0.5, -0.3))
    with pytest.raises(Unfit, match="lies along no axis"):
        shape_corners(problem, problem.fields[0])


def test_cells_are_not_joined_across_a_slit() -> None:
    u = Field("u", CRACKED)
    cells = Partition.grid([(-1, 0.2, 1), (-1, 0.3, 1)])
    slit = [(face.axis, face.low[0]) for face in cells.faces() if is_slit(u, face)]
    assert slit == [(1, -1.0)]
    assert not any(is_slit(Field("v", SQUARE), face) for face in cells.faces())


def test_both_sides_of_a_slit_have_points_of_their_own() -> None:
    assert layout_of(CRACKED.faces) is None


@pytest.mark.slow
@pytest.mark.parametrize("problem", [re_entrant, cracked])
def test_a_bump_beside_a_singular_point_is_solved(problem: Callable[[], Problem], tmp_path: Path) -> None:
    solution = solve(problem())
    assert solution.status == "solved"
    (errors,) = solution.errors.values()
    assert errors["relative_l2"] < 1e-9
    ((u, network),) = solution.system.parameters.networks.items()
    assert isinstance(network, PiecesNetwork)
    about = [isinstance(of_cell, AroundPoints) for of_cell in network.networks]
    assert 3 <= sum(about) < len(about) / 2
    draw(solution, u, network.partition, tmp_path / "pieces_tree.png")
    assert (tmp_path / "pieces_tree.png").stat().st_size > 10_000


def draw(solution: Solution, u: Field, cells: Partition, path: Path) -> None:
    """The field and its cells, as in docs/images."""
    line = torch.linspace(-1, 1, 401, dtype=torch.float64)
    points = torch.cartesian_prod(line, line)
    values = torch.as_tensor(solution[u](points.numpy())).reshape(-1)
    values[~contains(u.domain, points)] = torch.nan
    figure, plane = plt.subplots(figsize=(5.6, 4.8))
    grid = (of.reshape(401, 401).numpy() for of in (*points.T, values))
    figure.colorbar(plane.pcolormesh(*grid), label=u.name)
    for low, high in zip(cells.low, cells.high, strict=True):
        sides = [b - a for a, b in zip(low, high, strict=True)]
        plane.add_patch(Rectangle((low[0], low[1]), *sides, fill=False, linewidth=0.6))
    plane.set(xlabel="x", ylabel="y", aspect="equal", title=f"{len(cells)} cells")
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)
