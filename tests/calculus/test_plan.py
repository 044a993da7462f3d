"""How many channels a plan takes: the least that are closed under products."""

import pytest
from oracle import D2, axis, partial, weighted

from sirenpde.calculus.plan import jet_plan
from sirenpde.calculus.symbols import Symbol


@pytest.mark.parametrize("d", range(1, 11))
def test_a_weighted_laplacian_takes_two_channels_more_than_there_are_axes(d: int) -> None:
    assert len(jet_plan([weighted(*[1.0] * d)], d).channels) == d + 2


@pytest.mark.parametrize(
    "symbols, d, count",
    [
        pytest.param([Symbol.identity(3)], 3, 1, id="value"),
        pytest.param([partial(2, 0)], 2, 3, id="u_xx"),
        pytest.param([axis(3, 1)], 3, 2, id="u_y"),
        pytest.param([weighted(1, -1, -1), axis(3, 0), Symbol.identity(3)], 3, 5, id="wave and lower"),
        pytest.param(D2["dependent"], 2, 5, id="dependent"),
        pytest.param(D2["degenerate weight"], 2, 3, id="(∂x + ∂y)², one direction"),
        pytest.param([partial(4)], 1, 5, id="u_xxxx"),
        pytest.param(D2["biharmonic"], 2, 9, id="biharmonic"),
        pytest.param(D2["u_xxyy"], 2, 9, id="u_xxyy"),
    ],
)
def test_counts_of_channels(symbols: list[Symbol], d: int, count: int) -> None:
    assert len(jet_plan(symbols, d).channels) == count
