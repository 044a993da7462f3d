"""What constraints say along each axis: bandwidths, layers, jumps, kinks, and the operator's own lengths."""

import math

import pytest
import torch

from sirenpde import Box, D, Disk, Field, Problem, laplacian, on
from sirenpde.diagnosis.scales import axis_scales

box = Box(x=(0, 1), y=(0, 1))
x, y = box.axes


def by_name(*constraints):
    return {scale.name: scale for scale in axis_scales(Problem(*constraints))}


def poisson(source, walls=lambda p: 0 * x(p)):
    u = Field("u", box)
    inside = on(box, 100, name="inside")(lambda p: laplacian(u)(p) - source(p))
    return by_name(inside, on(box.boundary(), 100, name="walls")(lambda p: u(p) - walls(p)))


def test_a_source_has_a_bandwidth_along_each_axis():
    s = poisson(lambda p: torch.sin(20 * math.pi * x(p)) * torch.sin(math.pi * y(p)))
    assert s["x"].bandwidth == pytest.approx(20 * math.pi, rel=0.02)
    assert s["y"].bandwidth == pytest.approx(math.pi, rel=0.1)
    assert s["x"].finest == pytest.approx(20 * math.pi, rel=0.02)
    assert not s["x"].layers and not s["x"].jumps and not s["x"].kinks


def test_data_on_walls_count_and_rounding_does_not():
    s = poisson(
        lambda p: torch.sin(3 * y(p)), lambda p: torch.cos(50 * x(p)) * (1 + 1e-15 * torch.sin(900 * y(p)))
    )
    assert s["x"].bandwidth == pytest.approx(50, rel=0.03)
    assert s["y"].bandwidth == pytest.approx(3, rel=0.15)


def test_data_on_a_circle_count_along_the_arc():
    disk = Disk(center=(0, 0), radius=2)
    a, b = disk.axes
    u = Field("u", disk)
    rim = on(disk.boundary(), 50, name="rim")(lambda p: u(p) - torch.cos(24 * torch.atan2(b(p), a(p))))
    s = by_name(on(disk, 50, name="inside")(laplacian(u)), rim)
    assert s[a.name].bandwidth == pytest.approx(12, rel=0.05)
    assert s[b.name].bandwidth == pytest.approx(12, rel=0.05)


@pytest.mark.parametrize("width", [1e-2, 1e-4])
def test_a_layer_is_found_with_its_width(width):
    s = poisson(lambda p: torch.exp(-x(p) / width) + torch.sin(y(p)))
    (layer,) = s["x"].layers
    assert layer.width == pytest.approx(width, rel=0.3)
    assert layer.place == pytest.approx(0, abs=width)
    assert not s["y"].layers


def test_jumps_across_an_axis_are_found_and_are_no_bandwidth():
    s = poisson(lambda p: torch.where(x(p) > 0.3, 1.0, 3.0) + torch.sin(9 * x(p)) + y(p))
    assert s["x"].jumps == pytest.approx([0.3], abs=1e-6)
    assert s["x"].bandwidth < 20
    assert not s["y"].jumps


def test_a_kink_ends_no_bandwidth_but_the_finest():
    s = poisson(lambda p: torch.abs(x(p) - 0.7) + torch.sin(9 * y(p)))
    assert s["x"].kinks == pytest.approx([0.7], abs=1e-5)
    assert s["x"].bandwidth < 30
    assert not s["y"].kinks and s["y"].finest < 12


def test_the_lengths_of_operators():
    u = Field("u", box)
    walls = on(box.boundary(), 10, name="walls")(u)
    waves = by_name(on(box, 10, name="h")(lambda p: laplacian(u)(p) + 400 * u(p) - 1), walls)
    assert waves["x"].wavenumber == pytest.approx(20) and waves["x"].length == math.inf
    convected = by_name(on(box, 10, name="c")(lambda p: D(u, x)(p) - 1e-3 * laplacian(u)(p) - 1), walls)
    assert convected["x"].length == pytest.approx(1e-3) and convected["y"].length == math.inf
    reacting = by_name(on(box, 10, name="r")(lambda p: 1e-4 * laplacian(u)(p) - u(p) + 1), walls)
    assert reacting["y"].thinnest == pytest.approx(1e-2)


def test_waves_that_an_absorbing_layer_damps_are_no_layers():
    """u_xx / e + (1/e)' u_x + e k² u = 0 beyond x = 1/2: rates ± i k e, of which the real part grows to 100."""
    k, u = 10.0, Field("u", box, dtype=complex)

    def e(p):
        return torch.complex(torch.ones_like(x(p)), -100 / k * (2 * x(p) - 1).clamp(min=0) ** 2)

    def flux(p):
        return D(u, x)(p) / e(p)

    waves = on(box, 10, name="waves")(lambda p: D(flux, x)(p) + e(p) * (k**2 * u(p) + D(u, y, y)(p)))
    s = by_name(waves, on(box.boundary(), 10, name="walls")(lambda p: u(p) - 1))
    assert s["x"].length == math.inf and s["x"].kinks == pytest.approx([0.5], abs=1e-5)


def test_rates_of_an_operator_without_waves_are_layers_also_where_they_are_complex():
    """ε u_xx - (1 + i/2) u = f, diffusion with a reaction of complex strength: e^(-x / 0.01) at the ends."""
    u = Field("u", box, dtype=complex)
    strength = torch.tensor(1 + 0.5j)
    reacting = on(box, 10, name="r")(lambda p: 1e-4 * laplacian(u)(p) - strength * u(p) + 1)
    s = by_name(reacting, on(box.boundary(), 10, name="walls")(u))
    assert s["x"].length == pytest.approx(1e-2 / ((1 + 0.5j) ** 0.5).real, rel=1e-3)


def test_the_tail_of_a_kink_is_in_the_bandwidth_of_the_axis_and_not_between_kinks():
    s = poisson(lambda p: (x(p) - 0.4).abs() * torch.cos(4 * x(p)) * torch.sin(9 * y(p)))
    assert s["x"].kinks == pytest.approx([0.4], abs=1e-5)
    assert s["x"].between < 6 < 9 < s["x"].bandwidth
    assert s["y"].between == s["y"].bandwidth == pytest.approx(9, rel=0.2)


def test_waves_at_the_start_entail_waves_in_time():
    strip = Box(t=(0, 1), x=(0, 1))
    t, s = strip.axes
    u = Field("u", strip)
    start = on(strip.at(t=0), 10, name="start")(lambda p: u(p) - torch.sin(30 * s(p)))
    rest = on(strip.at(t=0), 10, name="rest")(D(u, t))
    carried = by_name(on(strip, 10, name="carried")(lambda p: D(u, t)(p) + 7 * D(u, s)(p)), start)
    assert carried["t"].entailed == pytest.approx(210, rel=0.03)
    wave = by_name(on(strip, 10, name="wave")(lambda p: D(u, t, t)(p) - 4 * D(u, s, s)(p)), start, rest)
    assert wave["t"].fastest == pytest.approx(60, rel=0.03)
    heat = by_name(on(strip, 10, name="heat")(lambda p: D(u, t)(p) - 0.01 * D(u, s, s)(p)), start)
    assert heat["t"].decay == pytest.approx(9, rel=0.05) and heat["t"].entailed == 0


def test_complex_waves_in_an_absorbing_medium_keep_their_wavenumber():
    """(1 - i/2)² u_xx + ... of waves e^(i k x / (1 - i/2)): the imaginary part of the rate is 0.8 k."""
    u = Field("u", box, dtype=complex)
    medium = torch.tensor((1 - 0.5j) ** 2)
    waves = on(box, 10, name="waves")(lambda p: medium * laplacian(u)(p) + 100 * u(p) - 1)
    s = by_name(waves, on(box.boundary(), 10, name="walls")(u))
    assert s["x"].wavenumber == pytest.approx(8)
