"""Fields whose networks are made of what is known of a sample: those of one sample, and the sizes of what is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal, get_args

import torch
from torch import Tensor

from ..geometry.domain import Domain
from ..geometry.point import Point, check_point
from ..networks.generated import reads_of
from .evaluate import PointFunction, at_nodes
from .field import Field
from .operators import check_function

Made = Literal["code", "weights"]


@dataclass(frozen=True)
class _Here:
    """The sample's own point as the only node."""

    count: ClassVar[int] = 1

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names

    def nodes(self, p: Point) -> Tensor:
        return torch.stack([p.coordinate(name) for name in p.axes])[None]

    def follows(self, name: str) -> bool:
        return True

    def sample(self, p: Point, key: str) -> Tensor:
        return p.sample(key)[None]


@dataclass(frozen=True)
class Part(_Here):
    """Where a part of a field's network is read in place of the field."""

    part: Made = "code"

    def __str__(self) -> str:
        return f"its {self.part}"


@dataclass(frozen=True)
class OfSample(_Here):
    """Where a field's network is the one of a certain sample of a domain."""

    domain: Domain
    number: int

    @property
    def given(self) -> Mapping[str, Tensor]:
        """The sample's data, each (1, ...)."""
        _, data = self.domain.draw(None, torch.Generator())
        return {key: values[self.number : self.number + 1] for key, values in data.items()}

    def __str__(self) -> str:
        return f"sample {self.number} of {self.domain.name}"


def made(u: Field, what: Made) -> PointFunction:
    """How large the "code" or the "weights" are of which the network of a sample is made: a function of the sample.

    The root mean square. The square of "code" with a weight is a normal distribution of codes, that of "weights"
    keeps the parameters made small.

    Raises ``ValueError`` for another word, ``TypeError`` for a field whose network is not made of data.

    >>> import numpy as np
    >>> from sirenpde import Field, Hypernetwork, PictureSet, Problem, SetEncoder, Siren, made, on
    >>> pictures = PictureSet(np.zeros((5, 4, 4)))
    >>> u = Field("u", pictures.grid, Hypernetwork(Siren(8, 1), SetEncoder(8, 2), code=4, width=8))
    >>> small = on(pictures, weight=0.1, name="small")(made(u, "code"))
    >>> Problem(small).requests[0].shape
    ()
    """
    if what not in get_args(Made):
        raise ValueError(
            f"made(u, {what!r}) was asked for; expected one of {', '.join(map(repr, get_args(Made)))}."
        )
    if not isinstance(u, Field) or not reads_of(u.network):
        raise TypeError(
            f"made was given {u}, whose network is not made of data of samples; expected a field with such a one. "
            f"Declare it with Hypernetwork(...)."
        )
    request = replace(u.itself, site=Part(part=what))

    def size(p: Point) -> Tensor:
        check_point(p, f"made({u}, {what!r})")
        return p.read(request).reshape(-1)[0]

    return size


def given(f: PointFunction, samples: Domain, number: int, name: str | None = None) -> PointFunction:
    """``f`` with the network of one sample of a domain, a function of a point: the field that belongs to its data.

    ``name`` is what an output is called, the field's name and the number if left out.

    Raises ``ValueError`` for a domain whose samples change from draw to draw, and for a number that is none of them.

    >>> import numpy as np
    >>> from sirenpde import Adam, Field, Hypernetwork, PictureSet, Problem, SetEncoder, Siren
    >>> from sirenpde import everywhere, given, on, solve
    >>> pictures = PictureSet(np.linspace(0, 1, 5 * 16).reshape(5, 4, 4), context=8)
    >>> u = Field("u", pictures.grid, Hypernetwork(Siren(8, 1), SetEncoder(8, 2), code=4, width=8))
    >>> match = on(pictures, name="match")(lambda p: everywhere(u)(p) - pictures["picture"](p))
    >>> solution = solve(Problem(match, outputs=[given(u, pictures, 2)]), [Adam(3)], device="cpu")
    >>> solution[given(u, pictures, 2)](pictures.grid.points).shape
    torch.Size([16])
    """
    check_function(f, "given", "given(u, pictures, 3)")
    size = samples.size
    if size is None or not 0 <= number < size:
        told = "no fixed ones" if size is None else f"{size} of them"
        raise ValueError(
            f"given was asked for sample {number} of '{samples.name}', which has {told}; expected one that stays as "
            f"it is. Give a context of a fixed number of pixels, and a number from 0 on."
        )
    site = OfSample(domain=samples, number=number)

    def of_sample(p: Point) -> Tensor:
        check_point(p, f"given({f})")
        value: Tensor = at_nodes(f, p, site)[0]
        return value

    of_sample.__name__ = name or f"{getattr(f, 'name', getattr(f, '__name__', 'f'))}_{number}"
    return of_sample
