"""The frequencies that suit a problem: what its constraints say where fields vanish, on grids and lines."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...calculus.field import Field
from ...diagnosis.lines import Line, lines_of, told
from ...diagnosis.scales import axis_scales
from ...geometry import can
from ...geometry.tensor_grid import TensorGrid
from ...networks.fourier import FourierFeatures
from ...networks.recipe import Recipe
from ...networks.siren import Siren
from ...problem.probe import Requests
from ...problem.problem import Problem
from ...problem.scaling import scales_of
from .suited import LEAST, Suited, middle, suited

SAMPLES = 512  # along a line
LARGEST = 2**24  # points of a grid whose middle is taken out; larger ones are not drawn whole
FAINT = 1e-9  # of a constraint's size: data so small are rounding
UNEVEN = 1e-6  # of a step: grids whose steps differ by more are not uniform
PER_WAVE, MOST_SAMPLES = 8, 2**14  # samples of an equation's own wave


@dataclass(frozen=True)
class SuitedTo:
    """The fastest of what suits the constraints, and which of them it is that asks for it."""

    suited: Suited
    by: str


def suited_to(problem: Problem) -> SuitedTo | None:
    """The frequencies that suit a problem's data and right-hand sides, or its equations' own waves.

    Pictures and other grids of samples are looked at whole, what functions say along some lines through their
    domains, each in cycles per side of the fields' box. What a constraint says of derivatives is integrated as often
    as it differentiates, since fields are so much smoother. None where nothing varies.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, laplacian, on
    >>> from sirenpde.analysis.kernels.of_problem import suited_to
    >>> box = Box(x=(0, 1))
    >>> u, (x,) = Field("u", box), box.axes
    >>> poisson = on(box, samples=100, name="poisson")(lambda p: laplacian(u)(p) - torch.sin(100 * x(p)))
    >>> found = suited_to(Problem(poisson))
    >>> found.by, 1 < found.suited.sigma < 10
    ("'poisson'", True)
    """
    found = [*_of_grids(problem), *_of_lines(problem), *_of_waves(problem)]
    if not found:
        return None
    sigma = max(found, key=lambda each: each.suited.sigma)
    omega = max(each.suited.omega for each in found)
    return SuitedTo(Suited(sigma.suited.sigma, omega, sigma.suited.sigmas, sigma.suited.omegas), sigma.by)


def sentence(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module]) -> str | None:
    """One line for users: what suits the problem, and the frequencies of the networks that it has."""
    found = suited_to(problem)
    if found is None:
        return None
    text = f"{found.by} would be learned soonest, and without noise, by {found.suited.describe()}"
    own = {u.name: words for u, recipe in recipes.items() if (words := _own(recipe))}
    have = ", ".join(f"that of '{name}' has {words}" for name, words in own.items())
    return f"{text}; {have}" if have else text


def _own(recipe: Recipe | nn.Module) -> str:
    if isinstance(recipe, Siren):
        return f"omega={recipe.omega:g}"
    if isinstance(recipe, FourierFeatures):
        sigma = getattr(recipe.mapping, "sigma", None)
        return "" if sigma is None else f"sigma={sigma:g}"
    return ""


def _of_grids(problem: Problem) -> Iterator[SuitedTo]:
    """Of constraints on uniform grids that fill the box."""
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        declared = can.lattice_of(constraint.domain)
        if declared is None or len(declared.index) > LARGEST or not requests.is_plain:
            continue
        lattice = _filled(declared)
        if lattice is None or not _is_uniform(lattice):
            continue
        part = middle(lattice.shape)
        rows = torch.ones(len(lattice.index), dtype=torch.bool)
        for column, kept in zip(lattice.index.T, part, strict=True):
            rows &= (column >= kept.start) & (column < kept.stop)
        points, data = constraint.domain.draw(None, torch.Generator())
        few = {key: data[key][rows] for key in requests.data}
        source = told(problem, constraint, requests, points[rows], few).source
        if not _varies(source, scales_of(problem).constraints[constraint.name]):
            continue
        first = torch.tensor([kept.start for kept in part])
        grid = source.new_zeros(*[kept.stop - kept.start for kept in part], source.shape[1])
        grid[tuple((lattice.index[rows] - first).T)] = source
        dimension = len(lattice.shape)
        fields = integrated(grid, max(_orders(requests), default=0), dimension)
        found = suited(fields, dimension, lattice.shape)
        if found is not None:
            yield SuitedTo(found, f"'{constraint.name}'")


def _orders(requests: Requests, axis: str | None = None) -> Iterator[int]:
    """Those of the derivatives that are asked for, along one axis or in all."""
    for d in requests.derivatives:
        names = [each.name for each in d.field.axes]
        for powers, _ in d.symbol.terms:
            yield (
                sum(powers)
                if axis is None
                else sum(n for n, name in zip(powers, names, strict=True) if name == axis)
            )


def integrated(samples: Tensor, order: int, dimension: int) -> Tensor:
    """Samples (n1, ..., nd, ...) of a derivative of this order -> samples that vary as what was differentiated does.

    Their transform on the mirrored grid is divided by the frequency as often; constants are left out.

    >>> import torch
    >>> from sirenpde.analysis.kernels.of_problem import integrated
    >>> x = (torch.arange(64, dtype=torch.float64) + 0.5) / 64
    >>> slow, fast = torch.cos(torch.pi * x), torch.cos(9 * torch.pi * x)
    >>> bool((integrated(slow + 81 * fast, 2, 1) - (slow + fast)).abs().max() < 1e-9)
    True
    """
    if order == 0:
        return samples
    axes = tuple(range(dimension))
    whole = samples
    for axis in axes:
        whole = torch.cat([whole, whole.flip(axis)], axis)
    places = [torch.fft.fftfreq(n, 1 / n).to(samples) for n in whole.shape[:dimension]]
    size = torch.stack(torch.meshgrid(*places, indexing="ij")).square().sum(0).sqrt()
    factor = torch.where(size > 0, size.clamp(min=1) ** -float(order), torch.zeros_like(size))
    spectrum = torch.fft.fftn(whole, dim=axes) * factor.view(*size.shape, *[1] * (samples.dim() - dimension))
    result: Tensor = torch.fft.ifftn(spectrum, dim=axes).real
    return result[tuple(slice(n) for n in samples.shape[:dimension])].contiguous()


def _filled(lattice: TensorGrid) -> TensorGrid | None:
    """The grid without coordinates that no point has, such as every second; None where it has gaps then."""
    used = [torch.unique(column, return_inverse=True) for column in lattice.index.T]
    lines = tuple(c[kept] for c, (kept, _) in zip(lattice.coordinates, used, strict=True))
    filled = TensorGrid(lines, torch.stack([place for _, place in used], 1))
    return filled if filled.is_full else None


def _is_uniform(lattice: TensorGrid) -> bool:
    if min(lattice.shape) < LEAST:
        return False
    steps = [c[1:] - c[:-1] for c in lattice.coordinates]
    return all(float((s - s.mean()).abs().max()) <= UNEVEN * float(s.mean().abs()) for s in steps)


def _varies(values: Tensor, size: float) -> bool:
    return bool(values.isfinite().all()) and float((values - values.mean(0)).abs().max()) > FAINT * size


def _of_lines(problem: Problem) -> Iterator[SuitedTo]:
    """Of functions, along lines through the domains of their constraints."""
    places = (2 * torch.arange(SAMPLES, dtype=torch.float64) + 1) / SAMPLES - 1
    sides = {axis.name: axis.high - axis.low for u in problem.fields for axis in u.axes}
    seen: dict[str, list[Line]] = {}
    for line in lines_of(problem):
        if can.lattice_of(line.constraint.domain) is None and line.axis in sides:
            seen.setdefault(line.constraint.name, []).append(line)
    for name, lines in seen.items():
        drawn = [line.at(places) for line in lines]
        points = torch.cat([points for points, _ in drawn])
        data = {key: torch.cat([of[key] for _, of in drawn]) for key in lines[0].requests.data}
        source = told(problem, lines[0].constraint, lines[0].requests, points, data).source
        size = scales_of(problem).constraints[name]
        for line, values in zip(lines, source.split(SAMPLES), strict=True):
            if not _varies(values, size):
                continue
            found = suited(integrated(values, max(_orders(line.requests, line.axis), default=0), 1), 1)
            if found is not None:
                share = sides[line.axis] / (2 * line.half)
                yield SuitedTo(Suited(share * found.sigma, share * found.omega), f"'{name}'")


def _of_waves(problem: Problem) -> Iterator[SuitedTo]:
    """Of the waves that equations have of their own, and of those that data entail along other axes."""
    for scale in axis_scales(problem):
        wavenumber = max(scale.wavenumber, scale.entailed)
        cycles = wavenumber * scale.half / math.pi
        if 0.5 < cycles < MOST_SAMPLES / PER_WAVE:
            count = max(64, PER_WAVE * math.ceil(cycles))
            x = torch.arange(count, dtype=torch.float64) / count
            found = suited(torch.sin(2 * math.pi * cycles * x + 1))
            if found is not None:
                yield SuitedTo(found, f"waves along {scale.name}")
