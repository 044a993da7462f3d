"""Points are built in one place, and functions of a point are called there."""

import ast
from pathlib import Path

import torch

import sirenpde
from sirenpde import Box, D, Field, Unknown
from sirenpde.calculus.evaluate import over_known, over_points

PACKAGE = Path(sirenpde.__file__).parent


def test_points_are_built_in_one_place():
    built = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Point"
            ):
                built.add(path.relative_to(PACKAGE).as_posix())
    assert built == {"calculus/evaluate.py"}


def test_a_function_is_mapped_over_points_with_what_is_known_there():
    box = Box(x=(0, 1), y=(0, 1))
    x, y = box.axes
    u, c = Field("u", box, shape=(2,)), Unknown("c", 1.0)
    points = torch.rand(5, 2, dtype=torch.float64)
    known = {
        u.itself: torch.rand(5, 2, dtype=torch.float64),
        D(u, x): torch.rand(5, 2, dtype=torch.float64),
        c: torch.rand(5, dtype=torch.float64),
    }

    def f(p):
        return c(p) * u(p) * y(p) + D(u, x)(p) * p.sample("f")

    data = {"f": torch.rand(5, dtype=torch.float64)}
    value = over_known(f, ("x", "y"), points, data, known)
    exact = known[c][:, None] * known[u.itself] * points[:, 1:] + known[D(u, x)] * data["f"][:, None]
    assert torch.equal(value, exact)


def test_arguments_of_the_reader_may_be_shared_by_all_points():
    u = Field("u", Box(x=(0, 1)))
    points, values = torch.rand(4, 1), torch.rand(4)
    several = over_points(
        lambda p: [u(p), 2 * u(p)],
        ("x",),
        points,
        {},
        lambda coords, own, shared: lambda key: own + shared,
        values,
        torch.ones(()),
        mapped=(0, None),
    )
    assert torch.equal(several[0], values + 1) and torch.equal(several[1], 2 * (values + 1))
