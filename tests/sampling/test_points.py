"""Points of a stage as a whole: runs that resume to the same bits, and numbers out of range."""

import pytest
import torch
from states import state_of
from transport_problems import transport

from sirenpde import LBFGS, MLP, Adam, Box, Field, GaussNewton, Problem, Siren, on, solve
from sirenpde.sampling.balance import Balance
from sirenpde.sampling.causal import Causal
from sirenpde.sampling.draws import Adaptive, Fixed, Fresh
from sirenpde.sampling.points import Points
from sirenpde.solvers.broyden import SelfScaledBroyden
from sirenpde.solvers.gauss_newton import Memory
from sirenpde.solvers.natural_gradient import NaturalGradient
from sirenpde.solvers.soap import Soap

ALL = Points(
    Adaptive(every=5), causal=Causal("t", chunks=4, epsilons=(1.0, 10.0), every=2), balance=Balance(every=3)
)


@pytest.mark.parametrize(
    "stage",
    [
        Adam(steps=14, points=ALL, average=0.9),
        LBFGS(steps=14, points=ALL),
        SelfScaledBroyden(steps=14, points=ALL),
        NaturalGradient(steps=14, points=ALL),
        Soap(steps=14, points=ALL, every=4),
        GaussNewton(steps=14, points=ALL),
    ],
    ids=lambda stage: stage.name,
)
def test_every_stage_resumes_to_the_same_bits(stage):
    problem = transport(30, Siren(8, 2, omega=3, omega_hidden=3))
    whole = solve(problem, [stage], seed=3, dtype=torch.float64)
    assert whole.stages[0].steps == 14
    for stop in (5, 11):  # points are due at 5, factors were at 9 and 10
        kept = {}

        def interrupt(progress, stop=stop, kept=kept):
            if progress.step == stop:
                kept["snapshot"] = progress.snapshot()
                raise KeyboardInterrupt

        solve(problem, [stage], seed=3, dtype=torch.float64, progress=interrupt)
        rest = solve(problem, [stage], seed=3, dtype=torch.float64, resume=kept["snapshot"])
        assert torch.equal(rest.theta, whole.theta), stop
        assert [row.loss for row in rest.history] == [row.loss for row in whole.history]


@pytest.mark.parametrize("factors", [{}, {"causal": Causal("t", every=2)}, {"balance": Balance(every=2)}])
def test_gauss_newton_stands_where_all_slopes_vanish_and_moves_on_from_there(factors):
    """u² = 1 at u = 0: no step lowers anything; once the parameters are others, steps are long again."""
    box = Box(t=(0, 1))
    u = Field("u", box, MLP(width=4, depth=1))
    state = state_of(Problem(on(box, samples=20, name="square")(lambda p: u(p) ** 2 - 1)))
    stage, start = GaussNewton(steps=40, points=Points(Fixed(), **factors)), state.theta.clone()
    state.theta = torch.zeros_like(start)
    for _ in range(6):
        assert 0.5 < stage.advance(state).loss < 1 + 1e-12
    assert not state.theta.any()
    state.theta = state.remember(Memory).iterate = start
    for _ in range(20):
        report = stage.advance(state)
    assert report.loss < 1e-6


def test_a_checkpoint_is_plain_enough_to_load(tmp_path):
    kept = {}

    def keep(progress):
        if progress.step == 5:
            kept["s"] = progress.snapshot()

    solve(transport(50), [Adam(steps=6, points=ALL)], progress=keep)
    torch.save(kept["s"], tmp_path / "checkpoint.pt")
    again = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["sampling"]
    assert torch.equal(again["candidates"][0], kept["s"]["sampling"]["candidates"][0])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Fresh(every=0),
        lambda: Fresh(minibatch=0),
        lambda: Adaptive(pool=1),
        lambda: Adaptive(k=0, c=0),
        lambda: Adaptive(k=-1),
        lambda: Causal("t", chunks=1),
        lambda: Causal("t", epsilons=(1.0, 0.1)),
        lambda: Causal("t", epsilons=()),
        lambda: Causal("t", enough=1.0),
        lambda: Balance("trace"),
        lambda: Balance(decay=1.0),
        lambda: Balance(every=0),
    ],
)
def test_numbers_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r"was given .*; expected"):
        wrong()
