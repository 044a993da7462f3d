"""A run as plain values, and back: what a checkpoint holds, and what it has to agree with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import nn

from ..calculus.field import Field
from ..files.typed import plain
from ..geometry import can
from ..geometry.values import domain_to_value
from ..networks.recipe import Recipe, smallest
from ..networks.values import recipe_from_value, recipe_to_value
from ..problem.scaling import scales_of
from ..residuals import System
from ..sampling.memory import Sampling
from . import fingerprint
from .begin import builder
from .history import Record, Row
from .iterate import Iterate, Recipes
from .run import PausedRung, Run, with_repeated

FORMAT = "sirenpde checkpoint 7"
Snapshot = Mapping[str, Any]
# What reading values that were changed by hand or by chance may raise.
DAMAGED = (KeyError, TypeError, ValueError, IndexError, AttributeError, RuntimeError, OverflowError)


def snapshot(run: Run) -> dict[str, Any]:
    """Plain numbers, strings and tensors: what ``torch.load(weights_only=True)`` accepts."""
    state, parameters = run.state, run.state.system.parameters
    return {
        "format": FORMAT,
        "problem": run.fingerprint,
        "rungs": run.asked,
        "declared": _declared(run),
        "choice": run.choice.reason,
        "seed": state.seed,
        "dtype": str(state.system.dtype),
        "scale": state.scale,
        "sizes": {u.name: size for u, size in state.system.scales.sizes.items()},
        "start": {u.name: list(values) for u, values in run.start.items()},
        "rung": run.rung,
        "stage": run.stage,
        "waiting": list(run.waiting),
        "repeated": [list(rung_and_stage) for rung_and_stage in run.repeated],
        "paused": [_paused_value(paused) for paused in run.paused],
        "step": state.step,
        "theta": state.theta.detach().cpu().clone(),
        "memory": plain(state.memory),
        "sampling": plain(state.sampling),
        "recipes": _recipe_values(state.recipes),
        "networks": {
            u.name: {name: value.detach().cpu().clone() for name, value in module.state_dict().items()}
            for u, module in parameters.networks.items()
        },
        "before": _iterate_value(run.before),
        "best": _iterate_value(run.best),
        "shown": _iterate_value(run.shown()),
        "records": [asdict(record) for record in run.records],
        "history": [asdict(row) for row in run.history],
        "warnings": list(run.warnings),
        "troubles": list(run.troubles),
        "reason": run.reason,
        "ended": run.ended,
        "status": run.status,
        "message": run.message,
        "seconds": run.seconds,
    }


def check_belongs(run: Run, checkpoint: Snapshot) -> None:
    """Raises ValueError for what is no checkpoint, or that of another problem, and says what differs."""
    if not isinstance(checkpoint, Mapping) or checkpoint.get("format") != FORMAT:
        format_ = checkpoint.get("format") if isinstance(checkpoint, Mapping) else type(checkpoint).__name__
        raise ValueError(
            f"solve was given {format_!r} to resume; expected a checkpoint in the format '{FORMAT}', as "
            f"solution.snapshot() gives it. Take one of this version, or solve the problem again."
        )
    differing = list(fingerprint.differences(checkpoint.get("problem"), run.fingerprint))
    if differing:
        raise ValueError(
            f"The checkpoint belongs to another problem: {'; '.join(differing[:4])}{' ...' * (len(differing) > 4)}. "
            f"Resume with the problem and flags that it was made with, or solve this one from the start."
        )


def stage_differences(run: Run, checkpoint: Snapshot) -> list[str]:
    """How the checkpoint's networks and stages differ from the run's; nothing where they do not."""
    return list(fingerprint.differences({"rungs": checkpoint.get("rungs")}, {"rungs": run.asked}))


def restore(run: Run, checkpoint: Snapshot) -> None:
    """Put a run back where a checkpoint of it was taken. Raises ValueError for a damaged one."""
    try:
        _restore(run, checkpoint)
    except DAMAGED as error:
        raise ValueError(
            f"The checkpoint is damaged ({type(error).__name__}: {' '.join(str(error).split())[:200]}); expected one "
            f"as solution.snapshot() gives it. Take another, or solve the problem again."
        ) from error


def adopt(run: Run, checkpoint: Snapshot, asked: Recipes) -> None:
    """Begin the run's own stages from the best fields of a checkpoint of the same problem.

    Raises ValueError where a network was ``asked`` for and the field found has another.
    """
    first, waiting = (run.rung, run.stage), list(run.waiting)
    nothing = {"memory": None, "sampling": plain(Sampling()), "repeated": [], "paused": []}
    restore(run, {**checkpoint, **nothing})
    run.put_back(run.shown())
    for u, recipe in asked.items():
        if not _agree(recipe, run.state.recipes[u]):
            raise ValueError(
                f"The checkpoint's field '{u.name}' has the network {fingerprint.described(run.state.recipes[u])}; "
                f"expected {fingerprint.described(recipe)}, as was asked for beside these stages. Leave the network "
                f"out, ask for the checkpoint's, or solve from the start."
            )
    state = run.state
    state.forget()
    (run.rung, run.stage), run.waiting, run.paused, run.repeated = first, waiting, [], []
    run.before = run.last_finite = run.iterate()
    run.best, run.ended, run.reason = run.before, False, ""


def _agree(asked: Recipe | nn.Module, there: Recipe | nn.Module) -> bool:
    """Whether a network is one that was asked for: the same, or with numbers in place of open ones."""
    if isinstance(asked, nn.Module) or isinstance(there, nn.Module):
        return type(asked) is type(there)
    one, other = recipe_to_value(asked), recipe_to_value(there)
    if one is None or other is None:
        return asked == there
    return one.keys() == other.keys() and all(value in (None, other[key]) for key, value in one.items())


def _restore(run: Run, checkpoint: Snapshot) -> None:
    state, device = run.state, run.state.system.device
    dtype: torch.dtype = {"torch.float32": torch.float32, "torch.float64": torch.float64}[checkpoint["dtype"]]
    state.seed, state.scale = int(checkpoint["seed"]), float(checkpoint["scale"])
    known = checkpoint["start"]
    run.start = {u: tuple(known[u.name]) for u in run.problem.fields if u.name in known}
    state.build = builder(run.problem, state.seed, run.start)
    run.repeated = [(int(rung), int(stage)) for rung, stage in checkpoint["repeated"]]
    for rung, stage in run.repeated:
        run.choice = with_repeated(run.choice, rung, stage)
    run.rung, run.stage = int(checkpoint["rung"]), int(checkpoint["stage"])
    run.waiting = [int(i) for i in checkpoint["waiting"]]
    state.recipes = _recipes(run, checkpoint["recipes"], run.rung)
    networks = {u: state.build(u, smallest(recipe)) for u, recipe in state.recipes.items()}
    for u in run.problem.fields:
        networks[u].load_state_dict(checkpoint["networks"][u.name])
    # Those of the checkpoint: on another machine rounding may lead to the next power of two.
    sizes = {u: float(checkpoint["sizes"][u.name]) for u in run.problem.fields}
    state.system = System(run.problem, networks, device, dtype, replace(scales_of(run.problem), sizes=sizes))
    state.theta = checkpoint["theta"].to(device=device, dtype=dtype, copy=True)
    if state.theta.shape != state.system.initial().shape:
        raise ValueError(f"theta has the shape {tuple(state.theta.shape)}")
    run.set_memory(checkpoint["memory"], checkpoint["sampling"])
    state.step = int(checkpoint["step"])
    run.before, run.best = _iterate(run, checkpoint["before"]), _iterate(run, checkpoint["best"])
    run.last_finite, run.paused = run.before, [_paused(run, value) for value in checkpoint["paused"]]
    run.records = [Record(**record) for record in checkpoint["records"]]
    run.history = [Row(**row) for row in checkpoint["history"]]
    run.warnings = [str(text) for text in checkpoint["warnings"]]
    run.troubles = [str(text) for text in checkpoint["troubles"]]
    run.reason, run.ended = str(checkpoint["reason"]), bool(checkpoint["ended"])
    run.status, run.message = checkpoint["status"], str(checkpoint["message"])
    run.seconds = float(checkpoint["seconds"])


def _declared(run: Run) -> dict[str, Any]:
    """What the fields and unknown numbers are, for a reader without the problem."""
    return {
        "fields": {
            u.name: {
                "axes": [[axis.name, axis.low, axis.high] for axis in u.axes],
                "shape": list(u.shape),
                "complex": u.is_complex,
                "periodic": [axis.name for axis in u.periodic],
                "frame": _frame(run, u),
                "domain": domain_to_value(u.domain) if can.needs_mesh(u.domain) else None,
            }
            for u in run.problem.fields
        },
        "unknowns": {c.name: [c.initial, c.low, c.high] for c in run.problem.unknowns},
    }


def _frame(run: Run, u: Field) -> list[Any] | None:
    """The way back to the units of a file, over the field's axes, where a cloud or mesh was scaled into the box."""
    for constraint in run.problem.constraints:
        frame, axes = can.frame_of(constraint.domain), constraint.domain.axes
        if frame is not None and {a.name for a in u.axes} <= {a.name for a in axes}:
            over_field = frame.over(axes, u.axes)
            return [list(over_field.centre), over_field.scale]
    return None


def _recipe_values(recipes: Recipes) -> dict[str, Any]:
    """Recipes as plain values; None for what only the problem file can give."""
    return {u.name: recipe_to_value(recipe) for u, recipe in recipes.items()}


def _recipes(run: Run, values: Snapshot, rung: int) -> dict[Field, Recipe | nn.Module]:
    """Recipes from plain values, those of a rung where only the problem file can give them."""
    declared = run.choice.rungs[min(rung, len(run.choice.rungs) - 1)].recipes
    return {
        u: declared[u] if values[u.name] is None else recipe_from_value(values[u.name])
        for u in run.problem.fields
    }


def _iterate_value(iterate: Iterate | None) -> dict[str, Any] | None:
    if iterate is None:
        return None
    return {
        "recipes": _recipe_values(iterate.recipes),
        "theta": iterate.theta.detach().cpu().clone(),
        "objective": iterate.objective,
        "residual": iterate.residual,
        "rung": iterate.rung,
    }


def _iterate(run: Run, value: Snapshot | None) -> Iterate | None:
    if value is None:
        return None
    old, state = run.state.system, run.state
    recipes = _recipes(run, value["recipes"], int(value["rung"]))
    system = old.with_networks({u: state.build(u, smallest(recipe)) for u, recipe in recipes.items()})
    theta = value["theta"].to(device=old.device, dtype=old.dtype, copy=True)
    return Iterate(
        recipes, system, theta, float(value["objective"]), float(value["residual"]), int(value["rung"])
    )


def _paused_value(paused: PausedRung) -> dict[str, Any]:
    return {
        "rung": paused.rung,
        "stage": paused.stage,
        "step": paused.step,
        "memory": plain(paused.memory),
        "sampling": plain(paused.sampling),
        "iterate": _iterate_value(paused.iterate),
        "before": _iterate_value(paused.before),
    }


def _paused(run: Run, value: Snapshot) -> PausedRung:
    iterate = _iterate(run, value["iterate"])
    assert iterate is not None
    return PausedRung(
        int(value["rung"]),
        int(value["stage"]),
        int(value["step"]),
        plain(value["memory"]),
        plain(value["sampling"]),
        iterate,
        _iterate(run, value["before"]),
    )
