"""The inside of a shape by mapping: IoU on points beside its surface."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved
from .shown import by_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

_SLICE = 96  # pixels across a section


def _occupancy(mapping: str, form: Form) -> Outcome:
    """The paper's network on a mapping, and the signed distance on a grid."""
    from ...solvers.adam import Adam

    # The paper's 12 and 6 are for scans with finer detail, and for many more points than the short form draws. Those
    # here were chosen on the bracket turned away from its axes, after 600 steps.
    short = {"width": 128, "depth": 4, "sigma": 2.0, "octaves": 4.0, "beside": 0.75}
    flags: dict[str, Any] = short if form.quick else {"tested": 2**18}
    stage = Adam(steps=2000, lr=2e-3, schedule="exponential", final=0.01)
    trained = solved(
        form,
        "papers/shape_occupancy",
        using=[stage] if form.quick else None,
        samples_scale=2048 / 32_768 if form.quick else 1.0,
        mapping=mapping,
        **flags,
    )
    direct = solved(form, "shape_occupancy", resolution=96 if form.quick else 160)
    ours, best = (_iou(solution) for solution in (trained, direct))
    return Outcome(
        ours["boundary"],
        "a cow (spot.obj)",
        best=best["boundary"],
        best_by="its signed distance on a grid, a cosine lattice",
        note=f"IoU on points of the bounding box: {ours['uniform']:.4f}, best {best['uniform']:.4f}",
        curves={"inside": {mapping: _section(trained, "shape"), "distance on a grid": _section(direct, "u")}},
    )


def _iou(solution: Solution) -> dict[str, float]:
    (errors,) = solution.errors.values()
    return {name: float(error["iou"]) for name, error in errors["on"].items()}


def _section(solution: Solution, name: str) -> list[list[int]]:
    """The section at the middle of x, y upwards: 0 inside, 255 outside."""
    import numpy as np

    mesh = next(iter(solution.problem.reference.values())).surface
    assert mesh is not None
    across, *sides = mesh.bounds
    lines = [np.linspace(*side, _SLICE) for side in sides]
    z, y = np.meshgrid(lines[1], lines[0][::-1])
    points = np.stack([np.full(y.size, sum(across) / 2), y.ravel(), z.ravel()], axis=1)
    outside = np.asarray(solution[name](points)) > 0
    shown: list[list[int]] = (255 * outside).astype(int).reshape(y.shape).tolist()
    return shown


def _drawn(rows: Sequence[Row]) -> Figure:
    """A section of what each mapping takes for the inside."""
    from ...plots.papers import picture_rows

    return picture_rows({"section": by_name(rows, "inside", last="distance on a grid")}, width=2.2)


EXPERIMENTS = tuple(
    Experiment(
        f"occupancy/{mapping}",
        "Tancik et al. 2020, section 6.2",
        f"{mapping} mapping{by[0]}, ReLU 8 x 256, 10,000 steps of 32,768 points, rate 5e-4 to 5e-6",
        published,
        "IoU beside the surface",
        "higher",
        partial(_occupancy, mapping),
        quick=f"{mapping} mapping{by[1]}, ReLU 4 x 128, 2000 steps of 2048 points, three in four "
        "beside the surface, rate 2e-3 to 2e-5",
    )
    for mapping, published, by in (
        ("none", 0.864, ("", "")),
        ("basic", 0.892, ("", "")),
        ("positional", 0.960, (" up to 2^6", " up to 2^4")),
        ("gaussian", 0.973, (", sigma 12", ", sigma 2")),
    )
)
FIGURES = {"occupancy": _drawn}
