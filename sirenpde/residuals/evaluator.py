"""Functions of a point evaluated over many points."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.components import field_values
from ..calculus.evaluate import Read, over_points, point
from ..calculus.field import Derivative, Field, Unknown
from ..calculus.operators import PointFunction
from ..calculus.sites import Site
from ..engines.engine import Engine
from ..engines.given import Given
from ..engines.registry import engine_for
from ..engines.series import on_shared_coordinates
from ..networks.generated import GeneratedNetwork, reads_of
from ..problem.constraint import name_of
from ..problem.probe import Recorder, Requests
from .batch import Batch, Parameters
from .chunks import mapped
from .nodes import Asked, NodeEngine, node_count, nodes_of, sites_of

GPU_CHUNK = 1 << 17
ON_GRID = 64  # nodes of a sample, up to which each is looked for on a grid of its own
BLOCK = 1 << 14  # points whose values are computed together, where no gradient is asked for


class Evaluator:
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
        each = {u: list(dict.fromkeys(d for asked in requests for d in asked.of(u))) for u in self.fields}
        self.sites = {u: sites_of(each[u]) for u in self.fields}
        self.asked = {
            u: Asked([d for site in self.sites[u] for d in each[u] if d.site == site]) for u in self.fields
        }
        self.columns = {
            u: [axes.index(axis.name) for axis in u.axes]
            for u in self.fields
            if all(axis.name in axes for axis in u.axes)
        }
        self.engines: dict[Field, Engine] = {u: self._engine(u, each[u]) for u in self.fields}
        self.rows: dict[Hashable, tuple[int, int | slice]] = {
            d: (i, rows.start if d.site is None else rows)
            for i, u in enumerate(self.fields)
            for d, rows in self.asked[u].rows.items()
        }

    def _engine(self, u: Field, asked: Sequence[Derivative]) -> Engine:
        at = [[d.symbol for d in asked if d.site == site] for site in self.sites[u]]
        engines = [
            engine_for(_part(self.parameters.networks[u], site), symbols, len(u.axes))
            for site, symbols in zip(self.sites[u], at, strict=True)
        ]
        if self.sites[u] == [None]:
            return engines[0]
        counts = map(node_count, self.sites[u])
        return NodeEngine(list(zip(counts, map(len, at), engines, strict=True)))

    @property
    def nodes(self) -> int:
        """At how many points any field is read for one sample, 1 where no sites are asked for."""
        return max((sum(map(node_count, sites)) for sites in self.sites.values()), default=1)

    @property
    def is_plain(self) -> bool:
        """Whether fields are read at the samples' own points alone."""
        return all(sites == [None] for sites in self.sites.values())

    def coordinates(self, u: Field, batch: Batch) -> Tensor:
        """The columns of a field's axes among the points, (n, d): a view where these follow one another, since a list
        of columns would be copied to a GPU each time."""
        columns = self.columns[u]
        first, after = columns[0], columns[0] + len(columns)
        follows = columns == list(range(first, after))
        return batch.points[:, first:after] if follows else batch.points[:, columns]

    def points(self, u: Field, batch: Batch) -> Tensor:
        """What the field's engine takes: points (n, d), or the nodes (nodes, n, d) of all sites."""
        if self.sites[u] == [None]:
            return self.coordinates(u, batch)
        return torch.cat([self.nodes_at(site, u, batch) for site in self.sites[u]])

    def nodes_at(self, site: Site | None, u: Field, batch: Batch) -> Tensor:
        """The nodes (count, n, d) of a site along the axes of a field."""
        return nodes_of(site, [axis.name for axis in u.axes], self.axes, batch)

    def by_site(self, u: Field, batch: Batch) -> Iterator[tuple[list[Derivative], Engine, Tensor]]:
        """What is asked of a field at each of its sites, the engine that answers it, and the points (n, d) there."""
        engine, x = self.engines[u], self.points(u, batch)
        asked = list(self.asked[u].requests)
        if not isinstance(engine, NodeEngine):
            yield asked, engine, x
            return
        for site, answering in zip(self.sites[u], engine.sites, strict=True):
            yield [d for d in asked if d.site == site], answering.engine, answering.flattened(x)

    def chunk(self, device: torch.device) -> int:
        if device.type != "cpu":
            return max(1, GPU_CHUNK // self.nodes)
        return min((engine.chunk for engine in self.engines.values()), default=4096)

    def load(self, theta: Tensor) -> list[Any]:
        return [engine.load(self.parameters.of(u, theta)) for u, engine in self.engines.items()]

    def jets(self, weights: Sequence[Any], batch: Batch) -> tuple[list[Tensor], list[Any]]:
        """The requested derivatives of every network, each (requests, n, outputs), and the engines' tapes.

        They are in the order of ``asked``, where a request at a site counts once for every node.
        Those of the fields are ``parameters.units`` times as large, which ``over`` sees to.
        """
        pairs = [
            engine.forward(self._with_data(u, w, batch), self.points(u, batch))
            for (u, engine), w in zip(self.engines.items(), weights, strict=True)
        ]
        return [jet for jet, _ in pairs], [tape for _, tape in pairs]

    def _with_data(self, u: Field, weights: Any, batch: Batch) -> Any:
        """An engine's weights, and the data of the samples where the field's network reads them."""
        if not reads_of(self.parameters.networks[u]):
            return weights
        given = [self._read_by(u, site, batch) for site in self.sites[u]]
        if self.sites[u] == [None]:
            return Given(weights, given[0])
        return [Given(w, data) for w, data in zip(weights, given, strict=True)]

    def _read_by(self, u: Field, site: Site | None, batch: Batch) -> dict[str, Tensor]:
        """The data that a field's network reads: those of the samples, or of the one that a site brings."""
        brought = getattr(site, "given", None)
        data = batch.data if brought is None else brought
        return {name: data[name].to(batch.points) for name in reads_of(self.parameters.networks[u])}

    def values_by(self, engine: Engine, u: Field, theta: Tensor, batch: Batch) -> Iterator[Tensor]:
        """What another engine of a field's network gives wherever the field is read, chunk by chunk."""
        weights = engine.load(self.parameters.of(u, theta))
        if not reads_of(self.parameters.networks[u]):
            for x in self.points(u, batch).reshape(-1, len(u.axes)).split(engine.chunk):
                yield engine.forward(weights, x)[0]
            return
        rows = max(1, engine.chunk // self.nodes)
        for start in range(0, len(batch), rows):
            part = batch.part(slice(start, start + rows))
            x = self.points(u, part).reshape(-1, len(u.axes))
            yield engine.forward(Given(weights, self._read_by(u, self.sites[u][0], part)), x)[0]

    def _reader(self, coords: Tensor, jets: Sequence[Tensor], numbers: Tensor) -> Read:
        """What is read at one point, from its jets, each (requests, outputs)."""

        def read(key: Hashable) -> Tensor:
            if isinstance(key, Unknown):
                return numbers[self.parameters.unknowns.index(key)]
            if key not in self.rows:
                raise KeyError(
                    f"{key} is not planned here; the plan holds {', '.join(map(str, self.rows))}. A plan is made "
                    f"by calling the function once, so ask for every derivative on every path through it."
                )
            field, row = self.rows[key]
            u = self.fields[field]
            value, unit = field_values(jets[field][row], u), self.parameters.units[u]
            return value if unit == 1 else unit * value

        return read

    def over(self, batch: Batch, jets: Sequence[Tensor], numbers: Tensor) -> list[Tensor]:
        """The functions' values over a batch: each (n, *shape). ``numbers`` (unknowns,), or (n, unknowns)."""
        along = [1] * len(jets), None if numbers.dim() == 1 else 0
        values: list[Tensor] = over_points(
            lambda p: [function(p) for function in self.functions],
            self.axes,
            batch.points,
            batch.data,
            self._reader,
            list(jets),
            numbers,
            mapped=along,
        )
        return values

    def over_same(self, index: int, batch: Batch, jets: Sequence[Tensor], numbers: Tensor) -> Tensor:
        """One function's values over a batch, (n, *shape), with the same jets (requests, outputs) at every point."""
        function, shared = self.functions[index], ([None] * len(jets), None)
        value: Tensor = over_points(
            function,
            self.axes,
            batch.points,
            batch.data,
            self._reader,
            list(jets),
            numbers,
            mapped=shared,
        )
        return value


def _part(network: nn.Module, site: Site | None) -> nn.Module:
    """The network that is read at a site: the field's, or a part of it that the site names."""
    part = getattr(site, "part", None)
    if part is None:
        return network
    assert isinstance(network, GeneratedNetwork)
    return network.part(part)


def evaluate(evaluator: Evaluator, theta: Tensor, batch: Batch, device: torch.device) -> list[Tensor]:
    """The values of an evaluator's functions over all points of a batch, each (n, *shape), without gradients."""
    with torch.no_grad():
        numbers = evaluator.parameters.numbers(theta)
        shared = jets_on_grid(evaluator, theta, batch)
        if shared is not None:
            return evaluator.over(batch, shared, numbers)
        weights = evaluator.load(theta)

        def jets(block: Batch) -> list[Tensor]:
            """Networks in chunks that fit a cache; only their few outputs are kept for the whole block."""
            return mapped(lambda c: evaluator.jets(weights, c)[0], block, evaluator.chunk(device), dim=1)

        return mapped(
            lambda block: evaluator.over(block, jets(block), numbers), batch, max(1, BLOCK // evaluator.nodes)
        )


def jets_on_grid(evaluator: Evaluator, theta: Tensor, batch: Batch) -> list[Tensor] | None:
    """All jets at once, where every field is a series and the points fill a grid; else None."""
    jets = []
    for u in evaluator.fields:
        network, weights = evaluator.parameters.networks[u], evaluator.parameters.of(u, theta)
        at_sites = []
        for site in evaluator.sites[u]:
            if node_count(site) > ON_GRID:
                return None
            symbols = [d.symbol for d in evaluator.asked[u].requests if d.site == site]
            nodes = [evaluator.coordinates(u, batch)] if site is None else evaluator.nodes_at(site, u, batch)
            by_node = []
            for x in nodes:
                jet = on_shared_coordinates(network, symbols, weights, x)
                if jet is None:
                    return None
                by_node.append(jet)
            at_sites.append(torch.stack(by_node, dim=1).flatten(0, 1))
        jets.append(torch.cat(at_sites))
    return jets


def requests_of(functions: Sequence[PointFunction], batch: Batch, axes: tuple[str, ...]) -> list[Requests]:
    """What functions of a point ask for, found by calling each once on the batch's first point."""
    return [_requests(function, batch, axes) for function in functions]


def _requests(function: PointFunction, batch: Batch, axes: tuple[str, ...]) -> Requests:
    recorder = Recorder(batch.points.dtype, batch.points.device)
    used: dict[str, None] = {}

    def read(key: Hashable) -> Tensor:
        for name in key.reads if isinstance(key, Derivative) else ():
            sample(name)
        return recorder.read(key)

    def sample(key: str) -> Tensor:
        if key not in batch.data:
            raise KeyError(f"{name_of(function)} reads the data '{key}', which these points do not carry.")
        used[key] = None
        return batch.data[key][0]

    value = function(point(axes, batch.points[0], read, sample))
    return recorder.requests(value, tuple(used))
