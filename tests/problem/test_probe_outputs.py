"""Outputs, references and stages are tried when a problem is declared."""

import math
import re

import numpy as np
import pytest
import torch
from probing import without_line

from sirenpde import (
    Adam,
    Box,
    D,
    Disk,
    Field,
    LeastSquares,
    PointCloud,
    Problem,
    Reference,
    Unknown,
    grad,
    laplacian,
    on,
    solve,
)

box = Box(x=(0, 1), y=(0, 2))
x, y = box.axes
u, w = Field("u", box), Field("w", box, shape=(2,))
c = Unknown("c", 1.0)
PI = torch.tensor(math.pi)
cloud = PointCloud(torch.rand(40, 2, dtype=torch.float64), box, {"f": torch.rand(40)})


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
    assert re.search(message, without_line(caught.value, __file__)[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Reference(exact, on="wall"), "on=...\\) was given 'wall', a str; expected a domain"),
        (lambda: Reference(exact, on={"wall": 3}), "was given 3, a int"),
        (lambda: Reference(exact, on={}), "names no domain"),
        (lambda: Reference(exact, samples=0), "samples=0"),
        (lambda: Reference(exact, fit="linear"), "fit='linear'"),
        (lambda: Reference(exact, peak=-1), "peak=-1"),
        (lambda: solve(Problem(*LAWS), using=[Adam]), "class .*Adam.*expected (a )?stage"),
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


def test_the_error_says_on_how_many_points_it_rests():
    partly = lambda p: torch.where(x(p) < 0.25, exact(p), torch.nan)
    found = solve(Problem(*LAWS[:2], reference={u: Reference(partly, box, samples=400)}))
    assert found.errors["u"]["max"] < 1e-9 and abs(found.errors["u"]["points"] - 100) <= 10
    whole = solve(Problem(*LAWS[:2], reference={u: exact}))
    assert "points" not in whole.errors["u"]


def test_an_output_of_fields_side_by_side_lives_on_their_union():
    square, inner = Box(x=(-1, 1), y=(-1, 1)), Disk(radius=0.5)
    u, v, w = Field("u", square - inner), Field("v", inner), Field("w", square)
    rules = [on(f.domain, samples=10, name=f"of_{f.name}")(f) for f in (u, v, w)]

    def joined(p):
        return u(p) + v(p)

    def overlapping(p):
        return u(p) + w(p)

    problem = Problem(*rules, outputs=(joined, overlapping))
    assert problem.output(joined).domain.measure == pytest.approx(4, abs=1e-12)
    assert problem.output(overlapping).domain.measure == pytest.approx(4 - math.pi / 4, abs=1e-12)
