"""What a run found: fields to evaluate, their measured errors, what the run did, and files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from ..calculus.field import Field
from ..calculus.operators import PointFunction
from ..export.derived import Deviation
from ..geometry.domain import Domain
from ..networks.pieces import Pieces
from ..networks.sine_lattice import SineLattice
from ..problem.constraint import name_of
from ..problem.problem import Problem
from ..problem.rich import html_table
from ..residuals import Batch, System
from ..residuals.known import holds_until, relative_residuals_by_name, where_known, worst_of
from ..sampling.drawing import Drawing
from . import saved
from .checkpoint import Snapshot, snapshot
from .determination import Determination, can_tell, determination
from .errors import errors_of
from .facts import facts_of
from .fields import Evaluable, Integral
from .history import Record as Record
from .history import Row as Row
from .history import Status as Status
from .iterate import Recipes
from .progress import Progress
from .run import Compared, Run
from .second_fit import second_fit, worst
from .slabs import PerSlab, residuals_per_slab
from .summary import headline, rows_of, summary
from .uncertainty import Uncertainty, uncertainty_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from ..export.fields import FieldSet

Progressing = (
    Callable[[Progress], None] | bool | None
)  # what is told of every step, or whether a line is shown
# From a checkpoint, to a tolerance, for so many more seconds.
Again = Callable[[Snapshot, float, float | None, Progressing], "Solution"]


@dataclass(frozen=True, eq=False, repr=False)
class Solution:
    """The result of ``solve``: callable fields, their errors, and the account of the run.

    ``solution[u]`` evaluates a field, an output, or any function of a point such as ``laplacian(u)``. The parameters
    found are the ``theta`` of its ``system``; ``checkpoint`` is where the run stood at its end.

    >>> import torch
    >>> from sirenpde import Box, D, Field, Problem, on, solve
    >>> box = Box(t=(0, 1))
    >>> u, (t,) = Field("u", box), box.axes
    >>> decay = on(box, samples=100, name="decay")(lambda p: D(u, t)(p) + u(p))
    >>> start = on(box.at(t=0), name="start")(lambda p: u(p) - 1)
    >>> solution = solve(Problem(decay, start, reference={u: lambda p: torch.exp(-t(p))}))
    >>> solution.status, solution.errors["u"]["relative_l2"] < 1e-9
    ('solved', True)
    >>> bool(abs(solution[D(u, t)]([[0.0]]) + 1) < 1e-9)
    True
    """

    problem: Problem
    system: System
    theta: Tensor
    seed: int
    samples_scale: float
    status: Status
    message: str
    choice: str  # of networks and stages, and why
    stages: tuple[Record, ...]
    history: tuple[Row, ...]
    seconds: float
    warnings: tuple[str, ...]
    checkpoint: Snapshot
    determination: Determination | None = None  # of the fields and unknown numbers, where it was looked at
    again: Again | None = None
    recipes: Recipes | None = None  # of the networks
    compared: Compared | None = None  # with the fields of another resolution

    def __getitem__(self, function: PointFunction | str) -> Evaluable:
        if isinstance(function, Deviation):
            return self.deviation(function.of)
        if isinstance(function, str) or (isinstance(function, Field) and function not in self.problem.fields):
            function = self._named(function)
        return Evaluable(self.problem, self.system, self.theta, function)

    def _named(self, which: Field | str) -> PointFunction:
        """The output or field of a name, or of a field that was declared anew."""
        functions: tuple[PointFunction, ...] = (*self.problem.fields, *self.problem.outputs)
        known = {name_of(f): f for f in functions}
        name = which if isinstance(which, str) else which.name
        if name not in known:
            raise ValueError(
                f"The solution was asked for '{name}'; expected one of {', '.join(known)}. Name an output or field."
            )
        output = known[name]
        if isinstance(which, Field) and (output.axes, output.shape) != (which.axes, which.shape):  # type: ignore[attr-defined]
            raise ValueError(
                f"The solution was asked for the field '{name}' on other axes or of another shape than it was solved "
                f"with. Declare it as in the problem, or ask by name: solution['{name}']."
            )
        return output

    def __repr__(self) -> str:
        known = self.error_estimate.get("relative_l2")
        error = "" if known is None else f"error {known:.1e}, "
        count = len(self.warnings)
        warned = "" if not count else ", 1 warning" if count == 1 else f", {count} warnings"
        how = f"{self.status}{warned}, relative residual {self.relative_residual:.1e}"
        return f"Solution({self._name}: {how}, {error}{self.seconds:.1f} s)"

    def __str__(self) -> str:
        """What the command line says of a run: status, warnings, stages, residuals, errors, numbers found."""
        return summary(self._name, self, self.report())

    def _repr_html_(self) -> str:
        """The same, as a notebook shows it."""
        return f"<p>{escape(headline(self._name, self))}</p>" + html_table(list(rows_of(self, self.report())))

    @property
    def _name(self) -> str:
        return ", ".join(map(name_of, self.problem.outputs))

    @property
    def device(self) -> str:
        return str(self.system.device)

    @property
    def dtype(self) -> str:
        return str(self.system.dtype).removeprefix("torch.")

    @property
    def parameters(self) -> int:
        """How many numbers were to be found."""
        return int(self.theta.numel())

    @cached_property
    def residuals(self) -> int:
        """How many real residuals the last stage made small: its own, or those of the declared samples."""
        of_stage = self.stages[-1].residuals if self.stages else None
        return of_stage or self.system.row_count(self._drawing.fixed())

    @property
    def _drawing(self) -> Drawing:
        return Drawing(self.system, self.seed, self.samples_scale)

    @cached_property
    def _held_out(self) -> tuple[Batch, ...]:
        return self._drawing.held_out()

    @cached_property
    def relative_residual(self) -> float:
        """The worst constraint's residual on held-out points, as a fraction of the largest of its own terms."""
        return worst_of(self._relative)

    @cached_property
    def _relative(self) -> dict[str, float]:
        """The same by constraint."""
        return relative_residuals_by_name(self.system, self.theta, self._held_out)

    @property
    def holds_until(self) -> tuple[str, float] | None:
        """How far along which axis a march came that was cut off; fields are not numbers beyond. Else None."""
        held = holds_until(self.system)
        return None if held is None else (held[0].name, held[1])

    @property
    def unknowns(self) -> dict[str, float]:
        """The unknown numbers found."""
        layout = self.system.parameters
        return {c.name: float(v) for c, v in zip(layout.unknowns, layout.numbers(self.theta), strict=True)}

    @cached_property
    def standard_errors(self) -> dict[str, float]:
        """Those of the unknown numbers, from the residuals; infinite where the constraints do not determine one.

        Those of chi-square where standard deviations were given to ``on``. Residuals of other constraints count as
        independent errors, so that this is a statement about measurements, where there are any. None where a loss is
        not a sum of squares.
        """
        return {} if self._determined is None else dict(self._determined.errors)

    @cached_property
    def correlations(self) -> dict[str, dict[str, float]]:
        """Of the errors of any two unknown numbers that the constraints determine, by name and name."""
        table: dict[str, dict[str, float]] = {}
        for (a, b), value in ({} if self._determined is None else self._determined.correlations).items():
            table.setdefault(a, {})[b] = value
        return table

    @cached_property
    def _determined(self) -> Determination | None:
        """What the constraints determine, where there are unknown numbers and it can be told."""
        if not self.problem.unknowns or not can_tell(self.system):
            return None
        return self.determination or determination(self.system, self.theta)

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """How well unknown fields are known: of fields that ``Inference()`` found, with measurements and priors.

        None for any others.
        """
        if not any(stage.name == "inference" for stage in self.stages):
            return None
        return uncertainty_of(self.system, self.theta, self.seed, self.samples_scale, self.recipes)

    def deviation(self, function: PointFunction | str) -> Evaluable:
        """The standard deviation of a field, or of any function of a point, at points, on grids and on meshes.

        It is that of the posterior of a Gaussian prior, of the weight that the evidence chose, and of the noise of
        the measurements; of a function that is not affine in the fields, to first order. Where the prior describes
        the truth this lies within two deviations at 95 % of the places.

        Raises ValueError where there are no measurements and priors, or another stage found the fields.

        Sources: Tarantola, Inverse problem theory, 2005; Nychka, Bayesian confidence intervals for smoothing
        splines, 1988, on how many places these hold at.

        >>> import torch
        >>> from sirenpde import Box, Field, Inference, PointCloud, Problem, SineFeatures, hessian, on, solve
        >>> line = Box(x=(0, 1))
        >>> f = Field("f", line, SineFeatures(60, 10.0))
        >>> seen = PointCloud([[0.1], [0.2], [0.3]], line, {"f": [1.0, 1.2, 1.3]})
        >>> match = on(seen, sigma=0.1, name="match")(lambda p: f(p) - seen["f"](p))
        >>> small = on(line, 200, prior=True, name="small")(lambda p: f(p))
        >>> bend = on(line, 200, prior=True, name="bend")(lambda p: hessian(f)(p))
        >>> near, far = solve(Problem(match, small, bend), [Inference()]).deviation(f)([[0.2], [1.0]])
        >>> bool(near < 0.1 < far)
        True
        """
        if self.uncertainty is None:
            raise ValueError(
                "The deviation of a field was asked for that has none; expected measurements, constraints with "
                "sigma or on tables, and prior=True for the unknown field, solved by Inference()."
            )
        found = self[function]
        return replace(found, spread=self.uncertainty.spread)

    @cached_property
    def chi_square(self) -> dict[str, tuple[float, int]]:
        """χ² and the number of its terms, for every constraint whose standard deviation was given."""
        measured = [c.name for c in self.problem.constraints if c.is_measured and not c.is_prior]
        if not measured:
            return {}
        rows = dict(
            zip(
                [c.name for c in self.problem.constraints],
                self.system.residuals(self.theta, self._drawing.fixed()),
                strict=True,
            )
        )
        return {name: (float(rows[name].square().sum()), rows[name].numel()) for name in measured}

    @cached_property
    def constraints(self) -> dict[str, dict[str, float]]:
        """Per constraint the root mean square and the maximum of its residual, and the former held out.

        ``relative`` is the held-out root mean square as a fraction of the largest of the constraint's own terms.
        Priors have none, since they need not vanish, and are marked by ``prior``.

        Held-out points are an independent set that nothing was fitted to; a finite domain of which all points
        are used has no others. Where a march was cut off, all are those of the part that it solved.
        """
        system, fitted = where_known(self.system, self._drawing.fixed())
        _, others = where_known(self.system, self._held_out)
        used, other = system.residuals(self.theta, fitted), system.residuals(self.theta, others)
        return {
            constraint.name: {
                "rms": float(r.square().sum(1).mean().sqrt()),
                "max": float(r.abs().max()),
                "held_out_rms": float(h.square().sum(1).mean().sqrt()),
                **(
                    {"relative": self._relative[constraint.name]}
                    if constraint.name in self._relative
                    else {"prior": True}
                ),
            }
            for constraint, r, h in zip(system.problem.constraints, used, other, strict=True)
        }

    @cached_property
    def per_slab(self) -> PerSlab | None:
        """How well the constraints hold on held-out points in each slab of a march; None where none was made."""
        return residuals_per_slab(self.system, self.theta, self._held_out)

    @cached_property
    def errors(self) -> dict[str, dict[str, Any]]:
        """Per output with a reference: relative L2 and maximum error, and the same for each named domain."""
        return errors_of(self.problem, self.system, self.theta, self.seed)

    @property
    def error_estimate(self) -> dict[str, Any]:
        """The true error where a reference exists; else how far two resolutions are apart, or the held-out residual.

        The residual is no error bound; the difference of two resolutions is about the error of the coarser one, and
        is there, as ``two_resolutions``, beside a true error too.
        """
        apart = self.two_resolutions
        beside: dict[str, Any] = {} if apart is None else {"two_resolutions": apart}
        if self.errors:
            worst = max(float(e["relative_l2"]) for e in self.errors.values())
            return {"kind": "true error against the reference", "relative_l2": worst, **beside}
        rms = {name: v["held_out_rms"] for name, v in self.constraints.items() if "relative" in v}
        kind = "held-out residual, no reference declared" if apart is None else "two resolutions compared"
        return {"kind": kind, **beside, "held_out_rms": rms}

    @cached_property
    def two_resolutions(self) -> float | None:
        """The relative L2 distance of the fields to those of another resolution, the largest of all fields; None
        where none can be had at little cost, as for trained networks."""
        recipes = self.recipes
        if recipes is None or not bool(self.theta.isfinite().all()):
            return None
        if self.compared is not None and self.compared.apart is not None:
            return self.compared.apart
        if any(isinstance(recipe, Pieces | SineLattice) for recipe in recipes.values()):
            known = [record.difference for record in self.stages if record.difference is not None]
            return known[-1] if known else None
        return worst(second_fit(self.system, self.theta, recipes, self.seed))

    def report(self) -> dict[str, Any]:
        """The run in numbers, as ``report.json`` holds it."""
        return {
            "status": self.status,
            "message": self.message,
            "choice": self.choice,
            "warnings": list(self.warnings),
            "wall_s": self.seconds,
            "stages": [
                {"name": r.name, "steps": r.steps, "seconds": r.seconds, "loss": r.loss, "reason": r.reason}
                for r in self.stages
            ],
            "holds_until": None if self.holds_until is None else dict([self.holds_until]),
            "constraints": self.constraints,
            "errors": self.errors,
            "error_estimate": self.error_estimate,
            "relative_residual": self.relative_residual,
            "uncertainty": None if self.uncertainty is None else self.uncertainty.report,
            "unknowns": self.unknowns,
            "unknown_errors": self.standard_errors,
            "unknown_correlations": self.correlations,
            "chi_square": {name: {"value": v, "measurements": n} for name, (v, n) in self.chi_square.items()},
            "parameters": self.parameters,
            "residuals": self.residuals,
            "device": self.device,
            "dtype": self.dtype,
            "seed": self.seed,
        }

    def snapshot(self) -> dict[str, Any]:
        """A checkpoint of the run, for ``solve(..., resume=...)`` and ``torch.save``."""
        return dict(self.checkpoint)

    def save(self, directory: str | Path) -> None:
        """Write the solution into a directory: its fields, its report, and the checkpoint of its run.

        >>> import tempfile
        >>> from sirenpde import Box, D, Field, Problem, Solution, on, solve
        >>> line = Box(t=(0, 1))
        >>> u = Field("u", line)
        >>> @on(line, samples=50)
        ... def decay(p):
        ...     return D(u, line.axes[0])(p) + u(p)
        >>> @on(line.at(t=0))
        ... def start(p):
        ...     return u(p) - 1
        >>> folder = tempfile.mkdtemp()
        >>> solve(Problem(decay, start)).save(folder)
        >>> round(float(Solution.load(folder)["u"]([[1.0]])[0]), 9)
        0.367879441
        """
        saved.write(directory, self.snapshot(), self.report())

    @staticmethod
    def load(directory: str | Path) -> Solution:
        """A solution that ``save`` wrote, or that of a run directory, without its problem.

        ``solution["u"]`` and ``solution.export`` give its fields; the report is that of the day it was saved.
        With the problem, ``solve(problem, resume=solution)`` goes on from it. No code of the files is executed.

        Raises:
            ValueError: for a directory without a solution, for damaged files, and for fields whose network is a
                module of the problem's own.
        """
        fields = saved.read(directory)
        solution = Solution(
            fields.problem,
            fields.system,
            fields.theta,
            checkpoint=fields.checkpoint,
            **fields.account,
        )
        vars(solution).update(fields.measured)  # in place of measuring anew
        return solution

    def refine(
        self, tolerance: float, budget: float | None = None, *, progress: Progressing = None
    ) -> Solution:
        """Go on from what was found until the tolerance is met, or for so many more seconds: ``sirenpde resume``.

        Stages that were cut off go on, those not yet tried follow, and where none is left the last iterative one is
        taken once more from the best fields. Raises ValueError for a solution that a file was read for, since only
        the problem can be solved: ``solve(problem, resume=solution, tolerance=...)``.

        >>> from sirenpde import Box, D, Field, Problem, SineFeatures, LeastSquares, on, solve
        >>> line = Box(t=(0, 1))
        >>> u = Field("u", line)
        >>> @on(line, samples=50)
        ... def decay(p):
        ...     return D(u, line.axes[0])(p) + u(p)
        >>> @on(line.at(t=0))
        ... def start(p):
        ...     return u(p) - 1
        >>> rough = solve(Problem(decay, start), tolerance=1e-2)
        >>> rough.refine(1e-9).relative_residual < 1e-9
        True
        """
        if self.again is None:
            raise ValueError(
                "This solution was read from a file, without its problem; expected one that solve() returned. Use "
                "solve(problem, resume=solution, tolerance=...), or 'sirenpde resume' for the directory of a run."
            )
        return self.again(self.checkpoint, tolerance, budget, progress)

    @cached_property
    def facts(self) -> dict[str, str | int | float]:
        """The version, the seed, the relative residual and the errors, as files of its fields say them."""
        known = {"seed": self.seed, "relative_residual": self.relative_residual, "errors": self.errors}
        return facts_of(known)

    def export(
        self,
        path: str | Path,
        resolution: int | None = None,
        *,
        times: Sequence[float] | None = None,
        derivatives: Sequence[str] = (),
        on: str | Path | None = None,
        at: str | Path | ArrayLike | None = None,
        grid: bool = False,
        boundary: bool = False,
        errors: bool = False,
        residuals: bool = False,
        outputs: Sequence[PointFunction] | None = None,
    ) -> Path:
        """Write the outputs to a file whose ending says how.

        Args:
            path: .vtkhdf, .pvd or .xdmf play in ParaView where a field depends on time, .vtu and .vti show one time,
                .npz and .csv hold all values, .png is a picture, .ply, .stl and .obj are surfaces.
            resolution: points along each axis; pictures keep their pixels if left out.
            times: those that a field of space and time is written at; evenly spaced ones if left out.
            derivatives: some of grad, laplacian, hessian, div, curl, as further arrays.
            on: a mesh file, at whose points fields are evaluated: VTU, VTK, XDMF, gmsh, STL, PLY, OBJ, ...
            at: a table with a column for each axis, or points (n, d).
            grid: on a grid over the ranges of the axes, where a shape has a mesh of its own.
            boundary: on the boundary, with the outward unit normal as a further array.
            errors: the difference from the reference of each output that has one, as further arrays.
            residuals: those of the constraints that hold throughout the domain, as further arrays.
            outputs: functions of a point, in place of the problem's outputs.

        Fields are evaluated on the shape that they are known on if no place is given. Elsewhere they are not numbers,
        and a warning names points that were asked for and lie there. Without a shape, a grid fills the axes.

        Raises:
            ValueError: for outputs on different axes, times beyond those of the problem, more than one place, a mesh
                or table that does not fit the axes, and what the format cannot hold.
        """
        from ..export.about import About
        from ..export.carriers import Request
        from ..export.places import place_of
        from ..export.write import export_fields

        sets = self.field_sets(outputs)
        place = place_of(sets[0].axes, on, at, grid, boundary)
        request = Request(resolution, times, About(self.facts), place)
        return export_fields(
            sets, Path(path), request, derivatives=derivatives, with_error=errors, with_residual=residuals
        )

    def integrate(self, function: PointFunction, over: Domain | None = None) -> Integral:
        """The integral of a field, or any function of a point, over a domain or its boundary, with an error estimate.

        The value is that of the better of two rules, cubatures or means over points, and the error how far the two
        are apart. ``over`` is the domain of the function if left out; normals are there on a boundary.

        >>> from sirenpde import Disk, Field, LeastSquares, Problem, SineFeatures, on, solve
        >>> disk = Disk()
        >>> u, (x, y) = Field("u", disk, SineFeatures(60, 2.0)), disk.axes
        >>> solution = solve(Problem(on(disk, 300, name="u = x²")(lambda p: u(p) - x(p) ** 2)), [LeastSquares()])
        >>> found = solution.integrate(u)  # π / 4
        >>> abs(float(found.value) - 0.785398) < 1e-4, found.error < 1e-4
        (True, True)
        """
        return self[function].over(over)

    def field_sets(self, outputs: Sequence[PointFunction] | None = None) -> list[FieldSet]:
        """Its outputs, or these, to be sampled, drawn and written: those on the same axes together."""
        from ..export.fields import field_sets, with_deviations

        sets = field_sets(self.problem, lambda function, *at: self[function](*at), outputs)
        return sets if self.uncertainty is None else [with_deviations(fields) for fields in sets]


def solution_of(run: Run, determination: Determination | None = None, again: Again | None = None) -> Solution:
    """What a run has found so far, apart from the run, with all that it takes to go on from there."""
    best = run.shown()
    return Solution(
        run.problem,
        best.system,
        best.theta,
        run.state.seed,
        run.state.scale,
        run.status,
        run.message,
        run.choice.reason,
        run.account(),
        tuple(run.history),
        run.seconds,
        tuple(run.warnings),
        snapshot(run),
        determination,
        again,
        best.recipes,
        run.comparison(best.theta),
    )
