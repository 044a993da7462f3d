"""What a file of fields says about the run that found them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .directory import versions


def facts_of(report: Mapping[str, Any]) -> dict[str, str | int | float]:
    """The version, the seed, the relative residual, and the relative L2 error of each output that has a reference.

    ``report`` is that of a solution, or what of it is known. There is no date, so that equal runs give equal files,
    and nothing that is not a finite number.

    >>> facts = facts_of({"seed": 3, "relative_residual": 1e-9, "errors": {"u": {"relative_l2": 2e-10, "max": 1e-9}}})
    >>> list(facts), facts["relative_l2_u"]
    (['version', 'seed', 'relative_residual', 'relative_l2_u'], 2e-10)
    """
    numbers = {name: report[name] for name in ("seed", "relative_residual") if name in report}
    numbers |= {
        f"relative_l2_{name}": found["relative_l2"] for name, found in report.get("errors", {}).items()
    }
    known = {name: number for name, number in numbers.items() if number is not None and math.isfinite(number)}
    return {"version": versions()["sirenpde"], **known}
