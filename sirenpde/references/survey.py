"""Surveys: waves of several sources, measured at several receivers."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..geometry.box import Box
from ..geometry.readers.existing import existing
from ..problem.reference import exact_values
from .noise import with_noise
from .scattering import LineSource, penetrable_cylinder

KEYS = "source", "receivers", "rec_val"  # what files call them


@dataclass(frozen=True)
class Survey:
    """The places of sources (s, 2) and receivers (r, 2), and complex waves (r, s) there, one column a source.

    Raises ValueError for shapes that do not fit each other, and numbers that are not finite.

    >>> import torch
    >>> from sirenpde.references.survey import Survey
    >>> Survey(torch.zeros(1, 2), torch.ones(3, 2), torch.ones(3, 1) + 0j).size
    1.0
    """

    sources: Tensor
    receivers: Tensor
    waves: Tensor

    def __post_init__(self) -> None:
        shapes = [tuple(t.shape) for t in (self.sources, self.receivers, self.waves)]
        flat = all(len(shape) == 2 for shape in shapes)
        if not flat or (shapes[0][1], shapes[1][1]) != (2, 2) or shapes[2] != (shapes[1][0], shapes[0][0]):
            raise ValueError(
                f"A survey was given sources {shapes[0]}, receivers {shapes[1]} and waves {shapes[2]}; expected "
                f"(s, 2), (r, 2) and (r, s): a row for each receiver, a column for each source."
            )
        for what, values in (("sources", self.sources), ("receivers", self.receivers), ("waves", self.waves)):
            bad = (~values.isfinite()).nonzero()
            if len(bad):
                raise ValueError(
                    f"A survey has {values[tuple(bad[0])].item()} among its {what}, in row {int(bad[0, 0])}; "
                    f"expected finite numbers. Leave that row out."
                )

    @property
    def size(self) -> float:
        """The root mean square of the waves."""
        return float(self.waves.abs().square().mean().sqrt())

    def noisy(self, noise: float, seed: int) -> Survey:
        """With complex normal errors, of a standard deviation of ``noise`` times ``size``."""
        parts = torch.view_as_real(self.waves)
        unit = self.size / math.sqrt(2)
        seen = with_noise(parts, noise, torch.Generator().manual_seed(seed), unit)
        return replace(self, waves=torch.view_as_complex(seen))

    def keep_out(self, center: tuple[float, float], radius: float) -> None:
        """Raises ValueError for a source or receiver in the disk where the medium is unknown."""
        for what, places in (("source", self.sources), ("receiver", self.receivers)):
            near = torch.linalg.vector_norm(places - torch.tensor(center, dtype=places.dtype), dim=1)
            if float(near.min()) <= radius:
                place = ", ".join(f"{s:g}" for s in places[int(near.argmin())].tolist())
                raise ValueError(
                    f"The {what} at ({place}) lies in the disk of radius {radius:g} about {center}, where the medium "
                    f"is unknown; expected all outside of it. Give a smaller radius, or leave it out."
                )

    @staticmethod
    def read(path: str | Path) -> Survey:
        """From a MATLAB file with the arrays ``source`` (s, 2), ``receivers`` (r, 2) and ``rec_val`` (r, s).

        Raises OSError where there is no such file, ValueError for one that has not these arrays.
        """
        from scipy.io import loadmat
        from scipy.io.matlab import MatReadError

        file = existing(path)
        try:
            found = loadmat(str(file), appendmat=False)
        except (ValueError, NotImplementedError, MatReadError, TypeError) as error:
            raise ValueError(
                f"{path} is no MATLAB file that scipy reads ({error}); expected one of version 7 or older."
            ) from error
        missing = [key for key in KEYS if key not in found]
        if missing:
            names = ", ".join(key for key in found if not key.startswith("__"))
            raise ValueError(
                f"{path} has no array {' or '.join(missing)}; it has {names or 'none'}. Expected source (s, 2), "
                f"receivers (r, 2) and rec_val (r, s)."
            )
        sources, receivers, waves = (np.asarray(found[key]) for key in KEYS)
        return Survey(
            torch.tensor(sources, dtype=torch.float64),
            torch.tensor(receivers, dtype=torch.float64),
            torch.tensor(waves, dtype=torch.complex128),
        )


def around_cylinder(
    wavenumber: float, radius: float = 0.1, speed: float = 2.0, center: tuple[float, float] = (0.0, 0.0)
) -> Survey:
    """What five line sources (1 + i) δ below a penetrable cylinder send to thirty receivers around it, by its series.

    The waves are whole, those of the sources and what the cylinder adds; the places are those of the file of Sitzmann
    et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.3.

    >>> from sirenpde.references.survey import around_cylinder
    >>> tuple(around_cylinder(20.0).waves.shape)
    (30, 5)
    """
    along = torch.linspace(-0.2529, 0.402, 10, dtype=torch.float64)
    x = torch.linspace(-0.3471, 0.3471, 10, dtype=torch.float64)
    end = torch.full_like(along, 0.402)
    receivers = torch.cat([torch.stack(pair, 1) for pair in ((x, end), (-end, along), (end, along))])
    places = torch.tensor([-0.3471, -0.1735, 0.0, 0.1735, 0.3471], dtype=torch.float64)
    sources = torch.stack([places, torch.full_like(places, -0.3471)], 1)
    axes = Box(x=(-1, 1), y=(-1, 1)).axes
    columns = [
        exact_values(
            penetrable_cylinder(wavenumber, radius, speed, LineSource((a, b)), axes, center).total,
            axes,
            receivers,
            {},
        )
        for a, b in sources.tolist()
    ]
    return Survey(sources, receivers, torch.stack(columns, 1))
