"""``bench``: the derivative engine against nested autograd and its bare matrix products."""

from __future__ import annotations

import json

from ..runs import plain


def bench_command(what: str, quick: bool, as_json: bool) -> int:
    """One table, or with ``as_json`` one object with its rows under "workloads"."""
    from ..bench.speed import measure, table

    assert what == "speed"
    rows = measure(quick=quick)
    if as_json:
        print(json.dumps(plain({"workloads": rows}), ensure_ascii=False))
    else:
        print(table(rows))
    return 0
