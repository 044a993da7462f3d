"""The orders that the fields of a slab ask for, where a ``SineLattice`` leaves them open."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from ...calculus.field import Field
from ...networks.series import SeparableSeries
from ...networks.sine_lattice import SineLattice
from ..direct.lattice_growth import Lattices, Tails, affordable, larger, resized, tails, within_reach
from .trial import SlabTrial


@dataclass(frozen=True)
class Wanted:
    """The open lattices as large as the fields ask for, and how that compares with those they have."""

    lattices: Lattices
    higher: frozenset[Field]
    orders: Literal["enough", "higher", "beyond"]
    waves: float  # the largest of the highest

    @property
    def lower(self) -> Lattices:
        """Those that may be smaller, as large as they are otherwise."""
        return {u: lattice for u, lattice in self.lattices.items() if u not in self.higher}


NOTHING = Wanted({}, frozenset(), "enough", 0.0)


def open_lattices_of(trial: SlabTrial, names: Collection[str]) -> Lattices:
    """The lattices of the fields whose orders were left open."""
    recipes = trial.work.recipes.items()
    return {u: r for u, r in recipes if isinstance(r, SineLattice) and u.name in names}


def waves_of(trial: SlabTrial, lattices: Lattices) -> Tails:
    """What of the fields is in their highest waves across the axis."""
    if not lattices:
        return Tails({}, {})
    rows = trial.rows()
    return tails(rows, rows.from_theta(trial.work.theta), lattices, trial.slab.axis)


def wanted_of(lattices: Lattices, waves: Tails, threshold: float) -> Wanted:
    """Higher orders where the highest waves exceed the threshold, lower ones where the upper vanish."""
    wanted = within_reach(resized(lattices, waves, threshold), lattices) if lattices else {}
    higher = frozenset(larger(wanted, lattices))
    return Wanted(
        wanted, higher, "enough" if not higher else "higher" if affordable(wanted) else "beyond", waves.worst
    )


def rate_of(trial: SlabTrial) -> int | None:
    """The power of the slab's length with which its residual falls; None for networks that are no series."""
    counts = [
        module.modes[u.position(trial.slab.axis)] - 1
        for u, module in trial.work.system.parameters.networks.items()
        if isinstance(module, SeparableSeries)
    ]
    return min(counts, default=None)
