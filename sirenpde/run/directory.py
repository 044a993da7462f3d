"""Run directories: what a run was given, how it went, and where it can go on.

    run.json        problem, its source text and hash, flags, settings, versions
    history.csv     a line per step
    checkpoint.pt   the state, for torch.load(weights_only=True), with a checksum over all
    fields/         files for viewers
    figures/        pictures
    report.json     the result in numbers, written last

Files appear whole or not at all. A run directory holds program text, which ``resume``, ``export`` and ``plot``
execute: open only those you trust, as with any program.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..files.whole import whole
from ..networks.names import offered_names
from .history import Row

FORMAT = "sirenpde run 1"
NETWORKS = offered_names()
_PACKAGES = ("sirenpde", "torch", "numpy", "scipy")


class RunError(ValueError):
    """A run directory that cannot be made, or cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """How a problem is to be solved: the flags that every problem has."""

    device: str = "auto"
    dtype: str | None = None
    seed: int = 0
    steps: int | None = None
    budget: float | None = None
    tolerance: float | None = None
    samples_scale: float = 1.0
    network: str | None = None

    def check(self) -> None:
        """Raise ValueError for a setting that no command line gives."""
        fits = {
            "device": isinstance(self.device, str),
            "dtype": self.dtype in (None, "float32", "float64"),
            "seed": _is_whole(self.seed) and 0 <= self.seed < 2**63,
            "steps": self.steps is None or (_is_whole(self.steps) and self.steps > 0),
            "budget": self.budget is None or _is_positive(self.budget),
            "tolerance": self.tolerance is None or _is_positive(self.tolerance),
            "samples_scale": _is_positive(self.samples_scale),
            "network": self.network in (None, "auto", *NETWORKS),
        }
        for name, fine in fits.items():
            if not fine:
                raise ValueError(f"its {name} is {str(getattr(self, name))[:40]!r}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < float("inf")


@dataclass(frozen=True)
class Given:
    """What a run was given: the problem's name, place and source text, where it was started, flags and settings."""

    problem: str
    path: str
    source: str
    folder: str
    flags: Mapping[str, Any]
    settings: Settings


class RunDirectory:
    """The files of one run. Made by ``create`` or ``open_run``."""

    def __init__(self, path: Path, made: Sequence[Path] = ()) -> None:
        self.path = path
        self.made = tuple(made)  # the directories that were made for it, the innermost last

    @property
    def fields(self) -> Path:
        return self.path / "fields"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint.pt"

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """A JSON file in the directory; numbers that JSON does not have become null."""
        self.write_text(
            name, json.dumps(as_json(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        )

    def write_text(self, name: str, text: str) -> None:
        with whole(self.path / name) as beside:
            # The bytes of a path that are no text come as lone surrogates, whose escapes JSON reads back.
            beside.write_text(text, encoding="utf-8", errors="backslashreplace")

    def write_given(self, given: Given, command: Sequence[str]) -> None:
        digest = hashlib.sha256(given.source.encode()).hexdigest()
        self.write_json(
            "run.json",
            {
                "format": FORMAT,
                "problem": given.problem,
                "path": given.path,
                "folder": given.folder,
                "flags": given.flags,
                "settings": asdict(given.settings),
                "seed": given.settings.seed,
                "device": given.settings.device,
                "command": list(command),
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "versions": versions(),
                "source_sha256": digest,
                "source": given.source,
            },
        )

    def discard(self) -> None:
        """Take the directory away again, before anything was computed; a file of anyone else's keeps it."""
        (self.path / "run.json").unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in reversed(self.made):
                folder.rmdir()

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """For this process alone, until the block ends or the process dies. Raises RunError where another has it."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            _lock(handle, self.path)
            yield
        finally:
            os.close(handle)

    def read_given(self) -> Given:
        """What the run was given. Raises RunError where run.json is damaged or of something else."""
        file = self.path / "run.json"
        try:
            value = json.loads(file.read_text(encoding="utf-8"))
            if value["format"] != FORMAT:
                raise RunError(
                    f"{file} is of the format '{value['format']}'; expected '{FORMAT}'. Open it with the version of "
                    f"sirenpde that wrote it."
                )
            given = Given(
                str(value["problem"]),
                str(value["path"]),
                str(value["source"]),
                str(value["folder"]),
                dict(value["flags"]),
                Settings(**value["settings"]),
            )
            given.settings.check()
            digest = value["source_sha256"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, RunError):
                raise
            raise RunError(
                f"{file} is damaged ({type(error).__name__}: {error}); expected the record of a run. Restore it from "
                f"a copy, or solve the problem again into another directory. Nothing was changed."
            ) from error
        if hashlib.sha256(given.source.encode()).hexdigest() != digest:
            raise RunError(
                f"The problem's source text in {file} does not have the hash written beside it; the file was edited "
                f"or damaged. Restore it from a copy, or solve the problem again into another directory."
            )
        return given

    def write_history(self, rows: Sequence[Row]) -> None:
        """One line per step: stage, step, seconds, loss, and each constraint's weighted term."""
        names = list(dict.fromkeys(name for row in rows for name in row.terms))
        with (
            whole(self.path / "history.csv") as beside,
            beside.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            table = csv.writer(file, lineterminator="\n")
            table.writerow(["stage", "step", "seconds", "loss", *names])
            for row in rows:
                terms = [repr(row.terms[name]) if name in row.terms else "" for name in names]
                table.writerow([row.stage, row.step, f"{row.seconds:.4f}", repr(row.loss), *terms])

    def write_checkpoint(self, state: Mapping[str, Any], given: Given) -> None:
        """A state of plain values and tensors, marked with what it belongs to."""
        from ..files import sealed

        sealed.write(self.checkpoint, {"belongs_to": _identity(given), "state": dict(state)})

    def read_checkpoint(self, given: Given) -> dict[str, Any]:
        """The last state.

        Raises RunError where it is missing, of another run or of another version, CheckpointError where damaged.
        """
        from ..files import sealed
        from .checkpoint import FORMAT as CURRENT

        if not self.checkpoint.is_file():
            raise RunError(
                f"{self.path} has no checkpoint.pt; the run ended before its first. Solve it again: "
                f"sirenpde solve {given.problem} --out ANOTHER_DIRECTORY."
            )
        value = sealed.read(self.checkpoint)
        if not isinstance(value, dict) or not {"belongs_to", "state"} <= set(value):
            raise RunError(
                f"{self.checkpoint} is no checkpoint of a run, but written by another program; nothing was changed. "
                f"Put back the checkpoint that was written here, or solve the problem again."
            )
        if value["belongs_to"] != _identity(given):
            raise RunError(
                f"{self.checkpoint} belongs to another problem or other flags than {self.path / 'run.json'}; nothing "
                f"was changed. Put back the checkpoint that was written here, or solve the problem again."
            )
        state: dict[str, Any] = value["state"]
        written = state.get("format", CURRENT)
        if written != CURRENT:
            raise RunError(
                f"{self.checkpoint} is of the format '{written}'; expected '{CURRENT}'. Nothing was changed. Open it "
                f"with the version of sirenpde that wrote it, or solve the problem again."
            )
        return state


def _identity(given: Given) -> str:
    """What must agree for a checkpoint to fit: the problem's text and flags, and the network asked for."""
    contents = [given.source, as_json(given.flags), given.settings.network, given.settings.samples_scale]
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()


def check_free(out: str | os.PathLike[str] | None) -> None:
    """Raise RunError where the directory asked for cannot be made or is in use. Makes nothing."""
    if out is None:
        return
    path = Path(out)
    if path.is_file():
        raise RunError(f"{path} is a file; expected a directory for the run. Choose another --out.")
    if not path.is_dir():
        return
    if (path / "run.json").exists():
        raise RunError(
            f"{path} already holds a run; nothing was changed. Continue it with 'sirenpde resume {path}', or choose "
            f"another directory with --out."
        )
    if any(path.iterdir()):
        raise RunError(
            f"{path} is not empty; a run needs a directory of its own, and nothing was changed. Choose another --out."
        )


def create(out: str | os.PathLike[str] | None, problem: str) -> RunDirectory:
    """A new directory for a run: ``out``, or ``runs/<problem>-<number>`` with the next free number.

    It is taken by making its run.json, which only one process can. Raises RunError where it already holds
    something, or cannot be made.
    """
    check_free(out)
    try:
        if out is not None:
            made = _make(Path(out))
            _claim(Path(out))
            return RunDirectory(Path(out), made)
        runs = Path("runs")
        made = _make(runs)
        taken = [p.name.removeprefix(f"{problem}-") for p in runs.glob(f"{problem}-*")]
        number = max((int(n) for n in taken if n.isdecimal()), default=0) + 1
        while True:
            path = runs / f"{problem}-{number}"
            try:
                path.mkdir()
                _claim(path)
                return RunDirectory(path, [*made, path])
            except FileExistsError:  # another run took the number in between
                number += 1
    except FileExistsError:
        raise RunError(
            f"Another process has just taken {out} for a run of its own; nothing was changed. Choose another --out."
        ) from None
    except OSError as error:
        where = out if out is not None else "runs/"
        raise RunError(
            f"The run directory {where} cannot be made or written to: {error.strerror}. Choose another --out."
        ) from error


def _make(path: Path) -> list[Path]:
    """Make a directory and those above it; the ones that were not there, the innermost last."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    if not missing and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


def _claim(path: Path) -> None:
    with (path / "run.json").open("x"):
        pass


def _lock(handle: int, path: Path) -> None:
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RunError(
            f"Another process is at work in {path}; nothing was changed. Wait until it has ended, or end it."
        ) from None
    except (ImportError, OSError):  # Windows, and file systems without locks
        pass


def open_run(path: str | os.PathLike[str]) -> RunDirectory:
    """An existing run directory. Raises RunError where there is none."""
    folder = Path(path)
    if not folder.is_dir():
        what = "a file" if folder.exists() else "not there"
        raise RunError(
            f"{folder} is {what}; expected the directory of a run, such as runs/helmholtz-1. Check the path."
        )
    if not (folder / "run.json").is_file():
        raise RunError(
            f"{folder} holds no run.json, so it is not the directory of a run. Name one that 'sirenpde solve' made."
        )
    return RunDirectory(folder)


def versions() -> dict[str, str]:
    """The versions that a result depends on."""
    installed = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            installed[name] = version(name)
        except PackageNotFoundError:
            installed[name] = "not installed"
    return installed


def peak_memory_mb(device: str) -> float | None:
    """The most memory this process has held so far, in MiB: on the GPU if it ran there. None where unknown."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.max_memory_allocated(device) / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if platform.system() == "Darwin" else 2**10)


def memory_of_the_machine() -> float:
    """Bytes; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (AttributeError, ValueError, OSError):  # Windows, and systems without these names
        return float("inf")


def as_json(value: Any) -> Any:
    """JSON has mappings, lists, strings, finite numbers, booleans and null."""
    if isinstance(value, Mapping):
        return {str(key): as_json(entry) for key, entry in value.items()}
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, Path):
        return str(value.absolute())
    if hasattr(value, "tolist"):  # arrays and tensors
        return as_json(value.tolist())
    if isinstance(value, Iterable):
        return [as_json(entry) for entry in value]
    number = float(value)
    return number if abs(number) < float("inf") else None
