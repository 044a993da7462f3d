"""A solution beside the file of values that a benchmark suite was published with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..geometry.data.cloud import Cloud
from ..problem.reference import exact_values

if TYPE_CHECKING:
    from ..run.solution import Solution

PUBLISHED = "published"  # the data of a cloud that a suite's own values are


def beside_the_file(solution: Solution) -> dict[str, float]:
    """What a suite's own reference allows, and how far the solution is from it; nothing where it is not at hand.

    A problem has such a file where its reference is compared on a cloud with data "published". With u the solution,
    w the certified reference and f the file at its nodes, all outputs together,

        floor = |f - w| / |w|,      to_file = |u - f| / |f|,

    so that no error measured against the file and below ``floor`` has a meaning. Nodes where f is not a number, as
    where a suite's program left some out, do not count.
    """
    for output, known in solution.problem.reference.items():
        cloud = known.on
        if isinstance(cloud, Cloud) and PUBLISHED in cloud.data:
            certified = exact_values(known.value, cloud.axes, cloud.points, cloud.data)
            published = cloud.data[PUBLISHED].reshape(certified.shape)
            found = torch.as_tensor(solution[output](cloud.points)).double().cpu()
            floor, to_file = _distance(published, certified), _distance(found, published)
            return {"floor": floor, "to_file": to_file}
    return {}


def _distance(values: Tensor, known: Tensor) -> float:
    """Relative L2, at nodes where both are numbers."""
    stated = (values.isfinite() & known.isfinite()).reshape(len(known), -1).all(1)
    return float((values[stated] - known[stated]).norm() / known[stated].norm())
