"""Scans with faults, and the surfaces that the classical methods make of them."""

from __future__ import annotations

import pytest
import torch
from solids import sphere

from sirenpde import TriangleMesh
from sirenpde.analysis.surfaces import component_count
from sirenpde.bench.classical.scans import poisson, signed_heat
from sirenpde.bench.scans import as_markdown, chosen, measure, scan, table
from sirenpde.bench.suites import SUITES


def test_cases_are_chosen_by_their_parts():
    assert [case.name for case in chosen(["spot/noise/heat"], False)] == ["spot/noise/heat"]
    assert {case.method for case in chosen(["room/hole"], True)} == {"lattice", "poisson", "heat"}
    assert len(chosen([], False)) == 36 and len(chosen(["heat"], False)) == 12
    with pytest.raises(ValueError, match=r"There is no case 'cow'"):
        chosen(["cow"], False)


def test_a_scan_has_its_fault():
    mesh, points, normals = scan("spot", "none", 2000)
    assert len(points) == 2000 and mesh.level(points).abs().max() < 1e-6 * mesh.diagonal
    noisy, bare = scan("spot", "bare-noise", 2000)[1:]
    assert bare is None
    deviation = float((noisy - points).std())
    assert deviation == pytest.approx(0.005 * mesh.diagonal, rel=0.05)
    turned = (scan("spot", "flipped", 2000)[2] * normals).sum(1) < 0
    assert float(turned.double().mean()) == pytest.approx(0.1, abs=0.02)
    assert 1800 < len(scan("spot", "hole", 2000)[1]) < 2000


def is_a_ball(found: TriangleMesh) -> bool:
    size = found.vertices.norm(dim=1)
    outward = (found.normals * found.corners.mean(1)).sum(1)
    whole = component_count(found) == 1 and found.watertight and bool((outward > 0).all())
    return whole and float((size - 1).abs().mean()) < 0.02


def test_the_signed_heat_method_finds_a_ball():
    assert is_a_ball(signed_heat(sphere(4000), sphere(4000), 32))


def test_screened_poisson_finds_a_ball():
    pytest.importorskip("poisson")
    assert is_a_ball(poisson(sphere(4000), sphere(4000), 32))


def test_rows_are_told(monkeypatch: pytest.MonkeyPatch):
    ball = TriangleMesh(sphere(50), torch.randint(50, (96, 3)))
    monkeypatch.setitem(measure.__globals__["_METHODS"], "heat", lambda *given: ball)
    monkeypatch.setitem(measure.__globals__["_METHODS"], "poisson", lambda *given: bad())
    written: list[int] = []
    rows = measure(
        chosen(["spot/bare/heat", "spot/bare/poisson"], True),
        seeds=1,
        quick=True,
        device="cpu",
        say=lambda line: None,
        done=lambda rows: written.append(len(rows)),
    )
    assert written == [1, 2] and {row["name"] for row in rows} == {"spot/bare/heat", "spot/bare/poisson"}
    failed, heat = sorted(rows, key=lambda row: row["chamfer"] is not None)
    assert failed["failed"] == "no normals" and heat["chamfer"] > 0
    assert "no normals" in table(rows) and "| spot/bare/heat |" in as_markdown(rows)
    assert not SUITES["surfaces"]().succeeded(failed)


def bad() -> TriangleMesh:
    raise ValueError("no normals")
