"""The memory of stages whose values have names only: a dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .stage import State


@dataclass
class Untyped:
    """Values for a checkpoint, by name."""

    values: dict[str, Any] = field(default_factory=dict)


def values(state: State) -> dict[str, Any]:
    return state.remember(Untyped).values
