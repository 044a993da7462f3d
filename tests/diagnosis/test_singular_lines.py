"""Singular points in words: openings, conditions and powers are those of the problem."""

from sirenpde import Box, D, Field, Problem, grad, laplacian, on
from sirenpde.diagnosis.singular_lines import singular_lines
from sirenpde.problem.load import build, find, load

L_SHAPE = Box(x=(-1, 1), y=(-1, 1)) - Box(x=(0, 1), y=(-1, 0))
HALF = Box(x=(-1, 1), y=(0, 1))


def lines(name):
    return list(singular_lines(build(load(find(name)), {})))


def test_bundled_problems_say_theirs():
    change = (
        "change on a straight side at (0, 0), u fixed on one side, normal derivative of u given on the other"
    )
    assert lines("motz")[0] == f"{change}: r^(1/2)"
    tip = "tip of a crack at (0, 0), 360 degrees, normal derivative of u given on both sides: r^(1/2)"
    assert lines("sheared_crack")[0] == tip
    tried = "u: 4 corners where powers times log r may appear; they are tried, and left out where they do not help"
    assert lines("poisson_square") == [tried]
    assert lines("poisson_5d") == []


def of(domain, equation, *edges):
    u = Field("u", domain)
    inside = on(domain, samples=50, name="inside")(equation(u))
    edges = [on(edge, samples=50, name=f"edge {i}")(of(u, edge)) for i, (edge, of) in enumerate(edges)]
    return list(singular_lines(Problem(inside, *edges)))


def test_a_flux_on_both_sides():
    flux = lambda u, edge: lambda p: edge.normal(p) @ grad(u)(p) - 1
    first, *_ = of(L_SHAPE, lambda u: lambda p: laplacian(u)(p), (L_SHAPE.boundary(), flux))
    assert first == "corner at (0, 0), 270 degrees, normal derivative of u given on both sides: r^(2/3)"


def test_an_anisotropic_operator_says_both_angles():
    x, y = L_SHAPE.axes
    found = of(
        L_SHAPE,
        lambda u: lambda p: D(u, x, x)(p) + D(u, x, y)(p) + D(u, y, y)(p) + 1,
        (L_SHAPE.boundary(), lambda u, edge: lambda p: u(p)),
    )
    # With 1/2 beside the diagonal, coordinates of a Laplacian turn 90 degrees into 120 or 60, and so 270 into 300.
    opens = "270 degrees (300 where the equation is a Laplacian)"
    assert f"corner at (0, 0), {opens}, u fixed on both sides: r^(3/5)" in found
    opens = "90 degrees (120 where the equation is a Laplacian)"
    assert f"corner at (1, 1), {opens}, u fixed on both sides: r^(3/2)" in found


def test_values_that_jump():
    step = lambda u, edge: lambda p: u(p) - (p.coords[0] > 0.25).double()
    (line, *_) = of(HALF, lambda u: lambda p: laplacian(u)(p), (HALF.boundary(), step))
    assert line.startswith("change on a straight side at (0.25, ") and line.endswith(
        "values of u jump: the angle itself"
    )
