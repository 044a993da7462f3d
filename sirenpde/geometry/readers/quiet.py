"""Libraries that log, warn and print about damaged files, stderr off the screen."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet(*loggers: str) -> Iterator[None]:
    """What these loggers would write, and every warning and print, is left out."""
    silenced = [logging.getLogger(name) for name in loggers]
    before = [logger.disabled for logger in silenced]
    for logger in silenced:
        logger.disabled = True
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, disabled in zip(silenced, before, strict=True):
            logger.disabled = disabled


def reason(error: BaseException) -> str:
    """Why a library could not read a file, in one line.

    meshio ends the program, with a number, where it cannot; numpy takes any file that is none of its own for pickled.
    """
    if isinstance(error, SystemExit):
        return "it is damaged, or of another kind than its name says"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text"
    said = " ".join(str(error).split())[:200]
    if said.startswith("This file contains pickled"):
        return "it is no file of plain arrays"
    return said or type(error).__name__


@contextlib.contextmanager
def quiet_descriptor() -> Iterator[None]:
    """What compiled libraries, such as libtiff, write to the error stream by themselves is left out."""
    try:
        stderr = os.dup(2)
    except OSError:  # there is no error stream
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(nowhere)
