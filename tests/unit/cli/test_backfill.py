"""What `monitor backfill` says before it asks."""

from datetime import UTC, datetime

from monitor.cli.backfill import listed
from monitor.duties.look_back import Offer
from monitor.models import Query
from monitor.seams.looking_back import Price, Progressed

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_platform_that_is_asked_a_hundred_times_is_one_line() -> None:
    """Was: 130 lines that differed in one word."""
    searches = [Offer(Query("bluesky", f"form {n}"), Price(requests=2)) for n in range(100)]
    keyless = [Offer(Query("x", f"{n}"), None, "set token_file in [sources.x]") for n in range(30)]
    paid = [
        Offer(Query("youtube", "a"), Price(dollars=0.5, reach=DAY)),
        Offer(Query("youtube", "b"), Price(dollars=0.25)),
    ]

    assert listed([*searches, *keyless, *paid]) == [
        "Bluesky (100 look-backs): 200 requests, $0.00",
        "X (30 look-backs): set token_file in [sources.x]",
        "YouTube (2 look-backs): $0.75, no further back than 2026-03-01 00:00 UTC",
    ]


def test_what_stands_alone_or_was_begun_is_named() -> None:
    begun = Progressed(start=DAY, end=DAY, pages=3)
    offers = [
        Offer(Query("hackernews", ""), Price(requests=7)),
        Offer(Query("bluesky", "pots"), Price(requests=1), begun=begun),
        Offer(Query("bluesky", "pans"), Price(requests=1)),
    ]

    assert listed(offers) == [
        "Hacker News: 7 requests, $0.00",
        "Bluesky pots: 1 request, $0.00, going on after 3 pages, up to 2026-03-01 00:00 UTC",
        "Bluesky pans: 1 request, $0.00",
    ]


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    offers = [Offer(Query("x", "a"), Price(dollars=None)), Offer(Query("x", "b"), Price(dollars=1.0))]

    assert listed(offers) == ["X (2 look-backs): a price that nobody can tell before"]
