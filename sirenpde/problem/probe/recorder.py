"""What a function of a point asks for, and values to answer it with."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...calculus.field import Derivative, Field, Unknown
from ...calculus.plan import jet_plan
from ...calculus.symbols import Symbol


@dataclass(frozen=True)
class Requests:
    """What one constraint asked for when it was called at declaration."""

    derivatives: tuple[Derivative, ...]
    unknowns: tuple[Unknown, ...]
    data: tuple[str, ...]
    shape: tuple[int, ...]
    is_complex: bool

    @property
    def fields(self) -> tuple[Field, ...]:
        return tuple(dict.fromkeys(derivative.field for derivative in self.derivatives))

    def of(self, u: Field) -> tuple[Derivative, ...]:
        return tuple(derivative for derivative in self.derivatives if derivative.field is u)

    @property
    def channels(self) -> int:
        """How many channels forward jets push through the networks of the fields, all together."""
        symbols: dict[Hashable, list[Symbol]] = {}
        for d in self.derivatives:
            symbols.setdefault((d.field, d.site), []).append(d.symbol)
        return sum(len(jet_plan(several, several[0].dimension).channels) for several in symbols.values())

    @property
    def is_plain(self) -> bool:
        """Whether fields are read at the samples' own points alone."""
        return all(d.site is None for d in self.derivatives)

    @property
    def size(self) -> int:
        """Real components of the residual."""
        count = 2 if self.is_complex else 1
        for n in self.shape:
            count *= n
        return count


class Recorder:
    """Hands out plausible values of what a function of a point asks for, and remembers the asking.

    The values are kept as arrays: a tensor made inside a derivative belongs to it and may not be used again.
    """

    def __init__(self, dtype: torch.dtype = torch.float64, device: torch.device | None = None) -> None:
        self.real = dtype
        self.device = device
        self.asked: dict[Hashable, np.ndarray[Any, Any]] = {}
        self._random = np.random.default_rng(0)

    def read(self, key: Hashable) -> Tensor:
        if key not in self.asked:
            self.asked[key] = self._value(key)
        dtype = self.real.to_complex() if np.iscomplexobj(self.asked[key]) else self.real
        return torch.tensor(self.asked[key], dtype=dtype, device=self.device)

    def _value(self, key: Hashable) -> np.ndarray[Any, Any]:
        if isinstance(key, Unknown):
            return np.asarray(key.initial)
        assert isinstance(key, Derivative)
        value = self._random.uniform(0.5, 1.5, key.shape)
        return value + 1j * self._random.uniform(0.5, 1.5, key.shape) if key.field.is_complex else value

    def requests(self, value: Tensor, data: Sequence[str]) -> Requests:
        return Requests(
            tuple(key for key in self.asked if isinstance(key, Derivative)),
            tuple(key for key in self.asked if isinstance(key, Unknown)),
            tuple(data),
            tuple(value.shape),
            value.is_complex(),
        )
