"""Films that are written, and read back by another program."""

from __future__ import annotations

import numpy as np
import pytest

from sirenpde import Box, Field, Film, FourierSeries, Problem, on, solve
from sirenpde.export.write import default_format
from sirenpde.references.film import rolling_wheel


@pytest.fixture(scope="module")
def solution():
    film = Film(rolling_wheel(8, 23, 32), rate=12.5)  # an odd height
    u = Field("u", film, FourierSeries(half_period=True), shape=(3,))
    return solve(Problem(on(film, name="match")(lambda p: u(p) - film["f"](p))))


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_film_is_written_at_its_own_size_and_rate_and_read_back(tmp_path, solution):
    import imageio_ffmpeg

    path = solution.export(tmp_path / "u.mp4")
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    assert about["size"] == (32, 24) and about["fps"] == pytest.approx(12.5)
    read = np.stack([np.frombuffer(frame, np.uint8).reshape(24, 32, 3) for frame in reader])
    frames = rolling_wheel(8, 23, 32)
    assert len(read) == len(frames)
    apart = np.abs(read[:, :23].astype(float) - frames)
    assert apart.mean() < 8  # colours have half the resolution in a video
    assert np.abs(read[:, 22:].astype(float).mean(1) - frames[:, 22]).mean() < 12


def test_only_a_film_becomes_one(tmp_path, solution, monkeypatch):
    box = Box(t=(0, 1), x=(0, 1), y=(0, 1))
    v, (t, x, _) = Field("v", box), box.axes
    other = solve(Problem(on(box, samples=200, name="known")(lambda p: v(p) - t(p) * x(p))))
    with pytest.raises(ValueError, match=r"colours on the pixels of a film.*plot DIR --animate"):
        other.export(tmp_path / "v.mp4")
    monkeypatch.setattr("sirenpde.plots.film_ending", lambda: ".gif")
    with pytest.raises(ValueError, match=r"imageio-ffmpeg.*sirenpde\[video\]"):
        solution.export(tmp_path / "u.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("frames", "height", "kind"), [(2, 3, "mp4"), (1, 3, "vtkhdf"), (1, 1, "csv")])
def test_the_usual_file_of_a_short_film_can_be_written(tmp_path, frames, height, kind):
    film = Film(np.full((frames, height, height, 3), 90, np.uint8))
    u = Field("u", film, FourierSeries(half_period=True), shape=(3,))
    found = solve(Problem(on(film, name="match")(lambda p: u(p) - film["f"](p))))
    (fields,) = found.field_sets()
    assert default_format(fields) == kind
    assert found.export(tmp_path / f"u.{kind}").stat().st_size > 0
