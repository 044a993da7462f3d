"""Samples on grids of one to three axes, and their halves."""

import numpy as np
import pytest
import torch

from sirenpde import PixelGrid, SampleGrid, read_picture


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 4, 6)])
@pytest.mark.parametrize("components", [(), (3,)])
def test_every_second_sample_lies_where_it_lay(shape, components):
    values = np.random.default_rng(0).normal(size=(*shape, *components))
    grid = SampleGrid(values, axes=len(shape))
    assert grid.shape == shape and torch.equal(grid.values, torch.from_numpy(values))
    assert [axis.high for axis in grid.axes] == [n / max(shape) for n in shape]
    for first in (0, 1):
        part = grid.every_second(first)
        assert part.axes == grid.axes and part.shape == tuple(n // 2 for n in shape)
        index = tuple(slice(first, None, 2) for _ in shape)
        assert np.array_equal(part.values, values[index])
        assert torch.equal(part.points.reshape(*part.shape, -1), grid.points.reshape(*shape, -1)[index])
        v = (part.points + grid.points.new_tensor([a.high for a in grid.axes])) / grid.points.new_tensor(
            [2 * a.high for a in grid.axes]
        )
        halves = torch.tensor(part.shape)
        assert torch.allclose(v[0] * halves, torch.full((len(shape),), 0.25 + 0.5 * first).double())


def test_a_picture_lies_as_its_pixels_do():
    grid, pixels = SampleGrid.read("chelsea", longest=40), PixelGrid.read(f="chelsea", longest=40)
    assert grid.shape == pixels.shape[::-1]
    order, wanted = (np.lexsort(points.numpy().T) for points in (grid.points, pixels.points))
    assert torch.allclose(grid.points[order], pixels.points[wanted], atol=1e-14)
    assert torch.equal(grid.data["f"][order], pixels.data["f"][wanted])


def test_arrays_of_one_and_three_axes_are_read(tmp_path):
    for shape in ((9,), (4, 5, 6), (6, 8)):
        values = np.random.default_rng(0).random(shape)
        np.save(tmp_path / "f.npy", values)
        grid = SampleGrid.read(tmp_path / "f.npy")
        if len(shape) != 2:  # two axes are a picture
            assert np.array_equal(grid.values, values)
        else:
            assert np.array_equal(grid.values, read_picture(tmp_path / "f.npy")[::-1].T)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SampleGrid(np.zeros((2, 2, 2, 2, 2))), "one, two or three axes"),
        (lambda: SampleGrid(np.zeros((3, 0))), "one, two or three axes"),
        (lambda: SampleGrid(np.array([1.0, np.inf])), "finite"),
        (lambda: SampleGrid([1.0, 2.0], axes=2), "axes=2 for a picture"),
        (lambda: SampleGrid(np.zeros((1, 8))).even(), "two along every axis"),
        (
            lambda: SampleGrid(np.zeros((32, 20))).order(17),
            r"order=17 .*at most 16 was expected, half the samples",
        ),
    ],
)
def test_samples_that_do_not_do_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_files_of_complex_or_several_arrays_are_refused(tmp_path):
    np.save(tmp_path / "k.npy", np.ones((4, 4, 4)) * 1j)
    with pytest.raises(ValueError, match=r"k.npy' has samples of complex128; real numbers are needed"):
        SampleGrid.read(tmp_path / "k.npy")
    np.savez(tmp_path / "all.npz", a=np.ones(4))
    with pytest.raises(ValueError, match=r"all.npz' holds several arrays by name"):
        SampleGrid.read(tmp_path / "all.npz")
