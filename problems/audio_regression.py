"""A recording as a function of time.

    u = f

at the samples of a recording f. The network is a half-period cosine lattice, one perceptron on whole frequencies
(Benbarka et al. 2021), which meets the samples exactly at their Nyquist frequency: a cosine transform finds it.
``sirenpde export DIR --format wav`` writes it as sound. What papers train instead is ``papers/audio_regression``.
"""

from typing import Literal

from torch import Tensor

from sirenpde import Field, FourierSeries, Point, Problem, Recording, Reference, on
from sirenpde.references.sounds import broken_chord


def problem(
    sound: str | None = None,
    seconds: float = 2.0,
    channels: Literal["mean", "all"] = "mean",
) -> Problem:
    """Represent a recording, all of it.

    Args:
        sound: a WAV file; a broken chord, made by a formula, if left out.
        seconds: of its beginning.
        channels: their mean, or all of them.
    """
    recording = (
        Recording(broken_chord(seconds=seconds), 22_050, "broken chord")
        if sound is None
        else Recording.read(sound, mono=channels == "mean", seconds=seconds)
    )
    u = Field("u", recording, FourierSeries(half_period=True), shape=recording.data["sound"].shape[1:])

    @on(recording)
    def match(p: Point) -> Tensor:
        """u = f"""
        return u(p) - recording["sound"](p)

    return Problem(match, reference={u: Reference(recording["sound"], recording, peak=1)})
