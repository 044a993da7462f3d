"""Networks of finite width trained beside what their kernels say: by mapping, by spread of frequencies, by place."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .experiment import Form, Outcome
from .kernel_theory import grid, weighted

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from ...networks.mappings.mapping import Mapping

SIGMAS = tuple(1.5 * 2.0**k for k in range(9))  # standard deviations of the frequencies, cycles
FREQUENCIES = (1, 5, 15)  # whose errors are followed
# The power of the amplitudes of all frequencies, by that of the signals.
DENSE = {0.5: 0.4, 1.0: 0.75, 1.5: 1.5}


def convergence(power: float | None, form: Form) -> Outcome:
    """Gradient descent on a mapping, or on none, against descent with its kernel."""
    import torch

    from ...analysis.kernels.descent import KernelDescent, predictions_on_grid
    from ...analysis.kernels.finite import ReluNetworks, train
    from ...analysis.kernels.grid_spectra import by_frequency
    from ...analysis.kernels.mapped import features
    from ...analysis.kernels.relu import ReluNTK
    from ...analysis.kernels.signals import power_law_signals

    fine, coarse, times = 256, 32, 0.5  # points, those trained on, and rate times steps at the end
    rate, steps = (2.5e-4, 2000) if form.quick else (1e-5, 50_000)
    random = torch.Generator().manual_seed(form.seed)
    y = power_law_signals(1, fine, 1.0, generator=random, band=fine // 4)[0]
    x = grid(fine)
    rows = x - 0.5 if power is None else features(x, *weighted(16, power))
    known = slice(None, None, fine // coarse)
    kernel = ReluNTK(3, 1024)(rows, rows[known])
    theory = KernelDescent(kernel[known], y[known], rate)

    networks = ReluNetworks.random(1, rows.shape[1], 3, 1024, generator=random, device=form.device)
    inputs = rows.float().to(form.device)
    at = sorted({round(steps * 10 ** (-3 + 3 * k / 24)) for k in range(25)} | {0})
    seen: dict[str, list[list[float]]] = {"train": [], "test": []}
    by: dict[int, list[list[float]]] = {f: [] for f in FREQUENCIES}

    def look(step: int) -> None:
        error = networks(inputs)[0, :, 0].double().cpu() - y
        seen["train"].append([step * rate, float(error[known].square().mean())])
        seen["test"].append([step * rate, float(_others(error, known).square().mean())])
        amplitudes = by_frequency(error[known])
        for f in FREQUENCIES:
            by[f].append([step * rate, float(amplitudes[f])])

    targets = y[known, None].float().to(form.device)
    train(networks, inputs[known], targets, rate, steps, look=look, at=at)
    expected: dict[str, list[list[float]]] = {"train": [], "test": []}
    expected_by: dict[int, list[list[float]]] = {f: [] for f in FREQUENCIES}
    for step in at:
        time = step * rate
        expected["train"].append([time, float(theory.loss(time))])
        error = theory.predictions(kernel, time) - y
        expected["test"].append([time, float(_others(error, known).square().mean())])
        amplitudes = by_frequency(theory.error(time))
        for f in FREQUENCIES:
            expected_by[f].append([time, float(amplitudes[f])])
    linear = predictions_on_grid(_covariance(fine, 1.0, fine // 4), y[known], None)
    assert times == rate * steps
    return Outcome(
        seen["test"][-1][1],
        f"a signal of spectrum 1/f, {coarse} of {fine} samples",
        best=float(_others(linear - y, known).square().mean()),
        best_by="the linear estimate of least error for that spectrum",
        note=f"On the training points {seen['train'][-1][1]:.1e}; the kernel says {expected['train'][-1][1]:.1e} "
        f"there and {expected['test'][-1][1]:.1e} between them",
        curves={
            "train": seen["train"],
            "test": seen["test"],
            "train, kernel": expected["train"],
            "test, kernel": expected["test"],
            "by frequency": {str(f): by[f] for f in FREQUENCIES},
            "by frequency, kernel": {str(f): expected_by[f] for f in FREQUENCIES},
        },
    )


def _others(values: Tensor, known: slice) -> Tensor:
    """Those that are not known."""
    import torch

    kept = torch.ones_like(values, dtype=torch.bool)
    kept[known] = False
    return values[kept]


def _covariance(count: int, alpha: float, band: int | None = None) -> Tensor:
    """The first row of the covariance of signals with the spectrum 1/|f|^alpha."""
    import torch

    frequency = torch.fft.fftfreq(count, 1 / count).abs().double()
    power = frequency.clamp(min=1) ** (-2 * alpha)
    row: Tensor = torch.fft.ifft(power if band is None else power * (frequency < band)).real
    return row


def sigma_sweep(alpha: float, form: Form) -> Outcome:
    """Four families of random frequencies, each at many widths: test errors against their standard deviation."""
    import torch

    from ...analysis.kernels.descent import predictions_on_grid
    from ...analysis.kernels.finite import ReluNetworks, train
    from ...analysis.kernels.mapped import correlation, features
    from ...analysis.kernels.relu import ReluNTK
    from ...analysis.kernels.signals import power_law_signals
    from ...analysis.kernels.suited import suited
    from ...networks.mappings.draws import Gaussian, Laplace, LogUniform, Uniform

    count, width, steps, waves = (512, 128, 500, 16) if form.quick else (2048, 256, 1000, 16)
    random = torch.Generator().manual_seed(form.seed)
    y = power_law_signals(1, count, alpha, generator=random)[0]
    families: dict[str, Callable[[float], Mapping]] = {
        "Gaussian": lambda sigma: Gaussian(waves, sigma),
        "Laplace": lambda sigma: Laplace(waves, sigma),
        "uniform": lambda sigma: Uniform(waves, sigma),
        "log-uniform": lambda sigma: LogUniform(waves, sigma),
    }
    drawn = {name: [of(sigma).frequencies(1, random) for sigma in SIGMAS] for name, of in families.items()}
    rows = torch.stack([features(grid(count), b) for of in drawn.values() for b in of])
    inputs = (math.sqrt(waves) * rows).float().to(form.device)
    networks = ReluNetworks.random(
        len(inputs), 2 * waves, 3, width, generator=random, device=form.device, start="glorot"
    )
    train(networks, inputs[:, ::2], y[::2, None].float().to(form.device), 2e-3, steps, method="adam")
    with torch.no_grad():
        errors = (networks(inputs[:, 1::2])[..., 0].double().cpu() - y[1::2]).square().mean(1)
    lines = {
        name: [[float(b.square().mean().sqrt()), float(e)] for b, e in zip(drawn[name], of, strict=True)]
        for name, of in zip(families, errors.split(len(SIGMAS)), strict=True)
    }
    offsets, every = grid(count), torch.arange(1, count // 4 + 1, dtype=torch.float64)
    row = ReluNTK(3, width).profile(
        correlation(offsets, every[:, None], every ** -DENSE[alpha]), 2 * len(every)
    )
    dense = float((predictions_on_grid(row, y[::2], None) - y)[1::2].square().mean())
    linear = predictions_on_grid(_covariance(count, alpha), y[::2], None)
    told = suited(y)
    least = {name: min(points, key=lambda point: point[1]) for name, points in lines.items()}
    return Outcome(
        min(error for _, error in least.values()),
        f"a signal of spectrum 1/f^{alpha:g}, {count // 2} of {count} samples",
        best=float((linear - y)[1::2].square().mean()),
        best_by="the linear estimate of least error for that spectrum",
        note="Least at standard deviations of "
        + ", ".join(f"{std:.3g} ({name})" for name, (std, _) in least.items())
        + f"; recommended from the spectrum {told.sigma if told else 0:.2g}; "
        + f"all frequencies, by the kernel, {dense:.1e}",
        curves={"lines": lines, "dense": dense, "recommended": told.sigma if told else None},
    )


def stationarity(mapped: bool, form: Form) -> Outcome:
    """A narrow bump at many places: how much worse it is learned at the ends than in the middle."""
    import torch

    from ...analysis.kernels.finite import ReluNetworks, train

    places, seeds, width, rate = (9, 2, 128, 2e-4) if form.quick else (40, 20, 256, 1e-4)
    random = torch.Generator().manual_seed(form.seed)
    x = 2 * math.pi * (grid(256) - 0.5)
    centres = torch.linspace(-math.pi, math.pi, places, dtype=torch.float64)
    away = (x - centres + math.pi).remainder(2 * math.pi) - math.pi
    bumps = (-0.5 * (away / 0.05).square()).exp().T.repeat_interleave(seeds, 0)  # a row for each network
    rows = torch.cat([x.cos(), x.sin()], 1) if mapped else x
    inputs = rows.float().to(form.device)
    networks = ReluNetworks.random(
        places * seeds, rows.shape[1], 3, width, generator=random, device=form.device, start="glorot"
    )
    targets = bumps[..., None].float().to(form.device)
    train(networks, inputs, targets, rate, 500, method="adam", loss="mean")
    with torch.no_grad():
        errors = (networks(inputs) - targets)[..., 0].double().cpu().square().mean(1)
    by_place = errors.view(places, seeds).mean(1)
    return Outcome(
        float((by_place[0] + by_place[-1]) / 2 / by_place[places // 2]),
        f"a bump at {places} places, {seeds} seeds",
        note=f"Mean squares from {float(by_place.min()):.1e} to {float(by_place.max()):.1e}",
        curves={"by place": [[float(c), float(e)] for c, e in zip(centres, by_place, strict=True)]},
    )


def joint(form: Form) -> Outcome:
    """Frequencies and amplitudes trained with the network, against fixed ones."""
    import torch

    from ...analysis.kernels.finite import ReluNetworks, train
    from ...analysis.kernels.signals import power_law_signals
    from ...analysis.kernels.suited import suited

    count, width, steps, waves, fits = (512, 128, 500, 16, 6) if form.quick else (2048, 256, 1000, 16, 20)
    random = torch.Generator().manual_seed(form.seed)
    y = power_law_signals(fits, count, 1.0, generator=random).float().to(form.device)
    told = suited(y[0])
    spread = told.sigma if told else 8.0
    x = grid(count).float().to(form.device)
    b = spread * torch.randn(fits, 1, waves, generator=random).to(form.device)
    found = {}
    for name in ("fixed", "trained"):
        again = torch.Generator().manual_seed(form.seed + 1)
        networks = ReluNetworks.random(
            fits, 2 * waves, 3, width, generator=again, device=form.device, start="glorot"
        )
        moved = b.clone().requires_grad_(name == "trained")
        sizes = torch.ones_like(b).requires_grad_(name == "trained")

        def rows(at: Tensor = x[::2], moved: Tensor = moved, sizes: Tensor = sizes) -> Tensor:
            turns = 2 * math.pi * at * moved
            return torch.cat([sizes * turns.cos(), sizes * turns.sin()], -1)

        beside = (moved, sizes) if name == "trained" else ()
        train(networks, rows, y[:, ::2, None], 2e-3, steps, method="adam", beside=beside)
        with torch.no_grad():
            found[name] = (networks(rows(x[1::2]))[..., 0] - y[:, 1::2]).square().mean(1).double().cpu()
    ratio = float((found["trained"] / found["fixed"]).log().mean().exp())
    return Outcome(
        ratio,
        f"{fits} signals of spectrum 1/f, {count // 2} of {count} samples",
        note=f"Errors between the samples {float(found['trained'].mean()):.2e} with trained frequencies and "
        f"amplitudes, {float(found['fixed'].mean()):.2e} with fixed ones of spread {spread:.2g}",
    )
