"""The papers' experiments: chosen by name or group, each guarded, beside what is published, written and drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from sirenpde.bench import suites
from sirenpde.bench.papers import experiment, table, worker
from sirenpde.bench.papers.experiment import Experiment, Family, Form, Outcome, UnknownExperiment, chosen
from sirenpde.cli.main import main
from sirenpde.plots.papers import line_panels


def found(form: Form) -> Outcome:
    value = 30.0 + form.seed + (0 if form.quick else 10)
    return Outcome(
        value, "some picture", best=35.0, best_by="a series", curves={"line": [(0, 1), (1, value)]}
    )


def broken(form: Form) -> Outcome:
    raise RuntimeError("out of\nmemory")


def made(name: str, measure: Any = found, published: float | None = 31.0, **words: Any) -> Experiment:
    return Experiment(name, "Some 2020", "512²", published, "dB", "higher", measure, **words)


EXPERIMENTS = (
    made("image/natural/gaussian", quick="64²"),
    made("image/natural/none", broken),
    made("image/text/none", lambda form: Outcome(float("nan"), "a text")),
    made("imagery", published=None),
)


def test_they_are_chosen_by_name_or_group() -> None:
    names = lambda *asked: [e.name for e in chosen(asked, EXPERIMENTS)]
    assert names() == [e.name for e in EXPERIMENTS]
    assert names("image") == names("image/") == [e.name for e in EXPERIMENTS[:3]]
    assert names("image/text", "imagery") == ["image/text/none", "imagery"]
    with pytest.raises(UnknownExperiment, match=r"'image/nat'; did you mean image/natural"):
        names("image/nat")
    with pytest.raises(UnknownExperiment, match=r"no experiment 'zzz'; it has image, imagery"):
        names("zzz")


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiments above as the only family, measured in this process."""

    def draw(rows: Any) -> Any:
        return line_panels({"": {row["name"]: row["curves"]["line"] for row in rows}}, "x", "dB")

    def answer(module: str, name: str, form: str, device: str, seed: str) -> dict[str, Any]:
        (asked,) = (e for e in EXPERIMENTS if e.name == name)
        run = worker.measured(asked, Form(form == "quick", torch.device(device), int(seed)))
        return dict(json.loads(json.dumps(run)))

    monkeypatch.setattr(experiment, "families", lambda: (Family("image", EXPERIMENTS, {"lines": draw}),))
    monkeypatch.setattr(table, "answer", answer)


def test_a_row_has_the_median_and_what_is_published(family: None) -> None:
    (row,) = table.measure(EXPERIMENTS[:1], seeds=3, quick=True)
    assert (row["value"], row["value_range"], row["best"], row["published"]) == (
        31.0,
        [30.0, 32.0],
        35.0,
        31.0,
    )
    assert row["reached"] and row["passed"] and row["curves"] == {"line": [[0, 1], [1, 31.0]]}
    head, line, _, note = table.table([row]).splitlines()
    assert head.split()[:5] == ["experiment", "setting", "published", "ours", "over"]
    words = "image/natural/gaussian 64² 31 dB 31 dB 30 .. 32 35 dB a series some picture"
    assert " ".join(line.split()).startswith(words)
    assert note == "image/natural/gaussian: Some 2020. There: 512²."
    (row,) = table.measure(EXPERIMENTS[:1])
    assert row["value"] == 40.0 and "| image/natural/gaussian | 512² | 31 dB | 40 dB |" in table.as_markdown(
        [row]
    )


def test_one_that_fails_is_a_row_that_says_so(family: None) -> None:
    told: list[str] = []
    rows = table.measure(EXPERIMENTS, say=told.append)
    assert [row.get("failed") for row in rows] == [
        None,
        "RuntimeError: out of memory",
        "the value is nan",
        None,
    ]
    assert "failed: RuntimeError: out of memory" in told[3]
    assert rows[3]["reached"] is None and rows[0]["reached"]
    words = table.table(rows)
    assert "image/natural/none: Some 2020. Failed, RuntimeError: out of memory." in words
    assert Family("image", EXPERIMENTS).rows(rows) == [rows[0], rows[3]]


def test_the_command_writes_its_table_and_keeps_earlier_rows(
    family: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["bench", "papers", "--quick", "--json", "--out", str(tmp_path)]
    assert main([*words, "--only", "imagery"]) == 0
    capsys.readouterr()
    assert main([*words, "--only", "image"]) == 0
    out, err = capsys.readouterr()
    assert [row["name"] for row in json.loads(out)["experiments"]] == [e.name for e in EXPERIMENTS[:3]]
    kept = json.loads((tmp_path / "papers.json").read_text())["experiments"]
    assert [row["name"] for row in kept] == [e.name for e in EXPERIMENTS]
    assert "| imagery |" in (tmp_path / "papers.md").read_text()
    assert (tmp_path / "lines.png").stat().st_size > 5_000
    assert "[1/3] image/natural/gaussian, seed 0: 30 dB" in err
    assert main([*words, "--only", "image/natural/none"]) == 1  # nothing was measured


def test_words_that_make_no_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "papers", "--only", "equations/poison"]) == 2
    assert "did you mean equations/poisson" in capsys.readouterr().err
    assert main(["bench", "papers", "--budget", "3s"]) == 2
    told = "--budget is no flag of 'sirenpde bench papers', which takes --seeds, --only, --out."
    assert told in capsys.readouterr().err


def test_every_experiment_says_what_it_is() -> None:
    families = experiment.families()
    every = [e for family in families for e in family.experiments]
    assert len({e.name for e in every}) == len(every)
    assert all(
        e.setting and e.paper and e.unit is not None and e.better in ("higher", "lower") for e in every
    )
    figures = [name for family in families for name in family.figures]
    assert len(set(figures)) == len(figures)
    assert {*figures} == {*suites.SUITES["papers"]().figures}


def test_a_process_that_ends_is_a_failure() -> None:
    row = table.answer("sirenpde.bench.papers.worker", "nobody", "quick", "cpu", "0")
    assert "ValueError: not enough values to unpack" in row["failed"]
