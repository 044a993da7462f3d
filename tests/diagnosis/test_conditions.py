"""How many conditions hold at the ends of an axis, on boxes and on rims."""

from sirenpde import Box, D, Disk, Field, Interval, Problem, dot, grad, laplacian, on
from sirenpde.diagnosis.conditions import ends, missing_conditions


def test_conditions_on_a_rim_hold_at_both_ends_of_the_axes_of_space_and_of_no_time():
    disk = Disk(radius=1)
    during = disk * Interval(t=(0, 1))
    u = Field("u", during)
    x, y, t = during.axes
    heat = on(during, 100, name="heat")(lambda p: D(u, t)(p) - laplacian(u, x, y)(p))
    start = on(during.at(t=0), 50, name="start")(u)
    rim = on(disk.boundary() * Interval(t=(0, 1)), 50, name="rim")(u)
    counted = {end.axis.name: (end.order, end.low, end.high) for end in ends(Problem(heat, start, rim), u)}
    assert counted == {"x": (2, 1, 1), "y": (2, 1, 1), "t": (1, 1, 0)}
    assert not missing_conditions(Problem(heat, start, rim), u)
    assert "along x" in missing_conditions(Problem(heat, start), u)


def test_two_fields_joined_on_a_circle_miss_nothing():
    square, inside = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
    outside, circle = square - inside, inside.boundary()
    u, v = Field("u", outside), Field("v", inside)
    problem = Problem(
        on(outside, 100, name="around")(laplacian(u)),
        on(inside, 100, name="within")(laplacian(v)),
        on(circle, 50, name="value")(lambda p: u(p) - v(p)),
        on(circle, 50, name="flux")(
            lambda p: dot(circle.normal(p), grad(u)(p)) - 1e4 * dot(circle.normal(p), grad(v)(p))
        ),
        on(outside.boundary_of(square), 50, name="far")(u),
    )
    assert not missing_conditions(problem, u) and not missing_conditions(problem, v)
