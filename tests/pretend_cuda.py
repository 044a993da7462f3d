"""A GPU that is not there: its tensors lie in the CPU's memory, and its rules hold.

Inside ``pretended()`` a tensor made on ``GPU`` is of a class that says so. Operations on it run on the CPU, and fail
where a GPU's would: on tensors of two devices, on a CPU's generator that draws there, on drivers that only the CPU
has. What a GPU's queue is emptied for is counted: a value that is read, a copy from or to the CPU, a size that
depends on values. It says on which device every tensor is, and not how fast or how exact a GPU is.

Import this before the first way back of a process: torch counts devices once. Where torch cannot be told of a device
that is written in Python, ``pretended()`` skips the test that asks for it.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack, contextmanager
from unittest import mock

import pytest
import torch
from torch import Tensor
from torch.utils import backend_registration
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

CPU = torch.device("cpu")
_REGISTER = "_setup_privateuseone_for_python_backend"  # experimental: not every torch has it


def _registered():
    """The pretended device, and why there is none."""
    if torch.cuda.is_available():
        # torch's way back takes the streams of one kind of device, and would take the pretended one's.
        return None, "a process that has a GPU cannot pretend one too; hide it with CUDA_VISIBLE_DEVICES="
    if not hasattr(backend_registration, _REGISTER):
        return None, f"torch {torch.__version__} has no {_REGISTER}, which the pretended GPU is made with"
    getattr(backend_registration, _REGISTER)("pretended")
    return torch.device("pretended:0"), ""


GPU, ABSENT = _registered()

aten = torch.ops.aten
_BETWEEN = {aten.copy_.default, aten._to_copy.default}
_INDEXED = {
    aten.index.Tensor,
    aten.index_put.default,
    aten.index_put_.default,
    aten._index_put_impl_.default,
}
_SIZED_BY_VALUES = {aten.nonzero.default, aten.masked_select.default, aten._unique2.default}
_ONLY_ON_THE_CPU = {"gelsd", "gelsy", "gelss"}
_WITHOUT_A_COPY = {aten._local_scalar_dense.default, aten.equal.default}


class OnGpu(Tensor):
    """A tensor that says it is on the GPU; ``held`` is where its values are."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        layout = {} if held.layout is not torch.strided else {"strides": held.stride()}
        made = Tensor._make_wrapper_subclass(
            cls, held.shape, dtype=held.dtype, layout=held.layout, device=GPU, **layout
        )
        made.held = held
        return made

    def __repr__(self, **_):
        return f"OnGpu({self.held!r})"

    def tolist(self):
        return self.cpu().tolist()

    def __getitem__(self, index):
        return super().__getitem__(_on_device(index))

    def __setitem__(self, index, value):
        super().__setitem__(_on_device(index), value)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return _MODE.run(func, args, kwargs or {})


def _on_device(index):
    """Places in a list are copied to the device before they are used."""
    if isinstance(index, tuple):
        return tuple(_on_device(one) for one in index)
    return torch.tensor(index, device=GPU) if isinstance(index, list) else index


class Pretending(TorchDispatchMode):
    """Runs each operation, refuses what a GPU would refuse, and counts what it would wait for."""

    def __init__(self):
        super().__init__()
        self.waits = Counter()

    @classmethod
    def _should_skip_dynamo(cls):
        return False

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return self.run(func, args, kwargs or {})

    def run(self, func, args, kwargs):
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        there = [t for t in tensors if isinstance(t, OnGpu)]
        target = _target(func, args, kwargs, there)
        if not there and target != GPU:
            return func(*args, **kwargs)
        self.refuse(func, args, kwargs, tensors, target)
        self.count(func, args, tensors, target)
        given, named = tree_map(lambda leaf: leaf.held if isinstance(leaf, OnGpu) else leaf, (args, kwargs))
        if named.get("device") is not None and target == GPU:
            named = named | {"device": CPU}
        if named.get("pin_memory"):
            named = named | {"pin_memory": False}
        if func is aten._efficientzerotensor.default:  # a mark of CPU tensors that wrapping would lose
            func = aten.zeros.default
        result = func(*given, **named)
        known = {id(t.held): t for t in there}

        def told(leaf):
            if not isinstance(leaf, Tensor) or target != GPU:
                return leaf
            return known[id(leaf)] if id(leaf) in known else OnGpu(leaf)

        return tree_map(told, result)

    def refuse(self, func, args, kwargs, tensors, target):
        if func in _INDEXED:  # places may lie on the CPU
            tensors = [t for t in (args[0], *args[2:3]) if isinstance(t, Tensor)]
        sized = [t.device for t in tensors if t.dim() > 0 or isinstance(t, OnGpu)]
        if len(set(sized)) > 1 and func not in _BETWEEN:
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found {set(sized)} in {func}"
            )
        generator = kwargs.get("generator")
        if generator is not None and target == GPU and generator.device == CPU:
            raise RuntimeError(f"Expected a generator on the GPU but found one on the CPU in {func}")
        words = {leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, str)}
        if words & _ONLY_ON_THE_CPU:
            raise RuntimeError(f"{words & _ONLY_ON_THE_CPU} is not there on a GPU, in {func}")

    def count(self, func, args, tensors, target):
        places = [t for t in args[1] if isinstance(t, Tensor)] if func in _INDEXED else []
        if func in _BETWEEN and target.type != "meta" and any(t.device != target for t in tensors):
            self.waits["copies to the CPU" if target == CPU else "copies from the CPU"] += 1
        elif any(t.device == CPU for t in places):
            self.waits["copies from the CPU"] += 1
        elif func in _WITHOUT_A_COPY:
            self.waits["values read"] += 1
        elif func in _SIZED_BY_VALUES or any(t.dtype is torch.bool for t in places):
            self.waits["sizes read"] += 1


_MODE = Pretending()


def _target(func, args, kwargs, there):
    """The device of what an operation gives."""
    if func is aten.copy_.default:
        return args[0].device
    asked = kwargs.get("device")
    if asked is None:
        return GPU if there else CPU
    return GPU if torch.device(asked).type == GPU.type else torch.device(asked)


def _by_copy(make):
    """``torch.tensor`` writes a device's memory from C++, out of sight; so it is made on the CPU and copied."""

    def made(data, *, device=None, **words):
        if device is None or torch.device(device).type == "cpu":
            return make(data, device=device, **words)
        return make(data, **words).to(device)

    return made


def _new_tensor(like, data, *, dtype=None, device=None):
    return torch.tensor(data, dtype=dtype or like.dtype, device=device or like.device)


@contextmanager
def pretended():
    """While it lasts, what the package finds under "cuda" is this device."""
    if ABSENT:
        pytest.skip(ABSENT)
    with ExitStack() as stack:
        for name in ("tensor", "as_tensor"):
            stack.enter_context(mock.patch.object(torch, name, _by_copy(getattr(torch, name))))
        stack.enter_context(mock.patch.object(Tensor, "new_tensor", _new_tensor))
        for module in [m for name, m in sys.modules.items() if name.startswith("sirenpde.")]:
            if "find_device" in vars(module):
                usual = module.find_device
                there = lambda name, usual=usual: GPU if name in ("auto", "cuda") else usual(name)
                stack.enter_context(mock.patch.object(module, "find_device", there))
        _MODE.waits.clear()
        yield stack.enter_context(_MODE)
