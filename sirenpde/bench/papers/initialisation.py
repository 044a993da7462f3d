"""SIREN before training: values, gradients and spectra of its layers, against the exact fixed point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...analysis.initialisation import LayerStatistics

Row = dict[str, Any]

_PAPER = "Sitzmann et al. 2020, supplement 1"
DEPTH = 10
SHOWN = (1, 2, 5, 10)  # layers in the figure


def _layers(form: Form, shift: float = 0.0) -> tuple[LayerStatistics, ...]:
    from ...analysis.initialisation import layer_statistics
    from ...networks.siren import Siren

    recipe = Siren(width=512 if form.quick else 2048, depth=DEPTH, bias="zero")
    return layer_statistics(recipe, points=2**11 if form.quick else 2**12, seed=form.seed, shift=shift)


def _data(form: Form) -> str:
    return f"{2**11 if form.quick else 2**12} points of [-1, 1]"


def _activations(form: Form) -> Outcome:
    """How far the deviations of z are from the fixed point, in the layers that have settled."""
    from ...analysis.initialisation import siren_deviation

    layers, exact = _layers(form), siren_deviation()
    apart = max(abs(layer.before / exact - 1) for layer in layers[3:])
    return Outcome(
        100 * apart,
        _data(form),
        note=f"deviations {', '.join(f'{layer.before:.3f}' for layer in layers)}; exact {exact:.3f}, the paper's 1",
        curves={"layers": {f"layer {n}": _curves(layers[n - 1]) for n in SHOWN}},
    )


def _gradients(form: Form) -> Outcome:
    """How far the growth of gradients from layer to layer is from sqrt(2 E cos² z)."""
    from ...analysis.initialisation import siren_deviation, siren_gradient_growth

    layers, exact = _layers(form), siren_gradient_growth(siren_deviation())
    growth = (layers[2].gradient / layers[-1].gradient) ** (1 / (DEPTH - 3))
    return Outcome(
        100 * abs(growth / exact - 1),
        _data(form),
        note=f"growth {growth:.3f} from a layer to the one below; exact {exact:.3f}, the paper's 1",
    )


def _shifted(form: Form) -> Outcome:
    """How much the deviations of z change, but for the first layer's, where all points move by 1000."""
    pairs = zip(_layers(form)[1:], _layers(form, shift=1000.0)[1:], strict=True)
    return Outcome(100 * max(abs(there.before / here.before - 1) for here, there in pairs), _data(form))


def _curves(layer: LayerStatistics) -> Row:
    from ...analysis.initialisation import BINS, REACH

    middles = [(2 * i + 1) / BINS - 1 for i in range(BINS)]
    return {
        "z": [
            [REACH * layer.before * m, p] for m, p in zip(middles, layer.before_density.tolist(), strict=True)
        ],
        "sin z": [[m, p] for m, p in zip(middles, layer.after_density.tolist(), strict=True)],
        "gradient, in deviations": [
            [REACH * m, p * layer.gradient]
            for m, p in zip(middles, layer.gradient_density.tolist(), strict=True)
        ],
        "spectrum of z": [[k, a] for k, a in enumerate(layer.spectrum.tolist()) if k],
    }


def _drawn(rows: Sequence[Row]) -> Figure | None:
    """Distributions of values and gradients, and spectra, of some layers."""
    from ...plots.papers import line_panels

    layers = next((c["layers"] for row in rows if "layers" in (c := row["curves"] or {})), None)
    if layers is None:
        return None
    quantities = next(iter(layers.values()))
    panels = {what: {name: curves[what] for name, curves in layers.items()} for what in quantities}
    figure = line_panels(panels, "", "density, amplitude")
    figure.axes[0].set(xlim=(-5, 5))  # the first layer reaches much further
    figure.axes[-1].set(xlabel="periods on the line", yscale="log")
    return figure


EXPERIMENTS = tuple(
    Experiment(
        f"initialisation/{name}",
        _PAPER,
        f"SIREN {DEPTH} x 2048 without biases, {what}",
        None,
        "%",
        "lower",
        measure,
        quick=f"SIREN {DEPTH} x 512",
    )
    for name, what, measure in (
        (
            "activations",
            "deviation of pre-activations from the exact fixed point in layers 4 to 10",
            _activations,
        ),
        ("gradients", "growth of gradients by layers, against the exact one", _gradients),
        ("shift", "change of these deviations where all points move by 1000", _shifted),
    )
)
FIGURES = {"initialisation": _drawn}
