"""A few of the digests of real posts; `python -m tests.evaluation.rendered` makes ten thousand."""

from tests.evaluation.rendered import measure


def test_digests_of_real_posts_are_taken_by_telegram_and_quote_exactly() -> None:
    tally, broken = measure(150)

    assert broken == []
    assert tally["quotes"] > 150
    assert tally["hidden"] > 0
