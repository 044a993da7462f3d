"""L-BFGS with a strong Wolfe line search, on one fixed set of points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..sampling.points import FIXED, Points, batches
from ..stage import Report, State

INNER = 10  # iterations to an advance: each call of the library's optimiser evaluates once more at its start


@dataclass(frozen=True)
class LBFGS:
    """The limited-memory quasi-Newton method of Liu and Nocedal (1989), strong Wolfe conditions.

    It stops when the objective no longer falls. Best in float64, and after some Adam.

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
        parameter: Tensor = state.cache["parameter"]
        best: dict[str, Any] = {}

        def closure() -> Tensor:
            evaluation = state.system.gradient(parameter.detach(), samples)
            parameter.grad = evaluation.gradient
            loss = float(evaluation.loss)
            if "loss" not in best or loss < best["loss"]:
                best.update(loss=loss, terms=tuple(evaluation.terms.tolist()))
            return evaluation.loss

        optimizer.step(closure)
        state.theta = parameter.detach().clone()
        state.memory["optimizer"] = optimizer.state_dict()
        state.step += 1
        before = state.memory.get("loss")
        state.memory["loss"] = best["loss"]
        stalled = before is not None and best["loss"] >= before * (1 - 1e-6)
        reason = "the objective no longer falls" if stalled else "all steps taken"
        return Report(best["terms"], stalled or state.step >= self.steps, reason)

    def _forget(self, state: State) -> None:
        for kept in (state.memory, state.cache):
            kept.pop("optimizer", None)
        state.memory.pop("loss", None)

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
