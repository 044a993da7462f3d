"""What suits problems: from functions along lines, pictures on their pixels, and waves of the equations."""

import pytest
import torch

from sirenpde import MLP, Box, Field, FourierFeatures, Gaussian, PixelGrid, Problem, Siren, laplacian, on
from sirenpde.analysis.check import build_system, check
from sirenpde.analysis.kernels.of_problem import integrated, sentence, suited_to
from sirenpde.analysis.kernels.suited import suited

BOX = Box(x=(-3, 5), y=(0, 2))
X, Y = BOX.axes


def problem(rate: float, recipe: object = None) -> Problem:
    u = Field("u", BOX, recipe or Siren(16, 2, 7.0))
    poisson = on(BOX, samples=50, name="poisson")(
        lambda p: laplacian(u)(p) - torch.sin(rate * X(p) / 8) * torch.cos(Y(p))
    )
    return Problem(poisson, on(BOX.boundary(), samples=20, name="walls")(lambda p: u(p)))


def test_right_hand_sides_are_looked_at_along_lines_in_sides_of_the_box():
    slow, fast = suited_to(problem(30.0)), suited_to(problem(120.0))
    assert slow.by == fast.by == "'poisson'" and slow.suited.sigma < fast.suited.sigma
    x = (torch.arange(512, dtype=torch.float64) + 0.5) / 512
    whole = suited(integrated(torch.sin(120 * (x - 3 / 8)), 2, 1))
    assert fast.suited.sigma == pytest.approx(whole.sigma, rel=0.5)


@pytest.mark.parametrize("size", [48, 270])  # of which the middle alone is looked at
def test_pictures_are_looked_at_on_their_pixels(size):
    rows = torch.arange(size, dtype=torch.float64)
    picture = 0.5 + 0.2 * torch.sin(0.9 * rows)[:, None] * torch.cos(0.3 * rows)
    grid = PixelGrid({"scene": picture})
    u = Field("u", grid, Siren(16, 2))
    found = suited_to(Problem(on(grid, name="match")(lambda p: u(p) - grid["scene"](p))))
    assert found.by == "'match'" and found.suited.sigma == pytest.approx(suited(picture).sigma)


def test_every_second_pixel_is_a_grid_and_scattered_ones_are_not():
    rows = torch.arange(48, dtype=torch.float64)
    picture = 0.5 + 0.2 * torch.sin(0.3 * rows)[:, None] * torch.cos(0.2 * rows)
    grid = PixelGrid({"scene": picture})
    every = (rows % 2 == 0)[:, None] & (rows % 2 == 0)
    some = torch.rand(48, 48, generator=torch.Generator().manual_seed(0)) < 0.3
    found = []
    for mask in (every, some):
        u, known = Field("u", grid, Siren(16, 2)), grid.where(mask)
        found.append(suited_to(Problem(on(known, name="match")(lambda p, u=u: u(p) - grid["scene"](p)))))
    assert found[0].suited.sigma == pytest.approx(suited(picture[::2, ::2]).sigma) and found[1] is None


def test_equations_have_waves_of_their_own():
    u = Field("u", BOX, Siren(16, 2))
    helmholtz = on(BOX, samples=50, name="helmholtz")(lambda p: laplacian(u)(p) + 400.0 * u(p))
    found = suited_to(Problem(helmholtz, on(BOX.at(x=-3), samples=5, name="wall")(lambda p: u(p) - 1)))
    assert found.by.startswith("waves along") and found.suited.omega > 30
    nothing = on(BOX, samples=50, name="flat")(lambda p: laplacian(u)(p))
    assert suited_to(Problem(nothing)) is None


def test_check_says_it_in_one_line_beside_what_the_networks_have():
    declared = problem(120.0, FourierFeatures(Gaussian(8, sigma=0.5), MLP(8, 1)))
    recipes = {u: u.network for u in declared.fields}
    findings = list(check(declared, build_system(declared, recipes), recipes=recipes))
    (said,) = [finding for finding in findings if finding.topic == "frequencies"]
    assert said.ok is None and not said.warns and said.text == sentence(declared, recipes)
    assert said.text.startswith("'poisson' would be learned soonest")
    assert said.text.endswith("; that of 'u' has sigma=0.5")
