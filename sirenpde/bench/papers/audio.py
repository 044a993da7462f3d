"""Sound as a function of time: SIREN against perceptrons of relu, with and without octaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from .experiment import Experiment, Form, Outcome, solved

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...run.solution import Solution

Row = dict[str, Any]
# Mean square error over the signal's variance, of the authors' published outputs for seven seconds of Bach.
PUBLISHED = {"sine": 9.6e-4, "relu-octaves": 0.905, "relu": 1.0}
_SHOWN = 400  # points of a waveform that a figure keeps


def _fit(activation: str, form: Form) -> Outcome:
    """A broken chord, made by a formula, by a network of one activation, all samples at every step."""
    from ...solvers.adam import Adam

    rate, seconds, steps = (8000, 0.25, 300) if form.quick else (44_100, 7.0, 5000)
    with _clip(rate, seconds) as file:
        flags: dict[str, Any] = {"sound": file, "seconds": seconds}
        stage = Adam(steps=steps, lr=1e-4, schedule="constant")
        trained = solved(form, "papers/audio_regression", using=[stage], activation=activation, **flags)
        direct = solved(form, "audio_regression", **flags)
    return Outcome(
        trained.errors["sound_found"]["relative_l2"] ** 2,
        f"a broken chord by a formula, {seconds:g} s at {rate} Hz",
        best=direct.errors["u"]["relative_l2"] ** 2,
        best_by="a cosine series of as many numbers as samples, by a transform",
        note=f"Network: {trained.choice.split(';')[0].removeprefix('u: ')}",
        curves=_waveforms(trained),
    )


@contextmanager
def _clip(rate: int, seconds: float) -> Iterator[str]:
    import tempfile
    from pathlib import Path

    import numpy as np
    from scipy.io import wavfile

    from ...references.sounds import broken_chord

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chord.wav"
        wavfile.write(file, rate, broken_chord(rate, seconds).astype(np.float32))
        yield str(file)


def _waveforms(solution: Solution) -> dict[str, Any]:
    """The sound, what was found, and the difference: the least and greatest of each short stretch."""
    import numpy as np

    recording: Any = solution.problem.fields[0].domain
    times = recording.points[:, 0].numpy()
    exact = recording.data["sound"].numpy()
    found = solution["sound_found"](recording.points.numpy())
    lines = {}
    for name, values in {"recording": exact, "found": found, "error": found - exact}.items():
        stretches = np.array_split(np.arange(len(times)), min(_SHOWN // 2, len(times) // 2))
        chosen = sorted({int(s[f(values[s])]) for s in stretches for f in (np.argmin, np.argmax)})
        lines[name] = [[round(float(times[i]), 6), round(float(values[i]), 5)] for i in chosen]
    return lines


def _drawn(rows: Sequence[Row]) -> Figure:
    """The waveform that each network found, over that of the recording, and its error."""
    from ...plots.papers import line_panels

    return line_panels(
        {row["name"].split("/")[-1]: row["curves"] for row in rows}, "t (s)", "sound", same_y=True
    )


EXPERIMENTS = tuple(
    Experiment(
        f"audio/{activation}",
        "Sitzmann et al. 2020, section 4.1",
        "7 s at 44.1 kHz, four layers of 256, 5000 steps on all samples, rate 1e-4; the paper's clip is Bach",
        published,
        "of the variance",
        "lower",
        partial(_fit, activation),
        quick="0.25 s at 8 kHz, 300 steps",
    )
    for activation, published in PUBLISHED.items()
)
FIGURES = {"audio": _drawn}
