"""A recording as a function of time, by perceptrons of one activation or another.

    u = f / max |f|

at all samples of a recording f at every step. A SIREN, whose first layer is scaled by the spectrum of the recording
so that it begins with waves as fast as those that it has to represent, and the networks that it was compared with.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.1 and
supplement; the authors' code has a first factor of 3000 for seven seconds of music.
"""

from typing import Literal

from torch import Tensor

from sirenpde import (
    MLP,
    Adam,
    Field,
    FourierFeatures,
    Octaves,
    Point,
    Problem,
    Recording,
    Reference,
    Siren,
    on,
)
from sirenpde.references.sounds import broken_chord


def problem(
    sound: str | None = None,
    seconds: float = 2.0,
    channels: Literal["mean", "all"] = "mean",
    activation: Literal["sine", "relu", "relu-octaves"] = "sine",
    first: float | None = None,
    rate: float = 1e-4,
) -> Problem:
    """Fit a recording.

    Args:
        sound: a WAV file; a broken chord, made by a formula, if left out.
        seconds: of its beginning.
        channels: their mean, or all of them.
        activation: of four layers of 256, "relu-octaves" on octaves of the time up to the samples' own.
        first: the factor of a SIREN's first layer; that of the recording's spectrum if left out.
        rate: the learning rate.
    """
    recording = (
        Recording(broken_chord(seconds=seconds), 22_050, "broken chord")
        if sound is None
        else Recording.read(sound, mono=channels == "mean", seconds=seconds)
    )
    relu = MLP(256, 4, "relu", "kaiming")
    network: dict[str, Siren | MLP | FourierFeatures] = {
        "sine": Siren(omega=max(30.0, recording.bandwidth) if first is None else first),
        "relu": relu,
        "relu-octaves": FourierFeatures(Octaves(max(1, (recording.size // 4).bit_length() - 1)), relu),
    }
    u = Field("u", recording, network[activation], shape=recording.data["sound"].shape[1:])

    @on(recording)
    def match(p: Point) -> Tensor:
        """u = f / max |f|"""
        return u(p) - recording["sound"](p) / recording.peak

    def sound_found(p: Point) -> Tensor:
        return recording.peak * u(p)

    return Problem(
        match,
        reference={sound_found: Reference(recording["sound"], recording, peak=1)},
        outputs=(sound_found,),
        using=[Adam(steps=5000, lr=rate, schedule="constant")],
    )
