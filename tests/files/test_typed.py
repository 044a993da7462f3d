"""Dataclasses as plain values and back: nothing is shared, nothing is lost, and what is built again stays out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from sirenpde.files.typed import plain, transient, typed


@dataclass
class Inner:
    values: Tensor
    seen: int = 0


@dataclass
class Memory:
    one: Inner
    several: list[Inner]
    by_name: dict[str, Inner | None]
    maybe: Inner | None = None
    pairs: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    foreign: object = None  # another stage's, whose type the reader knows
    factor: object | None = transient()
    pools: dict[int, int] = transient(dict)


def memory():
    x = torch.arange(3.0, dtype=torch.float64)
    return Memory(
        Inner(x, 1),
        [Inner(2 * x), Inner(3 * x, 2)],
        {"u": Inner(4 * x), "v": None},
        Inner(5 * x),
        [(x, x + 1)],
        Inner(6 * x, 3),
        factor=object(),
        pools={0: 1},
    )


def test_it_comes_back_and_what_can_be_built_again_does_not(tmp_path):
    torch.save(plain(memory()), tmp_path / "file")
    before, after = memory(), typed(Memory, torch.load(tmp_path / "file", weights_only=True))
    assert after.factor is None and after.pools == {}
    for one, other in (
        (before.one, after.one),
        (before.several[1], after.several[1]),
        (before.by_name["u"], after.by_name["u"]),
        (before.maybe, after.maybe),
        (before.foreign, typed(Inner, after.foreign)),
    ):
        assert type(other) is Inner and other.seen == one.seen and torch.equal(other.values, one.values)
    assert after.by_name["v"] is None and type(after.pairs[0]) is tuple
    assert torch.equal(after.pairs[0][1], before.pairs[0][1])


def test_nothing_is_shared():
    before = memory()
    values = plain(before)
    before.one.values += 1
    after = typed(Memory, values)
    after.one.values += 10
    assert values["one"]["values"].tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("values", [{"seen": 1}, {"values": torch.ones(1), "seen": 1, "more": 2}, 3, None])
def test_values_of_another_dataclass_are_refused(values):
    with pytest.raises((ValueError, TypeError)):
        typed(Inner, values)


def test_what_no_file_holds_is_named_with_the_remedy():
    with pytest.raises(TypeError, match=r"hold a function; expected tensors.*transient\(\)"):
        plain(Memory(memory().one, [], {}, foreign=lambda: 0))
