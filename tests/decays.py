"""Small problems on a line, for runs that are cut off, resumed and refined."""

import torch

from sirenpde import Box, D, Field, PointCloud, Problem, Siren, on, solve

line = Box(t=(0, 1))
(t,) = line.axes


def fit(value, using=None, places=(0.2, 0.5, 0.8), name="fit", network=None, weight=1.0):
    """u = value at three points."""
    u = Field("u", line, network or Siren(8, 2, omega=3))
    cloud = PointCloud([[place] for place in places], line)
    return Problem(on(cloud, name=name, weight=weight)(lambda p: u(p) - value), using=using)


def decay(network=None, rate=1.0):
    """u' = -rate u, u(0) = 1."""
    u = Field("u", line, network)
    equation = on(line, 100, name="equation")(lambda p: D(u, t)(p) + rate * u(p))
    start = on(line.at(t=0), name="start")(lambda p: u(p) - 1)
    return Problem(equation, start, reference={u: lambda p: torch.exp(-rate * t(p))})


def error(solution):
    return solution.errors["u"]["relative_l2"]


def stopped_at(problem, stages, step, stage_index=0, **given):
    def stop(progress):
        if progress.step == step and progress.stage_index == stage_index:
            raise KeyboardInterrupt

    return solve(problem, stages, progress=stop, **given)
