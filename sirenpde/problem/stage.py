"""What a problem knows of the stages that are to solve it: their description."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch

NAMES = (
    "Adam",
    "LBFGS",
    "LeastSquares",
    "GaussNewton",
    "SelfScaledBroyden",
    "NaturalGradient",
    "Soap",
    "Collocation",
)


class Stage(Protocol):
    """One solver: a frozen description. How it advances, and on what state, is the solvers' own matter."""

    @property
    def name(self) -> str: ...

    @property
    def steps(self) -> int:
        """How many times ``advance`` is called at most."""
        ...

    @property
    def precision(self) -> torch.dtype:
        """The least precision it works well in."""
        ...

    def advance(self, state: Any) -> Any: ...


def stages_of(using: Sequence[Stage] | None) -> tuple[Stage, ...] | None:
    """The stages of ``using=[...]``; None where it was left out.

    Raises TypeError for a single stage, a class, a name and whatever is no stage, ValueError for an empty list.

    >>> from sirenpde import Adam
    >>> stages_of([Adam(steps=10)])[0].steps
    10
    """
    if using is None:
        return None
    if isinstance(using, str | type) or not isinstance(using, Sequence):
        raise TypeError(
            f"using was given {_given(using)}; expected a list of stages. Write using=[{_written(using)}]."
        )
    if not using:
        raise ValueError(
            "using=[] was given; expected at least one stage, such as using=[Adam()]. Leave it out to have the "
            "stages chosen."
        )
    for stage in using:
        if isinstance(stage, type) or not hasattr(stage, "advance"):
            raise TypeError(
                f"using holds {_given(stage)}; expected stages such as Adam(steps=1000) or LeastSquares(), imported "
                f"from sirenpde. Write using=[{_written(stage)}]."
            )
    return tuple(using)


def _given(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else f"{value!r:.60}"


def _written(stage: object) -> str:
    """How a stage that was meant is written."""
    if isinstance(stage, type):
        return f"{stage.__name__}()"
    known = {name.lower(): name for name in NAMES}
    if isinstance(stage, str):
        return f"{known.get(''.join(filter(str.isalnum, stage.lower())), 'Adam')}()"
    return repr(stage) if hasattr(stage, "advance") else "Adam()"
