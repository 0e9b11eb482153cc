"""What rises is told at once, loudly and once: whoever is killed, whatever comes twice, and not at night."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from monitor.digests.schedule import DueDigest
from monitor.duties import jobs
from monitor.duties.alerting import LATEST, alert
from monitor.duties.rounds import hand_over, preview_chat, shelf_of
from monitor.duties.scoring import score
from monitor.models import Author, Batch, Coverage, Mention, Message, Parcel, PostKey, Query, Window
from monitor.nouns.wishes import Wishes
from monitor.pipeline import Gathered, gather
from monitor.seams.scored import HourCount
from monitor.settings import load
from monitor.signals.alerts import AlertLog
from monitor.store.codec import decode_parcel, encode, from_ms
from monitor.store.fsck import check
from monitor.topics.polling.planning import poll_job, score_job
from monitor.wiring import Monitor, opened
from tests.build import TERM, a_mention, a_topic
from tests.simulators.telegram_api import TOKEN

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MINUTE = timedelta(minutes=1)
CHAT = "-1001"
PLATFORMS = ("bluesky", "mastodon", "x")
TOPIC = a_topic(sources=("hackernews",))
QUERY = Query("hackernews", "")
SPICE = "春夏秋冬东西南北山水花鸟鱼虫琴棋书画"


class Killed(BaseException):
    """A worker ended here: nothing that it would have done afterwards is done."""


@pytest.fixture
def monitor(redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """Open all parts, with a bot that nobody asks to send."""
    (tmp_path / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\n', encoding="utf-8")
    telegram = f'[telegram]\ntoken = "{TOKEN}"\nchat = "{CHAT}"\napi_url = "http://127.0.0.1:9"\n'
    (tmp_path / "monitor.toml").write_text(telegram)
    variables = {"MONITOR_CONFIG": str(tmp_path), "MONITOR_HOME": str(tmp_path), "MONITOR_REDIS_URL": redis_url}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with opened(load(), prefix=f"{tmp_path.name}:") as monitor:
        monitor.connection.erase()
        monitor.topics.replace([TOPIC], "hash")
        since = monitor.connection.keys.work.topics_since
        rule = monitor.connection.execute("HGET", since, "pots").split()[0]
        monitor.connection.execute("HSET", since, "pots", rule + b" 1000")
        yield monitor
        monitor.connection.erase()


@pytest.fixture
def noon(monitor: Monitor) -> datetime:
    """The last noon by the store's clock, by which coverage is kept; alerts sleep at night."""
    seconds, _ = monitor.connection.execute("TIME")
    now = from_ms(int(seconds) * 1000)
    today = now.replace(hour=12, minute=0, second=0, microsecond=0)
    return today if today <= now else today - DAY


def said_at(number: int, at: datetime, **changes: Any) -> Mention:
    """Return a mention of its own wording, by an account of its own."""
    post = {
        "key": PostKey(PLATFORMS[number % len(PLATFORMS)], f"p{number}"),
        "text": f"{TERM}!{SPICE[number % 13 : number % 13 + 5]}食堂 {number}",
        "created_at": at,
        "observed_at": at,
        "author": Author(id=f"a{number}"),
        "url": f"https://{PLATFORMS[number % len(PLATFORMS)]}.example/{number}",
    }
    return a_mention(f"p{number}", post=post | changes.pop("post", {}), **changes)


def read(monitor: Monitor, start: datetime, end: datetime) -> None:
    """Note that the topic's query was read in a window."""
    lease = monitor.leases.acquire(poll_job(QUERY), "reader", MINUTE)
    assert lease is not None
    batch = Batch(coverage=Coverage(start=start, end=end))
    assert monitor.progress.complete(lease, QUERY, batch, HOUR)


def store(monitor: Monitor, mentions: Sequence[Mention]) -> None:
    monitor.mentions.add("pots", mentions, oldest=datetime(2020, 1, 1, tzinfo=UTC))


def usual_days(monitor: Monitor, noon: datetime, days: int = 5) -> None:
    """Store some days on which two people an hour say something, all of it read."""
    hours = days * 24
    store(monitor, [said_at(1000 + n, noon - days * DAY + n * HOUR / 2) for n in range(2 * hours - 2)])
    read(monitor, noon - days * DAY, noon)


def loud_hour(end: datetime, posts: int = 64, first: int = 0) -> list[Mention]:
    return [said_at(first + n, end - HOUR + n * HOUR / posts) for n in range(posts)]


def waiting(monitor: Monitor) -> list[Message]:
    """Return the messages in the outbox of the chat but its first one, which says hello."""
    packed = monitor.connection.execute("HVALS", monitor.connection.keys.chat(CHAT).parcels)
    messages = [decode_parcel(each).message for each in packed]
    return [each for each in messages if not each.id.startswith("hello:")]


def gathered_at(monitor: Monitor, end: datetime) -> Gathered:
    return gather(TOPIC, Window(end - HOUR, end), shelf_of(monitor, TOPIC), end)


def test_an_hour_that_passes_all_gates_is_told_at_once_and_loudly(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))

    score(monitor, TOPIC, noon)
    score(monitor, TOPIC, noon + MINUTE)

    [message] = waiting(monitor)
    assert not message.silent
    lines = message.text.split("\n")
    assert lines[0] == "#砸锅卖铁 rising: 64 posts in 60 min"
    assert re.match(r"\d\d:\d\d–\d\d:\d\d .*, usual then 2", lines[1])
    assert lines[1].endswith("· 64 accounts, 3 platforms")
    assert lines[-1] == "Next 6 h: only above 128 an hour."
    assert len(message.quotes) == 1
    assert [each.text for _, each in monitor.outgoing.latest(preview_chat(TOPIC), 5)] == [message.text]
    assert check(monitor.connection) == []


def test_a_post_that_an_alert_showed_is_not_shown_again_by_the_digest(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    score(monitor, TOPIC, noon)
    [told] = waiting(monitor)

    assert hand_over(monitor, TOPIC, DueDigest(window=Window(noon - DAY, noon)), noon) == []

    [digest] = [each for each in waiting(monitor) if each.id != told.id]
    assert {each.key for each in told.quotes}.isdisjoint(each.key for each in digest.quotes)
    assert digest.silent


def test_what_rose_while_a_backup_was_restored_is_not_told_as_news(monitor: Monitor, noon: datetime) -> None:
    """The backup knew nothing of the alert, and the hour that is looked at next ends after the restore."""
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    monitor.repairs.note_restore(noon - 20 * MINUTE)

    score(monitor, TOPIC, noon)

    [message] = waiting(monitor)
    pending = monitor.outbox.find(CHAT, message.id)
    assert pending is not None
    assert pending.delivery.is_retold


def test_what_goes_on_is_told_again_only_at_double(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    score(monitor, TOPIC, noon)

    for step, posts in ((1, 100), (2, 300)):
        end = noon + step * HOUR
        store(monitor, loud_hour(end, posts, first=5000 * step))
        read(monitor, noon, end)
        score(monitor, TOPIC, end)

        assert len(waiting(monitor)) == step


def test_nothing_is_told_at_night_nor_late_nor_of_a_quiet_hour(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    score(monitor, TOPIC, noon)
    store(monitor, loud_hour(noon))

    late = gathered_at(monitor, noon)
    score(monitor, TOPIC, noon + 90 * MINUTE)
    alert(monitor, TOPIC, late, noon.replace(hour=23))

    assert late.trend.burst is not None
    assert waiting(monitor) == []


def test_an_hour_with_a_gap_is_no_alert(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon - 2 * HOUR)
    store(monitor, loud_hour(noon))
    read(monitor, noon - 30 * MINUTE, noon)

    score(monitor, TOPIC, noon)

    assert waiting(monitor) == []


def kill_at(monitor: Monitor, monkeypatch: pytest.MonkeyPatch, place: int, *, is_done: bool) -> None:
    """End the worker at its call of the store by number: before it, or after it was done but before its answer."""
    calls = iter(range(10_000))
    for name in ("run", "execute", "together"):
        original = getattr(monitor.connection, name)

        def dying(*args: Any, original: Any = original) -> Any:
            if next(calls) != place:
                return original(*args)
            if is_done:
                original(*args)
            raise Killed

        monkeypatch.setattr(monitor.connection, name, dying)


def test_whoever_is_killed_in_between_the_alert_is_told_once(monitor: Monitor, noon: datetime) -> None:
    """At each call of the store a worker ends; another one looks a minute later, and again."""
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    gathered = gathered_at(monitor, noon)
    names = [*monitor.connection.keys.chat(CHAT), *monitor.connection.keys.chat(preview_chat(TOPIC))]
    place, ended, killed = 0, False, 0
    while not ended:
        for is_done in (False, True):
            monitor.connection.execute("UNLINK", *names)
            with pytest.MonkeyPatch.context() as patch:
                kill_at(monitor, patch, place, is_done=is_done)
                try:
                    alert(monitor, TOPIC, gathered, noon)
                    ended = True
                except Killed:
                    killed += 1
            for minutes in (1, 2):
                alert(monitor, TOPIC, gathered, noon + minutes * MINUTE)
            assert len(waiting(monitor)) == 1, f"killed at call {place} ({'after' if is_done else 'before'} it)"
            assert len(monitor.outgoing.latest(preview_chat(TOPIC), 5)) == 1
            assert monitor.alerts.of(CHAT).begun == ()
        place += 1
    assert killed > 20
    assert check(monitor.connection) == []


def test_the_next_look_at_another_hour_ends_the_alert_that_was_begun(
    monitor: Monitor, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the id of the hour that was decided on, so that it can only be that one message."""
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    read(monitor, noon - HOUR, noon + 5 * MINUTE)
    gathered = gathered_at(monitor, noon)
    with monkeypatch.context() as patch:
        patch.setattr(monitor.outbox, "hand_over", dies)
        with pytest.raises(Killed):
            alert(monitor, TOPIC, gathered, noon)
    assert monitor.alerts.of(CHAT).begun_of("pots") is not None

    score(monitor, TOPIC, noon + 5 * MINUTE)

    [message] = waiting(monitor)
    assert "64 posts" in message.text
    assert monitor.alerts.of(CHAT).begun == ()


def dies(*_: object, **__: object) -> None:
    raise Killed


def test_an_alert_that_was_begun_long_ago_is_no_news(
    monitor: Monitor, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    gathered = gathered_at(monitor, noon)
    with monkeypatch.context() as patch:
        patch.setattr(monitor.outbox, "hand_over", dies)
        with pytest.raises(Killed):
            alert(monitor, TOPIC, gathered, noon)

    alert(monitor, TOPIC, gathered, noon + LATEST + MINUTE)

    assert waiting(monitor) == []
    assert monitor.alerts.of(CHAT).begun == ()


def test_two_workers_with_one_hour_make_one_alert(monitor: Monitor, noon: datetime) -> None:
    """The second decided on the log that the first had not written yet."""
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    gathered = gathered_at(monitor, noon)
    original = monitor.alerts.move
    moves = []

    def slow(chat: str, before: AlertLog, after: AlertLog) -> bool:
        if chat == CHAT and not moves:
            moves.append(before)
            alert(monitor, TOPIC, gathered, noon)
        return original(chat, before, after)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monitor.alerts, "move", slow)
        alert(monitor, TOPIC, gathered, noon)

    assert len(waiting(monitor)) == 1
    assert len(monitor.alerts.of(CHAT).alerted) == 1


def test_the_job_is_due_every_five_minutes_and_keeps_the_newest_trend(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    monitor.schedule.sync({score_job(TOPIC): timedelta(0)})
    seconds, _ = monitor.connection.execute("TIME")

    jobs.score(monitor, "pots", "worker", noon)

    [(job, due)] = monitor.schedule.due()
    scored = monitor.scores.of("pots")
    assert job == score_job(TOPIC)
    assert due - from_ms(int(seconds) * 1000) >= 5 * MINUTE
    assert scored is not None
    assert scored.trend.window == Window(noon - HOUR, noon)


def test_what_was_said_in_each_hour_outlives_its_posts(monitor: Monitor, noon: datetime) -> None:
    text = f"{TERM}!大家都说同一句话,一个字也不改"
    copies = [said_at(n, noon - 30 * MINUTE, post={"text": text}, group="1 old") for n in range(4)]
    own = [said_at(n, noon - 20 * MINUTE, post={"author": Author(id="loud")}) for n in (7, 13)]
    store(monitor, [*copies, *own, said_at(10, noon - 10 * MINUTE, backfilled=True)])
    read(monitor, noon - HOUR, noon)

    score(monitor, TOPIC, noon)
    monitor.mentions.prune("pots", noon + DAY)

    kept = monitor.scores.counted("pots", Window(noon - 3 * HOUR, noon))
    assert kept == {noon - HOUR: HourCount(posts=6, wordings=3, voices=2)}


def test_who_was_first_is_remembered_without_the_post(monitor: Monitor, noon: datetime) -> None:
    found = said_at(1, noon - 9 * DAY, backfilled=True, post={"links": ("https://a.example/x",)})
    later = said_at(2, noon - 10 * MINUTE, post={"links": ("http://www.a.example/x/",)})
    read(monitor, noon - HOUR, noon)
    store(monitor, [later])
    score(monitor, TOPIC, noon)
    before = monitor.firsts.of("pots")
    store(monitor, [found])

    score(monitor, TOPIC, noon + MINUTE)
    monitor.mentions.prune("pots", noon + DAY)
    after = monitor.firsts.of("pots")

    assert {first.time for first in before.values()} == {later.post.time}
    assert before.keys() == after.keys()
    assert {(first.time, first.backfilled) for first in after.values()} == {(found.post.time, True)}


def test_a_digest_knows_who_was_first_with_a_link_when_that_post_is_long_gone(monitor: Monitor, noon: datetime) -> None:
    link = {"links": ("https://a.example/x",)}
    store(monitor, [said_at(1, noon - 9 * DAY - HOUR, post=link)])
    read(monitor, noon - 10 * DAY, noon)
    score(monitor, TOPIC, noon - 9 * DAY)
    monitor.mentions.prune("pots", noon - 5 * DAY)
    store(monitor, [said_at(100 + n, noon - 6 * HOUR - n * MINUTE, post=link) for n in range(12)])

    assert hand_over(monitor, TOPIC, DueDigest(window=Window(noon - DAY, noon)), noon) == []

    [digest] = waiting(monitor)
    first = noon - 9 * DAY - HOUR
    assert f"Earliest we saw the link: {first.day} {first:%b} 11:00, Mastodon, 简" in digest.text
    assert "12 share one link" in digest.text


def test_an_alert_whose_posts_were_all_shown_comes_without_a_quote(monitor: Monitor, noon: datetime) -> None:
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))
    claimed = tuple(each.post.key for each in monitor.mentions.between("pots", Window(noon - DAY, noon)))
    other = Message(id="other-0", chat=CHAT, digest_id="other", part=0, text="other")
    monitor.outbox.hand_over(CHAT, [Parcel(message=other, posts=claimed)])

    score(monitor, TOPIC, noon)

    [message] = [each for each in waiting(monitor) if each.id != other.id]
    assert message.quotes == ()
    assert "64 posts" in message.text


def in_english(end: datetime, posts: int, first: int) -> list[Mention]:
    """Return mentions of an hour in English, each of its own wording."""
    words = ("iron", "harvest", "county", "office", "salary", "debt", "kitchen", "river", "market", "bridge", "winter")
    said = [f"{words[n % 11]} {words[n // 11 % 11]} pots of {words[n * 7 % 11]} number {n}" for n in range(posts)]
    made = loud_hour(end, posts, first)
    return [
        msgspec.structs.replace(each, language="en", script="Latn", post=msgspec.structs.replace(each.post, text=text))
        for each, text in zip(made, said, strict=True)
    ]


def wish(monitor: Monitor, **wishes: Any) -> None:
    monitor.connection.execute("HSET", monitor.connection.keys.chat(CHAT).wishes, "pots", encode(Wishes(**wishes)))


def test_a_rise_in_a_language_that_a_chat_does_not_read_is_not_told_there(monitor: Monitor, noon: datetime) -> None:
    wish(monitor, languages=("en",))
    usual_days(monitor, noon)
    store(monitor, loud_hour(noon))

    score(monitor, TOPIC, noon)

    assert waiting(monitor) == []
    assert monitor.outgoing.latest(preview_chat(TOPIC), 9), "who reads every language is told"


def test_an_alert_counts_and_quotes_what_is_said_in_the_languages_of_its_chat(monitor: Monitor, noon: datetime) -> None:
    wish(monitor, languages=("en",))
    usual_days(monitor, noon)
    store(monitor, [*loud_hour(noon, 64), *in_english(noon, 40, first=5000)])

    score(monitor, TOPIC, noon)

    [told] = waiting(monitor)
    assert "rising: 40 posts" in told.text
    assert TERM not in told.text.partition("\n")[2]


def test_an_alert_in_some_languages_that_a_killed_worker_began_is_ended_in_them(
    monitor: Monitor, noon: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish(monitor, languages=("en",))
    usual_days(monitor, noon)
    store(monitor, [*loud_hour(noon, 64), *in_english(noon, 40, first=5000)])
    with monkeypatch.context() as patch:
        patch.setattr(monitor.outbox, "hand_over", dies)
        with pytest.raises(Killed):
            score(monitor, TOPIC, noon)

    score(monitor, TOPIC, noon + 6 * MINUTE)

    [told] = waiting(monitor)
    assert "rising: 40 posts" in told.text
