"""``list``, ``show`` and ``check``: looking at problems before they are solved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .. import loading
from .session import Session
from .terminal import print_json, table

if TYPE_CHECKING:
    from ..residuals import System
    from ..solvers.ladder import Choice

_DRAWN = 3000


def list_command(as_json: bool) -> int:
    entries = loading.bundled()
    if as_json:
        print_json({"problems": [{"name": e.name, "summary": e.summary} for e in entries]})
    else:
        print(table([[e.name, e.summary] for e in entries], indent="") if entries else "no bundled problems")
    return 0


def show_command(session: Session, out: str | None) -> int:
    """The problem's table, its networks, derivative channels and sizes; its samples as a picture."""
    from torch import nn

    choice, system = _prepare(session)
    problem = session.problem
    print(problem)
    print()
    rows = [["field", "axes", "values", "network"]]
    for u in problem.fields:
        ranges = ", ".join(f"{a.name} in ({a.low:g}, {a.high:g})" for a in u.axes)
        kind = ("complex" if u.is_complex else "real") + (f" {u.shape}" if u.shape else "")
        recipe = choice.recipes[u]
        network = type(recipe).__name__ if isinstance(recipe, nn.Module) else recipe.describe()
        rows.append([u.name, ranges, kind, network])
    print(table(rows, indent=""))
    print()
    rows = [["on", "field", "derivatives", "engine", "channels"]]
    for group in system.groups:
        for u, engine in group.sweep.engines.items():
            asked = ", ".join(map(str, group.sweep.asked[u]))
            rows.append([group.domain.name, u.name, asked, engine.kind, str(engine.channels)])
    print(table(rows, indent=""))
    print()
    residuals = sum(
        problem.requests[i].size * (group.samples or group.domain.size or 0)
        for group in system.groups
        for i in group.members
    )
    print(f"chosen: {choice.reason}")
    for stage, needed in _memories(session, choice):
        print(f"memory: {stage}, {needed / 2**30:.2f} GiB of dense matrices")
    print(f"residuals: {residuals} on {sum(g.samples or g.domain.size or 0 for g in system.groups)} points")
    print(f"samples and normals drawn in {draw_samples(session, system, out)}")
    return 0


def _memories(session: Session, choice: Choice) -> Iterator[tuple[str, int]]:
    """The stages that hold dense matrices, and their bytes."""
    import torch

    from ..run import begin
    from ..solvers.stage import memory

    settings = session.given.settings
    for place, rung in enumerate(choice.rungs):
        rest = replace(choice, rungs=choice.rungs[place:])
        run = begin(session.problem, rest, torch.device("cpu"), None, settings.seed, settings.samples_scale)
        needed = ((stage.name, memory(stage, run.state)) for stage in rung.stages)
        yield from ((name, size) for name, size in needed if size)


def check_command(session: Session, out: str | None, as_json: bool) -> int:
    """Exit code 1 where something is wrong."""
    from ..analysis.check import Finding, check

    _, system = _prepare(session)
    settings = session.given.settings
    findings: list[Finding] = []
    for finding in check(session.problem, system, settings.seed, settings.samples_scale):
        findings.append(finding)
        if not as_json:
            print(f"{_MARKS[finding.ok]:<5} {finding.topic}: {finding.text}", flush=True)
    picture = draw_samples(session, system, out)
    wrong = [finding for finding in findings if finding.ok is False]
    if as_json:
        rows = [{"topic": f.topic, "ok": f.ok, "text": f.text} for f in findings]
        print_json({"ok": not wrong, "findings": rows, "picture": str(picture)})
    else:
        print(f"{_MARKS[None]:<5} samples and normals drawn in {picture}")
        print(f"{len(wrong)} of {len(findings)} findings wrong" if wrong else "all is well")
    return 1 if wrong else 0


_MARKS = {True: "ok", False: "WRONG", None: "-"}


def _prepare(session: Session) -> tuple[Choice, System]:
    from ..analysis.check import build_system
    from ..solvers.ladder import choose

    choice = choose(session.problem, None, session.recipe)
    return choice, build_system(session.problem, choice.recipes, session.given.settings.seed)


def draw_samples(session: Session, system: System, out: str | None) -> Path:
    """The samples of every domain with their normals, as PNG: in ``out``, or beside the runs."""
    import torch

    from ..plots import Samples, sample_points, save_figure

    problem = session.problem
    generator = torch.Generator().manual_seed(session.given.settings.seed)
    sets: dict[tuple[str, ...], list[Samples]] = {}
    limits: dict[tuple[str, ...], list[tuple[float, float]]] = {}
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
        limits[axes] = [(axis.low, axis.high) for axis in group.domain.axes]
    folder = Path(out) if out is not None else Path("runs")
    path = folder if folder.suffix == ".png" else folder / f"{session.given.problem}-samples.png"
    for i, (axes, group_sets) in enumerate(sets.items()):
        file = path if not i else path.with_stem(f"{path.stem}-{'-'.join(axes)}")
        save_figure(file, sample_points(group_sets, axes, limits[axes]))
    return path
