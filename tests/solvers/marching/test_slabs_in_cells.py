"""A march whose slabs are solved in cells."""

import pytest
import torch

from sirenpde import Box, D, Field, LeastSquares, March, Problem, SineFeatures, on, solve
from sirenpde.networks.pieces import Pieces


def shock(network, viscosity=0.05):
    """Burgers' equation between walls that follow a shock as it travels: not affine."""
    box = Box(t=(0, 1), x=(0, 1))
    (t, x), u = box.axes, Field("u", box, network)

    def exact(p):
        return 0.5 - 0.5 * torch.tanh((x(p) - 0.3 - 0.5 * t(p)) / (4 * viscosity))

    def flow(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    def known(p):
        return u(p) - exact(p)

    return Problem(
        on(box, 1000, name="flow")(flow),
        on(box.at(t=0), 200, weight=100, name="start")(known),
        on(box.boundary("x"), 200, weight=100, name="walls")(known),
        reference={u: exact},
    )


@pytest.mark.slow
def test_slabs_in_cells_follow_a_shock_by_newtons_method():
    network = Pieces(SineFeatures(60), cells=(1, 3))
    solution = solve(shock(network), [March("t", slabs=2, stages=[LeastSquares()])])
    (error,) = (e["relative_l2"] for e in solution.errors.values())
    assert error < 1e-3 and "2 slabs, " in solution.message and "frozen sines" in solution.message
