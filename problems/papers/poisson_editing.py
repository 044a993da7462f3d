"""Clone a part of one photograph into another, by a SIREN.

    ∇u = ∇source  in a mask,        u = target  outside of it,

each colour by itself: Poisson image editing (Pérez et al. 2003), trained on minibatches. Gradients are differences
across the edges between pixels.

Source: Sitzmann et al., Implicit Neural Representations with Periodic Activation Functions, 2020, section 4.1.
"""

from torch import Tensor

from sirenpde import (
    Adam,
    Axis,
    Constraint,
    D,
    Field,
    PixelGrid,
    Point,
    Problem,
    Reference,
    Siren,
    ellipse,
    on,
    paste,
    read_picture,
)
from sirenpde.references.cloning import cloned


def problem(
    target: str = "coffee",
    source: str = "chelsea",
    row: int = 118,
    column: int = 292,
    height: int = 150,
    width: int = 200,
) -> Problem:
    """Clone an ellipse of one picture into another.

    Args:
        target: the picture that receives, a file or one of scikit-image's.
        source: the picture that gives.
        row: of the ellipse's centre in the target, in pixels from the top, where the source's centre goes.
        column: the same, in pixels from the left.
        height: of the ellipse, in pixels; the source is scaled to cover it.
        width: of the ellipse, in pixels.
    """
    scene, given = read_picture(target), read_picture(source)
    scale = max(height / given.shape[0], width / given.shape[1])
    patch = paste(given, scene, (row, column), round(scale * given.shape[0]))
    region = ellipse(scene.shape, (row, column), (height / 2, width / 2))
    grid = PixelGrid({"target": scene, "source": patch})
    outside = grid.where(~region, "outside")
    u = Field("u", grid, Siren(), shape=scene.shape[2:])

    def clone(axis: Axis) -> Constraint:
        edges = grid.edges(axis)
        part = edges.where(region)

        @on(part, samples=1024, weight=grid.spacing**2 * part.size, name=f"clone_{axis}")
        def guide(p: Point) -> Tensor:
            """∇u = ∇source"""
            return D(u, axis)(p) - edges.difference("source")(p)

        return guide

    @on(outside, samples=1024, weight=outside.size)
    def keep(p: Point) -> Tensor:
        """u = target"""
        return u(p) - grid["target"](p)

    known = PixelGrid({"u": cloned(scene, patch, region)})
    where = {"inside": known.where(region), "outside": known.where(~region)}
    return Problem(
        *map(clone, grid.axes),
        keep,
        reference={u: Reference(known["u"], where, peak=1)},
        using=[Adam(steps=2000, lr=5e-4)],
    )
