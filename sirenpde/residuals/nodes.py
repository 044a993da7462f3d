"""Fields read at the nodes of sites: the nodes of all samples as points, each node's requests as requests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..calculus.evaluate import over_points
from ..calculus.field import Derivative
from ..calculus.sites import Site
from ..engines.engine import Engine
from .batch import Batch


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
    a site of q nodes counts q times.
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
            site.engine.forward(w, site.flattened(x)) for site, w in zip(self.sites, weights, strict=True)
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
            if gradient.dim() == 1:
                site.engine.backward(w, of_site, pull, gradient)
                continue
            rows = gradient.new_zeros(pull.shape[1], gradient.shape[1])
            site.engine.backward(w, of_site, pull, rows)
            gradient += rows.view(-1, *gradient.shape).sum(0)

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


def _site_engines(engines: Sequence[tuple[int, int, Engine]]) -> Iterator[SiteEngine]:
    node = request = 0
    for nodes, requests, engine in engines:
        count = nodes * requests
        yield SiteEngine(slice(node, node + nodes), slice(request, request + count), engine)
        node, request = node + nodes, request + count
