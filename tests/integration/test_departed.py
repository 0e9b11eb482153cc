"""An account that is gone takes all that it wrote with it, within an hour; nobody is kept out for ever."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.digests.render import render
from monitor.duties import upkeep
from monitor.duties.jobs import digest_now
from monitor.duties.rounds import shown_in
from monitor.models import Batch, Parcel
from monitor.pipeline import ingest
from monitor.store.fsck import check
from monitor.wiring import Monitor
from tests.build import NOW
from tests.integration.product import Product
from tests.integration.test_forget import HOURS, PEOPLE, TOPICS, WINDOW, log_of


@pytest.fixture
def monitor(tmp_path: Path) -> Iterator[Monitor]:
    product = Product(tmp_path)
    product.write_settings("")
    with product.opened() as opened:
        opened.connection.execute("CONFIG", "SET", "rdbcompression", "no")
        opened.topics.replace(TOPICS, "hash")
        yield opened


def test_who_left_leaves_no_word_behind(monitor: Monitor) -> None:
    gone, stays = PEOPLE[:2]
    ingest([each.post(1, 9) for each in (gone, stays)], monitor.stages(), monitor.mentions, NOW)
    made = digest_now(monitor, TOPICS[0], WINDOW, NOW)
    monitor.outbox.hand_over("-1001", [Parcel(message=render(made, "-1001"), posts=shown_in(made))])
    hours = monitor.mentions.hourly("pots", HOURS)

    monitor.changes.follow("bluesky", Batch(authors_gone=(gone.id, "did:plc:stranger")), monitor.stages(), NOW)
    upkeep.erase_departed(monitor, NOW + timedelta(minutes=20))

    log = log_of(monitor)
    assert stays.words.encode() in log
    assert not [mark for mark in gone.marks if mark in log]
    assert monitor.mentions.hourly("pots", HOURS) == hours, "counts stay"
    assert monitor.departed.all() == frozenset()
    assert check(monitor.connection) == []
    # Who comes back may be read again.
    assert ingest([gone.post(2, 1)], monitor.stages(), monitor.mentions, NOW).new == 2


def test_a_page_of_somebody_who_left_that_was_under_way_is_erased_the_next_time(monitor: Monitor) -> None:
    """The one scan came before the page, and nobody looked for that author again."""
    gone, stays, stages = *PEOPLE[:2], monitor.stages()
    monitor.changes.follow("bluesky", Batch(authors_gone=(gone.id,)), stages, NOW)
    upkeep.erase_departed(monitor, NOW + timedelta(minutes=1))
    ingest([each.post(1, 1) for each in (gone, stays)], stages, monitor.mentions, NOW)

    upkeep.erase_departed(monitor, NOW + timedelta(minutes=61))

    assert [each.post.text for each in monitor.mentions.between("pots", WINDOW)] == [stays.post(1, 1).text]
    assert monitor.departed.all() == frozenset()
