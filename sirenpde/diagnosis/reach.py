"""Networks that cannot represent what the constraints say, named before a solve with the size that could."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from torch import nn

from ..calculus.field import Field
from ..networks.fourier import FourierFeatures
from ..networks.mappings.axes import Positional
from ..networks.mappings.draws import Gaussian
from ..networks.pieces import Pieces
from ..networks.recipe import Recipe
from ..networks.sine_features import SineFeatures
from ..networks.sine_lattice import SineLattice
from ..networks.siren import Siren
from ..problem.problem import Problem
from .scales import AxisScale, axis_scales

# Times its own highest frequency, and radians per half side more: the reach of networks linear in all they train.
STRETCH, BEYOND = 1.5, 4.0
# Times its first factor, that layers after the first reach.
HARMONICS = 8.0
# Of the waves that a box of frequencies has room for: fewer features than that miss most of them.
FEW = 0.4


def out_of_reach(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module]) -> list[str]:
    """A paragraph for each field whose network is too slow or too small for the data along an axis.

    The bandwidth of data is read along lines (``axis_scales``); a field that has them needs as much, whatever the
    equation. A trained SIREN that is too slow for the equations' own waves, k of Δu + k² u, is named too. Said are
    gross mismatches alone.

    >>> import torch
    >>> from sirenpde import Box, Field, Problem, SineFeatures, laplacian, on
    >>> from sirenpde.diagnosis.reach import out_of_reach
    >>> box = Box(x=(0, 1))
    >>> u = Field("u", box, SineFeatures(200, bandwidth=10))
    >>> poisson = on(box, 100, name="poisson")(lambda p: laplacian(u)(p) - torch.sin(400 * box.axes[0](p)))
    >>> print(out_of_reach(Problem(poisson), {u: u.network})[0].partition(":")[0])
    The network of 'u' (200 frozen sines, bandwidth 10) cannot represent the data
    """
    said = {scale.name: scale for scale in axis_scales(problem)}
    texts = []
    for u, recipe in recipes.items():
        scales = [said[axis.name] for axis in u.axes]
        text = None if isinstance(recipe, nn.Module) else _mismatch(u, recipe, scales)
        texts += [] if text is None else [text]
    return texts


def _mismatch(u: Field, recipe: Recipe, scales: Sequence[AxisScale]) -> str | None:
    """What is wrong with one field's recipe; None for nothing."""
    halves = [(axis.high - axis.low) / 2 for axis in u.axes]
    needed = [scale.bandwidth * half for scale, half in zip(scales, halves, strict=True)]
    if isinstance(recipe, Pieces):
        return _unjoined(u, recipe)
    opening = f"The network of '{u.name}' ({recipe.describe()}) cannot represent the data"
    each = zip(scales, halves, needed, _own(recipe, len(halves)), strict=True)
    factor = STRETCH if isinstance(recipe, SineFeatures | SineLattice) else HARMONICS
    for scale, half, wanted, own in each:
        if wanted > factor * own + BEYOND:
            return (
                f"{opening}: along {scale.name} these have up to {scale.bandwidth:.3g} rad per unit, and it has "
                f"up to {own / half:.3g}. Expected at least that of the data. Write {_remedy(recipe, needed)}."
            )
    if isinstance(recipe, Siren):
        waves = [scale.wavenumber * half for scale, half in zip(scales, halves, strict=True)]
        fastest = max(waves)
        if fastest > HARMONICS * recipe.omega + BEYOND:
            scale, half = scales[waves.index(fastest)], halves[waves.index(fastest)]
            return (
                f"{opening.removesuffix('data')}waves of the equations: along {scale.name} these have "
                f"{scale.wavenumber:.3g} rad per unit, and its first layer up to {recipe.omega / half:.3g}. Expected "
                f"an eighth of that at least. Write omega={0.64 * fastest:.3g}, or leave the network out."
            )
    room = math.prod(2 * wanted / math.pi + 1 for wanted in needed)
    if (
        isinstance(recipe, SineFeatures)
        and not recipe.interaction
        and recipe.count
        and recipe.count < FEW * room
    ):
        return (
            f"{opening}: up to their bandwidths there is room for {room:.0f} waves. Expected about as many features. "
            f"Write SineFeatures(count={_round(room)}), or leave the choice to the solver: SineFeatures()."
        )
    return None


def _unjoined(u: Field, recipe: Pieces) -> str | None:
    """What is wrong with cells whose networks are trained: nothing joins them on their faces."""
    if recipe.blend == "smooth" or recipe.is_linear or recipe.cells is None:
        return None
    return (
        f"The network of '{u.name}' ({recipe.describe()}) jumps on the faces of its cells: trained networks are not "
        f"joined there, as frozen sines are, and a derivative at a point does not see a jump. Expected windows that "
        f'overlap, or frozen sines. Write blend="smooth", or Pieces(SineFeatures(), cells={recipe.cells!r}).'
    )


def _own(recipe: Recipe, dimension: int) -> list[float]:
    """The highest frequencies, in radians per half side, along each axis; infinite where it is open or not known."""
    if isinstance(recipe, SineFeatures | SineLattice) and recipe.bandwidth is not None:
        given = recipe.bandwidth
        return [float(b) for b in given] if isinstance(given, tuple) else [float(given)] * dimension
    if isinstance(recipe, SineLattice) and recipe.orders is not None:
        orders = recipe.orders if isinstance(recipe.orders, tuple) else (recipe.orders,) * dimension
        return [2 * float(order) for order in orders]
    if isinstance(recipe, Siren):
        return [recipe.omega] * dimension
    if isinstance(recipe, FourierFeatures) and isinstance(recipe.mapping, Gaussian | Positional):
        cycles = recipe.mapping.sigma * (3.0 if isinstance(recipe.mapping, Gaussian) else 1.0)
        return [math.pi * cycles] * dimension
    return [math.inf] * dimension


def _remedy(recipe: Recipe, needed: Sequence[float]) -> str:
    """The recipe that would do, or the part of it that changes, in the user's own words."""
    if isinstance(recipe, SineFeatures):
        wide = ", ".join(f"{wanted + BEYOND:.3g}" for wanted in needed)
        return (
            f"bandwidth=({wide},), or leave it out"
            if len(needed) == 1
            else f"bandwidth=({wide}), or leave it out"
        )
    if isinstance(recipe, SineLattice):
        orders = ", ".join(str(math.ceil(0.75 * wanted) + 4) for wanted in needed)
        return f"SineLattice(orders=({orders}{',' if len(needed) == 1 else ''}))"
    if isinstance(recipe, Siren):
        return f"omega={0.64 * max(needed):.3g}"
    return f"sigma={max(needed) / math.pi:.3g}"


def _round(count: float) -> int:
    """Up to two digits."""
    size = int(10 ** max(0, math.floor(math.log10(count)) - 1))
    return math.ceil(count / size) * size
