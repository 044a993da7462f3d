"""``check``."""

import json

from problem_files import run


def test_check_proves_a_right_problem(case, capsys):
    code, out, _ = run(capsys, "check", "case.py", "--json")
    found = json.loads(out)
    assert code == 0 and found["ok"]
    topics = [finding["topic"] for finding in found["findings"] if finding["ok"]]
    assert "declared solution in poisson" in topics and "derivatives of u on (x)" in topics
    assert (case / "runs" / "case-samples.png").is_file()


def test_check_finds_a_wrong_constraint(case, capsys):
    code, out, _ = run(capsys, "check", "case.py", "--kind", "wrong")
    assert code == 1
    assert (
        "WRONG declared solution in poisson: residual rms 1.0e+00, max 1.0e+00, where its terms are of size"
        in out
    )
    assert "ok    declared solution in ends" in out
