"""Media that waves travel in, as m(x) = (c₀/c(x))² of Δu + k² m u = f: known ones, and those of a file."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike

import torch
from torch import Tensor

from ..calculus.evaluate import PointFunction, over_known
from ..geometry.box import Box
from ..geometry.data.sampled import PICTURES, Sampled
from ..geometry.plane.disk import Disk
from ..geometry.point import Point
from ..geometry.readers.existing import existing
from ..geometry.shape import Shape
from .scattering import LineSource, penetrable_cylinder
from .sources import PointSources

DRAWN = 4096  # points between those of a file at which its interpolation is looked at


@dataclass(frozen=True, eq=False)
class Medium:
    """What a problem about waves needs to know of a medium.

    ``slowness`` is m(x), ``sources`` are where a point source is of interest, and ``bodies`` are boxes that hold all
    places where m is not 1; none where that is everywhere. ``exact`` is the field of sources, where it is known.
    """

    slowness: PointFunction
    sources: tuple[float, ...]
    bodies: tuple[Box, ...] = ()
    exact: Callable[[PointSources], PointFunction] | None = None


def inclusion(shape: Shape, speed: float) -> PointFunction:
    """m = 1/c² in a shape, and 1 around it.

    >>> import torch
    >>> from sirenpde import Box, Disk
    >>> from sirenpde.calculus.evaluate import over_known
    >>> m = inclusion(Disk(radius=0.1), 2.0)
    >>> over_known(m, ("x", "y"), torch.tensor([[0.05, 0.0], [0.2, 0.0]]), {}, {}).tolist()
    [0.25, 1.0]
    """
    if not 0 < speed < math.inf:
        raise ValueError(f"A speed of {speed:g} was given; expected a finite one above 0, such as 2.")

    def m(p: Point) -> Tensor:
        inside = shape.level(p.place[None])[0] < 0
        return torch.where(inside, 1 / speed**2, 1.0).to(p.place.dtype)

    return m


def of_velocity(
    path: str | PathLike[str], box: Box, speeds: tuple[float, float] = (1.0, 2.0)
) -> PointFunction:
    """m = 1/c² for speeds c of a file, in units of c₀; beyond the file's own axes those of its border go on.

    Args:
        path: ``.npz``, ``.mat`` or HDF5 with values on a grid, an image, or a mesh, as ``Sampled.open`` reads them.
        box: which the values fill where the file has no coordinates, as an image has none.
        speeds: of black and of white in an image.

    Raises OSError for a file that is not there, ValueError for speeds that are no finite numbers above 0.
    """
    file = existing(path)
    is_picture = file.suffix.lower() in PICTURES and file.suffix.lower() != ".npy"
    low, high = speeds if is_picture else (0.0, 1.0)
    if not all(math.isfinite(s) for s in speeds) or min(speeds) <= 0:
        raise ValueError(
            f"The speeds of black and white are {speeds[0]:g} and {speeds[1]:g}; expected finite ones above 0, such "
            f"as 1 and 2."
        )
    given = Sampled.open(file, box, outside="clamp")
    if given.is_complex or given.shape:
        raise ValueError(
            f"'{file}' has values of shape {given.shape} at a point{', complex ones' * given.is_complex}; expected a "
            f"speed, one real number. Save the speed alone, or name another file."
        )

    def c(p: Point) -> Tensor:
        return low + (high - low) * given(p)

    _check_positive(c, box, str(file))
    return lambda p: 1 / c(p) ** 2


def _check_positive(c: PointFunction, box: Box, name: str) -> None:
    points = torch.cat([box.draw(DRAWN, torch.Generator().manual_seed(0))[0], box.grid(65)[0]])
    values = over_known(c, tuple(axis.name for axis in box.axes), points, {}, {})
    if bool((values <= 0).any()):
        place = ", ".join(f"{s:.4g}" for s in points[values.argmin()].tolist())
        raise ValueError(
            f"'{name}' has the speed {values.min():.4g} at ({place}), between its values included; one above 0 is "
            f"needed everywhere. Where nothing is to pass, cut the shape out of the domain in place of a speed of 0."
        )


def _about_circle(sources: PointSources) -> PointFunction:
    x, y = sources.layer.box.axes
    waves = [
        penetrable_cylinder(k, 0.1, 2.0, LineSource(place), (x, y)).total
        for k, place in zip(sources.wavenumbers, sources.at, strict=True)
    ]
    unit = sources.strength / (1 + 1j)  # of those of the series
    return lambda p: unit * torch.stack([wave(p) for wave in waves]).sum(0)


def medium_of(
    name: str, velocity: str | PathLike[str] | None, box: Box, speeds: tuple[float, float] = (1.0, 2.0)
) -> Medium:
    """The media of Sitzmann et al.'s experiments by name, "uniform", "square" or "circle", or that of a file.

    The square is |x|, |y| < 0.3 and the circle r < 0.1, in which waves are twice as fast; there the source is beside
    them, at (-0.35, 0). A file takes the place of the name.
    """
    if velocity is not None:
        return Medium(of_velocity(velocity, box, speeds), (0.0, 0.0))
    square, around = Box(x=(-0.3, 0.3), y=(-0.3, 0.3)), Box(x=(-0.25, 0.25), y=(-0.25, 0.25))
    media = {
        "uniform": Medium(
            lambda p: torch.ones_like(p.place[0]), (0.0, 0.0), exact=lambda sources: sources.incoming
        ),
        "square": Medium(inclusion(square, 2.0), (-0.35, 0.0), (square,)),
        "circle": Medium(inclusion(Disk(radius=0.1), 2.0), (-0.35, 0.0), (around,), _about_circle),
    }
    if name not in media:
        raise ValueError(f"A medium {name!r} was asked for; expected {', '.join(media)}. Name one of them.")
    return media[name]
