"""SIREN's prior over pictures: held-out ones completed from a few pixels, by two encoders and by codes alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .experiment import Experiment, Form, Outcome, declared, solved
from .shown import psnr, whole_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...geometry.pictures.picture_set import PictureSet
    from ...problem.problem import Problem
    from ...run.solution import Solution

Row = dict[str, Any]
Array = NDArray[np.float64]

SHOWN = 5  # held-out pictures in the figure
NOISE = 1e-3  # of a pixel's variance: what the Gaussian over pictures leaves open
# What the short form has: sizes and rates were chosen on faces of another seed.
SHORT: dict[str, dict[str, Any]] = {
    "set": {"rate": 1e-3},
    "convolution": {"rate": 1e-3, "channels": 24, "blocks": 1},
    "none": {"rate": 1e-3},
}
WHOLE: dict[str, Any] = {
    "size": 32,
    "pictures": 20_000,
    "width": 256,
    "depth": 4,
    "wide": 256,
    "channels": 256,
    "blocks": 4,
    "code": 256,
    "batch": 100,
    "rate": 5e-5,
}
STEPS = {"set": 1300, "convolution": 1100, "none": 900}
CODE_STEPS, CODE_RATE = 120, 0.08  # where codes are normal with variance 1
# Mean squared errors on [0, 1] that the paper tells for 10, 100 and 1000 of 32² pixels of CelebA.
PUBLISHED = {"set": (0.035, 0.013, 0.009), "convolution": (0.033, 0.009, 0.008)}


def _measured(encoder: str, form: Form) -> Outcome:
    """Completions from 1, 10 and 98 % of the pixels; the figure told is that of 10 %."""
    from ...solvers.adam import Adam

    flags: dict[str, Any] = {**(SHORT[encoder] if form.quick else WHOLE)}
    steps = STEPS[encoder] if form.quick else 100_000
    held = _contexts(declared("image_prior", **flags))
    problem = declared("image_prior", encoder=encoder, **flags)
    solution = solved(form, problem, using=[Adam(steps=steps, lr=flags["rate"])])
    told, contexts = (solution, held) if encoder != "none" else _completed_by_codes(form, solution, held)
    train = _unit(_pictures(problem.constraints[0].domain).images)
    classical = {name: completed(train, pictures) for name, pictures in contexts.items()}
    errors = _errors(told)
    middle = list(contexts)[1]
    found = ", ".join(f"{name.removesuffix(' seen')}: {errors[name]:.2g}" for name in contexts)
    gaussian = ", ".join(f"{classical[name][1]:.2g}" for name in contexts)
    side = contexts[middle].grid.shape[0]
    return Outcome(
        errors[middle],
        f"{len(train)} faces made by a formula, {side}², {contexts[middle].size} held out",
        best=classical[middle][1],
        best_by="a Gaussian with the mean and covariance of the training pictures",
        note=f"Of the pixels seen {found}; the Gaussian: {gaussian}{_published(encoder)}",
        curves=_shown(told, contexts, classical),
    )


def _contexts(problem: Problem) -> dict[str, PictureSet]:
    """The pictures that a prior's completions are measured on, by how much of them is seen."""
    domains = problem.compared_on(next(iter(problem.reference)))
    return {name: _pictures(domain) for name, domain in domains.items()}


def _pictures(domain: object) -> PictureSet:
    from ...geometry.pictures.picture_set import PictureSet

    assert isinstance(domain, PictureSet)
    return domain


def _completed_by_codes(
    form: Form, learnt: Solution, held: Mapping[str, PictureSet]
) -> tuple[Solution, dict[str, PictureSet]]:
    """A second solve, with the networks as they are: the codes of pictures of which a part is seen.

    The likeliest ones, Σ (u - f)² / 2s² + |c|² / 2 least, over the pixels seen, with s² what the networks leave of
    the pictures that they learnt, and c usual codes.
    """
    from torch import Tensor, nn

    from ...calculus.field import Field
    from ...calculus.gathered import everywhere
    from ...calculus.generated import made
    from ...calculus.operators import PointFunction
    from ...geometry.point import Point
    from ...networks.encoders import CodeTable
    from ...networks.generated import GeneratedNetwork, NewCodes
    from ...problem.constraint import Constraint, on
    from ...problem.problem import Problem
    from ...problem.reference import Reference
    from ...solvers.adam import Adam

    (u,) = learnt.problem.fields
    network = learnt.system.parameters.networks[u]
    assert isinstance(network, GeneratedNetwork) and isinstance(network.encoder, CodeTable)
    trained = [q for q in network.parameters() if q.requires_grad]
    nn.utils.vector_to_parameters(learnt.theta, trained)
    left = 10 ** (-psnr(learnt) / 10)
    numbered: dict[str, PictureSet] = {}
    first = 0
    for name, pictures in held.items():
        numbered[name] = pictures.seeing(pictures.context, pictures.seed, first)
        first += len(pictures.images)
    some = next(iter(numbered.values()))
    v = Field("v", some.grid, NewCodes(network, network.encoder.table, first), shape=some.images.shape[3:])
    usual = 4 * left * network.code_length  # on [-1, 1] colours are twice as far apart

    def of(pictures: PictureSet) -> list[Constraint]:
        def agree(p: Point) -> Tensor:
            seen = pictures["seen"](p).flatten()[:, None]
            return (everywhere(v)(p) - pictures["picture"](p)) * seen

        return [
            on(pictures, name=f"agree with {pictures.name}")(agree),
            on(pictures, name=f"usual, {pictures.name}", weight=usual, prior=True)(made(v, "code")),
        ]

    def picture(p: Point) -> Tensor:
        return (1 + everywhere(v)(p)) / 2

    known: PointFunction = some["picture"]
    told = {picture: Reference(lambda p: (1 + known(p)) / 2, numbered, peak=1)}
    constraints = [constraint for pictures in numbered.values() for constraint in of(pictures)]
    problem = Problem(*constraints, outputs=(picture,), reference=told)
    return solved(form, problem, using=[Adam(steps=CODE_STEPS, lr=CODE_RATE)]), numbered


def _published(encoder: str) -> str:
    if encoder not in PUBLISHED:
        return ""
    return f"; published from 10, 100 and 1000 of 32² pixels: {', '.join(map(str, PUBLISHED[encoder]))}"


def _errors(solution: Solution) -> dict[str, float]:
    """The mean squared error for each context."""
    parts = solution.errors["picture"]["on"]
    return {name: 10 ** (-part["psnr_db"] / 10) for name, part in parts.items()}


def _unit(pictures: Any) -> Array:
    """Pictures of [-1, 1] as rows of numbers in [0, 1]."""
    rows: Array = (1 + pictures.flatten(1).numpy()) / 2
    return rows


def completed(train: Array, held: PictureSet) -> tuple[Array, float]:
    """Pictures of which a part is seen, completed by the mean of the normal distribution that the training ones have.

    x = μ + Σ_:s (Σ_ss + ε)⁻¹ (x_s - μ_s); and the mean squared error.
    """
    truth, seen = _unit(held.images), held.data["seen"].flatten(1).numpy() > 0
    mean = train.mean(0)
    _, sizes, rows = np.linalg.svd((train - mean) / np.sqrt(len(train)), full_matrices=False)
    basis = rows.T * sizes
    channels = truth.shape[1] // seen.shape[1]
    found = []
    for picture, mask in zip(truth, np.repeat(seen, channels, axis=1), strict=True):
        part = basis[mask]
        normal = part.T @ part + NOISE * np.eye(len(sizes))
        found.append(mean + basis @ np.linalg.solve(normal, part.T @ (picture - mean)[mask]))
    return np.array(found), float(np.mean((np.array(found) - truth) ** 2))


def _shown(
    solution: Solution, contexts: Mapping[str, PictureSet], classical: Mapping[str, tuple[Array, float]]
) -> dict[str, Any]:
    """The first held-out pictures: what is seen, what the network and the Gaussian make of it, and the truth."""
    import torch

    shown: dict[str, Any] = {}
    for name, held in contexts.items():
        points, data = held.draw(None, torch.Generator())
        some = {key: values[:SHOWN] for key, values in data.items()}
        pictures = solution["picture"](points[:SHOWN], some).cpu().numpy()
        shape = held.images.shape[1:]
        seen = data["seen"][:SHOWN].numpy()[..., None]
        shown[f"{name.removesuffix(' seen')} seen"] = [
            whole_numbers(0.5 + 0.5 * data["context"][i].numpy() * seen[i] - 0.25 * (1 - seen[i]))
            for i in range(SHOWN)
        ]
        shown[f"{name.removesuffix(' seen')}: SIREN"] = [whole_numbers(p.reshape(shape)) for p in pictures]
        shown[f"{name.removesuffix(' seen')}: Gaussian"] = [
            whole_numbers(p.reshape(shape)) for p in classical[name][0][:SHOWN]
        ]
    shown["held out"] = [whole_numbers(p.reshape(shape)) for p in _unit(held.images[:SHOWN])]
    return shown


def _completions(rows: Sequence[Row]) -> Figure:
    """What each method makes of the pixels that are seen."""
    from ...plots.papers import picture_rows

    first, *_ = (row["curves"] for row in rows)
    parts = [name for name in first if name.endswith(" seen")]
    table: dict[str, list[Any]] = {}
    for part in parts:
        share = part.removesuffix(" seen")
        table[f"{share} seen"] = first[part]
        for row in rows:
            table[f"{row['name'].split('/')[-1]}, {share}"] = row["curves"][f"{share}: SIREN"]
        table[f"Gaussian, {share}"] = first[f"{share}: Gaussian"]
    table["held out"] = first["held out"]
    # Methods beside each other, one picture below the other.
    return picture_rows(
        {
            f"{i + 1}": {name.replace(", ", "\n"): np.array(pictures[i]) for name, pictures in table.items()}
            for i in range(SHOWN)
        },
        width=0.85,
    )


EXPERIMENTS = tuple(
    Experiment(
        f"prior/{name}",
        "Sitzmann et al. 2020, section 4.4",
        f"32² pictures, {what}, 10 % of the pixels seen, 100,000 steps of 100 pictures, rate 5e-5",
        PUBLISHED[encoder][1] if encoder in PUBLISHED else None,
        "mean square",
        "lower",
        partial(_measured, encoder),
        quick=f"16² pictures, {what}{size}, SIREN 3 x 64, {STEPS[encoder]} steps of 32 pictures, rate 1e-3",
    )
    for name, encoder, what, size in (
        ("set", "set", "set encoder", " of width 128"),
        ("convolution", "convolution", "convolutional encoder", " of 24 channels and a block"),
        ("codes", "none", "auto-decoder", f", then {CODE_STEPS} steps for the codes of others alone"),
    )
)
FIGURES = {"prior": _completions}
