"""The difference of a function between the two points of a sample."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..geometry.pairs import ONE, OTHER, at_end
from ..geometry.point import Point, check_point
from .evaluate import PointFunction, at_nodes
from .operators import check_function


@dataclass(frozen=True)
class End:
    """One of the two points of every sample: an end of a pair, a side of an interface."""

    name: str = OTHER

    @property
    def count(self) -> int:
        return 1

    def axes(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names

    def nodes(self, p: Point) -> Tensor:
        return p.sample(self.name)[None]

    def follows(self, name: str) -> bool:
        return False

    def sample(self, p: Point, key: str) -> Tensor:
        """Data of this end, or else those of the sample."""
        try:
            return p.sample(at_end(key, self.name))[None]
        except KeyError:
            return p.sample(key)[None]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Jump:
    """f at the second point of a sample minus f at the first, its own point where it has no other."""

    function: PointFunction

    def __call__(self, p: Point) -> Tensor:
        check_point(p, "A jump")
        try:
            p.sample(OTHER)
        except KeyError:
            raise ValueError(
                f"A jump was evaluated on points with the axes {', '.join(p.axes)} that have one side only; expected "
                f'samples of two points. Declare the constraint on box.pairs("x"), box.interface(x=0.5) or '
                'grid.edges("x").'
            ) from None
        except ValueError:
            raise ValueError(
                "A jump stands under a derivative or an integral; expected a jump of a function of a point. Write "
                "jump(D(f, x)) in place of D(jump(f), x)."
            ) from None
        return at_nodes(self.function, p, End(OTHER))[0] - self._at_first(p)

    def _at_first(self, p: Point) -> Tensor:
        try:
            p.sample(ONE)
        except KeyError:
            return self.function(p)
        return at_nodes(self.function, p, End(ONE))[0]


def jump(f: PointFunction) -> PointFunction:
    """The difference of ``f``, a field or any function of a point, across the two points of a sample: f₂ − f₁.

    For constraints on ``box.pairs("x")``, both ends of an axis, where [u] = 0 and [u_x] = 0 make a field periodic,
    and on ``box.interface(x=0.5)``, both sides of a plane: the first point is that of lower x. There ``f`` may be
    another function on either side, as the flux k u_x of two materials is. It has the shape of ``f``.

    On ``grid.edges("x")``, between neighbouring pixels, it is the right pixel's value minus the left one's, of a
    field or of the grid's pictures; over the spacing h, the mean of the slope on the way from one to the other.

    Raises ``TypeError`` for something that is no function, ``ValueError`` for samples of one point.

    >>> from sirenpde import Box, D, Field, Problem, jump, laplacian, on, solve
    >>> import torch
    >>> box = Box(x=(0, 1))
    >>> (x,) = box.axes
    >>> u = Field("u", box)
    >>> wave = on(box, 100, name="wave")(lambda p: D(u, x, x)(p) - u(p) + torch.cos(6.283185307179586 * x(p)))
    >>> value = on(box.pairs("x"), name="value")(jump(u))
    >>> slope = on(box.pairs("x"), name="slope")(jump(D(u, x)))
    >>> solution = solve(Problem(wave, value, slope))
    >>> round(float(solution[u]([[0.0]])[0]), 9)  # 1 / (1 + 4 π²)
    0.024704523
    """
    check_function(f, "jump", "jump(u)")
    return Jump(f)
