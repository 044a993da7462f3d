"""A directory of its own with a small problem file."""

import pytest
from problem_files import CASE


@pytest.fixture
def case(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.py").write_text(CASE)
    return tmp_path
