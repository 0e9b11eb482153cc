"""How surprising a count is: how rarely chance alone brings as many where only so many are usual.

    surprise(x) = -log10 P(X >= x)        3 means: once in 1,000 such hours

X has the usual mean and variance. It is negative binomial where the variance is the larger, as it is for people who
answer each other, else Poisson. Judging counts by such a tail is the exceedance method of public health surveillance:
Farrington et al., "A statistical algorithm for the early detection of outbreaks of infectious disease", J. R. Statist.
Soc. A 159, 1996; with the negative binomial as in Noufaily et al., "An improved algorithm for outbreak detection in
multiple surveillance systems", Statistics in Medicine 32, 2013.
"""

from collections.abc import Callable
from math import lgamma, log, log1p

TINY = 1e-12
"""Share of a sum below which its further terms are left out."""


def surprise(count: int, mean: float, variance: float) -> float:
    """Return -log10 of the chance of a count or more; 0 for a count that is not above the mean.

    Raise ValueError for a mean that is not positive.
    """
    if mean <= 0:
        raise ValueError(f"a usual count must be positive to be compared with, and {mean} is not")
    if count <= mean:
        return 0.0
    excess = variance - mean
    if excess <= TINY * mean:
        return _tail(count, count * log(mean) - mean - lgamma(count + 1), lambda n: mean / (n + 1))
    size, growing = mean * mean / excess, excess / variance
    first = lgamma(count + size) - lgamma(size) - lgamma(count + 1) - size * log1p(excess / mean) + count * log(growing)
    return _tail(count, first, lambda n: growing * (n + size) / (n + 1))


def _tail(count: int, log_first: float, ratio: Callable[[int], float]) -> float:
    """Add up the chances from a count on, each the one before times its ratio; above the mean they only get smaller."""
    total = term = 1.0
    while term > TINY * total:
        term *= ratio(count)
        total += term
        count += 1
    return -(log_first + log(total)) / log(10)
