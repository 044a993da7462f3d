"""What ``show`` and ``check`` share: a system of the problem, and its samples as pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..run.directory import RunError
from .session import Session

if TYPE_CHECKING:
    from ..geometry.point import Axis
    from ..residuals import System
    from ..solvers.ladder import Choice

_DRAWN = 3000  # points at most of each domain


def prepare(session: Session) -> tuple[Choice, System]:
    """What the problem would be solved with, and its system with those networks."""
    from ..analysis.check import build_system
    from ..solvers.ladder import choose

    choice = choose(session.problem, None, session.recipe)
    return choice, build_system(session.problem, choice.recipes, session.given.settings.seed)


def picture_files(session: Session, system: System, out: str | None) -> dict[tuple[str, ...], Path]:
    """The file for the samples on each tuple of axes: below ``out``, or beside the runs.

    Raises RunError where ``out`` would be written over.
    """
    folder = Path(out) if out is not None else Path("runs")
    first = folder if folder.suffix == ".png" else folder / f"{session.given.problem}-samples.png"
    files: dict[tuple[str, ...], Path] = {}
    for group in system.groups:
        axes = tuple(axis.name for axis in group.domain.axes)
        files.setdefault(axes, first.with_stem(f"{first.stem}-{'-'.join(axes)}") if files else first)
    for file in files.values() if out is not None else ():
        if file.exists() or (folder.exists() and folder != first and not folder.is_dir()):
            there = file if file.exists() else folder
            raise RunError(
                f"{there} is there already; nothing was changed. Choose another --out: a directory, or a file that "
                f"ends in .png."
            )
    return files


def draw_samples(session: Session, system: System, files: Mapping[tuple[str, ...], Path]) -> Path:
    """The samples of every domain with their normals, as PNG; the first file."""
    import torch

    from ..plots import Samples, sample_points, save_figure

    problem = session.problem
    generator = torch.Generator().manual_seed(session.given.settings.seed)
    sets: dict[tuple[str, ...], list[Samples]] = {}
    spans: dict[tuple[str, ...], tuple[Axis, ...]] = {}
    for group in system.groups:
        size = group.domain.size
        total = min(group.samples or size or 0, size or group.samples or 0)
        points, data = group.domain.draw(min(total, _DRAWN), generator)
        names = ", ".join(problem.constraints[i].name for i in group.members)
        normals = data["normal"].numpy() if "normal" in data else None
        axes = tuple(axis.name for axis in group.domain.axes)
        sets.setdefault(axes, []).append(
            Samples(f"{names}\n{group.domain.name}", points.numpy(), normals, total)
        )
        spans[axes] = group.domain.axes
    for axes, group_sets in sets.items():
        save_figure(files[axes], sample_points(group_sets, spans[axes]))
    return next(iter(files.values()))
