"""SIREN's equations: pictures from derivatives, waves of a source, a pulse released from rest, signed distance."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved
from .pictures import Part, as_files
from .shown import psnr, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

_SIREN = "Sitzmann et al. 2020"


@dataclass(frozen=True)
class _Training:
    """Steps of Adam at a rate, each on so many times the samples that the problem's file has.

    ``data`` are flags that the toolkit's own form of the problem has too, ``network`` those of the paper's alone.
    """

    steps: int
    rate: float
    scale: float = 1.0
    clip: float | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)

    def stage(self, form: Form) -> Any:
        """The rate stays, as in the paper; in the short form it falls."""
        from ...solvers.adam import Adam

        return Adam(self.steps, self.rate, "cosine" if form.quick else "constant", clip=self.clip)


_BESIDE = {"signed_distance": "signed_distance_siren"}  # as the figures of the same network are compared


def _equation(
    problem: str,
    figure: Callable[[Solution, Form], float],
    data: str,
    best_by: str,
    whole: _Training,
    quick: _Training,
    form: Form,
) -> Outcome:
    """What the paper's training and the toolkit's own solver find of one equation."""
    training = quick if form.quick else whole
    with as_files(training.data) as flags:
        trained = solved(
            form,
            f"papers/{problem}",
            using=[training.stage(form)],
            samples_scale=training.scale,
            **training.network,
            **flags,
        )
        direct = solved(form, _BESIDE.get(problem, problem), **flags)
        return Outcome(figure(trained, form), data, best=figure(direct, form), best_by=best_by)


def _distance_from(output: str, solution: Solution, form: Form) -> float:
    """The relative L2 error."""
    return float(solution.errors[output]["relative_l2"])


def _decibels(solution: Solution, form: Form) -> float:
    """In the mask, where nothing but derivatives are known."""
    return psnr(solution, "inside")


def _chamfer(solution: Solution, form: Form) -> float:
    """Of the largest part of the zero level to the mesh, % of the diagonal; a field of one sign has no zero level."""
    import tempfile

    from ...analysis.surfaces import largest_part, surface_errors
    from ...geometry.meshes.mesh import TriangleMesh

    (reference,) = solution.problem.reference.values()
    assert isinstance(reference.surface, TriangleMesh)
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = solution.export(Path(folder) / "u.ply", resolution=97 if form.quick else 257)
        except ValueError:
            return math.inf
        part = largest_part(TriangleMesh.open(path))
        return 100 * surface_errors(part, reference.surface, samples=10_000)["chamfer"]


_FACE = Part("camera", 96, 192, 64, 64)


def _reconstruction(supervise: str, whole: _Training, quick: _Training, form: Form) -> Outcome:
    """A picture from its gradient or Laplacian, each by the paper's network and by a series directly."""
    training = quick if form.quick else whole
    with as_files({**training.data, "supervise": supervise}) as flags:
        trained = solved(
            form,
            "papers/poisson_reconstruction",
            using=[training.stage(form)],
            samples_scale=training.scale,
            **flags,
        )
        direct = solved(form, "poisson_reconstruction", **flags)
    size = training.data["size"]
    pictures = {name: _grey(solution, size) for name, solution in (("SIREN", trained), ("series", direct))}
    return Outcome(
        psnr(trained),
        f"the face of camera of scikit-image, {size}² at its own resolution"
        if form.quick
        else f"camera of scikit-image, {size}², grey",
        best=psnr(direct),
        best_by="a cosine series, least squares",
        note="Measured after the best affine fit, since a constant is free",
        curves={"pictures": pictures},
    )


def _grey(solution: Solution, size: int) -> Any:
    """The field on the pixels after its affine fit, as a picture of whole numbers."""
    from ...run.errors import fitted

    grid: Any = next(iter(solution.problem.reference.values())).on
    known = grid.data["f"].flatten().to(solution.system.device)
    found = fitted(solution["u"](grid.points.to(known.device)).flatten(), known.to(solution.system.dtype))
    return whole_numbers(found.reshape(size, size))


def _drawn(rows: Sequence[Row]) -> Figure | None:
    """What each method makes of the derivatives of one picture."""
    from ...plots.papers import picture_rows

    named = {row["name"].split("/")[-1]: row for row in rows if "pictures" in row["curves"]}
    if not named:
        return None
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
            partial(
                _reconstruction,
                supervise,
                _Training(10_000, 1e-4, 32.0, data={"size": 256}),
                _Training(steps, rate, scale, data={"size": 64, "image": _FACE}),
            ),
            quick=f"64² pixels, SIREN 4 x 256, {steps} steps of {int(2048 * scale)} pixels, rate {rate:.0e} falling",
        )
        for supervise, published, steps, rate, scale in (
            ("gradient", 32.91, 600, 3e-4, 1.0),
            ("laplacian", 14.95, 900, 1e-4, 0.5),
        )
    ),
    Experiment(
        "equations/editing",
        f"{_SIREN}, section 4.1",
        "SIREN 4 x 256, 10,000 steps of 30 times 1024 edges and pixels, rate 1e-4",
        None,
        "dB in the mask",
        "higher",
        partial(
            _equation,
            "poisson_editing",
            _decibels,
            "chelsea cloned into coffee of scikit-image, against five-point differences",
            "a cosine series, least squares",
            _Training(10_000, 1e-4, 30.0),
            _Training(
                1000,
                3e-4,
                0.5,
                data={
                    "target": Part("coffee", 40, 244, 96, 120),
                    "source": Part("chelsea", 93, 142, 44, 60),
                    "row": 48,
                    "column": 60,
                    "height": 44,
                    "width": 60,
                },
            ),
        ),
        quick="parts of the pictures, 96 x 120 pixels, 44 x 60 in the mask, SIREN 4 x 256, 1000 steps of 512 edges "
        "along each axis and 512 pixels, rate 3e-4 falling",
    ),
    Experiment(
        "equations/helmholtz",
        f"{_SIREN}, section 4.3",
        "k = 20, a source of width 0.01, SIREN 4 x 256, 50,000 steps of 52,900 points, rate 2e-5",
        None,
        "relative L2",
        "lower",
        partial(
            _equation,
            "helmholtz",
            partial(_distance_from, "phi"),
            "a point source in a uniform medium, against the closed form",
            "cells of frozen sines, least squares",
            _Training(50_000, 2e-5, 41.0),
            _Training(
                3000,
                3e-4,
                0.5,
                data={"wavenumber": 10.0, "width": 0.03},
                network={"units": 128, "omega": 15.0},
            ),
        ),
        quick="k = 10, a source of width 0.03, SIREN 4 x 128, first factor 15, 3000 steps of 640 points, rate 3e-4 "
        "falling",
    ),
    Experiment(
        "equations/wave",
        f"{_SIREN}, section 4.3",
        "a pulse of width 0.022, SIREN 4 x 512, 100,000 steps of 113,000 points, rate 2e-5",
        None,
        "relative L2",
        "lower",
        partial(
            _equation,
            "wave_equation",
            partial(_distance_from, "u"),
            "a Gaussian pulse at rest, against the closed form",
            "a series of waves, least squares",
            _Training(100_000, 2e-5, 110.0),
            _Training(
                2500,
                4e-4,
                0.5,
                data={"width": 0.1},
                network={"height": 0.4, "reach": 0.3, "units": 128},
            ),
        ),
        quick="a pulse of width 0.1 and of the same curvature, SIREN 4 x 128, 2500 steps of 512 points and 256 at "
        "the start, rate 4e-4 falling",
    ),
    Experiment(
        "equations/distance",
        f"{_SIREN}, section 4.2",
        "SIREN 4 x 256, 50,000 steps of 1400 points on and off the surface, rate 1e-4",
        None,
        "Chamfer of the largest part, % of the diagonal",
        "lower",
        partial(
            _equation,
            "signed_distance",
            _chamfer,
            "a cow, 200,000 points with their normals",
            "a SIREN held near the distance to the points",
            _Training(50_000, 1e-4, clip=1.0),
            _Training(1500, 5e-4, 0.4, clip=1.0, network={"units": 128}),
        ),
        quick="SIREN 4 x 128, 1500 steps of 560 points, rate 5e-4 falling",
    ),
)
FIGURES = {"poisson_reconstruction": _drawn}
