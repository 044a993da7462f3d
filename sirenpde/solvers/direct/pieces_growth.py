"""Which cells, and how many features in each: two resolutions always, and more for as long as they predict more."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from ...calculus.field import Field
from ...diagnosis.cuts import cuts_of, data_layers, speed_between
from ...diagnosis.material_corners import material_corners
from ...diagnosis.scales import AxisScale, axis_scales
from ...files.typed import transient
from ...networks.partition import Partition
from ...networks.pieces import Cuts, Pieces, PiecesNetwork
from ...networks.sine_features import SineFeatures
from ...networks.singular import Singular
from ...networks.values import recipe_from_value, recipe_to_value
from ...residuals import Evaluator, System, evaluate, requests_of
from ...residuals.unfit import MEMORY_LIMIT, TooLarge, TooLong, Unfit
from ...sampling.drawing import generator
from ..stage import State
from .pieces_corners import cuts_between, shape_corners, with_points, with_room
from .pieces_newton import PiecesNewton, newton_pieces
from .pieces_solve import GRACE, ROWS, Fineness, PiecesSolution, left_in_cells, solve_pieces
from .pieces_tree import cut_by_data, holding

# Radians per half side of a cell, over the root of their number by axes. Measured on plane waves of Poisson's
# equation in one cell: faster features lose digits to their own number, above all on three axes, and slower ones fall
# behind where waves are as fast as they are.
RATES = {1: 0.5, 2: 0.48, 3: 0.29}
MANY_RATE = 0.29  # on more axes
REACH = 0.74  # of the features' rate: waves that the cells are made for
LIMIT = 0.594  # of the root of the features' number: waves faster than this are refused
FEATURES = {1: (24, 40, 60), 2: (160, 250, 375, 560, 840), 3: (300, 600, 1000)}  # of one output, by axes
MANY = (400, 800)  # on more axes
COARSER = 0.6  # as many features, where their number is given, for the comparison
AGREE = 1e-10  # difference of two resolutions at which no finer one is tried
AS_GOOD = 2.0  # times the least that was left: a finer resolution with so much takes the place of a coarser
# Differences of two resolutions, and the operations above which no finer one is tried where they are smaller: on one
# core some five seconds, and ten.
ENOUGH = ((1e-9, 3e10), (1e-6, 1e11))
FALLS = 3.0  # how many times less has to be left after more features or smaller cells, for more of them
USUAL, CELL = 1e10, 0.02  # operations of a core in a second, and seconds of a cell beside them
# What a first trial takes at least for each feature of a cell, whose matrix may be that of others: seconds of a fast
# core, and bytes for its rows.
LEAST, BYTES = 6e-5, 250
TRIALS = 4  # times as much is what two resolutions take, and what else they hold
ROUNDING = 1e-14  # of the fields' units, what is left of them by rounding
SLACK = 1e-6  # of an axis: cuts so near to one another are one
MOST = 1000  # cells of a tree before the first solve
PROBES, PROBED = 2000, 11  # points at which two resolutions are compared, and the number of their draw


Cells = tuple[int, ...]  # numbers of those that are halved along all axes; none for all of them


@dataclass(frozen=True)
class Resolution:
    """Features in each cell, and which cells of the first partition were halved, of what came of it which, ..."""

    features: int
    halved: tuple[Cells, ...] = ()


@dataclass
class PiecesRecord:
    """What one resolution left on held-out points, and how far it was from the one before, if there was one.

    ``left`` is what it left in each cell, of the size of the fields; empty where fields have boxes of their own.
    """

    features: int
    halved: tuple[Cells, ...]
    cells: int
    held_out: float
    left: tuple[float, ...]
    difference: float | None
    unknowns: int
    factorised: int
    work: float  # operations of its factorisations
    seconds: float
    thickest: float = 1.0  # how much easier a problem the way there began with
    level: float = 1.0  # and ended with: more than 1 where it was cut off

    @property
    def misfit(self) -> float:
        """What it left, by which resolutions are compared."""
        return math.hypot(*self.left) if self.left else self.held_out


@dataclass
class PiecesMemory:
    """The recipes as they were given, by the fields' names as plain values, and the trials made.

    ``tree`` is the first partition, where the data asked for one.
    """

    given: dict[str, dict[str, Any]]
    trials: list[PiecesRecord] = field(default_factory=list)
    line: str = ""  # on the best of them
    tree: list[Partition | None] = transient(list)  # one, once it is known


def is_pieces(recipe: object) -> bool:
    """Whether a recipe has a network of frozen sines in each cell; under windows they are one network."""
    if not isinstance(recipe, Pieces) or recipe.blend != "hard":
        return False
    return isinstance(recipe.recipe, SineFeatures)


def memory_of(state: State) -> PiecesMemory:
    """The memory of a growth that begins with these recipes. Raises ``Unfit`` for what it cannot solve."""
    check_pieces(state.system, state.recipes)
    values = {u.name: recipe_to_value(recipe) for u, recipe in state.recipes.items()}
    return PiecesMemory({name: value for name, value in values.items() if value is not None})


def check_pieces(system: System, recipes: Mapping[Field, object]) -> None:
    """Raises ``Unfit`` for fields, recipes or constraints that cells cannot be solved for."""
    other = [u.name for u, recipe in recipes.items() if not is_pieces(recipe)]
    if other:
        raise Unfit(
            f"LeastSquares() was given pieces for some fields, and other networks for {', '.join(other)}; expected "
            f"Pieces(SineFeatures()) for all or for none. Declare them alike, or leave the networks out."
        )
    sited = [
        c.name
        for c, requests in zip(system.problem.constraints, system.problem.requests, strict=True)
        if not requests.is_plain
    ]
    if sited:
        raise Unfit(
            f"Constraint '{sited[0]}' reads fields at other points than its own, in an integral or across a jump, so "
            f"that it joins cells that do not touch; expected constraints at a point. Use SineFeatures() without "
            f"pieces there."
        )
    axes = [tuple(axis.name for axis in u.axes) for u in recipes]
    if len(set(axes)) > 1 or system.problem.unknowns:
        raise Unfit(
            "Pieces are solved for by LeastSquares() where all fields have the same axes and no number is unknown; "
            "this problem is another. Use SineFeatures() without pieces."
        )


def told(record: PiecesRecord, recipes: Mapping[Field, Pieces]) -> str:
    """One line on a trial: cells, features, unknowns, and what it leaves."""
    u, recipe = max(recipes.items(), key=lambda pair: _cells_of(*pair))
    way = ""
    if record.thickest > 1:
        way = f"; begun with highest derivatives that count {record.thickest:.3g} times as much"
    if record.level > 1:
        way += f", and not come below {record.level:.3g} times"
    return (
        f"{recipe.describe()}, {record.unknowns} unknowns, {record.factorised} of {_cells_of(u, recipe)} cells "
        f"factorised{way}; held-out residual {record.held_out:.1e}"
    )


def compared(memory: PiecesMemory) -> str:
    """How far the last two resolutions are apart: the error bar of the coarser."""
    last = memory.trials[-1].difference
    return "" if last is None else f"; two resolutions differ by {last:.1e}"


@dataclass(frozen=True)
class PiecesTrial:
    """The fields of one resolution."""

    system: System
    theta: Tensor
    recipes: dict[Field, Pieces]
    record: PiecesRecord


class Growth:
    """The resolutions of a problem, coarse ones first, each solved by ``trial``."""

    def __init__(self, state: State, memory: PiecesMemory, tolerance: float) -> None:
        self.state, self.memory, self.tolerance = state, memory, tolerance
        fields = state.system.problem.fields
        self.given: dict[Field, Pieces] = {u: recipe_from_value(memory.given[u.name]) for u in fields}
        self.axes = len(fields[0].axes)
        self.counts = self._counts()
        self.bounds = {u: _partition_of(state.system, u).bounds for u in fields}
        self.scales = axis_scales(state.system.problem)
        if not memory.trials:
            self._check_size()
        self.cuts = cuts_of(state.system.problem)
        self.singular: dict[Field, tuple[Singular, ...]] = dict.fromkeys(fields, ())
        self.has_materials = False
        if self.are_cells_open:
            of_materials = {u: material_corners(state.system.problem, u) for u in fields}
            self.has_materials = any(of_materials.values())
            self.singular = {u: of_materials[u] or shape_corners(state.system.problem, u) for u in fields}
            self.singular = {u: with_room(u, self.singular[u], self._coarse(u)) for u in fields}

    def _counts(self) -> tuple[int, ...]:
        counts = [recipe.recipe.count for recipe in self.given.values()]  # type: ignore[attr-defined]
        known = [count for count in counts if count is not None]
        if known:
            most = max(known)
            return (max(1, math.ceil(COARSER * most)), most)
        return FEATURES.get(self.axes, MANY)

    def _check_size(self) -> None:
        """Raises before the first trial where so many cells outlast the budget or fill the memory, by themselves."""
        cells = max(self._least_cells(u) for u in self.given)
        features, left = self.counts[0], max(0.0, self.state.deadline - time.monotonic())
        seconds = LEAST * features * cells / max(1, torch.get_num_threads())
        size = BYTES * features * cells
        short, large = seconds / max(left, GRACE), size / MEMORY_LIMIT
        if max(short, large) <= 1:
            return
        fastest = max(scale.wavenumber for scale in self.scales)
        slower = fastest * (TRIALS * max(short, large)) ** (-1 / self.axes)
        what = f"{cells:.3g} cells of {features} features"
        if self.are_cells_open:
            what = f"Waves of {fastest:.3g} radians per unit need at least {what}, which"
            less = f"waves of up to {_floored(slower):g} radians per unit, or a smaller domain"
        else:
            less = "fewer cells or features"
        if large > 1:
            raise TooLarge(
                f"{what} would fill {size / 2**30:.2g} GiB by their rows alone; {MEMORY_LIMIT >> 30} GiB are "
                f"allowed. Take {less}."
            )
        raise TooLong(
            f"{what} would take {seconds:.0f} s at least; of the budget {left:.0f} s are left, which buy no "
            f"solution. Give a budget of about {-_floored(-TRIALS * seconds):g} s, or take {less}."
        )

    def _least_cells(self, u: Field) -> float:
        """How many cells the equations' own waves ask for, wherever else it is cut; of given cells their number."""
        if self.given[u].cells is not None:
            return len(_partition_of(self.state.system, u))
        widest = 2 * REACH * rate_of(self.counts[0], self.axes)
        speeds = {scale.name: scale.wavenumber for scale in self.scales}
        return math.prod(
            max(1.0, (high - low) * speeds[axis.name] / widest)
            for axis, (low, high) in zip(u.axes, self.bounds[u], strict=True)
        )

    @property
    def are_cells_open(self) -> bool:
        return all(recipe.cells is None for recipe in self.given.values())

    @property
    def is_count_given(self) -> bool:
        return any(recipe.recipe.count is not None for recipe in self.given.values())  # type: ignore[attr-defined]

    def next(self) -> Resolution | None:
        """What to solve next, a function of what was; None where that is enough."""
        trials = self.memory.trials
        if not trials:
            return Resolution(self.counts[0])
        last = trials[-1]
        more = [count for count in self.counts if count > last.features]
        if len(trials) == 1 and more:
            return Resolution(more[0], last.halved)
        agree = last.difference is not None and last.difference < AGREE
        if agree or (self.is_count_given and not more) or last.held_out <= self.tolerance:
            return None
        if last.misfit < ROUNDING:
            return None
        wanted = self._finer(more[0] if more else None)
        if wanted is None or last.difference is None:
            return wanted
        dear = any(last.difference < near and self.work(wanted) > most for near, most in ENOUGH)
        return None if dear else wanted

    def _finer(self, more: int | None) -> Resolution | None:
        """More features in all cells, or the cells halved that hold what is left: the cheaper, as long as it pays.

        Where what is left fell less than the cost grew, the other one; None where neither of the last two paid.
        """
        trials, last = self.memory.trials, self.memory.trials[-1]
        richer = None if more is None else Resolution(more, last.halved)
        smaller = None
        if self.are_cells_open:
            few = holding(last.left) if last.left else ()
            smaller = Resolution(last.features, (*last.halved, few if len(few) < last.cells else ()))
        if len(trials) == 1 or _paid(trials[-2], last):
            both = [wanted for wanted in (richer, smaller) if wanted is not None]
            return min(both, key=self._seconds, default=None)
        if len(trials) > 2 and not _paid(trials[-3], trials[-2]):
            return None
        return richer if last.halved != trials[-2].halved else smaller

    def work(self, wanted: Resolution) -> float:
        """Operations of its factorisations, as far as the last trial tells how many there are.

        Where all cells are halved as many differ as did; parts of some of them all differ.
        """
        last = self.memory.trials[-1]
        parts, differ = 2**self.axes, float(last.factorised)
        for halved in wanted.halved[len(last.halved) :]:
            differ = differ + parts * len(halved) if halved else differ * parts
        return last.work * differ / last.factorised * (wanted.features / last.features) ** 3

    def _seconds(self, wanted: Resolution) -> float:
        """About what it costs: its factorisations, and what every cell takes whatever its size."""
        last = self.memory.trials[-1]
        cells, parts = last.cells, 2**self.axes
        for halved in wanted.halved[len(last.halved) :]:
            cells += (parts - 1) * (len(halved) or cells)
        return _seconds(self.work(wanted), cells)

    def has_time(self, wanted: Resolution) -> bool:
        """Whether a trial would end before the deadline, as the last one tells; of the first its own size tells."""
        if not self.memory.trials:
            return True
        last = self.memory.trials[-1]
        forecast = last.seconds * self._seconds(wanted) / _seconds(last.work, last.cells)
        return time.monotonic() + forecast <= self.state.deadline

    def recipes(self, wanted: Resolution) -> dict[Field, Pieces]:
        """The closed recipes of a resolution."""
        rate = rate_of(wanted.features, self.axes)
        found = {}
        for u, recipe in self.given.items():
            sines = recipe.recipe
            assert isinstance(sines, SineFeatures)
            bandwidth = rate if sines.bandwidth is None else sines.bandwidth
            count = wanted.features
            cells = self.cells(u, wanted) if recipe.cells is None else recipe.cells
            closed = replace(sines, count=count, bandwidth=bandwidth)
            if self.singular[u] and not sines.singular and recipe.cells is None:
                # Half of the features are at a singular point, and the others are those of half as many.
                slower = rate_of(count / 2, self.axes)
                closed = replace(closed, singular=self.singular[u], bandwidth=sines.bandwidth or slower)
            found[u] = replace(recipe, recipe=closed, cells=cells)
        return found

    def cells(self, u: Field, wanted: Resolution) -> Partition | tuple[Cuts, ...]:
        """Those of the smallest number of features, but for what is halved.

        In a slab of an axis they are counted along it, so that another slab has as many.
        """
        cells = self.tree or self._grid(u, speed_between)
        for halved in wanted.halved:
            cells = cells.refined(halved or range(len(cells)))
        slabs = [ends != (axis.low, axis.high) for axis, ends in zip(u.axes, self.bounds[u], strict=True)]
        if any(slabs):
            return tuple(
                len(of) - 1 if slab else tuple(of[1:-1]) for of, slab in zip(cells.edges, slabs, strict=True)
            )
        return cells

    @property
    def is_together(self) -> bool:
        """Whether cells may be halved one by one: all fields have one box, all of it.

        Cells about points at which materials meet in a cross are as large as what they have functions of.
        """
        boxes = {tuple((axis.low, axis.high) for axis in u.axes) for u in self.bounds}
        return len(boxes) == 1 and set(self.bounds.values()) == boxes and not self.has_materials

    @property
    def tree(self) -> Partition | None:
        """The first partition, where data are too fine for few cells, and in few places."""
        if not self.memory.tree:
            self.memory.tree.append(self._tree())
        return self.memory.tree[0]

    def _tree(self) -> Partition | None:
        u = next(iter(self.given))
        if not (self.are_cells_open and self.is_together):
            return None
        own = {scale.name: set(data_layers(scale)) for scale in self.scales}  # which a tree finds by itself
        coarse = self._grid(u, lambda scale: scale.wavenumber, own)
        even = self._grid(u, lambda scale: max(scale.between, scale.fastest))
        points = tuple(dict.fromkeys(point for of in self.singular.values() for point in of))
        sines = SineFeatures(self.counts[0], rate_of(self.counts[0], self.axes), singular=points)
        found = cut_by_data(self.state.system, coarse, sines, min(len(even) - 1, MOST))
        return None if found is None or len(found) <= len(coarse) else found

    def _coarse(self, u: Field) -> Partition:
        return self._grid(u, lambda scale: scale.wavenumber)

    def _grid(
        self, u: Field, speed: Callable[[AxisScale], float], without: Mapping[str, set[float]] | None = None
    ) -> Partition:
        rate = rate_of(self.counts[0], self.axes)
        edges = []
        for axis, (low, high) in zip(u.axes, self.bounds[u], strict=True):
            scale = next(s for s in self.scales if s.name == axis.name)
            breaks = {
                end for v in self.given for a in v.axes if a.name == axis.name for end in (a.low, a.high)
            }
            breaks |= set(self.cuts[axis.name]) - (without or {}).get(axis.name, set())
            for v, points in self.singular.items():
                column = [a.name for a in v.axes].index(axis.name)
                breaks = with_points(
                    breaks | cuts_between(points, column), points, column, SLACK * (high - low)
                )
            edges.append(cut(low, high, breaks, speed(scale), rate))
        return Partition.grid(edges)

    def trial(self, wanted: Resolution) -> PiecesTrial:
        """Solves it, and compares it with the fields of the state, which are those of the trial before."""
        started, state = time.monotonic(), self.state
        recipes = self.recipes(wanted)
        # The most features have to reach, not those of the comparison.
        most = replace(wanted, features=self.counts[-1])
        built = {u: state.build(u, recipe) for u, recipe in recipes.items()}
        system = state.system.with_networks(built)
        check_reach(system, self.recipes(most), self.scales, self.are_cells_open)
        shape = fineness(recipes, self.axes)
        solved = self._solved(system, shape)
        held_out = _held_out(state, system, solved)
        left = left_in_cells(system, solved.theta, shape) if self.is_together else ()
        difference = None
        if self.memory.trials:
            difference = _difference(state, system, solved.theta)
        record = PiecesRecord(
            wanted.features,
            wanted.halved,
            len(_partition_of(system, next(iter(recipes)))),
            held_out,
            left,
            difference,
            solved.unknowns,
            solved.factorised,
            solved.work,
            time.monotonic() - started,
            *((solved.thickest, solved.level) if isinstance(solved, PiecesNewton) else ()),
        )
        return PiecesTrial(system, solved.theta, recipes, record)

    def _solved(self, system: System, shape: Fineness) -> PiecesSolution | PiecesNewton:
        """One solve where the constraints are affine, Newton's method from the state's fields where they are not."""
        workers = torch.get_num_threads()
        if system.problem.traits.affine:
            return solve_pieces(system, shape, workers=workers, deadline=self.state.deadline)
        start = self.state.system, self.state.theta
        return newton_pieces(system, shape, start, workers=workers, deadline=self.state.deadline)


def _floored(value: float) -> float:
    """To two digits, downwards."""
    unit: float = 10.0 ** (math.floor(math.log10(abs(value))) - 1)
    return math.floor(value / unit) * unit


def rate_of(features: float, axes: int) -> float:
    """How fast so many features in a cell are, in radians per half side, to three digits.

    >>> rate_of(400, 2)
    9.6
    """
    return float(f"{RATES.get(axes, MANY_RATE) * features ** (1 / axes):.3g}")


def fineness(recipes: Mapping[Field, Pieces], axes: int) -> Fineness:
    """What features of these recipes ask for."""
    counts, rates = [], []
    for recipe in recipes.values():
        sines = recipe.recipe
        assert isinstance(sines, SineFeatures) and sines.count is not None and sines.bandwidth is not None
        counts.append(sines.count)
        rates.append(sines.bandwidth if isinstance(sines.bandwidth, tuple) else (sines.bandwidth,) * axes)
    count = max(counts)
    rate = tuple(max(of) for of in zip(*rates, strict=True))
    even = math.prod(rate) ** (1 / axes)
    polynomials = tuple(math.ceil(count ** (1 / axes) * max(0.5, r / even)) for r in rate)
    return Fineness(count, rate, polynomials, math.ceil(ROWS * count))


def _seconds(work: float, cells: int) -> float:
    return work / USUAL + cells * CELL


def _paid(before: PiecesRecord, after: PiecesRecord) -> bool:
    """Whether what is left fell by as much as the cost grew, and clearly."""
    grew = _seconds(after.work, after.cells) / _seconds(before.work, before.cells)
    return after.misfit * max(grew, FALLS) < before.misfit


def cut(low: float, high: float, breaks: set[float], speed: float, rate: float) -> list[float]:
    """Edges along an axis: at the breaks, and so near that waves of a speed are within reach of features.

    >>> cut(0.0, 1.0, {0.25}, 40.0, 10.0)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    slack = SLACK * (high - low)
    inner = sorted(b for b in breaks if low + slack < b < high - slack)
    kept = [b for i, b in enumerate(inner) if i == 0 or b - inner[i - 1] > slack]
    places = [low]
    widest = 2 * REACH * rate / max(speed, 1e-300)
    for a, b in pairwise([low, *kept, high]):
        parts = max(1, math.ceil((b - a) / widest - 1e-9))
        places += [a + (b - a) * i / parts for i in range(1, parts)] + [b]
    return places


def check_reach(
    system: System, recipes: Mapping[Field, Pieces], scales: Sequence[AxisScale], is_open: bool
) -> None:
    """Raises ``Unfit`` where the equations' own waves are faster than the features of every cell.

    So it does where data are, unless the cells are open: these are cut where data ask for it.
    """
    for u, recipe in recipes.items():
        sines = recipe.recipe
        assert isinstance(sines, SineFeatures) and sines.count is not None
        partition = _partition_of(system, u)
        for axis, (of_axis, edges) in enumerate(zip(u.axes, partition.edges, strict=True)):
            scale = next(s for s in scales if s.name == of_axis.name)
            half = min(b - a for a, b in pairwise(edges)) / 2
            bandwidth = sines.bandwidth
            rate = bandwidth[axis] if isinstance(bandwidth, tuple) else bandwidth
            assert rate is not None
            # Many slow features follow faster waves.
            rate = max(rate, LIMIT * sines.count ** (1 / len(u.axes)))
            fastest = max(scale.wavenumber, 0.0 if is_open else scale.between)
            if fastest * half > rate:
                cells = math.ceil((of_axis.high - of_axis.low) * fastest / (2 * REACH * rate))
                count = math.ceil((fastest * half / LIMIT) ** len(u.axes))
                raise Unfit(
                    f"The cells of {u.name} cannot follow what varies along {of_axis.name}: {fastest:.3g} radians "
                    f"per unit are {fastest * half:.3g} in half a cell, and its {sines.count} features reach "
                    f"{rate:.3g}. Give about {cells} cells along {of_axis.name} or {count} features in each, or "
                    f"leave both out: Pieces()."
                )


def _partition_of(system: System, u: Field) -> Partition:
    network = system.parameters.networks[u]
    assert isinstance(network, PiecesNetwork)
    return network.partition


def _cells_of(u: Field, recipe: Pieces) -> int:
    return len(recipe.partition([a.low for a in u.axes], [a.high for a in u.axes]))


def _held_out(state: State, system: System, solved: PiecesSolution | PiecesNewton) -> float:
    """The residual on points that nothing was fitted to, relative to that of vanishing fields."""
    found = math.sqrt(system.unmet(solved.theta, state.held_out)) / system.norm_of_nothing(state.held_out)
    return found if math.isfinite(found) else math.inf


def _in_bounds(system: System, home: Any, points: Tensor) -> Tensor:
    """Points moved along each axis into where the networks are: in a march, into its slab."""
    ends: dict[str, tuple[float, float]] = {}
    for u in system.problem.fields:
        ends.update(zip([axis.name for axis in u.axes], _partition_of(system, u).bounds, strict=True))
    columns = list(points.unbind(1))
    for k, axis in enumerate(home.axes):
        low, high = ends.get(axis.name, (axis.low, axis.high))
        if (low, high) != (axis.low, axis.high) and axis.low <= low and high <= axis.high:
            columns[k] = low + (high - low) * (columns[k] - axis.low) / (axis.high - axis.low)
    return torch.stack(columns, 1)


def _difference(state: State, system: System, theta: Tensor) -> float:
    """How far its outputs are from the state's: the root mean square relative to theirs, the largest of all."""
    worst, random = 0.0, generator(state.seed, PROBED)
    for function in system.problem.outputs:
        home: Any = system.problem.output(function).domain
        if not hasattr(home, "draw"):  # a function of the user's with axes alone
            continue
        points, data = home.draw(None if home.size is not None else PROBES, random)
        points = _in_bounds(system, home, points)
        batch, axes = system.batch(points, data), tuple(axis.name for axis in home.axes)
        requests = requests_of([function], batch, axes)
        pairs = ((system, theta), (state.system, state.theta))
        new, old = (
            evaluate(Evaluator([function], requests, axes, each.parameters), of, batch, system.device)[0]
            for each, of in pairs
        )
        size = float(new.norm())
        worst = max(worst, float((new - old).norm()) / size if size else 0.0)
    return worst
