"""Unknown fields from noisy data: what is found, how well it is known, and what is refused."""

import math

import pytest
import torch

from sirenpde import (
    Box,
    D,
    Field,
    Inference,
    PointCloud,
    Problem,
    SineFeatures,
    Solution,
    Table,
    hessian,
    l1,
    on,
    solve,
)  # fmt: skip
from sirenpde.problem.load import build, find, load
from sirenpde.residuals.unfit import Unfit

line = Box(x=(0, 1))
(x,) = line.axes
at = (torch.arange(40, dtype=torch.float64)[:, None] + 0.5) / 40


def truth(seed):
    """A sum of waves whose amplitudes fall as those of the prior do, and its integral."""
    waves = math.pi * torch.arange(1, 13, dtype=torch.float64)
    amplitudes = torch.randn(12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) / (
        1 + (waves / 6) ** 2
    )
    return (
        lambda s: (amplitudes * torch.cos(s * waves)).sum(-1),
        lambda s: (amplitudes / waves * torch.sin(s * waves)).sum(-1),
    )


def slopes(seed, sigma=0.005, is_given=True):
    """The slope of a measured curve that begins at 0."""
    _, integral = truth(seed)
    noise = sigma * torch.randn(40, generator=torch.Generator().manual_seed(100 + seed), dtype=torch.float64)
    u, f = Field("u", line, SineFeatures(60, 20.0)), Field("f", line, SineFeatures(50, 20.0))
    seen = PointCloud(at, line, {"u": integral(at) + noise})
    slope = on(line, 200, name="slope")(lambda p: D(u, x)(p) - f(p))
    begun = on(line.at(x=0), name="begun")(lambda p: u(p))
    match = on(seen, name="match", sigma=sigma if is_given else None)(lambda p: u(p) - seen["u"](p))
    small = on(line, 200, prior=True, name="small")(lambda p: f(p))
    smooth = on(line, 200, prior=True, name="smooth")(lambda p: hessian(f)(p))
    return u, f, (slope, begun, match, small, smooth)


def test_the_truth_is_within_two_deviations_at_95_of_100_places():
    inside = []
    for seed in range(6):
        _, f, constraints = slopes(seed)
        solution = solve(Problem(*constraints), [Inference()])
        error = (solution[f](at) - truth(seed)[0](at)).abs()
        inside.append((error < 2 * solution.deviation(f)(at)).double().mean())
    assert 0.9 < float(torch.stack(inside).mean()) < 0.995


def test_noise_that_was_not_given_is_found_and_said():
    _, f, constraints = slopes(0, sigma=0.01, is_given=False)
    solution = solve(Problem(*constraints), [Inference()])
    assert solution.uncertainty.report["noise"] == pytest.approx(0.01, rel=0.4)
    assert "whose noise is about" in solution.stages[0].reason
    assert float((solution[f](at) - truth(0)[0](at)).square().mean().sqrt()) < 0.25


def test_deviations_are_those_of_any_function_and_are_exported(tmp_path):
    u, f, constraints = slopes(1)
    solution = solve(Problem(*constraints), [Inference()])
    places = at[::8]
    own = solution.deviation(f)(places)
    assert torch.allclose(solution.deviation(lambda p: 3 * f(p) + 1)(places), 3 * own)
    value = solution[f](places)
    assert torch.allclose(solution.deviation(lambda p: torch.exp(f(p)))(places), value.exp() * own)
    assert torch.allclose(solution.deviation(D(u, x))(places), own, rtol=1e-3)
    assert float(solution.deviation(u)([[0.0]])[0]) < 1e-6  # where u is given
    assert solution.deviation("f").on_grid(5).values.shape == (5,)
    known = Table.open(solution.export(tmp_path / "f.csv", 9), line)
    assert torch.allclose(known.data["f_deviation"], solution.deviation(f)(known.points), rtol=1e-6)
    report = solution.report()["uncertainty"]
    assert report["unknown"] == ["f"] and 0 < report["determined"] < report["combinations"]
    assert f"determine {report['determined']} of {report['combinations']} combinations of f" in str(solution)


def test_a_solution_read_from_files_has_its_fields_but_no_deviations(tmp_path):
    _, _, constraints = slopes(0)
    solve(Problem(*constraints), [Inference()]).save(tmp_path)
    back = Solution.load(tmp_path)
    assert back.uncertainty is None and back.report()["uncertainty"] is None
    with pytest.raises(ValueError, match="solved by Inference"):
        back.deviation("f")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c, u, f: c[:3], "no prior"),
        (lambda c, u, f: (*c[:2], *c[3:]), "no measurements"),
        (lambda c, u, f: (*c, on(line, 9, prior=True, name="third")(lambda p: D(f, x)(p))), "more than two priors"),
        (lambda c, u, f: (*c, on(line, 9, loss=l1, name="other")(lambda p: f(p))), "l2 in other"),
        (lambda c, u, f: (*c, on(line, 9, name="square")(lambda p: f(p) ** 2)), "not affine in the fields: square"),
    ],
)  # fmt: skip
def test_problems_of_another_kind_are_refused(change, said):
    u, f, constraints = slopes(0)
    with pytest.raises(Unfit, match=said):
        solve(Problem(*change(constraints, u, f)), [Inference()])


@pytest.mark.parametrize("name", ["unknown_source", "initial_temperature"])
@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"noise": -0.1}, "expected 0 or a positive"),
        ({"noise": math.nan}, "expected 0 or a"),
        ({"sensors": 0}, "expected 1 or more"),
    ],
)
def test_measurements_that_are_none_are_refused(name, flags, said):
    with pytest.raises(ValueError, match=said):
        build(load(find(name)), flags)


@pytest.mark.parametrize("where", [[[0.5], [1.2]], [[0.5], [math.nan]]])
def test_places_outside_and_values_that_are_no_numbers_are_refused(where):
    with pytest.raises(ValueError, match=r"."):
        Table.of({"x": [w[0] for w in where], "u": [1.0, 2.0]}, line)
    with pytest.raises(ValueError, match=r"."):
        Table.of({"x": [0.1, 0.2], "u": [1.0, math.nan]}, line)
