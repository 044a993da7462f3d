"""Functions of a point evaluated over many points."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..calculus.field import Field, Unknown
from ..calculus.operators import PointFunction
from ..engines.engine import Engine
from ..engines.registry import engine_for
from ..engines.series import on_shared_coordinates
from ..geometry.point import Point
from ..problem.constraint import name_of
from ..problem.probe import Recorder, Requests
from .batch import Batch, Parameters
from .chunks import mapped

GPU_CHUNK = 1 << 17
BLOCK = 1 << 14  # points whose values are computed together, where no gradient is asked for


class Sweep:
    """Functions of a point evaluated over many: one engine per field, each request computed once."""

    def __init__(
        self,
        functions: Sequence[PointFunction],
        requests: Sequence[Requests],
        axes: tuple[str, ...],
        parameters: Parameters,
    ) -> None:
        self.functions = tuple(functions)
        self.requests = tuple(requests)
        self.axes = axes
        self.parameters = parameters
        self.fields = tuple(dict.fromkeys(u for asked in requests for u in asked.fields))
        self.asked = {
            u: tuple(dict.fromkeys(d for asked in requests for d in asked.of(u))) for u in self.fields
        }
        self.columns = {u: [axes.index(axis.name) for axis in u.axes] for u in self.fields}
        self.engines: dict[Field, Engine] = {
            u: engine_for(parameters.networks[u], [d.symbol for d in self.asked[u]], len(u.axes))
            for u in self.fields
        }
        self.places: dict[Hashable, tuple[int, int]] = {
            d: (i, s) for i, u in enumerate(self.fields) for s, d in enumerate(self.asked[u])
        }

    def chunk(self, device: torch.device) -> int:
        if device.type != "cpu":
            return GPU_CHUNK
        return min((engine.chunk for engine in self.engines.values()), default=4096)

    def load(self, theta: Tensor) -> list[Any]:
        return [engine.load(self.parameters.of(u, theta)) for u, engine in self.engines.items()]

    def jets(self, weights: Sequence[Any], points: Tensor) -> tuple[list[Tensor], list[Any]]:
        """The requested derivatives of every network, each (requests, n, outputs), and the engines' tapes.

        Those of the fields are ``parameters.units`` times as large, which ``at`` and ``over`` see to.
        """
        pairs = [
            engine.forward(w, points[:, self.columns[u]])
            for (u, engine), w in zip(self.engines.items(), weights, strict=True)
        ]
        return [jet for jet, _ in pairs], [tape for _, tape in pairs]

    def at(
        self, coords: Tensor, jets: Sequence[Tensor], data: Mapping[str, Tensor], numbers: Tensor
    ) -> list[Tensor]:
        """The functions' values at one point, from its jets, each (requests, outputs)."""

        def read(key: Hashable) -> Tensor:
            if isinstance(key, Unknown):
                return numbers[self.parameters.unknowns.index(key)]
            if key not in self.places:
                raise KeyError(
                    f"{key} is not planned here; the plan holds {', '.join(map(str, self.places))}. A plan is made "
                    f"by calling the function once, so ask for every derivative on every path through it."
                )
            field, row = self.places[key]
            u = self.fields[field]
            value, unit = assemble(jets[field][row], u), self.parameters.units[u]
            return value if unit == 1 else unit * value

        p = Point(self.axes, coords, read, lambda key: data[key])
        return [function(p) for function in self.functions]

    def over(self, batch: Batch, jets: Sequence[Tensor], numbers: Tensor) -> list[Tensor]:
        """The functions' values over a batch: each (n, *shape). ``numbers`` (unknowns,), or (n, unknowns)."""
        by_point = None if numbers.dim() == 1 else 0
        mapped = torch.func.vmap(self.at, in_dims=(0, [1] * len(jets), 0, by_point))
        values: list[Tensor] = mapped(batch.points, list(jets), dict(batch.data), numbers)
        return values


def assemble(jet: Tensor, u: Field) -> Tensor:
    """A request's value at one point from the network's real outputs."""
    if u.is_complex:
        return torch.complex(jet[: u.components], jet[u.components :]).reshape(u.shape)
    return jet.reshape(u.shape)


def flat(residual: Tensor) -> Tensor:
    """Residuals (n, *shape) as real components (n, m), real and imaginary parts side by side."""
    rows = residual.reshape(len(residual), -1)
    # Not view_as_real: the way back of a view needs an even place in memory.
    return torch.stack([rows.real, rows.imag], dim=2).flatten(1) if rows.is_complex() else rows


def evaluate(sweep: Sweep, theta: Tensor, batch: Batch, device: torch.device) -> list[Tensor]:
    """The sweep's functions over all points of a batch, without gradients."""
    with torch.no_grad():
        numbers = sweep.parameters.numbers(theta)
        shared = _jets_on_grid(sweep, theta, batch)
        if shared is not None:
            return sweep.over(batch, shared, numbers)
        weights = sweep.load(theta)

        def jets(block: Batch) -> list[Tensor]:
            """Networks in chunks that fit a cache; only their few outputs are kept for the whole block."""
            return mapped(lambda c: sweep.jets(weights, c.points)[0], block, sweep.chunk(device), dim=1)

        return mapped(lambda block: sweep.over(block, jets(block), numbers), batch, BLOCK)


def _jets_on_grid(sweep: Sweep, theta: Tensor, batch: Batch) -> list[Tensor] | None:
    """All jets at once, where every field is a series and the points fill a grid; else None."""
    jets = []
    for u in sweep.fields:
        symbols = [d.symbol for d in sweep.asked[u]]
        own, x = sweep.parameters.of(u, theta), batch.points[:, sweep.columns[u]]
        jet = on_shared_coordinates(sweep.parameters.networks[u], symbols, own, x)
        if jet is None:
            return None
        jets.append(jet)
    return jets


def record(functions: Sequence[PointFunction], batch: Batch, axes: tuple[str, ...]) -> list[Requests]:
    """What functions of a point ask for, found by calling each once on the batch's first point."""
    return [_record(function, batch, axes) for function in functions]


def _record(function: PointFunction, batch: Batch, axes: tuple[str, ...]) -> Requests:
    recorder = Recorder(batch.points.dtype, batch.points.device)
    used: dict[str, None] = {}

    def sample(key: str) -> Tensor:
        if key not in batch.data:
            raise KeyError(f"{name_of(function)} reads the data '{key}', which these points do not carry.")
        used[key] = None
        return batch.data[key][0]

    value = function(Point(axes, batch.points[0], recorder.read, sample))
    return recorder.requests(value, tuple(used))
