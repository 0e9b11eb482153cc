"""Platforms on which people write all the time: what they show must be as real platforms show it."""

from collections import Counter
from pathlib import Path

from tests.integration.product import wait_until
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import MOST_A_SECOND, Publisher

WANTED = 2 * MOST_A_SECOND


def test_a_burst_is_no_second_with_more_posts_than_a_page_of_the_index(tmp_path: Path) -> None:
    """The rest of such a second cannot be asked for: a run waited to its limit for posts that nobody could read."""
    ledger = tmp_path / "posts.jsonl"
    with FeedServer() as server, Publisher(server, feeds=1, seed=7, ledger=ledger) as publisher:
        publisher.latest, publisher.most, publisher.rate = 0.0, WANTED, 100_000.0

        wait_until(lambda: len(publisher.posts) == WANTED and not publisher.unshown)

    by_second = Counter(int(post.written_at) for post in publisher.posts.values())
    assert max(by_second.values()) == MOST_A_SECOND
