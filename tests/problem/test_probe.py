"""What is wrong is said when a problem is declared, at the line that is wrong, with what to write instead."""

import linecache
import math
import random
import re
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from sirenpde import (
    MLP,
    Adam,
    Basic,
    Box,
    ConstraintError,
    D,
    Field,
    FourierFeatures,
    LeastSquares,
    PointCloud,
    Problem,
    Reference,
    Unknown,
    curl,
    div,
    grad,
    hessian,
    laplacian,
    on,
    solve,
)
from sirenpde.geometry.cloud import Cloud
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
]  # fmt: skip


def without_line(error):
    """What is said beside the line that is shown, which holds the words that are looked for, and that line."""
    number = re.search(r"line (\d+) of .*test_probe\.py", str(error))
    shown = linecache.getline(__file__, int(number[1])).strip() if number else ""
    assert shown in str(error)
    return str(error).replace(shown, ""), shown


@pytest.mark.parametrize(("function", "message", "line"), BAD, ids=[line for _, _, line in BAD])
def test_what_is_wrong_with_a_constraint_is_said_at_its_line(function, message, line):
    domain = cloud if function is data_elsewhere or "cloud" in function.__code__.co_names else box
    samples = 77 if line == "ones(77, 1)" else None if domain is cloud else 100
    declared = on(domain, samples, name="law")(function)
    with pytest.raises(ConstraintError) as caught:
        Problem(declared)
    said, shown = without_line(caught.value)
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
        lambda p: hessian(lambda q: x(q) * u(q))(p) + (x(p) < 0.5) * w(p)[0],
        lambda p: torch.relu(u(p)) + u(p).clamp(max=1.0) - u(p) ** 8 + torch.exp(5 * u(p)) + torch.log(u(p) - 1),
        lambda p: D(lambda q: torch.where(x(q) < 0.5, 0.1, 0.7) * u(q), x)(p) - 0.02 * (y(p) > 0.7),
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


# ------------------------------------------------------------------------------------ outputs and references


def flux(p):
    return -grad(u)(p)


def exact(p):
    return x(p) ** 2 - y(p) ** 2


def named(name, function=flux):
    def renamed(p):
        return function(p)

    renamed.__name__ = name
    return renamed


def raising(p):
    return u(p) + 1 / (len(p.axes) - 2)


stranger = Field("stranger", box)
wave = Field("wave", box, dtype=complex)
LAWS = (
    on(box, 50, name="inside")(lambda p: laplacian(u)(p)),
    on(box.boundary(), 40, name="edge")(lambda p: u(p) - exact(p)),
    on(box, 50, name="phase")(lambda p: wave(p) - torch.exp(1j * x(p))),
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outputs": u}, r"outputs=.*a Field; expected several"),
        ({"outputs": "u"}, r"outputs='u', a str"),
        ({"outputs": [u, "flux"]}, "outputs holds 'flux', a str; expected fields and functions"),
        ({"outputs": [3.0]}, "outputs holds 3.0, a float"),
        ({"outputs": [np.zeros(3)]}, "outputs holds array.*a ndarray"),
        ({"outputs": [lambda p: u(p), lambda p: -u(p)]}, "Several outputs are called <lambda>"),
        ({"outputs": [u, named("u")]}, "Several outputs are called u"),
        ({"outputs": [named("../escaped")]}, "called '../escaped'; expected a name that a file can have"),
        ({"outputs": [named("a\nb")]}, "called 'a.nb'; expected a name"),
        ({"outputs": [named(".hidden")]}, "expected a name that a file can have"),
        ({"outputs": [raising]}, r"Output 'raising' failed at line \d+ .*ZeroDivisionError"),
        ({"outputs": [named("none", lambda p: None)]}, "Output 'none'.*returned nothing"),
        ({"outputs": [named("number", lambda p: 3.0)]}, "Output 'number' returned a float .*; expected a tensor"),
        ({"outputs": [named("foreign", lambda p: stranger(p))]}, "the field stranger, which no constraint mentions"),
        ({"outputs": [stranger]}, "the field stranger, which no constraint mentions"),
        ({"outputs": [named("free", lambda p: c(p) * u(p))]}, "the number c, which no constraint mentions"),
        ({"outputs": [named("k", lambda p: p.sample("k") * u(p))]}, "the data 'k', which no points carry"),
        ({"outputs": [named("n", lambda p: np.sin(u(p)))]}, "Write torch's function in its place"),
        ({"outputs": [named("b", lambda p: u(p) if x(p) > 0.5 else -u(p))]}, r"torch.where\(condition, a, b\)"),
        ({"reference": u}, "expected a dictionary"),
        ({"reference": {"u": exact}}, "reference names 'u', which is neither"),
        ({"reference": {flux: exact}}, "reference names flux, which is neither"),
        ({"reference": {u: 0.0}}, r"Reference was given float 0.0; expected a function of a point"),
        ({"reference": {u: "exact"}}, "Reference was given str 'exact'"),
        ({"reference": {u: np.zeros(4)}}, "Reference was given ndarray"),
        ({"reference": {u: lambda p: 1.0}}, "The reference of 'u' returned a float .*; expected a tensor"),
        ({"reference": {u: lambda p: None}}, "The reference of 'u'.*returned nothing"),
        ({"reference": {u: lambda p: p.coords}}, r"has shape \(2,\); expected \(\), that of the output"),
        ({"reference": {flux: exact}, "outputs": [flux]}, r"'flux'.*has shape \(\); expected \(2,\)"),
        ({"reference": {u: lambda p: u(p)}}, "It reads the field u; expected a known function"),
        ({"reference": {u: lambda p: p.sample("height")}}, "It reads the data 'height', which the points of"),
        ({"reference": {u: lambda p: 1 / 0 * x(p)}}, "The reference of 'u' failed at line .*ZeroDivisionError"),
        ({"reference": {u: lambda p: np.sin(x(p))}}, "Write torch's function in its place"),
        ({"reference": {u: lambda p: torch.sin(PI * x(p))}}, "float32 .3.14159274. met"),
        ({"reference": {u: lambda p: torch.exp(1j * x(p))}}, "is complex and the output is real"),
        ({"reference": {u: lambda p: torch.nan * x(p)}}, r"is a number on 0 of 10000"),
        ({"reference": {u: lambda p: torch.where(x(p) < 1e-3, 0.0, torch.nan)}}, r"a number on 10 of 10000"),
        ({"reference": {u: lambda p: torch.log(x(p) - 0.995)}}, r"on [45]\d of 10000 points.*at least 1%"),
        ({"using": Adam(7)}, r"using was given Adam\(steps=7, .*; expected a list.*using=\[Adam\(steps=7, "),
        ({"using": "l-bfgs"}, r"using was given 'l-bfgs'; .*Write using=\[LBFGS\(\)\]"),
        ({"using": Adam}, r"using was given the class Adam; .*Write using=\[Adam\(\)\]"),
        ({"using": [Adam]}, r"using holds the class Adam; .*Write using=\[Adam\(\)\]"),
        ({"using": ["adam"]}, r"using holds 'adam'; expected stages.*Write using=\[Adam\(\)\]"),
        ({"using": [LeastSquares(), None]}, "using holds None"),
        ({"using": []}, "expected at least one stage"),
    ],
)  # fmt: skip
def test_outputs_references_and_stages_are_tried_at_declaration(options, message):
    with pytest.raises((TypeError, ValueError)) as caught:
        Problem(*LAWS, **options)
    assert re.search(message, without_line(caught.value)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reference(exact, on="wall"), "on=...\\) was given 'wall', a str; expected a domain"),
        (lambda: Reference(exact, on={"wall": 3}), "was given 3, a int"),
        (lambda: Reference(exact, on={}), "names no domain"),
        (lambda: Reference(exact, samples=0), "samples=0"),
        (lambda: Reference(exact, fit="linear"), "fit='linear'"),
        (lambda: Reference(exact, peak=-1), "peak=-1"),
        (lambda: solve(Problem(*LAWS), using=[Adam]), "class .*Adam.*expected stages"),
        (lambda: solve(Problem(*LAWS), using=Adam()), "expected a list of stages"),
    ],
)
def test_a_reference_and_stages_say_what_they_expect(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


def test_what_an_output_may_be():
    complicated = [u, laplacian(u), named("size of u", lambda p: u(p).abs()), lambda p: wave(p).real]
    problem = Problem(*LAWS, outputs=complicated, reference={wave: lambda p: torch.cos(x(p)) + 0.0})
    assert [problem.output(f).shape for f in complicated] == [(), (), (), ()]
    assert problem.output(wave).is_complex and not problem.output(complicated[-1]).is_complex


def test_an_output_that_is_a_function_is_measured_on_the_domain_of_what_it_reads():
    """Two fields on axes of their own: T'' = 0 along s, and the plane's u beside it."""
    rod = Box(s=(0, 4))
    (s,) = rod.axes
    heat = Field("heat", rod)
    inner, ends = (
        on(rod, 40, name="rod")(laplacian(heat)),
        on(rod.boundary(), name="ends")(lambda p: heat(p) - s(p)),
    )
    slope = named("slope", lambda p: 2 * D(heat, s)(p))
    known = {u: exact, flux: lambda p: torch.stack([-2 * x(p), 2 * y(p)]), slope: lambda p: 0 * s(p) + 2}
    problem = Problem(*LAWS[:2], inner, ends, outputs=(u, flux, slope), reference=known)
    assert [problem.output(f).domain.axes for f in (u, flux, slope)] == [box.axes, box.axes, rod.axes]
    found = solve(problem, [LeastSquares()])
    assert all(error["max"] < 1e-9 for error in found.errors.values()) and set(found.errors) == {
        "u",
        "flux",
        "slope",
    }
    assert found[slope]([[1.0], [2.0]]).shape == (2,)


# ------------------------------------------------------------------------------------------------ networks


def layers(*between, inputs=2, outputs=1):
    return nn.Sequential(nn.Linear(inputs, 8), *between, nn.Linear(8, outputs))


class Own(nn.Module):
    """A network that does something to its values."""

    def __init__(self, last):
        super().__init__()
        self.inner, self.last = layers(nn.Tanh()), last

    def forward(self, points):
        return self.last(self.inner(points))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Field("v", box, layers(nn.Tanh(), inputs=3)), r"points of shape \(64, 2\).*first layer 2 inputs"),
        (lambda: Field("v", box, layers(nn.Tanh(), inputs=1)), r"points of shape \(64, 2\).*first layer 2 inputs"),
        (lambda: Field("v", box, layers(nn.Tanh(), outputs=3)), r"the shape \(64, 3\).*last layer 1 outputs"),
        (lambda: Field("v", box, layers(nn.Tanh()), shape=(3,)), r"the shape \(64, 1\).*last layer 3 outputs"),
        (lambda: Field("v", box, layers(nn.Tanh()), dtype=complex), "returned the shape.*last layer 2 outputs"),
        (lambda: Field("v", box, Own(lambda v: v[:, 0])), r"returned the shape \(64,\).*do not squeeze"),
        (lambda: Field("v", box, Own(lambda v: (v, v))), "returned a tuple"),
        (lambda: Field("v", box, Own(lambda v: torch.complex(v, v))), "returned complex128; expected"),
        (lambda: Field("v", box, Own(lambda v: v.float())), "gave float32 for points in float64"),
        (lambda: Field("v", box, Own(nn.functional.dropout)), "two values at one point"),
        (lambda: Field("v", box, Own(lambda v: v + torch.rand_like(v))), "two values at one point"),
        (lambda: Field("v", box, Own(lambda v: v - v.mean())), "other values at a point alone"),
        (lambda: Field("v", box, layers(nn.BatchNorm1d(8), nn.Tanh())), "BatchNorm in training mode"),
        (lambda: Field("v", box, layers(nn.Tanh()), periodic=(y,)), "differs at both ends of y"),
        (lambda: Field("v", box, shape=3), "has shape 3; expected positive sizes"),
        (lambda: Field("v", box, periodic=x), r"periodic=x; expected several axes. Write periodic=\(x,\)"),
        (lambda: MLP(activation="relu"), "Its derivatives have jumps"),
    ],
)  # fmt: skip
def test_a_network_that_cannot_be_the_field_is_refused(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()


class Squares(nn.Module):
    """A quadratic polynomial."""

    def __init__(self):
        super().__init__()
        self.inner = layers(nn.Identity())

    def forward(self, points):
        return self.inner(points) ** 2


def zero_at_first():
    network = layers(nn.ReLU())
    nn.init.zeros_(network[-1].weight)
    return network


@pytest.mark.parametrize(
    ("network", "operator", "shown"),
    [
        (
            layers(nn.ReLU()),
            lambda v: laplacian(v),
            r"u_xx \+ u_yy of field 'u', whose network, a Sequential",
        ),
        (zero_at_first(), lambda v: D(v, x, y), "u_xy of field 'u'"),
        (layers(nn.LeakyReLU(), nn.Linear(8, 8), nn.Hardtanh()), lambda v: D(v, x, x), "u_xx of field 'u'"),
        (
            Own(lambda v: torch.relu(v)).inner[:1].append(nn.Linear(8, 1)),
            lambda v: laplacian(v),
            "linear layers",
        ),
        (Squares(), lambda v: laplacian(laplacian(v)), "its derivatives of order 4 vanish"),
        (MLP(depth=0), lambda v: laplacian(v), "whose network, a MLP, has none"),
    ],
)
def test_a_network_without_the_derivatives_asked_for_is_named(network, operator, shown):
    v = Field("u", box, network)
    with pytest.raises(ConstraintError, match=shown):
        Problem(on(box, 20)(lambda p: operator(v)(p) - 1))
    assert Problem(on(box, 20)(lambda p: D(v, x)(p) - 1)).fields == (v,)


@pytest.mark.parametrize(
    "network",
    [
        layers(nn.Tanh()),
        zero_at_first()[:1].append(nn.GELU()).append(nn.Linear(8, 1)),
        layers(nn.LayerNorm(8), nn.SiLU()),
        layers(nn.BatchNorm1d(8), nn.Tanh()).eval(),
        FourierFeatures(Basic(), MLP(depth=0)),
        None,
    ],
)
def test_a_smooth_network_is_accepted(network):
    v = Field("u", box, network)
    assert Problem(on(box, 20)(lambda p: laplacian(v)(p) - 1)).fields == (v,)


def test_dropout_is_switched_off_in_a_copy_and_noted():
    network = layers(nn.Tanh(), nn.Dropout(0.5))
    v = Field("v", box, network)
    problem = Problem(on(box, 20, name="fit")(lambda p: v(p) - 1))
    assert "holds Dropout" in problem.notes[0] and "'v'" in problem.notes[0]
    found = solve(problem, [Adam(steps=2)])
    assert found[v]([[0.5, 0.5]]) == found[v]([[0.5, 0.5]]) and problem.notes[0] in found.warnings
    assert network.training
    assert Problem(on(box, 20)(lambda p: u(p) - 1)).notes == ()


def test_fields_too_many_for_the_memory_are_not_said_to_have_a_root(monkeypatch):
    """Field(shape=(1000,)): the smallest matrix is beyond the memory, and no residual is anything but finite."""
    for module in ("linear.dense_rows", "solvers.direct.trials", "solvers.direct.search"):
        monkeypatch.setattr(f"sirenpde.{module}.MEMORY_LIMIT", 1000)
    v = Field("v", box, shape=(3,))
    inside, edge = (
        on(box, 50, name="inside")(laplacian(v)),
        on(box.boundary(), 40, name="edge")(lambda p: v(p) - 1),
    )
    with pytest.raises(ValueError, match=r"least-squares matrix would have .* rows .* are allowed"):
        solve(Problem(inside, edge), [LeastSquares()])


def test_the_error_says_on_how_many_points_it_rests():
    partly = lambda p: torch.where(x(p) < 0.25, exact(p), torch.nan)
    found = solve(Problem(*LAWS[:2], reference={u: Reference(partly, box, samples=400)}))
    assert found.errors["u"]["max"] < 1e-9 and abs(found.errors["u"]["points"] - 100) <= 10
    whole = solve(Problem(*LAWS[:2], reference={u: exact}))
    assert "points" not in whole.errors["u"]


def test_data_given_in_single_precision_are_noted():
    places = torch.rand(50, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    values = torch.sin(places[:, 0])

    def notes(points, data):
        own = PointCloud(points, box, {"f": data}, name="probes")
        return Problem(on(own, name="fit")(lambda p: u(p) - own["f"](p))).notes

    assert notes(places, values) == () and notes(places.round(decimals=0) / 2, (8 * values).round() / 8) == ()
    for given in (notes(places.float().numpy(), values), notes(places, values.float())):
        assert len(given) == 1 and "'probes'" in given[0] and "seven digits" in given[0]
