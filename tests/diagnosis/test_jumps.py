"""Functions that jump where they are differentiated are found, with the place; no steep or kinked ones."""

import pytest
import torch

from sirenpde import Box, D, Field, Pieces, Problem, SineFeatures, diagnosis, div, grad, laplacian, on, solve

line = Box(y=(0, 2))
(y,) = line.axes
T = Field("T", line)


def conducting(k):
    """(k T')' = 0, T(0) = 0, k T'(2) = 200"""
    heat = on(line, 400, name="heat")(D(lambda p: k(p) * D(T, y)(p), y))
    top = on(line.at(y=2), name="top")(lambda p: k(p) * D(T, y)(p) - 200)
    return Problem(heat, on(line.at(y=0), name="foot")(T), top)


JUMPING = {
    "where": (lambda p: torch.where(y(p) > 1, 400.0, 1.38), "y = 1."),
    "sign": (lambda p: 2 + torch.sign(y(p) - 1.3), "y = 1.3."),
    "small": (lambda p: 2 + torch.sin(20 * y(p)) + 0.02 * (y(p) > 0.7), "y = 0.7."),
    "table": (lambda p: 1 + torch.bucketize(y(p), torch.tensor([0.25], dtype=torch.float64)), "y = 0.25."),
}
SMOOTH = {
    "steep": lambda p: 2 + torch.tanh(50 * (y(p) - 1)),
    "steeper": lambda p: 2 + torch.tanh(1e6 * (y(p) - 1)),
    "a kink": lambda p: 1 + torch.abs(y(p) - 1.1),
    "a root": lambda p: 1 + torch.sqrt(torch.abs(y(p) - 0.9)),
    "at the end": lambda p: torch.where(y(p) > 0, 3.0, 1.0),
}


@pytest.mark.parametrize("name", JUMPING)
def test_a_jump_is_named_with_its_place(name):
    k, place = JUMPING[name]
    (said,) = diagnosis.warnings(conducting(k))
    assert "Constraint 'heat' differentiates along y a function that jumps at " + place in said
    assert "join them by value and by flux" in said


def test_steps_are_named_by_one_of_their_places():
    (said,) = diagnosis.warnings(conducting(lambda p: 1 + torch.floor(3 * y(p))))
    assert "jumps in places, one of them y = " in said
    place = float(said.partition("one of them y = ")[2].split(". ")[0])
    assert min(abs(3 * place - n) for n in range(1, 6)) < 1e-5


@pytest.mark.parametrize("name", SMOOTH)
def test_nothing_is_said_of(name):
    assert diagnosis.warnings(conducting(SMOOTH[name])) == []


def test_the_second_derivative_of_a_kink_is_a_jump():
    def kinked(p):
        return torch.abs(y(p) - 0.5) * T(p)

    (said,) = diagnosis.warnings(Problem(on(line, 100, name="bent")(laplacian(kinked, y))))
    assert "jumps at y = 0.5" in said


def test_a_curved_interface_is_seen_in_the_plane_and_not_outside_of_the_domain():
    box = Box(x=(0, 1), z=(0, 1))
    x, z = box.axes
    u = Field("u", box)

    def flux(p):
        inside = torch.hypot(x(p) - 0.5, z(p) - 0.5) < 0.3
        return torch.where(inside, 3.0, 1.0) * grad(u)(p)

    whole = diagnosis.warnings(Problem(on(box, 100, name="pde")(div(flux))))
    assert [said.partition(" a function")[0][-1] for said in whole] == ["x", "z"]
    assert all("jumps in places, one of them x = " in said for said in whole)
    around = box.where(lambda q: (q - 0.5).norm(dim=1) > 0.3)
    assert diagnosis.warnings(Problem(on(around, 100, name="pde")(div(flux)))) == []


def test_solve_warns_and_what_it_proposes_is_right():
    wrong = solve(conducting(JUMPING["where"][0]), network=SineFeatures())
    assert any("jumps at y = 1." in said for said in wrong.warnings)
    assert f", {len(wrong.warnings)} warning" in repr(wrong)
    below, above = Box(y=(0, 1)), Box(y=(1, 2))
    u, v = Field("u", below), Field("v", above)
    right = solve(
        Problem(
            on(below, 100, name="low")(D(u, y, y)),
            on(above, 100, name="high")(D(v, y, y)),
            on(below.at(y=0), name="foot")(u),
            on(above.at(y=2), name="top")(lambda p: 400 * D(v, y)(p) - 200),
            on(below.at(y=1), name="value")(lambda p: u(p) - v(p)),
            on(below.at(y=1), name="flux")(lambda p: 1.38 * D(u, y)(p) - 400 * D(v, y)(p)),
        )
    )
    assert not right.warnings
    assert right[u]([[1.0]])[0] == pytest.approx(200 / 1.38, rel=1e-8)
    assert right[v]([[2.0]])[0] == pytest.approx(200 / 1.38 + 0.5, rel=1e-8)


def test_a_jump_at_which_cells_are_cut_is_no_warning_and_one_is_where_they_are_not():
    problem = conducting(JUMPING["where"][0])
    for cut in (Pieces(), Pieces(cells=(2,)), Pieces(cells=((0.5, 1.0),))):
        assert diagnosis.warnings(problem, {T: cut}) == []
    for other in (SineFeatures(), Pieces(blend="smooth"), Pieces(cells=(3,))):
        (said,) = diagnosis.warnings(problem, {T: other})
        assert "jumps at y = 1." in said


def test_jumps_at_several_coordinates_are_no_warning_where_cells_are_cut_at_all_of_them():
    box = Box(x=(0, 1), y=(0, 3))
    (x, y), u = box.axes, Field("u", box)

    def flux(p):
        return torch.where(y(p) < 1, 1.0, torch.where(y(p) < 2, 1 + x(p), 5.0)) * D(u, y)(p)

    problem = Problem(on(box, samples=100)(lambda p: D(flux, y)(p) + D(u, x, x)(p)))
    assert diagnosis.warnings(problem, {u: Pieces(cells=((0.5,), (1.0, 2.0)))}) == []
    (said,) = diagnosis.warnings(problem, {u: Pieces(cells=((0.5,), (1.0,)))})
    assert "y = 2" in said
