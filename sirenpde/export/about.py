"""What a file says beside its values: where they come from, and what their components are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Fact = str | int | float


@dataclass(frozen=True)
class About:
    """Facts by name (problem, version, seed, errors; no dates, so that equal runs give equal files), and the names
    of the components of those functions that have some of their own."""

    facts: Mapping[str, Fact] = field(default_factory=dict)
    components: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NOTHING = About()
