"""What can be proven about a problem before anything is solved."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .. import diagnosis
from ..calculus.evaluate import at_nodes, over_known
from ..calculus.field import Derivative, Field
from ..calculus.operators import D, PointFunction
from ..calculus.symbols import Symbol
from ..diagnosis.reach import out_of_reach
from ..diagnosis.scales import axis_scales, describe
from ..diagnosis.singular_lines import singular_lines
from ..engines.engine import Engine
from ..engines.nested import NestedEngine
from ..geometry import can
from ..geometry.domain import Data, Domain
from ..geometry.pairs import ONE, OTHER
from ..geometry.point import Point
from ..networks.recipe import Recipe, typical
from ..problem.constraint import Constraint, name_of
from ..problem.probe import ConversionWatch, Requests
from ..problem.problem import Problem
from ..problem.reference import exact_values
from ..problem.scaling import inverse_length
from ..residuals import Batch, Evaluator, Group, System, evaluate, flat
from ..run.begin import build_network
from ..run.determination import left_open
from ..run.directory import peak_memory_mb
from ..solvers.starts import constant_start, describe_start
from .kernels.of_problem import sentence

ENGINE_TOLERANCE = 1e-10  # relative difference to the oracle
ROUNDING = 1e-12  # of the terms that slow fields of the same size would have
FAR = 0.5  # of the terms, for data beside a declared solution
EXACT_TOLERANCE = 1e-6  # a residual of the declared solution, relative to its largest term
POINTS = 8
SUBSTITUTED = 2000
TIMED = 500


@dataclass(frozen=True)
class Finding:
    """One thing looked at: right, wrong, or (None) merely said, as a warning where ``warns``."""

    topic: str
    ok: bool | None
    text: str
    warns: bool = False


@dataclass(frozen=True)
class Terms:
    """A constraint's residuals (n, m) and the root mean square of each of its terms at the same points."""

    residual: Tensor
    sizes: Mapping[str, float]

    @property
    def scale(self) -> float:
        """The largest term, 1 where all vanish."""
        return max([size for size in self.sizes.values() if size == size], default=0.0) or 1.0


def build_system(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module], seed: int = 0) -> System:
    """The problem's residuals in float64 on the CPU, with untrained networks from these recipes."""
    networks = {u: build_network(u, typical(recipes[u]), seed + i) for i, u in enumerate(problem.fields)}
    return System(problem, networks, torch.device("cpu"), torch.float64)


def some_parameters(system: System) -> Tensor:
    """The networks' first values, disturbed: a last layer that starts at zero would hide every mistake."""
    theta = system.initial()
    noise = torch.randn(theta.shape, dtype=theta.dtype, generator=torch.Generator().manual_seed(4))
    for u in system.problem.fields:
        columns = system.parameters.slices[u]
        size = float(theta[columns].square().mean().sqrt()) if theta[columns].numel() else 0.0
        theta[columns] += noise[columns] * (0.1 * size or theta[columns].numel() ** -0.5)
    return theta


def check(
    problem: Problem,
    system: System,
    seed: int = 0,
    scale: float = 1.0,
    recipes: Mapping[Field, Recipe | nn.Module] | None = None,
) -> Iterator[Finding]:
    """Look at a problem before it is solved, one finding after another.

    The derivative engine against nested ``torch.func`` on every request, in float64, values and parameter
    gradients; declared solutions substituted into the constraints; what makes an answer wrong without a residual
    that shows it, and what the constraints leave undetermined; the scales along the axes; the frequencies that suit
    networks that are trained; singular points; the samples; the scale of every term at the untrained networks; time
    and memory of one gradient.
    """
    yield from check_engines(system)
    yield from check_reference(problem)
    yield from check_diagnosis(problem, system, recipes)
    yield from check_axes(problem)
    yield from check_frequencies(problem, recipes or {})
    yield from check_networks(problem, recipes or {})
    yield from check_points(problem)
    for group in system.groups:
        yield check_samples(group, [problem.constraints[i].name for i in group.members], seed, scale)
    batches = system.draw(torch.Generator().manual_seed(seed), scale)
    yield from check_scales(system, batches)
    yield cost(system, batches)


# ------------------------------------------------------------------------------------------------ engines


def check_engines(system: System) -> Iterator[Finding]:
    """Every request of every group of constraints: the engine in use against the oracle."""
    theta = some_parameters(system)
    for group in system.groups:
        points, data = group.domain.draw(
            min(POINTS, group.domain.size or POINTS), torch.Generator().manual_seed(1)
        )
        batch = system.batch(points, {key: data[key] for key in group.data})
        for u in group.evaluator.fields:
            for asked, engine, x in group.evaluator.by_site(u, batch):
                names = ", ".join(map(str, asked))
                topic = f"derivatives of {u.name} on {group.domain.name}"
                if engine.kind == NestedEngine.kind:
                    text = f"{names}: the generic engine, {engine.kind}, which is the oracle itself"
                    yield Finding(topic, None, text)
                    continue
                weights, network = system.parameters.of(u, theta), system.parameters.networks[u]
                value, slope = compare(engine, network, [d.symbol for d in asked], weights, x)
                text = f"{names}: {engine.kind}, channels: {engine.channels}; off by {value:.1e}, "
                text += f"parameter gradient {slope:.1e}"
                yield Finding(topic, max(value, slope) <= ENGINE_TOLERANCE, text)


def compare(
    engine: Engine, network: nn.Module, symbols: Sequence[Symbol], theta: Tensor, x: Tensor
) -> tuple[float, float]:
    """Largest relative differences to nested ``torch.func``: of the derivatives, and of a parameter gradient."""
    oracle = NestedEngine(network, symbols, x.shape[1])
    jets, tape = engine.forward(weights := engine.load(theta), x)
    exact, true_tape = oracle.forward(theta, x)
    differences = [_relative(a, b) for a, b in zip(jets, exact, strict=True)]
    cotangent = torch.randn(exact.shape, dtype=exact.dtype, generator=torch.Generator().manual_seed(2))
    # No order of derivatives drowns another.
    cotangent /= exact.abs().amax((1, 2), keepdim=True).clamp(min=1e-300)
    gradient, true_gradient = torch.zeros_like(theta), torch.zeros_like(theta)
    engine.backward(weights, tape, cotangent, gradient)
    oracle.backward(theta, true_tape, cotangent, true_gradient)
    return max(differences), _relative(gradient, true_gradient)


def _relative(a: Tensor, b: Tensor) -> float:
    size = float(b.abs().max()) if b.numel() else 0.0
    return float((a - b).abs().max()) / (size or 1.0) if b.numel() else 0.0


# --------------------------------------------------------------------------------------------- diagnosis


def check_diagnosis(
    problem: Problem, system: System, recipes: Mapping[Field, object] | None = None
) -> Iterator[Finding]:
    """Jumps, contradictions, growth without bound, and what is not determined near some fields, as warnings."""
    noticed = diagnosis.warnings(problem, recipes)
    fine = "no growth without bound, no jumps under derivatives, no conditions that contradict each other"
    yield from _warnings("equations and conditions", noticed, fine)
    fine = "some hundred smooth directions of the fields are all seen by the constraints"
    yield from _warnings("what is determined", left_open(system, some_parameters(system)), fine)


def check_axes(problem: Problem) -> Iterator[Finding]:
    """What the constraints say along each axis: how fast they vary, layers, jumps, the equations' own lengths."""
    for line in describe(axis_scales(problem)):
        name, _, text = line.partition(": ")
        yield Finding(f"scales along {name}", None, text)


def check_frequencies(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module]) -> Iterator[Finding]:
    """The frequencies that suit data and right-hand sides; nothing where none vary."""
    text = sentence(problem, recipes)
    if text is not None:
        yield Finding("frequencies", None, text)


def check_networks(problem: Problem, recipes: Mapping[Field, Recipe | nn.Module]) -> Iterator[Finding]:
    """Networks that cannot represent what the constraints say, as warnings; nothing where all can."""
    for text in out_of_reach(problem, recipes):
        yield Finding("networks", None, text, warns=True)


def check_points(problem: Problem) -> Iterator[Finding]:
    """Where fields are not smooth, and what they behave like there."""
    yield from (Finding("singular points", None, line) for line in singular_lines(problem))


def _warnings(topic: str, texts: Sequence[str], fine: str) -> Iterator[Finding]:
    yield from (Finding(topic, None, text, warns=True) for text in texts)
    if not texts:
        yield Finding(topic, True, fine)


# --------------------------------------------------------------------------------------- declared solutions


def check_reference(problem: Problem) -> Iterator[Finding]:
    """Substitute declared solutions, functions of a point, into the constraints on them."""
    known: dict[Field, PointFunction] = {}
    for f, reference in problem.reference.items():
        if isinstance(f, Field) and not isinstance(reference.value, Data):
            known[f] = reference.value
        else:
            why = "data at points" if isinstance(reference.value, Data) else "of an output, not a field"
            yield Finding(
                "declared solution", None, f"that of {name_of(f)} is {why}: it cannot be substituted"
            )
    if not problem.reference:
        yield Finding("declared solution", None, "none, so nothing to substitute")
    for constraint, requests in zip(problem.constraints, problem.requests, strict=True):
        if requests.unknowns or constraint.is_prior or not all(u in known for u in requests.fields):
            continue
        yield _substituted(constraint, requests, known)


def _substituted(constraint: Constraint, requests: Requests, known: Mapping[Field, PointFunction]) -> Finding:
    topic = f"declared solution in {constraint.name}"
    batch = _draw(constraint.domain, min(constraint.count, SUBSTITUTED), requests)
    try:
        with ConversionWatch():
            values = {
                d: exact_values(
                    differentiate(d, known[d.field]), constraint.domain.axes, batch.points, batch.data
                )
                for d in requests.derivatives
            }
    except (RuntimeError, ValueError, KeyError) as error:
        reason = " ".join(str(error).split("\n")[0].split())[:140]
        text = f"it cannot be differentiated ({reason}); it can where torch knows its functions' derivatives"
        return Finding(topic, None, text)
    for d, value in values.items():
        if value.shape[1:] != d.shape:
            text = f"it has shape {tuple(value.shape[1:])} and {d.field.name} has {d.field.shape}; give it that one"
            return Finding(topic, False, text)
    terms = weigh(constraint, requests, values, batch)
    stated = terms.residual.isfinite().all(1)
    if not stated.any():
        return Finding(topic, None, "it makes no statement there: it is not finite")
    r = terms.residual[stated]
    rms, most = float(r.square().sum(1).mean().sqrt()), float(r.abs().max())
    usual = _usual_scale(constraint, requests, known, batch)
    scale = max(terms.scale, usual)
    text = f"residual rms {rms:.1e}, max {most:.1e}, where its terms are of size {scale:.1e}"
    if set(requests.data) - {"normal", ONE, OTHER}:
        far = rms > FAR * scale
        text = f"it differs from the data by rms {rms:.1e}, max {most:.1e}, where its terms are of size {scale:.1e}"
        return Finding(topic, None, text + "; is it that of other data?" * far, warns=far)
    rounding = ROUNDING * max(scale, _slow_scale(constraint, requests, known, batch))
    return Finding(topic, rms <= max(EXACT_TOLERANCE * scale, rounding), text)


def _usual_scale(
    constraint: Constraint, requests: Requests, known: Mapping[Field, PointFunction], batch: Batch
) -> float:
    """The size of the terms with derivatives as large as anywhere in the field's box.

    In u_t = 0 at the start the only term vanishes, and rounding would look large beside it.
    """
    return _scale_of(constraint, requests, {d: _size(d, known[d.field]) for d in requests.derivatives}, batch)


def _slow_scale(
    constraint: Constraint, requests: Requests, known: Mapping[Field, PointFunction], batch: Batch
) -> float:
    """The same with derivatives of fields as large as these, or as the largest of them, that vary along their axes.

    A term that vanishes identically, as u_y of u = x does, is made of rounding alone, which has the size of this.
    """
    sizes = {u: _size(u.itself, known[u]) for u in requests.fields}
    largest = max([*sizes.values(), *(_size(u.itself, f) for u, f in known.items())])
    slow = {
        d: (sizes[d.field] or largest)
        * sum(abs(c) * inverse_length(d.field, powers) for powers, c in d.symbol.terms)
        for d in requests.derivatives
    }
    return _scale_of(constraint, requests, slow, batch)


def _scale_of(
    constraint: Constraint, requests: Requests, sizes: Mapping[Derivative, float], batch: Batch
) -> float:
    values = {}
    for d, size in sizes.items():
        dtype = torch.complex128 if d.field.is_complex else torch.float64
        values[d] = torch.full((len(batch), *d.shape), size, dtype=dtype)
    return weigh(constraint, requests, values, batch).scale


def _size(d: Derivative, function: PointFunction) -> float:
    """The root mean square of a known function's derivative over its field's box; 0 where it is not finite."""
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in _ends(d.field))
    spread = torch.rand(300, len(low), dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    size = _rms(
        flat(
            exact_values(
                differentiate(replace(d, site=None), function), d.field.axes, low + (high - low) * spread, {}
            )
        )
    )
    return 0.0 if size != size else size


def _ends(u: Field) -> tuple[list[float], list[float]]:
    return [axis.low for axis in u.axes], [axis.high for axis in u.axes]


def differentiate(d: Derivative, function: PointFunction) -> PointFunction:
    """The same derivative of a known function, by nested forward mode."""
    axes = d.field.axes
    terms = []
    for powers, factor in d.symbol.terms:
        along = [axis for axis, times in zip(axes, powers, strict=True) for _ in range(times)]
        terms.append((factor, D(function, *along) if along else function))

    def value(p: Point) -> Tensor:
        return torch.stack([factor * derivative(p) for factor, derivative in terms]).sum(0)

    site = d.site
    return value if site is None else lambda p: at_nodes(value, p, site)


# ------------------------------------------------------------------------------------------ terms and scales


def weigh(
    constraint: Constraint, requests: Requests, values: Mapping[Derivative, Tensor], batch: Batch
) -> Terms:
    """Residuals at given values of the requests, and the size of each term: ∂r/∂request · request, and the rest."""
    axes = tuple(axis.name for axis in constraint.domain.axes)
    count = len(batch)
    start = {c: torch.tensor(c.initial, dtype=torch.float64).expand(count) for c in requests.unknowns}

    def residuals(jets: Mapping[Derivative, Tensor]) -> Tensor:
        return over_known(constraint.residual, axes, batch.points, batch.data, {**jets, **start})

    jets = {d: value.contiguous() for d, value in values.items()}
    residual = flat(residuals(jets))
    rest = residual
    sizes: dict[str, float] = {}
    for d in jets:
        tangents = {other: v if other is d else torch.zeros_like(v) for other, v in jets.items()}
        term: Tensor = torch.func.jvp(residuals, (jets,), (tangents,))[1]
        sizes[str(d)] = _rms(flat(term))
        rest = rest - flat(term)
    return Terms(residual, {**sizes, "the rest": _rms(rest)})


def _rms(rows: Tensor) -> float:
    finite = rows[rows.isfinite().all(1)]
    return float(finite.square().sum(1).mean().sqrt()) if len(finite) else float("nan")


def check_scales(system: System, batches: Sequence[Batch]) -> Iterator[Finding]:
    """How large each term of each constraint is at the untrained networks, and what it adds to the objective."""
    theta, problem = some_parameters(system), system.problem
    start = constant_start(system, 0)
    described = describe_start(start, system.parameters.units)
    for group, batch in zip(system.groups, batches, strict=True):
        some = batch.part(slice(SUBSTITUTED))
        for i in group.members:
            constraint, requests = problem.constraints[i], problem.requests[i]
            asked = list(requests.derivatives)
            evaluator = Evaluator(asked, [requests] * len(asked), group.evaluator.axes, system.parameters)
            values = dict(zip(asked, evaluate(evaluator, theta, some, system.device), strict=True))
            terms = weigh(constraint, requests, values, some)
            loss = constraint.weight * float(constraint.loss.pointwise(terms.residual).mean())
            sizes = ", ".join(f"{name} {size:.1e}" for name, size in terms.sizes.items())
            finite = bool(terms.residual.isfinite().all())
            text = f"untrained: {sizes}; adds {loss:.1e} to the objective"
            if not finite and start:
                text = f"not finite for every field: {sizes} where it is; a run begins from {described}"
            yield Finding(f"scales in {constraint.name}", None if finite or start else False, text)


def cost(system: System, batches: Sequence[Batch]) -> Finding:
    """Sizes, and the time and memory of one gradient; where there are many samples, from some of them."""
    theta = system.initial()
    some = [batch.part(slice(TIMED)) for batch in batches]
    before = peak_memory_mb("cpu")
    started = time.monotonic()
    system.gradient(theta, some)
    seconds = (time.monotonic() - started) * sum(map(len, batches)) / sum(map(len, some))
    after = peak_memory_mb("cpu")
    rows = sum(
        system.problem.requests[i].size * len(b)
        for g, b in zip(system.groups, batches, strict=True)
        for i in g.members
    )
    grown = "" if before is None or after is None else f" and {max(0.0, after - before):.0f} MB"
    matrix = rows * theta.numel() * 8 / 2**20
    text = (
        f"{theta.numel()} parameters, {rows} residuals; one gradient takes about {seconds:.2g} s{grown}; "
        f"a dense Jacobian would take {matrix:.0f} MB"
    )
    return Finding("cost", None, text)


# ------------------------------------------------------------------------------------------------- samples


def check_samples(group: Group, names: Sequence[str], seed: int = 0, scale: float = 1.0) -> Finding:
    """Samples are finite, inside their domain, in the number asked for, with finite data and unit normals."""
    domain = group.domain
    count = None if group.samples is None else max(1, round(group.samples * scale))
    points, data = domain.draw(count, torch.Generator().manual_seed(seed))
    expected = min(count or domain.size or 0, domain.size or count or 0)
    wrong = [] if len(points) == expected else [f"{len(points)} points where {expected} were asked for"]
    for axis, column in zip(domain.axes, points.T, strict=True):
        slack = 1e-9 * (axis.high - axis.low)
        outside = int(((column < axis.low - slack) | (column > axis.high + slack)).sum())
        if outside:
            wrong.append(f"{outside} lie outside {axis.low:g} <= {axis.name} <= {axis.high:g}")
    outside = int((~can.contains(domain, points)).sum())
    if outside and not wrong:
        wrong.append(f"{outside} lie outside {domain.name}")
    infinite = int((~points.isfinite().all(1)).sum())
    if infinite:
        wrong.append(f"{infinite} are not finite")
    for key in group.data:
        bad = int((~data[key].reshape(len(points), -1).isfinite().all(1)).sum())
        if bad:
            wrong.append(f"the data '{key}' are not finite at {bad}")
    if "normal" in data:
        off = int(((torch.linalg.vector_norm(data["normal"], dim=-1) - 1).abs() > 1e-6).sum())
        if off:
            wrong.append(f"{off} normals are not of unit length")
    carried = [*group.data, *(["normal"] if "normal" in data and "normal" not in group.data else [])]
    fine = f"{len(points)} points, inside and finite" + (f", with {', '.join(carried)}" if carried else "")
    return Finding(f"samples of {', '.join(names)} on {domain.name}", not wrong, "; ".join(wrong) or fine)


def _draw(domain: Domain, count: int, requests: Requests) -> Batch:
    points, data = domain.draw(count, torch.Generator().manual_seed(3))
    return Batch(points, {key: data[key] for key in requests.data})
