"""A solution as files, and back without its problem: fields by name, the account of the run, and its checkpoint."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from ..calculus.field import Field, Unknown
from ..files import sealed
from ..geometry.box import Box
from ..geometry.frame import Frame
from ..geometry.point import Axis
from ..geometry.values import domain_from_value
from ..networks.recipe import smallest
from ..networks.registry import UnknownKind
from ..networks.values import recipe_from_value
from ..problem.problem import Problem
from ..problem.scaling import Scales
from ..residuals import System
from .begin import builder
from .checkpoint import DAMAGED, FORMAT
from .history import Record, Row

FILE = "solution.pt"


@dataclass(frozen=True)
class SavedDomain:
    """The box of a field, and the way back to the units of a file where its cloud or mesh was scaled into it."""

    box: Box
    frame: Frame | None
    name: str = "saved"
    size: None = None

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.box.axes

    def draw(self, n: int | None, generator: Generator) -> tuple[Tensor, Mapping[str, Tensor]]:
        return self.box.draw(n, generator)


def write(directory: str | PathLike[str], snapshot: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Raises ValueError where the directory is a file."""
    path = Path(directory)
    if path.is_file():
        raise ValueError(f"{path} is a file; expected a directory for the solution. Choose another.")
    path.mkdir(parents=True, exist_ok=True)
    sealed.write(path / FILE, {"snapshot": dict(snapshot), "report": as_stored(report)})


@dataclass(frozen=True)
class SavedFields:
    """Fields and an account from files: what a ``Solution`` is made of.

    ``account`` holds arguments of it, ``measured`` what is not measured anew, since the constraints are not there:
    both by name.
    """

    problem: Problem
    system: System
    theta: Tensor
    checkpoint: Mapping[str, Any]
    account: Mapping[str, Any]
    measured: Mapping[str, Any]


def read(directory: str | PathLike[str]) -> SavedFields:
    """From what ``write`` wrote or a run's checkpoint.

    Raises ValueError for anything else, and for fields whose networks only the problem can build.
    """
    path = Path(directory)
    files = [path / name for name in (FILE, "checkpoint.pt") if (path / name).is_file()]
    if not files:
        raise ValueError(
            f"{path} holds no {FILE}; expected a directory that solution.save() wrote, or that of a run. Check the "
            f"path."
        )
    value = sealed.read(files[0])
    try:
        snapshot = value["snapshot"] if "snapshot" in value else value["state"]
        if snapshot["format"] != FORMAT:
            raise OtherFormat(
                f"{files[0]} is of the format '{snapshot['format']}'; expected '{FORMAT}'. Open it with the version "
                f"of sirenpde that wrote it, or solve the problem again."
            )
        return _fields(snapshot, value.get("report") or _report_beside(path, snapshot))
    except (Unbuildable, UnknownKind, OtherFormat):
        raise
    except DAMAGED as error:
        raise ValueError(
            f"{files[0]} holds no solution ({type(error).__name__}: {' '.join(str(error).split())[:200]}); expected "
            f"what solution.save() wrote with this version. Solve the problem again, or take another copy."
        ) from error


def _report_beside(path: Path, snapshot: Mapping[str, Any]) -> Mapping[str, Any]:
    """The report of a run directory, where it is that of its checkpoint; JSON has null for infinite numbers."""
    try:
        report = json.loads((path / "report.json").read_text(encoding="utf-8"))
        if report["wall_s"] != snapshot["seconds"] or report["status"] != snapshot["status"]:
            return {}
        errors = report.get("unknown_errors", {})
        report["unknown_errors"] = {name: math.inf if e is None else e for name, e in errors.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return dict(report)


class Unbuildable(ValueError):
    """A field whose network is the user's own."""


class OtherFormat(ValueError):
    """A file of another version."""


def as_stored(value: Any) -> Any:
    """Mappings, lists, strings and numbers, as a checkpoint may hold them."""
    if isinstance(value, Mapping):
        return {str(key): as_stored(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [as_stored(entry) for entry in value]
    return value if value is None or isinstance(value, str | bool | int | float) else str(value)


def _fields(snapshot: Mapping[str, Any], report: Mapping[str, Any]) -> SavedFields:
    fields = [_field(name, value) for name, value in snapshot["declared"]["fields"].items()]
    unknowns = [
        Unknown(name, *map(_number, value)) for name, value in snapshot["declared"]["unknowns"].items()
    ]
    problem = Problem.without_constraints(fields, unknowns)
    shown = snapshot["shown"]
    unknown = [u.name for u in fields if shown["recipes"][u.name] is None]
    if unknown:
        raise Unbuildable(
            f"The field {', '.join(unknown)} was solved with a module of its problem's own, which no file holds. Use "
            f"solve(problem, resume=...) with the checkpoint that solution.snapshot() gives."
        )
    recipes = {u: recipe_from_value(shown["recipes"][u.name]) for u in fields}
    dtype: torch.dtype = {"torch.float32": torch.float32, "torch.float64": torch.float64}[snapshot["dtype"]]
    build = builder(problem, int(snapshot["seed"]), {})
    networks = {u: build(u, smallest(recipe)) for u, recipe in recipes.items()}
    sizes = {u: float(snapshot["sizes"][u.name]) for u in fields}
    system = System(problem, networks, torch.device("cpu"), dtype, Scales(sizes, {}, even=True))
    theta = shown["theta"].to(dtype)
    if theta.shape != system.initial().shape:
        raise ValueError(f"theta has the shape {tuple(theta.shape)}")
    account = {
        "seed": int(snapshot["seed"]),
        "samples_scale": float(snapshot["scale"]),
        "status": snapshot["status"],
        "message": str(snapshot["message"]),
        "choice": str(snapshot["choice"]),
        "stages": tuple(Record(**record) for record in snapshot["records"]),
        "history": tuple(Row(**row) for row in snapshot["history"]),
        "seconds": float(snapshot["seconds"]),
        "warnings": tuple(str(text) for text in snapshot["warnings"]),
    }
    measured = {
        "constraints": report.get("constraints", {}),
        "errors": report.get("errors", {}),
        "residuals": report.get("residuals", 0),
        "standard_errors": report.get("unknown_errors", {}),
        "correlations": report.get("unknown_correlations", {}),
        "uncertainty": None,
        "chi_square": {
            name: (float(told["value"]), int(told["measurements"]))
            for name, told in report.get("chi_square", {}).items()
        },
        "relative_residual": report.get("relative_residual", float(shown["residual"])),
    }
    return SavedFields(problem, system, theta, snapshot, account, measured)


def _field(name: str, value: Mapping[str, Any]) -> Field:
    box = Box(**{axis: (float(low), float(high)) for axis, low, high in value["axes"]})
    frame = None
    if value["frame"] is not None:
        centre, scale = value["frame"]
        frame = Frame(tuple(map(float, centre)), float(scale))
    periodic = tuple(axis for axis in box.axes if axis.name in value["periodic"])
    shape = tuple(map(int, value["shape"]))
    own_domain = value.get("domain")
    domain: Any = (
        SavedDomain(box, frame) if own_domain is None or frame is not None else domain_from_value(own_domain)
    )
    return Field(name, domain, shape=shape, dtype=complex if value["complex"] else None, periodic=periodic)


def _number(value: Any) -> Any:
    return None if value is None else float(value)
