"""The closed form of SIREN's tangent kernel, against the mean over networks of finite width."""

import pytest
import torch

from sirenpde import Siren, ntk
from sirenpde.analysis.kernels.sine import SirenNTK


@pytest.mark.parametrize(
    ("recipe", "dimension"),
    [(Siren(192, 3, 10.0), 1), (Siren(192, 2, 15.0, 20.0, bias="zero"), 2)],
    ids=["torch's biases", "no biases, two axes"],
)
def test_networks_have_it_in_the_mean(recipe, dimension):
    line = torch.linspace(0, 1, 26, dtype=torch.float64)[:, None]
    points = torch.cat([line, 0.3 * line], 1)[:, :dimension]
    ends = [0.0] * dimension, [1.0] * dimension
    total = torch.zeros(26, 26, dtype=torch.float64)
    for seed in range(6):
        network = recipe.build(*ends, 1, (), torch.Generator().manual_seed(seed))
        total += ntk(network, points).matrix / 6
    found = torch.stack([total.diagonal(k).mean() for k in range(16)])
    exact = SirenNTK(recipe)(points[:16] - points[0])
    assert float((found - exact).abs().max() / exact[0]) < 0.05
    assert float(exact[8:].abs().max() / exact[0]) < 0.4  # and that is no constant
