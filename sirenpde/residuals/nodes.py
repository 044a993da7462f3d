"""Fields read at the nodes of sites: the nodes of all samples as points, each node's requests as requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, repeat
from typing import Any

import torch
from torch import Tensor

from ..calculus.evaluate import over_points
from ..calculus.field import Derivative
from ..calculus.sites import Site
from ..engines.engine import Engine
from ..engines.given import Given
from .batch import Batch

# At most so many nodes of all samples in a chunk have their tapes kept for the way back; where there are more, as of
# a whole volume, they go through the network in blocks, and once more on the way back.
KEPT, GPU_KEPT = 1 << 14, 1 << 17


class Asked(Sequence[Derivative]):
    """What the jets of a field hold, one after another: each request as often as its site has nodes.

    It is as long as that, and holds no more than the requests: a volume has a million nodes.
    """

    def __init__(self, requests: Sequence[Derivative]) -> None:
        self.requests = tuple(requests)
        self.counts = tuple(node_count(d.site) for d in requests)

    @cached_property
    def rows(self) -> dict[Derivative, slice]:
        """Where each request stands."""
        starts = accumulate(self.counts, initial=0)
        return {
            d: slice(start, start + n)
            for d, n, start in zip(self.requests, self.counts, starts, strict=False)
        }

    def spread(self, values: Tensor) -> Tensor:
        """A value for each request (requests, ...) -> for each of its nodes, (len(self), ...)."""
        return values.repeat_interleave(torch.tensor(self.counts, device=values.device), dim=0)

    def gathered(self, values: Tensor) -> Tensor:
        """The sums over the nodes of each request: (len(self), ...) -> (requests, ...)."""
        return torch.stack([values[rows].sum(0) for rows in self.rows.values()])

    def __len__(self) -> int:
        return sum(self.counts)

    def __iter__(self) -> Iterator[Derivative]:
        return chain.from_iterable(map(repeat, self.requests, self.counts))

    def __getitem__(self, index: Any) -> Any:
        return tuple(self)[index]


def sites_of(asked: Sequence[Derivative]) -> list[Site | None]:
    """Where these requests are read, None for the samples' own points."""
    return list(dict.fromkeys(d.site for d in asked))


def node_count(site: Site | None) -> int:
    return 1 if site is None else site.count


def nodes_of(site: Site | None, names: Sequence[str], axes: tuple[str, ...], batch: Batch) -> Tensor:
    """The nodes (count, n, d) of samples with these axes, along the axes called ``names``."""
    if site is None:
        return batch.points[:, [axes.index(name) for name in names]][None]
    nodes: Tensor = over_points(site.nodes, axes, batch.points, batch.data, lambda coords: _unread)
    there = site.axes(axes)
    return nodes[:, :, [there.index(name) for name in names]].transpose(0, 1)


def _unread(key: object) -> Tensor:
    raise ValueError(
        f"The nodes of an integral depend on {key}, which is unknown; expected limits that are known functions of "
        f"the coordinates. Map the integral to fixed limits by a change of variables."
    )


@dataclass(frozen=True)
class SiteEngine:
    """One site's nodes among all of a sample, the requests there among all, and the engine that answers them."""

    nodes: slice
    requests: slice
    engine: Engine

    def flattened(self, x: Tensor) -> Tensor:  # (nodes of all sites, n, d) -> (nodes here * n, d)
        return x[self.nodes].flatten(0, 1)

    def by_node(self, values: Tensor, n: int) -> Tensor:  # (S, nodes * n, m) -> (S * nodes, n, m)
        return values.reshape(-1, n, values.shape[-1])

    def by_request(self, values: Tensor) -> Tensor:  # (S * nodes, n, m) -> (S, nodes * n, m)
        count = self.nodes.stop - self.nodes.start
        return values[self.requests].reshape(-1, count * values.shape[1], values.shape[-1])


class NodeEngine:
    """The ``Engine`` of a field that is read at sites: for those who use it, a node is a request of its own.

    It takes points (nodes, n, d), site after site, and gives derivatives (requests, n, outputs), where a request at
    a site of q nodes counts q times. Its tape holds points alone where nodes go through in blocks.
    """

    def __init__(self, engines: Sequence[tuple[int, int, Engine]]) -> None:
        """The number of nodes and of requests of every site, and the engine for these."""
        self.sites = tuple(_site_engines(engines))
        self.kind = ", ".join(dict.fromkeys(site.engine.kind for site in self.sites))
        self.channels = sum(site.engine.channels for site in self.sites)
        self.chunk = max(1, min(engine.chunk // nodes for nodes, _, engine in engines))

    def load(self, theta: Tensor) -> list[Any]:
        return [site.engine.load(theta) for site in self.sites]

    def forward(self, weights: Sequence[Any], x: Tensor) -> tuple[Tensor, list[Any]]:
        pairs = [
            _forward(site.engine, w, site.flattened(x)) for site, w in zip(self.sites, weights, strict=True)
        ]
        derivatives = [
            site.by_node(values, x.shape[1]) for site, (values, _) in zip(self.sites, pairs, strict=True)
        ]
        return torch.cat(derivatives), [tape for _, tape in pairs]

    def backward(
        self, weights: Sequence[Any], tape: Sequence[Any], cotangent: Tensor, gradient: Tensor
    ) -> None:
        for site, w, of_site in zip(self.sites, weights, tape, strict=True):
            pull = site.by_request(cotangent)
            for rows, part in _tapes(site.engine, w, of_site, pull.shape[1]):
                if gradient.dim() == 1:
                    site.engine.backward(w, part, pull[:, rows], gradient)
                    continue
                own = gradient.new_zeros(rows.stop - rows.start, gradient.shape[1])
                site.engine.backward(w, part, pull[:, rows], own)
                sample = torch.arange(rows.start, rows.stop, device=own.device) % len(gradient)
                gradient.index_add_(0, sample, own)

    def features(self, weights: Sequence[Any], x: Tensor) -> Tensor | None:
        by_site = [
            site.engine.features(w, site.flattened(x)) for site, w in zip(self.sites, weights, strict=True)
        ]
        known = [values for values in by_site if values is not None]
        if len(known) < len(by_site):
            return None
        return torch.cat(
            [site.by_node(values, x.shape[1]) for site, values in zip(self.sites, known, strict=True)]
        )


@dataclass(frozen=True)
class _Blocks:
    """A tape of points, whose own tapes are made anew on the way back."""

    x: Tensor
    size: int


def _forward(engine: Engine, weights: Any, x: Tensor) -> tuple[Tensor, Any]:
    on_cpu = x.device.type == "cpu"
    if isinstance(weights, Given) or len(x) <= (KEPT if on_cpu else GPU_KEPT):
        return engine.forward(weights, x)
    size = engine.chunk if on_cpu else GPU_KEPT
    values = [engine.forward(weights, block)[0] for block in x.split(size)]
    return torch.cat(values, dim=1), _Blocks(x, size)


def _tapes(engine: Engine, weights: Any, tape: Any, count: int) -> Iterator[tuple[slice, Any]]:
    """The tapes of all points, one after the other, and which of them each is of."""
    if not isinstance(tape, _Blocks):
        yield slice(0, count), tape
        return
    for start in range(0, count, tape.size):
        rows = slice(start, min(start + tape.size, count))
        yield rows, engine.forward(weights, tape.x[rows])[1]


def _site_engines(engines: Sequence[tuple[int, int, Engine]]) -> Iterator[SiteEngine]:
    node = request = 0
    for nodes, requests, engine in engines:
        count = nodes * requests
        yield SiteEngine(slice(node, node + nodes), slice(request, request + count), engine)
        node, request = node + nodes, request + count
