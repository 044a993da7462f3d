"""Cells end where coefficients, sources, data and conditions change, and beside layers."""

import pytest
import torch

from sirenpde import Box, D, Disk, Field, Problem, div, grad, laplacian, on
from sirenpde.diagnosis.cuts import cuts_of, speed_between
from sirenpde.diagnosis.jumps import jumping_fluxes
from sirenpde.diagnosis.scales import axis_scales

SQUARE = Box(x=(0, 1), y=(0, 2))
x, y = SQUARE.axes


def poisson(source, *others):
    u = Field("u", SQUARE)

    @on(SQUARE, samples=200)
    def inside(p):
        """Δu = f"""
        return laplacian(u)(p) - source(p)

    return Problem(inside, *others, on(SQUARE.boundary(), samples=50, name="walls")(lambda p: u(p)))


def test_a_smooth_problem_is_not_cut():
    problem = poisson(lambda p: torch.sin(3 * x(p)) * torch.exp(y(p)))
    assert cuts_of(problem) == {"x": (), "y": ()}


def test_jumps_and_kinks_of_sources():
    problem = poisson(lambda p: torch.where(x(p) < 1 / 3, 1.0, y(p)) + (y(p) - 0.7).abs())
    cuts = cuts_of(problem)
    assert cuts["x"] == (pytest.approx(1 / 3, abs=1e-8),) and cuts["y"] == (pytest.approx(0.7, abs=2e-6),)


def test_jumps_of_a_square_are_four_planes_and_those_of_a_circle_none():
    square = poisson(lambda p: torch.where(((x(p) - 0.5).abs() < 0.25) & ((y(p) - 1).abs() < 0.5), 1.0, 0.0))
    assert cuts_of(square) == {"x": (0.25, 0.75), "y": (0.5, 1.5)}
    circle = poisson(lambda p: torch.where((x(p) - 0.5) ** 2 + (y(p) - 1) ** 2 < 0.1, 1.0, 0.0))
    assert cuts_of(circle) == {"x": (), "y": ()}


def checkerboard(contrast=10.0):
    u = Field("u", SQUARE)

    def a(p):
        return torch.where((torch.floor(4 * x(p)) + torch.floor(2 * y(p))) % 2 == 0, 1.0, contrast)

    def flux(p):
        return a(p) * grad(u)(p)

    @on(SQUARE, samples=200)
    def diffusion(p):
        """∇·(a ∇u) = -1"""
        return div(flux)(p) + 1

    return Problem(diffusion, on(SQUARE.boundary(), samples=50, name="walls")(lambda p: u(p)))


def test_fluxes_that_jump_are_found_by_component_with_all_their_places():
    problem = checkerboard()
    fluxes = {flux.axis.name: flux for flux in jumping_fluxes(problem)}
    assert fluxes["x"].places == (0.25, 0.5, 0.75) and fluxes["y"].places == (0.5, 1.0, 1.5)
    assert cuts_of(problem) == {"x": (0.25, 0.5, 0.75), "y": (0.5, 1.0, 1.5)}


def test_conditions_that_give_way_to_others():
    u = Field("u", SQUARE)
    bottom = SQUARE.boundary("y", side="low")
    problem = Problem(
        on(SQUARE, samples=200, name="inside")(lambda p: laplacian(u)(p)),
        on(bottom.where(lambda q: q[:, 0] < 0.4), samples=50, name="held")(lambda p: u(p)),
        on(bottom.where(lambda q: q[:, 0] > 0.4), samples=50, name="free")(lambda p: D(u, y)(p)),
    )
    assert cuts_of(problem) == {"x": (0.4,), "y": ()}


def test_domains_of_two_equations_end_at_a_cut():
    u = Field("u", SQUARE)
    left, right = Box(x=(0, 0.3), y=(0, 2)), Box(x=(0.3, 1), y=(0, 2))
    problem = Problem(
        on(left, samples=200, name="left")(lambda p: laplacian(u)(p)),
        on(right, samples=200, name="right")(lambda p: laplacian(u)(p) - u(p)),
        on(SQUARE.where(lambda q: q.sum(1) < 1.0), samples=50, name="oblique")(lambda p: u(p)),
    )
    assert cuts_of(problem)["x"] == (0.3,)


def test_an_equation_that_ends_where_no_other_begins_cuts_nothing():
    """The field goes on into the hole, where it is free."""
    u, v = Field("u", SQUARE), Field("v", SQUARE)
    outside = SQUARE.where(lambda q: q[:, 0] > 0.3)
    problem = Problem(
        on(outside, samples=200, name="outside")(lambda p: laplacian(u)(p)),
        on(SQUARE, samples=200, name="all over")(lambda p: laplacian(v)(p) + v(p)),
        on(outside, samples=200, name="overlap")(lambda p: u(p) - v(p) - x(p)),
    )
    assert cuts_of(problem) == {"x": (), "y": ()}


def test_two_equations_that_meet_on_a_plane_are_cut_there():
    u = Field("u", SQUARE)
    problem = Problem(
        on(SQUARE.where(lambda q: q[:, 0] < 0.3), samples=200, name="left")(lambda p: laplacian(u)(p)),
        on(SQUARE.where(lambda q: q[:, 0] > 0.3), samples=200, name="right")(lambda p: laplacian(u)(p) - 1),
        on(SQUARE.boundary(), samples=50, name="walls")(lambda p: u(p)),
    )
    assert cuts_of(problem)["x"] == (0.3,)


@pytest.mark.parametrize("width", [1e-2, 1e-4])
def test_layers_of_an_equation_have_cells_at_the_ends(width):
    u = Field("u", SQUARE)
    problem = Problem(
        on(SQUARE, samples=200, name="inside")(lambda p: width**2 * laplacian(u)(p) - u(p)),
        on(SQUARE.boundary(), samples=50, name="walls")(lambda p: u(p) - 1),
    )
    cuts = cuts_of(problem)["x"]
    assert len(cuts) == 4
    assert cuts[0] == pytest.approx(8 * width) and cuts[1] == pytest.approx(36 * width)
    assert cuts[2:] == pytest.approx((1 - 36 * width, 1 - 8 * width))
    assert [speed_between(scale) for scale in axis_scales(problem)] == [0, 0]


def test_without_layers_waves_say_how_fast_it_is_between_cuts():
    u = Field("u", SQUARE)
    problem = Problem(
        on(SQUARE, samples=200, name="inside")(lambda p: laplacian(u)(p) + 50**2 * u(p)),
        on(SQUARE.boundary(), samples=50, name="walls")(lambda p: u(p) - 1),
    )
    assert [speed_between(scale) for scale in axis_scales(problem)] == pytest.approx([50, 50])
    assert cuts_of(problem) == {"x": (), "y": ()}


def test_a_shape_is_cut_as_the_box_around_it():
    disk = Disk(radius=1)
    a = disk.axes[0]
    u = Field("u", disk)
    problem = Problem(
        on(disk, samples=200, name="inside")(lambda p: laplacian(u)(p) - torch.where(a(p) < 0.2, 1.0, 2.0)),
        on(disk.boundary(), samples=50, name="rim")(lambda p: u(p)),
    )
    assert cuts_of(problem) == {"x": (0.2,), "y": ()}


def test_materials_in_thirds_are_cut_once_and_to_the_last_digit():
    box = Box(x=(0, 1), y=(0, 1))
    (x, _), u = box.axes, Field("u", box)

    def flux(p):
        return torch.where(x(p) < 1 / 3, 1.0, torch.where(x(p) < 2 / 3, 10.0, 1.0)) * grad(u)(p)

    @on(box, samples=100)
    def diffusion(p):
        return div(flux)(p) + 1

    assert cuts_of(Problem(diffusion))["x"] == (1 / 3, 2 / 3)
