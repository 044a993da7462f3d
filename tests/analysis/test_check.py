"""What ``check`` says: mistakes are wrong, dangers are warnings, and noise or vanishing terms are neither."""

import json
import math
import textwrap

import numpy as np
import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    PointCloud,
    Problem,
    SineFeatures,
    Unknown,
    div,
    integral,
    jump,
    laplacian,
    on,
)
from sirenpde.analysis.check import build_system, check, check_reference
from sirenpde.cli.main import main
from sirenpde.solvers.ladder import choose

box = Box(t=(0, 1), x=(0, 1))
t, x = box.axes
u, v = Field("u", box), Field("v", box, shape=(2,))


def all_of(problem):
    return list(check(problem, build_system(problem, choose(problem, None, None).recipes)))


def warned(problem):
    return [finding.text for finding in all_of(problem) if finding.warns]


def substituted(problem):
    """The findings about the declared solution, by constraint."""
    findings = check_reference(problem)
    return {f.topic.removeprefix("declared solution in "): f for f in findings}


def wave(p):
    return torch.sin(math.pi * x(p)) * torch.exp(-(math.pi**2) * t(p))


heat = on(box, 300, name="heat")(lambda p: D(u, t)(p) - D(u, x, x)(p))
walls = on(box.boundary("x"), 60, name="walls")(u)
start = on(box.at(t=0), 60, name="start")(lambda p: u(p) - torch.sin(math.pi * x(p)))


def test_a_healthy_problem_has_no_warning_and_nothing_wrong():
    findings = all_of(Problem(heat, walls, start, reference={u: wave}))
    assert not [f for f in findings if f.warns or f.ok is False]
    assert {"equations and conditions", "what is determined"} <= {f.topic for f in findings if f.ok}


@pytest.mark.parametrize(
    ("constraints", "words"),
    [
        ((heat, walls), "along t the equations of u are of order 1, and there are none"),
        ((heat, start, on(box.boundary("x"), 60, name="walls")(lambda p: u(p) - 1)), "contradict each other"),
        (
            (on(box, 300, name="back")(lambda p: D(u, t)(p) + D(u, x, x)(p)), walls, start),
            "ill-posed: along t",
        ),
        (
            (
                on(box, 300, name="pde")(D(lambda p: torch.where(x(p) > 0.5, 2.0, 1.0) * D(u, x)(p), x)),
                walls,
                start,
            ),
            "a function that jumps at x = 0.5",
        ),
    ],
    ids=["missing", "contradicting", "ill-posed", "jumping"],
)
def test_dangers_are_warnings_and_not_wrong(constraints, words):
    problem = Problem(*constraints)
    assert any(words in text for text in warned(problem))
    assert not [f for f in all_of(problem) if f.ok is False]


def test_an_unknown_number_that_nothing_determines_is_a_warning():
    c, d = Unknown("c", 2.0), Unknown("d", 3.0)
    product = on(box, 300, name="heat")(lambda p: D(u, t)(p) - c(p) * d(p) * D(u, x, x)(p))
    seen = on(PointCloud([[0.5, 0.5]], box), name="seen")(lambda p: u(p) - 0.2)
    assert any(
        "c and d are undetermined together" in text for text in warned(Problem(product, walls, start, seen))
    )


@pytest.mark.parametrize("f", [torch.sqrt, torch.log, torch.reciprocal])
def test_a_constraint_that_is_finite_for_some_fields_only_is_not_wrong(f):
    ode = on(box, 100, name="ode")(lambda p: D(u, t)(p) - f(u(p)))
    start = on(box.at(t=0), 20, name="start")(lambda p: u(p) - 1)
    problem = Problem(ode, start)
    found = {f.topic: f for f in check(problem, build_system(problem, choose(problem, None, None).recipes))}
    assert found["scales in ode"].ok is not False
    never = Problem(on(box, 100, name="never")(lambda p: u(p) + torch.sqrt(-1 - u(p) ** 2)))
    found = {f.topic: f for f in check(never, build_system(never, choose(never, None, None).recipes))}
    assert found["scales in never"].ok is False


def test_terms_that_vanish_identically_are_not_wrong():
    def parallel(p):
        """Both components depend on the other axis alone, up to rounding."""
        angle = 0.7 * t(p)
        return torch.stack([0 * t(p), torch.cos(angle) ** 2 + torch.sin(angle) ** 2 - 1 + 3.0])

    flow = on(box, 300, name="div")(div(v))
    still = on(box, 300, name="still")(lambda p: D(v, t)(p))
    found = substituted(Problem(flow, still, reference={v: parallel}))
    assert found["div"].ok and found["still"].ok
    off = substituted(Problem(flow, still, reference={v: lambda p: parallel(p) + 1e-3 * t(p)}))
    assert off["div"].ok is False and off["still"].ok is False


def test_a_declared_solution_that_torch_cannot_differentiate_is_not_wrong():
    """u = J0(√2 x) exp(-2 t) solves u_t = u_xx + u_x / x; torch takes the derivative of J0 for zero."""
    inner = Box(t=(0, 1), x=(0.1, 1))
    s, y = inner.axes
    w = Field("w", inner)
    waves = on(inner, 300, name="waves")(lambda p: D(w, s)(p) - D(w, y, y)(p) - D(w, y)(p) / y(p))
    first = on(inner.at(t=0), 60, name="first")(lambda p: w(p) - exact(p))

    def exact(p):
        return torch.special.bessel_j0(math.sqrt(2) * y(p)) * torch.exp(-2 * s(p))

    said = substituted(Problem(waves, first, reference={w: exact}))
    assert said["waves"].ok is None and "bessel_j0 is differentiated" in said["waves"].text
    assert said["first"].ok is True


def test_a_field_that_vanishes_but_for_rounding_is_not_wrong():
    def nothing(p):
        return torch.cos(t(p)) ** 2 + torch.sin(t(p)) ** 2 - 1

    assert substituted(Problem(heat, walls, reference={u: nothing}))["heat"].ok


def test_noise_of_measurements_is_not_wrong_and_other_data_are_a_warning():
    rng = np.random.default_rng(0)
    places = rng.uniform(0, 1, (60, 2))
    true = np.sin(math.pi * places[:, 1]) * np.exp(-(math.pi**2) * places[:, 0])
    for values, warns in ((true + 0.01 * rng.standard_normal(60), False), (true + 2, True)):
        data = PointCloud(places, box, {"u": values})
        seen = on(data, name="seen")(lambda p, data=data: u(p) - data["u"](p))
        found = substituted(Problem(heat, seen, reference={u: wave}))
        assert found["seen"].ok is None and found["seen"].warns == warns
        assert "it differs from the data by rms" in found["seen"].text and found["heat"].ok
    assert (
        substituted(Problem(on(box, 300, name="heat")(laplacian(u)), reference={u: wave}))["heat"].ok is False
    )


FILE = """
from sirenpde import Box, D, Field, Problem, on
box = Box(t=(0, 1), x=(0, 1)); t, x = box.axes; u = Field("u", box)
heat = on(box, 200, name="heat")(lambda p: D(u, t)(p) - D(u, x, x)(p))
start = on(box.at(t=0), 20, name="start")(u)
problem = Problem(heat, start, on(box.boundary("x"), 20, name="walls")(lambda p: u(p) - {wall}))
"""


def test_the_last_line_counts_warnings_and_the_exit_code_stays(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.py").write_text(textwrap.dedent(FILE.replace("{wall}", "1")))
    (tmp_path / "fine.py").write_text(textwrap.dedent(FILE.replace("{wall}", "0")))
    assert main(["check", "case.py"]) == 0
    out = capsys.readouterr().out
    assert "WARN  equations and conditions: The constraints 'start' and 'walls' contradict each other" in out
    assert out.strip().split("\n")[-1] == "nothing is wrong, but there is 1 warning"
    assert main(["check", "case.py", "--json", "--out", "again"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] and found["warnings"] == 1 and sum(f["warning"] for f in found["findings"]) == 1
    assert main(["check", "fine.py"]) == 0
    assert capsys.readouterr().out.strip().split("\n")[-1] == "all is well"


def test_recipes_of_the_users_own_are_looked_through_too():
    w = Field("w", box, SineFeatures(80, 4.0))
    pde = on(box, 300, name="pde")(lambda p: D(w, t)(p) + 2 * D(w, x)(p))
    inflow = on(box.at(x=0), 60, name="inflow")(w)
    (said,) = warned(Problem(pde, inflow))
    assert "along t the equations of w are of order 1, and there are none" in said


def test_integrals_and_jumps_are_checked_like_the_rest():
    """A declared solution is read at the nodes too; nothing about them is wrong, and nothing is warned of."""
    line = Box(x=(0, 1))
    (s,) = line.axes
    w = Field("w", line)
    law = on(line, 60, name="law")(
        lambda p: w(p) - integral(w, line, nodes=8)(p) - torch.cos(2 * math.pi * s(p)) + 0 * D(w, s)(p)
    )
    joints = [on(line.pairs("x"), name=name)(jump(f)) for name, f in (("value", w), ("slope", D(w, s)))]
    amount = on(line.at(x=0), name="amount")(integral(w, line, nodes=8))
    problem = Problem(law, *joints, amount, reference={w: lambda p: torch.cos(2 * math.pi * s(p))})
    findings = all_of(problem)
    assert not [f for f in findings if f.ok is False or f.warns], findings
    known = {f.topic for f in findings if f.ok and f.topic.startswith("declared solution")}
    assert known == {f"declared solution in {name}" for name in ("law", "value", "slope", "amount")}
    engines = [f.text for f in findings if f.topic.startswith("derivatives")]
    assert any(text.startswith("w at the nodes of (x): forward jets") for text in engines)
    assert any(text.startswith("w, w_x: forward jets") or "w at the other end" in text for text in engines)
    wrong = Problem(amount, law, reference={w: lambda p: 1 + torch.cos(2 * math.pi * s(p))})
    assert substituted(wrong)["amount"].ok is False


def test_a_network_that_cannot_represent_the_data_is_a_warning():
    box = Box(x=(0, 1))
    u = Field("u", box, SineFeatures(200, bandwidth=10))
    problem = Problem(on(box, 100, name="eq")(lambda p: laplacian(u)(p) - torch.sin(400 * box.axes[0](p))))
    recipes = choose(problem, None, None).recipes
    found = [
        f for f in check(problem, build_system(problem, recipes), recipes=recipes) if f.topic == "networks"
    ]
    assert [f.warns for f in found] == [True] and "up to 400 rad per unit" in found[0].text
