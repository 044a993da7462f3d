"""Films as domains, and the files that they are read from."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from boxes import seeded

from sirenpde import Box, Film, VoxelGrid
from sirenpde.references.film import rolling_wheel


@pytest.fixture(scope="module")
def frames():
    return rolling_wheel(6, 24, 32)


@pytest.fixture(scope="module")
def mp4(tmp_path_factory, frames):
    """Written by ffmpeg alone, without loss: 30 frames a second."""
    import imageio_ffmpeg

    path = tmp_path_factory.mktemp("film") / "wheel.mp4"
    writer = imageio_ffmpeg.write_frames(
        str(path),
        (32, 24),
        fps=30,
        codec="libx264rgb",
        pix_fmt_out="bgr24",
        quality=None,
        output_params=["-crf", "0"],
        macro_block_size=2,
    )
    writer.send(None)
    for frame in frames:
        writer.send(np.ascontiguousarray(frame))
    writer.close()
    return path


def test_a_file_is_read_frame_by_frame_at_its_rate(mp4, frames):
    film = Film.read(mp4)
    assert film.rate == pytest.approx(30) and film.shape == (6, 32, 24)
    read = film.values["f"].transpose(1, 2).numpy()
    assert read.dtype == np.uint8 and np.abs(read.astype(int) - frames).max() <= 2
    small = Film.read(mp4, longest=16, frames=3)
    assert small.shape == (3, 16, 12) and small.axes[0].high == pytest.approx(0.1)
    area = frames[2].reshape(12, 2, 16, 2, 3).mean((1, 3))
    assert np.abs(small.values["f"][2].transpose(0, 1).numpy() - area).max() <= 3


def test_a_voxel_is_the_colour_of_its_place(frames):
    film = Film(frames, rate=10)
    points, data = film.draw(500, seeded())
    assert len(torch.unique(points, dim=0)) == 500
    k = (points[:, 0] * 10).floor().long()
    column = ((points[:, 1] + 1) * 16).floor().long()
    row = ((0.75 - points[:, 2]) * 16).floor().long()
    assert torch.equal(data["f"], torch.from_numpy(frames)[k, row, column].double() / 255)
    every, whole = film.draw(None, seeded())
    assert film.lattice is not None and torch.equal(every, film.lattice.points)
    still, of_it = film.still(4).draw(None, seeded())
    rows = (every[:, 0] * 10).floor() == 4
    assert torch.equal(still, every[rows]) and torch.equal(of_it["f"], whole["f"][rows])


def test_a_draw_takes_memory_for_what_it_draws():
    kept = torch.zeros(1, dtype=torch.uint8).expand(1000, 1000, 1000)  # a gigabyte, were it there
    lines = [torch.arange(1000.0)] * 3
    volume = VoxelGrid({"f": kept}, lines, Film(np.zeros((1, 2, 2), np.uint8)).axes)
    points, data = volume.draw(1000, seeded())
    assert points.shape == (1000, 3) and data["f"].shape == (1000,) and volume.lattice is None


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the reader, whose pipes are left to the collector
def test_what_is_no_film_is_told(tmp_path: Path, mp4, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no file 'nowhere.mp4'"):
        Film.read("nowhere.mp4")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(ValueError, match=r"could not be read as a film .*Export it again"):
        Film.read(tmp_path / "text.mp4")
    np.save(tmp_path / "none.npy", np.zeros((0, 4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="has no frames; a film with one frame at least is needed"):
        Film.read(tmp_path / "none.npy")
    np.save(tmp_path / "flat.npy", np.zeros((4, 4), np.uint8))
    with pytest.raises(ValueError, match=r"shape \(4, 4\); expected frames"):
        Film.read(tmp_path / "flat.npy")
    with pytest.raises(ValueError, match="one frame at least"):
        Film(np.zeros((0, 4, 4), np.uint8))
    with pytest.raises(ValueError, match="frames 7 of a film of 6"):
        Film.read(mp4).still(7)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(ValueError, match=r"imageio-ffmpeg, and it is not installed.*sirenpde\[video\]"):
        Film.read(mp4)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the reader, whose pipes are left to the collector
def test_sound_alone_has_no_frames(tmp_path: Path):
    import subprocess

    import imageio_ffmpeg

    path = tmp_path / "sound.mp4"
    tone = ["-f", "lavfi", "-i", "sine=duration=0.2", str(path)]
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), *tone], check=True, capture_output=True)
    with pytest.raises(ValueError, match="no frames"):
        Film.read(path)


def test_functions_on_a_grid_of_voxels_are_read_where_they_are():
    def wave(points):
        return torch.sin(points @ torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))

    volume = VoxelGrid.of(Box(x=(0, 2), y=(-1, 0), z=(0, 0.5)), 16, wave=wave)
    assert volume.shape == (16, 8, 4)
    for count in (50, None):
        points, data = volume.draw(count, seeded())
        torch.testing.assert_close(data["wave"], wave(points), rtol=1e-14, atol=0)
    assert bool(((points * 16 - 1) % 2 == 0).all())  # the middles of cells of side 1/8
    with pytest.raises(ValueError, match=r"shape \(2, 2\), and the grid \(2, 3\) points"):
        VoxelGrid(
            {"f": torch.zeros(2, 2)}, [torch.arange(2.0), torch.arange(3.0)], Box(x=(0, 1), y=(0, 1)).axes
        )


def test_no_frames_and_no_cells_are_refused_as_they_were_asked_for(tmp_path):
    np.save(tmp_path / "f.npy", rolling_wheel(2, 4, 4))
    with pytest.raises(ValueError, match=r"0 frames of '.*f.npy' were asked for"):
        Film.read(tmp_path / "f.npy", frames=0)
    with pytest.raises(ValueError, match=r"resolution=0 was asked for"):
        VoxelGrid.of(Box(x=(0, 1)), 0)


def test_a_share_of_the_waves_is_a_share():
    film = Film(np.zeros((8, 6, 10), np.uint8))
    assert film.orders() == (8, 10, 6) and film.orders(1 / 8) == (4, 5, 3)
    for share in (-1.0, 0.0, 1.5, float("nan")):
        with pytest.raises(
            ValueError, match="the share of the waves; expected a number above 0, and at most 1"
        ):
            film.orders(share)
