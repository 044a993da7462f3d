"""Cells that are halved where functions are no short polynomials."""

import torch
from torch import Tensor

from sirenpde import Box, D, Field, Problem, SineFeatures, on
from sirenpde.geometry.slab import Slab
from sirenpde.networks.partition import Partition
from sirenpde.residuals import System
from sirenpde.solvers.marching.handover import Before
from sirenpde.solvers.marching.slab_cells import ALONG, first_cells, halved, resolving, tails

BOX = Box(t=(0, 1), x=(0, 1))
t, x = BOX.axes


def problem(periodic: bool = False) -> tuple[Field, Problem]:
    u = Field("u", BOX, SineFeatures(1, 1.0), periodic=(x,) if periodic else ())
    return u, Problem(on(BOX, samples=10, name="decay")(lambda p: D(u, t)(p) + D(u, x)(p)))


def near(place: float):
    """Cells that are wider than their distance from a place are not resolved."""

    def read(cells: Partition) -> Tensor:
        low, high = (torch.tensor(e, dtype=torch.float64)[:, 1] for e in (cells.low, cells.high))
        distance = torch.maximum(torch.maximum(low - place, place - high), torch.tensor(0.01))
        poor = (high - low > distance).double()
        return torch.stack([torch.zeros_like(poor), poor], 1)

    return read


def test_cells_are_halved_towards_a_front_and_not_along_the_march() -> None:
    cells = resolving(Partition.grid([(0, 0.1), (0, 1)]), near(0.3), 0, 0.5)
    assert float(near(0.3)(cells).max()) == 0
    assert cells.edges[0] == (0, 0.1) and 8 < len(cells) < 20
    widths = [b[1] - a[1] for a, b in zip(cells.low, cells.high, strict=True)]
    assert min(widths) == 1 / 128 and max(widths) == 0.25
    assert len(halved(Partition.grid([(0, 0.1), (0, 1)]), near(0.3), 0, 0.5)) == 2


def test_tails_are_those_of_the_fields_in_each_cell() -> None:
    u, known = problem()
    network = SineFeatures(1, (40.0, 40.0)).build([0, 0], [1, 1], 1, (), torch.Generator())
    wave = network.embedding
    wave.frequencies.copy_(torch.tensor([[0.5, 40.0]], dtype=torch.float64))
    with torch.no_grad():
        network.head.weight.fill_(1.0)
    system = System(known, {u: network}, torch.device("cpu"), torch.float64)
    before = Before(system.parameters, system.initial(), system)
    whole = tails(Partition.grid([(0, 1), (0, 1)]), before, 0)
    parts = tails(Partition.grid([(0, 1), [i / 16 for i in range(17)]]), before, 0)
    assert whole.shape == (1, 2) and parts.shape == (16, 2)
    assert whole[0, 1] > 0.1 and parts[:, 1].max() < 1e-9  # 40 radians, and 2.5: J_14(2.5) is 2e-10
    assert parts[:, 0].max() < 1e-10 and ALONG[1] < 10
    start = tails(Partition.grid([(0, 1), (0, 1)]), before, 0, at=0.0)
    assert start[0, 0] == 0 and start[0, 1] > 0.1


def test_there_are_two_cells_around_a_period() -> None:
    for periodic in (False, True):
        u, known = problem(periodic)
        assert len(first_cells(known, (u,), Slab(t, 0.0, 0.5))) == 1 + periodic
