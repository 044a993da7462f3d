"""Sample pictures: one panel for each domain, with normals as arrows."""

import numpy as np
import pytest
from named_axes import named_axes

from sirenpde.plots import Samples, sample_points, save_figure


@pytest.mark.parametrize("dimension", [1, 2, 3, 4])
def test_samples_are_drawn_with_normals(tmp_path, dimension):
    points = np.random.default_rng(0).uniform(size=(50, dimension))
    normals = np.zeros_like(points)
    normals[:, 0] = 1
    sets = [Samples("inside", points), Samples("edge", points, normals, total=5000)]
    figure = sample_points(sets, named_axes("xyzw"[:dimension]))
    assert [ax.get_title() for ax in figure.axes] == ["inside\n50 points", "edge\n5000 points"]
    inside, edge = (len(ax.collections) + len(ax.texts) for ax in figure.axes)
    assert edge > inside  # the arrows
    save_figure(tmp_path / "samples.png", figure)
