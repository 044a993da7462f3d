"""How fine cells and slabs have to be for the waves that a problem tells of, and the cells."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...calculus.field import Field
from ...diagnosis.scales import axis_scales
from ...geometry import can
from ...geometry.meshes.quads import Fillable, quadrilaterals
from ...geometry.point import Axis
from ...networks.elements import Elements
from ...networks.lobatto import lobatto
from ...problem.problem import Problem
from .form import NoWaves

RADIANS = 7.0  # of waves in a cell: order 8 leaves 1e-3 to 1e-7 of them, 11 some digits less
FEWEST = 3  # cells along the longest axis
BEND = 6  # the degree of the maps of curved cells
# Radians of waves in half a slab, and the degree in time: functions with waves twice as fast have ten digits there.
TURNS, DEGREE = 5.0, 28
LEAST_NODES = math.pi  # nodes of a wave, below which polynomials do not see it


@dataclass(frozen=True)
class Sizes:
    """The wavenumber of the waves at the smallest speed, the frequency, and the smallest and largest speed."""

    wavenumber: float
    frequency: float
    slowest: float
    fastest: float


def sizes_of(problem: Problem, time: Axis, speeds: tuple[float, float]) -> Sizes:
    """From what the data vary in: their wavenumbers in space, at the largest speed, and their frequencies."""
    slowest, fastest = speeds
    scales = {scale.name: scale for scale in axis_scales(problem)}
    space = [scale for name, scale in scales.items() if name != time.name]
    numbers = [max(scale.bandwidth, scale.between) for scale in space]
    longest = max(scale.high - scale.low for scale in space)
    frequency = max(fastest * max(numbers), scales[time.name].bandwidth, fastest * math.pi / longest)
    return Sizes(frequency / slowest, frequency, slowest, fastest)


def elements_for(
    problem: Problem, field: Field, time: Axis, order: int, sizes: Sizes, across: int | None
) -> Elements:
    """Cells of ``RADIANS`` of the waves, or so many across the longest axis, and slabs for their frequency."""
    space = [axis for axis in field.axes if axis.name != time.name]
    longest = max(axis.high - axis.low for axis in space)
    count = across or max(FEWEST, math.ceil(longest * sizes.wavenumber / RADIANS))
    corners = _cells(problem, field, space, longest / count)
    slabs = max(1, math.ceil((time.high - time.low) * sizes.frequency / (2 * TURNS)))
    edges = torch.linspace(time.low, time.high, slabs + 1, dtype=torch.float64).tolist()
    cells = tuple(tuple(map(tuple, cell)) for cell in corners.tolist())
    return Elements(order, cells, tuple(edges), DEGREE, field.position(time))


def check_resolved(recipe: Elements, sizes: Sizes) -> None:
    """Raises ValueError for an order that is too low for the waves, and names one that would do."""
    corners = torch.tensor(recipe.cells, dtype=torch.float64)
    size = float((corners.amax(1) - corners.amin(1)).max())
    needed = math.ceil(LEAST_NODES * size * sizes.wavenumber / (2 * math.pi))
    if recipe.order is not None and recipe.order < needed:
        raise ValueError(
            f"Polynomials of order {recipe.order} in cells of {size:.3g} were asked for, and waves of the length "
            f"{2 * math.pi / sizes.wavenumber:.3g}; expected at least pi nodes in each. Give order={needed} or more, "
            f"or {needed / recipe.order:.2g} times as many cells."
        )


def _cells(problem: Problem, field: Field, space: Sequence[Axis], size: float) -> Tensor:
    domain = field.domain
    patches = can.patches_of(domain)
    if patches is not None and len(patches) == 1:
        return _boxes(problem, space, size)
    shape = domain.shape if isinstance(domain, can.Multiplied) else None
    if shape is None or not isinstance(shape, Fillable) or len(space) != 2:
        raise NoWaves(
            f"SpectralElements needs a box, or a shape of the plane times an interval of time; field '{field.name}' "
            f"is on '{getattr(domain, 'name', domain)}'. Write Field('{field.name}', shape * Interval(t=(0, 1)))."
        )
    longest = max(axis.high - axis.low for axis in space)
    # Triangles are cut in three, about half as large.
    return quadrilaterals(shape, max(3, math.ceil(longest / size / 2) + 1), lobatto(BEND)[0])


def _boxes(problem: Problem, space: Sequence[Axis], size: float) -> Tensor:
    """Equal boxes between the jumps and kinks of the data along every axis: their corners (m, 2^d, d)."""
    scales = {scale.name: scale for scale in axis_scales(problem)}
    intervals = []
    for axis in space:
        scale = scales[axis.name]
        width = axis.high - axis.low
        # Found by halving, to ten digits or so.
        inner = {round(place / width, 9) * width for place in (*scale.jumps, *scale.kinks)}
        ends = sorted({axis.low, axis.high, *inner})
        edges = [axis.low]
        for low, high in itertools.pairwise(ends):
            count = max(1, math.ceil((high - low) / size - 1e-9))
            edges += [low + (high - low) * k / count for k in range(1, count + 1)]
        intervals.append(list(itertools.pairwise(edges)))
    boxes = [list(itertools.product(*box)) for box in itertools.product(*intervals)]
    return torch.tensor(boxes, dtype=torch.float64)
