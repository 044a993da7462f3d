"""Films, read back: so many frames of one size, each as it was drawn."""

import sys

import numpy as np
import pytest
from named_axes import named_axes
from PIL import Image

from sirenpde.plots import Shown, field_figure, film_ending, grid_views, scales_of, write_film

X = np.linspace(-1, 1, 9)
TIMES = (0.0, 0.5, 1.0, 1.5)


def figures():
    axes = named_axes("xy")
    values = [np.exp(-2 * t) * (1 + np.cos(3 * X)[:, None] * np.cos(X)) for t in TIMES]
    steps = [Shown("u", grid_views(axes, (X, X)), v, None, 2, ("x", "y")) for v in values]
    scales = scales_of(steps)
    assert scales["u"].high == values[0].max() and scales["u"].low == values[-1].min()
    drawn = [field_figure(step, f"u, t = {t:.1f}", scales) for step, t in zip(steps, TIMES, strict=True)]
    assert len({figure.axes[0].collections[0].norm.vmax for figure in drawn}) == 1
    assert [figure.get_suptitle() for figure in drawn][1] == "u, t = 0.5"
    return drawn


def test_a_gif_has_a_frame_for_each_figure(tmp_path):
    drawn = figures()
    with Image.open(write_film(tmp_path / "u.gif", drawn, rate=10, dpi=60)) as film:
        assert film.n_frames == 4 and film.info["duration"] == 100 and film.info["loop"] == 0
        frames = []
        for k in range(4):
            film.seek(k)
            frames.append(np.asarray(film.convert("RGB")).astype(int))
        width, height = (int(60 * inches) // 2 * 2 for inches in drawn[0].get_size_inches())
        assert {frame.shape for frame in frames} == {(height, width, 3)}
    for figure, frame in zip(drawn, frames, strict=True):
        image = np.asarray(figure.canvas.buffer_rgba())[:height, :width, :3].astype(int)
        assert np.abs(image - frame).mean() < 6  # of 255, in 256 colours


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_mp4_has_a_frame_for_each_figure(tmp_path):
    video = pytest.importorskip("imageio_ffmpeg")
    drawn = figures()
    film = write_film(tmp_path / "u.mp4", drawn, rate=10, dpi=60)
    assert video.count_frames_and_secs(str(film))[0] == 4
    reader = video.read_frames(str(film))  # it leaves the pipes of its process open
    size = next(reader)["size"]
    frames = [np.frombuffer(frame, np.uint8).reshape(*size[::-1], 3).astype(int) for frame in reader]
    assert len(frames) == 4 and size[0] % 2 == size[1] % 2 == 0
    for figure, frame in zip(drawn, frames, strict=True):
        image = np.asarray(figure.canvas.buffer_rgba())[: size[1], : size[0], :3].astype(int)
        assert np.abs(image - frame).mean() < 6


def test_without_the_package_for_video_films_are_gifs(monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    assert film_ending() == ".gif"


@pytest.mark.parametrize(
    ("name", "drawn", "words"), [("u.avi", figures, "ends in '.avi'"), ("u.gif", list, "no pictures")]
)
def test_what_is_no_film_is_refused_and_leaves_nothing(tmp_path, name, drawn, words):
    with pytest.raises(ValueError, match=words):
        write_film(tmp_path / name, drawn())
    assert list(tmp_path.iterdir()) == []
