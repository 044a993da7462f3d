"""One factor for all slabs of an affine march that are as long and have as many functions."""

from __future__ import annotations

from dataclasses import dataclass

from ...geometry.slab import Slab
from ...linear.mode_blocks import ModeBlocks
from ...linear.tensor_rows import TensorRows
from ...networks.series import SeparableSeries
from ..stage import State
from .slab_problem import slab_problem
from .trial import SlabTrial, slab_network, slab_system

SAME = 1e-9  # of a length: two slabs are as long as each other


@dataclass(frozen=True)
class Origin:
    """The slab that a factor was made for: enough to make it again."""

    low: float
    high: float
    shapes: tuple[tuple[int, ...], ...]  # of the coefficients, field by field
    exact: bool


def origin_of(factor: ModeBlocks, slab: Slab) -> Origin:
    """What is remembered of a factor that a slab was solved with."""
    shapes = tuple(tuple(shape) for shape in factor.rows.shapes)
    return Origin(slab.low, slab.high, shapes, not factor.is_rough)


def serves(origin: Origin, trial: SlabTrial) -> bool:
    """Whether the trial is as long as the slab of a factor, and its fields have as many coefficients."""
    modules = list(trial.work.system.parameters.networks.values())
    shapes = tuple(tuple(m.coefficients.shape) for m in modules if isinstance(m, SeparableSeries))
    length = origin.high - origin.low
    return shapes == origin.shapes and abs(trial.slab.length - length) <= SAME * trial.slab.length


def made_again(state: State, origin: Origin, trial: SlabTrial) -> ModeBlocks:
    """The factor, for a trial that it serves, after a checkpoint."""
    slab = Slab(trial.slab.axis, origin.low, origin.high)
    problem = slab_problem(trial.whole, slab, None if slab.is_first else trial.before).problem
    networks = {u: slab_network(state, u, trial.work.recipes[u], slab) for u in problem.fields}
    rows = TensorRows(slab_system(state, problem, networks))
    return ModeBlocks(rows.tangent(rows.from_theta(rows.system.initial())), origin.exact)
