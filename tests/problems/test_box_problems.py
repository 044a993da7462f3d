"""The bundled problems on boxes of three axes or many waves: declared solutions hold, and defaults reach them."""

import pytest

from sirenpde import solve
from sirenpde.analysis.check import check_reference
from sirenpde.problem.load import build, find, load

CASES = [
    ("heat_cube", {"half_waves": (1, 2, 1), "end": 0.02}),
    ("poisson_waves", {"frequency": 40.0}),
    ("poisson_waves", {"frequency": 4.0, "dimensions": 3, "reaction": 1.0}),
    ("heat_ripples", {"ripples": 12.0}),
    ("carried_pulse", {"sharpness": 10.0}),
]


@pytest.mark.parametrize(("name", "flags"), CASES)
def test_the_declared_solution_satisfies_every_constraint(name, flags):
    findings = [
        finding for finding in check_reference(build(load(find(name)), flags)) if finding.ok is not None
    ]
    assert findings and all(finding.ok for finding in findings), findings


@pytest.mark.slow
@pytest.mark.parametrize(("name", "flags"), CASES)
def test_defaults_reach_it_by_polynomials_along_the_axes(name, flags):
    solution = solve(build(load(find(name)), flags), seed=1)
    assert float(solution.errors["u"]["relative_l2"]) < 1e-10
    assert [stage.name for stage in solution.stages] == ["collocation"]
