"""Derivatives as other packages make them, where they are installed (the extra ``bench``)."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

from .workloads import Differentiator


class DeepXDE:
    """``dde.grad.jacobian`` and ``dde.grad.hessian``, which keep what they have computed within a step."""

    def __init__(self) -> None:
        os.environ["DDE_BACKEND"] = "pytorch"  # read at import; this is a process of the benchmark's own
        self._grad: Any = importlib.import_module("deepxde").grad

    def inputs(self, x: Tensor) -> Tensor:
        return x.requires_grad_()

    def gradient(self, u: Tensor, x: Tensor, output: int) -> Tensor:
        self._grad.clear()
        return torch.cat([self._grad.jacobian(u, x, i=output, j=i) for i in range(x.shape[1])], dim=1)

    def second(self, u: Tensor, x: Tensor, output: int, signs: Sequence[float]) -> Tensor:
        self._grad.clear()
        terms = [
            sign * self._grad.hessian(u, x, component=output, i=i, j=i)[:, 0] for i, sign in enumerate(signs)
        ]
        return torch.stack(terms).sum(0)


class PINA:
    """``pina.operator.grad`` and ``laplacian`` on its labelled tensors."""

    def __init__(self) -> None:
        self._operator: Any = importlib.import_module("pina.operator")
        self._labelled: Any = importlib.import_module("pina").LabelTensor

    def inputs(self, x: Tensor) -> Tensor:
        labelled: Tensor = self._labelled(x, [f"x{i}" for i in range(x.shape[1])])
        return labelled.requires_grad_()

    def _outputs(self, u: Tensor) -> Tensor:
        labelled: Tensor = self._labelled(u, [f"u{k}" for k in range(u.shape[1])])
        return labelled

    def gradient(self, u: Tensor, x: Tensor, output: int) -> Tensor:
        row: Tensor = self._operator.grad(self._outputs(u), x, components=[f"u{output}"])
        return row.as_subclass(Tensor)

    def second(self, u: Tensor, x: Tensor, output: int, signs: Sequence[float]) -> Tensor:
        total = u.new_zeros(len(u))
        for sign in sorted(set(signs)):
            along = [f"x{i}" for i, s in enumerate(signs) if s == sign]
            term = self._operator.laplacian(self._outputs(u), x, components=[f"u{output}"], d=along)
            total = total + sign * term.as_subclass(Tensor)[:, 0]
        return total


def installed() -> dict[str, type[Differentiator]]:
    """The peers that can be imported here, by name."""
    known: dict[str, tuple[str, type[Differentiator]]] = {
        "DeepXDE": ("deepxde", DeepXDE),
        "PINA": ("pina", PINA),
    }
    return {name: peer for name, (package, peer) in known.items() if find_spec(package) is not None}
