"""What the closed form of the tangent kernel says: of a mapping's spectrum, of depth, and of the best mapping."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .experiment import Form, Outcome

if TYPE_CHECKING:
    from torch import Tensor

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)
TIME = 5.0  # rate times steps, 5e-3 · 1000
SPREAD = (43, 128)  # a second frequency, and samples of which the network has half as frequencies


def weighted(count: int, power: float) -> tuple[Tensor, Tensor]:
    """The frequencies 1 to ``count`` with amplitudes 1/j^power, of which an infinite power leaves the first."""
    import torch

    b = torch.arange(1, count + 1, dtype=torch.float64)
    return b[:, None], (b == 1).double() if power == float("inf") else b**-power


def grid(count: int) -> Tensor:
    """The points i/count, (count, 1)."""
    import torch

    return torch.arange(count, dtype=torch.float64)[:, None] / count


def picture(power: float, form: Form) -> Outcome:
    """The kernel of the published figure and its spectrum."""
    from ...analysis.kernels.grid_spectra import grid_spectrum
    from ...analysis.kernels.mapped import correlation
    from ...analysis.kernels.relu import ReluNTK

    row = ReluNTK(3, 1024).profile(correlation(grid(32), *weighted(16, power)), 32)
    spectrum = grid_spectrum(row).abs()
    at = ", ".join(f"{float(spectrum[f]):.3g}" for f in (0, 1, 16))
    return Outcome(
        float(f"{float(spectrum[8]):.2g}"),
        "32 points, 16 frequencies",
        note=f"K(0) {float(row[0]):.2f}, K(1/2) {float(row[16]):.2f}; |FFT| at 0, 1 and 16: {at}",
        curves={"row": row.tolist(), "spectrum": spectrum[:17].tolist()},
    )


def depth(hidden: int, form: Form) -> Outcome:
    """How far deep networks spread the spectra of the basic mapping, and of one with a frequency beside it."""
    import torch

    from ...analysis.kernels.grid_spectra import grid_spectrum
    from ...analysis.kernels.mapped import correlation
    from ...analysis.kernels.relu import ReluNTK

    other, count = SPREAD

    def spectrum(layers: int, waves: list[float]) -> Tensor:
        b = torch.tensor(waves, dtype=torch.float64)[:, None]
        row = ReluNTK(layers, parametrisation="ntk").profile(correlation(grid(2 * count), b), 2 * len(waves))
        return grid_spectrum(row / row[0])[: count + 1]

    basic, two = spectrum(hidden, [1.0]), spectrum(hidden, [1.0, float(other)])
    return Outcome(
        float(basic[-1] / spectrum(4, [1.0])[-1]),
        f"{2 * count} points",
        note=f"At the highest frequency {float(basic[-1]):.3f} of a kernel that is 1 at 0; "
        f"the least eigenvalue between the two frequencies is {float(two[2:other].min()):.4f}",
        curves={"basic": basic.tolist(), "two": two.tolist()},
    )


def best_power(alpha: float, form: Form) -> Outcome:
    """Amplitudes optimised through the predicted error, beside the family 1/j^p."""
    import torch

    from ...analysis.kernels.descent import predictions_on_grid
    from ...analysis.kernels.mapped import correlation
    from ...analysis.kernels.relu import ReluNTK
    from ...analysis.kernels.signals import power_law_signals

    count, steps, signals = 128, 150 if form.quick else 800, 128 if form.quick else 1024
    random = torch.Generator().manual_seed(form.seed)
    y = power_law_signals(signals, 2 * count, alpha, generator=random)
    frequencies = torch.arange(1, count // 2 + 1, dtype=torch.float64)[:, None]
    offsets = grid(2 * count)

    def error(amplitudes: Tensor) -> Tensor:
        row = ReluNTK(3, 1024).profile(correlation(offsets, frequencies, amplitudes), 2 * len(frequencies))
        found = predictions_on_grid(row, y[:, ::2], TIME)
        return (found - y)[:, 1::2].square().mean()

    family = {p: float(error(frequencies[:, 0] ** -p)) for p in POWERS}
    best = min(family, key=lambda p: family[p])
    logs = (-best * frequencies[:, 0].log()).requires_grad_()
    optimiser = torch.optim.Adam([logs], lr=0.04 if form.quick else 0.01)
    for _ in range(steps):
        optimiser.zero_grad()
        error(logs.exp()).backward()
        optimiser.step()
    optimised = float(error(logs.detach().exp()))
    return Outcome(
        best,
        f"{signals} signals of spectrum 1/f^{alpha:g}, {count} samples",
        note=f"Expected error {family[best]:.3g}, with free amplitudes {optimised:.3g}",
        curves={
            "family": [[p, e] for p, e in family.items()],
            "amplitudes": (logs.detach() - logs.detach()[0]).exp().tolist(),
        },
    )
