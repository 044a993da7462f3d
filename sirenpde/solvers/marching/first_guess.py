"""Where a slab starts from: an earlier trial of it, the slab before, or the start of the axis."""

from __future__ import annotations

import torch
from torch import Tensor

from ...linear.tensor_rows import TensorRows
from ...networks.series import SeparableSeries
from ...residuals import System
from ..collocation import collocate
from ..direct.lattice_growth import continued
from .handover import Before
from .slab_problem import at_rest
from .trial import SlabTrial


def first_guess(trial: SlabTrial, earlier: SlabTrial | None) -> Tensor:
    """The parameters to start a trial from; ``earlier`` is another of the same slab."""
    work, before = trial.work, trial.before
    into = work.system.parameters
    if not all(isinstance(module, SeparableSeries) for module in into.networks.values()):
        return work.theta if before is None else _copied(trial, before)
    if earlier is not None:
        return continued(earlier.work.system.parameters, earlier.work.theta, into)
    if before is None:
        told = any(u.initial is not None for u in trial.whole.fields)
        return work.theta if told else _at_rest(trial)
    # As the slab before, all of it, or as its end stays; whichever leaves less.
    rows = trial.rows()
    moving = continued(before.parameters, before.theta, into)
    still = continued(before.parameters, before.theta, into, trial.slab.axis)
    sizes = [float(rows.vector(rows.from_theta(theta)).norm()) for theta in (moving, still)]
    return moving if sizes[0] < sizes[1] else still


def _copied(trial: SlabTrial, before: Before) -> Tensor:
    """The parameters of the slab before, where there are as many."""
    pieces = []
    for u in trial.work.system.problem.fields:
        initial = trial.work.system.parameters.of(u, trial.work.theta)
        last = before.parameters.of(u, before.theta)
        pieces.append(last if last.shape == initial.shape else initial)
    return torch.cat(pieces)


def _at_rest(trial: SlabTrial) -> Tensor:
    """The start of the axis, continued with the highest derivative along it zero."""
    work, problem = trial.work, at_rest(trial.whole, trial.slab)
    scales = work.system.scales.extended(problem)
    system = System(problem, work.system.parameters.networks, work.system.device, work.system.dtype, scales)
    rows = TensorRows(system)
    solved = collocate(rows, rows.from_theta(system.initial()), deadline=work.deadline)
    still, result = rows.to_theta(solved.amplitudes), work.theta.clone()
    for u in problem.fields:
        result[work.system.parameters.slices[u]] = system.parameters.of(u, still)
    return result
