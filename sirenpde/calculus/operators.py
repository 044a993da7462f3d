"""D, grad, div, curl, laplacian and hessian, of fields and of any function of a point.

On a field, or a derivative of one, an operator is algebra on symbols and gives one request. On any other
function f it is the forward-mode derivative of f along s at p + s e, where each request r that f makes reads
``r(p) + s D(r)(p)``: products, quotients and fluxes need no expansion by hand, and whatever f asks for is
again a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import torch
from torch import Tensor

from ..geometry.point import Axis, Point
from .evaluate import PointFunction as PointFunction
from .evaluate import moved_point
from .field import Derivative, Field


@dataclass(frozen=True)
class Stack:
    """Requests side by side along a last axis: a gradient."""

    partials: tuple[Derivative, ...]

    def __call__(self, p: Point) -> Tensor:
        return torch.stack([partial(p) for partial in self.partials], dim=-1)


@dataclass(frozen=True)
class Along:
    """The derivative of any function of a point along one axis."""

    function: PointFunction
    axis: Axis

    def __call__(self, p: Point) -> Tensor:
        if self.axis.name not in p.axes:
            p.coordinate(self.axis.name)  # raises, and says which axes there are
        if p.observe is not None:
            p.observe(self.function, self.axis)

        def along(s: Tensor, place: Tensor) -> Tensor:
            return self.function(moved_point(p, self.axis, s, place))

        zero = torch.zeros((), dtype=p.place.dtype, device=p.place.device)
        direction = p.place.new_tensor([float(name == self.axis.name) for name in p.axes])
        value: Tensor
        tangent: Tensor
        value, tangent, *_ = torch.func.jvp(along, (zero, p.place), (torch.ones_like(zero), direction))
        # Beside a plain number, as in x(p) - 0.5, torch makes the tangent of a single float32 a float64.
        return tangent.to(value.dtype)


@dataclass(frozen=True)
class Flux:
    """The component along one of the axes of a function that has one for each, in its last axis."""

    function: PointFunction
    axes: tuple[str, ...]
    component: int

    def __call__(self, p: Point) -> Tensor:
        value = self.function(p)
        if value.ndim == 0 or value.shape[-1] != len(self.axes):
            raise ValueError(
                f"div was given a function of shape {tuple(value.shape)} for the axes {', '.join(self.axes)}; "
                f"expected one component per axis in the last place. Name the axes that the components belong to: "
                f"div(f, x, y)."
            )
        return value[..., self.component]


@overload
def D(f: Field | Derivative, *axes: Axis) -> Derivative: ...
@overload
def D(f: PointFunction, *axes: Axis) -> PointFunction: ...
def D(f: PointFunction, *axes: Axis) -> PointFunction:
    """The partial derivative of ``f`` along the axes, one after another: ``D(u, t, t)`` is u_tt.

    Raises ``ValueError`` for an axis the field does not have and for an order above four, ``TypeError`` for
    something that is not an axis.

    >>> from sirenpde import Box, D, Field
    >>> box = Box(t=(0, 1), x=(-1, 1))
    >>> t, x = box.axes
    >>> print(D(Field("u", box), t, x))
    u_tx
    """
    check_function(f, "D", "D(u, x)")
    if not axes:
        raise ValueError("D was given no axis; expected at least one, as in D(u, x). Name the axes.")
    for axis in axes:
        f = _along(f, axis)
    return f


def check_function(f: object, operator: str, example: str) -> None:
    if not callable(f):
        raise TypeError(
            f"{operator} was given a {type(f).__name__}; expected a field or a function of a point. Apply {operator} "
            f"to the function and then evaluate it: {example}(p)."
        )


def _along(f: PointFunction, axis: Axis) -> PointFunction:
    if isinstance(f, Field):
        f = f.itself
    if isinstance(f, Derivative):
        return f.along(axis)
    if not isinstance(axis, Axis):
        raise TypeError(
            f"D was given {axis!r}, a {type(axis).__name__}, as an axis; expected an axis of the domain. Take them "
            f"from the domain: x, y = box.axes."
        )
    return Along(f, axis)


def _axes_of(f: PointFunction) -> tuple[Axis, ...] | None:
    if isinstance(f, Field):
        return f.axes
    return f.field.axes if isinstance(f, Derivative) else None


def _all_axes(p: Point) -> tuple[Axis, ...]:
    return tuple(Axis(name, -torch.inf, torch.inf) for name in p.axes)


def grad(f: PointFunction, *axes: Axis) -> PointFunction:
    """The gradient, the derivatives along the axes (all of them unless named) side by side in a last axis.

    Of a scalar in d dimensions it has shape (d,); of a vector of shape (m,) it is the Jacobian, (m, d).

    >>> from sirenpde import Box, Field, Problem, grad, norm, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box)
    >>> eikonal = on(box, samples=100, name="eikonal")(lambda p: norm(grad(u)(p)) - 1)
    >>> [str(d) for d in Problem(eikonal).requests[0].derivatives]
    ['u_x', 'u_y']
    """
    check_function(f, "grad", "grad(u)")
    along = axes or _axes_of(f)
    if along is None:
        return lambda p: torch.stack([D(f, axis)(p) for axis in _all_axes(p)], dim=-1)
    if isinstance(f, Field | Derivative):
        return Stack(tuple(D(f, axis) for axis in along))
    partials = tuple(D(f, axis) for axis in along)
    return lambda p: torch.stack([partial(p) for partial in partials], dim=-1)


def div(f: PointFunction, *axes: Axis) -> PointFunction:
    """The divergence of a function with as many components as axes, in its last axis: Σ_i ∂_i f_i.

    >>> from sirenpde import Box, Field, div, grad
    >>> u = Field("u", Box(x=(0, 1), y=(0, 1)))
    >>> print(div(grad(u)))
    u_xx + u_yy
    """
    check_function(f, "div", "div(w)")
    if isinstance(f, Stack):
        along = axes or f.partials[0].field.axes
        if len(along) == len(f.partials):
            partials = [component.along(axis) for component, axis in zip(f.partials, along, strict=True)]
            return sum(partials[1:], partials[0])

    def divergence(p: Point) -> Tensor:
        along = axes or _axes_of(f) or _all_axes(p)
        names = tuple(axis.name for axis in along)
        return torch.stack([D(Flux(f, names, i), axis)(p) for i, axis in enumerate(along)]).sum(0)

    return divergence


def curl(f: PointFunction, *axes: Axis) -> PointFunction:
    """The curl of a function of three components, or the scalar curl ∂_x f_y − ∂_y f_x of two.

    >>> from sirenpde import Box, Field, Problem, curl, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> w = Field("w", box, shape=(2,))
    >>> free = on(box, samples=100, name="no rotation")(curl(w))
    >>> [str(d) for d in Problem(free).requests[0].derivatives]
    ['w_x', 'w_y']
    """
    check_function(f, "curl", "curl(w)")

    def rotation(p: Point) -> Tensor:
        along = axes or _axes_of(f) or _all_axes(p)
        if len(along) not in (2, 3):
            raise ValueError(
                f"curl was given {len(along)} axes; it is defined for two or three. Name them: curl(f, x, y, z)."
            )
        slopes = [D(f, axis)(p) for axis in along]  # slopes[j][..., i] = ∂_j f_i
        if any(slope.ndim == 0 or slope.shape[-1] != len(along) for slope in slopes):
            raise ValueError(
                f"curl was given a function of shape {tuple(slopes[0].shape)} for {len(along)} axes; expected one "
                f"component per axis. Name the axes that the components belong to."
            )
        if len(along) == 2:
            return slopes[0][..., 1] - slopes[1][..., 0]
        pairs = ((1, 2), (2, 0), (0, 1))
        return torch.stack([slopes[j][..., k] - slopes[k][..., j] for j, k in pairs], dim=-1)

    return rotation


@overload
def laplacian(f: Field | Derivative, *axes: Axis) -> Derivative: ...
@overload
def laplacian(f: PointFunction, *axes: Axis) -> PointFunction: ...
def laplacian(f: PointFunction, *axes: Axis) -> PointFunction:
    """The sum of the second derivatives along the axes (all of them unless named), one request on a field.

    >>> from sirenpde import Box, Field, laplacian
    >>> u = Field("u", Box(x=(0, 1), y=(0, 1)))
    >>> print(laplacian(laplacian(u)))
    u_xxxx + 2 u_xxyy + u_yyyy
    """
    check_function(f, "laplacian", "laplacian(u)")
    along = axes or _axes_of(f)
    if along is None:
        return lambda p: torch.stack([D(f, axis, axis)(p) for axis in _all_axes(p)]).sum(0)
    if isinstance(f, Field | Derivative):
        seconds = [D(f, axis, axis) for axis in along]
        return sum(seconds[1:], seconds[0])
    partials = [D(f, axis, axis) for axis in along]
    return lambda p: torch.stack([partial(p) for partial in partials]).sum(0)


def hessian(f: PointFunction, *axes: Axis) -> PointFunction:
    """All second derivatives along the axes, of shape (..., d, d).

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, hessian, on
    >>> box = Box(x=(0, 1), y=(0, 1))
    >>> u = Field("u", box)
    >>> monge_ampere = on(box, samples=100, name="Monge-Ampère")(lambda p: torch.linalg.det(hessian(u)(p)) - 1)
    >>> [str(d) for d in Problem(monge_ampere).requests[0].derivatives]
    ['u_xx', 'u_xy', 'u_yy']
    """
    check_function(f, "hessian", "hessian(u)")
    along = axes or _axes_of(f)

    def second(p: Point) -> Tensor:
        chosen = along or _all_axes(p)
        n = len(chosen)
        upper = {(i, j): D(f, chosen[i], chosen[j])(p) for i in range(n) for j in range(i, n)}
        rows = [torch.stack([upper[min(i, j), max(i, j)] for j in range(n)], dim=-1) for i in range(n)]
        return torch.stack(rows, dim=-2)

    return second
