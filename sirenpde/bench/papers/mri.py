"""A volume from an eighth of its Fourier coefficients: mappings of a perceptron, and the linear problem solved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome
from .linear import beside_direct
from .shown import by_name, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

PUBLISHED = {"none": 26.14, "basic": 28.58, "positional": 32.23, "gaussian": 34.51}
# Voxels along a side, steps, and width of the layers.
QUICK, FULL = (32, 300, 128), (96, 1000, 256)
# Cycles per side. The positional ladder has fewer for fewer voxels, as those that are sampled. Of the deviations 1.2,
# 1.7, 2.3 and 3.2 in the short form the first was best on another head, by 1 dB.
SIGMA, HIGHEST = {"short": 1.2, "whole": 5.0}, 15.0


def _measured(mapping: str, form: Form) -> Outcome:
    """The paper's network, and beside it the volume of least variation and the smooth one."""
    size, steps, width = QUICK if form.quick else FULL
    sigma = SIGMA["short" if form.quick else "whole"]
    flags: dict[str, Any] = {"size": size, "phantom_seed": form.seed}
    network = {"width": width, "sigma": sigma, "octaves": math.log2(1 + HIGHEST * size / FULL[0])}
    return beside_direct(
        form,
        "mri",
        steps,
        [flags],
        {"mapping": mapping, **network},
        f"a perturbed head of ellipsoids, {size}³",
        partial(_slice, size),
    )


def _slice(size: int, solution: Solution) -> Any:
    """The middle slice of what was found, as a picture of whole numbers, x to the right and y upwards."""
    output, reference = next(iter(solution.problem.reference.items()))
    grid: Any = reference.on
    found = solution[output](grid.points).reshape(size, size, size)[:, :, size // 2]
    return whole_numbers(found.T.flip(0))


def _drawn(rows: Sequence[Row]) -> Figure:
    """What each mapping makes of the same samples, and the two direct solutions."""
    from ...plots.papers import picture_rows

    shown = by_name(rows)
    order = (*PUBLISHED, "smooth", "least variation")
    return picture_rows({"a slice": {name: shown[name] for name in order if name in shown}}, width=1.6)


EXPERIMENTS = tuple(
    Experiment(
        f"mri/{mapping}",
        "Tancik et al. 2020, section 6.4",
        f"12.6 % of the frequencies of 96³ voxels, ReLU 3 x 256 on the {mapping} mapping, 1000 steps",
        published,
        "dB",
        "higher",
        partial(_measured, mapping),
        quick=f"{QUICK[0]}³ voxels, {QUICK[1]} steps, layers of {QUICK[2]}, frequencies in proportion",
    )
    for mapping, published in PUBLISHED.items()
)
FIGURES = {"mri": _drawn}
