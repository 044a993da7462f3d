"""What cannot be marched, and what is said of it."""

import pytest
import torch
from torch import Tensor

from sirenpde import Box, Field, March, Point, Problem, SineFeatures, Unknown, on, solve
from sirenpde.solvers.marching.marchable import NotMarchable

spacetime = Box(t=(0, 1), x=(-1, 1))


def test_what_cannot_march_is_told_so() -> None:
    line = Box(x=(0, 1))
    u = Field("u", line, SineFeatures(20, 3.0))

    @on(line, samples=20)
    def nothing(p: Point) -> Tensor:
        return u(p) - 1

    with pytest.raises(NotMarchable, match="no field has an axis 't'"):
        solve(Problem(nothing), [March("t")])
    c = Unknown("c", 1.0)
    w = Field("w", spacetime, torch.nn.Linear(2, 1))
    with pytest.raises(NotMarchable, match="c is an unknown number"):
        solve(Problem(on(line, 20, name="one")(lambda p: u(p) - c(p))), [March("x")])
    with pytest.raises(NotMarchable, match="w was given a Linear"):
        solve(Problem(on(spacetime, 20, name="one")(lambda p: w(p))), [March("t")])
    with pytest.raises(NotMarchable, match="the field u has the axes x"):
        solve(Problem(nothing, on(spacetime, 20, name="two")(lambda p: w(p))), [March("t")])
    with pytest.raises(ValueError, match="slabs=0"):
        March("t", slabs=0)
    with pytest.raises(ValueError, match="tolerance=0"):
        March("t", tolerance=0)
