"""Medians with their intervals, for the scripts that compare runs."""

import math
import statistics


def median_interval(samples):
    """The median and its 95 % interval by order statistics: lower, median, upper."""
    ordered = sorted(samples)
    count = len(ordered)
    rank = max(0, math.floor((count - 1.96 * math.sqrt(count)) / 2))
    return ordered[rank], statistics.median(ordered), ordered[count - 1 - rank]
