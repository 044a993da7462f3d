"""Sound in files, read back by another library."""

import wave

import numpy as np
import pytest

from sirenpde import Field, FourierSeries, Problem, Recording, Reference, on, solve
from sirenpde.export.formats.wav import write_wav
from sirenpde.export.grid import Grid
from sirenpde.geometry.point import Axis


def read(path):
    with wave.open(str(path)) as sound:
        frames = np.frombuffer(sound.readframes(sound.getnframes()), "<i2").reshape(-1, sound.getnchannels())
        return frames / 32767, sound.getframerate()


def test_a_solved_recording_comes_out_as_it_went_in(tmp_path):
    """Two channels, an odd number of samples."""
    samples = 0.9 * np.random.default_rng(0).uniform(-1, 1, (331, 2))
    recording = Recording(samples, 11_025)
    u = Field("u", recording, FourierSeries(half_period=True), shape=(2,))
    match = on(recording, name="u = f")(lambda p: u(p) - recording["sound"](p))
    solution = solve(Problem(match, reference={u: Reference(recording["sound"], recording, peak=1)}))
    assert solution.errors["u"]["psnr_db"] > 250
    found, rate = read(solution.export(tmp_path / "u.wav"))
    assert rate == 11_025
    np.testing.assert_allclose(found, samples, atol=0.6 / 32767)


def test_loud_sound_is_scaled_down_and_uneven_points_are_refused(tmp_path):
    axis = (Axis("t", 0.0, 1.0),)
    loud = Grid(axis, (np.arange(4) / 4,), {"u": np.array([0.0, 2.0, -1.0, 0.5])})
    with pytest.warns(UserWarning, match="reaches 2, beyond full scale"):
        found, _ = read(write_wav(tmp_path / "u.wav", loud))
    np.testing.assert_allclose(found[:, 0], [0.0, 1.0, -0.5, 0.25], atol=1e-4)
    for grid, said in (
        (Grid(axis, (np.array([0.0, 0.1, 0.4]),), {"u": np.zeros(3)}), "not evenly spaced"),
        (
            Grid((*axis, Axis("x", 0.0, 1.0)), (np.arange(2.0),) * 2, {"u": np.zeros((2, 2))}),
            "along one axis",
        ),
        (Grid(axis, (np.arange(3.0),), {"u": np.zeros(3, complex)}), "real channels"),
    ):
        with pytest.raises(ValueError, match=said):
            write_wav(tmp_path / "v.wav", grid)
    assert not (tmp_path / "v.wav").exists()
