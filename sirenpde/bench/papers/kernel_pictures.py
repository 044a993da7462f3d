"""Pictures and plane waves by networks of finite width: along axes, by depth, by the width of frequencies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .experiment import Form, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Generator, Tensor

    from ...analysis.kernels.finite import ReluNetworks


def axis_bias(mapping: str, form: Form) -> Outcome:
    """Plane waves at many angles: how much better one along an axis is learned."""
    import torch

    from ...analysis.kernels.finite import ReluNetworks, train
    from ...analysis.kernels.mapped import features

    size, count, width, hidden, radii, angles, steps = (
        (64, 64, 64, 2, (4.0, 7.0), 5, 300)
        if form.quick
        else (512, 256, 256, 2, (5.0, 10.0, 15.0, 20.0), 17, 500)
    )
    random = torch.Generator().manual_seed(form.seed)
    line = torch.arange(size, dtype=torch.float64) / size
    points = torch.cartesian_prod(line, line)
    if mapping == "positional":
        top = 3.5 if form.quick else 5.0
        ladder = 2 ** torch.linspace(0, top, count // 2, dtype=torch.float64) - 1
        b = torch.kron(torch.eye(2, dtype=torch.float64), ladder[:, None])
    else:
        spread = 4.0 if form.quick else 10.0
        b = spread * torch.randn(count, 2, dtype=torch.float64, generator=random)
    rows = math.sqrt(count) * features(points, b)
    turns = [math.pi / 2 * k / (angles - 1) for k in range(angles)]
    waves = [(r * math.cos(t), r * math.sin(t)) for r in radii for t in turns]
    y = torch.cos(2 * math.pi * points @ torch.tensor(waves, dtype=torch.float64).T).T
    known, held = _between(size)
    inputs = rows.float().to(form.device)
    # A network for each wave, some of them at a time where memory is short.
    networks = ReluNetworks.random(
        len(waves), 2 * count, hidden, width, generator=random, device=form.device, start="glorot"
    )
    targets = y[:, known, None].float().to(form.device)
    train(networks, inputs[known], targets, 1e-3, steps, method="adam", loss="mean")
    with torch.no_grad():
        errors = (networks(inputs[held])[..., 0].double().cpu() - y[:, held]).square().mean(1)
    # Waves run from -1 to 1, so that the peak is 2.
    psnr = (10 * (4 / errors).log10()).view(len(radii), angles).mean(0)
    on, off = float((psnr[0] + psnr[-1]) / 2), float(psnr[1:-1].mean())
    return Outcome(
        on - off,
        f"plane waves of {', '.join(f'{r:g}' for r in radii)} periods at {angles} angles, {size}²",
        note=f"{on:.1f} dB along the axes, {off:.1f} dB between them",
        curves={"by angle": [[math.degrees(t), float(v)] for t, v in zip(turns, psnr, strict=True)]},
    )


def features_and_depth(layers: int, form: Form) -> Outcome:
    """All pixels of a picture met by networks of some depth on embeddings of many sizes."""
    import torch

    from ...analysis.kernels.mapped import features

    picture, points, sigma = _picture("astronaut", 64 if form.quick else 512)
    width, steps = (64, 400) if form.quick else (256, 2000)
    sizes = (8, 32, 128) if form.quick else (8, 16, 32, 64, 128, 256, 512, 1024)
    random = torch.Generator().manual_seed(form.seed)
    every = torch.ones(len(points), dtype=torch.bool)
    found = []
    for size in sizes:
        b = sigma * torch.randn(size // 2, 2, dtype=torch.float64, generator=random)
        rows = math.sqrt(size // 2) * features(points, b)
        psnr = _psnr(rows[None], picture, layers - 1, width, steps, form, random, (every, every))
        found.append([size, psnr[0]])
    return Outcome(
        found[0][1],
        f"astronaut of scikit-image, {len(picture)}²",
        note=", ".join(f"{psnr:.1f} dB with {size} features" for size, psnr in found),
        curves={"by size": found},
    )


def recommended(data: str, form: Form) -> Outcome:
    """What the recommended width loses beside the best of a sweep, on pixels between those trained on."""
    import torch

    from ...analysis.kernels.mapped import features
    from ...analysis.kernels.suited import suited

    picture, points, told = _picture(data, 64 if form.quick else 512)
    width, steps, count = (96, 250, 48) if form.quick else (256, 2000, 256)
    random = torch.Generator().manual_seed(form.seed)
    sigmas = sorted([told, *(told * 2.0**k for k in (-3, -2, -1, 1, 2, 3))])
    drawn = [s * torch.randn(count, 2, dtype=torch.float64, generator=random) for s in sigmas]
    rows = torch.stack([features(points, b).float() for b in drawn]) * math.sqrt(count)
    psnr = _psnr(rows, picture, 3, width, steps, form, random, _between(len(picture)))
    expected = suited(picture.double(), 2)
    size = float((picture - picture.mean((0, 1))).square().mean())
    predicted = (
        [] if expected is None else [[s, -10 * math.log10(size * e**2)] for s, e in expected.sigmas.items()]
    )
    own = psnr[sigmas.index(told)]
    return Outcome(
        max(psnr) - own,
        f"{data}, {len(picture)}²",
        note=f"Recommended {told:.2g} gives {own:.2f} dB; the best of the sweep, "
        f"{sigmas[psnr.index(max(psnr))]:.2g}, {max(psnr):.2f} dB, the worst {min(psnr):.2f} dB",
        curves={
            "sweep": [list(pair) for pair in zip(sigmas, psnr, strict=True)],
            "predicted": predicted,
            "told": told,
        },
    )


def _picture(name: str, size: int) -> tuple[Tensor, Tensor, float]:
    """A picture (size, size, 3), the places of its pixels, and the recommended width of its frequencies."""
    import numpy as np
    import torch
    from skimage.transform import resize

    from ...analysis.kernels.suited import suited

    whole = _text() if name == "text" else _square(name)
    picture = torch.from_numpy(np.ascontiguousarray(resize(whole, (size, size), anti_aliasing=True)))
    told = suited(picture, 2)
    line = torch.arange(size, dtype=torch.float64) / size
    return picture, torch.cartesian_prod(line, line), told.sigma if told else 1.0


def _square(name: str) -> object:
    from skimage import data

    whole = getattr(data, name)() / 255
    side = min(whole.shape[:2])
    return whole[:side, :side]


def _text() -> object:
    """Words of some sizes and colours."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFont

    random = np.random.default_rng(1)
    picture = Image.new("RGB", (512, 512), "white")
    draw = ImageDraw.Draw(picture)
    for word in ("kernel", "wave", "spectrum", "Fourier", "network", "tangent", "sigma", "SIREN"):
        x, y, size = (int(v) for v in random.integers((0, 0, 30), (300, 440, 110)))
        colour = tuple(int(v) for v in random.integers(0, 200, 3))
        draw.text((x, y), word, font=ImageFont.load_default(size=size), fill=colour)
    return np.asarray(picture) / 255


def _between(size: int) -> tuple[Tensor, Tensor]:
    """The even pixels of a square picture, and the odd ones, as booleans (pixels,)."""
    import torch

    even = torch.arange(size) % 2 == 0
    return (even[:, None] & even).flatten(), (~even[:, None] & ~even).flatten()


def _psnr(
    rows: Tensor,
    picture: Tensor,
    hidden: int,
    width: int,
    steps: int,
    form: Form,
    random: Generator,
    pixels: tuple[Tensor, Tensor],
) -> Sequence[float]:
    """For the features (networks, pixels, features) of each: dB on the second pixels, trained on the first."""
    import torch

    from ...analysis.kernels.finite import ReluNetworks, train

    known, held = pixels
    y = picture.reshape(-1, 3).float().to(form.device)
    inputs = rows.float().to(form.device)
    networks: ReluNetworks = ReluNetworks.random(
        len(rows),
        rows.shape[-1],
        hidden,
        width,
        3,
        generator=random,
        device=form.device,
        start="glorot",
        head=torch.sigmoid,
    )
    train(networks, inputs[:, known], y[known], 1e-3, steps, method="adam", loss="mean")
    with torch.no_grad():
        errors = (networks(inputs[:, held]) - y[held]).square().mean((1, 2)).double().cpu()
    return [float(v) for v in -10 * errors.log10()]
