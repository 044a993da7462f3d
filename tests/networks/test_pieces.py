"""One network per cell, as a recipe."""

import json

import pytest
import torch

from sirenpde import SineFeatures
from sirenpde.networks.partition import Partition
from sirenpde.networks.pieces import Pieces
from sirenpde.networks.recipe import is_linear, is_open, smallest
from sirenpde.networks.values import recipe_from_value, recipe_to_value

FEATURES = SineFeatures(20, 3.0)


@pytest.mark.parametrize(
    "cells", [None, (2, (0.25, 0.5)), Partition.grid([(0.0, 0.5, 1.0), (0.0, 1.0)]).split(0, 1)]
)
def test_recipes_of_pieces_become_values_and_return(cells: object) -> None:
    recipe = Pieces(FEATURES, cells)  # type: ignore[arg-type]
    assert recipe_from_value(json.loads(json.dumps(recipe_to_value(recipe)))) == recipe


def test_each_cell_has_the_features_of_its_own_coordinates_and_beyond_the_middle_their_mirror_images() -> (
    None
):
    network = Pieces(FEATURES, (4, 1)).build([0.0, 0.0], [4.0, 1.0], 1, (), torch.Generator().manual_seed(0))
    for cell in network.networks:
        torch.nn.init.ones_(cell.head.weight)
    points = torch.rand(50, 2, dtype=torch.float64)
    torch.testing.assert_close(network(points), network(points + torch.tensor([1.0, 0.0])))
    torch.testing.assert_close(network(points), network.networks[0](points))
    mirrored = points * torch.tensor([-1.0, 1.0]) + torch.tensor([4.0, 0.0])
    torch.testing.assert_close(network(points), network(mirrored))
    assert network.turns == ((1.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0))


def test_what_is_open_is_said() -> None:
    assert is_open(Pieces()) and is_open(Pieces(FEATURES)) and not is_open(Pieces(FEATURES, (2,)))
    assert is_linear(Pieces()) and not is_open(smallest(Pieces(cells=(2,))).recipe)
    assert Pieces(FEATURES).describe() == "cells of 20 frozen sines, bandwidth 3"
    assert Pieces(FEATURES, Partition.grid([(0, 0.5, 1)]).refined([0])).describe().startswith("3 cells")


def test_cells_that_do_not_tile_the_box_are_refused() -> None:
    def build(cells: object) -> None:
        Pieces(FEATURES, cells).build([0.0, 0.0], [1.0, 1.0], 1, (), torch.Generator())  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="has 1 entries; one per axis, 2"):
        build((4,))
    with pytest.raises(ValueError, match="does not tile 0 to 1"):
        build((2, (0.5, 1.5)))
    with pytest.raises(ValueError, match="tile the domain"):
        build(Partition.grid([(0.0, 0.5), (0.0, 1.0)]))
    with pytest.raises(ValueError, match="at least 1"):
        build((0, 2))
