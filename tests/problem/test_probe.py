"""What is wrong is said when a problem is declared, at the line that is wrong, with what to write instead."""

import math
import random
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from probing import without_line

from sirenpde import (
    Box,
    ConstraintError,
    D,
    Field,
    PointCloud,
    Problem,
    Unknown,
    curl,
    div,
    grad,
    hessian,
    laplacian,
    on,
    solve,
)
from sirenpde.geometry.data.cloud import Cloud
from sirenpde.geometry.point import Point

box = Box(x=(0, 1), y=(0, 2))
x, y = box.axes
u, w = Field("u", box), Field("w", box, shape=(2,))
c = Unknown("c", 1.0)
PI = torch.tensor(math.pi)
ONES = torch.ones(2)
THIRDS = torch.tensor([1 / 3, 2 / 3])
HUNDRED = torch.linspace(0, 1, 100, dtype=torch.float64)
CALLS = []
bessel = torch.special.bessel_j0  # torch knows no derivative of it
cloud = PointCloud(torch.rand(40, 2, dtype=torch.float64), box, {"f": torch.rand(40)})
GAP = {"gap": torch.tensor([math.nan] + 39 * [1.0])}
scan = Cloud(cloud.points, cloud.axes, GAP, "scan")  # as a domain of one's own may have gaps


def detached(p):
    speed = u(p).detach()
    return speed * D(u, x)(p)


def without_gradients(p):
    with torch.no_grad():
        speed = u(p) ** 2
    return speed * D(u, x)(p)


def in_inference(p):
    with torch.inference_mode():
        return 3 * u(p)


def counted(p):
    CALLS.append(1)
    return u(p) - len(CALLS)


def by_hand(p):
    return u(type(p)(p.axes, p.coords + 0.1, p.read, p.sample))


def data_elsewhere(p):
    return u(p) - cloud["f"](replace(p, coords=p.coords / 2))


def autograd(p):
    return torch.autograd.grad(u(p), x(p))[0] - 1


def backward(p):
    value = u(p)
    value.backward()
    return value


# (a constraint, what is said of it, the line that is shown)
BAD = [
    (lambda p: u(replace(p, coords=1 - p.coords)), "second field", "coords=1 - p.coords"),
    (lambda p: D(lambda q: w(replace(q, coords=q.coords.flip(0)))[0], x)(p), "other coordinates", "flip(0)"),
    (by_hand, "the field u read there", "p.coords + 0.1"),
    (data_elsewhere, "the data 'f' read there", "coords=p.coords / 2"),
    (lambda p: u(1 - p.coords), "u was called with a Tensor; expected the point p", "u(1 - p.coords)"),
    (lambda p: laplacian(u)(x(p)), "was called with a Tensor; expected the point p", "laplacian(u)(x(p))"),
    (lambda p: u(p) - x(y), "x was called with an axis", "x(y)"),
    (lambda p: u(p) - c(0.5), "c was called with a float", "c(0.5)"),
    (detached, ".detach() or .data", "speed = u(p).detach()"),
    (lambda p: D(lambda q: x(q).detach() ** 2 * u(q), x)(p), ".detach() or .data", "x(q).detach()"),
    (lambda p: u(p).data - 1, "It cuts a value off from its field. Leave out .data.", "u(p).data - 1"),
    (without_gradients, "torch.no_grad()", "speed = u(p) ** 2"),
    (in_inference, "torch.no_grad()", "return 3 * u(p)"),
    (lambda p: torch.tensor(u(p).tolist()) - u(p), "torch.sin(x(p))", "u(p).tolist()"),
    (lambda p: u(p) - np.sin(x(p)), "torch.sin(x(p))", "np.sin(x(p))"),
    (lambda p: np.exp(u(p)) - 1, "torch.sin(x(p))", "np.exp(u(p))"),
    (lambda p: u(p) - math.sin(x(p)), "torch.sin(x(p))", "math.sin(x(p))"),
    (lambda p: float(u(p)) * u(p), "torch.sin(x(p))", "float(u(p))"),
    (lambda p: u(p) - [1.0, 2.0][int(2 * x(p))], "torch.where(condition, a, b)", "int(2 * x(p))"),
    (lambda p: u(p) - cloud["f"](p).item(), "torch.sin(x(p))", ".item()"),
    (counted, "gives the same at every call", "def counted(p):"),
    (lambda p: u(p) - random.random(), "the same at every call", "random.random()"),
    (lambda p: u(p) - np.random.default_rng().normal(), "the same at every call", "default_rng()"),
    (lambda p: u(p) - time.time(), "gives the same at every call", "time.time()"),
    (lambda p: torch.linspace(0, u(p), 5)[1] - 1, "automatic differentiation says 0", "linspace(0, u(p), 5)"),
    (lambda p: torch.tensor([u(p), x(p)]) - 1, "torch.stack([a, b])", "torch.tensor([u(p), x(p)])"),
    (lambda p, q: u(p) - u(q), "A function of a point takes the point alone", "lambda p, q"),
    (lambda p: max(u(p), x(p)), "torch.maximum(a, b) in place of max", "max(u(p), x(p))"),
    (lambda p: u(p) - torch.rand(()), "Give random values to the points as data", "torch.rand(())"),
    (lambda p: u(p) - torch.randn_like(u(p)), "Give random values to the points as data", "randn_like"),
    (autograd, "D(u, x)(p)", "torch.autograd.grad(u(p), x(p))"),
    (backward, "D(u, x)(p)", "value.backward()"),
    (lambda p: laplacian(u)(p) - torch.ones(100), "met a tensor with 100 entries, as many as there are", "ones(100)"),
    (lambda p: u(p) - torch.ones(77, 1), "a tensor with 77 entries", "ones(77, 1)"),
    (lambda p: torch.stack(100 * [u(p)]), "100 numbers of shape (100,) at every point, as many", "stack(100"),
    (lambda p: w(p)[0] - HUNDRED[:40], "40 numbers of shape (40,) at every point, and reads 2", "HUNDRED[:40]"),
    (lambda p: (u(p) - HUNDRED).square().mean(), "100 entries, as many as there are samples", "HUNDRED"),
    (lambda p: w(p)[0] * HUNDRED.square().sum() - w(p)[1] * HUNDRED, "100 entries", "w(p)[1] * HUNDRED"),
    (lambda p: u(p) - torch.sin(PI * x(p)), "float32 (3.14159274) met", "PI * x(p)"),
    (lambda p: w(p) - THIRDS * x(p), "met the point's float64", "THIRDS * x(p)"),
    (lambda p: ONES * u(p) - w(p), "seven digits", "ONES * u(p)"),
    (lambda p: u(p).float(), "float32, seven digits", "u(p).float()"),
    (lambda p: u - 1, "a value was needed. Evaluate it at the point: u(p)", "u - 1"),
    (lambda p: laplacian(u) + 2.0, "Evaluate it at the point: laplacian(u)(p)", "laplacian(u) + 2.0"),
    (lambda p: x * u(p), "An Axis is a function of a point", "x * u(p)"),
    (lambda p: torch.sin(y) - u(p), "An Axis is a function of a point", "torch.sin(y)"),
    (lambda p: c * u(p), "Evaluate it at the point: c(p)", "c * u(p)"),
    (lambda p: u.sin(), "A Field is a function of a point", "u.sin()"),
    (lambda p: grad(u)[0], "Evaluate it at the point: grad(u)(p)", "grad(u)[0]"),
    (lambda p: div(lambda q: w(q) * u(q), x, y) - 1, "Evaluate it at the point: f(p)", "- 1"),
    (lambda p: u(p) - cloud["f"], "A Data is a function of a point", 'cloud["f"]'),
    (lambda p: laplacian(u(p)), "laplacian was given a Tensor; expected a field", "laplacian(u(p))"),
    (lambda p: grad(u(p))(p), "evaluate it: grad(u)(p)", "grad(u(p))(p)"),
    (lambda p: div(grad(u)(p), x, y)(p), "div was given a Tenso", "div(grad(u)(p), x, y)"),
    (lambda p: curl(w(p), x, y)(p), "curl was given a Tenso", "curl(w(p), x, y)"),
    (lambda p: hessian(2.0)(p), "hessian was given a float", "hessian(2.0)"),
    (lambda p: D(lambda q: bessel(x(q)) * u(q), x)(p), "bessel_j0 is differentiated, of which torch", "bessel(x(q))"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "message", "line"), BAD, ids=[line for _, _, line in BAD])
def test_what_is_wrong_with_a_constraint_is_said_at_its_line(function, message, line):
    domain = cloud if function is data_elsewhere or "cloud" in function.__code__.co_names else box
    samples = 77 if line == "ones(77, 1)" else None if domain is cloud else 100
    declared = on(domain, samples, name="law")(function)
    with pytest.raises(ConstraintError) as caught:
        Problem(declared)
    said, shown = without_line(caught.value, __file__)
    assert said.startswith("Constraint 'law'") and line in shown
    assert message in said


def own_derivative(p):
    """What is a function of its point may use torch.func on what it knows."""
    slope = torch.func.grad(lambda s: torch.sin(3 * s))(x(p))
    bent = torch.func.jvp(torch.exp, (y(p),), (y(p),))[1]
    return u(p) * slope - bent


@pytest.mark.parametrize(
    "function",
    [
        own_derivative,
        lambda p: torch.where(x(p) < 0.5, u(p), u(p).abs()) - torch.tensor(0.5) * torch.tensor([2.0, 3.0]).sum(),
        lambda p: (torch.sin(torch.arange(1, 101) * x(p))).sum() - u(p),  # a series with as many terms as samples
        lambda p: torch.exp(-c(p) * torch.arange(100)).sum() - u(p),  # the same of what is unknown
        lambda p: hessian(lambda q: x(q) * u(q))(p) + (x(p) < 0.5) * w(p)[0],
        lambda p: torch.relu(u(p)) + u(p).clamp(max=1.0) - u(p) ** 8 + torch.exp(5 * u(p)) + torch.log(u(p) - 1),
        lambda p: D(lambda q: torch.where(x(q) < 0.5, 0.1, 0.7) * u(q), x)(p) - 0.02 * (y(p) > 0.7),
        lambda p: D(lambda q: torch.special.i0(x(q)) * u(q) * bessel(y(p)), x)(p) - bessel(x(p)),
        lambda p: c(p) * u(p) - PI.double().sin() - p.coords.new_tensor([0.1, 0.2]) @ w(p),
        lambda p: u(p) - torch.sin(replace(p, coords=2 * p.coords).coords.sum()) - x(replace(p, coords=-p.coords)),
    ],
)  # fmt: skip
def test_what_is_right_is_accepted(function):
    assert Problem(on(box, 100)(function)).fields


def test_numbers_of_single_precision_suit_a_field_that_asks_for_it():
    v = Field("v", box, dtype=torch.float32)
    assert Problem(on(box, 100)(lambda p: v(p) - PI * x(p))).fields == (v,)


def test_data_that_are_not_numbers_are_named_with_their_place():
    with pytest.raises(
        ConstraintError, match=r"data 'gap', which are not finite numbers at 1 of the 40 points"
    ):
        Problem(on(scan, name="fit")(lambda p: u(p) - scan["gap"](p)))
    filled = on(scan, name="fit")(lambda p: u(p) - torch.nan_to_num(scan["gap"](p)))
    assert Problem(filled).fields == (u,)


def test_numbers_that_torch_makes_in_a_constraint_have_all_their_digits():
    third = 1 / 3

    @on(box, 10, name="law")
    def law(p):
        return u(p) - torch.where(x(p) < 2, third, 0.5) - torch.tensor(third) - third * (x(p) < 2)

    values = residual_at(law, {u: 1.0})
    assert abs(values).max() < 1e-15 and torch.get_default_dtype() == torch.float32
    with pytest.raises(ZeroDivisionError):
        residual_at(on(box, 10)(lambda p: u(p) + 1 / (len(p.axes) - 2)), {u: 1.0})
    assert torch.get_default_dtype() == torch.float32


def residual_at(constraint, known):
    points, _ = constraint.domain.draw(3, torch.Generator().manual_seed(0))
    names = tuple(axis.name for axis in constraint.domain.axes)
    values = {field.itself: torch.tensor(value, dtype=torch.float64) for field, value in known.items()}
    return torch.func.vmap(
        lambda q: constraint.residual(Point(names, q, values.__getitem__, {}.__getitem__))
    )(points)


@pytest.mark.parametrize("change", [lambda q: q.sub_(0.5), lambda q: q.zero_(), lambda q: q.mul_(-1)])
def test_what_a_constraint_does_in_place_moves_no_sample(change):
    """-v'' = 2 with v = 0 at both ends: x (1 - x), whatever the constraint does with what it was given."""
    line = Box(x=(0, 1))
    (s,) = line.axes
    v = Field("v", line)

    def law(p):
        value = laplacian(v)(p)
        kept = value.clone()
        for own in (value, p.coords, s(p)):
            change(own)
        return kept + 2

    def ends(p):
        value = v(p)
        change(value)
        change(line.boundary().normal(p))
        return v(p) + 0 * line.boundary()["normal"](p).sum()

    exact = lambda p: s(p) * (1 - s(p))
    found = solve(Problem(on(line, 60)(law), on(line.boundary())(ends), reference={v: exact}))
    assert found.errors["v"]["max"] < 1e-11


def test_coordinates_changed_in_place_are_the_constraints_own():
    """q = p.coords; q -= 0.5, as a lengthy formula begins: Δu = (4 r² - 4) exp(-r²) about the centre."""
    square = Box(x=(0, 1), y=(0, 1))
    v = Field("v", square)
    exact = lambda p: torch.exp(-(p.coords - 0.5).square().sum())

    @on(square, samples=400)
    def law(p):
        q = p.coords
        q -= 0.5
        r2 = q.square().sum()
        return laplacian(v)(p) - (4 * r2 - 4) * torch.exp(-r2)

    @on(square.boundary(), samples=120)
    def walls(p):
        return v(p) - exact(p)

    assert solve(Problem(law, walls, reference={v: exact})).errors["v"]["max"] < 1e-10


def test_a_boundary_gives_its_data_by_name():
    assert box.boundary()["normal"] == box.boundary().normal
    with pytest.raises(ValueError, match="carries no data 'height'; it carries 'normal'"):
        box.boundary("x")["height"]
