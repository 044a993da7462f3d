"""One network per slab of an axis, as a recipe."""

import pytest
import torch

from sirenpde import SineFeatures, SineLattice
from sirenpde.networks.slabs import Slabs
from sirenpde.networks.values import recipe_from_value, recipe_to_value


def test_recipes_of_slabs_become_values_and_return() -> None:
    recipe = Slabs((SineLattice((2, 3)), SineFeatures(40, (3.0, 8.0))), axis=0, edges=(0.0, 0.4, 1.0))
    assert recipe_from_value(recipe_to_value(recipe)) == recipe
    with pytest.raises(ValueError, match="2 recipes and 2 edges"):
        Slabs(recipe.recipes, 0, (0.0, 1.0))
    with pytest.raises(ValueError, match="ascending"):
        Slabs(recipe.recipes, 0, (0.0, 1.0, 1.0))


def test_frozen_features_of_a_slab_are_the_same_alone_and_in_a_march() -> None:
    recipe, ends = SineFeatures(12, 3.0), ([0.0, 0.0], [1.0, 1.0], 1, ())
    march = Slabs((recipe, recipe), 0, (0.0, 0.4, 1.0)).build(*ends, torch.Generator().manual_seed(3))
    alone = Slabs((recipe,), 0, (0.4, 1.0)).build(*ends, torch.Generator().manual_seed(3))
    x = torch.rand(5, 2, dtype=torch.float64)
    assert torch.equal(march.networks[1].features(x), alone.networks[0].features(x))
    assert march.networks[0].features(x).std(0).min() > 0
