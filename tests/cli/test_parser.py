"""Words of the command line to values, and what is said of those that are none."""

import argparse

import pytest

from sirenpde.cli.parser import (
    Answered,
    Parser,
    UsageError,
    factor,
    fraction,
    listed,
    natural,
    positive,
    seconds,
)

VALUES = [
    (seconds, "90", 90.0),
    (seconds, "1.5s", 1.5),
    (seconds, "5m", 300.0),
    (seconds, "0.5h", 1800.0),
    (natural, "0", 0),
    (natural, str(2**63 - 1), 2**63 - 1),
    (positive, "1000000000000", 10**12),
    (fraction, "1e-6", 1e-6),
    (factor, "2.5", 2.5),
    (listed, " a, b,,c ", ["a", "b", "c"]),
]
REFUSED = [
    (seconds, "5d", "write 90, 60s, 5m or 1h"),
    (seconds, "-5s", "is not a time"),
    (seconds, "", "is not a time"),
    (natural, "-1", "whole number from 0 on"),
    (natural, str(2**63), "below 2\\^63"),
    (natural, "٣", "whole number from 0 on"),
    (positive, "0", "from 1 on"),
    (positive, str(10**12 + 1), "up to 10\\^12"),
    (fraction, "1", "is not below 1"),
    (factor, "inf", "is not a positive number"),
    (factor, "nan", "is not a positive number"),
]


@pytest.mark.parametrize(("parse", "word", "value"), VALUES)
def test_a_word_is_a_value(parse, word, value):
    assert parse(word) == value and type(parse(word)) is type(value)


@pytest.mark.parametrize(("parse", "word", "message"), REFUSED)
def test_a_word_that_is_no_value_is_told(parse, word, message):
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        parse(word)


def test_a_parser_never_leaves_and_knows_what_was_meant(capsys):
    parser = Parser(prog="case")
    parser.add_argument("--budget", type=seconds)
    assert parser.parse(["--budget", "2m"]).budget == 120.0
    with pytest.raises(UsageError, match=r"--bugdet was not understood; did you mean --budget\?"):
        parser.parse(["--bugdet=2m"])
    with pytest.raises(UsageError, match="it takes no such flag or word"):
        parser.parse(["elsewhere"])
    with pytest.raises(UsageError, match="See 'case --help'"):
        parser.parse(["--budget", "soon"])
    with pytest.raises(Answered):
        parser.parse(["--help"])
    assert "--budget" in capsys.readouterr().out
