"""The constraints of one slab, their domains, weights and names."""

import torch

from sirenpde import Box, D, Disk, Field, Interval, Problem, SineLattice, laplacian, on
from sirenpde.geometry.slab import Slab
from sirenpde.residuals import System
from sirenpde.solvers.marching.handover import Before
from sirenpde.solvers.marching.slab_problem import at_rest, slab_problem

F64 = torch.float64
spacetime = Box(t=(0, 1), x=(-1, 1))
t, x = spacetime.axes


def test_what_must_hold_in_a_slab() -> None:
    u = Field("u", spacetime, SineLattice())
    start = spacetime.at(t=0)
    problem = Problem(
        on(spacetime, 100, name="wave")(lambda p: D(u, t, t)(p) - D(u, x, x)(p)),
        on(start, 50, weight=3, name="shape")(lambda p: u(p)),
        on(start, 50, name="rate")(lambda p: D(u, t)(p)),
        on(spacetime.boundary("x"), 50, name="walls")(lambda p: u(p)),
        on(spacetime.at(t=1), 50, name="end")(lambda p: u(p)),
    )
    network = SineLattice((2, 2)).build([0.0, -1.0], [0.25, 1.0], 1, (), torch.Generator())
    system = System(problem, {u: network}, torch.device("cpu"), F64)
    before = Before(system.parameters, system.initial() + 1, system)
    first = slab_problem(problem, Slab(t, 0.0, 0.25), None)
    later = slab_problem(problem, Slab(t, 0.25, 0.5), before)
    last = slab_problem(problem, Slab(t, 0.75, 1.0), before)
    assert [c.name for c in first.problem.constraints] == ["wave", "shape", "rate", "walls"]
    assert [c.weight for c in first.problem.constraints] == [4.0**-4, 300, 100 * 4.0**-2, 1]
    names = ["wave", "walls", "hand-over of u", "hand-over of u_t"]
    assert [c.name for c in later.problem.constraints] == names
    assert [c.weight for c in later.problem.constraints] == [4.0**-4, 1, 300, 300 * 4.0**-2]
    assert later.origins == (0, 3, None, None)
    assert [c.name for c in last.problem.constraints] == ["wave", "walls", "end", *names[2:]]
    points, data = later.problem.constraints[2].domain.draw(7, torch.Generator().manual_seed(0))
    assert bool((points[:, 0] == 0.25).all())
    with torch.no_grad():
        network.coefficients.fill_(1.0)
        assert torch.allclose(data["before 0"], network(points)[:, 0])


def test_a_first_guess_starts_right_and_rests() -> None:
    """Of a wave: u and u_t at the start, and u_tt = 0 in the slab."""
    u = Field("u", spacetime, SineLattice())
    start = spacetime.at(t=0)
    problem = Problem(
        on(spacetime, 100, name="wave")(lambda p: D(u, t, t)(p) - D(u, x, x)(p)),
        on(start, 50, weight=3, name="shape")(lambda p: u(p)),
        on(start, 50, name="rate")(lambda p: D(u, t)(p)),
    )
    resting = at_rest(problem, Slab(t, 0.0, 0.25))
    assert [c.name for c in resting.constraints] == ["shape", "rate", "steady u"]
    assert [c.weight for c in resting.constraints] == [300, 100 * 4.0**-2, 4.0**-4]
    assert resting.requests[2].derivatives == (D(u, t, t),)
    points, _ = resting.constraints[2].domain.draw(50, torch.Generator().manual_seed(0))
    assert float(points[:, 0].min()) > 0 and 0.2 < float(points[:, 0].max()) < 0.25


def test_a_first_guess_rests_in_the_interior_wherever_it_is_declared() -> None:
    cylinder = Disk() * Interval(t=(0, 1))
    u, time = Field("u", cylinder), cylinder.axes[2]
    problem = Problem(
        on(cylinder.boundary("x", "y"), 50, name="rim")(lambda p: u(p)),
        on(cylinder, 100, name="heat")(lambda p: D(u, time)(p) - laplacian(u, *cylinder.axes[:2])(p)),
        on(cylinder.at(t=0), 50, name="start")(lambda p: u(p) - 1),
    )
    _, steady = at_rest(problem, Slab(time, 0.0, 0.5)).constraints
    points, _ = steady.domain.draw(200, torch.Generator().manual_seed(0))
    assert float(points[:, :2].norm(dim=1).min()) < 0.3 and 0.4 < float(points[:, 2].max()) < 0.5
