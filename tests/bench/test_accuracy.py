"""The accuracy benchmark: blind solves with their own clock, honest rows, tables, JSON and a figure."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import itertools
import json
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sirenpde.bench import accuracy, accuracy_worker
from sirenpde.bench.accuracy import against_classical, against_published, summary
from sirenpde.bench.accuracy_cases import CASES, Case, UnknownCase, chosen
from sirenpde.bench.accuracy_worker import broken_off
from sirenpde.bench.classical import SOLVERS
from sirenpde.bench.suites import SUITES
from sirenpde.cli.main import main
from sirenpde.cli.verbs.bench import suite_command
from sirenpde.problem import load as loading

TINY = '''
"""u'' = -2 between walls."""
from sirenpde import Adam, Box, D, Field, Problem, Siren, on

def problem(factor: float = 2.0, trained: bool = False):
    box = Box(x=(0, 1))
    (x,) = box.axes
    u = Field("u", box, Siren(width=8, depth=1, omega=5) if trained else None)

    @on(box, samples=40)
    def poisson(p):
        return D(u, x, x)(p) + factor

    @on(box.boundary(), samples=2, weight=3)
    def ends(p):
        return u(p)

    exact = lambda p: factor / 2 * x(p) * (1 - x(p))
    return Problem(poisson, ends, reference={u: exact}, using=[Adam(steps=100_000)] if trained else None)
'''


@pytest.fixture
def tiny(tmp_path: Path) -> str:
    (tmp_path / "tiny.py").write_text(TINY)
    return str(tmp_path / "tiny.py")


def run(error: float | None, cpu: float = 1.0, **more: Any) -> dict[str, Any]:
    curve = [[cpu / 2, cpu, 1e-5], [cpu, 2 * cpu, error]]
    return {
        "status": "solved",
        "relative_l2": error,
        "held_out": 1e-9,
        "cpu_s": cpu,
        "wall_s": 2 * cpu,
        "memory_mib": 12.5,
        "parameters": 10,
        "residuals": 30,
        "dtype": "float64",
        "device": "cpu",
        "device_name": "some processor",
        "choice": "",
        "curve": curve,
        **more,
    }


def test_a_long_step_is_broken_off_by_processor_time() -> None:
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt), broken_off(0.05, lambda: told.append("over")):
        start = time.process_time()
        while time.process_time() < start + 5:
            pass
    assert told == ["over"] and time.process_time() < start + 1
    with broken_off(5, lambda: told.append("never")):
        pass
    assert told == ["over"]


@pytest.mark.skipif(sys.platform != "linux", reason="sets of signals are laid out as Linux has them")
def test_a_long_step_is_broken_off_though_a_native_thread_takes_the_signal() -> None:
    told: list[str] = []
    number = int(signal.SIGPROF) - 1
    only = (ctypes.c_uint64 * 16)(*(1 << number % 64 if i == number // 64 else 0 for i in range(16)))
    # That of ``signal`` looks for signals that have come, and this one shall not.
    mask = ctypes.PyDLL(None).pthread_sigmask
    native = threading.Thread(target=hashlib.pbkdf2_hmac, args=("sha256", b"", b"", 2_000_000))
    native.start()
    with pytest.raises(KeyboardInterrupt), broken_off(0.05, lambda: told.append("over")):
        start = time.process_time()
        mask(int(signal.SIG_BLOCK), only, None)
        while time.process_time() < start + 0.1:  # the other thread, the only one that may, takes it
            pass
        mask(int(signal.SIG_UNBLOCK), only, None)
        while time.process_time() < start + 0.6:
            pass
    assert told == ["over"] and time.process_time() < start + 0.4 and native.is_alive()
    native.join()


# ------------------------------------------------------------------------------------------ whole runs


def test_cases_from_processes_to_files(tiny: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [
        Case("direct", tiny, "u'' = -2", {"factor": 3.0}, classical="poisson_square"),
        Case("absent", str(tmp_path / "absent.py"), "nothing"),
    ]
    code = suite_command(
        SUITES["accuracy"](), cases, 1, False, None, "cpu", str(tmp_path / "out"), as_json=True
    )
    out, err = capsys.readouterr()
    direct, absent = json.loads(out)["problems"]
    assert code == 0 and err.count("\n") == 2 * len(cases) + 1

    assert direct["relative_l2"] < 1e-12 and direct["held_out"] < 1e-12
    assert 0 < direct["to_1e-08_s"] <= direct["cpu_s"] < 2 and direct["dtype"] == "float64"
    assert direct["classical"]["relative_l2"] < 1e-12
    assert "classical" in direct["against_classical"]

    assert "There is no file" in absent["failed"] and "relative_l2" not in absent

    files = {file.name: file for file in (tmp_path / "out").iterdir()}
    assert set(files) == {"accuracy.json", "accuracy.md", "accuracy.png"}
    assert json.loads(files["accuracy.json"].read_text())["problems"][0] == direct
    assert files["accuracy.png"].stat().st_size > 10_000
    assert "| absent |" in files["accuracy.md"].read_text()


@pytest.fixture
def hundredths(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of the processor and the wall that moves 0.01 s whenever it is read."""
    ticks = itertools.count()
    now = lambda: 0.01 * next(ticks)
    monkeypatch.setattr(accuracy_worker, "_warm_up", lambda device: None)
    monkeypatch.setattr(accuracy_worker.Stopwatch, "_now", staticmethod(lambda: (now(), now())))


def test_a_trained_case_ends_with_its_budget(tiny: str, hundredths: None) -> None:
    found = accuracy_worker.solved({"problem": tiny, "flags": {"trained": True}}, 1, 0.8, "cpu")
    assert found["status"] == "budget" and 0.8 <= found["cpu_s"] < 0.9
    cpu, wall, errors = zip(*found["curve"], strict=True)
    assert 0 <= found["memory_mib"] < 200
    assert list(cpu) == sorted(cpu) and list(wall) == sorted(wall)
    assert len(set(errors)) > 5 and errors[-1] == found["relative_l2"]
    assert found["parameters"] == 25 and found["seed"] == 1


def test_a_case_can_ask_for_the_trained_siren(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("sirenpde.run.solve")
    solve = module.solve
    monkeypatch.setattr(module, "solve", lambda p, **words: solve(p, **words, steps=6))
    monkeypatch.setattr(accuracy_worker, "_warm_up", lambda device: None)
    found = accuracy_worker.solved({"problem": tiny, "flags": {}, "network": "siren"}, 1, 1e6, "cpu")
    assert "SIREN 2 x 32, omega 4" in found["choice"] and found["stages"][0].startswith("Gauss-Newton: ")
    assert found["relative_l2"] < 1e-8


def test_a_solve_does_not_see_its_reference(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("sirenpde.run.solve")
    seen = []
    solve = module.solve
    monkeypatch.setattr(module, "solve", lambda p, **words: seen.append(p) or solve(p, **words))
    monkeypatch.setattr(accuracy_worker, "_warm_up", lambda device: None)
    found = accuracy_worker.solved({"problem": tiny, "flags": {}}, 0, 10.0, "cpu")
    assert [problem.reference for problem in seen] == [{}]
    assert found["relative_l2"] < 1e-12 and set(found["errors"]) == {"u"}


def test_held_out_residual_is_relative_to_the_equations_terms(tiny: str) -> None:
    from sirenpde.run.solve import recall, solve

    problem = accuracy_worker.declared({"problem": tiny, "flags": {"factor": 5.0}})
    solution = solve(problem)
    assert solution.relative_residual < 1e-12
    state = solution.snapshot()
    best = {**state["best"], "theta": 0.75 * state["best"]["theta"]}
    part = recall(problem, {**state, "best": best}, device="cpu")
    assert part.relative_residual == pytest.approx(0.25, rel=1e-9)


def test_the_clock_stands_still_while_the_error_is_measured() -> None:
    clock = accuracy_worker.Stopwatch()
    with clock.stopped():
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
        time.sleep(0.1)
    cpu, wall = clock.read()
    assert 0 <= cpu < 0.05 and 0 <= wall < 0.1


def test_a_flag_there_is_not_and_a_problem_without_reference_are_named(tiny: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no parameter nix; expected some of factor, trained"):
        accuracy_worker.declared({"problem": tiny, "flags": {"nix": 1}})
    (tmp_path / "bare.py").write_text(TINY.replace("reference={u: exact}, ", ""))
    with pytest.raises(ValueError, match="declares no reference"):
        accuracy_worker.solved({"problem": str(tmp_path / "bare.py"), "flags": {}}, 0, 1.0, "cpu")


def test_a_process_that_dies_is_a_failed_run() -> None:
    assert accuracy._worker("classical", "nobody", patience=60) == {"failed": "KeyError: 'nobody'"}
    assert (
        accuracy._worker("classical", "kuramoto_sivashinsky", patience=0.05)["failed"]
        == "no answer after 0 s"
    )


# ------------------------------------------------------------------------------------------------ rows


(CASE,) = (case for case in CASES if case.name == "poisson_multiscale")


def test_a_row_holds_medians_range_and_times() -> None:
    runs = [run(1e-9, 3.0), run(1e-5, 1.0), run(1e-7, 2.0)]
    row = summary(CASE, runs, {"method": "Chebyshev", "relative_l2": 1e-14, "cpu_s": 0.001})
    assert row["relative_l2"] == 1e-7 and row["relative_l2_range"] == [1e-9, 1e-5]
    assert row["cpu_s"] == 2.0 and row["wall_s"] == 4.0
    assert row["to_1e-04_s"] == 1.0  # each at half of its time
    assert row["to_1e-06_s"] == 3.0  # two of three reach it, at 2 and 3 seconds
    assert row["to_1e-08_s"] is None  # one of three
    assert row["curve"] == [(1.0, 1e-5), (2.0, 1e-7)]  # of the seed with the median error
    assert row["published"]["error"] == 4.5e-14
    assert row["against_published"] == "published, 2.2e+06 times smaller"
    assert row["against_classical"] == "classical, 2e+03 times faster"
    assert "failed" not in row


def test_times_on_a_gpu_are_wall_times() -> None:
    row = summary(CASE, [run(1e-9, 3.0, device="cuda:0")], None)
    assert row["to_1e-08_s"] == 6.0 and row["curve"][-1] == (6.0, 1e-9)


def test_failures_are_told_and_the_rest_counts() -> None:
    row = summary(CASE, [run(1e-9), {"failed": "out of memory"}, run(None)], {"failed": "Error: no"})
    assert row["failed"] == "2 of 3 seeds: out of memory" and row["relative_l2"] == 1e-9
    assert "against_classical" in row and row["against_classical"] is None
    row = summary(CASE, [{"failed": "out of memory"}], {"failed": "Error: no"})
    assert row["failed"] == "out of memory" and "relative_l2" not in row
    words = accuracy.table([row])
    assert "Failed, out of memory. The classical solver failed, Error: no." in words


@pytest.mark.parametrize(
    ("error", "cpu", "words"),
    [
        (1e-9, 1.0, "classical, 10 times faster"),  # as accurate as theirs, later
        (1e-6, 1.0, "classical, 10 times faster"),
        (1e-9, 0.01, "sirenpde, 10 times faster"),
        (1e-14, 1.0, "error sirenpde, time classical"),
        (1e-6, 0.01, "error classical, time sirenpde"),
    ],
)
def test_who_wins_against_a_classical_solver(error: float, cpu: float, words: str) -> None:
    assert against_classical(error, cpu, {"relative_l2": 1e-9, "cpu_s": 0.1}) == words


def test_who_wins_against_what_is_published() -> None:
    assert against_published(1e-9, {"error": 1.9e-9}) == "even"
    assert against_published(1e-12, {"error": 2e-9}) == "sirenpde, 2e+03 times smaller"
    assert against_published(1e-6, {"error": 1e-9}) == "published, 1e+03 times smaller"
    assert against_published(1e-6, None) is None


def test_tables_and_curves() -> None:
    solved = summary(CASE, [run(1e-9)], {"method": "Chebyshev", "relative_l2": 1e-14, "cpu_s": 0.001})
    failed = summary(Case("wave_string", "wave_string", "u_tt = 4 u_xx"), [{"failed": "no | such"}], None)
    reached, beside, notes = accuracy.table([solved, failed]).split("\n\n")
    assert reached.splitlines()[1].split()[:2] == ["poisson_multiscale", "1.0e-09"]
    assert reached.splitlines()[2].split() == ["wave_string", "failed"]
    assert "281" in beside and "Chebyshev" in beside
    assert "secondary table" in notes and "Failed, no | such." in notes
    marked = accuracy.as_markdown([solved, failed])
    widths = {line.count("|") - line.count("\\|") for line in marked.split("\n\n")[0].splitlines()}
    assert len(widths) == 1
    (curve,) = accuracy.curves([solved, failed])
    assert curve.published == (281, 4.5e-14) and curve.classical == (0.001, 1e-14)
    assert curve.points[-1] == (1.0, 1e-9)


# ---------------------------------------------------------------------------------- the list of cases


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_has_a_published_figure_or_says_why_not(case: Case) -> None:
    published = case.published
    if published is None:
        assert len(case.unpublished) > 15  # more than that none is known
        return
    assert 1e-17 < published.error < 1 and published.kind in ("primary", "secondary")
    assert published.seconds is None or published.seconds > 0
    assert published.method and published.network and published.source


def test_every_case_names_a_problem_with_its_flags_and_a_classical_solver() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    files = {entry.name: entry.path for entry in loading.bundled_problems()}
    for case in CASES:
        assert case.classical in SOLVERS, case.name
        options = {option.name: option for option in loading.options(loading.load(files[case.problem]))}
        for name, value in case.flags.items():
            option = options[name]
            assert option.choices is None or value in option.choices, (case.name, name)
            assert option.value(value) == (tuple(value) if isinstance(value, list) else value)


def test_quick_is_short() -> None:
    quick = chosen([], quick=True)
    assert 12 <= len(quick) < len(CASES)
    assert sum(case.quick for case in quick) < 300  # seconds at most, were every budget spent


def test_cases_are_chosen_by_name_or_problem() -> None:
    assert [case.name for case in chosen(["burgers-viscous", "cavity"], False)] == [
        "burgers-viscous",
        "cavity",
    ]
    assert len(chosen(["helmholtz_modes"], True)) == 4
    assert chosen(["cavity"], True)  # named, though not quick
    with pytest.raises(UnknownCase, match="no case 'burger'; did you mean burgers"):
        chosen(["burger"], False)


def test_words_that_make_no_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "accuracy", "--only", "nothing_at_all"]) == 2
    assert "no case 'nothing_at_all'; it has" in capsys.readouterr().err
    assert main(["bench", "speed", "--seeds", "3"]) == 2
    assert "--seeds is no flag of 'sirenpde bench speed', which takes none such" in capsys.readouterr().err


def test_the_error_of_a_march_is_told_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accuracy_worker.Stopwatch, "_now", staticmethod(lambda: (10.0, 10.0)))
    held, errors = [("t", 0.5), None], {"u": {"relative_l2": 1e-9}}
    known = [SimpleNamespace(holds_until=end, errors=errors) for end in held]
    curve = accuracy_worker.Curve(lambda snapshot: known.pop(0), 100.0, False)
    curve.next = 0.0
    counts: list[int] = []
    for _ in held:
        curve(SimpleNamespace(snapshot=dict, stage_index=0, stage_count=1, step=1, steps=9))  # type: ignore[arg-type]
        counts.append(len(curve.points))
    assert counts == [0, 1] and curve.points[0][2] == 1e-9


def test_what_is_measured_on_the_way_breaks_no_run_off() -> None:
    def busy(seconds: float) -> None:
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    with broken_off(0.2, lambda: None):
        with accuracy_worker.unhurried():
            busy(0.4)
        accuracy_worker.unbroken()
        busy(0.4)
    with pytest.raises(KeyboardInterrupt), broken_off(0.2, lambda: None):
        with accuracy_worker.unhurried():
            busy(0.1)
        busy(0.6)


def test_a_run_broken_off_while_it_ends_is_shown_as_far_as_it_came(
    tiny: str, hundredths: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sirenpde.run import solve as solving

    def broken(run: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(solving, "_determination", broken)
    case = {"problem": tiny, "flags": {"factor": 3.0}}
    monkeypatch.setattr(accuracy_worker, "broken_off", lambda seconds, told: contextlib.nullcontext(told()))
    found = accuracy_worker.solved(case, 0, 60.0, "cpu")
    assert found["status"] == "budget" and found["relative_l2"] < 1e-12
