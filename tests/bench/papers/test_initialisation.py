"""The family of SIREN's initialisation in a small form."""

import pytest
import torch

from sirenpde.bench.papers import initialisation
from sirenpde.bench.papers.experiment import Form


def test_layers_are_near_their_fixed_points_and_are_drawn(monkeypatch):
    from sirenpde.analysis.initialisation import layer_statistics
    from sirenpde.networks.siren import Siren

    def small(form, shift=0.0):
        return layer_statistics(
            Siren(width=128, depth=10, bias="zero"), points=64, seed=form.seed, shift=shift
        )

    monkeypatch.setattr(initialisation, "_layers", small)
    outcomes = {e.name: e.measure(Form(True, torch.device("cpu"), 0)) for e in initialisation.EXPERIMENTS}
    activations, gradients, shift = outcomes.values()
    assert 0 < activations.value < 25 and 0 < gradients.value < 10 and 0 < shift.value < 25
    assert "exact 0.893" in activations.note and "exact 1.097" in gradients.note
    figure = initialisation._drawn([{"name": "initialisation/activations", "curves": activations.curves}])
    assert [ax.get_title() for ax in figure.axes] == [
        "z",
        "sin z",
        "gradient, in deviations",
        "spectrum of z",
    ]
    z = figure.axes[0].lines[3].get_xydata()
    assert (z[:, 1].sum() * (z[1, 0] - z[0, 0])).item() == pytest.approx(1, abs=0.02)
