"""What a network of the user's own must do to be a field: one value at a point, of the right shape, every time."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..geometry.point import Axis

POINTS = 64  # so many that no random number goes unseen
ALONE = 4  # of them looked at one by one
SAME = 1e-10  # relative difference of two values that is rounding
DROPOUT = nn.modules.dropout._DropoutNd
BATCH = nn.modules.batchnorm._BatchNorm


def as_network(module: nn.Module) -> nn.Module:
    """A copy in which Dropout is off: a field has one value at a point. The module stays as it was."""
    return copy.deepcopy(module).eval()


def drops(module: nn.Module) -> bool:
    """Whether it holds Dropout that is on, and which ``as_network`` therefore changes."""
    return any(isinstance(layer, DROPOUT) and layer.training and layer.p > 0 for layer in module.modules())


def inside(axes: Sequence[Axis], count: int, seed: int = 0) -> Tensor:
    """Random points (count, d) within the ranges of the axes, float64."""
    low = torch.tensor([axis.low for axis in axes], dtype=torch.float64)
    high = torch.tensor([axis.high for axis in axes], dtype=torch.float64)
    unit = torch.rand(count, len(axes), dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return low + (high - low) * unit


def check_module(
    name: str,
    module: nn.Module,
    axes: Sequence[Axis],
    outputs: int,
    periodic: Sequence[int] = (),
    single_precision: bool = False,
) -> None:
    """Raises ValueError for a module that is no function of a point with so many real outputs.

    >>> from sirenpde import Box
    >>> check_module("u", nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)), Box(x=(0, 1), y=(0, 1)).axes, 1)
    """
    who = f"The network of field '{name}', a {type(module).__name__},"
    if any(isinstance(layer, BATCH) and layer.training for layer in module.modules()):
        raise ValueError(
            f"{who} holds BatchNorm in training mode, by which its value at a point depends on the other points; "
            f"expected a function of one point. Leave it out, or call module.eval() if its averages are known."
        )
    network = as_network(module).to(device="cpu", dtype=torch.float64)
    points = inside(axes, POINTS)
    with torch.random.fork_rng(devices=[]):  # whatever it draws, the user's own draws stay as they were
        value = _value(who, network, points, axes, outputs)
        again = _value(who, network, points, axes, outputs)
    if value.dtype != torch.float64 and not single_precision:
        raise ValueError(
            f"{who} gave {str(value.dtype).removeprefix('torch.')} for points in float64, so that nine digits are "
            f"lost; expected the precision of the points. Leave out .float() and fixed dtypes inside, or declare "
            f"the field with dtype=torch.float32."
        )
    if not _equal(value, again):
        raise ValueError(
            f"{who} gave two values at one point; expected a function of the point. Leave out random numbers, such "
            f"as functional.dropout, and whatever changes from call to call."
        )
    alone = torch.cat([_value(who, network, point[None], axes, outputs) for point in points[:ALONE]])
    if not _equal(value[:ALONE], alone):
        raise ValueError(
            f"{who} gave other values at a point alone than beside others; expected a function of one point. Leave "
            f"out what mixes the rows of a batch, such as normalisation or attention over them."
        )
    for axis in periodic:
        ends = points.clone(), points.clone()
        ends[0][:, axis], ends[1][:, axis] = axes[axis].low, axes[axis].high
        low, high = (_value(who, network, end, axes, outputs) for end in ends)
        if not _equal(low, high, 1e-6):
            raise ValueError(
                f"{who} differs at both ends of {axes[axis].name}, along which the field is declared periodic; a "
                f"module of your own must be periodic itself. Feed it the cosine and sine of that coordinate, or "
                f"use a recipe such as Siren(), which does."
            )


def _value(who: str, network: nn.Module, points: Tensor, axes: Sequence[Axis], outputs: int) -> Tensor:
    names = ", ".join(axis.name for axis in axes)
    expected = (
        f"expected a module from (N, {len(axes)}), the coordinates {names}, to (N, {outputs}) real values"
    )
    try:
        with torch.no_grad():
            value = network(points)
    except Exception as error:
        raise ValueError(
            f"{who} failed on points of shape {tuple(points.shape)}: {' '.join(str(error).split())}; {expected}. "
            f"Give its first layer {len(axes)} inputs and its last {outputs} outputs."
        ) from error
    if not isinstance(value, Tensor):
        raise ValueError(f"{who} returned a {type(value).__name__}; {expected}. Return one tensor.")
    if value.shape != (len(points), outputs):
        raise ValueError(
            f"{who} returned the shape {tuple(value.shape)} for points of shape {tuple(points.shape)}; {expected}. "
            f"Give its last layer {outputs} outputs, and do not squeeze them."
        )
    if not value.is_floating_point():
        raise ValueError(
            f"{who} returned {str(value.dtype).removeprefix('torch.')}; {expected}, for a complex field the real "
            f"parts of all components first. Return torch.cat([v.real, v.imag], dim=-1)."
        )
    return value


def _equal(one: Tensor, other: Tensor, digits: float = SAME) -> bool:
    size = max(float(one.abs().max()), 1e-300)
    return torch.allclose(one, other, rtol=0, atol=digits * size, equal_nan=True)
