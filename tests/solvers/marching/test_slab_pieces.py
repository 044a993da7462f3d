"""Slabs in cells that the march chooses: exact solutions, cells that follow a front, files."""

import math

import numpy as np
import pytest
import torch
from marched import error, stopped

from sirenpde import Box, D, Field, March, Pieces, Problem, SineFeatures, on, solve
from sirenpde.networks.pieces import PiecesNetwork
from sirenpde.networks.slabs import SlabNetwork
from sirenpde.references.burgers import burgers_from_sine
from sirenpde.run.solution import Solution


def shock(viscosity: float, end: float, network: Pieces, start: float = 0.3) -> Problem:
    """Burgers' equation between walls: a front of width 4 ν that travels at half the speed before it."""
    box = Box(t=(0, end), x=(0, 1))
    (t, x), u = box.axes, Field("u", box, network)

    def exact(p):
        return 0.5 - 0.5 * torch.tanh((x(p) - start - 0.5 * t(p)) / (4 * viscosity))

    @on(box, samples=1000)
    def flow(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    @on(box.at(t=0), samples=200, weight=100)
    def initial(p):
        return u(p) - exact(p)

    @on(box.boundary("x"), samples=200, weight=100)
    def walls(p):
        return u(p) - exact(p)

    return Problem(flow, initial, walls, reference={u: exact})


def sine(viscosity: float, end: float) -> Problem:
    """Burgers' equation between walls from -sin πx: a front forms in the middle, 4 ν wide, and stays there."""
    box = Box(t=(0, end), x=(-1, 1))
    (t, x), u = box.axes, Field("u", box, Pieces())

    @on(box, samples=1000)
    def flow(p):
        return D(u, t)(p) + u(p) * D(u, x)(p) - viscosity * D(u, x, x)(p)

    @on(box.at(t=0), samples=200, weight=100)
    def initial(p):
        return u(p) + torch.sin(math.pi * x(p))

    @on(box.boundary("x"), samples=200, weight=100)
    def walls(p):
        return u(p)

    return Problem(flow, initial, walls, reference={u: burgers_from_sine(viscosity, (t, x))})


def slabs(solution: Solution) -> SlabNetwork:
    (network,) = solution.system.parameters.networks.values()
    assert isinstance(network, SlabNetwork)
    return network


def width_at(network: PiecesNetwork, place: float) -> tuple[float, float]:
    """The width of the cell at a place across the march, and that of the widest one."""
    cells = network.partition
    widths = [high - low for (_, low), (_, high) in zip(cells.low, cells.high, strict=True)]
    return widths[int(cells.locate(torch.tensor([cells.low[0][0], place])))], max(widths)


def test_open_cells_follow_a_front() -> None:
    solution = solve(shock(0.05, 0.1, Pieces()), [March("t")])
    assert solution.status == "solved" and error(solution) < 1e-7
    assert all(isinstance(network, PiecesNetwork) for network in slabs(solution).networks)
    assert "cells of 250 frozen sines" in str(solution)


def test_each_cell_has_as_many_features_as_were_asked_for() -> None:
    solution = solve(shock(0.1, 0.05, Pieces(SineFeatures(160))), [March("t", slabs=1)])
    assert "cells of 160 frozen sines" in str(solution) and error(solution) < 1e-5


def test_a_march_in_cells_goes_on_from_where_it_was_stopped() -> None:
    stages = [March("t", slabs=2)]
    few = Pieces(SineFeatures(100))
    whole = solve(shock(0.1, 0.1, few), stages)
    short = stopped(shock(0.1, 0.1, few), stages, 1)
    again = solve(shock(0.1, 0.1, few), stages, resume=short)
    assert short.status == "interrupted" and len(slabs(whole).networks) == 2
    assert torch.equal(again.theta, whole.theta)


def test_slabs_in_cells_come_back_from_their_files(tmp_path) -> None:
    solution = solve(shock(0.1, 0.1, Pieces(SineFeatures(160))), [March("t", slabs=2)])
    solution.save(tmp_path)
    loaded = Solution.load(tmp_path)
    places = np.stack(np.meshgrid(np.linspace(0, 0.1, 7), np.linspace(0, 1, 9)), -1).reshape(-1, 2)
    exact = 0.5 - 0.5 * np.tanh((places[:, 1] - 0.3 - 0.5 * places[:, 0]) / 0.4)
    assert np.array_equal(loaded["u"](places), solution["u"](places))
    assert np.abs(loaded["u"](places).ravel() - exact).max() < 1e-6
    written = np.load(loaded.export(tmp_path / "fields.npz", 9))
    assert written["u"].size == 81 and np.abs(written["u"]).max() <= 1 + 1e-6


@pytest.mark.slow
def test_cells_are_thin_where_the_front_is_and_move_with_it() -> None:
    solution = solve(shock(0.01, 0.4, Pieces(), start=0.2), [March("t")])
    assert error(solution) < 1e-6
    network = slabs(solution)
    for start, cells in zip(network.edges, network.networks, strict=False):
        width, widest = width_at(cells, 0.2 + 0.5 * start)
        assert width < 0.07 and widest > 3 * width


@pytest.mark.slow
def test_the_front_of_burgers_equation_is_followed_to_its_end() -> None:
    solution = solve(sine(0.01 / math.pi, 1.0), [March("t")])
    assert solution.status == "solved" and solution.holds_until is None
    assert error(solution) < 1e-7
    width, widest = width_at(slabs(solution).networks[-1], 1e-3)
    assert width < 0.02 and widest > 0.2
