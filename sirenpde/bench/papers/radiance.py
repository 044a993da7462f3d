"""Novel views of a scene from its pictures: mappings of a perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, declared, solved
from .shown import by_name, psnr, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

PUBLISHED = {"none": 22.41, "basic": 23.16, "positional": 26.27, "rotated": 25.28, "gaussian": 25.48}
# Rates and frequencies of the short form were chosen on another scene of spheres, a box and a floor. Those of the
# paper's form are the paper's, in cycles per side of the box about a scene of the size of this one.
SHORT = {"size": 64, "pictures": 100, "width": 128, "nodes": 32, "rays": 128, "sigma": 5.0, "octaves": 5.0}
WHOLE = {"size": 400, "pictures": 100, "held_out": 13, "nodes": 128, "sigma": 25.0, "octaves": 8.0}
RATES = {"none": 5e-3, "basic": 5e-3, "positional": 4e-3, "rotated": 4e-3, "gaussian": 4e-3}
SHOWN = 48  # pixels along a side of the view that is shown


def _measured(mapping: str, form: Form) -> Outcome:
    """PSNR of views that were held back, by the paper's network and by the toolkit's own problem file."""
    flags: dict[str, Any] = {**SHORT, "rate": RATES[mapping]} if form.quick else dict(WHOLE)
    found = _trained(form, "papers/radiance_field", 1500 if form.quick else 50_000, mapping=mapping, **flags)
    same = {name: flags[name] for name in ("size", "pictures", "held_out") if name in flags}
    more = {} if form.quick else {"width": 256, "octaves": 7.0, "nodes": 128, "rays": 1024}
    best = _trained(form, "radiance_field", 1500 if form.quick else 50_000, **same, **more)
    return Outcome(
        psnr(found),
        f"spheres, a box and a chequered floor, {flags['pictures']} pictures of {flags['size']}²",
        best=psnr(best),
        best_by="radiance_field: waves along the axes, nodes in the box about the scene alone, trained",
        curves={"pictures": {mapping: _view(found), "in the box": _view(best)}},
    )


def _trained(form: Form, problem: str, steps: int, **flags: Any) -> Solution:
    """A problem by so many steps, in the short form at a rate that falls along a cosine."""
    from ...solvers.adam import Adam

    whole = declared(problem, **flags)
    (usual,) = (stage for stage in whole.using or () if isinstance(stage, Adam))
    schedule = "cosine" if form.quick else usual.schedule
    return solved(form, whole, using=[Adam(steps, usual.lr, schedule)])


def _view(solution: Solution) -> Any:
    """The scene from a camera that no picture was taken from, as whole numbers."""
    from ...calculus.turntable import Turntable, still

    (film,) = (f for f in solution.problem.outputs if isinstance(f, Turntable))
    first = still(film, SHOWN)
    colours = solution[first](first.domain.voxels.points)
    return whole_numbers(colours.reshape(SHOWN, SHOWN, 3).transpose(0, 1).cpu())


def _drawn(rows: Sequence[Row]) -> Figure:
    """One view of the scene by every mapping, and in the box about it."""
    from ...plots.papers import picture_rows

    shown = by_name(rows)
    names = [name for name in (*PUBLISHED, "in the box") if name in shown]
    return picture_rows({"a novel view": {name: shown[name] for name in names}}, width=1.6)


EXPERIMENTS = tuple(
    Experiment(
        f"radiance/{mapping}",
        "Tancik et al. 2020, section 6.5",
        f"100 pictures of 400², 128 nodes a ray, ReLU 3 x 256 on the {mapping} mapping, 50,000 steps of 1024 rays",
        published,
        "dB",
        "higher",
        partial(_measured, mapping),
        quick=f"100 pictures of 64², 32 nodes, 3 x 128, 1500 steps of 128 rays, rate {RATES[mapping]:g} that falls "
        f"along a cosine",
    )
    for mapping, published in PUBLISHED.items()
)
FIGURES = {"radiance": _drawn}
