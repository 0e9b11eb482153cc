"""The surprise of a count is the tail of its distribution, computed here in another way."""

from fractions import Fraction
from math import comb, exp, factorial, isclose, log10

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.surprise import surprise


def poisson_tail(count: int, mean: float) -> float:
    return 1 - sum(exp(-mean) * mean**n / factorial(n) for n in range(count))


def negative_binomial_tail(count: int, size: int, chance: Fraction) -> Fraction:
    """Return P(X >= count), X the failures before `size` successes; exact."""
    below = sum((comb(n + size - 1, n) * (1 - chance) ** n * chance**size for n in range(count)), Fraction(0))
    return 1 - below


@pytest.mark.parametrize(("count", "mean"), [(1, 0.1), (3, 0.5), (10, 4.0), (30, 20.0)])
def test_with_the_variance_of_its_mean_it_is_the_tail_of_poisson(count: int, mean: float) -> None:
    assert isclose(surprise(count, mean, mean), -log10(poisson_tail(count, mean)), rel_tol=1e-6)


@pytest.mark.parametrize(("count", "size"), [(3, 1), (20, 3), (64, 9), (400, 20)])
def test_with_more_it_is_the_tail_of_the_negative_binomial(count: int, size: int) -> None:
    chance = Fraction(1, 3)
    mean, variance = size * 2, size * 2 * 3  # size (1 - p) / p, and that / p

    expected = -log10(negative_binomial_tail(count, size, chance))

    assert isclose(surprise(count, mean, variance), expected, rel_tol=1e-9)


def test_what_is_not_above_the_usual_is_no_surprise() -> None:
    assert surprise(9, 9.0, 20.0) == 0
    assert surprise(0, 0.1, 0.1) == 0


def test_a_million_posts_are_counted_without_overflow() -> None:
    assert 100_000 < surprise(1_000_000, 0.006, 0.007) < 10_000_000


def test_a_usual_of_nothing_cannot_be_compared_with() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        surprise(3, 0.0, 0.0)


@given(count=st.integers(1, 2000), mean=st.floats(0.01, 500), dispersion=st.floats(1, 50), more=st.integers(1, 100))
def test_more_posts_surprise_more(count: int, mean: float, dispersion: float, more: int) -> None:
    assert surprise(count, mean, dispersion * mean) <= surprise(count + more, mean, dispersion * mean)


@given(mean=st.floats(0.01, 500), dispersion=st.floats(1, 50), more=st.integers(0, 100))
def test_where_counts_vary_more_many_surprise_less(mean: float, dispersion: float, more: int) -> None:
    far = int(mean + 20 * dispersion * (1 + mean**0.5)) + more

    assert surprise(far, mean, 2 * dispersion * mean) < surprise(far, mean, dispersion * mean)
