"""``show``: what a problem is made of, and what it would be solved with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from ..terminal import table
from ..verb import Call, Verb, register

if TYPE_CHECKING:
    from ...residuals import System
    from ...solvers.ladder import Choice
    from ..session import Session


def run(call: Call) -> int:
    """The problem's table, its networks, derivative channels and sizes; its samples as a picture."""
    from ...diagnosis.reach import out_of_reach
    from ...diagnosis.scales import axis_scales, describe
    from ...diagnosis.singular_lines import singular_lines
    from ..samples import draw_samples, picture_file, prepare

    session = call.session
    choice, system = prepare(session)
    file = picture_file(session, call.flags.out)
    print(session.problem)
    print()
    print(table([["field", "axes", "values", "network"], *_fields(session, choice)], indent=""))
    print()
    print(table([["on", "field", "derivatives", "engine", "channels"], *_channels(system)], indent=""))
    print()
    for line in describe(axis_scales(session.problem)):
        print(f"scales: {line}")
    for line in singular_lines(session.problem):
        print(f"singular: {line}")
    for text in out_of_reach(session.problem, choice.recipes):
        print(f"warning: {text}")
    print(f"chosen: {choice.reason}")
    for stage, needed in _memories(session, choice):
        print(f"memory: {stage}, {needed / 2**30:.2f} GiB of dense matrices")
    points = [group.samples or group.domain.size or 0 for group in system.groups]
    rows = [sum(session.problem.requests[i].size for i in group.members) for group in system.groups]
    residuals = sum(n * m for n, m in zip(points, rows, strict=True))
    print(f"residuals: {residuals} on {sum(points)} points")
    print(f"samples and normals drawn in {draw_samples(session, system, file)}")
    return 0


def _fields(session: Session, choice: Choice) -> Iterator[list[str]]:
    from torch import nn

    for u in session.problem.fields:
        ranges = ", ".join(f"{a.name} in ({a.low:g}, {a.high:g})" for a in u.axes)
        kind = ("complex" if u.is_complex else "real") + (f" {tuple(u.shape)}" if u.shape else "")
        recipe = choice.recipes[u]
        network = type(recipe).__name__ if isinstance(recipe, nn.Module) else recipe.describe()
        yield [u.name, ranges, kind, network]


def _channels(system: System) -> Iterator[list[str]]:
    for group in system.groups:
        for u, engine in group.evaluator.engines.items():
            asked = ", ".join(map(str, group.evaluator.asked[u].requests))
            yield [group.domain.name, u.name, asked, engine.kind, str(engine.channels)]


def _memories(session: Session, choice: Choice) -> Iterator[tuple[str, int]]:
    """The stages that hold dense matrices, and their bytes."""
    import torch

    from ...run.begin import begin
    from ...solvers.stage import bytes_needed

    settings = session.given.settings
    for number, rung in enumerate(choice.rungs):
        rest = replace(choice, rungs=choice.rungs[number:])
        run = begin(session.problem, rest, torch.device("cpu"), None, settings.seed, settings.samples_scale)
        needed = ((stage.name, bytes_needed(stage, run.state)) for stage in rung.stages)
        yield from ((name, size) for name, size in needed if size)


register(
    Verb(
        "show",
        "a problem's constraints, derivatives, channels and sizes; draws the sample points and normals",
        run,
        takes="PROBLEM",
        rank=10,
    )
)
