"""A slice of a body from twenty shadows: mappings of a perceptron, and the linear problem solved."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved, trained

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
    "shepp": "a perturbed head of Shepp and Logan",
    "picture": "camera of scikit-image for a slice of a brain",
}
QUICK, FULL = 64, 512
STEPS = {True: 300, False: 1000}


def _measured(kind: str, mapping: str, form: Form) -> Outcome:
    """The paper's network, and beside it the picture of least variation and the smooth one."""
    size, steps = QUICK if form.quick else FULL, STEPS[form.quick]
    flags: dict[str, Any] = {"size": size, "phantom_seed": form.seed}
    if kind == "picture":
        flags["picture"] = "camera"
    shape: dict[str, Any] = (
        {"sigma": 5.0, "octaves": 5.0} if kind == "picture" else {"sigma": 4.0, "octaves": 3.0}
    )
    network = trained(form, "papers/tomography", steps, mapping=mapping, **shape, **flags)
    sparse = solved(form, "tomography", **flags)
    smooth = solved(form, "tomography", prior="smooth", **flags)
    found = {"least variation": _psnr(sparse), "smooth, by cross-validation": _psnr(smooth)}
    by = max(found, key=lambda name: found[name])
    pictures = {mapping: network, "least variation": sparse, "smooth": smooth}
    return Outcome(
        _psnr(network),
        f"{DATA[kind]}, {size}²",
        best=found[by],
        best_by=f"linear: {by}",
        note="; ".join(f"{name} {value:.1f} dB" for name, value in found.items()),
        curves={"pictures": {name: _grey(solution, size) for name, solution in pictures.items()}},
    )


def _psnr(solution: Solution) -> float:
    return float(next(iter(solution.errors.values()))["psnr_db"])


def _grey(solution: Solution, size: int) -> Any:
    """What was found, as a picture of whole numbers."""
    output, reference = next(iter(solution.problem.reference.items()))
    grid: Any = reference.on
    found = solution[output](grid.points).reshape(size, size)
    return (255 * found.clamp(0, 1)).round().byte().tolist()


def _drawn(rows: Sequence[Row]) -> Figure:
    """What each mapping makes of the same shadows, and the two direct solutions."""
    from ...plots.papers import picture_rows

    by_kind: dict[str, dict[str, Any]] = {}
    for row in rows:
        if "pictures" in (row["curves"] or {}):
            by_kind.setdefault(row["name"].split("/")[1], {}).update(row["curves"]["pictures"])
    order = (*MAPPINGS, "smooth", "least variation")
    shown = {kind: {name: each[name] for name in order if name in each} for kind, each in by_kind.items()}
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
        quick=f"20 angles, {QUICK}² pixels, {STEPS[True]} steps",
    )
    for kind in PUBLISHED
    for mapping in MAPPINGS
)
FIGURES = {"tomography": _drawn}
