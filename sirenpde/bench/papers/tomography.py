"""A slice of a body from twenty shadows: mappings of a perceptron, and the linear problem solved."""

from __future__ import annotations

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

MAPPINGS = ("none", "basic", "positional", "gaussian")
PUBLISHED = {
    "shepp": dict(zip(MAPPINGS, (16.75, 23.31, 26.89, 28.33), strict=True)),
    "picture": dict(zip(MAPPINGS, (15.44, 16.95, 19.55, 19.88), strict=True)),
}
DATA = {
    "shepp": "3 perturbed heads of Shepp and Logan",
    "picture": "camera of scikit-image for a slice of a brain",
}
QUICK, FULL = 64, 512
STEPS = {"shepp": 400, "picture": 300}  # in the short form
HEADS = 3


def _measured(kind: str, mapping: str, form: Form) -> Outcome:
    """The paper's network, and beside it the picture of least variation and the smooth one."""
    size, steps = (QUICK, STEPS[kind]) if form.quick else (FULL, 1000)
    heads = [{"size": size, "phantom_seed": form.seed + head} for head in range(HEADS)]
    several: dict[str, list[dict[str, Any]]] = {
        "shepp": heads,
        "picture": [{"size": size, "image": "camera"}],
    }
    shapes = {"shepp": {"sigma": 4.0, "octaves": 3.0}, "picture": {"sigma": 5.0, "octaves": 5.0}}
    return beside_direct(
        form,
        "tomography",
        steps,
        several[kind],
        {"mapping": mapping, **shapes[kind]},
        f"{DATA[kind]}, {size}²",
        partial(_grey, size),
    )


def _grey(size: int, solution: Solution) -> Any:
    """What was found, as a picture of whole numbers."""
    output, reference = next(iter(solution.problem.reference.items()))
    grid: Any = reference.on
    found = solution[output](grid.points).reshape(size, size)
    return whole_numbers(found)


def _drawn(rows: Sequence[Row]) -> Figure:
    """What each mapping makes of the same shadows, and the two direct solutions."""
    from ...plots.papers import picture_rows

    by_kind = {kind: by_name([row for row in rows if row["name"].split("/")[1] == kind]) for kind in DATA}
    order = (*MAPPINGS, "smooth", "least variation")
    shown = {
        kind: {name: each[name] for name in order if name in each} for kind, each in by_kind.items() if each
    }
    return picture_rows(shown, width=1.6)


EXPERIMENTS = tuple(
    Experiment(
        f"tomography/{kind}/{mapping}",
        "Tancik et al. 2020, section 6.3",
        f"20 angles, 512² pixels, ReLU 3 x 256 on the {mapping} mapping, 1000 steps",
        PUBLISHED[kind][mapping],
        "dB",
        "higher",
        partial(_measured, kind, mapping),
        quick=f"20 angles, {QUICK}² pixels, {STEPS[kind]} steps",
    )
    for kind in PUBLISHED
    for mapping in MAPPINGS
)
FIGURES = {"tomography": _drawn}
