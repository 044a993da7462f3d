"""What ``show`` and ``check`` share: a system of the problem, and its samples as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..run.directory import RunError
from .session import Session

if TYPE_CHECKING:
    from ..export.sampled import Array
    from ..geometry.point import Axis
    from ..problem.problem import Problem
    from ..residuals import System
    from ..solvers.ladder import Choice

_DRAWN = 3000  # points at most of each domain
_ACROSS = 65  # points across a shape whose outline is drawn


def prepare(session: Session) -> tuple[Choice, System]:
    """What the problem would be solved with, and its system with those networks."""
    from ..analysis.check import build_system
    from ..solvers.ladder import choose

    choice = choose(session.problem, None, session.recipe)
    return choice, build_system(session.problem, choice.recipes, session.given.settings.seed)


def picture_file(session: Session, out: str | None) -> Path:
    """The file for the samples: ``out``, or in it, or beside the runs; RunError where it would be written over."""
    folder = Path(out) if out is not None else Path("runs")
    file = folder if folder.suffix == ".png" else folder / f"{session.given.problem}-samples.png"
    if out is not None and (file.exists() or (folder.exists() and folder != file and not folder.is_dir())):
        there = file if file.exists() else folder
        raise RunError(
            f"{there} is there already; nothing was changed. Choose another --out: a directory, or a file that "
            f"ends in .png."
        )
    return file


def draw_samples(session: Session, system: System, file: Path) -> Path:
    """The samples of every domain with their normals, as PNG."""
    import torch

    from ..plots import Samples, sample_points, save_figure

    problem = session.problem
    generator = torch.Generator().manual_seed(session.given.settings.seed)
    sets = []
    for group in system.groups:
        size = group.domain.size
        total = min(group.samples or size or 0, size or group.samples or 0)
        points, data = group.domain.draw(min(total, _DRAWN), generator)
        names = ", ".join(problem.constraints[i].name for i in group.members)
        normals = data["normal"].numpy() if "normal" in data else None
        title = f"{names}\n{group.domain.name}"
        axes = group.domain.axes
        sets.append(Samples(title, axes, points.numpy(), normals, total, _outline(problem, axes)))
    return save_figure(file, sample_points(sets, f"{session.given.problem}: where its constraints hold"))


def _outline(problem: Problem, axes: tuple[Axis, ...]) -> Array | None:
    """The boundary of the shape in these two axes that a field or constraint of the problem lives on."""
    from ..geometry import can
    from ..plots.solids import edges_of

    for domain in (*(u.domain for u in problem.fields), *(c.domain for c in problem.constraints)):
        cells = can.cells_of(domain, _ACROSS) if domain.axes == axes and len(axes) == 2 else None
        if cells is not None and cells.corners.shape[1] == 3:
            outline: Array = cells.points.numpy()[edges_of(cells.corners.numpy())]
            return outline
    return None
