"""Analyses of Fourier features: kernels and their spectra, convergence, widths of frequencies, depth, axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from . import kernel_fits as fits
from . import kernel_pictures as pictures
from . import kernel_theory as theory
from .experiment import Experiment

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Row = dict[str, Any]

_PAPER = "Tancik et al. 2020"
_NTK = "16 frequencies j of amplitudes 1/j^p, 32 points, 3 hidden layers of 1024"
_MAPPINGS = {"p0": 0.0, "p0.5": 0.5, "p1": 1.0, "p1.5": 1.5, "p2": 2.0, "basic": float("inf")}
_SIGNAL = "1024 of 2048 samples, 16 frequencies, 4 layers of 256, Adam 2e-3, 1000 steps"
_SHORT_SIGNAL = "256 of 512 samples, 16 frequencies, 4 layers of 128, Adam 2e-3, 500 steps"
_PICTURE = "512², 4 layers of 256 on 256 frequencies, Adam 1e-3, 2000 steps"
_SHORT_PICTURE = "64², 4 layers of 96 on 48 frequencies, Adam 1e-3, 250 steps"

EXPERIMENTS = (
    *(
        Experiment(
            f"kernels/spectrum/{name}",
            f"{_PAPER}, figure 2",
            f"{_NTK}; |FFT| at frequency 8",
            published,
            "",
            "lower",
            partial(theory.picture, _MAPPINGS[name]),
        )
        for name, published in (
            ("p0", 8.3),
            ("p0.5", 6.8),
            ("p1", 3.7),
            ("p1.5", 1.8),
            ("p2", 1.2),
            ("basic", 0.93),
        )
    ),
    *(
        Experiment(
            f"kernels/convergence/{name}",
            f"{_PAPER}, figure 3",
            "error between 32 of 256 samples, 4 layers of 1024, descent at rate 1e-5, 50,000 steps",
            published,
            "",
            "lower",
            partial(fits.convergence, power),
            quick="the same in 2000 steps at rate 2.5e-4",
        )
        for name, power, published in (
            ("none", None, 4e-2),
            ("basic", float("inf"), 1.2e-2),
            ("p1", 1.0, 5e-3),
            ("p0", 0.0, 9e-3),
        )
    ),
    *(
        Experiment(
            f"kernels/sigma/alpha{alpha:g}",
            f"{_PAPER}, figure 4",
            f"least error of four families at nine widths, {_SIGNAL}",
            published,
            "",
            "lower",
            partial(fits.sigma_sweep, alpha),
            quick=f"the same, {_SHORT_SIGNAL}",
        )
        for alpha, published in ((0.5, 5e-3), (1.0, 9e-5), (1.5, 6e-7))
    ),
    *(
        Experiment(
            f"kernels/recommended/{name}",
            "recommended from the spectrum",
            f"loss beside the best of a sweep, {_PICTURE}",
            None,
            "dB",
            "lower",
            partial(pictures.recommended, name),
            quick=f"the same, {_SHORT_PICTURE}",
        )
        for name in ("astronaut", "coffee", "text")
    ),
    *(
        Experiment(
            f"kernels/stationarity/{name}",
            f"{_PAPER}, notebook",
            "error of a bump at the ends over that in the middle, 20 seeds, 4 layers of 256, Adam 1e-4, 500 steps",
            published,
            "",
            "lower",
            partial(fits.stationarity, name == "basic"),
            quick="the same, 9 of 40 places, 2 seeds, 4 layers of 128, Adam 2e-4",
        )
        for name, published in (("none", 40.0), ("basic", 1.0))
    ),
    *(
        Experiment(
            f"kernels/depth/{hidden}",
            f"{_PAPER}, supplement",
            f"eigenvalue at the highest frequency on the basic mapping, {hidden} hidden layers over 4",
            published,
            "",
            "higher",
            partial(theory.depth, hidden),
        )
        for hidden, published in ((4, 1.0), (8, 1.7), (16, 3.2))
    ),
    *(
        Experiment(
            f"kernels/features/{layers}-layers",
            f"{_PAPER}, supplement",
            "all pixels of a picture met by 8 features, layers of 256, 2000 steps",
            published,
            "dB",
            "higher",
            partial(pictures.features_and_depth, layers),
            quick="64² pixels met by 8 features, layers of 64, 400 steps",
        )
        for layers, published in ((2, 17.6), (4, 22.6), (8, 25.6))
    ),
    *(
        Experiment(
            f"kernels/amplitudes/alpha{alpha:g}",
            f"{_PAPER}, supplement",
            "best power p of 1/j^p by the kernel, 128 samples, 1024 signals, beside 800 steps on free amplitudes",
            published,
            "",
            "lower",
            partial(theory.best_power, alpha),
            quick="the same, 128 signals, 150 steps",
        )
        for alpha, published in ((1.0, 0.75), (1.5, 1.0), (2.0, 1.25))
    ),
    Experiment(
        "kernels/joint",
        f"{_PAPER}, section 5",
        f"error with trained frequencies and amplitudes over that with fixed ones, {_SIGNAL}",
        None,
        "",
        "lower",
        fits.joint,
        quick=f"the same, {_SHORT_SIGNAL}",
    ),
    *(
        Experiment(
            f"kernels/axis/{name}",
            f"{_PAPER}, notebook",
            "waves along an axis better than others by, 512², 2 layers of 256, Adam 1e-3, 500 steps",
            published,
            "dB",
            "lower",
            partial(pictures.axis_bias, name),
            quick="the same, 64², 2 layers of 64, 300 steps",
        )
        for name, published in (("positional", 3.6), ("gaussian", 0.4))
    ),
)


def _named(rows: Sequence[Row], group: str) -> dict[str, Mapping[str, Any]]:
    """The curves of a group's rows, by the last word of their names."""
    start = f"kernels/{group}/"
    return {row["name"].removeprefix(start): row["curves"] for row in rows if row["name"].startswith(start)}


def _spectra(rows: Sequence[Row]) -> Figure | None:
    """Kernels as matrices, their rows and their spectra."""
    from ...plots.kernels import kernels_and_spectra

    named = _named(rows, "spectrum")
    return kernels_and_spectra(named) if named else None


def _convergence(rows: Sequence[Row]) -> Figure | None:
    """Training and test error and the error by frequency, with what the kernels say dashed."""
    from ...plots.kernels import Curve, CurvePanel, curve_panels

    named = _named(rows, "convergence")
    if not named:
        return None
    panels = []
    for which in ("train", "test"):
        curves = []
        for colour, (name, of) in enumerate(named.items()):
            curves.append(Curve.of(of[which], name, colour=colour))
            curves.append(Curve.of(of[f"{which}, kernel"], style="--", colour=colour))
        panels.append(
            CurvePanel(f"{which} error, kernel dashed", "rate x steps", "mean square", curves, "xy")
        )
    for frequency in map(str, fits.FREQUENCIES):
        curves = []
        for colour, (name, of) in enumerate(named.items()):
            seen, said = (of[key][frequency] for key in ("by frequency", "by frequency, kernel"))
            curves.append(Curve.of(seen, name, colour=colour))
            lowest = 0.1 * min(amplitude for _, amplitude in seen)  # of what soon is rounding
            curves.append(Curve.of([p for p in said if p[1] > lowest], style="--", colour=colour))
        panels.append(
            CurvePanel(f"error at frequency {frequency}", "rate x steps", "amplitude", curves, "xy")
        )
    return curve_panels(panels)


def _sweep(rows: Sequence[Row]) -> Figure | None:
    """Error against the spread of the frequencies, a panel for each spectrum."""
    from ...plots.kernels import Curve, CurvePanel, curve_panels

    panels = []
    for name, of in _named(rows, "sigma").items():
        curves = [
            Curve.of(points, family, "o-", colour)
            for colour, (family, points) in enumerate(of["lines"].items())
        ]
        spreads = [point[0] for points in of["lines"].values() for point in points]
        errors = [point[1] for points in of["lines"].values() for point in points]
        ends = (min(spreads), max(spreads))
        curves.append(Curve(ends, (of["dense"],) * 2, "all frequencies", "--", 6))
        if of["recommended"]:
            curves.append(Curve((of["recommended"],) * 2, (min(errors), max(errors)), "recommended", ":", 6))
        title = f"spectrum 1/f^{name.removeprefix('alpha')}"
        panels.append(CurvePanel(title, "standard deviation of b", "test error", curves, "xy"))
    return curve_panels(panels) if panels else None


def _recommended(rows: Sequence[Row]) -> Figure | None:
    """Sweeps of pictures with what the spectrum says."""
    from ...plots.kernels import Curve, CurvePanel, curve_panels

    panels = []
    for name, of in _named(rows, "recommended").items():
        values = [point[1] for point in of["sweep"]]
        curves = [
            Curve.of(of["sweep"], "networks", "o-"),
            Curve.of(of["predicted"], "by the kernel", "--", 1),
            Curve((of["told"],) * 2, (min(values), max(values)), "recommended", ":", 6),
        ]
        panels.append(CurvePanel(name, "sigma", "dB between pixels", curves, "x"))
    return curve_panels(panels) if panels else None


def _spreading(rows: Sequence[Row]) -> Figure | None:
    """Spectra of deep networks on one frequency, and on two."""
    from ...plots.kernels import Curve, CurvePanel, curve_panels

    panels = []
    named = _named(rows, "depth")
    for which, title in (("basic", "basic mapping"), ("two", f"and frequency {theory.SPREAD[0]}")):
        curves = [
            Curve(range(len(of[which])), [abs(v) for v in of[which]], f"{name} hidden layers", "-", colour)
            for colour, (name, of) in enumerate(named.items())
        ]
        panels.append(CurvePanel(title, "frequency", "eigenvalue", curves))
    return curve_panels(panels) if named else None


def _places(rows: Sequence[Row]) -> Figure | None:
    """The error of a bump by its place, and of a wave by its angle."""
    from ...plots.kernels import Curve, CurvePanel, curve_panels

    bumps = [
        Curve.of(of["by place"], name, "o-", colour)
        for colour, (name, of) in enumerate(_named(rows, "stationarity").items())
    ]
    waves = [
        Curve.of(of["by angle"], name, "o-", colour)
        for colour, (name, of) in enumerate(_named(rows, "axis").items())
    ]
    sizes = [
        Curve.of(of["by size"], name, "o-", colour)
        for colour, (name, of) in enumerate(_named(rows, "features").items())
    ]
    panels = [
        CurvePanel("a bump, by its place", "place", "mean square", bumps),
        CurvePanel("a wave, by its angle", "degrees", "dB", waves, ""),
        CurvePanel("a picture, by features and depth", "features", "dB", sizes, "x"),
    ]
    shown = [panel for panel in panels if panel.curves]
    return curve_panels(shown) if shown else None


FIGURES = {
    "kernel_spectra": _spectra,
    "kernel_convergence": _convergence,
    "kernel_sigma": _sweep,
    "kernel_recommended": _recommended,
    "kernel_depth": _spreading,
    "kernel_places": _places,
}
