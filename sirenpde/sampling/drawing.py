"""Random points, each a function of a seed and a number alone, so that a run that is resumed draws the same."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..residuals import Batch, System

POOL = 16  # steps for which points are drawn at once: a Sobol sequence is costly to start
FIXED = -1  # the draw number of the points that stay
HELD_OUT = 999_983  # a draw number that no stage reaches

Pools = dict[int, tuple[int, Batch]]  # by a group's place: the number of its pool, and the pool


def generator(seed: int, draw: int) -> torch.Generator:
    """The randomness of one draw of points: a function of seed and draw alone."""
    return torch.Generator().manual_seed((seed * 1_000_003 + draw) % (1 << 63))


@dataclass(frozen=True)
class Drawing:
    """How the samples of a system's groups are drawn.

    Args:
        system: whose groups.
        seed: of all points.
        scale: multiplies the number of samples of every group, except where all points are used.
        step: of the stage that draws them.
    """

    system: System
    seed: int
    scale: float = 1.0
    step: int = 0

    def fixed(self) -> tuple[Batch, ...]:
        """One set of points for a whole stage, as line searches need."""
        return self.system.draw(generator(self.seed, FIXED), self.scale)

    def held_out(self) -> tuple[Batch, ...]:
        """A second, independent set of points on which nothing is ever fitted."""
        return self.system.draw(generator(self.seed, HELD_OUT), self.scale)

    def fresh(self, pools: Pools, minibatch: int | None = None) -> tuple[Batch, ...]:
        """New points at every step, the same ones whenever this step is taken; ``pools`` keeps those of the next.

        Groups of all points of a domain have so many of them as the ``minibatch`` says, or all.
        """
        return tuple(self._fresh(index, pools, minibatch) for index in range(len(self.system.groups)))

    def _fresh(self, index: int, pools: Pools, minibatch: int | None) -> Batch:
        group = self.system.groups[index]
        size, samples = group.domain.size, group.samples or minibatch
        if samples is None or (size is not None and samples >= size):
            return self._pool(index, -1, None, pools)
        rows = max(1, round(samples * self.scale))
        per_pool = POOL if size is None else max(1, min(POOL, size // rows))
        number, turn = divmod(self.step, per_pool)
        pool = self._pool(index, number, rows * per_pool, pools)
        window = slice(turn * rows, turn * rows + rows)
        return Batch(pool.points[window], {key: value[window] for key, value in pool.data.items()})

    def _pool(self, index: int, number: int, count: int | None, pools: Pools) -> Batch:
        if index not in pools or pools[index][0] != number:
            group = self.system.groups[index]
            points, data = group.domain.draw(count, generator(self.seed + index, number))
            pools[index] = number, self.system.batch(points, {key: data[key] for key in group.data})
        return pools[index][1]

    def counts(self) -> tuple[int, int]:
        """The real residuals on all points of finite domains, and those on points that are drawn."""
        whole = drawn = 0
        for group in self.system.groups:
            components = sum(self.system.problem.requests[i].size for i in group.members)
            count, size = group.samples, group.domain.size
            if count is None or (size is not None and count * self.scale >= size):
                whole += components * (size or 0)
            else:
                drawn += components * max(1, round(count * self.scale))
        return whole, drawn
