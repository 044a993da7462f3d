"""Pictures as domains: where pixels lie, and what they carry."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from boxes import seeded
from smooth_pictures import sampled, smooth
from torch import Tensor

from sirenpde import PixelGrid, Point
from sirenpde.geometry.pictures.pictures import (
    ellipse,
    paste,
    resize,
)


def test_pixel_centres_of_a_wide_picture() -> None:
    grid = PixelGrid({"a": np.arange(8.0).reshape(2, 4)})
    assert (grid.size, grid.shape, grid.spacing) == (8, (2, 4), 0.5)
    x, y = grid.axes
    assert (x.name, x.low, x.high, y.name, y.low, y.high) == ("x", -1, 1, "y", -0.5, 0.5)
    assert grid.coordinates[0].tolist() == [-0.75, -0.25, 0.25, 0.75]
    assert grid.coordinates[1].tolist() == [0.25, -0.25]  # row 0 on top
    points, data = grid.draw(None, seeded())
    assert points[:5].tolist() == [[-0.75, 0.25], [-0.25, 0.25], [0.25, 0.25], [0.75, 0.25], [-0.75, -0.25]]
    assert data["a"].tolist() == list(range(8))


def test_pixel_centres_follow_the_formula() -> None:
    height, width = 5, 3
    grid = PixelGrid({"a": np.zeros((height, width))})
    for k, (i, j) in enumerate(np.ndindex(height, width)):
        assert grid.points[k].tolist() == pytest.approx([(2 * j + 1 - width) / 5, -(2 * i + 1 - height) / 5])
        assert grid.lattice.index[k].tolist() == [j, i]


def test_every_part_keeps_its_lattice() -> None:
    grid = sampled(smooth, 6, 9)
    mask = ellipse(grid.shape, (3, 4), (2, 3))
    for domain in (grid, grid.where(mask), grid.edges("x"), grid.edges("y"), grid.edges("y").where(mask)):
        points, data = domain.draw(None, seeded())
        lattice = domain.lattice
        assert lattice is not None and torch.equal(lattice.points, points)
        assert len(points) == domain.size == len(data["f"])
        assert domain.axes == grid.axes


def test_a_subset_carries_its_own_data() -> None:
    grid = sampled(smooth, 20, 30)
    points, data = grid.draw(50, seeded())
    assert len(torch.unique(points, dim=0)) == 50
    assert torch.allclose(data["f"], smooth(points)) and torch.allclose(data["twice"], 2 * smooth(points))
    inside, kept = grid.where(ellipse(grid.shape, (10, 10), (5, 8))).draw(20, seeded())
    assert torch.allclose(kept["f"], smooth(inside)) and kept["central gradient of f"].shape == (20, 2)


def test_data_are_read_at_a_point() -> None:
    grid = PixelGrid({"a": np.arange(12.0).reshape(2, 2, 3)})
    points, data = grid.draw(None, seeded())

    def nothing(_: object) -> Tensor:
        raise AssertionError

    p = Point(("x", "y"), points[1], nothing, lambda key: data[key][1])
    assert grid["a"](p).tolist() == [3, 4, 5]
    assert grid.gradient("a")(p).shape == (3, 2) and grid.laplacian("a")(p).shape == (3,)
    assert grid.gradient("a", stencil="sobel")(p).shape == (3, 2)


def test_y_goes_up() -> None:
    bright_on_top = np.array([[1.0, 1.0, 1.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0]])
    grid = PixelGrid({"a": bright_on_top})
    h = grid.spacing
    assert torch.allclose(grid.data["central gradient of a"][:, 1], torch.tensor(0.5 / h).double())
    assert torch.allclose(grid.data["sobel gradient of a"][4], torch.tensor([0, 0.5 / h]).double())
    edges = grid.edges("y")
    assert edges.size == 6 and torch.allclose(edges.data["difference of a"], torch.tensor(0.5 / h).double())
    assert edges.points[:, 1].tolist() == pytest.approx([1 / 3] * 3 + [-1 / 3] * 3)
    assert edges.data["a"].tolist() == [0.75] * 3 + [0.25] * 3


def test_colour_is_three_grey_pictures() -> None:
    image = np.random.default_rng(0).random((5, 6, 3))
    colour, blue = PixelGrid({"a": image}), PixelGrid({"a": image[:, :, 2]})
    for key in colour.data:
        assert torch.allclose(colour.data[key][:, 2], blue.data[key])
    for along in ("x", "y"):
        whole, part = colour.edges(along).data, blue.edges(along).data
        assert torch.equal(whole["difference of a"][:, 2], part["difference of a"])


def test_pictures_that_do_not_fit() -> None:
    with pytest.raises(
        ValueError, match=r"'a' has 2×3 pixels .* and 'b' has 4×3; .* resize\(picture, \(2, 3\)\)"
    ):
        PixelGrid({"a": np.zeros((2, 3)), "b": np.zeros((4, 3))})
    with pytest.raises(ValueError, match=r"'scene' has 512×512 pixels .* 'source' has 300×451"):
        PixelGrid.read(scene="camera", source="chelsea")
    with pytest.raises(ValueError, match="without pictures"):
        PixelGrid({})
    with pytest.raises(ValueError, match="without pictures"):
        PixelGrid.read()
    with pytest.raises(ValueError, match=r"'a' has shape \(2, 3, 4\); expected \(H, W\)"):
        PixelGrid({"a": np.zeros((2, 3, 4))})
    with pytest.raises(ValueError, match=r"'a' has no pixels"):
        PixelGrid({"a": np.zeros((0, 3))})
    with pytest.raises(ValueError, match=r"'a' has nan in row 1, column 0;"):
        PixelGrid({"a": np.array([[0.0], [np.nan]])})
    with pytest.raises(TypeError, match="whose white is unknown"):
        PixelGrid({"a": np.zeros((2, 2), np.int64)})
    with pytest.raises(TypeError, match="complex128; real numbers are needed"):
        PixelGrid({"a": np.zeros((2, 2), complex)})


def test_names_and_masks_that_do_not_fit() -> None:
    grid = PixelGrid({"a": np.zeros((2, 3)), "b": np.ones((2, 3))})
    for read in (
        lambda: grid["c"],
        lambda: grid.gradient("c"),
        lambda: grid.laplacian("c"),
        lambda: grid.where("c"),
        lambda: grid.edges("x")["c"],
        lambda: grid.edges("x").difference("c"),
        lambda: grid.edges("x").where("c"),
    ):
        with pytest.raises(ValueError, match="carries no data 'c'; it carries 'a', 'b'"):
            read()
    with pytest.raises(
        ValueError, match=r"No point of 'pixels' is left in 'a': the mask is false everywhere"
    ):
        grid.where("a")
    with pytest.raises(ValueError, match=r"edges along x in a': the mask is false everywhere"):
        grid.edges("x").where("a")
    with pytest.raises(ValueError, match=r"shape \(3, 2\); expected \(2, 3\)"):
        grid.where(np.zeros((3, 2), bool))
    with pytest.raises(TypeError, match="float64; booleans are needed"):
        grid.where(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="stencil='scharr' was given"):
        grid.gradient("a", stencil="scharr")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="touching='some' was given"):
        grid.edges("x").where("b", touching="some")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="There is no axis 't'"):
        grid.edges("t")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="has no edges along y"):
        PixelGrid({"a": np.zeros((1, 3))}).edges("y")
    with pytest.raises(ValueError, match=r"holds none of the 4×4 pixels"):
        ellipse((4, 4), (20, 20), (2, 2))
    with pytest.raises(ValueError, match="0×3 was asked for"):
        resize(np.zeros((2, 2)), (0, 3))
    with pytest.raises(ValueError, match="source of 0 rows"):
        paste(np.zeros((2, 2)), np.zeros((4, 4)), (1, 1), 0)


def test_a_random_share_of_the_pixels_is_a_share():
    grid = PixelGrid({"a": np.zeros((50, 40))})
    assert grid.drawn(1.0).all() and 300 < int(grid.drawn(0.2, seed=1).sum()) < 500
    assert torch.equal(grid.drawn(0.2, seed=1), grid.drawn(0.2, seed=1))
    with pytest.raises(
        ValueError, match="keep=2 was given, the share of the pixels; expected a number above 0"
    ):
        grid.drawn(2)
    with pytest.raises(ValueError, match="keep=1e-06 of 2000 pixels is none of them"):
        grid.drawn(1e-6)
