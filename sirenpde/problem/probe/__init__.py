"""What is declared, tried before anything is computed: constraints, outputs, references and networks.

Each is called on a few points with made-up values of the fields. So what it asks for is known, and what is
wrong with it is said at the user's own line.
"""

from .calling import probe as probe
from .closely import has_seven_digits as has_seven_digits
from .closely import look_closely as look_closely
from .messages import ConstraintError as ConstraintError
from .networks import check_kinks as check_kinks
from .networks import check_smooth as check_smooth
from .outputs import Output as Output
from .outputs import check_names as check_names
from .outputs import try_output as try_output
from .outputs import try_reference as try_reference
from .recorder import Recorder as Recorder
from .recorder import Requests as Requests
from .watch import ConversionWatch as ConversionWatch
