"""``solve``: a problem into a new run directory."""

from __future__ import annotations

from ...run import directory as runs
from ..errors import foreseen
from ..flags import add_json, add_strict
from ..parser import Parser
from ..verb import Call, Verb, register


def add_flags(parser: Parser) -> None:
    add_strict(parser)
    add_json(parser)


def run(call: Call) -> int:
    """The run directory is taken away again where nothing was computed."""
    from ..solving import Manner, carry_out

    session, run = call.session, None
    manner = Manner(call.flags.json, call.flags.strict, call.keys)
    try:
        with call.keys.undisturbed():
            run = runs.create(call.flags.out, session.given.problem)
            run.write_given(session.given, ["sirenpde", *call.words])
        with run.held():
            return carry_out(session, run, None, session.given.settings, manner)
    except BaseException as error:
        if run is not None and foreseen(error) and not run.checkpoint.exists():
            run.discard()
        raise


register(
    Verb("solve", "solve a problem into a new run directory", run, "PROBLEM", add_flags, rank=30, codes=True)
)
