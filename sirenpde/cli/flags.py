"""The flags that verbs share, and those that a problem's own parameters become."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ..problem import load as loading
from ..run.directory import NETWORKS, Settings
from .parser import Parser, checked, factor, fraction, natural, positive, seconds


def add_json(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")


def add_strict(parser: Parser) -> None:
    parser.add_argument(
        "--strict",
        action="store_true",
        help="exit with 4, not 0, where the equations are not met to the tolerance (status rough or budget)",
    )


def add_directory(parser: Parser) -> None:
    parser.add_argument("directory", metavar="DIR", help="the directory of a run, such as runs/helmholtz-1")


def add_problem(parser: Parser) -> None:
    """The problem, where to write, and how to solve it."""
    parser.add_argument(
        "problem", metavar="PROBLEM", help="the path of a problem file, or a bundled problem's name"
    )
    parser.add_argument("--out", metavar="DIR", help="where to write; below runs/ if left out")
    how = parser.add_argument_group("how to solve")
    how.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda", help="default: auto, a GPU if there is one"
    )
    how.add_argument("--dtype", choices=("float32", "float64"), help="default: what the solvers work best in")
    how.add_argument("--seed", type=natural, default=0, metavar="N", help="default: 0")
    how.add_argument(
        "--steps", type=positive, metavar="N", help="at most so many steps of each iterative stage"
    )
    how.add_argument(
        "--budget",
        type=seconds,
        metavar="60s",
        help="stop solving after so much time: 90, 60s, 5m or 1h; its files and figures come after",
    )
    how.add_argument(
        "--tolerance",
        type=fraction,
        metavar="T",
        help="stop at this relative held-out residual, such as 1e-8; 1e-6 is called solved if left out",
    )
    how.add_argument(
        "--samples-scale", type=factor, default=1.0, metavar="S", help="multiplies the number of samples"
    )
    how.add_argument(
        "--network",
        choices=("auto", *NETWORKS),
        help="replaces the networks that the problem declares, and the stages it names; auto chooses both, as "
        "happens where it declares none; siren is a trained one, sized and scaled from the problem",
    )


def settings(flags: argparse.Namespace) -> Settings:
    """What ``add_problem`` added, but for the problem and where to write."""
    return Settings(
        device=flags.device,
        dtype=flags.dtype,
        seed=flags.seed,
        steps=flags.steps,
        budget=flags.budget,
        tolerance=flags.tolerance,
        samples_scale=flags.samples_scale,
        network=flags.network,
    )


def add_parameters(parser: Parser, options: Sequence[loading.Option], name: str) -> None:
    """The parameters of ``def problem(...)`` as flags. Raises ProblemFileError where one has the name of another."""
    taken = parser.understood
    group = parser.add_argument_group(f"flags of {name}")
    for option in options:
        if option.flag in taken or option.name in ("problem", "out"):
            raise loading.ProblemFileError(
                f"The parameter '{option.name}' of problem() in {name} has the name of a flag that every "
                f"problem has, {option.flag}. Rename the parameter."
            )
        _add_parameter(group, option)


def _add_parameter(group: argparse._ArgumentGroup, option: loading.Option) -> None:
    shown = "" if option.required or option.default is None else f" (default: {_shown(option.default)})"
    how: dict[str, Any] = {
        "dest": option.name,
        "required": option.required,
        "default": argparse.SUPPRESS,
        "help": (option.help + shown).strip().replace("%", "%%"),
    }
    if option.parse is None:
        group.add_argument(option.flag, action=argparse.BooleanOptionalAction, **how)
        return
    how["type"] = checked(option.parse)
    if option.choices is not None:
        how["choices"] = option.choices
    else:
        how["metavar"] = option.kind.upper()
    if option.count is not None:
        how["nargs"] = option.count
    group.add_argument(option.flag, **how)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def parameters(flags: argparse.Namespace, options: Sequence[loading.Option]) -> dict[str, loading.Value]:
    """The values of those parameters that were given."""
    values = {option.name: getattr(flags, option.name) for option in options if hasattr(flags, option.name)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
