"""What a solver raises for a problem that it cannot work on, and how much memory it may take."""

MEMORY_LIMIT = 8 << 30  # bytes of the dense matrices of one stage


class Unfit(ValueError):
    """A solver that cannot work on a problem, or not within the memory; the message says why and which one can."""


class TooLong(Unfit):
    """Work that the budget cannot pay for, known before it begins; the message says how long it would take."""


class TooLarge(Unfit):
    """Dense matrices beyond ``MEMORY_LIMIT``; the message says what they would take."""
