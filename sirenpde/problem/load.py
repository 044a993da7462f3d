"""Problem files: which there are, how one is found and imported, and its parameters as command-line flags.

Nothing here imports torch; a problem file does, when it is loaded.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import inspect
import math
import re
import sys
import traceback
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .problem import Problem

Scalar = bool | int | float | str | Path
Value = Scalar | tuple[Scalar, ...] | None


class ProblemFileError(ValueError):
    """A problem file that cannot be found, imported or built; the message names it, the line and the remedy."""


@dataclass(frozen=True)
class BundledProblem:
    """A problem that comes with the package."""

    name: str
    summary: str
    path: Path


@dataclass(frozen=True)
class Source:
    """A problem file as it was read: its place, its text and the text's SHA-256."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """The bundled problem's name, or the file's stem, in letters, digits and underscores, fit for a directory."""
        home = directory().resolve()
        named = self.path.relative_to(home) if self.path.is_relative_to(home) else Path(self.path.name)
        return re.sub(r"\W+", "_", str(named.with_suffix("")))

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True)
class Option:
    """A parameter of ``def problem(...)`` as a flag.

    ``parse`` turns one word of the command line into a value, and raises ValueError where it does not fit;
    it is None for a flag without a word (``--flag``/``--no-flag``). ``count`` is the number of words of a
    tuple, "+" for any number, None for a single value.
    """

    name: str
    default: Value
    required: bool
    parse: Callable[[str], Scalar] | None
    kind: str
    choices: tuple[Scalar, ...] | None = None
    count: int | Literal["+"] | None = None
    help: str = ""

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    def value(self, written: Any) -> Value:
        """The value from its form in JSON, in which paths are text and tuples lists."""
        if written is None or self.parse is None:
            return written  # type: ignore[no-any-return]
        if isinstance(written, list):
            return tuple(self.parse(str(word)) for word in written)
        return self.parse(str(written))


# ------------------------------------------------------------------------------------------------ finding


def directory() -> Path:
    """Where the bundled problems lie: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "_problems"
    return packed if packed.is_dir() else package.parent / "problems"


def bundled_problems() -> list[BundledProblem]:
    """The bundled problems with the first lines of their docstrings, in the order of their names.

    Those in folders come last. One in a folder is called by both: ``papers/helmholtz``.
    """
    home = directory()
    files = [path for path in home.glob("**/*.py") if not path.name.startswith("_")]
    names = {path: path.relative_to(home).with_suffix("").as_posix() for path in files}
    ordered = sorted(files, key=lambda path: (names[path].count("/"), names[path]))
    return [BundledProblem(names[path], _summary(path), path) for path in ordered]


def _summary(path: Path) -> str:
    try:
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    except (SyntaxError, UnicodeDecodeError):
        return "(cannot be read)"
    return text.split("\n")[0]


def find(problem: str) -> Path:
    """The file of a problem given by its path or its bundled name. Raises ProblemFileError."""
    path = Path(problem)
    for entry in bundled_problems():
        if entry.name == problem:
            return entry.path
    if path.suffix == ".py" or len(path.parts) != 1:
        return _existing(path)
    if path.is_dir():
        return _existing(path)
    if path.with_suffix(".py").is_file():
        raise ProblemFileError(
            f"There is no bundled problem '{problem}', but a file {path}.py; a file is given with its ending. "
            f"Write {path}.py."
        )
    names = [entry.name for entry in bundled_problems()]
    close = difflib.get_close_matches(problem, names, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(close)}?" if close else "List them with 'sirenpde list'."
    raise ProblemFileError(
        f"There is no problem '{problem}'; expected the path of a Python file or the name of a bundled problem. "
        f"{hint}"
    )


def _existing(path: Path) -> Path:
    if path.is_dir():
        inside = sorted(_python_files(path)) or ["wave.py"]
        raise ProblemFileError(
            f"{path} is a directory; expected a problem file, such as {path / inside[0]}. Name the file."
        )
    if not path.is_file():
        near = difflib.get_close_matches(path.name, _python_files(path.parent), n=1)
        hint = (
            f"Did you mean {path.with_name(near[0])}?" if near else "Check the path, or run 'sirenpde list'."
        )
        raise ProblemFileError(f"There is no file {path}; expected a problem file. {hint}")
    if path.suffix != ".py":
        raise ProblemFileError(f"{path} is not a Python file; a problem file ends in .py. Check the path.")
    return path


def _python_files(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("*.py") if file.is_file()] if folder.is_dir() else []


def read(path: Path) -> Source:
    """A problem file's text. Raises ProblemFileError where it is empty or no text."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise ProblemFileError(
            f"{path} is not text in UTF-8 (byte {error.start}); expected a Python file. Check the path, or save "
            f"the file as UTF-8."
        ) from None
    except OSError as error:
        raise ProblemFileError(f"{path} cannot be read: {error.strerror}. Check its permissions.") from None
    if not text.strip():
        raise ProblemFileError(f"{path} is empty; expected a problem file. {_NEEDED}")
    return Source(path.resolve(), text)


# ---------------------------------------------------------------------------------------------- importing

_NEEDED = "Define 'problem = Problem(...)' at the top level, or 'def problem(...) -> Problem'."


def load(source: Path | Source) -> types.ModuleType:
    """Import a problem file under a name of its own.

    The name is registered in ``sys.modules``, where torch.compile looks it up, and never that of another
    module: ``wave.py`` does not shadow the standard ``wave``. Modules beside the file can be imported by it.

    Raises ProblemFileError, naming file and line, where the file cannot be imported or declares no problem.
    """
    given = source if isinstance(source, Source) else read(source)
    module = types.ModuleType(f"sirenpde_problem_{given.name}_{given.hash[:8]}")
    module.__file__ = str(given.path)
    sys.modules[module.__name__] = module
    try:
        code = compile(given.text, str(given.path), "exec", dont_inherit=True)
        with _beside(given.path.parent):
            exec(code, module.__dict__)
    except SyntaxError as error:
        sys.modules.pop(module.__name__, None)
        raise ProblemFileError(_syntax(error, given.path)) from error
    except BaseException as error:
        sys.modules.pop(module.__name__, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise ProblemFileError(_raised(error, given.path, "The problem file cannot be imported")) from error
    _entry(module)
    return module


@contextmanager
def _beside(folder: Path) -> Iterator[None]:
    # At the end of the search path, so that a file there never shadows an installed or standard module.
    sys.path.append(str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):  # the file may have changed the path
            sys.path.remove(str(folder))


def _entry(module: types.ModuleType) -> Any:
    """The module's ``problem``: a Problem, or a function that gives one."""
    entry = getattr(module, "problem", None)
    if entry is None:
        defined = {
            name: type(value).__name__
            for name, value in vars(module).items()
            if _is_defined_in(name, value, module)
        }
        problems = [name for name, kind in defined.items() if kind == "Problem"]
        shown = ", ".join(f"{name} ({kind})" for name, kind in list(defined.items())[-8:]) or "nothing"
        remedy = f"Rename '{problems[0]}' to 'problem'." if problems else _NEEDED
        raise ProblemFileError(f"{module.__file__} declares no 'problem'; it defines {shown}. {remedy}")
    if not inspect.isfunction(entry) and type(entry).__name__ != "Problem":
        raise ProblemFileError(
            f"In {module.__file__}, 'problem' is a {type(entry).__name__}; expected a Problem or a function that "
            f"returns one. {_NEEDED}"
        )
    return entry


def _is_defined_in(name: str, value: object, module: types.ModuleType) -> bool:
    """Whether a module defines this name, rather than importing it."""
    if name.startswith("_") or inspect.ismodule(value):
        return False
    has_home = inspect.isfunction(value) or inspect.isbuiltin(value) or inspect.isclass(value)
    return not has_home or getattr(value, "__module__", None) == module.__name__


def build(module: types.ModuleType, values: Mapping[str, Value] | None = None) -> Problem:
    """The module's problem, its function called with these values. Raises ProblemFileError where it fails."""
    from .problem import Problem

    entry = _entry(module)
    path = Path(module.__file__ or "")
    if isinstance(entry, Problem):
        return entry
    try:
        with _beside(path.parent):
            made = entry(**(values or {}))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too
        raise ProblemFileError(_raised(error, path, "problem() failed")) from error
    if not isinstance(made, Problem):
        given = "nothing" if made is None else f"a {type(made).__name__}"
        raise ProblemFileError(
            f"problem() in {path} returned {given}; expected a Problem. End it with 'return Problem(...)'."
        )
    return made


def _syntax(error: SyntaxError, path: Path) -> str:
    line = (error.text or "").strip()
    return (
        f"{error.filename or path}, line {error.lineno}, is not valid Python: {error.msg}"
        + (f", in '{line}'" if line else "")
        + ". Correct this line."
    )


def _raised(error: BaseException, path: Path, what: str) -> str:
    """What was raised, and where in the user's own file."""
    text = _text(error)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    if not frames:
        return f"{what}: {path}: {type(error).__name__}: {text}"
    line = (frames[-1].line or "").strip()
    where = f"{path}, line {frames[-1].lineno}" + (f" ({line})" if line else "")
    if isinstance(error, SystemExit):
        said = "" if error.code is None else f", saying {text!r}"
        return (
            f"{where}: the file ended the program{said}. A problem file declares a problem and goes on; where it "
            f"cannot, raise an error that says why, such as ValueError({text or '...'!r})."
        )
    # Errors of our own are sentences that teach; those of Python need their name to be understood.
    taught = isinstance(error, ValueError | TypeError | FileNotFoundError) and text.endswith(".")
    return f"{where}: {text}" if taught else f"{what} at {where}: {type(error).__name__}: {text}"


def _text(error: BaseException) -> str:
    """An error's message in one line, cut where it is endless."""
    try:
        text = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    except Exception:  # an error of the user's own, whose message cannot be made
        return ""
    text = " ".join(text[:4000].split())
    return text if len(text) <= 2000 else f"{text[:2000]}…"


# -------------------------------------------------------------------------------------- parameters as flags


def options(module: types.ModuleType) -> list[Option]:
    """The keyword parameters of ``def problem(...)``; none for a module-level Problem.

    Literals become choices, booleans ``--flag/--no-flag``, tuples several words; int, float, str and Path
    are parsed, and ``| None`` is accepted. Help comes from the Args section of the function's docstring.

    Raises ProblemFileError for a parameter of another type.
    """
    entry = _entry(module)
    if not inspect.isfunction(entry):
        return []
    described = _described(inspect.getdoc(entry) or "")
    try:
        hints = typing.get_type_hints(entry)
    except Exception as error:  # annotations are expressions
        raise ProblemFileError(
            f"The annotations of problem() in {module.__file__} cannot be read: {_text(error)}. Import the names "
            f"they use at the top level."
        ) from error
    flags = []
    for parameter in inspect.signature(entry).parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise ProblemFileError(
                f"problem() in {module.__file__} has the parameter {parameter}; expected named ones, which become "
                f"flags. Name every parameter."
            )
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        hint = hints.get(parameter.name, str if default is None else type(default))
        try:
            flags.append(_option(parameter.name, hint, default, required, described.get(parameter.name, "")))
        except TypeError:
            raise ProblemFileError(
                f"The parameter '{parameter.name}' of problem() in {module.__file__} has the type {hint}; a flag can "
                f"be bool, int, float, str, Path, a Literal, a tuple of these, or one of these | None. Choose one."
            ) from None
    return flags


def _option(name: str, hint: Any, default: Value, required: bool, text: str) -> Option:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        given = [argument for argument in arguments if argument is not type(None)]
        if len(given) != 1:
            raise TypeError
        return _option(name, given[0], default, required, text)
    if origin is Literal:
        kinds = {type(choice) for choice in arguments}
        if len(kinds) != 1 or not kinds <= set(_PARSERS):
            raise TypeError
        kind = kinds.pop()
        return Option(name, default, required, _PARSERS[kind], kind.__name__, arguments, None, text)
    if origin is tuple and arguments:
        inner = [argument for argument in arguments if argument is not Ellipsis]
        if len(set(inner)) != 1 or inner[0] not in _PARSERS:
            raise TypeError
        count: int | Literal["+"] = "+" if Ellipsis in arguments else len(inner)
        return Option(name, default, required, _PARSERS[inner[0]], inner[0].__name__, None, count, text)
    if hint is bool:
        return Option(name, default, required, None, "bool", None, None, text)
    if hint not in _PARSERS:
        raise TypeError
    return Option(name, default, required, _PARSERS[hint], hint.__name__, None, None, text)


def _whole(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a whole number") from None


def _real(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ValueError(f"{word!r} is not a number") from None
    if not math.isfinite(value):
        raise ValueError(f"{word!r} is not a finite number")
    return value


_PARSERS: dict[type, Callable[[str], Scalar]] = {int: _whole, float: _real, str: str, Path: Path}


def _described(docstring: str) -> dict[str, str]:
    """The entries of an Args section: name -> text in one line."""
    section = re.search(
        r"^(?:Args|Arguments|Parameters):[ ]*\n((?:[ \t]+.*(?:\n|$)|[ \t]*\n)*)", docstring, re.M
    )
    if section is None:
        return {}
    entries: dict[str, str] = {}
    current: str | None = None
    lines = [line for line in section.group(1).split("\n") if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    for line in lines:
        head = re.match(r"\s*(\w+)\s*(?:\([^)]*\))?:\s*(.*)", line)
        if head and len(line) - len(line.lstrip()) == margin:
            current = head.group(1)
            entries[current] = head.group(2).strip()
        elif current is not None:
            entries[current] += " " + line.strip()
    return entries
