"""A film by a camera that turns about a scene: what rays see, frame by frame."""

import math

import numpy as np
import pytest
import torch

from sirenpde import Adam, Box, Field, Film, Problem, Siren, Views, along, on, solve, turntable
from sirenpde.geometry.views import WIDE, turning
from sirenpde.plots import film_ending
from sirenpde.problem.probe import ConstraintError
from sirenpde.references.scene import views

box = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))
u = Field("u", box, Siren(8, 1), shape=(4,))
known = views(2, 6).rays(box, nodes=4)


def view(p):
    field, lengths = along(u)(p), known.lengths(p)
    weights = torch.softmax(field[:, 3] * lengths + known.depths(p), 0)
    return torch.sigmoid(weights @ field[:, :3])


@on(known, samples=20)
def colours(p):
    return view(p) - known["colour"](p)


@pytest.fixture(scope="module")
def film():
    return turntable(view, box, frames=3, size=10, nodes=5, distance=2.5, height=0.7, rate=6)


@pytest.fixture(scope="module")
def solution(film):
    return solve(Problem(colours, outputs=(u, film)), [Adam(steps=5)], device="cpu")


@pytest.mark.parametrize("ends", [(None, None), (1.5, 3.5)])
def test_every_frame_is_what_the_rays_of_its_camera_see(solution, ends):
    film = turntable(view, box, *ends, frames=3, size=10, nodes=5, distance=2.5, height=0.7, rate=6)
    pixels = solution[film](film.domain.voxels.points).reshape(3, 10, 10, 3)  # t, x, y downwards
    poses = turning(3, 2.5, 0.7, start=math.pi / 3)
    for k, frame in enumerate(pixels):
        camera = Views(np.zeros((1, 10, 10, 3)), poses[k : k + 1], WIDE * 10)
        rays = camera.rays(box, *ends, nodes=5)
        points, data = rays.draw(None, torch.Generator())
        found = solution[view](points, data).reshape(10, 10, 3)
        assert float((frame.transpose(0, 1) - found).abs().max()) < 1e-6
    assert float(pixels.std()) > 1e-3


def test_it_is_an_output_that_is_written_as_a_film(solution, film, tmp_path):
    assert [fields.name for fields in solution.field_sets()] == ["u", "turntable"]
    if film_ending() != ".mp4":
        pytest.skip("ffmpeg is not there")
    read = Film.read(solution.export(tmp_path / "scene.mp4", outputs=[film]))
    assert read.shape == (3, 10, 10) and read.rate == pytest.approx(6)
    found = solution[film](film.domain.voxels.points).reshape(3, 10, 10, 3)
    assert float((read.values["f"] / 255 - found).abs().mean()) < 0.03


def test_what_is_no_view_is_one_paragraph():
    with pytest.raises(ConstraintError, match=r"read at a ray as a whole; expected fields at its nodes"):
        Problem(colours, outputs=(u, turntable(lambda p: u(p), box)))
    with pytest.raises(ConstraintError, match=r"The data 'colour' were read at a ray of a film"):
        Problem(colours, outputs=(u, turntable(lambda p: view(p) - known["colour"](p), box)))
    with pytest.raises(ValueError, match=r"the axes x, y; expected three"):
        turntable(view, Box(x=(0, 1), y=(0, 1)))
    with pytest.raises(ValueError, match=r"frames=0.*expected positive numbers"):
        turntable(view, box, frames=0)
