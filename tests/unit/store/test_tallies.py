"""What platforms counted is kept by topic, query and hour, beside how many posts of it are stored."""

from datetime import UTC, datetime, timedelta

from monitor.models import PostKey, Query, Window
from monitor.nouns.coverage import Tally
from monitor.seams.scored import NO_TALLIES
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.tallies import TallyStore
from tests.build import a_mention

HOUR = timedelta(hours=1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
X, OLD = Query("x", "(iron)"), Query("x", "(iron OR pots)")
ALWAYS = Window(NOON - 50 * HOUR, NOON + 50 * HOUR)


def tally(start: datetime, posts: int, minutes: int = 60) -> Tally:
    return Tally(start=start, until=start + timedelta(minutes=minutes), posts=posts)


def test_a_later_count_of_an_hour_replaces_the_earlier_one(connection: Connection) -> None:
    store = TallyStore(connection)
    store.note(["pots"], X, [tally(NOON, 10, minutes=20)])
    store.note(["pots"], X, [tally(NOON, 35), tally(NOON + HOUR, 4, minutes=5)])
    store.note(["pots"], X, [])

    found = store.of("pots", [X], ALWAYS)

    assert sorted(found.by_query[X], key=lambda each: each.start) == [
        tally(NOON, 35),
        tally(NOON + HOUR, 4, minutes=5),
    ]
    assert store.of("other", [X], ALWAYS) == NO_TALLIES
    assert check(connection) == []


def test_counts_of_earlier_queries_and_other_times_are_left_out(connection: Connection) -> None:
    store = TallyStore(connection)
    store.note(["pots"], OLD, [tally(NOON, 99)])
    store.note(["pots"], X, [tally(NOON - HOUR, 1), tally(NOON, 2)])

    found = store.of("pots", [X], Window(NOON, NOON + HOUR))

    assert dict(found.by_query) == {X: [tally(NOON, 2)]}


def test_stored_posts_of_the_platform_are_told_by_hour_but_not_backfilled_ones(connection: Connection) -> None:
    def mention(number: int, source: str, at: datetime, *, backfilled: bool = False):  # type: ignore[no-untyped-def]
        key = PostKey(source, str(number))
        return a_mention(str(number), post={"key": key, "observed_at": at, "created_at": at}, backfilled=backfilled)

    quarter = NOON + timedelta(minutes=15)
    mentions = [
        mention(1, "x", quarter),
        mention(2, "x", NOON + 30 * HOUR),
        mention(3, "rss", quarter),
        mention(4, "x", quarter, backfilled=True),
    ]
    MentionStore(connection).add("pots", mentions, oldest=NOON - 99 * HOUR)
    store = TallyStore(connection)
    store.note(["pots"], X, [tally(NOON, 20), tally(NOON + 30 * HOUR, 5)])

    found = store.of("pots", [X], ALWAYS)

    assert {key: count for key, count in found.read.items() if count} == {
        ("x", NOON): 1,
        ("x", NOON + 30 * HOUR): 1,
    }


def test_old_hours_are_forgotten_and_broken_ones_found(connection: Connection) -> None:
    store = TallyStore(connection)
    store.note(["pots"], X, [tally(NOON - timedelta(days=1000), 3), tally(NOON, 2, minutes=90)])

    assert store.trim("pots", NOON) == 1
    (finding,) = check(connection)
    assert "2 posts were counted up to" in finding
