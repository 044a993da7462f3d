"""A direct solve of the last layer, where the constraints are affine in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ..calculus.field import Field
from ..networks.series import EvolvingSeries, SeparableSeries
from ..networks.sine_features import SineFeatures
from ..residuals import Batch, Group, System, is_affine
from .dense_rows import MEMORY_LIMIT, assemble, column_count, has_last_layer, row_count, store
from .dense_solve import solve_dense
from .grid_rows import grid_rows, on_grids, solve_on_grids
from .preconditioner import by_diagonal, by_differences
from .stage import HELD_OUT, Report, State, generator

OVERSAMPLING = 2.5  # rows to columns at least, where the domain has points enough
GRID_TOLERANCE = 1e-9  # of the preconditioned gradient, where the solve on grids stops
COUNTS = (200, 400, 800, 1600, 2400)
BANDWIDTHS = (4.0, 8.0, 16.0, 32.0, 64.0)


class NotAffine(ValueError):
    """The constraints are not affine in what a least-squares stage solves for."""


@dataclass(frozen=True)
class LeastSquares:
    """Solves the last layer of the networks at once: constraints that are affine in it, and the loss ``l2``.

    With frozen sine features that is the whole network (a SIREN whose first layer is frozen; count and
    bandwidth are chosen by the held-out residual where the recipe leaves them open), with a Fourier or cosine
    series it is too, solved on grids by transforms and without a matrix; after any training it is the best
    last layer for the features found. Dense solves reveal the rank (singular values, pivoted QR); normal
    equations are never formed.

    Args:
        tolerance: of the iterative solve on grids, and the relative held-out residual at which the search
            for features stops.
        iterations: at most so many on grids.

    Raises:
        NotAffine: when run on constraints that are not, or networks without a linear last layer.

    >>> from sirenpde import LeastSquares
    >>> LeastSquares().name
    'least squares'
    """

    tolerance: float = 1e-12
    iterations: int = 300

    @property
    def name(self) -> str:
        return "least squares"

    @property
    def steps(self) -> int:
        return 1

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        _check(state.system)
        open_fields = [u for u, recipe in state.recipes.items() if is_open(recipe)]
        if open_fields:
            reason = self._search(state, open_fields)
        else:
            state.theta, reason = self._solve(state)
        state.step += 1
        terms = state.system.losses(state.theta, _samples(state, state.system))
        return Report(tuple(terms.tolist()), True, reason)

    def _solve(self, state: State) -> tuple[Tensor, str]:
        system = state.system
        batches = _samples(state, system)
        u = on_grids(system, batches)
        if u is not None:
            module = system.parameters.networks[u]
            assert isinstance(module, SeparableSeries | EvolvingSeries)
            rows = grid_rows(system, module, u, batches)
            whole = isinstance(module, EvolvingSeries) or all(map(_whole, system.groups))
            precondition = by_diagonal(rows) if whole else by_differences(module, rows)
            start = state.theta.reshape(module.coefficients.shape)
            found, count = solve_on_grids(rows, start, precondition, GRID_TOLERANCE, self.iterations)
            return found.reshape(-1), f"{found.numel()} coefficients on grids, {count} iterations"
        return _solve_dense(system, state.theta, batches)

    def _search(self, state: State, fields: Sequence[Field]) -> str:
        """Feature counts upwards, and for each the bandwidth that predicts the held-out rows best."""
        best: Trial | None = None
        bandwidths: tuple[float, ...] = BANDWIDTHS
        for count in COUNTS:
            found = _best_bandwidth(state, fields, count, bandwidths)
            if found is None:
                break
            if best is not None and found.held_out > 0.5 * best.held_out:
                break
            best = found
            if best.held_out < self.tolerance:
                break
            bandwidths = tuple(found.bandwidth * factor for factor in (1 / 1.5, 1.0, 1.5))
        assert best is not None
        state.system, state.theta = best.system, best.theta
        state.recipes.update(best.recipes)
        return f"{best.note}, bandwidth {best.bandwidth:.3g}, held-out residual {best.held_out:.1e}"


@dataclass(frozen=True)
class Trial:
    """One choice of features and how well it predicts rows that it was not fitted to."""

    held_out: float
    bandwidth: float
    recipes: dict[Field, SineFeatures]
    system: System
    theta: Tensor
    note: str


def _best_bandwidth(
    state: State, fields: Sequence[Field], count: int, bandwidths: Sequence[float]
) -> Trial | None:
    """The best trial, going upwards until two in a row are worse; None where the matrices would be too large."""
    best, worse = None, 0
    for bandwidth in bandwidths:
        trial = _try(state, fields, count, bandwidth)
        if trial is None:
            break
        worse = worse + 1 if best is not None and trial.held_out > best.held_out else 0
        best = trial if best is None or trial.held_out < best.held_out else best
        if worse == 2:
            break
    return best


def _try(state: State, fields: Sequence[Field], count: int, bandwidth: float) -> Trial | None:
    recipes = {}
    for u in fields:
        recipe = state.recipes[u]
        assert isinstance(recipe, SineFeatures)
        recipes[u] = replace(recipe, count=recipe.count or count, bandwidth=recipe.bandwidth or bandwidth)
    networks = {
        **state.system.parameters.networks,
        **{u: state.build(u, recipe) for u, recipe in recipes.items()},
    }
    system = System(state.system.problem, networks, state.system.device, state.system.dtype)
    columns = column_count(system)
    if OVERSAMPLING * columns * columns * 8 > MEMORY_LIMIT:
        return None
    theta, note = _solve_dense(system, system.initial(), _samples(state, system))
    return Trial(_held_out(state, system, theta), bandwidth, recipes, system, theta, note)


def _whole(group: Group) -> bool:
    """Whether a group's points fill their grid."""
    lattice = group.domain.lattice  # type: ignore[attr-defined]
    return bool(len(lattice.index) == math.prod(lattice.shape))


def is_open(recipe: object) -> bool:
    """Whether a recipe leaves its size to the solver."""
    return isinstance(recipe, SineFeatures) and (recipe.count is None or recipe.bandwidth is None)


def solvable(module: nn.Module) -> bool:
    """Whether a least-squares stage can solve this network's last layer."""
    return has_last_layer(module) or isinstance(module, SeparableSeries | EvolvingSeries)


def _check(system: System) -> None:
    if not is_affine(system.problem):
        raise NotAffine(
            "LeastSquares() was asked for, but the constraints are not affine in the fields (a product of fields, a "
            "nonlinear function, an unknown number, or an l1 loss). Use Adam() and LBFGS() instead."
        )
    poor = [u.name for u, module in system.parameters.networks.items() if not solvable(module)]
    if poor:
        raise NotAffine(
            f"LeastSquares() cannot solve for {', '.join(poor)}: the network has no linear last layer that the "
            f"toolkit knows. Use a recipe such as Siren or SineFeatures, or Adam() and LBFGS()."
        )


def _samples(state: State, system: System) -> tuple[Batch, ...]:
    """The fixed points, with enough of them for the columns of a dense matrix."""
    batches = system.draw(generator(state.seed, -1), state.scale)
    if not all(has_last_layer(module) for module in system.parameters.networks.values()):
        return batches
    shortage = OVERSAMPLING * column_count(system) / row_count(system, batches)
    return batches if shortage <= 1 else system.draw(generator(state.seed, -1), state.scale * shortage)


def _solve_dense(system: System, theta: Tensor, batches: Sequence[Batch]) -> tuple[Tensor, str]:
    mixed = [m for m in system.parameters.networks.values() if not has_last_layer(m)]
    if mixed:
        raise NotAffine(
            "LeastSquares() solves a Fourier series on tensor grids only, and alone. Declare its constraints on the "
            "pixels or edges of a PixelGrid or on box.nodes(n), with all their points; or use SineFeatures."
        )
    linear = assemble(system, theta, batches)
    solved = solve_dense(linear.matrix, linear.target)
    rows, columns = linear.matrix.shape
    return store(system, theta, solved.x), f"{rows} rows, {columns} columns, rank {solved.rank}"


def _held_out(state: State, system: System, theta: Tensor) -> float:
    """The residual on other points, relative to the residual of the zero field there."""
    batches = system.draw(generator(state.seed, HELD_OUT), state.scale)
    zero = store(system, theta, torch.zeros(column_count(system), dtype=theta.dtype, device=theta.device))
    size, found = float(system.losses(zero, batches).sum()), float(system.losses(theta, batches).sum())
    return math.sqrt(found / size) if size > 0 else math.sqrt(found)
