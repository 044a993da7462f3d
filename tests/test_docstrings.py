"""The examples in the docstrings run, and every public name has one."""

import doctest
import importlib
import inspect
import pkgutil

import pytest

import sirenpde

MODULES = sorted(
    info.name
    for info in pkgutil.walk_packages(sirenpde.__path__, "sirenpde.")
    if not info.name.startswith(("sirenpde._problems", "sirenpde.__main__", "sirenpde.bench"))
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of(name):
    # Examples read their names from the top level, so each module's own globals stay out of the way.
    module = importlib.import_module(name)
    results = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert results.failed == 0


def test_every_public_name_says_what_it_is():
    silent = [
        name
        for name in sirenpde.__all__
        if callable(getattr(sirenpde, name)) and not inspect.getdoc(getattr(sirenpde, name))
    ]
    assert not silent
