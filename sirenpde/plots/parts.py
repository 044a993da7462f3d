"""What figures show of a field: its magnitude with arrows, its components, real and imaginary parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Part:
    """A real function of a field's values (n, *shape). Parts of one ``scale`` have colours of one scale."""

    label: str
    of: Callable[[Array], Array]
    scale: str
    has_arrows: bool = False

    def error(self, values: Array, reference: Array) -> Array:
        """How far values are from their reference: of a magnitude that of the difference."""
        difference: Array = (
            self.of(values - reference) if self.has_arrows else self.of(values) - self.of(reference)
        )
        return np.abs(difference)


def parts_of(
    name: str, values: Array, dimension: int, space: int, components: Sequence[str] = ()
) -> list[Part]:
    """The parts of a field whose values have ``dimension`` axes of points, then those of its shape.

    ``space`` is how many axes it has in space: a vector of as many real components has a magnitude with arrows.
    Equal components of symmetric matrices are shown once. Components are called ``u[0]`` where they have no names.

    >>> import numpy as np
    >>> [part.label for part in parts_of("v", np.ones((5, 2)), 1, 2, ("vx", "vy"))]
    ['|v|', 'vx', 'vy']
    >>> [part.label for part in parts_of("u", np.ones(5) * 1j, 1, 2)]
    ['Re u', 'Im u']
    """
    shape = values.shape[dimension:]
    names = dict(zip(product(*map(range, shape)), components, strict=False)) if components else {}
    parts = []
    if len(shape) == 1 and shape[0] == space > 1 and not np.iscomplexobj(values):
        parts.append(Part(f"|{name}|", _magnitude, f"|{name}|", has_arrows=True))
    for index in list(product(*map(range, shape))):
        if index[::-1] < index and _is_symmetric(values, dimension):
            continue
        label = names.get(index, name + (f"[{', '.join(map(str, index))}]" if index else ""))
        parts += _real(label, index, np.iscomplexobj(values))
    return parts


def _real(label: str, index: tuple[int, ...], is_complex: bool) -> list[Part]:
    def component(values: Array) -> Array:
        place: Any = (..., *index)
        taken: Array = values[place]
        return taken

    if not is_complex:
        return [Part(label, component, label)]
    return [
        Part(f"Re {label}", lambda values: np.real(component(values)), label),
        Part(f"Im {label}", lambda values: np.imag(component(values)), label),
    ]


def _magnitude(values: Array) -> Array:
    length: Array = np.sqrt((np.abs(values) ** 2).sum(-1))
    return length


def _is_symmetric(values: Array, dimension: int) -> bool:
    if values.ndim != dimension + 2 or values.shape[-1] != values.shape[-2]:
        return False
    difference = np.abs(values - np.swapaxes(values, -1, -2))
    finite = difference[np.isfinite(difference)]
    size = np.abs(values[np.isfinite(values)]).max(initial=0.0)
    return bool(finite.max(initial=0.0) <= 1e-9 * size)
