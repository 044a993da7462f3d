"""What is known of a problem once its constraints have been called."""

from __future__ import annotations

from typing import Protocol

from ..calculus.field import Field, Unknown
from .constraint import Constraint
from .probe import Requests


class Declared(Protocol):
    """Constraints with what each asks for, and the fields and numbers that are unknown in them."""

    @property
    def constraints(self) -> tuple[Constraint, ...]: ...

    @property
    def requests(self) -> tuple[Requests, ...]: ...

    @property
    def fields(self) -> tuple[Field, ...]: ...

    @property
    def unknowns(self) -> tuple[Unknown, ...]: ...
