"""Write the equations that must hold, and get the neural field that satisfies them.

The names below load on first use, so that ``import sirenpde`` stays quick: torch comes when needed.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
