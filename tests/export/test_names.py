"""Names of files."""

from types import SimpleNamespace

from sirenpde import Box, Field
from sirenpde.export.fields import field_sets
from sirenpde.export.names import file_name
from sirenpde.problem.labels import Labels


def test_names_stay_in_their_directory():
    assert file_name("u-v") == "u-v" and file_name("σ[0, 1]") == "σ[0, 1]"
    odd = ["../u", "a/b", "/etc/u", "..", ".u", "a\\b", "C:u", "a\0b", "u\n", "u" * 5000, "ψ" * 3000]
    names = [file_name(name) for name in odd]
    assert len(set(names)) == len(odd)
    for name in names:
        assert not set(name) & set("/\\:\0\n") and not name.startswith(".") and len(name.encode()) <= 120


def test_outputs_of_one_name_keep_a_file_each():
    def named(f):
        f.__name__ = "flux"
        return f

    u = Field("u", Box(x=(0, 1)))
    outputs = [named(lambda p: u(p)), named(lambda p: 2 * u(p)), u]

    def output(function):
        return SimpleNamespace(function=function, domain=u.domain, shape=(), of_samples=False)

    problem = SimpleNamespace(
        outputs=outputs, fields=[u], constraints=[], reference={}, labels=Labels(), output=output
    )
    (fields,) = field_sets(problem, lambda *_: None)
    assert list(fields.functions) == ["flux", "flux_2", "u"] and list(fields.functions.values()) == outputs
