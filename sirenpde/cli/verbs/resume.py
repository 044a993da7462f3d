"""``resume``: a run goes on where it stopped."""

from __future__ import annotations

from dataclasses import replace

from ...run import directory as runs
from ..flags import add_json, add_strict
from ..parser import Parser, fraction, seconds
from ..verb import Call, Verb, register


def add_flags(parser: Parser) -> None:
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="another device than the run's")
    parser.add_argument("--budget", type=seconds, metavar="60s", help="stop after so much more time")
    parser.add_argument(
        "--tolerance", type=fraction, metavar="T", help="go on to another tolerance than the run's"
    )
    add_strict(parser)
    add_json(parser)


def run(call: Call) -> int:
    """Go on where the last checkpoint was taken, for so much longer or to another tolerance."""
    from ..session import reopen
    from ..solving import Manner, carry_out

    flags, run = call.flags, runs.open_run(call.flags.directory)
    with run.held():
        session = reopen(run)
        state, before = run.read_checkpoint(session.given), session.given.settings
        settings = replace(
            before,
            device=flags.device or before.device,
            budget=None if flags.budget is None else float(state["seconds"]) + flags.budget,
            tolerance=flags.tolerance or before.tolerance,
        )
        return carry_out(session, run, state, settings, Manner(flags.json, flags.strict, call.keys))


register(
    Verb(
        "resume",
        "go on with a run where it stopped, or to a smaller tolerance",
        run,
        "DIR",
        add_flags,
        rank=40,
        codes=True,
    )
)
