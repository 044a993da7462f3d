"""Recordings: whole numbers and floats, channels, rates, and what is no sound."""

import numpy as np
import pytest
from scipy.io import wavfile

from sirenpde import Recording

TURNS = np.sin(2 * np.pi * 5 * np.arange(800) / 800)


@pytest.mark.parametrize(
    ("stored", "exact"),
    [
        (np.round(TURNS * 32767).astype(np.int16), np.round(TURNS * 32767) / 32768),
        (np.round(TURNS * 2**30).astype(np.int32), np.round(TURNS * 2**30) / 2**31),
        (np.round(TURNS * 127 + 128).astype(np.uint8), np.round(TURNS * 127) / 128),
        (TURNS.astype(np.float32), TURNS.astype(np.float32)),
    ],
    ids=["16 bits", "32 bits", "8 bits", "floats"],
)
def test_samples_are_what_was_stored_with_full_scale_1(tmp_path, stored, exact):
    wavfile.write(tmp_path / "a.wav", 8000, stored)
    recording = Recording.read(tmp_path / "a.wav")
    np.testing.assert_array_equal(recording.data["sound"].numpy(), exact)
    assert recording.rate == 8000 and recording.axes[0].high == pytest.approx(0.1)
    np.testing.assert_allclose(recording.points[:2, 0].numpy(), [0.5 / 8000, 1.5 / 8000])
    assert recording.bandwidth == pytest.approx(5 * np.pi, rel=0.2 if stored.dtype == np.uint8 else 1e-3)


def test_channels_stay_or_are_averaged(tmp_path):
    both = np.stack([TURNS, 0.5 * TURNS[::-1]], 1)
    wavfile.write(tmp_path / "a.wav", 44_100, both)
    recording = Recording.read(tmp_path / "a.wav")
    np.testing.assert_array_equal(recording.data["sound"].numpy(), both)
    assert "800 samples at 44100 Hz, 2 channels" in repr(recording)
    mean = Recording.read(tmp_path / "a.wav", mono=True, seconds=0.01)
    np.testing.assert_array_equal(mean.data["sound"].numpy(), both.mean(1)[:441])


@pytest.mark.parametrize(
    "content", [b"", b"ID3 an mp3, say", b"RIFF\x00\x00\x00\x00WAVE"], ids=["none", "mp3", "cut"]
)
def test_what_is_no_recording_is_refused_in_one_paragraph(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(
        ValueError, match=r"could not be read as sound .*; a WAV file|is empty; a file"
    ) as told:
        Recording.read(tmp_path / "a.wav")
    assert "\n" not in str(told.value)
    with pytest.raises(ValueError, match=r"have shape \(1,\); expected two real numbers or more"):
        Recording([0.5], 8000)
    with pytest.raises(ValueError, match="rate 0; expected so many samples"):
        Recording([0.5, 0.2], 0)


@pytest.mark.parametrize("seconds", [0, -1.0])
def test_a_beginning_of_no_length_is_refused(tmp_path, seconds):
    wavfile.write(tmp_path / "r.wav", 8000, np.ones(9, np.int16))
    with pytest.raises(ValueError, match=r"The first -?\d seconds of '.*r.wav' were asked for"):
        Recording.read(tmp_path / "r.wav", seconds=seconds)
