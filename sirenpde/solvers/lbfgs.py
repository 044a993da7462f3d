"""L-BFGS with a strong Wolfe line search, on one fixed set of points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..sampling.points import FIXED, Points, batches
from .stage import Report, State

FIRST_STEPS = (1.0, 1e-3, 1e-6)  # of fresh starts, one after the other, where the objective does not fall
STEEP = 1e6  # times the objective, in place of one that is not finite
INNER = 10  # iterations to an advance: each call of the library's optimiser evaluates once more at its start


@dataclass(frozen=True)
class LBFGS:
    """The limited-memory quasi-Newton method of Liu and Nocedal (1989), strong Wolfe conditions.

    Where the objective does not fall, it forgets its pairs and starts anew from steepest descent, with shorter and
    shorter first steps, and stops when none of them lowers it. Best in float64, and after some Adam.

    Args:
        steps: at most this many advances of ten iterations each.
        history: how many pairs it remembers.
        points: how the samples are drawn and weighed; one fixed set if left out. Where they change, the pairs
            are forgotten, since they belong to another objective.

    >>> from sirenpde import LBFGS
    >>> LBFGS(steps=100).name
    'L-BFGS'
    """

    steps: int = 200
    history: int = 50
    points: Points = FIXED

    def __post_init__(self) -> None:
        if self.steps < 1 or self.history < 1:
            raise ValueError(
                f"LBFGS was given steps={self.steps}, history={self.history}; expected positive numbers."
            )

    @property
    def name(self) -> str:
        return "L-BFGS"

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        samples = batches(state, self.points)
        if self.points.renewed(state.step) == state.step:
            self._forget(state)
        optimizer = self._optimizer(state)
        fresh = state.memory.get("fresh", 0)  # starts in a row that lowered nothing
        optimizer.param_groups[0]["lr"] = FIRST_STEPS[fresh - 1] if fresh else 1.0
        parameter: Tensor = state.cache["parameter"]
        best: dict[str, Any] = {}

        def closure() -> Tensor:
            evaluation = state.system.gradient(parameter.detach(), samples)
            parameter.grad = evaluation.gradient
            loss = float(evaluation.loss)
            if best and not math.isfinite(loss):  # a trial too long, with which the library would go on
                parameter.grad = torch.zeros_like(evaluation.gradient)
                return torch.full_like(evaluation.loss, STEEP * abs(best["loss"]))
            if not best or loss < best["loss"]:
                terms = tuple(evaluation.terms.tolist())
                best.update(loss=loss, terms=terms, theta=parameter.detach().clone())
            return evaluation.loss

        optimizer.step(closure)
        broken = not bool(parameter.isfinite().all())
        state.theta = best["theta"] if broken else parameter.detach().clone()
        state.memory["optimizer"] = optimizer.state_dict()
        state.step += 1
        before = state.memory.get("loss")
        state.memory["loss"] = best["loss"]
        stalled = broken or (before is not None and best["loss"] >= before * (1 - 1e-6))
        state.memory["fresh"] = fresh + 1 if stalled else 0
        ended = state.memory["fresh"] > len(FIRST_STEPS)
        if stalled:
            self._forget_pairs(state)
        reason = "the objective no longer falls" if ended else "all steps taken"
        return Report(best["terms"], ended or state.step >= self.steps, reason)

    def _forget(self, state: State) -> None:
        self._forget_pairs(state)
        state.memory.pop("loss", None)

    def _forget_pairs(self, state: State) -> None:
        for kept in (state.memory, state.cache):
            kept.pop("optimizer", None)

    def _optimizer(self, state: State) -> torch.optim.LBFGS:
        if "optimizer" not in state.cache:
            parameter = state.theta.detach().clone().requires_grad_()
            optimizer = torch.optim.LBFGS(
                [parameter],
                lr=1.0,
                max_iter=INNER,
                max_eval=5 * INNER,
                history_size=self.history,
                tolerance_grad=0.0,
                tolerance_change=0.0,
                line_search_fn="strong_wolfe",
            )
            if "optimizer" in state.memory:
                optimizer.load_state_dict(state.memory["optimizer"])
            state.cache.update(optimizer=optimizer, parameter=parameter)
        cached: torch.optim.LBFGS = state.cache["optimizer"]
        return cached
