"""What one slab hands over to the next, against polynomials."""

import pytest
import torch
from torch import Tensor

from sirenpde import Box, D, Field, Problem, SineLattice, on
from sirenpde.geometry.slab import Slab
from sirenpde.residuals import Parameters, System
from sirenpde.solvers.marching.handover import Before, at_start, clock, handed_over, highest, order_along
from sirenpde.solvers.marching.marchable import NotMarchable

F64 = torch.float64
box = Box(t=(0, 2), x=(-1, 1))
t, x = box.axes
LATER = Slab(t, 0.5, 1.0)


class Cubic(torch.nn.Module):
    """c t³ + x² t"""

    def __init__(self) -> None:
        super().__init__()
        self.c = torch.nn.Parameter(torch.tensor([1.0], dtype=F64))

    def forward(self, point: Tensor) -> Tensor:
        time, place = point[..., :1], point[..., 1:]
        return self.c * time**3 + place**2 * time


def wave(start: bool = True) -> tuple[Field, Problem]:
    u = Field("u", box, SineLattice())
    parts = [on(box, 100, name="wave")(lambda p: D(u, t, t)(p) - D(u, x, x)(p))]
    if start:
        parts.append(on(box.at(t=0), 30, weight=2, name="start")(lambda p: u(p)))
    return u, Problem(*parts)


def before(u: Field, problem: Problem) -> Before:
    system = System(problem, {u: Cubic()}, torch.device("cpu"), F64)
    return Before(Parameters({u: Cubic()}, ()), torch.tensor([4.0], dtype=F64), system)


@pytest.mark.parametrize(("start", "samples", "weight"), [(True, 30, 2.0), (False, 1024, 1.0)])
def test_values_and_rates_go_on_at_the_start_of_a_slab(start: bool, samples: int, weight: float) -> None:
    """On the points, and with the weight, of the constraint there; on the whole box where there is none."""
    u, problem = wave(start)
    value, rate = handed_over(problem, LATER, before(u, problem))
    assert (value.name, rate.name) == ("hand-over of u", "hand-over of u_t")
    assert value.samples == rate.samples == samples and value.domain is rate.domain
    assert (value.weight, rate.weight) == (100 * weight, 100 * weight / 4**2)
    points, data = value.domain.draw(9, torch.Generator().manual_seed(0))
    assert bool((points[:, 0] == 0.5).all())
    assert torch.allclose(data["before 0"], 4 * 0.5**3 + points[:, 1] ** 2 * 0.5, rtol=1e-14)
    assert torch.allclose(data["before 1"], 12 * 0.5**2 + points[:, 1] ** 2, rtol=1e-13)


def test_a_field_that_goes_on_leaves_nothing() -> None:
    u, problem = wave()
    last = before(u, problem)
    handing = Problem.derived(*handed_over(problem, LATER, last))
    system = System(handing, {u: Cubic()}, torch.device("cpu"), F64)
    batches = system.draw(torch.Generator().manual_seed(0))
    assert all(float(r.abs().max()) < 1e-14 for r in system.residuals(last.theta, batches))
    other = system.residuals(torch.tensor([5.0], dtype=F64), batches)
    assert [float(r.mean()) for r in other] == pytest.approx([0.5**3, 3 * 0.5**2])


def test_what_no_rate_is_asked_of_is_not_handed_over() -> None:
    u, q = Field("u", box, SineLattice()), Field("q", box, SineLattice())
    problem = Problem(
        on(box, 100, name="motion")(lambda p: D(u, t)(p) + D(q, x)(p)),
        on(box.at(t=0), 30, name="start")(lambda p: u(p)),
    )
    assert (highest(problem, u, LATER), highest(problem, q, LATER)) == (1, 0)
    system = System(problem, {u: Cubic(), q: Cubic()}, torch.device("cpu"), F64)
    last = Before(system.parameters, system.initial(), system)
    assert [c.name for c in handed_over(problem, LATER, last)] == ["hand-over of u"]


def test_orders_along_the_axis_and_what_they_count() -> None:
    u, _ = wave()
    assert order_along([D(u, t, x, x), D(u, t, t)], LATER) == 2 and order_along([], LATER) == 0
    assert [clock(LATER, order) for order in (0, 1, 2)] == [1.0, 4.0**-2, 4.0**-4]
    assert at_start(box.at(t=0), LATER) and not at_start(box.at(t=0.5), LATER) and not at_start(box, LATER)


def test_where_a_field_cannot_be_handed_over_is_told() -> None:
    whole = box.where(lambda p: p[:, 1] < 0.5)
    u = Field("u", whole, SineLattice())
    problem = Problem(on(whole, 100, name="decay")(lambda p: D(u, t)(p) + u(p)))
    with pytest.raises(NotMarchable, match="no constraint on it holds at t = 0 alone"):
        handed_over(problem, LATER, before(u, problem))
