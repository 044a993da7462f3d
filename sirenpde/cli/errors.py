"""Errors as one paragraph."""

from __future__ import annotations

import contextlib
import tempfile
import traceback
from pathlib import Path

_LONGEST = 2000  # characters of a message; an array printed in it may have millions
_NO_MEMORY = (  # torch has no type of its own for the processor's memory, nor for sizes beyond all memory
    "can't allocate memory",
    "not enough memory",
    "Storage size calculation overflowed",
    "integer multiplication overflow",
)


def taught(error: BaseException) -> bool:
    """Whether the message of an error says by itself what was wrong and what to do."""
    ours = type(error).__module__.startswith("sirenpde")
    expected = isinstance(error, ValueError | TypeError | KeyError | OSError)
    return ours or (expected and message(error).endswith((".", "?")))


def foreseen(error: BaseException) -> bool:
    """Whether ``explain`` has words for an error, and needs no account of it in a file."""
    others = SystemExit | KeyboardInterrupt | OSError
    return isinstance(error, others) or taught(error) or _is_out_of_memory(error)


def message(error: BaseException) -> str:
    try:
        text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    except Exception:  # an error of the user's own, whose message cannot be made
        text = ""
    text = " ".join(text[: 2 * _LONGEST].split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def explain(error: BaseException) -> str:
    """What went wrong; for what nobody foresaw, with its traceback in a file."""
    text = message(error)
    run = getattr(error, "run_directory", None)
    if isinstance(error, SystemExit):
        return (
            f"The problem's code ended the program{_line_of(error)}, with sys.exit({error.code!r}). Raise an error "
            f"that says what is wrong instead, such as ValueError('...')."
        )
    if taught(error):
        return text
    if _is_out_of_memory(error):
        return f"Out of memory: {text}. Lower --samples-scale, the network's size or --resolution."
    if isinstance(error, OSError):
        where = error.filename if error.filename is not None else run
        path = "" if where is None else f": {where}"
        return f"{error.strerror or text}{path}. Check the path, its permissions and the space left."
    file = _account(error, run)
    account = "" if file is None else f"; the whole account is in {file}. Please report it with that file"
    return f"Unexpected {type(error).__name__}: {text}. This is a fault of sirenpde or of the problem file{account}."


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in message(error) for words in _NO_MEMORY)


def _line_of(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f" at {frames[-1].filename}, line {frames[-1].lineno}" if frames else ""


def _account(error: BaseException, run: Path | None) -> Path | None:
    """The traceback in a file: in the run's directory, or where that is full or read-only in a temporary one."""
    text = "".join(traceback.format_exception(error))
    for folder in (None,) if run is None else (run, None):
        with contextlib.suppress(OSError):
            file = (folder or Path(tempfile.mkdtemp(prefix="sirenpde-"))) / "traceback.txt"
            file.write_text(text, encoding="utf-8", errors="backslashreplace")
            return file
    return None
