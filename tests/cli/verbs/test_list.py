"""``list``."""

import json

from problem_files import run


def test_list_names_the_bundled_problems(capsys):
    code, out, _ = run(capsys, "list", "--json")
    assert code == 0
    for entry in json.loads(out)["problems"]:
        assert set(entry) == {"name", "summary"}
