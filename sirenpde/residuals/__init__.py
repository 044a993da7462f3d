"""Problem + parameters -> residuals: their losses, gradients and linear rows. Points are mapped here only.

A residual depends on the parameters only through the jets (the requested derivatives) at its point. So the
engines push the points through the networks, the user's function maps jets to residuals point by point, and
the small derivative of the one by the other goes back through the engines.
"""

from ..calculus.components import flat as flat
from .batch import Batch as Batch
from .batch import Parameters as Parameters
from .evaluator import Evaluator as Evaluator
from .evaluator import evaluate as evaluate
from .evaluator import requests_of as requests_of
from .linearise import Rows as Rows
from .system import Evaluation as Evaluation
from .system import Group as Group
from .system import NotFinite as NotFinite
from .system import System as System
