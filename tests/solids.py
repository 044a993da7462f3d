"""Surfaces and their files, for tests of clouds and meshes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sirenpde import Box
from sirenpde.geometry.meshes.mesh import TriangleMesh

cube = Box(x=(-1, 1), y=(-1, 1), z=(-1, 1))


def sphere(count: int) -> Tensor:
    """Points spread evenly over the unit sphere (a Fibonacci spiral)."""
    k = torch.arange(count, dtype=torch.float64) + 0.5
    z, angle = 1 - 2 * k / count, k * (np.pi * (3 - 5**0.5))
    r = (1 - z**2).sqrt()
    return torch.stack([r * angle.cos(), r * angle.sin(), z], dim=1)


def tetrahedron() -> TriangleMesh:
    vertices = torch.tensor([[0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]]).double()
    return TriangleMesh(vertices, torch.tensor([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]), "tetrahedron")


OBJ = "v 0 0 0\nv 1 0 0\nv 0 2 0\nv 0 0 3\n"


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text)
    return folder / name


def ply(
    order: str, vertices: NDArray[np.float64], faces: NDArray[np.int64], said: str | None = None
) -> bytes:
    """A binary PLY file with doubles; ``said``: the byte order that its header tells."""
    name = {"<": "binary_little_endian", ">": "binary_big_endian"}[said or order]
    header = f"ply\nformat {name} 1.0\ncomment made here\nelement vertex {len(vertices)}\n"
    header += "".join(f"property double {axis}\n" for axis in "xyz")
    header += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    rows = np.empty(len(faces), [("n", "u1"), ("i", f"{order}i4", (3,))])
    rows["n"], rows["i"] = 3, faces
    return header.encode() + vertices.astype(f"{order}f8").tobytes() + rows.tobytes()


def stl(corners: NDArray[np.float64], count: int | None = None) -> bytes:
    rows = np.zeros(len(corners), [("n", "<f4", (3,)), ("c", "<f4", (3, 3)), ("a", "<u2")])
    rows["c"] = corners
    said = len(corners) if count is None else count
    return bytes(80) + said.to_bytes(4, "little") + rows.tobytes()


def stl_text(corners: NDArray[np.float64]) -> str:
    facets = "".join(
        "facet normal 0 0 0\n outer loop\n"
        + "".join(f"  vertex {x} {y} {z}\n" for x, y, z in corner)
        + " endloop\nendfacet\n"
        for corner in corners
    )
    return f"solid part\n{facets}endsolid part\n"


def off(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> str:
    rows = [" ".join(map(str, v)) for v in vertices] + [f"3 {a} {b} {c}" for a, b, c in faces]
    return f"OFF\n# made here\n{len(vertices)} {len(faces)} 0\n" + "\n".join(rows) + "\n"


def obj(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> str:
    rows = [f"v {x} {y} {z}" for x, y, z in vertices] + [f"f {a}//1 {b}//1 {c}//1" for a, b, c in faces + 1]
    return "mtllib a.mtl\no part\n" + "\n".join(rows) + "\n"
