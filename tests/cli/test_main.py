"""Words to exit codes: whatever is typed gets an answer of one paragraph."""

import io
import json
import random
import subprocess
import sys
from dataclasses import replace

import pytest
from problem_files import CASE, run

from sirenpde.cli import verb
from sirenpde.cli.main import main


def test_help_is_quick_and_needs_no_torch():
    script = "import sys; from sirenpde.cli.main import main; assert main(sys.argv[1:]) == 0; "
    script += "assert 'torch' not in sys.modules"
    for words in (["--help"], ["list"], ["solve", "--help"], ["export", "--help"], ["--version"]):
        subprocess.run([sys.executable, "-c", script, *words], check=True, capture_output=True)
    spent = f"import os; {script}; t = os.times(); print(t.user + t.system, file=sys.stderr)"
    done = [
        subprocess.run([sys.executable, "-c", spent, "--help"], capture_output=True, text=True)
        for _ in range(3)
    ]
    assert min(float(found.stderr) for found in done) < 0.3


def test_help_of_a_problem_has_its_flags(case, capsys):
    code, out, _ = run(capsys, "solve", "case.py", "--help")
    assert code == 0
    words = " ".join(out.split())
    assert "--factor FLOAT the right-hand side, with its sign turned. (default: 2.0)" in words
    assert "--trained, --no-trained" in words and "{right,wrong,pole}" in words


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ([], 2, ""),
        (["sovle"], 2, "did you mean solve?"),
        (["solve"], 2, "PROBLEM"),
        (["solve", "case.py", "--facter", "3"], 2, "did you mean --factor"),
        (["solve", "case.py", "--factor", "x"], 2, "'x' is not a number"),
        (["solve", "case.py", "--kind", "left"], 2, "invalid choice: 'left'"),
        (["solve", "case.py", "--steps", "0"], 2, "whole number from 1 on"),
        (["solve", "case.py", "--budget", "soon"], 2, "write 90, 60s, 5m or 1h"),
        (["solve", "case.py", "more"], 2, "more was not understood"),
        (["export", "runs/x", "--format", "doc"], 2, "invalid choice"),
        (["solve", "absent.py"], 1, "There is no file absent.py"),
        (["solve", "nonsense"], 1, "There is no problem 'nonsense'"),
        (["solve", "case.py", "--device", "cuda:99"], 1, "not there"),
        (["solve", "case.py", "--device", "tpu"], 1, "There is no device 'tpu'"),
        (["solve", "case.py", "--out", "."], 1, "not empty"),
        (["solve", "case.py", "--out", "case.py"], 1, "is a file"),
        (["resume", "absent"], 1, "not there"),
        (["export", "."], 1, "holds no run.json"),
        (["solve", "."], 1, ". is a directory; expected a problem file, such as case.py"),
        (["check", ""], 1, ". is a directory"),
        (["show", ".."], 1, ".. is a directory"),
        (["solve", "caf\udce9.py"], 1, "There is no file caf\\udce9.py"),
        (["solve", "case.py", "--out", "case.py/r"], 1, "cannot be made or written to: Not a directory"),
        (["solve", "case.py", "--samples-scale", "1e12"], 1, "GiB for their coordinates alone"),
        (["solve", "case.py", "--samples-scale", "1e300"], 1, "Lower --samples-scale"),
        (["check", "case.py", "--samples-scale", "1e12"], 1, "Lower --samples-scale"),
        (["solve", "case.py", "--seed", "9" * 20], 2, "whole number from 0 on, below 2^63"),
        (["solve", "case.py", "--steps", "1" + 30 * "0"], 2, "whole number from 1 on, up to 10^12"),
        (["solve", "case.py", "--steps", "9" * 5000], 2, "whole number from 1 on"),
        (["solve", "case.py", "--seed", "٣"], 2, "whole number"),
        (["solve", "case.py", "--tolerance", "2"], 2, "not below 1"),
        (["solve", "case.py", "--budget", "1e400h"], 2, "write 90, 60s, 5m or 1h"),
        (["check", "case.py", "--out", "case.py"], 1, "case.py is there already; nothing was changed"),
        (["show", "case.py", "--out", "case.py"], 1, "case.py is there already; nothing was changed"),
    ],
)
def test_bad_words_get_one_paragraph(case, capsys, words, code, said):
    found, _, err = run(capsys, *words)
    assert found == code and said in err
    assert err.count("\n") == (1 if words else 0)
    assert [path.name for path in case.iterdir()] in (["case.py"], ["case.py", "runs"], ["runs", "case.py"])
    assert not list(case.glob("runs/*"))


WORDS = [
    "",
    " ",
    "--",
    "-1",
    "0",
    "nan",
    "inf",
    "1e400",
    "٣",
    "\udcff",
    "9" * 5000,
    "x" * 5000,
    "..",
    ".",
    "/",
]


WORDS += [
    "case.py",
    "bytes.py",
    "full/x",
    "60s",
    "m",
    "cuda:-1",
    "float16",
    "{}",
    "%(prog)s",
    "$",
    ",",
    "\n",
    "@a",
]


FLAGS = [
    "--out",
    "--device",
    "--dtype",
    "--seed",
    "--steps",
    "--budget",
    "--tolerance",
    "--samples-scale",
    "--json",
]


FLAGS += ["--resolution", "--derivatives", "--fields", "--facter", "--Width", "--out=", "--help=1"]


def test_no_command_line_brings_a_traceback(case, capsys, monkeypatch):
    """Words at random, as a person who is in a hurry, or a broken script, would type them."""
    for name in ("solve", "check", "show"):
        monkeypatch.setitem(verb._VERBS, name, replace(verb._VERBS[name], run=lambda call: 0))
    (case / "bytes.py").write_bytes(b"\xff\xfe\0")
    (case / "full").mkdir()
    (case / "full" / "x").write_text("x")
    rng, codes = random.Random(0), []
    for _ in range(120):
        words = [rng.choice(["solve", "check", "show", "resume", "export", "plot", "list", "sovle", ""])]
        words += [rng.choice(["case.py"] * 20 + WORDS)] if rng.random() < 0.9 else []
        for _ in range(rng.randrange(4)):
            words += [rng.choice(FLAGS), rng.choice(WORDS)][: rng.randrange(1, 3)]
        code, out, err = run(capsys, *words)
        assert "Unexpected" not in err and err.count("\n") == (code != 0), words
        assert code in (0, 1, 2) and (code == 0 or not out or "--json" in words), words
        codes.append(code)
    assert {0, 1, 2} == set(codes) and codes.count(0) < 60


def test_a_failure_in_json_is_one_object(case, capsys):
    code, out, err = run(capsys, "solve", "absent.py", "--json")
    assert code == 1 and json.loads(out)["status"] == "failed" and "absent.py" in err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_the_characters_gets_escapes(case, monkeypatch, encoding):
    (case / "case.py").write_text(CASE.replace("u'' = -factor", "Δu = −factor ∂é"), encoding="utf-8")
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding=encoding))
    assert main(["show", "case.py"]) == 0
    assert main(["solve", "case.py", "--out", "ψ", "--json"]) == 0
    sys.stdout.flush()
    text = written.getvalue().decode(encoding)
    assert "\\u0394u = \\u2212factor \\u2202" in text
    assert json.loads(text.splitlines()[-1])["directory"] == "ψ"
