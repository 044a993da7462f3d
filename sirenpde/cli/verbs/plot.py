"""``plot``: the figures of a run once more, and films."""

from __future__ import annotations

from ...run import directory as runs
from ..parser import Parser, instants
from ..verb import Call, Verb, register


def add_flags(parser: Parser) -> None:
    parser.add_argument(
        "--animate",
        action="store_true",
        help="write a film of each output in space and time instead: MP4 with the package imageio-ffmpeg, else GIF",
    )
    parser.add_argument(
        "--times",
        type=instants,
        metavar="A:B:N",
        help="the times that are shown: 0:1:50, fifty from 0 to 1, or 0,0.5,1 (default: a few)",
    )


def run(call: Call) -> int:
    from ..figures import write_figures, write_films
    from ..session import reopen, stored

    run = runs.open_run(call.flags.directory)
    session = reopen(run)
    solution = stored(session, run.read_checkpoint(session.given))
    write = write_films if call.flags.animate else write_figures
    for path in write(solution, run, call.flags.times):
        print(path)
    return 0


register(Verb("plot", "draw a run's figures again, or films of them", run, "DIR", add_flags, rank=60))
