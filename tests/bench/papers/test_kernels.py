"""The analyses of kernels: what has a closed form is as published, figures are drawn, and small fits are measured."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from sirenpde.bench.papers import kernel_fits, kernels
from sirenpde.bench.papers.experiment import Form, chosen

QUICK = Form(True, torch.device("cpu"), 0)
BY_NAME = {experiment.name: experiment for experiment in kernels.EXPERIMENTS}


def row(name: str, curves: Any) -> dict[str, Any]:
    return {"name": name, "curves": curves}


@pytest.mark.parametrize("name", [e.name for e in chosen(["kernels/spectrum"], kernels.EXPERIMENTS)])
def test_published_spectra_come_out_to_the_digits_that_are_read(name: str) -> None:
    outcome = BY_NAME[name].measure(QUICK)
    assert outcome.value == BY_NAME[name].published
    assert outcome.note.startswith("K(0) 14.00, K(1/2) ")


def test_deeper_networks_have_heavier_tails_and_fill_the_gap() -> None:
    rows = [
        row(f"kernels/depth/{k}", BY_NAME[f"kernels/depth/{k}"].measure(QUICK).curves) for k in (4, 8, 16)
    ]
    tails = [of["curves"]["basic"][-1] for of in rows]
    gaps = [min(of["curves"]["two"][2:43]) for of in rows]
    assert tails == sorted(tails) and gaps == sorted(gaps) and tails[2] > 3 * tails[0]
    assert len(kernels.FIGURES["kernel_depth"](rows).axes) == 2


@pytest.mark.slow
def test_descent_on_networks_is_as_their_kernel_says() -> None:
    outcome = BY_NAME["kernels/convergence/p1"].measure(QUICK)
    curves = outcome.curves or {}
    for which in ("train", "test"):
        for (_, seen), (_, said) in zip(curves[which][::6], curves[f"{which}, kernel"][::6], strict=True):
            assert 0.5 < seen / said < 2
    assert outcome.best is not None and outcome.best < outcome.value


def test_every_figure_is_drawn_from_its_rows() -> None:
    line = [[1.0, 0.1], [2.0, 0.01]]
    frequencies = {str(f): line for f in kernel_fits.FREQUENCIES}
    fit = {"train": line, "test": line, "by frequency": frequencies}
    fit |= {f"{key}, kernel": value for key, value in fit.items()}
    rows = [
        row("kernels/spectrum/p0", {"row": [2.0, 1.0, 0.5, 1.0], "spectrum": [4.5, 1.5, 0.5]}),
        row("kernels/spectrum/p1", {"row": [2.0, 1.5, 0.5, 1.5], "spectrum": [5.5, 1.5, 0.1]}),
        row("kernels/convergence/p1", fit),
        row("kernels/sigma/alpha1", {"lines": {"Gaussian": line}, "dense": 0.02, "recommended": 1.5}),
        row("kernels/recommended/text", {"sweep": line, "predicted": line, "told": 1.5}),
        row("kernels/depth/4", {"basic": [1.0, 0.1], "two": [1.0, 0.2]}),
        row("kernels/stationarity/none", {"by place": line}),
        row("kernels/axis/gaussian", {"by angle": line}),
    ]
    assert all(draw([row("kernels/joint", None)]) is None for draw in kernels.FIGURES.values())
    panels = {name: len(draw(rows).axes) for name, draw in kernels.FIGURES.items()}
    assert panels == {
        "kernel_spectra": 5,
        "kernel_convergence": 5,
        "kernel_sigma": 1,
        "kernel_recommended": 1,
        "kernel_depth": 2,
        "kernel_places": 2,
    }
