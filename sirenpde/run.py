"""The one value that changes while a problem is solved: how it begins, and its checkpoints."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from .calculus.field import Field, Recipe
from .networks.sine_features import SineFeatures
from .networks.sine_lattice import SineLattice
from .networks.values import from_value, to_value
from .problem import Problem
from .residuals import System
from .solution import Record, Row, Status
from .solvers.ladder import Choice
from .solvers.stage import State, held_out, relative_residual
from .solvers.starts import Constants, constant_start, set_constant

FORMAT = "sirenpde checkpoint 4"
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

    @property
    def is_finite(self) -> bool:
        return math.isfinite(self.objective)

    @property
    def rank(self) -> tuple[bool, float]:
        """Fields with a smaller one are better. Where a constraint is not met at all, its share says nothing."""
        poor = not self.residual < POOR
        return poor, self.objective if poor else self.residual


@dataclass
class Run:
    """The one value that changes while a problem is solved."""

    problem: Problem
    choice: Choice
    state: State
    start: Constants = field(default_factory=dict)  # constant fields to begin from, where not from zero
    stage_index: int = 0
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

    @property
    def is_open(self) -> bool:
        """Whether a stage is left, and needed."""
        return not self.ended and self.stage_index < len(self.choice.stages)

    @property
    def in_last_rung(self) -> bool:
        return self.choice.rung_at(self.stage_index) == len(self.choice.rungs) - 1

    def leave_rung(self) -> None:
        """Go to the foot of the next rung."""
        if self.choice.opens(self.stage_index) is None:
            self.stage_index = self.choice.last_of(self.choice.rung_at(self.stage_index)) + 1

    def keep(self) -> Kept:
        """The fields being worked on."""
        state = self.state
        objective = float(state.system.losses(state.theta, held_out(state)).sum())
        residual = relative_residual(state, state.theta) if math.isfinite(objective) else math.inf
        objective, residual = (x if math.isfinite(x) else math.inf for x in (objective, residual))
        return Kept(dict(state.recipes), state.system, state.theta.clone(), objective, residual)

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
        reason = "good enough" if self.ended else f"{self.reason}; " * bool(self.reason) + "can be resumed"
        cut = Record(last.stage, self.state.step, self.seconds - earlier, last.loss, reason)
        return (*self.records, cut)

    def snapshot(self) -> dict[str, Any]:
        """Plain numbers, strings and tensors: what ``torch.load(weights_only=True)`` accepts."""
        return {
            "format": FORMAT,
            "seed": self.state.seed,
            "dtype": str(self.state.system.dtype),
            "stage_index": self.stage_index,
            "step": self.state.step,
            "scale": self.state.scale,
            "theta": self.state.theta.detach().cpu().clone(),
            "memory": copy.deepcopy(self.state.memory),
            "recipes": _recipe_values(self.state.recipes),
            "networks": {
                u.name: {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
                for u, module in self.state.system.parameters.networks.items()
            },
            "before": _kept_value(self.before),
            "best": _kept_value(self.best),
            "records": [asdict(record) for record in self.records],
            "history": [asdict(row) for row in self.history],
            "warnings": list(self.warnings),
            "troubles": list(self.troubles),
            "start": {u.name: list(values) for u, values in self.start.items()},
            "reason": self.reason,
            "ended": self.ended,
            "status": self.status,
            "message": self.message,
            "seconds": self.seconds,
        }


def better(one: Kept | None, other: Kept) -> Kept:
    """The one whose worst constraint is met better; where neither is met, that of the smaller objective."""
    return other if one is None or other.rank <= one.rank else one


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
    start = constant_start(system, seed)
    if start:
        build = builder(problem, seed, start)
        system = build_system(problem, choice.recipes, build, device, dtype)
    state = State(system, system.initial(), dict(choice.recipes), build, seed, scale)
    return Run(problem, choice, state, start)


def builder(
    problem: Problem, seed: int, start: Constants
) -> Callable[[Field, Recipe | nn.Module], nn.Module]:
    """What builds a field's network, from constants where there are such."""

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        module = build_network(u, recipe, seed + problem.fields.index(u))
        return set_constant(module, start[u]) if u in start else module

    return build


def build_system(
    problem: Problem, recipes: Recipes, build: Any, device: torch.device, dtype: torch.dtype
) -> System:
    # A recipe that leaves its size to the solver still needs some network to start from.
    networks = {u: build(u, placeholder(recipe)) for u, recipe in recipes.items()}
    return System(problem, networks, device, dtype)


def placeholder(recipe: Recipe | nn.Module) -> Recipe | nn.Module:
    """The recipe with small numbers in place of those that a solver chooses."""
    if isinstance(recipe, SineFeatures):
        return replace(recipe, count=recipe.count or 1, bandwidth=recipe.bandwidth or 1.0)
    if isinstance(recipe, SineLattice):
        return replace(recipe, orders=recipe.orders or 1)
    return recipe


def build_network(u: Field, recipe: Recipe | nn.Module, seed: int) -> nn.Module:
    """A field's network in float64; a module of the user's own is copied, so that it stays as it was."""
    if isinstance(recipe, nn.Module):
        return copy.deepcopy(recipe)
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


# ---------------------------------------------------------------------------------------- checkpoints


def _recipe_values(recipes: Recipes) -> dict[str, Any]:
    """Recipes as plain values; None for what only the problem file can give."""
    return {u.name: to_value(recipe) for u, recipe in recipes.items()}


def _kept_value(kept: Kept | None) -> dict[str, Any] | None:
    if kept is None:
        return None
    theta = kept.theta.detach().cpu().clone()
    return {
        "recipes": _recipe_values(kept.recipes),
        "theta": theta,
        "objective": kept.objective,
        "residual": kept.residual,
    }


def restore(run: Run, checkpoint: Mapping[str, Any]) -> None:
    """Put a run back where a checkpoint was taken. Raises ValueError if it belongs to another problem."""
    names = [u.name for u in run.problem.fields]
    if checkpoint.get("format") != FORMAT or set(checkpoint.get("networks", {})) != set(names):
        raise ValueError(
            f"The checkpoint holds the fields {', '.join(checkpoint.get('networks', {})) or 'none'}; expected "
            f"{', '.join(names)}, in the format '{FORMAT}'. Resume with the problem and flags that it was made with."
        )
    state, device = run.state, run.state.system.device
    dtype: torch.dtype = {"torch.float32": torch.float32, "torch.float64": torch.float64}[checkpoint["dtype"]]
    state.seed, state.scale = int(checkpoint["seed"]), float(checkpoint["scale"])

    run.start = {u: tuple(checkpoint["start"][u.name]) for u in run.problem.fields if checkpoint["start"]}
    state.build = builder(run.problem, state.seed, run.start)
    run.stage_index = int(checkpoint["stage_index"])
    state.recipes = _recipes(run, checkpoint["recipes"])
    networks = {u: state.build(u, placeholder(recipe)) for u, recipe in state.recipes.items()}
    try:
        for u in run.problem.fields:
            networks[u].load_state_dict(checkpoint["networks"][u.name])
    except RuntimeError as error:
        raise ValueError(
            f"The checkpoint's network does not fit the problem's: {' '.join(str(error).split())} Resume with the "
            f"flags that it was made with."
        ) from error
    state.system = System(run.problem, networks, device, dtype)
    state.theta = checkpoint["theta"].to(device=device, dtype=dtype)
    state.memory = copy.deepcopy(dict(checkpoint["memory"]))
    state.cache, state.step = {}, int(checkpoint["step"])
    run.before, run.best = _kept(run, checkpoint["before"]), _kept(run, checkpoint["best"])
    run.last_finite = run.before
    run.records = [Record(**record) for record in checkpoint["records"]]
    run.history = [Row(**row) for row in checkpoint["history"]]
    run.warnings = [str(text) for text in checkpoint["warnings"]]
    run.troubles = [str(text) for text in checkpoint["troubles"]]
    run.reason, run.ended = str(checkpoint["reason"]), bool(checkpoint["ended"])
    run.status, run.message = checkpoint["status"], str(checkpoint["message"])
    run.seconds = float(checkpoint["seconds"])


def _recipes(run: Run, values: Mapping[str, Any]) -> dict[Field, Recipe | nn.Module]:
    declared = run.choice.recipes_at(run.stage_index)
    return {
        u: declared[u] if values[u.name] is None else from_value(values[u.name]) for u in run.problem.fields
    }


def _kept(run: Run, value: Mapping[str, Any] | None) -> Kept | None:
    if value is None:
        return None
    old, state = run.state.system, run.state
    recipes = _recipes(run, value["recipes"])
    system = build_system(run.problem, recipes, state.build, old.device, old.dtype)
    theta = value["theta"].to(device=old.device, dtype=old.dtype)
    return Kept(recipes, system, theta, float(value["objective"]), float(value["residual"]))
