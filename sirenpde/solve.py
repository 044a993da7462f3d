"""The run: networks, stages in order, the best state kept, interruption and budget."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from .calculus.field import Field, Recipe
from .networks.sine_features import SineFeatures
from .problem import Problem
from .residuals import NotFinite, System
from .solution import Record, Row, Solution, Status
from .solvers.ladder import Choice, choose
from .solvers.stage import Report, Stage, State, held_out

SLACK = 1.001  # a stage may leave the held-out objective this much larger before it is rolled back
KEEP_EVERY = 50  # steps between copies of the last finite parameters


class DeviceError(RuntimeError):
    """A device that is not there."""


@dataclass(frozen=True)
class Progress:
    """Where a run stands after one advance of a stage."""

    stage: str
    stage_index: int
    stage_count: int
    step: int
    steps: int
    loss: float
    terms: Mapping[str, float]
    seconds: float
    error: float | None  # the worst relative L2 error against the references, measured now and then
    snapshot: Callable[[], dict[str, Any]]


@dataclass
class Run:
    """The one value that changes while a problem is solved."""

    problem: Problem
    choice: Choice
    state: State
    stage_index: int = 0
    before: Tensor | None = None  # the parameters and the held-out objective at the stage's start
    before_loss: float = float("inf")
    last_finite: Tensor | None = None
    records: list[Record] = field(default_factory=list)
    history: list[Row] = field(default_factory=list)
    seconds: float = 0.0

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
            "format": "sirenpde checkpoint 1",
            "seed": self.state.seed,
            "dtype": str(self.state.system.dtype),
            "stage_index": self.stage_index,
            "step": self.state.step,
            "scale": self.state.scale,
            "theta": self.state.theta.detach().cpu().clone(),
            "memory": copy.deepcopy(self.state.memory),
            "recipes": {u.name: _recipe_value(recipe) for u, recipe in self.state.recipes.items()},
            "networks": {
                u.name: {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
                for u, module in self.state.system.parameters.networks.items()
            },
            "before": None if self.before is None else self.before.cpu().clone(),
            "before_loss": self.before_loss,
            "records": [asdict(record) for record in self.records],
            "history": [asdict(row) for row in self.history],
            "seconds": self.seconds,
        }


def solve(
    problem: Problem,
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    dtype: torch.dtype | None = None,
    seed: int = 0,
    steps: int | None = None,
    budget: float | None = None,
    samples_scale: float = 1.0,
    network: Recipe | None = None,
    progress: Callable[[Progress], None] | None = None,
    resume: Mapping[str, Any] | None = None,
) -> Solution:
    """Find the fields that satisfy a problem's constraints.

    Args:
        problem: what must hold.
        using: solver stages in order; the problem's own, or chosen for it, if left out.
        device: "auto" (a GPU if there is one), "cpu" or "cuda".
        dtype: ``torch.float32`` or ``torch.float64``; what the stages work best in if left out.
        seed: fixes the networks' first values and all points.
        steps: at most so many steps of each iterative stage.
        budget: seconds after which the run stops with the best it has.
        samples_scale: multiplies the number of samples of every constraint.
        network: a recipe that replaces the one of every field.
        progress: called after every step. An exception it raises ends the run.
        resume: a checkpoint, as ``Solution.snapshot`` gives it; the run goes on from there, to the same bits.

    Returns:
        The solution. Its ``status`` is "done", "budget", "interrupted" (by the keyboard) or "not finite".

    Raises:
        DeviceError: for a device that is not there.
        ValueError: for arguments, stages or checkpoints that do not fit the problem.

    >>> from sirenpde import Box, Field, Problem, laplacian, on, solve
    >>> box = Box(x=(0, 1))
    >>> u = Field("u", box)
    >>> @on(box, samples=50)
    ... def poisson(p):
    ...     return laplacian(u)(p) + 2
    >>> @on(box.boundary(), samples=2)
    ... def ends(p):
    ...     return u(p)
    >>> solution = solve(Problem(poisson, ends))
    >>> bool(abs(solution[u]([[0.5]]) - 0.25) < 1e-9)
    True
    """
    choice = _choice(problem, using, network, steps)
    run = _begin(problem, choice, find_device(device), dtype, seed, samples_scale)
    if resume is not None:
        restore(run, resume)
    status, message = _stages(run, budget, progress)
    return Solution(run, status, message)


def recall(
    problem: Problem,
    checkpoint: Mapping[str, Any],
    using: Sequence[Stage] | None = None,
    *,
    device: str = "auto",
    network: Recipe | None = None,
    steps: int | None = None,
) -> Solution:
    """The solution at a checkpoint, with nothing computed; arguments and errors as for ``solve``."""
    run = _begin(problem, _choice(problem, using, network, steps), find_device(device), None, 0, 1.0)
    restore(run, checkpoint)
    done = run.stage_index >= len(run.choice.stages)
    return Solution(run, "done" if done else "interrupted", "")


def _choice(
    problem: Problem, using: Sequence[Stage] | None, network: Recipe | None, steps: int | None
) -> Choice:
    choice = choose(problem, using, network)
    if steps is None:
        return choice
    return replace(choice, stages=tuple(_limited(stage, steps) for stage in choice.stages))


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


def _limited(stage: Stage, steps: int) -> Stage:
    if "steps" not in getattr(stage, "__dataclass_fields__", {}):
        return stage
    return replace(stage, steps=steps)  # type: ignore[type-var]


def _begin(
    problem: Problem, choice: Choice, device: torch.device, dtype: torch.dtype | None, seed: int, scale: float
) -> Run:
    dtype = dtype or _precision(problem, choice)
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"solve was given dtype={dtype}; expected torch.float32 or torch.float64.")
    if not scale > 0:
        raise ValueError(f"solve was given samples_scale={scale}; expected a positive number.")

    def build(u: Field, recipe: Recipe | nn.Module) -> nn.Module:
        return build_network(u, recipe, seed + list(problem.fields).index(u))

    # A recipe that leaves its size to the solver still needs some network to start from.
    start = {u: build(u, _placeholder(recipe)) for u, recipe in choice.recipes.items()}
    system = System(problem, start, device, dtype)
    state = State(system, system.initial(), dict(choice.recipes), build, seed, scale)
    return Run(problem, choice, state)


def _placeholder(recipe: Recipe | nn.Module) -> Recipe | nn.Module:
    if isinstance(recipe, SineFeatures):
        return replace(recipe, count=recipe.count or 1, bandwidth=recipe.bandwidth or 1.0)
    return recipe


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


def build_network(u: Field, recipe: Recipe | nn.Module, seed: int) -> nn.Module:
    """A field's network in float64; a module of the user's own is copied, so that it stays as it was."""
    if isinstance(recipe, nn.Module):
        return copy.deepcopy(recipe)
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    generator = torch.Generator().manual_seed(seed)
    return recipe.build(low, high, u.outputs, periodic, generator)


# ------------------------------------------------------------------------------------------ the stages


def _stages(
    run: Run, budget: float | None, progress: Callable[[Progress], None] | None
) -> tuple[Status, str]:
    started, earlier = time.monotonic(), run.seconds
    meter = ErrorMeter(run)
    try:
        while run.stage_index < len(run.choice.stages):
            if run.before is None:
                _open_stage(run)
            while True:
                report = run.choice.stages[run.stage_index].advance(run.state)
                run.seconds = earlier + time.monotonic() - started
                _note(run, report)
                if progress is not None:
                    progress(_progress(run, report, meter.read()))
                if report.finished:
                    break
                if budget is not None and run.seconds >= budget:
                    return "budget", f"stopped after {run.seconds:.1f} s, the budget being {budget:g} s"
            _close_stage(run, report, report.reason)
    except KeyboardInterrupt:
        return "interrupted", f"interrupted at step {run.state.step} of stage {run.stage_index + 1}"
    except NotFinite as error:
        return "not finite", str(error)
    return "done", ""


def _open_stage(run: Run) -> None:
    run.before = run.last_finite = run.state.theta.clone()
    run.before_loss = float("inf")
    if run.stage_index > 0:
        run.before_loss = float(run.state.system.losses(run.state.theta, held_out(run.state)).sum())


def _close_stage(run: Run, report: Report, reason: str) -> None:
    """Roll back a stage that made the held-out objective worse, and hand over to the next."""
    stage, state = run.choice.stages[run.stage_index], run.state
    if run.stage_index > 0:
        after = float(state.system.losses(state.theta, held_out(state)).sum())
        if not after <= run.before_loss * SLACK:
            assert run.before is not None
            state.theta = run.before
            reason += (
                f"; rolled back, since the held-out objective rose from {run.before_loss:.3e} to {after:.3e}"
            )
    earlier = sum(record.seconds for record in run.records)
    run.records.append(Record(stage.name, state.step, run.seconds - earlier, report.loss, reason))
    state.memory, state.cache, state.step = {}, {"held_out": held_out(state)}, 0
    run.before, run.stage_index = None, run.stage_index + 1


def _note(run: Run, report: Report) -> None:
    stage = run.choice.stages[run.stage_index]
    names = [constraint.name for constraint in run.problem.constraints]
    terms = dict(zip(names, report.terms, strict=True))
    run.history.append(Row(stage.name, run.state.step, run.seconds, report.loss, terms))
    if not all(map(_finite, report.terms)) or not bool(run.state.theta.isfinite().all()):
        _raise_not_finite(run, terms)
    if run.state.step % KEEP_EVERY == 0:
        run.last_finite = run.state.theta.clone()


def _finite(value: float) -> bool:
    return abs(value) < float("inf")


def _raise_not_finite(run: Run, terms: Mapping[str, float]) -> None:
    """Name what broke, and leave the last finite state behind."""
    broken = [name for name, value in terms.items() if not _finite(value)]
    what = f"constraint '{broken[0]}'" if broken else "the parameters"
    step, stage = run.state.step, run.choice.stages[run.stage_index].name
    detail = ""
    try:
        run.state.system.check_finite(run.state.theta, held_out(run.state))
    except NotFinite as error:
        detail = f" {error}"
    if run.last_finite is not None:
        run.state.theta = run.last_finite
    raise NotFinite(
        f"At step {step} of {stage}, {what} stopped being finite.{detail} Lower the learning rate, clip the "
        f"gradient, or look for a division or root at zero in the constraint; the last finite state is kept."
    )


class ErrorMeter:
    """The true error while a run goes on, measured so rarely that it takes a few percent of the time."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.value: float | None = None
        self.next = time.monotonic() + 2.0

    def read(self) -> float | None:
        if self.run.problem.reference and time.monotonic() >= self.next:
            started = time.monotonic()
            errors = Solution(self.run, "interrupted", "").errors
            self.value = max(float(error["relative_l2"]) for error in errors.values())
            now = time.monotonic()
            self.next = now + max(2.0, 30 * (now - started))
        return self.value


def _progress(run: Run, report: Report, error: float | None) -> Progress:
    stage, row = run.choice.stages[run.stage_index], run.history[-1]
    return Progress(
        stage.name,
        run.stage_index,
        len(run.choice.stages),
        run.state.step,
        stage.steps,
        report.loss,
        row.terms,
        run.seconds,
        error,
        run.snapshot,
    )


# ---------------------------------------------------------------------------------------- checkpoints


def _recipe_value(recipe: Recipe | nn.Module) -> dict[str, Any] | None:
    """A chosen recipe as plain values; None where the problem file declares it itself."""
    if isinstance(recipe, SineFeatures):
        return {"name": "SineFeatures", "count": recipe.count, "bandwidth": recipe.bandwidth}
    return None


def restore(run: Run, checkpoint: Mapping[str, Any]) -> None:
    """Put a run back where a checkpoint was taken. Raises ValueError if it belongs to another problem."""
    names = {u.name: u for u in run.problem.fields}
    if checkpoint.get("format") != "sirenpde checkpoint 1" or set(checkpoint.get("networks", {})) != set(
        names
    ):
        raise ValueError(
            f"The checkpoint holds the fields {', '.join(checkpoint.get('networks', {})) or 'none'}; expected "
            f"{', '.join(names)}. Resume with the problem and flags that it was made with."
        )
    state = run.state
    state.seed, state.scale = int(checkpoint["seed"]), float(checkpoint["scale"])
    for name, value in checkpoint["recipes"].items():
        if value is not None and value["count"] is not None:
            bandwidth = value["bandwidth"]
            bandwidth = tuple(bandwidth) if isinstance(bandwidth, list | tuple) else bandwidth
            state.recipes[names[name]] = SineFeatures(value["count"], bandwidth)
    networks = {u: build_network(u, _placeholder(state.recipes[u]), state.seed) for u in names.values()}
    try:
        for name, values in checkpoint["networks"].items():
            networks[names[name]].load_state_dict(values)
    except RuntimeError as error:
        raise ValueError(
            f"The checkpoint's network does not fit the problem's: {' '.join(str(error).split())} Resume with the "
            f"flags that it was made with."
        ) from error
    dtype: torch.dtype = {"torch.float32": torch.float32, "torch.float64": torch.float64}[checkpoint["dtype"]]
    state.system = System(run.problem, networks, state.system.device, dtype)
    state.theta = checkpoint["theta"].to(device=state.system.device, dtype=dtype)
    state.memory = copy.deepcopy(dict(checkpoint["memory"]))
    state.cache, state.step = {}, int(checkpoint["step"])
    run.stage_index = int(checkpoint["stage_index"])
    before = checkpoint["before"]
    run.before = None if before is None else before.to(device=state.system.device, dtype=dtype)
    run.before_loss = float(checkpoint["before_loss"])
    run.records = [Record(**record) for record in checkpoint["records"]]
    run.history = [Row(**row) for row in checkpoint["history"]]
    run.seconds = float(checkpoint["seconds"])
