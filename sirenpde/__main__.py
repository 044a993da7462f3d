"""The program: ``sirenpde`` and ``python -m sirenpde``."""

import contextlib
import os
import signal
import sys
from typing import NoReturn


def entry() -> NoReturn:
    """Run the command line, and leave the process without a word of Python's own."""
    try:
        from .cli.main import main

        code = main()
    except KeyboardInterrupt:  # before the command line was there
        code = 130
        print("sirenpde: interrupted", file=sys.stderr)
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is done
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # a full disk, a reader gone, a closed stream
            code = code or 1
            with contextlib.suppress(OSError, ValueError, AttributeError):
                # It is flushed once more at the end.
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if code == 130:
        os._exit(code)  # modules whose import was cut off cannot be taken down in order
    sys.exit(code)


if __name__ == "__main__":
    entry()
