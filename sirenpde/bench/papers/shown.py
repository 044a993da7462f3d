"""What experiments say and show of a solution: decibels, and pictures in a form that JSON has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .experiment import Row

if TYPE_CHECKING:
    from ...run.solution import Solution


def psnr(solution: Solution, part: str | None = None) -> float:
    """The peak signal-to-noise ratio of the first output that is measured, or of a part that it is measured on."""
    errors = next(iter(solution.errors.values()))
    return float((errors if part is None else errors["on"][part])["psnr_db"])


def whole_numbers(picture: Any) -> Any:
    """A picture of values from 0 to 1, an array or a tensor, as whole numbers from 0 to 255; others are cut off.

    >>> import numpy as np
    >>> whole_numbers(np.array([[0.0, 0.5], [1.0, 1.5]]))
    [[0, 128], [255, 255]]
    """
    import torch

    values = torch.as_tensor(picture)
    return (255 * values.clamp(0, 1)).round().byte().tolist()


def by_name(rows: Sequence[Row], key: str = "pictures", last: str | None = None) -> dict[str, Any]:
    """The pictures that rows have under a key of their curves, all in one; later ones in place of earlier ones.

    The one of the name ``last`` comes after all others.

    >>> by_name([{"curves": {"pictures": {"a": 1}}}, {"curves": None}, {"curves": {"pictures": {"b": 2}}}])
    {'a': 1, 'b': 2}
    """
    named = {name: picture for row in rows for name, picture in (row["curves"] or {}).get(key, {}).items()}
    return dict(sorted(named.items(), key=lambda item: item[0] == last))
