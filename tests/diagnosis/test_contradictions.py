"""Conditions that cannot both hold where they meet are named, with the place and the size of the jump."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Disk,
    Field,
    Interval,
    LeastSquares,
    PointCloud,
    Problem,
    SineFeatures,
    TriangleMesh,
    Unknown,
    bundled,
    cosine,
    diagnosis,
    grad,
    laplacian,
    norm,
    on,
    solve,
)

box = Box(t=(0, 1), x=(0, 1))
t, x = box.axes
u = Field("u", box)
v = Field("v", box, shape=(2,))
z = Field("z", box, dtype=complex)
c = Unknown("c", 3.0)
bracket = TriangleMesh.open(bundled("bracket.stl"))
warmth = Field("warmth", bracket)
start = on(box.at(t=0), 20, name="start")(u)
space = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
w = Field("w", space)
normals = torch.randn(500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
normals /= normals.norm(dim=1, keepdim=True)
ball = PointCloud(0.5 * normals, space, {"n": normals})


def on_left(value):
    return on(box.at(x=0), 20, name="left")(lambda p: u(p) - value)


def part(name, predicate, value):
    return on(box.boundary("x").where(predicate), 20, name=name)(lambda p: u(p) - value)


disk = Disk()
rim = disk.boundary()
cylinder = disk * Interval(t=(0, 1))
r = Field("r", disk)
q = Field("q", cylinder)


def slope(value):
    """Out of the disk."""
    return lambda p: torch.dot(rim.normal(p), torch.stack([D(r, axis)(p) for axis in disk.axes])) - value


square, hole = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
plate = square - hole
h = Field("h", plate)

CONTRADICTING = {
    "a start of 0 and a wall of 1": (
        [start, on_left(1.0)],
        "at t = 0, x = 0: u is 0 by one and 1 by the other",
    ),
    "small values": ([start, on_left(3e-9)], "at t = 0, x = 0: u is 0 by one and 3e-09 by the other"),
    "data that vary": (
        [
            on(box.at(t=0), 9, name="start")(lambda p: u(p) - torch.cos(3 * x(p))),
            on(box.at(x=1), 9, name="right")(u),
        ],
        f"at t = 0, x = 1: u is {math.cos(3):.4g} by one and 0 by the other",
    ),
    "one circle": (
        [on(rim, 9, name="a")(r), on(disk.boundary(), 20, name="b")(lambda p: r(p) - 1)],
        "'a' and 'b' contradict each other where they meet",
    ),
    "slopes out of one circle": (
        [on(rim, 9, name="a")(slope(0)), on(rim, 9, name="b")(slope(2))],
        "meets both",
    ),
    "a circle and its half": (
        [on(rim, 9, name="a")(r), on(rim.where(lambda q: q[:, 0] > 0), 9, name="b")(lambda p: r(p) - 1)],
        "r is 0 by one and 1 by the other",
    ),
    "the side of one cylinder": (
        [
            on(cylinder.boundary("x", "y"), 9, name="a")(q),
            on(cylinder.boundary("x", "y"), 9, name="b")(lambda p: q(p) - 1),
        ],
        "q is 0 by one and 1 by the other",
    ),
    "two walls of one constraint": (
        [on(box.boundary(), 20, name="walls")(lambda p: u(p) - torch.where(x(p) >= 1, 1.0, 0.0))],
        "'walls' contradicts itself where its parts meet, at t = 0, x = 1: u is 0 by one and 1 by the other",
    ),
    "parts of one wall": (
        [part("a", lambda q: q[:, 0] < 0.3, 2.0), part("b", lambda q: q[:, 0] >= 0.3, 0.5)],
        "at t = 0.3, x = 0: u is 2 by one and 0.5 by the other",
    ),
    "components": (
        [
            on(box.at(x=1), 9, name="lid")(lambda p: v(p) - torch.tensor([1.0, 0.0])),
            on(box.boundary("t"), 9, name="walls")(v),
        ],
        "at t = 0, x = 1: v is 1 by one and 0 by the other",
    ),
    "complex fields": (
        [on(box.at(x=1), 9, name="a")(lambda p: z(p) - 2j), on(box.at(t=1), 9, name="b")(z)],
        "at t = 1, x = 1: z is 2 by one and 0 by the other",
    ),
    "points": (
        [start, on(PointCloud([[0.0, 0.5], [0.5, 1.0]], box), name="pinned")(lambda p: u(p) - 1)],
        "at t = 0, x = 0.5: u is 0 by one and 1 by the other",
    ),
    "derivatives": (
        [on(box.at(x=0), 9, name="a")(D(u, t)), on(box.at(t=1), 9, name="b")(lambda p: D(u, t)(p) - 4)],
        "at t = 1, x = 0: u_t is 0 by one and 4 by the other",
    ),
    "the start of a cylinder and its side": (
        [
            on(cylinder.at(t=0), 9, name="start")(lambda p: q(p) - 1),
            on(cylinder.boundary("x", "y"), 9, name="side")(q),
        ],
        "t = 0: q is 1 by one and 0 by the other",
    ),
    "parts of a plate's edge that touch": (
        [
            on(plate.boundary(where=lambda s: s[:, 0] < 0.6), 9, name="a")(h),
            on(plate.boundary(where=lambda s: s[:, 0] >= 0.6), 9, name="b")(lambda p: h(p) - 1),
        ],
        "x = 0.6",
    ),
    "roots": (
        [
            on(box.at(x=1), 9, name="a")(lambda p: u(p) ** 2 - 4),
            on(box.at(t=0), 9, name="b")(lambda p: u(p) - 3),
        ],
        "at t = 0, x = 1: u is 2 by one and 3 by the other",
    ),
}


def thin(p):
    """Layers far thinner than the space between points, at both sides of a corner."""
    return 2 * torch.exp((x(p) - 1) * 3e4) - torch.exp(-t(p) * 3e4)


AGREEING = {
    "the start of a cylinder that vanishes at its side": [
        on(cylinder.at(t=0), 9, name="start")(lambda p: q(p) - 1 + sum(a(p) ** 2 for a in cylinder.axes[:2])),
        on(cylinder.boundary("x", "y"), 9, name="side")(q),
    ],
    "a hole and a square": [
        on(plate.boundary_of(hole), 9, name="a")(h),
        on(plate.boundary_of(square), 9, name="b")(lambda p: h(p) - 1),
    ],
    "a value and a slope on one circle": [
        on(rim, 9, name="a")(lambda p: r(p) - 1),
        on(rim, 9, name="b")(slope(2)),
    ],
    "two halves of one circle": [
        on(rim.where(lambda q: q[:, 0] > 0.1), 9, name="a")(r),
        on(rim.where(lambda q: q[:, 0] < -0.1), 9, name="b")(lambda p: r(p) - 1),
    ],
    "a start that vanishes at the walls but for rounding": [
        on(box.at(t=0), 9, name="start")(lambda p: u(p) - torch.sin(math.pi * x(p))),
        on(box.boundary("x"), 9, name="walls")(u),
    ],
    "slopes at the walls": [
        on(box.at(t=0), 9, name="start")(lambda p: u(p) - x(p)),
        on(box.boundary("x"), 9, name="walls")(D(u, x)),
    ],
    "a direction and a length": [
        on(ball, name="a")(lambda p: 1 - cosine(grad(w)(p), ball["n"](p))),
        on(ball, name="b")(lambda p: norm(grad(w)(p)) - 1),
    ],
    "walls that move": [
        on(box.at(t=0), 9, name="start")(lambda p: u(p) - torch.exp(x(p))),
        on(box.boundary("x"), 9, name="walls")(lambda p: u(p) - torch.exp(x(p) - t(p))),
    ],
    "regions apart": [part("a", lambda q: q[:, 0] < 0.3, 2.0), part("b", lambda q: q[:, 0] > 0.4, 0.5)],
    "layers thinner than can be drawn": [on(box.boundary(), 99, name="w")(lambda p: u(p) - thin(p))],
    "walls that do not meet": [on_left(1.0), on(box.at(x=1), 9, name="right")(u)],
    "another component": [
        on(box.at(x=1), 9, name="a")(lambda p: v(p)[0] - 1),
        on(box.at(t=0), 9, name="b")(lambda p: v(p)[1]),
    ],
    "an unknown number": [start, on(box.at(x=0), 9, name="left")(lambda p: u(p) - c(p))],
    "a root that fits": [
        on(box.at(x=1), 9, name="a")(lambda p: u(p) ** 2 - 4),
        on(box.at(t=0), 9, name="b")(lambda p: u(p) - 2),
    ],
    "measurements with noise": [
        start,
        on(data := PointCloud([[0.0, 0.5]], box, {"seen": [0.1]}), name="seen")(
            lambda p: u(p) - data["seen"](p)
        ),
    ],
    "the surface of a mesh": [on(bracket.boundary(), 99, name="held")(lambda p: warmth(p) - 1)],
    "a source beside a wall": [
        on(box, 99, name="pde")(lambda p: laplacian(u)(p) + 1),
        on(box.boundary(), 9, name="w")(u),
    ],
}


@pytest.mark.parametrize("name", CONTRADICTING)
def test_what_contradicts_is_named(name):
    constraints, words = CONTRADICTING[name]
    (said,) = diagnosis.warnings(Problem(*constraints))
    assert words in said and "however small the residual elsewhere" in said


@pytest.mark.parametrize("name", AGREEING)
def test_nothing_is_said_of(name):
    assert diagnosis.warnings(Problem(*AGREEING[name])) == []


def test_solve_says_it_and_goes_on():
    w = Field("w", box, SineFeatures(200, 6.0))
    pde = on(box, 600, name="heat")(lambda p: D(w, t)(p) - D(w, x, x)(p))
    left = on(box.at(x=0), 60, name="left")(lambda p: w(p) - 0.5)
    others = on(box.at(t=0), 60, name="start")(w), on(box.at(x=1), 60, name="right")(w)
    solution = solve(Problem(pde, left, *others), [LeastSquares()])
    (said,) = (text for text in solution.warnings if "contradict" in text)
    assert "'left' and 'start'" in said and "of the size of this jump, 0.5" in said
    assert solution.report()["warnings"] == list(solution.warnings)
    assert solution[w]([[1.0, 0.5]])[0] == pytest.approx(0.25, abs=0.02)
