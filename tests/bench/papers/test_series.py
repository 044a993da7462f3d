"""The family of Fourier series: its pictures, and that its problems take the flags that it gives them."""

import torch

from sirenpde.bench.papers.experiment import declared
from sirenpde.bench.papers.series import EXPERIMENTS, FIGURES, ORDERS
from sirenpde.networks.fourier import FourierFeatures
from sirenpde.networks.recipe import Recipe
from sirenpde.networks.siren import Siren


def test_every_mapping_has_as_many_features_as_the_lattice():
    for order in ORDERS[:2]:
        counts = []
        for mapping in ("lattice", "gaussian", "positional", "siren"):
            (u,) = declared("papers/fourier_series", size=64, order=order, mapping=mapping).fields
            assert isinstance(u.network, FourierFeatures | Siren)
            recipe: Recipe = u.network
            network = recipe.build([-1.0, -1.0], [1.0, 1.0], 1, (), torch.Generator())
            counts.append(network.linear_head.in_features)
        assert counts == [(2 * order + 1) ** 2 - 1] * 4


def test_its_figures_are_drawn_from_its_rows():
    names = [experiment.name for experiment in EXPERIMENTS]
    assert len(names) == len(set(names)) == 21 and all(name.startswith("series/") for name in names)
    rows = [
        {
            "name": "series/order-8/siren",
            "curves": {"mapping": "siren", "order": 8, "known": 20.0, "between": 19.0},
        },
        {
            "name": "series/training/both",
            "curves": {"train": [[1, 9.0], [2, 10.0]], "picture": [[0, 255], [9, 9]]},
        },
    ]
    rows.append({"name": "series/weights", "curves": None})
    mappings, training, pictures = (draw(rows) for draw in FIGURES.values())
    lines = {line.get_label(): line.get_xydata().tolist() for line in mappings.axes[1].lines}
    assert lines["siren"] == [[8.0, 19.0]] and lines["lattice"] == []
    assert training.axes[0].lines[0].get_xydata().tolist() == [[1, 9], [2, 10]]
    assert pictures.axes[0].images[0].get_array().tolist() == [[0, 255], [9, 9]]
    assert all(draw(rows[2:]) is None for draw in FIGURES.values())
