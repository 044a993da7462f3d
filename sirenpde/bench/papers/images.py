"""Pictures as functions: networks by activation, mappings of the coordinates, and pictures with few pixels known."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved
from .pictures import face, natural, words, written
from .shown import psnr, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...geometry.domain import Domain
    from ...run.solution import Solution
    from ...solvers.stage import Stage

Row = dict[str, Any]
_SIREN, _FEATURES = "Sitzmann et al. 2020", "Tancik et al. 2020"
_SHOWN = 128  # pixels along a side that a figure keeps of a picture
_WHOLE = 512  # pixels along a side of the papers' pictures
ACTIVATIONS = {
    "sine": 51.4,
    "relu-octaves": 40.5,
    "rbf": 28.8,
    "relu": 24.8,
    "tanh": 24.7,
}  # dB at 15,000 steps
MAPPINGS = {
    "natural": {"none": 19.32, "basic": 21.71, "positional": 24.95, "gaussian": 25.57},
    "text": {"none": 18.40, "basic": 20.48, "positional": 27.57, "gaussian": 30.47},
}
_SIGMA = {
    "natural": {"positional": 64.0, "gaussian": 10.0},
    "text": {"positional": 32.0, "gaussian": 14.0},
}
# Pictures and steps in the short form. Words differ more, and a network leaves the white of the paper late.
_SHORT = {"natural": (3, 300), "text": (5, 400)}
_DIRECT = "least squares"  # the name of its pictures
_EDGES = "a cosine series that bends little along edges, least squares"


def _fit(activation: str, form: Form) -> Outcome:
    """A picture by a network of one activation, all pixels at every step."""
    from ...run.errors import decibels

    size, steps = (64, 600) if form.quick else (_WHOLE, 15_000)
    with face(size) as file:
        flags: dict[str, Any] = {"image": str(file), "size": size}
        training = _training(steps, 1e-4)
        solution = solved(form, "papers/image_regression", using=training, activation=activation, **flags)
        direct = solved(form, "image_regression", **flags)
    step = max(1, steps // 200)
    # In units of the networks' range, [-1, 1], of which a picture's is half.
    curve = [[row.step, decibels(row.loss / 4)] for row in solution.history[step - 1 :: step]]
    found = {"u": "image", "|∇u|": "gradient", "Δu": "curvature"}
    pictures = {
        label: _shown(solution, output, label) for label, output in found.items() if output in solution.errors
    }
    return Outcome(
        solution.errors["picture"]["psnr_db"],
        f"{_face(form)}, {size}², grey",
        best=psnr(direct),
        best_by="a cosine series of as many numbers as pixels, by a transform",
        note=f"Relative error of the gradient {solution.errors['gradient']['relative_l2']:.2f}",
        curves={"psnr": curve, "pictures": pictures},
    )


def _mapped(kind: str, mapping: str, form: Form) -> Outcome:
    """Pictures at every second pixel, each by a perceptron on a mapping, measured between these."""
    count, steps = _SHORT[kind] if form.quick else (8, 2000)
    size = 96 if form.quick else _WHOLE
    sigma = _SIGMA[kind].get(mapping, 1.0) * size / _WHOLE  # the published frequencies, per pixel
    rate = 1e-2 if kind == "natural" and mapping in ("none", "basic") else 1e-3
    scores, filled = [], []
    shown: dict[str, Any] = {}
    with {"natural": natural, "text": words}[kind](count, size) as files:
        for file in files:
            flags: dict[str, Any] = {"image": str(file), "size": size, "mapping": mapping, "sigma": sigma}
            solution = solved(form, "papers/image_features", using=_training(steps, rate), **flags)
            scores.append(solution.errors["picture"]["on"]["between"]["psnr_db"])
            between: Any = next(iter(solution.problem.reference.values()))
            direct = _between(form, str(file), size)
            filled.append([_decibels_on(each, between.on["between"]) for each in direct])
            shown = shown or {
                mapping: _shown(solution, "image", "u"),
                _DIRECT: _shown(direct[-1], "u", "u"),
            }
    what = {"natural": "squares of scikit-image's photographs", "text": "pictures of words"}[kind]
    bending, edges = (statistics.mean(each) for each in zip(*filled, strict=True))
    best, by = max((edges, _EDGES), (statistics.mean(scores), "the network itself"))
    return Outcome(
        statistics.mean(scores),
        f"{count} {what}, {size}², every second pixel known",
        best=best,
        best_by=by,
        note=f"Deviation over the pictures {statistics.stdev(scores):.2f} dB; a cosine series with little bending "
        f"{bending:.2f} dB",
        curves={"pictures": shown, "kind": kind},
    )


def _between(form: Form, file: str, size: int) -> list[Solution]:
    """A picture filled in from every second pixel along both axes."""
    import numpy as np

    from ...geometry.pictures.pictures import read_picture

    mask = np.zeros(read_picture(file).shape[:2])
    mask[::2, ::2] = 1
    with written([mask]) as (known,):
        return _filled_in(form, image=file, size=size, colours="rgb", mask=str(known))


def _filled_in(form: Form, **flags: Any) -> list[Solution]:
    """In-painting with little bending everywhere, and then with little along the edges that this has."""
    first = solved(form, "image_inpainting", **flags)
    grid: Any = first.problem.fields[0].domain
    pixels = first["u"](grid.points.numpy())
    with written([pixels.reshape(*grid.shape, *pixels.shape[1:])]) as (guide,):
        return [first, solved(form, "image_inpainting", guide=str(guide), **flags)]


def _decibels_on(solution: Solution, part: Domain) -> float:
    """Of a picture on a part of its pixels, cut off at black and white."""
    import torch

    from ...run.errors import decibels

    points, data = part.draw(None, torch.Generator())
    found = solution["u"](points.to(solution.system.device)).cpu().clamp(0, 1)
    return decibels(float((found - data["f"]).square().mean()))


def _inpainted(prior: str, form: Form) -> Outcome:
    """A picture from a tenth of its pixels, with a prior on its derivatives."""
    size, steps = (64, 300) if form.quick else (_WHOLE, 10_000)
    with face(size) as file:
        flags: dict[str, Any] = {"image": str(file), "size": size}
        training = _training(steps, 1e-4)
        solution = solved(form, "papers/image_inpainting", using=training, prior=prior, **flags)
        bending, direct = _filled_in(form, **flags)
    found = psnr(solution, "filled in")
    best, by = max((psnr(direct, "filled in"), _EDGES), (found, "the network itself"))
    return Outcome(
        found,
        f"{_face(form)}, {size}², grey, a tenth of its pixels",
        best=best,
        best_by=by,
        note="Measured on the pixels that are not known; a cosine series with little bending "
        f"{psnr(bending, 'filled in'):.2f} dB",
        curves={
            "pictures": {
                "trained": _shown(solution, "u", "u"),
                _DIRECT: _shown(direct, "u", "u"),
            }
        },
    )


def _face(form: Form) -> str:
    return "the face in camera of scikit-image" if form.quick else "camera of scikit-image"


def _training(steps: int, rate: float) -> list[Stage]:
    """All points at every step, at one rate."""
    from ...solvers.adam import Adam

    return [Adam(steps=steps, lr=rate, schedule="constant")]


def _shown(solution: Solution, output: str, label: str) -> Any:
    """An output on the pixels as a picture of whole numbers: as it is, or from its least to its greatest value."""
    import numpy as np

    grid: Any = solution.problem.fields[0].domain
    values = solution[output](grid.points.numpy())
    values = np.linalg.norm(values, axis=-1) if label == "|∇u|" else values
    if label != "u":
        low, high = np.percentile(values, (1, 99))
        values = (values - low) / max(high - low, 1e-30)
    rows = values.reshape(*grid.shape, *values.shape[1:])
    stride = max(1, max(grid.shape) // _SHOWN)
    return whole_numbers(rows[::stride, ::stride])


def _converging(rows: Sequence[Row]) -> Figure | None:
    """How soon each activation fits a picture."""
    from ...plots.papers import line_panels

    lines = {row["name"].split("/")[-1]: row["curves"]["psnr"] for row in rows if "psnr" in row["curves"]}
    return line_panels({"a picture by activation": lines}, "step", "PSNR (dB)") if lines else None


def _activations(rows: Sequence[Row]) -> Figure | None:
    """A picture, its gradient and its Laplacian by each activation that has them."""
    from ...plots.papers import picture_rows

    fits = [row for row in rows if "psnr" in row["curves"]]
    pictures = {row["name"].split("/")[-1]: row["curves"]["pictures"] for row in fits}
    return picture_rows(pictures) if pictures else None


def _mappings(rows: Sequence[Row]) -> Figure | None:
    """The first picture of each kind by each mapping, and at the end by least squares."""
    from ...plots.papers import picture_rows

    kinds: dict[str, dict[str, Any]] = {}
    for row in rows:
        if "kind" in row["curves"]:
            kind = kinds.setdefault(row["curves"]["kind"], {})
            kind.pop(_DIRECT, None)
            kind.update(row["curves"]["pictures"])
    return picture_rows(kinds) if kinds else None


def _priors(rows: Sequence[Row]) -> Figure | None:
    """What a tenth of the pixels gives by each prior, and by least squares."""
    from ...plots.papers import picture_rows

    filled = [row for row in rows if "inpainting" in row["name"]]
    pictures = {row["name"].split("/")[-1]: row["curves"]["pictures"] for row in filled}
    return picture_rows(pictures) if pictures else None


EXPERIMENTS = (
    *(
        Experiment(
            f"image/activation/{activation}",
            f"{_SIREN}, section 4.1",
            f"512² pixels, four layers of 256 with {activation}, 15,000 steps on all pixels, rate 1e-4",
            published,
            "dB",
            "higher",
            partial(_fit, activation),
            quick="64² pixels about the face, 600 steps",
        )
        for activation, published in ACTIVATIONS.items()
    ),
    *(
        Experiment(
            f"image/{kind}/{mapping}",
            f"{_FEATURES}, section 6.1",
            "512² pixels, a quarter known, three layers of 256, 256 frequencies, 2000 steps, measured between",
            published,
            "dB",
            "higher",
            partial(_mapped, kind, mapping),
            quick=f"{_SHORT[kind][0]} pictures of 96² pixels cut out of larger ones, the published frequencies per "
            f"pixel, {_SHORT[kind][1]} steps",
        )
        for kind, by_mapping in MAPPINGS.items()
        for mapping, published in by_mapping.items()
    ),
    *(
        Experiment(
            f"image/inpainting/{prior}",
            f"{_SIREN}, supplement 3",
            "512² pixels, a tenth of them known, SIREN 4 x 256, 10,000 steps, rate 1e-4",
            None,
            "dB",
            "higher",
            partial(_inpainted, prior),
            quick="64² pixels about the face, 300 steps",
        )
        for prior in ("none", "variation", "hessian")
    ),
)
FIGURES = {
    "image_activations": _activations,
    "image_convergence": _converging,
    "image_mappings": _mappings,
    "image_priors": _priors,
}
