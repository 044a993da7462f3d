"""Rows as tables of text and of Markdown."""

from sirenpde.bench.devices import device_name
from sirenpde.bench.tables import Column, markdown, text

COLUMNS = (Column("case", "name"), Column("ms", "ms", "{:.1f}", right=True), Column("peer", "peer"))
ROWS = [{"name": "a|b", "ms": 1.26, "peer": None}, {"name": "long name", "ms": 10}]


def test_text_is_aligned_and_leaves_out_columns_without_values():
    assert text(COLUMNS, ROWS).splitlines() == [
        "case         ms",
        "a|b         1.3",
        "long name  10.0",
    ]


def test_markdown_escapes_bars_and_aligns_numbers():
    head, rule, first, second = markdown(COLUMNS, ROWS).splitlines()
    assert (head, rule) == ("| case | ms |", "|---|---:|")
    assert (first, second) == ("| a\\|b | 1.3 |", "| long name | 10.0 |")


def test_a_device_has_the_name_that_its_maker_gave_it(monkeypatch):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "NVIDIA H100")
    assert device_name("cuda:0") == "NVIDIA H100"
    assert device_name("cpu") == device_name("cpu").strip() != ""
