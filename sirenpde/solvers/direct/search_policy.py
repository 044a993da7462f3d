"""The numbers that steer a search for frozen features, each with what set it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchPolicy:
    """How many features are tried, when a trial counts as better, and when a search ends.

    Seconds are those of one core for a QR factorisation of 2.5 rows to a column.

    >>> from sirenpde.solvers.direct.search_policy import SearchPolicy
    >>> SearchPolicy().is_cheap(800), SearchPolicy(cheap=400).is_cheap(800)
    (True, False)
    """

    # Columns of all fields together, ascending: each number takes three to eight times as long as the one before,
    # and the last some twenty seconds a trial.
    columns: tuple[int, ...] = (200, 400, 800, 1600, 2400, 3600, 4800)
    # Up to so many columns a trial takes some tenths of a second (800: 0.13 s), so that alternatives are tried.
    cheap: int = 900
    # Beyond so many it takes several (1600: 0.9 s; 2400: 2.7 s).
    costly: int = 1600
    # Rows to columns, where the domain has points enough: with less, fits of frozen sines pass between the points.
    oversampling: float = 2.5
    # Points of a constraint to a column at most; and where waves wind about holes, near which they are so fast that
    # with two points a column the residual on others was a hundred times that of a fit to five.
    points: float = 2.0
    about_holes: float = 5.0

    # Radians per half side beside those of data along an axis: what a field needs that varies smoothly.
    margin: float = 4.0
    # Axes whose bandwidths differ so much begin with bandwidths in proportion; others with the same for all.
    uneven: float = 3.0
    # Bandwidths that are scanned for one number of features go down from the highest that they can fill the box
    # with, by halves, to these shares of it: with the fewest features or fewer axes, with more, and where dear.
    lowest_bandwidths: tuple[float, float, float] = (0.05, 0.2, 0.4)
    # Relative held-out residuals below which comparisons mean something: above, nothing is resolved yet.
    predicts: float = 0.3
    # In a scan the next bandwidth is no longer better where it leaves more than this; two such end it.
    alike: float = 0.9
    # Another bandwidth is better where its held-out residual is so much smaller: less may be chance of the draw ...
    clear: float = 0.9
    # ... and so much where its band is narrower, which makes the coefficients large and costs digits later.
    slower: float = 0.6
    # Between bandwidths along one axis.
    stride: float = 1.5
    # Features of fewer axes have to leave so much less: a wrong choice there bounds all that follows.
    fewer_axes: float = 0.3
    # A fall after which the axes' bandwidths are left as they are: the band is right.
    swift: float = 0.1
    # In a band that widens as the features grow: by the fourth root of their number, and by all of it.
    widening: tuple[float, float] = (0.25, 1.0)

    # A held-out residual of few features that leaves no doubt that the solution is smooth at corners where it need
    # not be ...
    smooth: float = 1e-8
    # ... and what features at those must make of it, where it is larger.
    rough: float = 0.3

    # Two larger numbers of features in a row that leave more than this gain nothing.
    stalled: float = 0.9
    # A held-out residual of fields that are resolved in part: what is left may be noise.
    tells: float = 0.7
    # What more features must make of the held-out residual where a trial takes a second ...
    falls: float = 0.5
    # ... and what twice as many must have made of it for a further one that takes several.
    falls_fast: float = 0.2
    # A held-out residual above which trials of affine constraints go on while they gain anything: it may fall to a
    # quarter for twice as many features only, and does so as far as one lets it.
    goal: float = 1e-6
    # Times the tolerance: enough where a further trial would take seconds.
    content: float = 3.0

    # Columns and bandwidth, at least, with which one looks for what the constraints leave open: with fewer, the
    # smooth directions that a missing condition frees are not among the features.
    look_columns: int = 300
    look_bandwidth: float = 8.0

    def is_cheap(self, columns: int) -> bool:
        return columns <= self.cheap

    def is_enough(self, held_out: float, fell: float, columns: int, tolerance: float, affine: bool) -> bool:
        """Whether a trial of so many columns is not worth its time.

        The best so far leaves ``held_out``; the last trials fell by the factor ``fell`` for twice as many columns.
        """
        if self.is_cheap(columns):
            return held_out < tolerance or fell > 1
        if affine and held_out > self.goal:
            return fell > self.stalled
        slow = fell > (self.falls if columns <= self.costly else self.falls_fast)
        return slow or held_out < self.content * tolerance


SEARCH = SearchPolicy()
