"""A field of one axis as sound (``.wav``)."""

from __future__ import annotations

import warnings
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from ...files.whole import whole
from ..about import NOTHING, About
from ..format import Format, register

if TYPE_CHECKING:
    from ..grid import Grid
    from ..mesh import Mesh


def write_wav(path: str | PathLike[str], carrier: Grid | Mesh, about: About = NOTHING) -> Path:
    """Write the first field of a grid of one axis, in seconds, as 16-bit PCM; its components are channels.

    The rate is that of the grid, in whole numbers a second. What is beyond full scale, 1, is scaled down to it, with
    a warning. Raises ValueError for more axes than one, complex values, and points that are not evenly spaced.

    >>> import tempfile, wave
    >>> import numpy as np
    >>> from sirenpde import Box
    >>> from sirenpde.export.grid import sample
    >>> times = [np.arange(8) / 8]
    >>> grid = sample({"u": lambda p: np.sin(6 * p[:, 0])}, Box(t=(0, 1)).axes, times)
    >>> with wave.open(str(write_wav(Path(tempfile.mkdtemp()) / "u.wav", grid))) as sound:
    ...     sound.getnchannels(), sound.getframerate(), sound.getnframes()
    (1, 8, 8)
    """
    import numpy as np
    from scipy.io import wavfile

    from ..grid import Grid

    name, values = next(iter(carrier.values.items()))
    if not isinstance(carrier, Grid) or len(carrier.axes) != 1 or np.iscomplexobj(values) or values.ndim > 2:
        axes, shape = ", ".join(axis.name for axis in carrier.axes), values.shape[len(carrier.axes) :]
        raise ValueError(
            f"{name}, of shape {shape} on {axes}, was to be written as WAV, which holds real "
            f"channels along one axis, the time in seconds. Write another format, or export an output of one axis."
        )
    times = carrier.coordinates[0]
    steps = np.diff(times)
    if not len(steps) or np.ptp(steps) > 1e-6 * abs(steps.mean()):
        raise ValueError(
            f"{name} was to be written as WAV at {len(times)} points that are not evenly spaced; a constant rate is "
            f"needed. Choose a resolution, as resolution=44100."
        )
    rate, largest = max(1, round(1 / float(steps.mean()))), float(np.abs(values).max())
    if largest > 1:
        warnings.warn(
            f"{name} reaches {largest:.3g}, beyond full scale, and was scaled down to 1.", stacklevel=2
        )
    whole_numbers = np.round(values * (32767 / max(largest, 1.0))).astype(np.int16)
    with whole(path) as beside:
        wavfile.write(beside, rate, whole_numbers)
    return Path(path)


register(
    Format("wav", "sound, 16 bits, of one output along one axis", "grid", write_wav, single=True, most_axes=1)
)
