"""Pictures as functions: their values and derivatives, and what is filled in between few of their pixels."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sirenpde import Problem, solve
from sirenpde.problem import load as loading


def declared(name: str, **flags: Any) -> Problem:
    return loading.build(loading.load(loading.find(name)), flags)


@pytest.mark.parametrize("colours", ["grey", "rgb"])
def test_a_picture_of_any_shape_is_met_exactly_with_its_derivatives(tmp_path, colours):
    """Odd sides, and a user's own file."""
    pixels = np.random.default_rng(0).integers(0, 256, (31, 45, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    solution = solve(declared("image_regression", image=str(tmp_path / "own.png"), size=64, colours=colours))
    assert solution.errors["u"]["psnr_db"] > 250
    assert solution.errors["gradient"]["relative_l2"] < 1e-12
    assert solution.errors["curvature"]["relative_l2"] < 1e-12
    assert "cosine series, order 45 x 31" in solution.choice


def smooth_picture(folder: Path, side: int = 40) -> str:
    rows, columns = np.mgrid[0:side, 0:side] / side
    picture = 0.5 + 0.25 * np.cos(4 * rows + 1) * np.sin(5 * columns) + 0.1 * columns
    Image.fromarray((255 * picture).round().astype(np.uint8)).save(folder / "smooth.png")
    return str(folder / "smooth.png")


def test_a_tenth_of_the_pixels_is_filled_in_as_a_classical_biharmonic_solver_does(tmp_path):
    from skimage.restoration import inpaint_biharmonic

    file = smooth_picture(tmp_path)
    problem = declared("image_inpainting", image=file, keep=0.15)
    on_parts = solve(problem).errors["u"]["on"]
    assert on_parts["known"]["psnr_db"] > 55  # whole numbers up to 255 are rounded by as much
    exact = np.asarray(Image.open(file)) / 255
    unknown = np.random.default_rng(0).random(exact.shape) >= 0.15
    classical = inpaint_biharmonic(np.where(unknown, 0, exact), unknown)
    reached = -10 * np.log10(np.mean((classical - exact)[unknown] ** 2))
    assert on_parts["filled in"]["psnr_db"] > max(30, reached - 1)


def test_a_guide_fills_in_edges_as_lines(tmp_path):
    """Every second pixel of two slanted bands, whose jags come from interpolation along rows and columns."""
    from scipy.interpolate import RectBivariateSpline

    rows, columns = np.mgrid[0:40, 0:40]
    bands = [
        np.clip(5 - abs(columns + slope * rows - place), 0, 1) for slope, place in ((0.6, 20), (-1.7, -10))
    ]
    pixels = np.maximum(*bands)
    Image.fromarray((255 * pixels).round().astype(np.uint8)).save(tmp_path / "bands.png")
    known = (rows % 2 == 0) & (columns % 2 == 0)
    Image.fromarray((255 * known).astype(np.uint8)).save(tmp_path / "known.png")
    flags = {"image": str(tmp_path / "bands.png"), "mask": str(tmp_path / "known.png")}
    first = solve(declared("image_inpainting", **flags))
    found = first["u"](first.problem.fields[0].domain.points.numpy()).reshape(40, 40)
    Image.fromarray((255 * found.clip(0, 1)).round().astype(np.uint8)).save(tmp_path / "guide.png")
    guided = solve(declared("image_inpainting", guide=str(tmp_path / "guide.png"), **flags))
    plain, better = (each.errors["u"]["on"]["filled in"]["psnr_db"] for each in (first, guided))
    nodes = np.arange(0, 40, 2)
    cubic = RectBivariateSpline(nodes, nodes, pixels[::2, ::2])(np.arange(40), np.arange(40))
    reached = -10 * np.log10(np.mean((cubic - pixels)[~known] ** 2))
    assert better > max(plain, reached) + 2
    with pytest.raises(loading.ProblemFileError, match=r"There is no picture"):
        declared("image_inpainting", guide=str(tmp_path / "none.png"))


def test_masks_are_pictures_of_the_same_size_with_something_in_them(tmp_path):
    file, mask = smooth_picture(tmp_path), np.zeros((40, 40), dtype=np.uint8)
    mask[::3] = 255
    for name, pixels in {"right": mask, "small": mask[:30], "black": 0 * mask}.items():
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    match = declared("image_inpainting", image=file, mask=str(tmp_path / "right.png")).constraints[0]
    assert match.domain.size == 14 * 40
    for name in ("image_inpainting", "papers/image_inpainting"):
        with pytest.raises(
            loading.ProblemFileError, match=r"'f' has 40×40 pixels .* and 'mask' has 30×40"
        ) as told:
            declared(name, image=file, mask=str(tmp_path / "small.png"))
        assert "\n" not in str(told.value)
        with pytest.raises(loading.ProblemFileError, match="the mask is false everywhere"):
            declared(name, image=file, mask=str(tmp_path / "black.png"))


def test_held_out_pixels_lie_between_those_that_are_seen():
    problem = declared("papers/image_features", size=16)
    known, between = next(iter(problem.reference.values())).on.values()
    assert known.size == between.size == 64
    spacing = 2 / 16
    assert np.allclose(between.points.numpy() - known.points.numpy(), [spacing, -spacing])
    assert problem.constraints[0].domain.points.tolist() == known.points.tolist()


@pytest.mark.parametrize(
    "activation",
    [
        "sine",
        "relu",
        "relu-octaves",
        pytest.param("rbf", marks=pytest.mark.slow),
        "tanh",
        "softplus",
        "selu",
        "elu",
    ],
)
def test_every_activation_learns_and_shows_the_derivatives_that_it_has(activation):
    problem = declared("papers/image_regression", size=12, activation=activation)
    names = [function.__name__ for function in problem.outputs]
    assert (
        names
        == ["picture", "gradient", "curvature"][: 3 if activation in ("sine", "tanh", "softplus") else 2]
    )
    history = solve(problem, [replace(problem.using[0], steps=30)]).history
    assert history[-1].loss < 0.8 * history[0].loss


@pytest.mark.parametrize("name", ["image_inpainting", "papers/image_inpainting"])
def test_a_picture_that_is_known_everywhere_has_nothing_to_fill_in(name):
    problem = declared(name, size=8, keep=1.0)
    (reference,) = problem.reference.values()
    assert [*reference.on] == ["known"]
