"""Free space around a disk: what a cylinder scatters, against its series."""

import pytest
import torch
from scipy.special import hankel2
from states import state_of

from sirenpde import Box, Field, PointCloud, Problem, Unknown, laplacian, on
from sirenpde.linear.elimination import Elimination
from sirenpde.problem.reference import exact_values
from sirenpde.references.radiating import Radiation, line_sources
from sirenpde.references.survey import Survey, around_cylinder

K = 20.0


def scattered(space, survey, speed):
    """The waves at the receivers, (r, s), of a disk in which the velocity is another."""
    s = Field("s", space.disk, space.features, shape=(len(survey.sources),), dtype=complex)
    receivers = PointCloud(survey.receivers, Box(u=(-1, 1), v=(-1, 1)))
    direct = line_sources(K, survey.sources, receivers.axes)
    incoming, m = line_sources(K, survey.sources, space.place), speed**-2
    outgoing, beyond = space.outgoing(s), space.beyond(s, receivers.axes)
    waves = on(space.disk, 450, name="waves")(
        lambda p: laplacian(s)(p) / (K * space.stretch(p)) ** 2 + m * s(p) + (m - 1) * incoming(p)
    )
    leaving = on(space.waves, name="leaving")(lambda p: outgoing(p))
    seen = on(receivers, sigma=1.0, name="seen")(lambda p: direct(p) + beyond(p))
    state = state_of(Problem(waves, leaving, seen))
    batches = state.system.draw(torch.Generator().manual_seed(0))
    elimination = Elimination(state.system, [s], [0, 1], batches)
    values = state.system.residuals(elimination.solve(state.theta).theta, batches)[2]
    return torch.view_as_complex(values.reshape(*survey.waves.shape, 2))


@pytest.mark.parametrize("known", [True, False])
def test_a_cylinder_scatters_what_its_series_says(known):
    center = (0.03, -0.02)
    whole = around_cylinder(K, 0.1, 2.0, center)
    survey = Survey(whole.sources[:1], whole.receivers, whole.waves[:, :1])
    numbers = (
        (0.1, *center) if known else (Unknown("a", 0.1), Unknown("b", center[0]), Unknown("c", center[1]))
    )
    found = scattered(Radiation(K, numbers[0], numbers[1:]), survey, 2.0)
    assert float((found - survey.waves).norm() / survey.waves.norm()) < 1e-4


def test_line_sources_are_hankel_functions():
    space = Radiation(K, 0.1, (0.2, 0.0))
    places = torch.tensor([[-0.3, 0.4], [0.5, 0.0]], dtype=torch.float64)
    points = torch.tensor([[0.2, 0.0], [0.25, 0.05]], dtype=torch.float64)
    found = exact_values(line_sources(K, places, space.place), space.disk.axes, points, {})
    distances = torch.cdist(points, places).numpy()
    assert abs(found.numpy() - (1j - 1) / 4 * hankel2(0, K * distances)).max() < 1e-13


def test_what_the_space_cannot_resolve_is_refused():
    with pytest.raises(ValueError, match="orders=4 for wavenumber=20; expected at least"):
        Radiation(K, 0.5, orders=4)
    with pytest.raises(ValueError, match="expected positive numbers"):
        Radiation(-K, 0.5)
    with pytest.raises(ValueError, match="which resolve wavenumbers up to 86"):
        _ = Radiation(300.0, 0.25).features
    assert Radiation(86.0, 0.25).features.count <= 2000
