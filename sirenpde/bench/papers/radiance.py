"""Novel views of a scene from its pictures: mappings of a perceptron."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, trained
from .shown import by_name, psnr

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

PUBLISHED = {"none": 22.41, "basic": 23.16, "positional": 26.27, "rotated": 25.28, "gaussian": 25.48}
SHOWN = 48  # pixels along a side of the view that is shown


def _measured(mapping: str, form: Form) -> Outcome:
    """PSNR of views that were held back."""
    flags: dict[str, Any] = {"mapping": mapping}
    if form.quick:
        flags |= {"size": 32, "pictures": 24, "nodes": 32, "rays": 128, "sigma": 1.5, "octaves": 3.0}
    else:
        flags |= {"size": 400, "pictures": 100, "held_out": 13, "nodes": 128}
    found = trained(form, "papers/radiance_field", 500 if form.quick else 50_000, **flags)
    size = flags["size"]
    return Outcome(
        psnr(found),
        f"spheres, a box and a chequered floor, {flags['pictures']} pictures of {size}²",
        note="Nothing better is known here: densities and colours stand in products",
        curves={"pictures": {mapping: _view(found, flags["nodes"])}},
    )


def _view(solution: Solution, nodes: int) -> Any:
    """The scene from a camera that no picture was taken from, as whole numbers."""
    from ...geometry.views import turning
    from ...run.turning import still

    view, box = next(iter(solution.problem.reference)), next(iter(solution.problem.fields)).domain
    (pose,) = turning(1, 3.0, 1.2, start=0.3)
    seen = still(solution, view, box, pose, near=1.5, far=4.5, size=SHOWN, nodes=nodes)  # type: ignore[arg-type]
    return seen.tolist()


def _drawn(rows: Sequence[Row]) -> Figure:
    """One view of the scene by every mapping."""
    from ...plots.papers import picture_rows

    shown = by_name(rows)
    return picture_rows(
        {"a novel view": {name: shown[name] for name in PUBLISHED if name in shown}}, width=1.6
    )


EXPERIMENTS = tuple(
    Experiment(
        f"radiance/{mapping}",
        "Tancik et al. 2020, section 6.5",
        f"100 pictures of 400², 128 nodes a ray, ReLU 3 x 256 on the {mapping} mapping, 50,000 steps of 1024 rays",
        published,
        "dB",
        "higher",
        partial(_measured, mapping),
        quick="24 pictures of 32², 32 nodes, 500 steps of 128 rays",
    )
    for mapping, published in PUBLISHED.items()
)
FIGURES = {"radiance": _drawn}
