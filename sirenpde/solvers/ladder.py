"""What to solve a problem with when its user does not say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from ..calculus.field import Field
from ..diagnosis.contradictions import contradictions
from ..diagnosis.scales import axis_scales
from ..diagnosis.singular_points import singular_points
from ..engines.flat import flatten
from ..geometry import can
from ..geometry.holes import holes_of
from ..geometry.point import Axis
from ..networks.around_holes import Hole
from ..networks.elements import Elements
from ..networks.generated import reads_of
from ..networks.pieces import Pieces
from ..networks.recipe import Recipe, SizedByGrid, is_linear
from ..networks.sine_features import SineFeatures
from ..networks.sine_lattice import SineLattice
from ..networks.singular import Singular
from ..problem.probe import check_kinks
from ..problem.problem import Problem
from ..problem.stage import stages_of
from ..problem.traits import Traits
from ..sampling.draws import Fresh
from ..sampling.points import Points
from .adam import Adam
from .broyden import SelfScaledBroyden
from .collocation import Collocation
from .crowding import crowding
from .gauss_newton import GaussNewton
from .inference import Inference
from .lbfgs import LBFGS
from .least_squares import LeastSquares
from .march import March
from .spectral_elements import SpectralElements
from .stage import Stage
from .trained_siren import siren_for, siren_of
from .waves.form import are_waves

# Of a picture's pixels two thousand in a step, as in the papers: all of them take minutes.
FIRST_ORDER = Adam(points=Points(Fresh(minibatch=2048)))
DENSE = 4000  # parameters up to which a step with the whole Jacobian takes seconds
QUASI_NEWTON = 20_000  # and up to which a dense inverse Hessian fits
MARCHED = 1e-3  # relative residual of a march through patterns of many waves, which no other rung comes near
ROUGHLY = 1e-4  # relative residual of such a march that frozen sines do not make better in as much time
ACROSS = 1e-6  # tolerance of a march in two axes of space: a tighter one takes minutes
STEEP = 0.01  # of half an axis between walls: fronts so thin take more polynomials than cells cost
# Relative residual of waves in spectral elements, whose second derivatives have fewer digits than they.
IN_ELEMENTS = 0.1
PIECES_AXES = 3  # beyond, cells have too many faces
# Of a trained network where direct solves were exact, or left what may be noise: half a minute.
LAST_STEPS = 60
SAME_PLACE = 1e-6  # of a field's longest axis: a singular point declared so near to a corner is that corner

Declared = Mapping[Field, Recipe | nn.Module | None]
Asked = Recipe | Literal["auto", "siren"] | None  # in place of the declared networks


@dataclass(frozen=True)
class Rung:
    """A network for every field, and the stages that train them, in order.

    The networks of the fields ``sized`` become as wide and as fast as what earlier rungs found asks for. No further
    rung is tried where the relative residual is at most ``enough``.
    """

    recipes: Mapping[Field, Recipe | nn.Module]
    stages: tuple[Stage, ...]
    sized: tuple[Field, ...] = ()
    enough: float = 1e-6

    def recipes_after(
        self, earlier: Mapping[Field, Recipe | nn.Module]
    ) -> Mapping[Field, Recipe | nn.Module]:
        """The networks, where earlier rungs ended with these."""
        sized = {u: siren_for(bandwidth_of(earlier.get(u))) for u in self.sized}
        return {**self.recipes, **sized}


@dataclass(frozen=True)
class Choice:
    """Rungs to be tried in order until one is good enough, and one line saying what and why."""

    rungs: tuple[Rung, ...]
    reason: str

    @property
    def recipes(self) -> Mapping[Field, Recipe | nn.Module]:
        """The networks to begin with."""
        return self.rungs[0].recipes


def choose(problem: Problem, using: Sequence[Stage] | None, network: Asked) -> Choice:
    """Networks where none is declared, and stages where none are named.

    A declared network is respected unless ``network`` replaces it in every field; "auto" leaves it open, and "siren"
    is a trained one, sized and scaled from the problem.
    """
    traits, recipe = problem.traits, replacing(problem, network)
    if recipe is not None:
        for u in problem.fields:
            check_kinks(u, recipe, [d for requests in problem.requests for d in requests.of(u)])
    left_open = network == "auto"
    declared: Declared = {
        # A network that is made of data of samples has no other in its place.
        u: u.network if reads_of(u.network) else None if left_open else recipe or u.network
        for u in problem.fields
    }
    stages = stages_of(using) or (problem.using if network is None else None)
    if stages:
        suited = {u: _suited(problem, u, stages[0], traits) for u in declared}
        return _choice([Rung(_filled(problem, declared, suited), tuple(stages))], "as asked for")
    if all(recipe is None for recipe in declared.values()):
        rungs = [*_waves(problem, traits), *_ladder(problem, traits)]
    else:
        rungs = _declared(problem, declared, traits)
    return _choice(rungs, _reason(problem, traits))


def replacing(problem: Problem, network: Asked) -> Recipe | None:
    """The recipe that takes the place of the declared ones; None for "auto" and where they stay."""
    if not isinstance(network, str):
        return network
    if network not in ("auto", "siren"):
        raise ValueError(
            f"network={network!r} was given; expected 'auto', 'siren' or a recipe, such as Siren(width=64)."
        )
    return siren_of(problem) if network == "siren" else None


def _ladder(problem: Problem, traits: Traits) -> list[Rung]:
    """What can work on a problem whose networks are all left open, the most promising first.

    The rules: marching suits what evolves on boxes and is not affine, unless it is a family of equations, which one
    fit solves at once; in two axes of space or more one lattice of all axes comes first, where its structure makes a
    Newton step cheap, and so it does for steady boxes whose data are smooth. In one axis of space a march in cells
    follows, or comes first where fronts between walls are thin. Tensor products suit boxes whose axes can be taken
    apart, where these are three or more or what the constraints say is too fine for one dense matrix; pieces suit
    layers, jumps and kinks, and what is too fine elsewhere, singular points included; frozen sines, with functions of
    their own at these points, suit all else. Then comes whatever else fits the domains, and a trained network last.
    """
    if not traits.smooth:
        return [_trained(problem, dict.fromkeys(problem.fields), traits)]
    smooth = {u: frozen_sines(problem, u) for u in problem.fields}
    sines = Rung(smooth, (LeastSquares(),))
    lattice: Mapping[Field, Recipe] = {u: SineLattice() for u in problem.fields}
    collocation = [Rung(lattice, (Collocation(),))] if traits.tensor else []
    march = _marches(problem, traits)
    crowded, last = crowding(problem), _last(problem, traits)
    many = crowded is not None and crowded.kind == "waves"
    fine = traits.separable and (traits.wide or many)
    pieces = [Rung({u: Pieces() for u in problem.fields}, (LeastSquares(),))] if _in_pieces(problem) else []
    if not traits.affine:
        if march and not traits.family and traits.products:
            at_once = traits.wide and _at_once(problem, traits)
            return [*(collocation if at_once else []), *march, sines, last]
        if traits.time is not None:
            return [sines, *collocation, *march, last]
        # The equations' own layers need not be there, and a lattice sees that at once; what is rough in the data is.
        are_smooth = not any(s.jumps or s.kinks or s.layers for s in axis_scales(problem))
        first, later = (collocation, []) if are_smooth and _at_once(problem, traits) else ([], collocation)
        others = [sines, *later, *pieces] if crowded is None else [*pieces, sines, *later]
        return [*first, *others, last]
    if traits.tensor and traits.wide and traits.time is not None and not traits.family:
        across = Rung(lattice, (March(traits.time, tolerance=ACROSS),), enough=ROUGHLY)
        if contradictions(problem):  # what polynomials on the whole never settle, slabs leave behind
            return [across, sines]
        return [*(collocation if fine else []), across, sines, *pieces]
    if crowded is not None and not many:
        return [*pieces, *collocation, sines, *march, last]
    sure = [point.powers[0] for sine in smooth.values() for point in sine.singular if not point.tried]
    if fine and sure and min(sure) > 1:  # slopes are finite: the data may ask for no such power, as often not
        return [*collocation, sines, *pieces, *march, last]
    if sure and many and len(problem.fields[0].axes) == 2:  # cells have the functions of these points too
        return [*pieces, sines, *collocation, *march, last]
    if not (fine or many) or sure:
        return [sines, *collocation, *pieces, *march, last]
    direct = [*collocation, *pieces] if fine else [*pieces, *collocation]
    return [*direct, sines, *march, last]


def _waves(problem: Problem, traits: Traits) -> list[Rung]:
    """Spectral elements, where many waves cross two axes of space or more, or their speed jumps."""
    time = traits.time
    if time is None or not traits.affine or not are_waves(problem, time) or crowding(problem) is None:
        return []
    space = [scale for scale in axis_scales(problem) if scale.name != time.name]
    if not traits.wide and not any(scale.jumps for scale in space):
        return []
    recipes = dict.fromkeys(problem.fields, Elements())
    return [Rung(recipes, (SpectralElements(time),), enough=IN_ELEMENTS)]


def _at_once(problem: Problem, traits: Traits) -> bool:
    """Whether polynomials along all axes, time among them, make Newton's steps cheap: few periods, smooth data."""
    u = problem.fields[0]
    open_axes = len(u.axes) - len(u.periodic)
    return traits.separable and open_axes > 1 and not contradictions(problem)


def _marches(problem: Problem, traits: Traits) -> list[Rung]:
    """Slab after slab: in frozen sines or on lattices, and in one axis of space in cells, before these or after."""
    if traits.time is None or not traits.alike:
        return []
    rough = traits.wide and not traits.affine
    slabs = March(traits.time, tolerance=ACROSS) if rough else March(traits.time)
    enough = MARCHED if rough else Rung.enough
    whole = Rung({u: _marched(problem, u, traits) for u in problem.fields}, (slabs,), enough=enough)
    if traits.affine or traits.family or len(problem.fields[0].axes) != 2 or not _in_pieces(problem):
        return [whole]
    cells = Rung({u: Pieces() for u in problem.fields}, (slabs,))
    return [cells, whole] if _has_fronts(problem, traits.time) else [whole, cells]


def _has_fronts(problem: Problem, time: Axis) -> bool:
    """Whether fields may become so steep between walls that polynomials on the whole axis are too many."""
    walled = [axis.name for u in problem.fields for axis in u.axes if axis not in (time, *u.periodic)]
    return any(s.thinnest < STEEP * s.half for s in axis_scales(problem) if s.name in walled)


def _in_pieces(problem: Problem) -> bool:
    """Whether cells can be joined: constraints at a point, fields on the same axes, and few of these."""
    axes = {tuple(axis.name for axis in u.axes) for u in problem.fields}
    plain = all(requests.is_plain for requests in problem.requests)
    given = any(set(requests.data) - {"normal"} for requests in problem.requests)
    few = len(problem.fields[0].axes) <= PIECES_AXES
    return len(axes) == 1 and plain and not given and few and not problem.unknowns


def _last(problem: Problem, traits: Traits) -> Rung:
    """A trained network after all direct solvers, sized by what they found."""
    rung = _trained(problem, dict.fromkeys(problem.fields), traits)
    if (traits.affine or problem.unknowns) and isinstance(rung.stages[0], GaussNewton):
        rung = replace(rung, stages=(GaussNewton(steps=LAST_STEPS), *rung.stages[1:]))
    return replace(rung, sized=problem.fields)


def _declared(problem: Problem, declared: Declared, traits: Traits) -> list[Rung]:
    """What can work where networks are declared, for some fields at least."""
    open_ones = {
        u: frozen_sines(problem, u) if traits.time is None else _marched(problem, u, traits) for u in declared
    }
    if traits.time is not None and all(isinstance(recipe, Elements) for recipe in declared.values()):
        return [Rung(_filled(problem, declared, {}), (SpectralElements(traits.time),), enough=IN_ELEMENTS)]
    rungs = [_direct(problem, _filled(problem, declared, open_ones), traits)]
    if rungs[0] is None or (not traits.affine and None in declared.values()):
        rungs.append(_trained(problem, declared, traits))
    return [rung for rung in rungs if rung is not None]


def _suited(problem: Problem, u: Field, stage: Stage, traits: Traits) -> Recipe:
    """What a field without a network gets for a stage that was asked for."""
    if isinstance(stage, March):
        return _suited(problem, u, stage.stages[0], traits) if stage.stages else _marched(problem, u, traits)
    if isinstance(stage, Collocation):
        return SineLattice()
    if isinstance(stage, SpectralElements):
        return Elements()
    return frozen_sines(problem, u) if isinstance(stage, LeastSquares | Inference) else siren_for(None)


def _marched(problem: Problem, u: Field, traits: Traits) -> Recipe:
    return SineLattice() if traits.products and not traits.affine else frozen_sines(problem, u)


def frozen_sines(problem: Problem, u: Field) -> SineFeatures:
    """Frozen sines, half of them about the holes and at the singular points of the field, if it has any."""
    holes = (Hole((0, 1), hole.centre, hole.radius) for hole in holes_of(u.domain))
    return SineFeatures(around=tuple(holes), singular=singular_points(problem, u))


def _told_by_shape(problem: Problem, u: Field, recipe: Recipe | nn.Module) -> Recipe | nn.Module:
    """A recipe whose singular points are completed from the shape and the conditions there."""
    if not isinstance(recipe, SineFeatures) or not any(s.is_open for s in recipe.singular):
        return recipe
    known = singular_points(problem, u)
    return replace(recipe, singular=tuple(_completed(u, s, known) for s in recipe.singular))


def _completed(u: Field, singular: Singular, known: Sequence[Singular]) -> Singular:
    if not singular.is_open:
        return singular
    size = max(axis.high - axis.low for axis in u.axes)
    for other in known:
        if math.dist(other.at, singular.at) < SAME_PLACE * size:
            exponents = other.exponents if singular.exponents is None else singular.exponents
            return replace(other, kind=singular.kind, exponents=exponents, tried=False)
    there = "; ".join(point.describe() for point in known) or "none"
    raise ValueError(
        f"{singular.describe()} was declared for field '{u.name}'; the shape and its conditions tell of no such "
        f"point, only of: {there}. Say between which directions the domain lies, angles in radians against the "
        f"clock: "
        f'Singular("{singular.kind}", at={singular.at}, between=(0, 1.5 * math.pi)).'
    )


def _filled(
    problem: Problem, declared: Declared, open_ones: Mapping[Field, Recipe]
) -> dict[Field, Recipe | nn.Module]:
    """Every field's network, with what is left open filled in as far as it is known before the solve."""
    return {
        u: _told_by_shape(problem, u, _at_nyquist(u, recipe or open_ones[u], problem))
        for u, recipe in declared.items()
    }


def _direct(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module], traits: Traits) -> Rung | None:
    """The solver of the coefficients of networks that are linear in all they train."""
    if not traits.smooth or not all(map(is_linear, recipes.values())):
        return None
    if any(isinstance(recipe, SineLattice) for recipe in recipes.values()) and not problem.unknowns:
        return Rung(recipes, (Collocation() if traits.time is None else March(traits.time),))
    return Rung(recipes, (LeastSquares(),))


def _trained(problem: Problem, declared: Declared, traits: Traits) -> Rung:
    """Networks trained in all their parameters, by the strongest stage that their number allows."""
    recipes = {u: recipe or siren_for(None) for u, recipe in declared.items()}
    foreign = any(isinstance(recipe, nn.Module) for recipe in recipes.values())
    polish = (LeastSquares(),) if traits.affine and not foreign else ()
    if not traits.smooth:
        return Rung(recipes, (FIRST_ORDER, LBFGS(), *polish))
    count = sum(map(_parameters, recipes, recipes.values())) + len(problem.unknowns)
    if count <= DENSE and not foreign:
        return Rung(recipes, (GaussNewton(), *polish))
    if count <= QUASI_NEWTON:
        return Rung(recipes, (Adam(steps=1000), SelfScaledBroyden(), *polish))
    return Rung(recipes, (FIRST_ORDER, LBFGS(), *polish))


def bandwidth_of(recipe: object) -> float | None:
    """How fast the network that a search found varies, along its fastest axis; None where it does not tell."""
    if not isinstance(recipe, SineFeatures) or recipe.bandwidth is None:
        return None
    return max(recipe.bandwidth) if isinstance(recipe.bandwidth, tuple) else recipe.bandwidth


def _parameters(u: Field, recipe: Recipe | nn.Module) -> int:
    if isinstance(recipe, nn.Module):
        return flatten(recipe).numel()
    low, high = [axis.low for axis in u.axes], [axis.high for axis in u.axes]
    periodic = tuple(u.position(axis) for axis in u.periodic)
    return flatten(recipe.build(low, high, u.outputs, periodic, torch.Generator())).numel()


def _choice(rungs: Sequence[Rung], why: str) -> Choice:
    words = []
    for rung in rungs:
        names = ", ".join(f"{u.name}: {_describe(recipe)}" for u, recipe in rung.recipes.items())
        words.append(f"{names}; {' then '.join(stage.name for stage in rung.stages)}")
    return Choice(tuple(rungs), f"{', and if that is not good enough '.join(words)}, {why}")


def _reason(problem: Problem, traits: Traits) -> str:
    if not traits.smooth:
        names = [c.name for c in problem.constraints if not c.loss.is_square]
        return f"since the loss of {', '.join(names)} is not a sum of squares"
    if traits.affine:
        crowded = crowding(problem)
        why = "" if crowded is None else f", and {crowded.reason}"
        return f"since the constraints are affine in the fields{why}"
    grows = "" if traits.time is None else f" and {traits.time.name} starts at {traits.time.low:g}"
    grows += ", for a family of equations" if traits.family and grows else ""
    return f"since the constraints are not affine in the fields{grows}"


def _describe(recipe: Recipe | nn.Module) -> str:
    return type(recipe).__name__ if isinstance(recipe, nn.Module) else recipe.describe()


def _at_nyquist(u: Field, recipe: Recipe | nn.Module, problem: Problem) -> Recipe | nn.Module:
    sized: Recipe | nn.Module = recipe
    if isinstance(recipe, SizedByGrid) and recipe.is_open:
        sized = recipe.at_nyquist(_grid(u, problem))
    return sized


def _grid(u: Field, problem: Problem) -> tuple[int, ...]:
    """How many points along each axis the problem's grid has."""
    domains: list[object] = [u.domain, *(constraint.domain for constraint in problem.constraints)]
    for domain in domains:
        lattice = can.lattice_of(domain)
        if lattice is not None:
            return tuple(lattice.shape)
    raise ValueError(
        f"Field '{u.name}' has a series without an order, and no domain of the problem is a grid that would give "
        f"one. Give the order, as in FourierSeries(order=64)."
    )
