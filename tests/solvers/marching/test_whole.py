"""The fields of the slabs that are closed."""

import pytest
import torch

from sirenpde import Box, D, Field, Problem, SineLattice, Siren, on
from sirenpde.geometry.slab import Slab
from sirenpde.networks.slabs import Slabs
from sirenpde.residuals import System
from sirenpde.run.begin import build_network
from sirenpde.solvers.marching.trial import trial_of
from sirenpde.solvers.marching.whole import append, last_of, open_whole
from sirenpde.solvers.stage import State

F64 = torch.float64
box = Box(t=(0, 2), x=(-1, 1))
t, x = box.axes
u, v = (Field(name, box) for name in "uv")
POINTS = torch.tensor([[0.0, 0.1], [0.3, 0.4], [0.5, 0.2], [0.7, -0.6], [1.5, 0.3], [2.0, 0.0]], dtype=F64)


def marching(recipe: object) -> State:
    """Two fields that nothing is known of yet."""
    problem = Problem(
        on(box, 50, name="one")(lambda p: D(u, t)(p) - v(p)),
        on(box, 50, name="two")(lambda p: D(v, t)(p) + u(p)),
    )
    networks = {f: build_network(f, recipe, 0) for f in (u, v)}
    system = System(problem, networks, torch.device("cpu"), F64)
    return State(system, system.initial(), {u: recipe, v: recipe}, lambda f, r: build_network(f, r, 0), 0)


def values(state: State) -> torch.Tensor:
    networks, theta = state.system.parameters.networks, state.theta
    parts = []
    for f, network in networks.items():
        own = state.system.parameters.of(f, theta)
        names = [name for name, p in network.named_parameters() if p.requires_grad]
        sizes = [dict(network.named_parameters())[name].shape for name in names]
        pieces = dict(zip(names, own.split([s.numel() for s in sizes]), strict=True))
        shaped = {name: pieces[name].view(size) for name, size in zip(names, sizes, strict=True)}
        parts.append(torch.func.functional_call(network, shaped, (POINTS,))[:, 0])
    return torch.stack(parts)


@pytest.mark.parametrize("recipe", [SineLattice((2, 2)), Siren(6, 2)])
def test_slabs_are_put_behind_each_other_and_nothing_is_known_beyond(recipe: object) -> None:
    state = marching(recipe)
    open_whole(state, t)
    assert values(state).isnan().tolist() == [[False, *[True] * 5]] * 2
    generator, solved = torch.Generator().manual_seed(0), []
    for low, high, known in ((0.0, 0.5, 3), (0.5, 1.5, 5), (1.5, 2.0, 6)):
        trial = trial_of(
            state, Slab(t, low, high), {u: recipe, v: recipe}, last_of(state) if solved else None
        )
        trial.work.theta = torch.randn(trial.work.theta.shape, generator=generator, dtype=F64)
        solved.append(trial)
        append(state, trial)
        assert values(state).isnan().sum(1).tolist() == [6 - known] * 2
        assert torch.equal(last_of(state).theta, trial.work.theta)
        for f in (u, v):
            slabs = state.recipes[f]
            assert isinstance(slabs, Slabs) and slabs.until == high and slabs.edges[-2:] == (low, high)
    found = values(state)
    for place, number in enumerate((0, 0, 0, 1, 1, 2)):  # an edge belongs to the slab below
        work = solved[number].work
        for row, f in enumerate((u, v)):
            theta = work.system.parameters.of(f, work.theta)
            network = work.system.parameters.networks[f]
            torch.nn.utils.vector_to_parameters(theta, [p for p in network.parameters() if p.requires_grad])
            assert float(network(POINTS[place]).detach()) == pytest.approx(
                float(found[row, place]), rel=1e-13
            )


def test_a_trial_leaves_the_fields_of_the_slabs_before_as_they_are() -> None:
    state = marching(SineLattice((2, 2)))
    open_whole(state, t)
    system, theta = state.system, state.theta
    trial = trial_of(state, Slab(t, 0.0, 0.5), {u: SineLattice((3, 3)), v: SineLattice((2, 4))}, None)
    trial.work.theta += 1
    assert state.system is system and torch.equal(state.theta, theta)
    assert [len(trial.work.system.parameters.of(f, trial.work.theta)) for f in (u, v)] == [49, 45]
