"""What is said of a function that cannot be used: whose it is, at which line of it, and what to write instead."""

from __future__ import annotations

import inspect
import linecache
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

PACKAGE = f"{Path(__file__).parents[2]}"
FUNCTIONS = r"\b(Field|Derivative|Axis|Unknown|Data|Stack|Along)\b"  # of a point, where its value was meant


class ConstraintError(ValueError):
    """A constraint, output or reference that cannot be used; the message names it, its line and the remedy.

    >>> from sirenpde import Box, ConstraintError, Field, Problem, on
    >>> box = Box(x=(0, 1))
    >>> u = Field("u", box)
    >>> try:
    ...     Problem(on(box, samples=10, name="forgotten")(lambda p: None))
    ... except ConstraintError as error:
    ...     print(str(error).split(";")[0].split(" at ")[0])
    Constraint 'forgotten' returned nothing
    """


class Misuse(ValueError):
    """Something that a function of a point must not do; the message says what to write instead.

    No TypeError, which Python's operators would take for an operand that they do not know.
    """


def failed(who: str, error: Exception, function: Callable[..., object]) -> ConstraintError:
    """What an exception inside a function of a point means, at the user's line."""
    if not any(not _is_foreign(f.filename) for f in traceback.extract_tb(error.__traceback__)):
        return ConstraintError(f"{who} failed{declared_at(function)}: {explained(error)}")
    return ConstraintError(f"{who} failed at {line_of(error)}: {explained(error)}")


def explained(error: Exception) -> str:
    text = sentence(error)
    # Errors of our own are sentences that teach; those of others need their name to be understood.
    taught = isinstance(error, ValueError | TypeError) and text.endswith(".")
    return text if taught else f"{type(error).__name__}: {text}{advice(error)}"


def line_of(error: Exception) -> str:
    """The innermost line of the user's own code, or of the call itself."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = ([f for f in frames if not _is_foreign(f.filename)] or list(frames))[-1]
    return f"line {frame.lineno} of {frame.filename} ({(frame.line or '').strip()})"


def _is_foreign(file: str) -> bool:
    ours = file.startswith(PACKAGE) and not file.startswith(f"{Path(PACKAGE) / '_problems'}")
    standard = file.startswith((sys.base_prefix + "/lib", "<"))
    return ours or standard or "site-packages" in file


def declared_at(function: Callable[..., object]) -> str:
    """Where a function was written, with its first line; nothing where that cannot be known."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or _is_foreign(code.co_filename):
        return ""
    number = int(code.co_firstlineno)
    for ahead in range(20):  # beyond the decorators
        if re.match(r"\s*(def|async def)\b", linecache.getline(code.co_filename, number + ahead)):
            number += ahead if code.co_name != "<lambda>" else 0
            break
    return f" (line {number} of {code.co_filename}: {linecache.getline(code.co_filename, number).strip()})"


def sentence(error: Exception) -> str:
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split())


def advice(error: Exception) -> str:
    text, line = str(error), line_of(error)
    if "autograd" in line or "backward(" in line or "requires_grad" in text or "require grad" in text:
        return (
            ". Derivatives are asked for by operators: D(u, x)(p), grad(u)(p), laplacian(u)(p), and D(f, x)(p) of "
            "any function f of a point. Write these in place of torch.autograd."
        )
    if isinstance(error, TypeError | AttributeError) and (match := re.search(FUNCTIONS, text)):
        kind = match[1]
        return (
            f". {'An' if kind[0] in 'AU' else 'A'} {kind} is a function of a point, and a value was needed. "
            f"Evaluate it at the point: {_EVALUATED[kind]}."
        )
    if isinstance(error, TypeError) and "positional argument" in text:
        return ". A function of a point takes the point alone. Write def law(p): ..."
    if isinstance(error, TypeError) and "'function'" in text:
        return ". A function of a point stands where a value was needed. Evaluate it at the point: f(p)."
    if "randomness" in text:
        return (
            ". A constraint is a function of its point, and gives the same at every call. Give random values to "
            "the points as data: PointCloud(points, box, {'noise': values}), and cloud['noise'](p)."
        )
    if "data-dependent control flow" in text or ("vmap" in text and ".item()" in text):
        return (
            " A constraint is evaluated on many points at once, so it cannot branch on a value. Use "
            "torch.where(condition, a, b) in place of if, and torch.maximum(a, b) in place of max."
        )
    if "accessing `data`" in text:
        return ". It cuts a value off from its field. Leave out .data."
    if isinstance(error, RuntimeError) and "size of tensor" in text:
        return " The shapes of two terms do not fit; give both the residual's shape, or take the components apart."
    if isinstance(error, KeyError) and "Derivative" in text:
        return " Ask for every derivative on every path through the constraint; one was asked for on one path only."
    return ""


_EVALUATED = {
    "Field": "u(p)",
    "Derivative": "laplacian(u)(p), D(u, x)(p)",
    "Axis": "x(p)",
    "Unknown": "c(p)",
    "Data": "cloud['normal'](p)",
    "Stack": "grad(u)(p)",
    "Along": "D(f, x)(p)",
}
