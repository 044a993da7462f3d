"""Unknown fields from noisy or incomplete data, with priors as strong as the data say."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from ..linear.dense_rows import FixedFeatures, store
from ..linear.inference import Inferred, infer
from ..linear.inference_rows import inference_rows, measurements, unknown_fields
from ..networks.linear_head import has_linear_head
from ..problem.affine import affine_in_fields
from ..residuals import Batch, System
from ..residuals.unfit import Unfit
from ..sampling.drawing import generator
from ..sampling.ends import draw
from .stage import Report, State


@dataclass(frozen=True)
class Inference:
    """Unknown fields from measurements, where equations hold and priors make up for what the data leave open.

    Of the fields that constraints with ``prior=True`` read all others follow by the equations, which hold. The
    posterior of what is left is that of linear regression,

        |A f - d|² / σ² + Σ λ_i |L_i f|²,     i = 1 or 1, 2,

    with A the data that an unknown field f causes, by way of the equations, and L_i the priors. Their weights λ_i are
    those that make the data likeliest (the evidence), whatever was declared; over the ratio of two priors, which says
    the length over which f varies, the posterior is averaged. Measurements are
    the constraints with ``sigma``; where none has one, those on clouds and tables, whose noise σ is found too. How
    many data are followed, and how many combinations of the unknown they determine, stands in the report, and
    ``solution.deviation(f)`` is the standard deviation of f at every place.

    Two priors, f itself and ``hessian(f)``, say how large and how smooth the field is: of Gaussian fields, those of
    Matérn's covariance, whose size and length the data then choose.

    Raises:
        Unfit: for a problem without measurements, without a prior or with more than two, losses other than ``l2``,
            constraints that are not affine in the fields, unknown numbers, and networks that are not linear in what
            they train.

    Sources: Golub and Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate, 1973; MacKay, Bayesian interpolation, 1992; Stuart, Inverse problems: a Bayesian perspective,
    2010.

    The slope of a measured curve, u' = f, from forty values with an error of a hundredth:

    >>> import torch
    >>> from sirenpde import Box, D, Field, Inference, PointCloud, Problem, SineFeatures, hessian, on, solve
    >>> line = Box(x=(0, 1))
    >>> (x,) = line.axes
    >>> u, f = Field("u", line, SineFeatures(60, 10.0)), Field("f", line, SineFeatures(60, 10.0))
    >>> at = torch.linspace(0, 1, 40, dtype=torch.float64)[:, None]
    >>> noise = 0.01 * torch.randn(40, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    >>> seen = PointCloud(at, line, {"u": torch.sin(3 * at[:, 0]) + noise})
    >>> slope = on(line, 200, name="slope")(lambda p: D(u, x)(p) - f(p))
    >>> match = on(seen, sigma=0.01, name="match")(lambda p: u(p) - seen["u"](p))
    >>> small = on(line, 200, prior=True, name="small")(lambda p: f(p))
    >>> bend = on(line, 200, prior=True, name="bend")(lambda p: hessian(f)(p))
    >>> solution = solve(Problem(slope, match, small, bend), [Inference()])
    >>> error = (solution[f](at) - 3 * torch.cos(3 * at[:, 0])).abs()
    >>> bool((error < 3 * solution.deviation(f)(at)).all()), bool(error.square().mean() < 0.1**2)
    (True, True)
    """

    @property
    def name(self) -> str:
        return "inference"

    @property
    def steps(self) -> int:
        return 1

    @property
    def precision(self) -> torch.dtype:
        return torch.float64

    def advance(self, state: State) -> Report:
        """The whole solve."""
        reason = misfit_of_kind(state.system)
        if reason is not None:
            raise Unfit(reason)
        state.step += 1
        system, batches = state.system, samples(state.system, state.seed, state.scale)
        found = infer(inference_rows(system, state.theta, batches, FixedFeatures(system, batches)))
        state.theta = store(system, state.theta, found.solution)
        terms = system.losses(state.theta, batches)
        rows = system.row_count(batches)
        return Report(tuple(terms.tolist()), True, told(system, found), residuals=rows)


def samples(system: System, seed: int, scale: float) -> tuple[Batch, ...]:
    """Those that are fitted."""
    return draw(system, generator(seed, -1), scale)


def told(system: System, found: Inferred) -> str:
    """What the evidence chose, in words."""
    names = ", ".join(u.name for u in unknown_fields(system.problem))
    noise = "" if found.known else f", whose noise is about {found.noise:.1e}"
    how = "priors weighed by the evidence"
    return (
        f"{names} from {found.measured:.0f} data{noise}, {how}: {found.fitted:.1f} of the data are followed, "
        f"and {found.determined} of {found.combinations} combinations determined"
    )


def misfit_of_kind(system: System) -> str | None:
    """Why a problem or its networks are not for the stage; None where they are."""
    problem = system.problem
    if not problem.has_priors or not measurements(problem):
        lacks = "no prior" if not problem.has_priors else "no measurements"
        return (
            f"Inference() was given {lacks}; it expects constraints with sigma=, or on a table or cloud, and others "
            f"with prior=True that read the unknown field. Use LeastSquares() where equations alone determine all."
        )
    if sum(c.is_prior for c in problem.constraints) > 2:
        return (
            "Inference() was given more than two priors; it expects one, or two whose ratio the data choose."
        )
    other = [c.name for c in problem.constraints if not c.loss.is_square]
    curved = [c.name for i, c in enumerate(problem.constraints) if not affine_in_fields(problem, i)]
    if other or curved or problem.unknowns:
        what = "another loss than l2 in" if other else "a constraint that is not affine in the fields:"
        names = ", ".join(other or curved or [c.name for c in problem.unknowns])
        return f"Inference() was given {what} {names}; it expects linear equations. Use LeastSquares() or Adam()."
    poor = [u.name for u, module in system.parameters.networks.items() if not has_linear_head(module)]
    if poor:
        return (
            f"Inference() cannot solve for {', '.join(poor)}: the network has no linear last layer that the toolkit "
            f"knows. Use SineFeatures(count=400, bandwidth=12)."
        )
    return None
