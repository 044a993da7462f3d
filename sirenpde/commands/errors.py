"""Errors as one paragraph."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path


def taught(error: BaseException) -> bool:
    """Whether the message of an error says by itself what was wrong and what to do."""
    ours = type(error).__module__.startswith("sirenpde")
    expected = isinstance(error, ValueError | TypeError | KeyError | OSError)
    return ours or (expected and message(error).endswith((".", "?")))


def message(error: BaseException) -> str:
    text = error.args[0] if isinstance(error, KeyError) and error.args else error
    return " ".join(str(text).split())


def explain(error: Exception) -> str:
    """What went wrong; for what nobody foresaw, with its traceback in a file."""
    text = message(error)
    if taught(error):
        return text
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return f"Out of memory: {text}. Lower --samples-scale, the network's size or --resolution."
    if isinstance(error, OSError) and error.filename is not None:
        return (
            f"{error.strerror or text}: {error.filename}. Check the path, its permissions and the space left."
        )
    folder = Path(getattr(error, "run_directory", None) or tempfile.mkdtemp(prefix="sirenpde-"))
    file = folder / "traceback.txt"
    file.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    return (
        f"Unexpected {type(error).__name__}: {text}. This is a fault of sirenpde or of the problem file; the whole "
        f"account is in {file}. Please report it with that file."
    )
