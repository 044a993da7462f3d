"""What is said where a march gives up."""

from __future__ import annotations

from ...networks.sine_lattice import SineLattice
from ...residuals import NotFinite
from .controller import Refuse
from .marchable import NotMarchable
from .trial import SlabTrial


def refusal(verdict: Refuse, trial: SlabTrial, waves: float) -> Exception:
    """The error of a trial beyond which there is no way, in words."""
    slab = trial.slab
    if verdict.reason == "not finite":
        return NotFinite(
            f"The slab of {slab.axis} from {slab.low:g} to {slab.high:g} came out not finite; those before it are "
            f"kept. Use more slabs, slabs=None, which finds their lengths, or other stages."
        )
    if verdict.reason == "no solution":
        return NotFinite(
            f"March found no solution beyond {slab.axis} = {slab.low:.6g}: even a slab as short as {slab.length:.1e} "
            f"fails. The solution may end or jump there, or a constraint may contradict it; what was found before "
            f"is kept."
        )
    lattices = [(u, r) for u, r in trial.work.recipes.items() if isinstance(r, SineLattice)]
    largest = ", ".join(f"{u.name}: {lattice.describe()}" for u, lattice in lattices)
    kind = NotMarchable if slab.is_first else NotFinite
    return kind(
        f"March cannot follow the fields beyond {slab.axis} = {slab.low:.6g}: the largest lattices that a slab may "
        f"have ({largest}) leave {100 * waves:.2g} % of the field to their highest waves. It varies too fast for "
        f"them, or jumps. Take a smaller box or a smoother start, declare periodic axes as such, or use another "
        f"network and stage, such as SineFeatures() with LeastSquares()."
    )
