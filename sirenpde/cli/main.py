"""The command line: words to a verb, and errors to one paragraph and an exit code.

Only in this folder anything is printed. torch is imported when a verb needs it.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import io
import sys
from collections.abc import Sequence

from ..problem import load as loading
from . import verbs as verbs  # every file in it registers a verb
from .flags import add_directory, add_parameters, add_problem, parameters, settings
from .interrupts import Interrupts, interrupts
from .parser import Answered, Parser, UsageError
from .terminal import aside, print_json
from .verb import Call, Verb
from .verb import verbs as all_verbs

_DESCRIPTION = "Write the equations that must hold, and get the neural field that satisfies them."
_CODES = (
    "exit codes: 0 solved, rough or at the end of its budget (the first line says which, and how good it is); "
    "1 failed; 2 words that make no command; 3 no finite fields; 4 with --strict, rough or at the end of its "
    "budget; 130 interrupted."
)


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


def _dispatch(words: list[str], keys: Interrupts) -> int:
    known = all_verbs()
    if not words:
        _top_parser().print_help()
        return 2
    if words[0].startswith("-"):
        _top_parser().parse(words)  # --help, --version, or an error
        return 2
    if words[0] not in known:
        close = difflib.get_close_matches(words[0], list(known), n=1)
        hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(known)}."
        raise UsageError(f"there is no command '{words[0]}'; {hint} See 'sirenpde --help'.")
    verb = known[words[0]]
    call = _with_problem if verb.takes == "PROBLEM" else _without
    return verb.run(call(verb, words, keys))


def _without(verb: Verb, words: Sequence[str], keys: Interrupts) -> Call:
    return Call(words, _parser(verb).parse(words[1:]), keys)


def _with_problem(verb: Verb, words: Sequence[str], keys: Interrupts) -> Call:
    """The problem's own parameters are flags too, so it is read and loaded before all flags are known."""
    source = loading.read(loading.find(_problem_of(verb, words[1:])))
    with aside():
        module = loading.load(source)
    options = loading.options(module)
    parser = _parser(verb)
    add_parameters(parser, options, source.name)
    flags = parser.parse(words[1:])

    from .session import declare

    session = declare(source, module, parameters(flags, options), settings(flags))
    keys.check()
    return Call(words, flags, keys, session)


def _problem_of(verb: Verb, words: Sequence[str]) -> str:
    """Which problem the words name; where they name none and ask for help, that without one."""
    plain = [word for word in words if word not in ("-h", "--help")]
    try:
        flags, _ = _parser(verb, add_help=False).parse_known_args(plain)
    except UsageError:
        if len(plain) == len(words):
            raise
        _parser(verb).print_help()
        raise Answered from None
    return str(flags.problem)


def _top_parser() -> Parser:
    lines = [f"  {verb.name:<8}{verb.help}" for verb in all_verbs().values()]
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


def _parser(verb: Verb, add_help: bool = True) -> Parser:
    """The parser of a verb, without the parameters of its problem."""
    parser = Parser(
        prog=f"sirenpde {verb.name}",
        usage=f"sirenpde {verb.name} {f'{verb.takes} ' if verb.takes else ''}[flags]",
        description=f"{verb.help[0].upper()}{verb.help[1:]}.",
        epilog=_CODES if verb.codes else None,
        add_help=add_help,
    )
    if verb.takes == "PROBLEM":
        add_problem(parser)
    elif verb.takes == "DIR":
        add_directory(parser)
    verb.add_flags(parser)
    return parser
