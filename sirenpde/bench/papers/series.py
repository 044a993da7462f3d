"""Implicit representations as Fourier series: perceptrons by mapping, weights from an FFT, waves let in slowly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved, trained
from .shown import psnr, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]

_PAPER = "Benbarka et al. 2021, section 4"
ORDERS = (8, 16, 32, 64)
_SETTINGS: dict[str, dict[str, Any]] = {
    "lattice": {"mapping": "lattice"},
    "gaussian": {"mapping": "gaussian", "sigma": 10.0},
    "positional": {"mapping": "positional"},
    "siren": {"mapping": "siren"},
}
# How a perceptron on twice as many waves along each axis as the known samples tell apart is begun and trained. The
# paper does not say what an FFT gives to waves that the samples do not tell apart: here its sum as it is, copies.
_TRAININGS: dict[str, dict[str, Any]] = {
    "neither": {"start": "random", "progressive": "no"},
    "progressive": {"start": "random", "progressive": "whole"},
    "weights": {"start": "copies", "progressive": "no"},
    "both": {"start": "copies", "progressive": "whole"},
}


def _by_mapping(mapping: str, order: int, form: Form) -> Outcome:
    """A perceptron on as many features as the lattice of an order has; pixels between the known ones."""
    size = 256 if form.quick else 512
    pixels, steps = (2048, 500 if order == 64 else 1000) if form.quick else (None, 2000)
    network = trained(
        form, "papers/fourier_series", steps, size=size, order=order, pixels=pixels, **_SETTINGS[mapping]
    )
    best, best_by = _smooth(form, size)
    known, between = (psnr(network, where) for where in ("known", "between"))
    return Outcome(
        between,
        f"camera of scikit-image, {size}², grey, every second pixel known",
        best,
        best_by,
        note=f"{known:.1f} dB on the known pixels",
        curves={"mapping": mapping, "order": order, "known": known, "between": between},
    )


def _training(name: str, form: Form) -> Outcome:
    """A perceptron on twice the known pixels' Nyquist frequency; pixels between the known ones."""
    size = 64 if form.quick else 256
    network = trained(form, "papers/fourier_series", 600, size=size, order=size // 2, **_TRAININGS[name])
    best, best_by = _smooth(form, size)
    known = psnr(network, "known")
    return Outcome(
        psnr(network, "between"),
        f"camera of scikit-image, {size}², grey, every second pixel known",
        best,
        best_by,
        note=f"{known:.1f} dB on the known pixels",
        curves={
            "train": [[row.step, -10 * math.log10(max(row.loss, 1e-40))] for row in network.history],
            "picture": _grey(network, size),
        },
    )


def _from_transform(form: Form) -> Outcome:
    """The known pixels, by weights that an FFT gives, after training goes on from there."""
    size = 64 if form.quick else 512
    network = trained(form, "papers/fourier_series", 600, size=size, start="fft")
    direct = solved(form, "fourier_series", size=size, series="whole")
    return Outcome(
        psnr(network, "known"),
        f"camera of scikit-image, {size}², grey, every second pixel known",
        psnr(direct, "known"),
        "a Fourier series, least squares",
        note=f"in float64; {psnr(network, 'between'):.1f} dB between the known pixels",
    )


def _smooth(form: Form, size: int) -> tuple[float, str]:
    direct = solved(form, "fourier_series", size=size, series="smooth")
    return psnr(direct, "between"), "a cosine series with the least slope, least squares"


def _grey(solution: Solution, size: int) -> Any:
    """The field at all pixels, known and between, as a picture of whole numbers, row 0 on top."""
    import numpy as np

    from ...geometry.data.sample_grid import SampleGrid

    values = np.asarray(solution["u"](SampleGrid.read("camera", size, grey=True).points.numpy()))
    return whole_numbers(values.reshape(size, size).T[::-1].copy())


def _drawn_mappings(rows: Sequence[Row]) -> Figure | None:
    """PSNR against the order of the lattice, known pixels and those between."""
    from ...plots.papers import line_panels

    found = [curves for curves in _curves(rows).values() if "order" in curves]
    panels = {
        title: {
            mapping: sorted([c["order"], c[where]] for c in found if c["mapping"] == mapping)
            for mapping in _SETTINGS
        }
        for title, where in (("known pixels", "known"), ("pixels between", "between"))
    }
    if not found:
        return None
    figure = line_panels(panels, "order N of the lattice", "PSNR in dB", logx=True, marks=True)
    for ax in figure.axes:
        ax.set_xticks(ORDERS, [str(order) for order in ORDERS])
        ax.set_xticks([], minor=True)
    return figure


def _drawn_trainings(rows: Sequence[Row]) -> Figure | None:
    """PSNR on the known pixels while the perceptrons are trained."""
    from ...plots.papers import line_panels

    lines = {name: curves["train"] for name, curves in _curves(rows).items() if "train" in curves}
    return line_panels({"known pixels": lines}, "step", "PSNR in dB") if lines else None


def _drawn_pictures(rows: Sequence[Row]) -> Figure | None:
    """All pixels, known and between, after each kind of training."""
    from ...plots.papers import picture_rows

    found = {name: curves["picture"] for name, curves in _curves(rows).items() if "picture" in curves}
    return picture_rows({"": found}, width=2.0) if found else None


def _curves(rows: Sequence[Row]) -> dict[str, Row]:
    """What the rows have to draw, by the names of the experiments without the family and the group of trainings."""
    drawn = [row for row in rows if row["curves"]]
    return {row["name"].partition("/")[2].removeprefix("training/"): row["curves"] for row in drawn}


EXPERIMENTS = (
    *(
        Experiment(
            f"series/order-{order}/{mapping}",
            _PAPER,
            f"{((2 * order + 1) ** 2 - 1) // 2} frequencies, a perceptron by Adam, 2000 steps on 256² of 512² "
            f"pixels, measured between",
            None,
            "dB",
            "higher",
            partial(_by_mapping, mapping, order),
            quick=f"128² of 256² pixels, {500 if order == 64 else 1000} steps on 2048 of them",
        )
        for order in ORDERS
        for mapping in _SETTINGS
    ),
    *(
        Experiment(
            f"series/training/{name}",
            _PAPER,
            "33,024 frequencies, twice what 128² of 256² pixels tell apart, Adam, 600 steps, measured between",
            None,
            "dB",
            "higher",
            partial(_training, name),
            quick="2112 frequencies, 32² of 64² pixels",
        )
        for name in _TRAININGS
    ),
    Experiment(
        "series/weights",
        _PAPER,
        "256² of 512² pixels, a perceptron on all their frequencies, weights from an FFT, 600 steps of Adam",
        150.0,
        "dB",
        "higher",
        _from_transform,
        quick="32² of 64² pixels",
    ),
)
FIGURES = {
    "series_mappings": _drawn_mappings,
    "series_training": _drawn_trainings,
    "series_pictures": _drawn_pictures,
}
