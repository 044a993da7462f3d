"""A tensor function as a flat list of operations. The one file that rests on private parts of torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


def tree_map(function: Callable[[Any], Any], tree: Any) -> Any:
    """Tuples, lists and dictionaries with the function of every leaf in its place."""
    if isinstance(tree, tuple | list):
        branches = [tree_map(function, branch) for branch in tree]
        return tuple(branches) if isinstance(tree, tuple) else branches
    if isinstance(tree, dict):
        return {key: tree_map(function, branch) for key, branch in tree.items()}
    return function(tree)


def tree_leaves(tree: Any) -> list[Any]:
    leaves: list[Any] = []
    tree_map(leaves.append, tree)
    return leaves


@dataclass(frozen=True)
class _Slot:
    """Where a tensor stands among the replay's values."""

    index: int


@dataclass(frozen=True)
class _Step:
    operation: Callable[..., Any]
    arguments: tuple[Any, ...]
    keywords: dict[str, Any]
    outputs: tuple[tuple[int, int | None], ...]  # the slot, and which of several outputs it holds


# Another name where nothing is written to, and where nothing is laid out anew.
_SAME = (torch.ops.aten.detach.default, torch.ops.aten.clone.default)


class _Recorder(TorchDispatchMode):
    """Sees every operation below autograd and the function transforms, where only plain tensors are left.

    ``torch.fx.experimental.proxy_tensor.make_fx`` does the same and more; it imports a compiler for it,
    a second of processor time and 100 MB.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # its wrapper is what imports the compiler, and nothing is compiled here

    def __init__(self, inputs: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.slots = {id(tensor): index for index, tensor in enumerate(inputs)}
        self.alive: list[Any] = list(inputs)  # else an id could be used again
        self.tensors: dict[int, Tensor] = {}
        self.steps: list[_Step] = []

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        # Before the call: an output that is one of the inputs takes its place.
        given, named = self.refer(args), self.refer(kwargs or {})
        result = func(*args, **(kwargs or {}))
        several = isinstance(result, tuple | list)
        outputs = []
        for position, tensor in enumerate(result if several else (result,)):
            if isinstance(tensor, Tensor):
                index = self.slots.setdefault(id(tensor), len(self.slots))
                outputs.append((index, position if several else None))
                self.alive.append(tensor)
                self.tensors[index] = tensor
        self.steps.append(_Step(func, given, named, tuple(outputs)))
        return result

    def refer(self, tree: Any) -> Any:
        """The tree with every tensor of the recording replaced by its slot; others are constants."""
        return tree_map(lambda leaf: self._slot(leaf) if isinstance(leaf, Tensor) else leaf, tree)

    def _slot(self, tensor: Tensor) -> Any:
        self.alive.append(tensor)
        return _Slot(self.slots[id(tensor)]) if id(tensor) in self.slots else tensor


def recorded(
    function: Callable[..., Sequence[Tensor]], inputs: Sequence[Tensor]
) -> Callable[..., list[Tensor]]:
    """``function`` as the operations that it does on these tensors."""
    with _Recorder(inputs) as recorder:
        results = recorder.refer(list(function(*inputs)))
    steps, results = _folded(recorder, results)
    steps = _needed(steps, results)
    count = len(recorder.slots)

    def replay(*arguments: Tensor) -> list[Tensor]:
        values: list[Any] = [*arguments, *[None] * (count - len(arguments))]

        def fetch(leaf: Any) -> Any:
            if isinstance(leaf, _Slot):
                return values[leaf.index]
            return [fetch(item) for item in leaf] if isinstance(leaf, list | tuple) else leaf

        with torch.no_grad():
            for step in steps:
                given = [fetch(argument) for argument in step.arguments]
                result = step.operation(
                    *given, **{name: fetch(value) for name, value in step.keywords.items()}
                )
                for index, position in step.outputs:
                    values[index] = result if position is None else result[position]
        return [fetch(result) for result in results]

    return replay


def _folded(recorder: _Recorder, results: list[Any]) -> tuple[list[_Step], list[Any]]:
    """Without the steps whose outcome is the same in every replay, and without mere other names."""
    if any(_writes(step) for step in recorder.steps):
        return recorder.steps, results
    known: dict[int, Any] = {}  # a slot's constant, or the slot that it is another name of
    steps = []

    def resolve(tree: Any) -> Any:
        return tree_map(lambda leaf: known.get(leaf.index, leaf) if isinstance(leaf, _Slot) else leaf, tree)

    for step in recorder.steps:
        arguments, keywords = resolve(step.arguments), resolve(step.keywords)
        if step.operation in _SAME and keywords.get("memory_format") is not torch.contiguous_format:
            known[step.outputs[0][0]] = arguments[0]
        elif _is_constant(step.operation, arguments, keywords):
            known |= {index: recorder.tensors[index] for index, _ in step.outputs}
        else:
            steps.append(_Step(step.operation, arguments, keywords, step.outputs))
    return steps, resolve(results)


def _is_constant(operation: Any, arguments: Any, keywords: Any) -> bool:
    """Whether an operation gives the same whatever the inputs, their shapes being what they are."""
    if torch.Tag.nondeterministic_seeded in operation.tags:
        return False
    if operation in (torch.ops.aten.ones_like.default, torch.ops.aten.zeros_like.default):
        return True
    return not any(isinstance(leaf, _Slot) for leaf in tree_leaves((arguments, keywords)))


def _writes(step: _Step) -> bool:
    operation: Any = step.operation
    return torch.Tag.inplace_view in operation.tags or bool(operation._schema.is_mutable)


def _needed(steps: Sequence[_Step], results: Sequence[Any]) -> list[_Step]:
    """The steps that the results depend on; those that write into their arguments all stay."""
    wanted = {slot.index for slot in results if isinstance(slot, _Slot)}
    needed = []
    for step in reversed(steps):
        if _writes(step) or any(index in wanted for index, _ in step.outputs):
            needed.append(step)
            leaves = tree_leaves((step.arguments, step.keywords))
            wanted |= {leaf.index for leaf in leaves if isinstance(leaf, _Slot)}
    return needed[::-1]
