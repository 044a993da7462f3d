"""The one value that changes while a problem is solved: how it begins, and its checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Mapping
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
from .solution import Record, Row
from .solvers.ladder import Choice
from .solvers.stage import State, held_out, relative_residual

FORMAT = "sirenpde checkpoint 3"
Recipes = Mapping[Field, Recipe | nn.Module]


class DeviceError(RuntimeError):
    """A device that is not there."""


@dataclass(frozen=True)
class Kept:
    """Fields to come back to, and their objective on held-out points."""

    recipes: Recipes
    system: System
    theta: Tensor
    objective: float


@dataclass
class Run:
    """The one value that changes while a problem is solved."""

    problem: Problem
    choice: Choice
    state: State
    stage_index: int = 0
    before: Kept | None = None  # at the stage's start
    best: Kept | None = None  # of the rungs gone before
    last_finite: Tensor | None = None
    records: list[Record] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)  # what was noticed about the problem, a paragraph each
    seconds: float = 0.0

    def objective(self) -> float:
        """The objective on held-out points."""
        return float(self.state.system.losses(self.state.theta, held_out(self.state)).sum())

    def relative_residual(self) -> float:
        """The worst constraint's held-out residual, as a fraction of the largest of its own terms."""
        return relative_residual(self.state, self.state.theta)

    def keep(self) -> Kept:
        state = self.state
        return Kept(dict(state.recipes), state.system, state.theta.clone(), self.objective())

    def put_back(self, kept: Kept) -> None:
        state = self.state
        state.recipes, state.system, state.theta = dict(kept.recipes), kept.system, kept.theta

    def shown(self) -> State:
        """The state with the best fields so far, which need not be those being worked on."""
        others = [kept for kept in (self.best, self.before) if kept is not None]
        best = min(others, key=lambda kept: kept.objective, default=None)
        if best is None or not best.objective < self.objective():
            return self.state
        recipes = dict(best.recipes)
        return replace(self.state, system=best.system, theta=best.theta, recipes=recipes, cache={})

    def account(self) -> tuple[Record, ...]:
        """The stages so far, the one that was cut off included."""
        if not self.history or self.stage_index >= len(self.choice.stages) or self.state.step == 0:
            return tuple(self.records)
        last, earlier = self.history[-1], sum(record.seconds for record in self.records)
        cut = Record(
            last.stage, self.state.step, self.seconds - earlier, last.loss, "cut off; can be resumed"
        )
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
            "seconds": self.seconds,
        }


def begin(
    problem: Problem, choice: Choice, device: torch.device, dtype: torch.dtype | None, seed: int, scale: float
) -> Run:
    """A run before its first step. Raises ValueError for another dtype or a scale that is not positive."""
    dtype = dtype or _precision(problem, choice)
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"solve was given dtype={dtype}; expected torch.float32 or torch.float64.")
    if not scale > 0:
        raise ValueError(f"solve was given samples_scale={scale}; expected a positive number.")

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        return build_network(u, recipe, seed + list(problem.fields).index(u))

    system = build_system(problem, choice.recipes, build, device, dtype)
    state = State(system, system.initial(), dict(choice.recipes), build, seed, scale)
    return Run(problem, choice, state)


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
    return {"recipes": _recipe_values(kept.recipes), "theta": theta, "objective": kept.objective}


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

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        return build_network(u, recipe, state.seed + run.problem.fields.index(u))

    state.build = build
    run.stage_index = int(checkpoint["stage_index"])
    state.recipes = _recipes(run, checkpoint["recipes"])
    networks = {u: build(u, placeholder(recipe)) for u, recipe in state.recipes.items()}
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
    run.records = [Record(**record) for record in checkpoint["records"]]
    run.history = [Row(**row) for row in checkpoint["history"]]
    run.warnings = [str(text) for text in checkpoint["warnings"]]
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
    return Kept(recipes, system, theta, float(value["objective"]))
