"""Solutions as files: read back without their problem, to the same bits, or refused."""

import json
import math
import pickle
import runpy

import numpy as np
import pytest
import torch

from sirenpde import (
    Adam,
    Box,
    D,
    Field,
    GaussNewton,
    LeastSquares,
    PointCloud,
    Problem,
    SineFeatures,
    Siren,
    Solution,
    Unknown,
    grad,
    laplacian,
    on,
    solve,
)
from sirenpde.cli.main import main
from sirenpde.files import sealed
from sirenpde.geometry.frame import Frame
from sirenpde.run.checkpoint import FORMAT

line = Box(t=(0, 1))
(t,) = line.axes
plane = Box(x=(0, 2), y=(-1, 1))
x, y = plane.axes


def load_problem(path):
    return runpy.run_path(str(path))["problem"]


def decay(network=None):
    u = Field("u", line, network)
    equation = on(line, 60, name="equation")(lambda p: D(u, t)(p) + u(p) ** 2)
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 1)
    return u, Problem(equation, start, reference={u: lambda p: 1 / (1 + t(p))})


def wave():
    """Two fields, one complex and periodic, one with two components, and an unknown number."""
    v = Field("v", plane, Siren(8, 2), dtype=complex, periodic=(y,))
    w, c = Field("w", plane, Siren(6, 1), shape=(2,)), Unknown("c", 1.0, low=0.0)
    one = on(plane, 40, name="one")(lambda p: c(p) * D(v, x)(p) + 1j * v(p) - w(p)[0])
    two = on(plane, 40, name="two")(lambda p: laplacian(w)(p) + w(p) - 1)
    return Problem(one, two)


def test_a_marched_solution_comes_back_to_the_bit(tmp_path):
    u, problem = decay()
    solution = solve(problem)
    assert solution.stages[0].name == "march along t"
    solution.save(tmp_path / "here")
    again = Solution.load(tmp_path / "here")
    places = np.linspace(0, 1, 50)[:, None]
    assert np.array_equal(again["u"](places), solution[u](places))
    assert np.array_equal(again[Field("u", line)](places), solution[u](places))
    for name in (
        "status",
        "message",
        "stages",
        "history",
        "warnings",
        "relative_residual",
        "errors",
        "constraints",
    ):
        assert getattr(again, name) == getattr(solution, name), name
    assert again.report() == solution.report() and "solved" in repr(again)


def test_fields_of_every_kind_come_back(tmp_path):
    problem = wave()
    v, w = problem.fields
    solution = solve(problem, [Adam(steps=5)])
    solution.save(tmp_path)
    again = Solution.load(tmp_path)
    places = np.random.default_rng(0).uniform((0, -1), (2, 1), (30, 2))
    assert np.array_equal(again["v"](places), solution[v](places)) and again["v"](places).dtype.kind == "c"
    assert np.array_equal(again["w"](places), solution[w](places)) and again["w"](places).shape == (30, 2)
    slope = again[grad(again["w"].function)](places)
    assert np.array_equal(slope, solution[grad(w)](places))
    assert again.unknowns == solution.unknowns and again.dtype == "float32"
    shifted = places + np.array([0.0, 2.0])
    assert again["v"](shifted) == pytest.approx(again["v"](places), abs=1e-5)


def test_fields_in_large_units_come_back(tmp_path):
    box = Box(x=(0, 1e6))
    (s,) = box.axes
    u = Field("u", box, SineFeatures(60, 4.0))
    bar = on(box, 100, name="bar")(lambda p: 2e11 * D(u, s, s)(p) + 1e7)
    ends = on(box.boundary(), name="ends")(u)
    solution = solve(Problem(bar, ends))
    solution.save(tmp_path)
    places = np.linspace(0, 1e6, 30)[:, None]
    known = 1e7 / 4e11 * places[:, 0] * (1e6 - places[:, 0])  # 6.25e6 in the middle
    assert np.abs(solution[u](places) - known).max() < 1e-2
    assert np.array_equal(Solution.load(tmp_path)["u"](places), solution[u](places))


def test_the_best_fields_are_kept_where_a_later_stage_was_cut_off(tmp_path):
    u, problem = decay(SineFeatures(40, 4.0))

    def stop(progress):
        if progress.stage_index == 1 and progress.step == 2:
            raise KeyboardInterrupt

    cut = solve(problem, [LeastSquares(), Adam(steps=5, lr=0.5)], progress=stop)
    cut.save(tmp_path)
    places = np.linspace(0, 1, 9)[:, None]
    assert cut.status == "interrupted" and cut.errors["u"]["relative_l2"] < 1e-6
    assert np.array_equal(Solution.load(tmp_path)["u"](places), cut[u](places))


def test_what_is_exported_is_the_same(tmp_path):
    _, problem = decay(SineFeatures(60, 4.0))
    solution = solve(problem, [LeastSquares()])
    solution.save(tmp_path / "saved")
    one = np.load(solution.export(tmp_path / "one.npz", 20))
    other = np.load(Solution.load(tmp_path / "saved").export(tmp_path / "other.npz", 20))
    assert one.files == other.files and all(np.array_equal(one[name], other[name]) for name in one.files)


def test_a_run_goes_on_from_its_files(tmp_path):
    _, problem = decay(Siren(6, 1, 3.0))
    stages = [GaussNewton(steps=6)]
    short = solve(problem, stages)
    short.save(tmp_path)
    loaded = Solution.load(tmp_path)
    again = solve(decay(Siren(6, 1, 3.0))[1], stages, resume=loaded, tolerance=1e-9)
    assert torch.equal(again.theta, short.refine(1e-9).theta)
    with pytest.raises(ValueError, match=r"solve\(problem, resume=solution"):
        loaded.refine(1e-9)


def test_a_run_directory_is_loaded_with_its_report(tmp_path):
    (tmp_path / "decay.py").write_text(
        "from sirenpde import Box, D, Field, Problem, Unknown, on\n"
        "line = Box(t=(0, 1))\n"
        "u, k = Field('u', line), Unknown('k', 0.5)\n"
        "inside = on(line, 60, name='inside')(lambda p: D(u, line.axes[0])(p) + k(p) * u(p))\n"
        "start = on(line.at(t=0), name='start')(lambda p: u(p) - 1)\n"
        "end = on(line.at(t=1), name='end')(lambda p: u(p) - 0.25)\n"
        "problem = Problem(inside, start, end)\n"
    )
    run = tmp_path / "run"
    assert main(["solve", str(tmp_path / "decay.py"), "--out", str(run)]) == 0
    report, loaded = json.loads((run / "report.json").read_text()), Solution.load(run)
    assert loaded.status == "solved" and loaded.unknowns["k"] == pytest.approx(math.log(4))
    assert loaded.constraints == report["constraints"] and set(loaded.constraints) == {
        "inside",
        "start",
        "end",
    }
    assert loaded.standard_errors == report["unknown_errors"] and loaded.parameters == report["parameters"]
    assert f"  found     k = {loaded.unknowns['k']:.3f}"[:18] in str(loaded)
    loaded.save(tmp_path / "kept")
    kept = Solution.load(tmp_path / "kept")
    assert kept.constraints == loaded.constraints and str(kept) == str(loaded)
    assert np.array_equal(kept["u"]([[0.5]]), loaded["u"]([[0.5]]))
    (run / "report.json").write_text(
        json.dumps({**report, "wall_s": 1e9})
    )  # of another state than the checkpoint
    assert Solution.load(run).constraints == {}
    with pytest.raises(ValueError, match=r"without its problem.*resume=solution.*'sirenpde resume'"):
        loaded.refine(1e-9)
    assert solve(load_problem(tmp_path / "decay.py"), resume=loaded, tolerance=1e-5).status == "solved"


def test_files_are_in_the_units_of_the_cloud_after_all(tmp_path):
    box = Box(x=(-1, 1), y=(-1, 1))
    cloud = PointCloud([[0.5, 0.0], [-0.5, 0.5]], box, frame=Frame((100.0, 200.0), 0.1))
    u = Field("u", box, Siren(4, 1))
    solution = solve(Problem(on(cloud, name="zero")(lambda p: u(p) - 1)), [Adam(steps=2)])
    solution.save(tmp_path / "saved")
    one = np.load(solution.export(tmp_path / "one.npz", 5))
    other = np.load(Solution.load(tmp_path / "saved").export(tmp_path / "other.npz", 5))
    assert one["x"].min() == pytest.approx(90) and one["y"].max() == pytest.approx(210)
    assert one.files == other.files and all(np.array_equal(one[name], other[name]) for name in one.files)


def test_a_module_of_the_problems_own_needs_the_problem(tmp_path):
    module = torch.nn.Sequential(torch.nn.Linear(1, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    _, problem = decay(module)
    solve(problem, [Adam(steps=2)]).save(tmp_path)
    with pytest.raises(ValueError, match=r"field u was solved with a module.*solve\(problem, resume"):
        Solution.load(tmp_path)


def test_no_changed_byte_loads_other_content(tmp_path):
    _, problem = decay(Siren(4, 1))
    solve(problem, [Adam(steps=2)]).save(tmp_path)
    file = tmp_path / "solution.pt"
    good = file.read_bytes()
    places = {*range(0, len(good), 211), *range(len(good) - 400, len(good), 7)}
    for place in places:
        file.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(ValueError, match="damaged or no checkpoint"):
            Solution.load(tmp_path)
    for length in (0, 100, len(good) - 1):
        file.write_bytes(good[:length])
        with pytest.raises(ValueError, match="damaged or no checkpoint"):
            Solution.load(tmp_path)


def test_foreign_files_are_refused_in_one_paragraph(tmp_path):
    with pytest.raises(ValueError, match=r"holds no solution\.pt"):
        Solution.load(tmp_path)
    with pytest.raises(ValueError, match=r"holds no solution\.pt"):
        Solution.load(tmp_path / "nowhere")
    file = tmp_path / "solution.pt"
    for foreign in (b"hello", pickle.dumps({"snapshot": print})):
        file.write_bytes(foreign)
        with pytest.raises(ValueError, match="no checkpoint"):
            Solution.load(tmp_path)
    for value in (
        3,
        {"a": 1},
        {"state": {"format": FORMAT}},
    ):
        sealed.write(file, value)
        with pytest.raises(ValueError, match="holds no solution"):
            Solution.load(tmp_path)
    sealed.write(file, {"snapshot": {"format": "sirenpde checkpoint 5"}})
    with pytest.raises(
        ValueError, match=r"is of the format 'sirenpde checkpoint 5'; expected .*wrote it, or solve"
    ):
        Solution.load(tmp_path)
    file.unlink()
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="is a file"):
        solve(decay(Siren(4, 1))[1], [Adam(steps=1)]).save(tmp_path / "file")


def test_a_name_that_is_not_there_is_told(tmp_path):
    _, problem = decay(Siren(4, 1))
    solution = solve(problem, [Adam(steps=1)])
    assert solution["u"](np.zeros((1, 1))).shape == (1,)
    with pytest.raises(ValueError, match="asked for 'w'; expected one of u"):
        solution["w"]
    with pytest.raises(ValueError, match="on other axes or of another shape"):
        solution[Field("u", plane)]
