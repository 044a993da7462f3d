"""Unknown functions, their derivatives as requests, and unknown numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..geometry.domain import HasAxes
from ..geometry.point import Axis, Point, check_point
from ..networks.generated import reads_of
from ..networks.recipe import Recipe
from .modules import check_module
from .sites import Site
from .symbols import Symbol

MAX_ORDER = 4
_COMPLEX = {complex, torch.complex64, torch.complex128}
_REAL = {None, float, torch.float32, torch.float64}


@dataclass(frozen=True, eq=False)
class Field:
    """An unknown function of the axes of a domain, to be found.

    Args:
        name: for tables, files and messages.
        domain: what gives the axes and their ranges, usually a ``Box``.
        network: a recipe (``Siren``, ``FourierSeries``, ...) or your own ``nn.Module`` from (N, d)
            coordinates to (N, outputs) values, twice that many for a complex field (real parts first).
            ``None`` leaves the choice to the solver. Recipes see every axis mapped to [-1, 1]; a module of
            your own sees the coordinates as they are, with its Dropout switched off. Derivatives of your own
            module are those of ``torch.func``, unless it has a method ``engine(symbols)`` that makes an
            ``Engine``; one with a ``linear_head`` (its last ``nn.Linear``) and a method ``features(x)``, what
            that layer takes, is solved by ``LeastSquares`` too.
        shape: () for a scalar, (3,) for three components.
        dtype: ``None`` or ``float`` for a real field, ``complex`` for a complex one, in the precision of
            the run; a torch dtype asks for that precision.
        periodic: axes along which the field is exactly periodic over their range.
        initial: where a solve starts, if not from zero: a number, a function of a point, or an earlier
            solution's field, ``solution[u]``. Networks are fitted to it, those of every stage that builds some.

    Raises:
        TypeError, ValueError: at declaration, for a dtype, shape, axis or module that does not fit.

    >>> from sirenpde import Box, Field, Siren
    >>> u = Field("u", Box(x=(0, 1), y=(0, 1)), Siren(width=64, depth=2))
    """

    name: str
    domain: HasAxes
    network: Recipe | nn.Module | None = None
    shape: tuple[int, ...] = ()
    dtype: type[Any] | torch.dtype | None = None
    periodic: tuple[Axis, ...] = ()
    initial: Any = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isidentifier():
            raise ValueError(
                f"Field name {self.name!r}; expected an identifier such as 'u'. Rename the field."
            )
        if not hasattr(self.domain, "axes"):
            raise TypeError(
                f"Field '{self.name}' was given {type(self.domain).__name__} as its domain; expected something "
                f"with axes, such as Box(x=(0, 1)). Put the domain second: Field('{self.name}', box, network)."
            )
        if self.dtype not in _COMPLEX | _REAL:
            raise TypeError(
                f"Field '{self.name}' has dtype {self.dtype}; expected None, float, complex, or a torch floating "
                f"or complex dtype of 32 or 64 bits per part."
            )
        if not isinstance(self.shape, tuple) or any(not isinstance(n, int) or n < 1 for n in self.shape):
            raise ValueError(
                f"Field '{self.name}' has shape {self.shape!r}; expected positive sizes, as in (3,). A scalar has ()."
            )
        if not isinstance(self.periodic, tuple | list):
            raise TypeError(
                f"Field '{self.name}' has periodic={self.periodic}; expected several axes. Write periodic=(x,)."
            )
        for axis in self.periodic:
            self.position(axis)
        if not (
            self.initial is None or isinstance(self.initial, int | float | complex) or callable(self.initial)
        ):
            raise TypeError(
                f"Field '{self.name}' was given initial={self.initial!r}, a {type(self.initial).__name__}; expected "
                f"a number, a function of a point, or an earlier solution's field, solution[{self.name}]."
            )
        known = self.network is None or isinstance(self.network, nn.Module)
        if not known and (isinstance(self.network, type) or not hasattr(self.network, "build")):
            given = getattr(self.network, "__name__", type(self.network).__name__)
            raise TypeError(
                f"Field '{self.name}' was given {given} as its network; expected a recipe such as "
                f"Siren(width=256, depth=4) or an nn.Module. Call the recipe, or leave the network out."
            )
        if isinstance(self.network, nn.Module):
            periodic = [self.position(axis) for axis in self.periodic]
            single = self.dtype in (torch.float32, torch.complex64)
            check_module(self.name, self.network, self.axes, self.outputs, periodic, single)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.domain.axes

    @property
    def is_complex(self) -> bool:
        return self.dtype in _COMPLEX

    @property
    def components(self) -> int:
        count = 1
        for n in self.shape:
            count *= n
        return count

    @property
    def outputs(self) -> int:
        """Real outputs of the network: one per component, two where the field is complex."""
        return self.components * (2 if self.is_complex else 1)

    def position(self, axis: Axis) -> int:
        """The place of an axis among the field's own, by name."""
        if not isinstance(axis, Axis):
            raise TypeError(
                f"{self.name} is differentiated along {axis!r}, a {type(axis).__name__}; expected an axis of its "
                f"domain. Take them from the domain: {', '.join(self._names())} = domain.axes."
            )
        if axis.name not in self._names():
            raise ValueError(
                f"Field '{self.name}' has no axis '{axis.name}'; its axes are {', '.join(self._names())}. "
                f"Use one of these, or declare the field on a domain with that axis."
            )
        return self._names().index(axis.name)

    def _names(self) -> tuple[str, ...]:
        return tuple(axis.name for axis in self.axes)

    def __call__(self, p: Point) -> Tensor:
        """The field's value at ``p``, of the field's shape."""
        check_point(p, self.name)
        return self.itself(p)

    @property
    def itself(self) -> Derivative:
        return Derivative(self, Symbol.identity(len(self.axes)))

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Derivative:
    """A constant-coefficient operator applied to a field: one request, whatever the number of its terms.

    Called on a point it gives a tensor of the field's shape. Requests of one order form an algebra, so that
    ``D(u, t, t) - c**2 * laplacian(u, x, y)`` is again a single request, computed as one.
    """

    field: Field
    symbol: Symbol
    site: Site | None = None  # where it is read, if not at the point of the sample

    def __post_init__(self) -> None:
        if self.symbol.order > MAX_ORDER:
            raise ValueError(
                f"{self} is a derivative of order {self.symbol.order}; orders up to {MAX_ORDER} are supported. "
                f"Introduce a second field for an inner derivative (v = Δu) and couple the two by a constraint."
            )

    def __call__(self, p: Point) -> Tensor:
        check_point(p, f"({self})")
        return p.read(self)

    def along(self, axis: Axis) -> Derivative:
        """The derivative of this along an axis, again a request."""
        step = Symbol.partial(self.symbol.dimension, self.field.position(axis))
        return replace(self, symbol=self.symbol * step)

    def at(self, site: Site) -> Derivative:
        """The same at the nodes of a site."""
        if self.site is not None:
            raise ValueError(
                f"{self} was asked for at {site}: nodes of nodes. Integrate over a box with all the axes at once, "
                f"or introduce a field for the inner term, with a constraint of its own."
            )
        return replace(self, site=site)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is read at one point: the field's, at every node of a site."""
        return self.field.shape if self.site is None else (self.site.count, *self.field.shape)

    @property
    def jet_shape(self) -> tuple[int, ...]:
        """The shape of the network's real outputs that it is read from: (outputs,), or (nodes, outputs) at a site."""
        return (self.field.outputs,) if self.site is None else (self.site.count, self.field.outputs)

    @property
    def reads(self) -> tuple[str, ...]:
        """The data of the sample that the field's network reads, none where the site brings them."""
        return () if hasattr(self.site, "given") else reads_of(self.field.network)

    def __add__(self, other: Derivative) -> Derivative:
        if not isinstance(other, Derivative) or (other.field, other.site) != (self.field, self.site):
            return NotImplemented
        if other.symbol.order != self.symbol.order:
            raise ValueError(
                f"{self} and {other} differ in order; operators are added as operators only within one order. "
                f"Evaluate each at the point and add the values: f(p) + g(p)."
            )
        return replace(self, symbol=self.symbol + other.symbol)

    def __mul__(self, factor: float) -> Derivative:
        if not isinstance(factor, int | float):
            return NotImplemented
        return replace(self, symbol=self.symbol.scaled(factor))

    __rmul__ = __mul__

    def __neg__(self) -> Derivative:
        return self * -1.0

    def __sub__(self, other: Derivative) -> Derivative:
        return self + (-other)

    def __str__(self) -> str:
        name = self.symbol.describe(self.field.name, tuple(axis.name for axis in self.field.axes))
        return name if self.site is None else f"{name} at {self.site}"


@dataclass(frozen=True, eq=False)
class Unknown:
    """An unknown number, found together with the fields: ``c(p)`` in a constraint.

    Args:
        name: for tables, files and messages.
        initial: the value to start from.
        low, high: open bounds; the number stays strictly between them.

    Raises:
        ValueError: when ``initial`` is not strictly between the bounds.

    >>> from sirenpde import Unknown
    >>> c = Unknown("c", initial=1.0, low=0.0)
    """

    name: str
    initial: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        given = [self.initial, *(end for end in (self.low, self.high) if end is not None)]
        if not all(isinstance(value, int | float) and value == value for value in given):
            raise ValueError(
                f"Unknown '{self.name}' has initial={self.initial!r}, low={self.low!r}, high={self.high!r}; expected "
                f"numbers. Write Unknown('{self.name}', initial=1.0, low=0.0)."
            )
        above = self.low is None or self.low < self.initial
        below = self.high is None or self.initial < self.high
        if not (above and below):
            raise ValueError(
                f"Unknown '{self.name}' starts at {self.initial}, not strictly between its bounds {self.low} and "
                f"{self.high}. Start inside them."
            )

    def __call__(self, p: Point) -> Tensor:
        check_point(p, self.name)
        return p.read(self)

    def value(self, raw: Tensor) -> Tensor:
        """The number for its unconstrained parameter ``raw``."""
        if self.low is not None and self.high is not None:
            return self.low + (self.high - self.low) * torch.sigmoid(raw)
        if self.low is not None:
            return self.low + torch.exp(raw)
        if self.high is not None:
            return self.high - torch.exp(raw)
        return raw * 1.0

    def raw(self) -> Tensor:
        """The unconstrained parameter at which ``value`` gives ``initial``, in float64."""
        start = torch.tensor(self.initial, dtype=torch.float64)
        if self.low is not None and self.high is not None:
            return torch.logit((start - self.low) / (self.high - self.low))
        if self.low is not None:
            return torch.log(start - self.low)
        if self.high is not None:
            return torch.log(self.high - start)
        return start
