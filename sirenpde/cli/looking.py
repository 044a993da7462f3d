"""``list``, ``show`` and ``check``: looking at problems before they are solved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..problem import load as loading
from ..run.directory import RunError
from .session import Session
from .terminal import aside, print_json, table

if TYPE_CHECKING:
    from ..geometry.point import Axis
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
    files = _pictures(session, system, out)
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
            asked = ", ".join(map(str, dict.fromkeys(group.sweep.asked[u])))
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
    print(f"samples and normals drawn in {draw_samples(session, system, files)}")
    return 0


def _memories(session: Session, choice: Choice) -> Iterator[tuple[str, int]]:
    """The stages that hold dense matrices, and their bytes."""
    import torch

    from ..run.run import begin
    from ..solvers.stage import bytes_needed

    settings = session.given.settings
    for place, rung in enumerate(choice.rungs):
        rest = replace(choice, rungs=choice.rungs[place:])
        run = begin(session.problem, rest, torch.device("cpu"), None, settings.seed, settings.samples_scale)
        needed = ((stage.name, bytes_needed(stage, run.state)) for stage in rung.stages)
        yield from ((name, size) for name, size in needed if size)


def check_command(session: Session, out: str | None, as_json: bool) -> int:
    """Exit code 1 where something is wrong; warnings are told, and alone leave it 0."""
    from ..analysis.check import Finding, check

    _, system = _prepare(session)
    files = _pictures(session, system, out)
    settings = session.given.settings
    findings: list[Finding] = []
    found = check(session.problem, system, settings.seed, settings.samples_scale)
    while True:
        with aside():
            finding = next(found, None)
        if finding is None:
            break
        findings.append(finding)
        if not as_json:
            mark = _WARNS if finding.warns else _MARKS[finding.ok]
            print(f"{mark:<5} {finding.topic}: {finding.text}", flush=True)
    picture = draw_samples(session, system, files)
    wrong, warned = sum(f.ok is False for f in findings), sum(f.warns for f in findings)
    if as_json:
        rows = [{"topic": f.topic, "ok": f.ok, "warning": f.warns, "text": f.text} for f in findings]
        print_json({"ok": not wrong, "warnings": warned, "findings": rows, "picture": str(picture)})
    else:
        print(f"{_MARKS[None]:<5} samples and normals drawn in {picture}")
        print(_verdict(wrong, warned, len(findings)))
    return 1 if wrong else 0


_MARKS, _WARNS = {True: "ok", False: "WRONG", None: "-"}, "WARN"


def _verdict(wrong: int, warned: int, count: int) -> str:
    """The last line: well is only what has neither mistakes nor warnings."""
    warnings = f"{warned} warning" + "s" * (warned > 1)
    if wrong:
        return f"{wrong} of {count} findings wrong" + f", and {warnings}" * bool(warned)
    return (
        f"nothing is wrong, but there {'is' if warned == 1 else 'are'} {warnings}"
        if warned
        else "all is well"
    )


def _prepare(session: Session) -> tuple[Choice, System]:
    from ..analysis.check import build_system
    from ..solvers.ladder import choose

    choice = choose(session.problem, None, session.recipe)
    return choice, build_system(session.problem, choice.recipes, session.given.settings.seed)


def _pictures(session: Session, system: System, out: str | None) -> dict[tuple[str, ...], Path]:
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
