"""A run in words, the same on the command line, in a script and in a notebook."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from .history import Record, Status


class Account(Protocol):
    """Of a run, what a solution keeps of it."""

    @property
    def status(self) -> Status: ...

    @property
    def message(self) -> str: ...

    @property
    def seconds(self) -> float: ...

    @property
    def warnings(self) -> Sequence[str]: ...

    @property
    def choice(self) -> str: ...

    @property
    def stages(self) -> Sequence[Record]: ...


def duration(seconds: float) -> str:
    """0.3 s, 12 s, 3:05, 1:02:03."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def table(rows: Sequence[Sequence[str]], indent: str = "  ") -> str:
    """Columns of text, aligned to the left."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    lines = (indent + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def summary(
    name: str, solution: Account, report: Mapping[str, Any], files: Sequence[str] = (), directory: str = ""
) -> str:
    """How good it is and what is wrong; then what was chosen and why, times, residuals, errors, and files written."""
    rows = list(rows_of(solution, report))
    if files:
        rows.append(("written", f"{directory}: {', '.join(files)}"))
    return "\n".join([headline(name, solution), table(rows)])


def headline(name: str, solution: Account) -> str:
    """Its status, and the message that says why."""
    noted = f", with {_counted(len(solution.warnings), 'warning')}," if solution.warnings else ""
    said = f": {solution.message}" if solution.message else ""
    return f"{name}: {solution.status}{noted} in {duration(solution.seconds)}{said}"


def rows_of(solution: Account, report: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What there is to say, each with its kind, which is left out where it is that of the row before."""
    yield from (("warning", text) for text in solution.warnings)
    yield "chosen", solution.choice
    for stage in solution.stages:
        took = f"{stage.steps} steps, {duration(stage.seconds)}, loss {stage.loss:.2e}"
        yield "stage", f"{stage.name}: {took}; {stage.reason}"
    relative = _number(report["relative_residual"])
    yield "residual", f"relative, held out, of the worst constraint: {relative}"
    for constraint, size in report["constraints"].items():
        words = ", ".join(f"{word} {_number(size[key])}" for word, key in _SIZES.items())
        yield ("prior" if size.get("prior") else "residual"), f"{constraint}: {words}"
    for output, error in report["errors"].items():
        yield "error", f"{output}: {_error(error)}"
        yield from (("", f"{where}: {_error(entry)}") for where, entry in error.get("on", {}).items())
        if "surface" in error:
            yield "", f"surface: {_error(error['surface'])}"
    apart = report.get("error_estimate", {}).get("two_resolutions")
    if not report["errors"]:
        rest = "see the held-out residuals" if apart is None else f"about {_number(apart)}, relative L2"
        yield "error", f"not known: the problem declares no reference; {rest}"
    if apart is not None:
        yield "error", f"two resolutions differ by {_number(apart)}"
    errors = report.get("unknown_errors", {})
    for constraint, fit in report.get("chi_square", {}).items():
        yield "fit", f"{constraint}: chi-square {fit['value']:.4g} of {fit['measurements']} measurements"
    if report.get("uncertainty"):
        yield "known", told_of(report["uncertainty"])
    for unknown, value in report["unknowns"].items():
        yield "found", f"{unknown} = {_with_error(value, errors.get(unknown))}"
    for a, others in report.get("unknown_correlations", {}).items():
        yield from (("", f"correlation of {a} and {b}: {value:+.3f}") for b, value in others.items())


def told_of(known: Mapping[str, Any]) -> str:
    """How much data say of unknown fields.

    >>> told_of({"unknown": ["f"], "determined": 17, "combinations": 400, "fitted": 21.3, "measurements": 90})
    'the data determine 17 of 400 combinations of f better than the prior does; 21.3 of 90 data are followed'
    """
    return (
        f"the data determine {known['determined']} of {known['combinations']} combinations of "
        f"{', '.join(known['unknown'])} better than the prior does; {known['fitted']:.1f} of "
        f"{known['measurements']} data are followed"
    )


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def _with_error(value: float, error: float | None) -> str:
    """A number with its standard error, both to the second digit of the latter.

    >>> _with_error(0.099871, 0.00071), _with_error(12345.678, 32.1), _with_error(2.0, None)
    ('0.09987 ± 0.00071', '12346 ± 32', '2')
    """
    if error is None or not 0 < error < math.inf or not math.isfinite(value):
        return f"{value:.10g}" + (", undetermined" if error == math.inf else "")
    digits = 1 - math.floor(math.log10(error))
    if not 0 <= digits <= 15:
        return f"{value:.10g} ± {error:.1e}"
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _error(error: Mapping[str, Any]) -> str:
    counts = ("points", "of_points")
    measured = {k: v for k, v in error.items() if isinstance(v, int | float) and k not in counts}
    partly = f", on {error['points']} of {error['of_points']} points" if "points" in error else ""
    return ", ".join(_measured(key, value) for key, value in measured.items()) + partly


def _measured(key: str, value: float) -> str:
    if key.endswith("_db"):
        return f"{key.removesuffix('_db').upper()} {value:.1f} dB"
    if key == "iou":
        return f"IoU {value:.4f}"
    return f"{_WORDS.get(key, key.replace('_', ' '))} {_number(value)}"


_WORDS = {"relative_l2": "relative L2"}
_SIZES = {"rms": "rms", "max": "max", "held out": "held_out_rms"}


def _number(value: float | None) -> str:
    return (
        "not finite"
        if value is None or not math.isfinite(value)
        else f"{value:.2e}"
        if value == 0 or not 1e-2 <= abs(value) < 1e4
        else f"{value:.4g}"
    )
