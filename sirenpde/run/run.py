"""The one value that changes while a problem is solved: how it begins, and goes from stage to stage."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.field import Field, Recipe
from ..calculus.modules import as_network
from ..files.typed import plain, typed
from ..networks.recipe import smallest
from ..problem.problem import Problem
from ..residuals import System, known
from ..residuals.known import holds_until
from ..residuals.scaling import scales_of
from ..sampling.points import Sampling
from ..solvers.initial import set_initial
from ..solvers.ladder import Choice
from ..solvers.stage import Stage, State, remembered
from ..solvers.starts import Constants, constant_start, number_start, set_constant
from .fingerprint import fingerprint
from .fingerprint import stages as stages_of
from .history import Record, Row, Status

POOR = 0.1  # relative residual of fields that are hardly a solution
Recipes = Mapping[Field, Recipe | nn.Module]


class DeviceError(RuntimeError):
    """A device that is not there."""


@dataclass(frozen=True)
class Kept:
    """Fields to come back to, and how good they are on held-out points; infinite where they have no residual."""

    recipes: Recipes
    system: System
    theta: Tensor
    objective: float
    residual: float  # relative, of the worst constraint
    rung: int

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.objective)

    @property
    def rank(self) -> tuple[bool, float]:
        """Fields with a smaller one are better. Where a constraint is not met at all, its share says nothing."""
        poor = not self.residual < POOR or holds_until(self.system) is not None
        return poor, self.objective if poor else self.residual


@dataclass(frozen=True)
class Left:
    """A stage that its rung's share of the budget cut off, to be taken up again if time is left."""

    stage_index: int
    step: int
    memory: dict[str, Any] | None  # as plain values
    sampling: dict[str, Any]
    kept: Kept
    before: Kept | None


@dataclass
class Run:
    """The one value that changes while a problem is solved."""

    problem: Problem
    choice: Choice
    state: State
    start: Constants = field(default_factory=dict)  # constant fields to begin from, where not from zero
    stage_index: int = 0
    waiting: list[int] = field(default_factory=list)  # rungs not begun
    left: list[Left] = field(default_factory=list)  # rungs begun and cut off
    pending: int = 0  # how many of these are to get a share of the time, once more given
    repeated: list[int] = field(
        default_factory=list
    )  # stages taken once more, each a rung of its own at the end
    before: Kept | None = None  # at the stage's start
    best: Kept | None = None  # of the stages gone before
    last_finite: Kept | None = None
    records: list[Record] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # what was noticed about the problem, a paragraph each
    troubles: list[str] = field(default_factory=list)  # why stages broke off
    seconds: float = 0.0
    reason: str = ""  # the last that the stage gave for its end
    ended: bool = False  # since the fields are good enough
    status: Status = "interrupted"
    message: str = ""

    @cached_property
    def fingerprint(self) -> dict[str, Any]:
        """What a checkpoint has to agree with: the problem."""
        return fingerprint(self.problem)

    @cached_property
    def asked(self) -> list[dict[str, Any]]:
        """And the networks and stages that were chosen for it."""
        count = len(self.choice.rungs) - len(self.repeated)
        return stages_of(replace(self.choice, rungs=self.choice.rungs[:count]))

    @property
    def is_open(self) -> bool:
        """Whether a stage is left, and needed."""
        return not self.ended and self.stage_index < len(self.choice.stages)

    @property
    def in_last_rung(self) -> bool:
        """Whether no other rung has to get its share: this one may use all the time there is."""
        return not self.waiting and self.pending <= 0

    def to_next_stage(self) -> None:
        """From the end of a stage to the next of its rung, or to another rung."""
        self.state.forget()
        self.state.cache = {}
        self.before, self.reason = None, ""
        if not self.choice.closes(self.stage_index):
            self.stage_index += 1
        else:
            self._to_next_rung()

    def leave_rung(self) -> None:
        """Go to the next rung, remembering where this one stands."""
        self._set_aside()
        self._to_next_rung()

    def share_anew(self) -> None:
        """Begin with the first rung that was cut off, since there is more time for each of them."""
        if not self.left:
            return
        if self.before is None and self.choice.opens(self.stage_index) is not None:
            self.waiting.insert(0, self.choice.rung_at(self.stage_index))
        else:
            self._set_aside()
        self.left.sort(key=lambda left: left.stage_index)
        self.pending = len(self.left)
        self._take_up()

    def _set_aside(self) -> None:
        state = self.state
        memory, sampling = plain(state.memory), plain(state.sampling)
        self.left.append(Left(self.stage_index, state.step, memory, sampling, self.keep(), self.before))
        state.forget()
        state.cache = {}
        self.before, self.reason = None, ""

    def _to_next_rung(self) -> None:
        """The next rung that was not begun; else the first that was cut off."""
        if self.waiting:
            self.stage_index = self.choice.first_of(self.waiting.pop(0))
        elif self.left:
            self._take_up()
        else:
            self.stage_index = len(self.choice.stages)

    def _take_up(self) -> None:
        back, self.pending = self.left.pop(0), self.pending - 1
        self.put_back(back.kept)
        self.stage_index, self.before = back.stage_index, back.before
        self.set_memory(back.memory, back.sampling)
        self.state.step = back.step

    def set_memory(self, memory: Mapping[str, Any] | None, sampling: Mapping[str, Any]) -> None:
        """Give the stage at work what it and its points remembered, from plain values."""
        state, device = self.state, self.state.system.device
        if memory is None:
            state.memory = None
        else:
            state.memory = typed(remembered(self.choice.stages[self.stage_index]), memory, device)
        state.sampling = typed(Sampling, sampling, device)

    def repeat(self) -> bool:
        """Take the last iterative stage of the best rung once more, from the best fields; whether there is one."""
        best = self.shown()
        stages = self.choice.rungs[best.rung].stages
        first = self.choice.first_of(best.rung)
        again = [first + i for i, stage in enumerate(stages) if is_iterative(stage)]
        if not again:
            return False
        self.put_back(best)
        self.stage_index = len(self.choice.stages)
        self.choice = with_repeated(self.choice, again[-1])
        self.repeated.append(again[-1])
        self.before = self.last_finite = self.keep()
        return True

    def keep(self) -> Kept:
        """The fields being worked on."""
        state = self.state
        here = state.system, state.theta, state.held_out
        objective = float(known.terms(*here).sum())
        residual = known.relative_residual(*here) if math.isfinite(objective) else math.inf
        objective, residual = (x if math.isfinite(x) else math.inf for x in (objective, residual))
        rung = self.choice.rung_at(min(self.stage_index, len(self.choice.stages) - 1))
        return Kept(dict(state.recipes), state.system, state.theta.clone(), objective, residual, rung)

    def put_back(self, kept: Kept) -> None:
        state = self.state
        state.recipes, state.system, state.theta = dict(kept.recipes), kept.system, kept.theta.clone()

    def shown(self) -> Kept:
        """The best fields so far, which need not be those being worked on."""
        if self.best is not None and (self.before is None or self.state.step == 0):
            return self.best
        here = self.keep()
        if self.before is not None and not here.is_finite:
            here = self.before
        return better(self.best, here)

    def account(self) -> tuple[Record, ...]:
        """The stages so far, the one that was cut off included."""
        if not self.history or self.stage_index >= len(self.choice.stages) or self.state.step == 0:
            return tuple(self.records)
        last, earlier = self.history[-1], sum(record.seconds for record in self.records)
        if (last.stage, last.step) != (self.choice.stages[self.stage_index].name, self.state.step):
            return tuple(self.records)  # taken up again, and not moved since
        reason = "good enough" if self.ended else f"{self.reason}; " * bool(self.reason) + "can be resumed"
        cut = Record(last.stage, self.state.step, self.seconds - earlier, last.loss, reason)
        return (*self.records, cut)


def better(one: Kept | None, other: Kept) -> Kept:
    """The one whose worst constraint is met better; where neither is met, that of the smaller objective."""
    return other if one is None or other.rank <= one.rank else one


def is_iterative(stage: Stage) -> bool:
    """Whether a stage takes a number of steps that its user sets."""
    return "steps" in getattr(stage, "__dataclass_fields__", {})


def with_repeated(choice: Choice, stage: int) -> Choice:
    """The choice with one of its stages once more, a rung of its own at the end."""
    rung = choice.rungs[choice.rung_at(stage)]
    return replace(choice, rungs=(*choice.rungs, replace(rung, stages=(choice.stages[stage],))))


def begin(
    problem: Problem, choice: Choice, device: torch.device, dtype: torch.dtype | None, seed: int, scale: float
) -> Run:
    """A run before its first step. Raises ValueError for another dtype or a scale that is not positive."""
    dtype = dtype or _precision(problem, choice)
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"solve was given dtype={dtype}; expected torch.float32 or torch.float64.")
    if not scale > 0:
        raise ValueError(f"solve was given samples_scale={scale}; expected a positive number.")

    build = builder(problem, seed, {})
    system = build_system(problem, choice.recipes, build, device, dtype)
    start = {u: values for u, values in constant_start(system, seed).items() if u.initial is None}
    if start:
        build = builder(problem, seed, start)
        system = build_system(problem, choice.recipes, build, device, dtype)
    state = State(system, number_start(system, seed), dict(choice.recipes), build, seed, scale)
    return Run(problem, choice, state, start, waiting=list(range(1, len(choice.rungs))))


def builder(
    problem: Problem, seed: int, start: Constants
) -> Callable[[Field, Recipe | nn.Module], nn.Module]:
    """What builds a field's network: from its declared initial values, or constants where there are such."""

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        module = build_network(u, recipe, seed + problem.fields.index(u))
        if u.initial is not None:
            return set_initial(module, u, scales_of(problem).units[u])
        return set_constant(module, start[u]) if u in start else module

    return build


def build_system(
    problem: Problem, recipes: Recipes, build: Any, device: torch.device, dtype: torch.dtype
) -> System:
    # A recipe that leaves its size to the solver still needs some network to start from.
    networks = {u: build(u, smallest(recipe)) for u, recipe in recipes.items()}
    return System(problem, networks, device, dtype)


def build_network(u: Field, recipe: Recipe | nn.Module, seed: int) -> nn.Module:
    """A field's network in float64; a module of the user's own is copied, so that it stays as it was."""
    if isinstance(recipe, nn.Module):
        return as_network(recipe)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    generator = torch.Generator().manual_seed(seed)
    return recipe.build(low, high, u.outputs, periodic, generator)


def find_device(name: str) -> torch.device:
    """The device of this name; "auto" is a GPU where there is one. Raises ``DeviceError``."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(
            f"There is no device '{name}'; expected auto, cpu or cuda. Leave it at auto."
        ) from error
    if device.type not in ("cpu", "cuda"):
        raise DeviceError(
            f"The device '{name}' is not supported; expected auto, cpu or cuda. Leave it at auto."
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f"The device '{name}' is not there: torch {torch.__version__} sees {torch.cuda.device_count()} CUDA "
            f"devices. Use --device cpu, or install a CUDA build of torch on a machine with a GPU."
        )
    return device


def _precision(problem: Problem, choice: Choice) -> torch.dtype:
    asked = {u.dtype for u in problem.fields} & {
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    }
    wanted = [torch.empty(0, dtype=d).real.dtype for d in asked]  # type: ignore[arg-type]
    wanted = wanted or [stage.precision for stage in choice.stages]
    return torch.float64 if torch.float64 in wanted else torch.float32
