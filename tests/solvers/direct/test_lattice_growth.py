"""How lattices grow and shrink with the waves in them, and what they may cost; without a solve."""

from dataclasses import replace

import pytest
import torch

from sirenpde import Box, Field, SineLattice
from sirenpde.linear.axis_basis import AxisBasis
from sirenpde.solvers.direct import lattice_growth
from sirenpde.solvers.direct.lattice_growth import (
    GROWTH,
    Tails,
    affordable,
    columns,
    larger,
    opened,
    orders_of,
    resized,
    tail,
    within_reach,
)

box = Box(t=(0, 1), x=(0, 2))
t, x = box.axes
u = Field("u", box, SineLattice())
around = Field("w", box, SineLattice(), periodic=(x,))


def lattice(*orders):
    return {u: SineLattice(orders)}


@pytest.mark.parametrize(
    ("highest", "upper", "order"),
    [
        (1e-3, 1e-2, 30),  # too large: half as many more
        (1e-10, 1e-5, 20),  # small enough, and the upper ones needed
        (1e-10, 1e-13, 15),  # the upper ones not needed
    ],
)
def test_orders_follow_the_waves_axis_by_axis(highest, upper, order):
    wanted = resized(lattice(10, 20), Tails({"x": highest}, {"x": upper}), 1e-9)
    assert orders_of(wanted[u]) == (10, order)


def test_orders_shrink_no_further_than_the_least_and_grow_gently_where_dear():
    nothing = Tails({"x": 0.0}, {"x": 0.0})
    assert orders_of(resized(lattice(4, 9), nothing, 1e-9)[u]) == (4, GROWTH.least)
    assert orders_of(resized(lattice(4, 5), nothing, 1e-9)[u]) == (4, 5)
    dear = lattice(10, 50)
    assert columns(dear) > GROWTH.wide
    assert orders_of(resized(dear, Tails({"x": 1.0}, {}), 1e-9)[u]) == (10, 60)


def test_waves_around_a_period_are_no_columns_of_a_factor():
    assert columns({around: SineLattice((3, 1000))}) == 7
    assert columns({u: SineLattice((3, 4))}) == 63
    assert not affordable(lattice(46, 46)) and affordable(lattice(45, 45))
    assert not affordable({around: SineLattice((24, 1021))})  # 49 x 2043 coefficients


def test_the_first_orders_are_the_largest_that_are_affordable(monkeypatch):
    assert orders_of(opened({u: SineLattice()}, t)[u]) == (4, 12)
    assert orders_of(opened({u: SineLattice()}, None)[u]) == (12, 12)
    monkeypatch.setattr(lattice_growth, "GROWTH", replace(GROWTH, wide=100))
    assert orders_of(opened({u: SineLattice()}, t)[u]) == (2, 12)
    monkeypatch.setattr(lattice_growth, "GROWTH", replace(GROWTH, widest=100))
    assert orders_of(opened({u: SineLattice()}, t)[u]) == (2, 8)


def test_what_is_too_large_is_reached_for_part_of_the_way():
    near = within_reach(lattice(10, 400), lattice(10, 100))
    assert affordable(near) and larger(near, lattice(10, 100)) == {u}
    assert orders_of(near[u])[0] == 10 and not affordable(lattice(10, 400))
    far = lattice(5000, 5000)
    assert within_reach(far, lattice(4, 4)) is far  # nothing on the way is small enough


@pytest.mark.parametrize("field", [around, u])
def test_a_tail_is_what_varies_fastest(field):
    module = SineLattice((2, 8)).build([0, 0], [1, 2], 1, (1,) if field is around else (), torch.Generator())
    basis = AxisBasis(module.basis(1))
    points = basis.reference().nodes
    slow, fast = torch.ones_like(points), torch.cos(7 * torch.pi * points)
    for values, low, high in ((slow, 0.0, 1e-10), (fast, 0.5, 1.0)):
        amplitudes = basis.project(values[:, None])[None, :, :]
        assert low <= tail(basis, amplitudes, 1, 0.85 if field is around else 0.6) <= high
