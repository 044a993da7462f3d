"""``plot``: the figures of a run once more."""

from __future__ import annotations

from ...run import directory as runs
from ..verb import Call, Verb, register


def run(call: Call) -> int:
    from ..figures import write_figures
    from ..session import reopen, stored

    run = runs.open_run(call.flags.directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    for path in write_figures(solution, run):
        print(path)
    return 0


register(Verb("plot", "draw a run's figures again", run, takes="DIR", rank=60))
