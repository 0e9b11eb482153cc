"""What is kept of a topic when its posts are gone: who was first, what was said by the hour, the newest trend."""

from datetime import datetime, timedelta

import pytest

from monitor.models import First, Trend, Window
from monitor.seams.scored import HourCount, Scored
from monitor.signals.alerts import Alerted, AlertLog
from monitor.signals.firsts import Seen
from monitor.store import firsts as limits
from monitor.store.alerts import AlertStore
from monitor.store.codec import encode
from monitor.store.connection import Connection
from monitor.store.firsts import FirstsStore
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.store.scores import ScoreStore
from monitor.store.topics import TopicStore
from tests.build import NOW, a_mention, a_topic

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def a_first(label: str, at: datetime = NOW, **changes: object) -> First:
    values = {"form": "variant", "label": label, "time": at, "source": "x", "language": "zh-Hant"} | changes
    return First(**values)  # type: ignore[arg-type]


def test_the_earlier_first_stays_whatever_comes_first(connection: Connection) -> None:
    store = FirstsStore(connection)
    early, late = a_first("砸鍋賣鐵", NOW - DAY, backfilled=True), a_first("砸鍋賣鐵", source="ptt")

    changed = [store.note("pots", [each]) for each in (late, early, late, early)]

    assert changed == [1, 1, 0, 0]
    assert store.of("pots") == {Seen("variant", "砸鍋賣鐵"): early}
    assert check(connection) == []


def test_only_so_many_addresses_are_remembered_those_seen_last(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MOST_LINKS", 2)
    store = FirstsStore(connection)
    links = [a_first(str(n), NOW - n * DAY, form="link") for n in range(4)]
    store.note("pots", [*links, a_first("old", NOW - 90 * DAY)])

    assert store.trim("pots") == 2
    assert store.trim("pots") == 0
    assert {seen.label for seen in store.of("pots")} == {"0", "1", "old"}


def test_hours_are_kept_until_they_are_too_old_to_compare_with(connection: Connection) -> None:
    store = ScoreStore(connection)
    hour = NOW.replace(minute=0)
    store.count("pots", {hour: HourCount(5, 4, 3), hour - 500 * DAY: HourCount(1, 1, 1)})
    store.count("pots", {hour: HourCount(6, 5, 4)})
    store.count("pots", {})

    assert store.trim("pots", NOW) == 1
    assert store.counted("pots", Window(hour - DAY, hour + HOUR)) == {hour: HourCount(6, 5, 4)}
    assert store.counted("pots", Window(hour, hour)) == {}


def test_a_trend_of_another_version_is_as_if_nobody_had_looked(connection: Connection) -> None:
    store = ScoreStore(connection)
    scored = Scored(trend=Trend(topic="pots", window=Window(NOW - HOUR, NOW), count=3, accounts=2), backfilled=7)
    store.keep("pots", scored)
    kept = store.of("pots")
    connection.execute("HSET", connection.keys.topic("pots").scores, "newest", encode({"trend": 5}))

    assert kept == scored
    assert store.of("pots") is None
    assert store.of("pans") is None


def test_a_topic_that_ended_leaves_nothing(connection: Connection) -> None:
    topics = TopicStore(connection)
    topics.replace([a_topic()], "h1")
    FirstsStore(connection).note("pots", [a_first("a")])
    ScoreStore(connection).count("pots", {NOW.replace(minute=0): HourCount(1, 1, 1)})
    topics.replace([], "h2")

    assert topics.end("pots")
    assert list(connection.scan(f"{connection.keys.prefix}{{t:*")) == []


def test_a_sample_is_spread_over_its_window_and_all_of_it_where_that_is_little(connection: Connection) -> None:
    store = MentionStore(connection)
    mentions = [a_mention(f"{n:04}", post={"created_at": NOW - n * timedelta(minutes=1)}) for n in range(400)]
    store.add("pots", mentions, oldest=NOW - 30 * DAY)
    window = Window(NOW - 300 * timedelta(minutes=1), NOW)

    some = store.sample("pots", window, 60)

    ages = [int((NOW - each.post.time).total_seconds() / 60) for each in some]
    assert ages == sorted(ages, reverse=True)
    assert len(some) == len(set(ages)) == 60
    assert max(ages) == 300
    assert min(ages) < 110
    assert store.sample("pots", window, 300) == store.between("pots", window)
    assert store.sample("pots", Window(NOW + DAY, NOW + 2 * DAY), 10) == []


def test_what_a_chat_was_told_is_written_by_the_first_and_ends_by_itself(connection: Connection) -> None:
    store = AlertStore(connection)
    log = AlertLog(alerted=(Alerted(topic="pots", at=NOW, posts=64),))

    assert store.of("1") == AlertLog()
    assert store.move("1", AlertLog(), log)
    assert store.move("1", AlertLog(), log), "a replay finds it written"
    assert not store.move("1", AlertLog(), AlertLog(alerted=(*log.alerted, *log.alerted)))
    assert store.of("1") == log
    assert 0 < int(connection.execute("TTL", connection.keys.chat("1").alerts)) <= 2 * 86_400
    assert check(connection) == []
