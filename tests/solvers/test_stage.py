"""The state of a stage: its own memory, and what asks whether a loss fits."""

import pytest
import torch
from states import state_of

from sirenpde import Box, Field, GaussNewton, Problem, SelfScaledBroyden, Siren, on
from sirenpde.problem.loss import Loss, l1, l2
from sirenpde.residuals.unfit import Unfit
from sirenpde.solvers import adam, lbfgs
from sirenpde.solvers.ladder import choose
from sirenpde.solvers.stage import bytes_needed, remembered

box = Box(x=(0, 1))


def fit(loss=l2, network=None):
    u = Field("u", box, network or Siren(6, 1))
    return Problem(on(box, 30, loss=loss, name="fit")(lambda p: u(p) - 1))


def test_a_stage_finds_no_memory_but_its_own():
    state = state_of(fit())
    first = state.remember(lbfgs.Memory)
    first.fresh = 2
    assert state.remember(lbfgs.Memory) is first
    with pytest.raises(
        TypeError, match=r"asked for sirenpde.solvers.adam.Memory .* holds sirenpde.solvers.lbfgs"
    ):
        state.remember(adam.Memory)
    state.step = 5
    state.forget()
    assert state.step == 0 and state.remember(lbfgs.Memory).fresh == 0


def test_a_stage_says_what_it_remembers_and_needs_or_nothing():
    class Own:
        name, steps, precision = "own", 1, torch.float64

    assert remembered(adam.Adam()) is adam.Memory
    assert remembered(Own())() is not None and bytes_needed(Own(), state_of(fit())) == 0


SQUARE = Loss("energy", lambda r: (r * r).sum(-1), is_square=True)
QUARTIC = Loss("l2", lambda r: (r**4).sum(-1))  # whatever its name says


@pytest.mark.parametrize(("loss", "is_direct"), [(l2, True), (SQUARE, True), (QUARTIC, False), (l1, False)])
def test_a_sum_of_squares_is_known_by_what_the_loss_says(loss, is_direct):
    u = Field("u", box)
    problem = Problem(on(box, 30, loss=loss, name="fit")(lambda p: u(p) - 1))
    first = choose(problem, None, None).rungs[0].stages[0].name
    assert first == ("least squares" if is_direct else "Adam")
    state = state_of(fit(loss))
    if is_direct:
        assert GaussNewton().advance(state).loss < 1
    else:
        with pytest.raises(Unfit, match=f"'fit' with the loss {loss.name}; it needs l2"):
            GaussNewton().advance(state)


@pytest.mark.parametrize(("loss", "fits"), [(QUARTIC, True), (l1, False)])
def test_a_line_search_asks_whether_the_loss_is_smooth(loss, fits):
    stage, state = SelfScaledBroyden(), state_of(fit(loss))
    if fits:
        losses = [stage.advance(state).loss for _ in range(4)]
        assert losses == sorted(losses, reverse=True) and losses[-1] < 0.5 * losses[0]
    else:
        with pytest.raises(Unfit, match="'fit' with the loss l1; it needs smooth losses"):
            stage.advance(state)
