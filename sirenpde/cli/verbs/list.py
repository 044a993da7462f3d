"""``list``: the bundled problems."""

from __future__ import annotations

from ...problem import load as loading
from ..flags import add_json
from ..terminal import print_json, table
from ..verb import Call, Verb, register


def run(call: Call) -> int:
    entries = loading.bundled_problems()
    if call.flags.json:
        print_json({"problems": [{"name": e.name, "summary": e.summary} for e in entries]})
    else:
        print(table([[e.name, e.summary] for e in entries], indent="") if entries else "no bundled problems")
    return 0


register(Verb("list", "bundled problems, a line each", run, add_flags=add_json, rank=0))
