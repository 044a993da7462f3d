"""The bundled problems: pictures and waves by the toolkit's own choice, and every one of them as a SIREN."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from sirenpde import Adam, Box, FourierFeatures, Fresh, GaussNewton, Pieces, Points, Siren, solve
from sirenpde.problem.load import bundled_problems, find, load
from sirenpde.problem.reference import exact_values
from sirenpde.references.cloning import cloned
from sirenpde.references.survey import around_cylinder
from sirenpde.references.waves import released_gaussian

PROBLEMS = [entry.name for entry in bundled_problems()]


def declare(name, **flags):
    return load(find(name)).problem(**flags)


def on_few_pixels(name, tmp_path):
    """The problem as declared, or on small pictures: what is left is measured on all pixels."""
    flags = {
        "image_inpainting": {"size": 32},
        "image_regression": {"size": 32},
        "audio_regression": {"seconds": 0.05},
        "papers/audio_regression": {"seconds": 0.05},
        "papers/image_features": {"size": 32},
        "papers/image_inpainting": {"size": 32},
        "papers/image_regression": {"size": 32},
        "fourier_series": {"size": 32},
        "tomography": {"size": 16},
        "mri": {"size": 8},
        "papers/tomography": {"size": 16},
        "papers/mri": {"size": 8},
        "room": {"points": 2000, "resolution": 12},
        "shape_occupancy": {"resolution": 16},
        "signed_distance": {"resolution": 16},
        "video_regression": {"size": 16, "frames": 4},
        "papers/video_regression": {"size": 16, "frames": 4, "width": 32},
        "radiance_field": {"size": 16, "pictures": 6, "held_out": 2},
        "papers/radiance_field": {"size": 8, "pictures": 3, "nodes": 8},
        "poisson_reconstruction": {"size": 32},
        "layered_ground": {"frequency": 1.5},
        "poisson_siren": {"size": 32},
        "wave_equation": {"modes": 32},
        "wave_lens": {"width": 0.4, "duration": 0.5},
        "wave_cube": {"width": 0.4, "duration": 0.5},
        "wave_obstacle": {"width": 0.3, "duration": 0.8},
    }
    if name == "poisson_editing":
        target, source = pictures(tmp_path)
        return declare(name, target=target, source=source, row=30, column=40, height=30, width=40)
    if name.endswith("helmholtz_inversion"):
        return declare(name, data=one_source(tmp_path / "waves.mat"))
    return declare(name, **flags.get(name, {}))


SUITES = "pinnacle/"  # many more of the same kinds
TRAINED = [
    pytest.param(name, marks=pytest.mark.slow) if name.startswith(SUITES) else name for name in PROBLEMS
]


@pytest.mark.parametrize("name", TRAINED)
def test_every_problem_trains_as_a_siren(name, tmp_path):
    adam = Adam(steps=3, lr=1e-4, clip=1.0, points=Points(Fresh(minibatch=500)))
    solution = solve(on_few_pixels(name, tmp_path), [adam], network="siren", samples_scale=0.1)
    assert solution.dtype == "float32" and "SIREN" in solution.choice
    assert all(row.loss > 0 and math.isfinite(row.loss) for row in solution.history)


@pytest.mark.parametrize("name", [name for name in PROBLEMS if name.startswith("papers/")])
def test_what_a_paper_did_is_a_trained_network(name, tmp_path):
    problem = on_few_pixels(name, tmp_path)
    (stage,) = problem.using
    networks = [u.network.recipe if isinstance(u.network, Pieces) else u.network for u in problem.fields]
    assert isinstance(stage, Adam | GaussNewton) and all(
        isinstance(network, Siren | FourierFeatures) for network in networks
    )
    solution = solve(problem, [replace(stage, steps=3)], samples_scale=0.1)
    assert all(row.loss > 0 and math.isfinite(row.loss) for row in solution.history)


def one_source(path):
    survey = around_cylinder(20.0)
    arrays = {"source": survey.sources[:1], "receivers": survey.receivers, "rec_val": survey.waves[:, :1]}
    savemat(path, {key: value.numpy() for key, value in arrays.items()})
    return str(path)


def pictures(tmp_path):
    rows, columns = np.mgrid[0:60, 0:80]
    target = 0.5 + 0.3 * np.sin(rows / 9)[..., None] * np.array([1.0, 0.5, 0.2])
    source = 0.5 + 0.3 * np.cos(columns / 7)[..., None] * np.array([0.2, 0.6, 1.0])
    for name, image in (("target", target), ("source", source)):
        Image.fromarray((255 * image).astype(np.uint8)).save(tmp_path / f"{name}.png")
    return str(tmp_path / "target.png"), str(tmp_path / "source.png")


@pytest.mark.parametrize("mode", ["clone", "mixed", "flatten", "illumination", "texture"])
def test_editing_agrees_with_the_classical_solver(tmp_path, mode):
    target, source = pictures(tmp_path)
    problem = declare(
        "poisson_editing", target=target, source=source, mode=mode, row=30, column=40, height=30, width=40
    )
    solution = solve(problem)
    on = solution.errors["edited"]["on"]
    assert solution.status == "solved"
    assert on["inside"]["psnr_db"] > 100 and on["outside"]["psnr_db"] > 100


def test_editing_takes_a_mask_and_refuses_one_of_another_size(tmp_path):
    target, source = pictures(tmp_path)
    mask = np.zeros((60, 80), dtype=np.uint8)
    mask[20:35, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    Image.fromarray(mask[:50]).save(tmp_path / "small.png")
    problem = declare("poisson_editing", target=target, source=source, mask=str(tmp_path / "mask.png"))
    keep = next(c for c in problem.constraints if c.name == "keep")
    assert keep.count == (15 + 16) * (30 + 16) - 15 * 30  # with a margin of eight pixels
    with pytest.raises(ValueError, match=r"mask has 50×80 pixels .* the target 60×80"):
        declare("poisson_editing", target=target, source=source, mask=str(tmp_path / "small.png"))


@pytest.mark.slow
def test_the_main_job_reaches_its_figures():
    on = solve(declare("poisson_editing")).errors["edited"]["on"]
    assert on["inside"]["psnr_db"] >= 120 and on["outside"]["psnr_db"] >= 140


@pytest.mark.parametrize(
    ("supervise", "operator", "low", "high"),
    [
        ("gradient", "edge-mean", 200, 320),
        ("gradient", "mid-edge", 44.0, 44.1),
        ("gradient", "central", 33.6, 33.7),
        ("gradient", "sobel", 31.9, 32.0),
        ("gradient", "spectral", 250, 320),
        ("laplacian", "central", 38.9, 39.0),
        ("laplacian", "spectral", 250, 320),
    ],
)
def test_reconstruction_reaches_what_its_derivatives_allow(supervise, operator, low, high):
    solution = solve(declare("poisson_reconstruction", size=256, supervise=supervise, operator=operator))
    assert low < solution.errors["u"]["psnr_db"] < high


def test_reconstruction_takes_colours_and_names_the_operators_of_the_laplacian(tmp_path):
    target, _ = pictures(tmp_path)
    solution = solve(declare("poisson_reconstruction", image=target))
    assert solution["u"](solution.problem.fields[0].domain.points).shape == (60 * 80, 3)
    assert solution.errors["u"]["psnr_db"] > 200
    with pytest.raises(ValueError, match="'sobel' was given; expected 'central' or 'spectral'"):
        declare("poisson_reconstruction", image=target, supervise="laplacian", operator="sobel")


def test_the_classical_clone_solves_its_own_equation():
    generator = np.random.default_rng(0)
    target, source = generator.random((12, 15)), generator.random((12, 15))
    mask = np.zeros((12, 15), dtype=bool)
    mask[3:9, 4:11] = True
    u = cloned(target, source, mask)

    def laplacian(a):
        return a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] - 4 * a[1:-1, 1:-1]

    inner = mask[1:-1, 1:-1]
    assert np.abs(laplacian(u) - laplacian(source))[inner].max() < 1e-12
    assert np.array_equal(u[~mask], target[~mask])
    with pytest.raises(ValueError, match="covers the whole picture"):
        cloned(target, source, np.ones_like(mask))


def test_the_reference_wave_has_the_known_values():
    # At the centre u(0, t) = A (1 - √2 (t/σ) D(t / √2σ)), D being the Dawson function.
    from scipy.special import dawsn

    sigma, t = math.sqrt(5e-4), np.linspace(0, 0.25, 9)
    axes = Box(t=(0, 0.25), x=(-1, 1), y=(-1, 1)).axes
    points = torch.from_numpy(np.stack([t, 0 * t, 0 * t], axis=1))
    found = exact_values(released_gaussian(1.0, sigma, 0.02, axes), axes, points, {}).numpy()
    known = 0.02 * (1 - math.sqrt(2) * t / sigma * dawsn(t / (math.sqrt(2) * sigma)))
    assert np.abs(found - known).max() < 1e-15


@pytest.mark.parametrize(
    "flags",
    [
        {"speed": 2.5, "width": 0.04, "modes": 128},  # a wider pulse is resolved by half of the modes
        {"width": 0.04, "modes": 128, "velocity": 1.0},
        pytest.param({"speed": 2.5, "width": 0.04}, marks=pytest.mark.slow),
        pytest.param({}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_the_wave_is_exact_to_rounding(flags):
    solution = solve(declare("wave_equation", **flags))
    assert solution.errors["u"]["relative_l2"] < 1e-12
    assert len(solution.errors["u"]["on"]) == 5


@pytest.mark.slow
def test_a_trained_siren_that_is_held_to_the_classical_solution():
    assert solve(declare("poisson_siren")).errors["u"]["psnr_db"] > 34
