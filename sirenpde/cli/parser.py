"""Words to flags: a parser that never leaves the program, and what words of each kind must look like."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

SEEDS, MOST = 2**63, 10**12
_MOST_TIMES = 10**6
LONGEST = 100  # digits; Python itself reads no more than 4300


class UsageError(Exception):
    """Words that make no command; exit code 2."""


class Answered(Exception):
    """--help or --version was asked for, and has been printed."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving, and knows what was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See '{self.prog} --help'.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        raise Answered

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        flags, extra = self.parse_known_args(_with_negative(words))
        if extra:
            flag = extra[0].split("=")[0]
            close = difflib.get_close_matches(flag, list(self._option_string_actions), n=2, cutoff=0.6)
            hint = f"did you mean {' or '.join(close)}?" if close else "it takes no such flag or word."
            raise UsageError(f"{flag} was not understood; {hint} See '{self.prog} --help'.")
        return flags

    @property
    def understood(self) -> frozenset[str]:
        """The flags it has."""
        return frozenset(self._option_string_actions)


def _with_negative(words: Sequence[str]) -> list[str]:
    """Words in which a list of numbers that starts with a minus belongs to the flag before it: ``--at -1,2``."""
    joined: list[str] = []
    for word in words:
        if joined and re.fullmatch(r"--(at|times)", joined[-1]) and re.match(r"-[\d.]", word):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


# ------------------------------------------------------------------------------------------ words to values


def checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    """A conversion whose ValueError is a mistake of usage."""

    def convert(word: str) -> Any:
        try:
            return parse(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def natural(word: str) -> int:
    if not _is_whole(word) or int(word) >= SEEDS:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 0 on, below 2^63")
    return int(word)


def positive(word: str) -> int:
    if not _is_whole(word) or not 1 <= int(word) <= MOST:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1 on, up to 10^12")
    return int(word)


def _is_whole(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) < LONGEST


def fraction(word: str) -> float:
    value = factor(word)
    if value >= 1:
        raise argparse.ArgumentTypeError(
            f"{word!r} is not below 1, the relative residual of vanishing fields"
        )
    return value


def factor(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{word!r} is not a positive number")
    return value


def seconds(word: str) -> float:
    """90, 60s, 5m or 1h in seconds."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(word[-1:])
    try:
        return factor(word if unit is None else word[:-1]) * (unit or 1.0)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{word!r} is not a time; write 90, 60s, 5m or 1h") from None


def instants(text: str) -> list[float]:
    """Times: ``0:1:50`` for 50 from 0 to 1, or some between commas.

    >>> instants("0:1:3"), instants("0.5, 2")
    ([0.0, 0.5, 1.0], [0.5, 2.0])
    """
    words = text.split(":")
    try:
        if len(words) == 1:
            times = [float(word) for word in listed(text)]
        else:
            first, last, count = float(words[0]), float(words[1]), positive(words[2])
            times = [
                first + (last - first) * i / max(count - 1, 1) for i in range(min(count, _MOST_TIMES + 1))
            ]
        if not 0 < len(times) <= _MOST_TIMES or len(words) > 3 or not all(map(math.isfinite, times)):
            raise ValueError
    except (ValueError, IndexError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"{text!r} are no times; write FIRST:LAST:COUNT, such as 0:1:50, or some between commas, 0,0.5,1"
        ) from None
    return times


def listed(text: str) -> list[str]:
    """Words between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
