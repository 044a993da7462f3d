"""Films as functions: SIREN, ReLU and ReLU on octaves, and waves found by a transform."""

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

_NAMES = {"siren": "SIREN", "relu": "ReLU", "relu-pe": "ReLU P.E."}


def _film(network: str, form: Form) -> Outcome:
    """A trained network on random voxels, and waves by a transform: as many as it has numbers, and all of them."""
    from ...solvers.adam import Adam

    size: dict[str, Any] = {"size": 96, "frames": 40} if form.quick else {"size": 320, "frames": 300}
    stage = Adam(steps=2000, lr=1e-3)  # the rate is that of 250 steps on a film that pans over a photograph
    trained = solved(
        form,
        "papers/video_regression",
        using=[stage] if form.quick else None,
        samples_scale=2.0 if form.quick else 1.0,
        network_of=network,
        width=192 if form.quick else 1024,
        **size,
    )
    numbers, voxels = _numbers(trained), 3 * _voxels(size)
    share = min(1.0, numbers / voxels)
    direct, whole = (solved(form, "video_regression", share=part, **size) for part in (share, 1.0))
    return Outcome(
        psnr(trained),
        f"a rolling wheel, {size['frames']} frames of {size['size']} x {3 * size['size'] // 4}",
        best=psnr(whole),
        best_by="all cosines, by a transform",
        note=f"As many cosines as the network has numbers, {share:.1%} of all: {psnr(direct):.1f} dB",
        curves={
            "frame": {"film": _given(trained), _NAMES[network]: _found(trained), "cosines": _found(direct)}
        },
    )


def _numbers(solution: Solution) -> int:
    return len(solution.theta)


def _voxels(size: dict[str, Any]) -> int:
    film: Any = declared("video_regression", **size).fields[0].domain
    return int(film.size)


def _middle(solution: Solution) -> Any:
    film: Any = solution.problem.constraints[0].domain
    return film, film.still(film.shape[0] // 2)


def _given(solution: Solution) -> Any:
    film, _ = _middle(solution)
    return film.values["f"][film.shape[0] // 2].transpose(0, 1).tolist()


def _found(solution: Solution) -> Any:
    import numpy as np

    film, still = _middle(solution)
    _, width, height = film.shape
    values = np.asarray(solution["u"](still.points.numpy())).reshape(width, height, 3).swapaxes(0, 1)
    return whole_numbers(values)


def _drawn(rows: Sequence[Row]) -> Figure:
    """One frame by each method."""
    from ...plots.papers import picture_rows

    return picture_rows({"middle frame": by_name(rows, "frame", last="cosines")}, width=2.5)


EXPERIMENTS = tuple(
    Experiment(
        f"video/{network}",
        "Sitzmann et al. 2020, section 4.1",
        f"{_NAMES[network]}{waves[0]} 4 x 1024, 100,000 steps of 38e-4 of the voxels, rate 1e-4",
        published,
        "dB",
        "higher",
        partial(_film, network),
        quick=f"{_NAMES[network]}{waves[1]} 4 x 192, 2000 steps of 76e-4 of the voxels, rate 1e-3 falling",
    )
    for network, published, waves in (
        ("siren", 30.0, ("", "")),
        ("relu", 25.0, ("", "")),
        ("relu-pe", None, (" of 5 octaves", " of 3 octaves")),
    )
)
FIGURES = {"video": _drawn}
