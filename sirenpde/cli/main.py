"""The command line: words to commands, and errors to one paragraph and an exit code.

Only here and in ``commands`` anything is printed. torch is imported when a command needs it.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any, NoReturn

from ..problem import load as loading
from ..run.directory import NETWORKS, Settings
from .interrupts import Interrupts, interrupts
from .terminal import aside, print_json

_DESCRIPTION = "Write the equations that must hold, and get the neural field that satisfies them."
_NETWORKS = ("auto", *NETWORKS)
_FORMATS = ("vtu", "ply", "stl", "png", "npz")
_COMMANDS = {
    "list": "bundled problems, a line each",
    "show": "a problem's constraints, derivatives, channels and sizes; draws the sample points and normals",
    "check": "prove what can be proven before solving: derivatives, declared solution, samples, scales",
    "solve": "solve a problem into a new run directory",
    "resume": "go on with a run where it stopped, or to a smaller tolerance",
    "export": "write a run's fields for mesh viewers",
    "plot": "draw a run's figures again",
    "bench": "measure the derivative engine's speed, or the accuracy of solved problems",
}
_CODES = (
    "exit codes: 0 solved, rough or at the end of its budget (the first line says which, and how good it is); "
    "1 failed; 2 words that make no command; 3 no finite fields; 4 with --strict, rough or at the end of its "
    "budget; 130 interrupted."
)
_NEEDS_PROBLEM = ("show", "check", "solve")
_WORDS = {
    "show": "PROBLEM ",
    "check": "PROBLEM ",
    "solve": "PROBLEM ",
    "resume": "DIR ",
    "export": "DIR ",
    "plot": "DIR ",
}


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
        found, extra = self.parse_known_args(words)
        if extra:
            flag = extra[0].split("=")[0]
            close = difflib.get_close_matches(flag, list(self._option_string_actions), n=2, cutoff=0.6)
            hint = f"did you mean {' or '.join(close)}?" if close else "it takes no such flag or word."
            raise UsageError(f"{flag} was not understood; {hint} See '{self.prog} --help'.")
        return found


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 usage, 3 not finite, 4 rough, 130 interrupted."""
    words = list(sys.argv[1:] if argv is None else argv)
    _write_anything()
    with interrupts() as keys:
        try:
            return _dispatch(words, keys)
        except UsageError as error:
            return _fail(words, str(error), 2)
        except Answered:
            return 0
        except KeyboardInterrupt as stop:
            return _fail(words, str(stop) or "interrupted", 130)
        except BrokenPipeError:  # the reader of a pipe has gone, as with | head
            return 1
        except BaseException as error:  # a problem's code may raise anything, SystemExit too
            if keys.asked is not None:  # an import that was cut off fails in many ways
                return _fail(words, "interrupted", 130)
            from .errors import explain

            return _fail(words, explain(error), 1)


def _write_anything() -> None:
    """Characters that a terminal does not have, and bytes of arguments that are no text, are written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _fail(words: Sequence[str], message: str, code: int) -> int:
    with contextlib.suppress(OSError, ValueError):  # nowhere is left to say it
        print(f"sirenpde: {message}", file=sys.stderr)
    if "--json" in words and code != 2:
        print_json({"status": "interrupted" if code == 130 else "failed", "message": message})
    return code


# ---------------------------------------------------------------------------------------------- commands


def _dispatch(words: list[str], keys: Interrupts) -> int:
    top = _top_parser()
    if not words:
        top.print_help()
        return 2
    if words[0].startswith("-"):
        top.parse(words)  # --help, --version, or an error
        return 2
    if words[0] not in _COMMANDS:
        close = difflib.get_close_matches(words[0], list(_COMMANDS), n=1)
        hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(_COMMANDS)}."
        raise UsageError(f"there is no command '{words[0]}'; {hint} See 'sirenpde --help'.")
    if words[0] in _NEEDS_PROBLEM:
        return _problem_command(words[0], words[1:], words, keys)
    given = _parser(words[0]).parse(words[1:])
    return _resume(given, keys) if words[0] == "resume" else _RUN[words[0]](given)


def _problem_command(name: str, rest: list[str], words: list[str], keys: Interrupts) -> int:
    """The problem's own parameters are flags too, so it is found and loaded before all flags are known."""
    wants_help = {"-h", "--help"} & set(rest)
    first = _parser(name, add_help=False, own=["network"])  # its words are not known yet
    first.add_argument("--network")
    try:
        found, _ = first.parse_known_args([word for word in rest if word not in ("-h", "--help")])
    except UsageError:
        if wants_help:
            _parser(name).print_help()
            return 0
        raise
    source = loading.read(loading.find(found.problem))
    with aside():
        module = loading.load(source)
    options = loading.options(module)
    parser = _parser(name, own={option.name for option in options})
    _add_options(parser, options, source.name)
    given = parser.parse(rest)
    own = {option.name for option in options}
    flags = {key: value for key, value in vars(given).items() if key in own}
    flags = {key: tuple(value) if isinstance(value, list) else value for key, value in flags.items()}
    settings = Settings(
        device=given.device,
        dtype=given.dtype,
        seed=given.seed,
        steps=given.steps,
        budget=given.budget,
        tolerance=given.tolerance,
        samples_scale=given.samples_scale,
        network=None if "network" in own else given.network,
    )
    from .session import declare

    session = declare(source, module, flags, settings)
    keys.check()
    if name == "solve":
        from .solving import Manner, solve_command

        return solve_command(session, given.out, ["sirenpde", *words], Manner(given.json, given.strict, keys))
    from .looking import check_command, show_command

    return (
        show_command(session, given.out) if name == "show" else check_command(session, given.out, given.json)
    )


def _list(given: argparse.Namespace) -> int:
    from .looking import list_command

    return list_command(given.json)


def _resume(given: argparse.Namespace, keys: Interrupts) -> int:
    from .solving import Manner, resume_command

    manner = Manner(given.json, given.strict, keys)
    return resume_command(given.directory, given.device, given.budget, given.tolerance, manner)


def _export(given: argparse.Namespace) -> int:
    from .files import export_command

    return export_command(given.directory, given.format, given.resolution, given.derivatives, given.fields)


def _plot(given: argparse.Namespace) -> int:
    from .files import plot_command

    return plot_command(given.directory)


def _bench(given: argparse.Namespace) -> int:
    from .bench import accuracy_command, speed_command

    flags = ("seeds", "only", "budget", "device", "out")
    named = [f"--{flag}" for flag in flags if getattr(given, flag) is not None]
    if given.what == "speed":
        if named:
            raise UsageError(
                f"{named[0]} is a flag of 'sirenpde bench accuracy'; 'bench speed' takes none such."
            )
        return speed_command(given.quick, given.json)
    from ..bench.accuracy_cases import UnknownCase, chosen

    try:
        cases = chosen(given.only or [], given.quick)
    except UnknownCase as error:
        raise UsageError(str(error)) from None
    seeds = given.seeds or (1 if given.quick else 3)
    device = given.device or "cpu"
    return accuracy_command(cases, seeds, given.quick, given.budget, device, given.out, given.json)


_RUN: dict[str, Callable[[argparse.Namespace], int]] = {
    "list": _list,
    "export": _export,
    "plot": _plot,
    "bench": _bench,
}


# ----------------------------------------------------------------------------------------------- parsers


def _top_parser() -> Parser:
    lines = [f"  {name:<8}{text}" for name, text in _COMMANDS.items()]
    parser = Parser(
        prog="sirenpde",
        usage="sirenpde COMMAND ...",
        description=_DESCRIPTION,
        epilog="commands:\n" + "\n".join(lines) + "\n\n'sirenpde COMMAND --help' tells the flags of one.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"sirenpde {_version()}")
    return parser


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("sirenpde")
    except PackageNotFoundError:
        return "(not installed)"


def _parser(name: str, add_help: bool = True, own: Collection[str] = ()) -> Parser:
    """The parser of a command. A problem's ``own`` parameter ``network`` takes the place of the flag."""
    usage = f"sirenpde {name} {_WORDS.get(name, '')}[flags]"
    text = _COMMANDS[name][0].upper() + _COMMANDS[name][1:] + "."
    parser = Parser(
        prog=f"sirenpde {name}",
        usage=usage,
        description=text,
        epilog=_CODES if name in ("solve", "resume") else None,
        add_help=add_help,
    )
    if name in _NEEDS_PROBLEM:
        parser.add_argument(
            "problem", metavar="PROBLEM", help="the path of a problem file, or a bundled problem's name"
        )
        parser.add_argument("--out", metavar="DIR", help="where to write; below runs/ if left out")
        _add_settings(parser, with_network="network" not in own)
    elif name in ("resume", "export", "plot"):
        parser.add_argument(
            "directory", metavar="DIR", help="the directory of a run, such as runs/helmholtz-1"
        )
    if name == "resume":
        parser.add_argument("--device", choices=("auto", "cpu", "cuda"), help="another device than the run's")
        parser.add_argument("--budget", type=_seconds, metavar="60s", help="stop after so much more time")
        parser.add_argument(
            "--tolerance", type=_fraction, metavar="T", help="go on to another tolerance than the run's"
        )
    if name == "export":
        parser.add_argument(
            "--format", choices=_FORMATS, default="vtu", help="the kind of file (default: vtu)"
        )
        parser.add_argument("--resolution", type=_positive, metavar="N", help="points along each axis")
        parser.add_argument(
            "--derivatives",
            type=_listed,
            default=[],
            metavar="A,B",
            help="some of grad, laplacian, hessian, div, curl",
        )
        parser.add_argument("--fields", type=_listed, default=[], metavar="A,B", help="these outputs only")
    if name == "bench":
        parser.add_argument(
            "what", nargs="?", choices=("speed", "accuracy"), default="speed", help="what to measure"
        )
        parser.add_argument(
            "--quick", action="store_true", help="fewer repetitions and points; one seed and the quick cases"
        )
        accuracy = parser.add_argument_group("flags of bench accuracy")
        accuracy.add_argument("--seeds", type=_positive, metavar="N", help="default: 3, with --quick 1")
        accuracy.add_argument(
            "--only", nargs="+", metavar="NAME", help="these cases, or cases of these problems"
        )
        accuracy.add_argument("--budget", type=_seconds, metavar="60s", help="processor time of each solve")
        accuracy.add_argument("--device", choices=("cpu", "cuda"), help="default: cpu, on one thread")
        accuracy.add_argument(
            "--out", metavar="DIR", help="write accuracy.json, accuracy.md and accuracy.png"
        )
    if name in ("solve", "resume"):
        parser.add_argument(
            "--strict",
            action="store_true",
            help="exit with 4, not 0, where the equations are not met to the tolerance (status rough or budget)",
        )
    if name in ("list", "check", "solve", "resume", "bench"):
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    return parser


def _add_settings(parser: Parser, with_network: bool) -> None:
    run = parser.add_argument_group("how to solve")
    run.add_argument(
        "--device", default="auto", metavar="auto|cpu|cuda", help="default: auto, a GPU if there is one"
    )
    run.add_argument("--dtype", choices=("float32", "float64"), help="default: what the solvers work best in")
    run.add_argument("--seed", type=_natural, default=0, metavar="N", help="default: 0")
    run.add_argument(
        "--steps", type=_positive, metavar="N", help="at most so many steps of each iterative stage"
    )
    run.add_argument(
        "--budget",
        type=_seconds,
        metavar="60s",
        help="stop solving after so much time: 90, 60s, 5m or 1h; its files and figures come after",
    )
    run.add_argument(
        "--tolerance",
        type=_fraction,
        metavar="T",
        help="stop at this relative held-out residual, such as 1e-8; 1e-6 is called solved if left out",
    )
    run.add_argument(
        "--samples-scale", type=_factor, default=1.0, metavar="S", help="multiplies the number of samples"
    )
    if with_network:
        run.add_argument(
            "--network",
            choices=_NETWORKS,
            help="replaces the networks that the problem declares, and the stages it names; auto chooses both, as "
            "happens where it declares none",
        )


def _add_options(parser: Parser, options: Sequence[loading.Option], name: str) -> None:
    taken = set(parser._option_string_actions)
    group = parser.add_argument_group(f"flags of {name}")
    for option in options:
        if option.flag in taken or option.name in ("problem", "out"):
            raise loading.ProblemFileError(
                f"The parameter '{option.name}' of problem() in {name} has the name of a flag that every "
                f"problem has, {option.flag}. Rename the parameter."
            )
        shown = "" if option.required or option.default is None else f" (default: {_shown(option.default)})"
        settings: dict[str, Any] = {
            "dest": option.name,
            "required": option.required,
            "default": argparse.SUPPRESS,
            "help": (option.help + shown).strip().replace("%", "%%"),
        }
        if option.parse is None:
            group.add_argument(option.flag, action=argparse.BooleanOptionalAction, **settings)
            continue
        settings["type"] = _checked(option.parse)
        if option.choices is not None:
            settings["choices"] = option.choices
        else:
            settings["metavar"] = option.kind.upper()
        if option.count is not None:
            settings["nargs"] = option.count
        group.add_argument(option.flag, **settings)


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


# ------------------------------------------------------------------------------------------ words to values

_SEEDS, _MOST = 2**63, 10**12


def _checked(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(word: str) -> Any:
        try:
            return parse(word)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return checked


def _natural(word: str) -> int:
    if not _is_whole(word) or int(word) >= _SEEDS:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 0 on, below 2^63")
    return int(word)


def _positive(word: str) -> int:
    if not _is_whole(word) or not 1 <= int(word) <= _MOST:
        raise argparse.ArgumentTypeError(f"{word!r} is not a whole number from 1 on, up to 10^12")
    return int(word)


def _is_whole(word: str) -> bool:
    return (
        word.isascii() and word.isdecimal() and len(word) < 100
    )  # Python itself reads no more than 4300 digits


def _fraction(word: str) -> float:
    value = _factor(word)
    if value >= 1:
        raise argparse.ArgumentTypeError(
            f"{word!r} is not below 1, the relative residual of vanishing fields"
        )
    return value


def _factor(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"{word!r} is not a positive number")
    return value


def _seconds(word: str) -> float:
    """90, 60s, 5m or 1h in seconds."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(word[-1:])
    try:
        return _factor(word if unit is None else word[:-1]) * (unit or 1.0)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{word!r} is not a time; write 90, 60s, 5m or 1h") from None


def _listed(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
