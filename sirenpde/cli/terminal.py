"""What is printed: values as JSON, and columns of text."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from ..run.directory import as_json
from ..run.summary import table as table


def aside() -> contextlib.redirect_stdout[TextIO]:
    """While a problem's own code runs: what it prints is no part of the command's output."""
    return contextlib.redirect_stdout(sys.stderr)


def print_json(value: Mapping[str, Any]) -> None:
    """One object on one line, in the characters that standard output has."""
    unicode = "utf" in str(getattr(sys.stdout, "encoding", "")).lower()
    print(json.dumps(as_json(value), ensure_ascii=not unicode))
