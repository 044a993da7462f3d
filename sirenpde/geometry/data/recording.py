"""Recordings of sound as domains: their samples as points of time."""

from __future__ import annotations

import io
import math
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..arrays import as_numbers, check_finite
from ..point import Axis
from ..readers.existing import existing
from ..readers.quiet import quiet, reason
from ..tensor_grid import TensorGrid
from .cloud import Cloud

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Recording(Cloud):
    """Samples of sound as points of an axis t, in seconds: sample i of n lies at (i + 1/2)/rate in [0, n/rate].

    ``recording["sound"](p)`` is the sound there, of shape () with one channel, or (channels,). ``samples`` are (n,)
    or (n, channels), ``rate`` so many a second. Raises ValueError for other shapes, fewer than two samples, numbers
    that are not finite, and a rate that is not positive.

    >>> import numpy as np
    >>> from sirenpde import Recording
    >>> recording = Recording(np.sin(2 * np.pi * 3 * np.arange(100) / 100), rate=100)
    >>> recording.size, recording.axes[0].high, recording.points[0].item()
    (100, 1.0, 0.005)
    >>> round(recording.bandwidth / np.pi)  # three turns over half of the second
    3
    """

    def __init__(self, samples: ArrayLike | Tensor, rate: float, name: str = "recording") -> None:
        sound = as_numbers(samples, f"The samples of '{name}'")
        if sound.ndim == 2 and sound.shape[1] == 1:
            sound = sound[:, 0]
        if sound.ndim not in (1, 2) or len(sound) < 2 or not sound.numel() or sound.is_complex():
            raise ValueError(
                f"The samples of '{name}' have shape {tuple(sound.shape)}; expected two real numbers or more, (n,) "
                f"or (n, channels). Choose another part of the recording."
            )
        if not (math.isfinite(rate) and rate > 0):
            raise ValueError(f"'{name}' has the rate {rate!r}; expected so many samples a second, as 44100.")
        check_finite(sound, f"The samples of '{name}'")
        axis = Axis("t", 0.0, len(sound) / rate)
        lattice = TensorGrid.full([(torch.arange(len(sound), dtype=torch.float64) + 0.5) / rate])
        super().__init__(lattice.points, (axis,), {"sound": sound}, name, lattice=lattice)
        object.__setattr__(self, "rate", float(rate))

    rate: float

    @staticmethod
    def read(path: str | PathLike[str], *, mono: bool = False, seconds: float | None = None) -> Recording:
        """Reads a WAV file of whole numbers or floats, at any rate.

        Whole numbers are divided by their largest, so that full scale is 1. ``mono`` takes the mean of all channels,
        ``seconds`` the beginning alone. Raises OSError where there is no file, ValueError for one that is no WAV.
        """
        from scipy.io import wavfile

        file = existing(path)
        if seconds is not None and not seconds > 0:
            raise ValueError(
                f"The first {seconds:g} seconds of '{file}' were asked for; expected a number above 0. Ask for more."
            )
        try:
            with quiet():
                rate, samples = wavfile.read(io.BytesIO(file.read_bytes()))
        except Exception as error:
            raise ValueError(
                f"'{file}' could not be read as sound ({reason(error)}); a WAV file of whole numbers or floats is "
                f"needed. Convert it, as by 'ffmpeg -i {file.name} converted.wav'."
            ) from error
        sound = _scaled(samples)
        sound = sound.mean(axis=1) if mono and sound.ndim == 2 else sound
        kept = len(sound) if seconds is None else max(0, math.ceil(seconds * rate))
        return Recording(sound[:kept], rate, file.stem)

    def __repr__(self) -> str:
        channels = self.data["sound"].shape[1:].numel()
        return f"Recording('{self.name}', {self.size} samples at {self.rate:g} Hz, {channels} channels)"

    @property
    def bandwidth(self) -> float:
        """The root mean square frequency of the sound, in radians per half of its length.

        Found from the spectrum of all channels, each without its mean: a sine of f Hz over T seconds has π f T. It is
        what the first layer of a network on [-1, 1] is scaled by.
        """
        sound = self.data["sound"].reshape(self.size, -1)
        power = torch.fft.rfft(sound - sound.mean(0), dim=0).abs().square().sum(1)
        turns = torch.arange(len(power), dtype=torch.float64)
        total = float(power.sum())
        return math.pi * math.sqrt(float((turns.square() * power).sum()) / total) if total > 0 else 0.0

    @property
    def peak(self) -> float:
        """The largest absolute value, 1 for silence."""
        return float(self.data["sound"].abs().max()) or 1.0


def _scaled(
    samples: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Full scale is 1; bytes have their zero at 128."""
    values = np.asarray(samples, dtype=np.float64)
    if samples.dtype.kind == "u":
        half = 2.0 ** (8 * samples.dtype.itemsize - 1)
        return (values - half) / half
    return values / 2.0 ** (8 * samples.dtype.itemsize - 1) if samples.dtype.kind == "i" else values
