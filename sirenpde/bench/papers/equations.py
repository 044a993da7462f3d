"""SIREN's equations: pictures from their derivatives, waves of a source, a pulse released from rest."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

_SIREN = "Sitzmann et al. 2020"


def _reconstruction(supervise: str, form: Form) -> Outcome:
    """A picture from its gradient or Laplacian, each by the paper's network and by a series directly."""
    from ...solvers.adam import Adam

    size = 48 if form.quick else 256
    rate = 3e-4 if form.quick else 1e-4
    stage = Adam(steps=500 if form.quick else 10_000, lr=rate, schedule="constant")
    whole = size**2 / 2048  # all pixels at every step
    flags: dict[str, Any] = {"size": size, "supervise": supervise}
    trained = solved(form, "papers/poisson_reconstruction", using=[stage], samples_scale=whole, **flags)
    direct = solved(form, "poisson_reconstruction", **flags)
    pictures = {name: _grey(solution, size) for name, solution in (("SIREN", trained), ("series", direct))}
    return Outcome(
        _psnr(trained),
        f"camera of scikit-image, {size}², grey",
        best=_psnr(direct),
        best_by="a cosine series, least squares",
        note="Measured after the best affine fit, since a constant is free",
        curves={"pictures": pictures},
    )


def _psnr(solution: Solution) -> float:
    return float(solution.errors["u"]["psnr_db"])


def _grey(solution: Solution, size: int) -> Any:
    """The field on the pixels after its affine fit, as a picture of whole numbers."""
    from ...run.errors import fitted

    grid: Any = next(iter(solution.problem.reference.values())).on
    known = grid.data["f"].flatten().to(solution.system.device)
    found = fitted(solution["u"](grid.points.to(known.device)).flatten(), known.to(solution.system.dtype))
    return (255 * found.clamp(0, 1)).round().byte().reshape(size, size).tolist()


def _drawn(rows: Sequence[Row]) -> Figure:
    """What each method makes of the derivatives of one picture."""
    from ...plots.papers import picture_rows

    named = {row["name"].split("/")[-1]: row for row in rows if "pictures" in row["curves"]}
    return picture_rows({name: row["curves"]["pictures"] for name, row in named.items()}, width=2.5)


EXPERIMENTS = (
    *(
        Experiment(
            f"equations/poisson/{supervise}",
            f"{_SIREN}, section 4.1",
            f"256² pixels from their {supervise}, SIREN 4 x 256, 10,000 steps on all pixels, rate 1e-4",
            published,
            "dB",
            "higher",
            partial(_reconstruction, supervise),
            quick=f"48² pixels from their {supervise}, SIREN 4 x 256, 500 steps, rate 3e-4",
        )
        for supervise, published in (("gradient", 32.91), ("laplacian", 14.95))
    ),
)
FIGURES = {"poisson_reconstruction": _drawn}
