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


@pytest.mark.parametrize("name", sirenpde.__all__)
def test_every_public_name_says_what_it_is_and_shows_how_it_is_used(name):
    said = (
        inspect.getdoc(getattr(sirenpde, name)) or ""
    )  # a class without one shows its fields, and no example
    assert said.index(">>>") > 20
