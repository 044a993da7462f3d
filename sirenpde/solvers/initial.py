"""The values that a field's declaration gives it to start from, and networks fitted to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..calculus.evaluate import over_points
from ..calculus.field import Field
from ..engines.flat import unflatten
from ..geometry import can
from ..geometry.box import Box
from ..geometry.carrying import Carrying
from ..geometry.region import within
from ..linear.dense_rows import affine_rows, store
from ..linear.newton import UNDAMPED, newton
from ..linear.qr import solve_dense
from ..linear.steps import ModeSteps
from ..linear.tensor_rows import TensorRows
from ..networks.linear_head import linear_head
from ..networks.series import SeparableSeries
from ..networks.slabs import SlabNetwork
from ..problem.constraint import Constraint
from ..problem.problem import Problem
from ..problem.scaling import Scales
from ..residuals import System
from ..sampling.drawing import generator

FEWEST = 500  # points that a network is fitted at
PER_COLUMN = 3  # points, at least
DAMPING = 1e-8  # of the fit: a start needs no more digits, and small coefficients


def initial_values(u: Field, points: Tensor) -> Tensor:
    """The declared start at points (n, d): the real outputs of the field's network, (n, outputs).

    Raises ValueError for values of another shape than the field's, or that are not finite.
    """
    declared, names = u.initial, tuple(axis.name for axis in u.axes)
    if hasattr(declared, "on_grid"):  # an earlier solution's field
        columns = [names.index(axis.name) for axis in declared.axes]
        values = torch.as_tensor(declared(points[:, columns].numpy()))
    elif callable(declared):
        values = over_points(declared, names, points, {}, lambda coords: _no_field)
    else:
        values = torch.full((len(points), *u.shape), declared)
    if tuple(values.shape[1:]) != u.shape or not bool(values.isfinite().all()):
        raise ValueError(
            f"Field '{u.name}' was given an initial value of shape {tuple(values.shape[1:])}, "
            f"{'finite' if values.isfinite().all() else 'not finite everywhere'}; expected finite values of shape "
            f"{u.shape}. Give a number, a function of a point, or an earlier solution's field."
        )
    values = values.reshape(len(points), -1)
    if not u.is_complex:
        return values.double()
    values = values.to(torch.complex128)
    return torch.cat([values.real, values.imag], dim=1)


def _no_field(key: object) -> Tensor:
    raise ValueError(
        f"An initial value reads the unknown {key}; expected a known function of the coordinates."
    )


def set_initial(module: nn.Module, u: Field, unit: float = 1.0) -> nn.Module:
    """Fit a network's last layer, or a series' coefficients, to the field's initial values over ``unit``.

    A network of the user's own stays as it is, unless it has a linear head.
    """
    if isinstance(module, SlabNetwork):
        for network, low, high in zip(module.networks, module.edges, module.edges[1:], strict=False):
            _fit(network, u, unit, {u.axes[module.axis].name: (float(low), float(high))})
    else:
        _fit(module, u, unit, {})
    return module


def _fit(module: nn.Module, u: Field, unit: float, cut: Mapping[str, tuple[float, float]]) -> None:
    head = linear_head(module)
    if head is None and not isinstance(module, SeparableSeries):
        return
    count = max(FEWEST, PER_COLUMN * (0 if head is None else head.in_features))
    where = _box(u, cut) if head is None else _shape(u, cut)
    domain = Carrying(where, lambda points: _as_data(u, points))
    there = Constraint("initial", lambda p: u.itself(p) - p.sample("initial"), domain, count)
    scales = Scales({u: unit}, {"initial": unit}, even=True)
    system = System(Problem(there), {u: module}, torch.device("cpu"), torch.float64, scales)
    theta = system.initial()
    if head is not None:
        linear = affine_rows(system, theta, system.draw(generator(0, 0)))
        theta = store(system, theta, solve_dense(linear.matrix, linear.target, DAMPING).x)
    else:
        rows = TensorRows(system)
        theta = rows.to_theta(newton(rows, rows.from_theta(theta), ModeSteps(), UNDAMPED).x)
    values = unflatten(module, system.parameters.of(u, theta))
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name in values:
                parameter.copy_(values[name])


def _box(u: Field, cut: Mapping[str, tuple[float, float]]) -> Box:
    return Box(**{axis.name: cut.get(axis.name, (axis.low, axis.high)) for axis in u.axes})


def _shape(u: Field, cut: Mapping[str, tuple[float, float]]) -> Any:
    """The shape that the field is declared on, or its box: outside, its start may not be known."""
    if not can.needs_mesh(u.domain):
        return _box(u, cut)
    shape: Any = u.domain
    for axis in u.axes:
        shape = within(shape, axis, *cut[axis.name]) if axis.name in cut else shape
    return shape


def _as_data(u: Field, points: Tensor) -> Mapping[str, Tensor]:
    """The initial values at points, as data that they carry."""
    values = initial_values(u, points.double())
    if u.is_complex:
        values = torch.complex(values[:, : u.components], values[:, u.components :])
    return {"initial": values.reshape(len(points), *u.shape)}
