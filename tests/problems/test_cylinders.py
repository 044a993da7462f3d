"""Flow past a cylinder: the forces on it, by its traction and by what flows through a circle around it."""

import math
from dataclasses import dataclass

import pytest
import torch

from sirenpde import Disk, Problem, Solution, solve
from sirenpde.problem.load import build, find, load

CENTRE = (2.0, 2.0)


@dataclass(frozen=True)
class Forces:
    """The force on the cylinder, the same by the balance of momentum, and the difference of the pressures."""

    traction: torch.Tensor
    balance: torch.Tensor
    pressures: float


def declared(name: str) -> Problem:
    return build(load(find(name)), {})


def through(solution: Solution, radius: float, inertia: float) -> torch.Tensor:
    """The integral of σ n - u (u·n), what the fluid within a circle gives to the cylinder, (2,)."""
    nodes = Disk(CENTRE, radius).boundary().cubature(200)
    assert nodes is not None
    normal = nodes.data["normal"]
    stress, velocity = (torch.as_tensor(solution[name](nodes.points)) for name in ("stress", "velocity"))
    flux = torch.einsum("nij,nj->ni", stress, normal)
    flux = flux - inertia * (velocity * normal).sum(1, keepdim=True) * velocity
    return nodes.weights @ flux


def traction(solution: Solution) -> torch.Tensor:
    """The integral of σ n over the cylinder, as a user asks for it, (2,)."""
    cylinder, stress = Disk(CENTRE, 0.5).boundary(), solution["stress"].function
    found = solution.integrate(lambda p: stress(p) @ cylinder.normal(p), cylinder)
    assert found.error < 1e-4
    return torch.from_numpy(found.value)


def forces(solution: Solution, inertia: float) -> Forces:
    front = torch.tensor([[1.5, 2.0], [2.5, 2.0]], dtype=torch.float64)
    ahead, behind = torch.as_tensor(solution["pressure"](front)).tolist()
    return Forces(traction(solution), through(solution, 1.0, inertia), ahead - behind)


@pytest.mark.parametrize("name", ["stokes_cylinder", "navier_stokes_cylinder"])
def test_the_channel_is_what_the_benchmark_says(name):
    problem = declared(name)
    by_name = {constraint.name: constraint.domain for constraint in problem.constraints}
    assert by_name["momentum"].measure == pytest.approx(22 * 4.1 - math.pi / 4, rel=1e-12)
    points, data = by_name["circle"].draw(100, torch.Generator().manual_seed(0))
    outward = points - torch.tensor(CENTRE)
    assert (outward.norm(dim=1) - 0.5).abs().max() < 1e-14
    assert (2 * outward + data["normal"]).abs().max() < 1e-13  # out of the fluid, into the cylinder


@pytest.mark.slow
def test_stokes_flow_exerts_the_forces_that_finite_elements_find():
    """Taylor-Hood elements with curved sides, 62,702 unknowns, leave 1e-5 of the drag and 2e-4 of the pressures."""
    found = forces(solve(declared("stokes_cylinder"), seed=1), 0.0)
    assert found.traction.tolist() == pytest.approx([31.4243, 0.30196], rel=1e-5, abs=1e-3)
    assert found.balance.tolist() == pytest.approx(found.traction.tolist(), rel=1e-5, abs=1e-3)
    assert 0.002 * found.pressures == pytest.approx(0.045578, rel=1e-4)


@pytest.mark.slow
def test_drag_lift_and_pressures_of_the_benchmark_are_found():
    found = forces(solve(declared("navier_stokes_cylinder"), seed=1), 1.0)
    for force in (found.traction, found.balance):
        drag, lift = (2 * force).tolist()
        assert drag == pytest.approx(5.57953523384, rel=1e-4)
        assert lift == pytest.approx(0.010618948146, abs=2e-4)
    assert 0.04 * found.pressures == pytest.approx(0.11752016697, rel=1e-4)
