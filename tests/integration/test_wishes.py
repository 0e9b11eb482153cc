"""Each chat gets its digests when and how it wishes: over a month no post twice, and none missing."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.digests.schedule import DueDigest, window_ending, windows_due
from monitor.digests.wishing import gates_of, wished
from monitor.duties import editions, jobs
from monitor.duties.editions import edition_job
from monitor.duties.rounds import Edition
from monitor.models import PostKey
from monitor.store.codec import decode_parcel
from tests.build import a_mention
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import User

BEGIN = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)
"""In the month that follows clocks change in New York and in London."""

DAYS = 30
HOUR = timedelta(hours=1)
EVERY = 33
"""Hours from post to post: no digest tells of more than it can show, so that each post must be shown, and once."""

IN_BOTH = 22 * 24 + 11
"""An hour that is in two days of London, because clocks go forward: its post must be shown by the first day only."""

FILE = """
[topics.pots]
title = "砸锅卖铁"
any = ["砸锅卖铁"]
sources = ["hackernews"]
digest = "00:05"
timezone = "Europe/London"
"""


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as room:
        (tmp_path / "topics.toml").write_text(FILE, encoding="utf-8")
        yield room


def readers(room: Room) -> dict[str, User]:
    """Subscribe people who wish for different things."""
    wishes = {
        "Anna": (),
        "Boris": ("zone Asia/Taipei", "at 00:10"),
        "Carl": ("zone America/New_York", "at 23:50"),
        "Dora": ("zone Asia/Taipei", "days mon-fri", "at 08:00"),
        "Emil": ("quiet 23:00-07:30",),
    }
    people = {}
    for name, words in wishes.items():
        people[name] = room.person(name, "reader")
        room.say(people[name], "/subscribe pots")
        for each in words:
            assert "砸锅卖铁" in room.say(people[name], f"/settings pots {each}")
    return people


def publish(room: Room, number: int, at: datetime) -> PostKey:
    """Let a post be read at the time at which it was written, by an account of its own."""
    letters = "".join(random.Random(number).choices("bcdfghklmn", k=30))
    text = f"砸锅卖铁 {letters}"
    mention = a_mention(f"p{number}", topic="pots", post={"observed_at": at, "created_at": at, "text": text})
    room.monitor.mentions.add("pots", [mention], oldest=at - timedelta(days=1))
    return mention.post.key


def tell(room: Room, now: datetime, chance: random.Random) -> None:
    """Do what is due at a time, as workers do that may be killed and begun anew at any place."""
    monitor = room.monitor
    [topic] = monitor.topics.all()
    # How fast a chat is told what it missed is another test's matter, and on the store's clock.
    for chat in (jobs.EVERYBODY, *(each.chat for each in monitor.wishes.plans())):
        monitor.connection.execute("UNLINK", monitor.connection.keys.chat(chat).late_digests)
    for plan in (None, *monitor.wishes.plans()):
        wishes = None if plan is None else monitor.wishes.of(plan.chat, topic.name)
        told = monitor.told.of(topic.name if plan is None else plan.name)
        since = None if wishes is None else wishes.since
        if told is not None and not windows_due(wished(topic, wishes), told, now, since):
            continue
        for _ in range(chance.choice((1, 1, 1, 2))):
            if plan is None:
                jobs.make_digest(monitor, topic, now)
                continue
            monitor.connection.execute("ZADD", monitor.connection.keys.work.due, 0, str(edition_job(plan)))
            jobs.send_edition(monitor, edition_job(plan).subject, f"w{chance.random()}", now)


def shown(room: Room, user: User) -> list[PostKey]:
    """Return the posts of all digests of a chat, as often as they are shown."""
    parcels = room.monitor.connection.execute("HVALS", room.monitor.connection.keys.chat(str(user.id)).parcels)
    return [each.key for packed in parcels for each in decode_parcel(packed).message.quotes]


def test_over_a_month_no_post_comes_twice_and_none_is_missing(room: Room) -> None:
    """Three zones, midnight, changes of clocks, other hours and days in the middle, work done twice or left undone."""
    chance = random.Random(7)
    room.now = BEGIN
    jobs.read_topics(room.monitor, BEGIN)
    people = readers(room)
    jobs.read_topics(room.monitor, BEGIN)
    posts: dict[PostKey, datetime] = {}
    changes = {
        9 * 24: ("Boris", "/settings pots at 13:37"),
        11 * 24: ("Carl", "/settings pots zone Asia/Kolkata"),
        12 * 24: ("Anna", "/settings pots at 21:15"),
        16 * 24: ("Dora", "/settings pots days daily"),
        18 * 24: ("Emil", "/settings pots days mon,wed,fri"),
        22 * 24: ("Emil", "/settings pots days daily"),
    }
    for hour in range(DAYS * 24):
        room.now = BEGIN + hour * HOUR
        if hour % EVERY == 0:
            posts[publish(room, hour, room.now)] = room.now
        if hour == IN_BOTH:
            late = room.now + timedelta(minutes=20)
            posts[publish(room, hour, late)] = late
        if hour in changes:
            name, words = changes[hour]
            assert "砸锅卖铁" in room.say(people[name], words)
            jobs.read_topics(room.monitor, room.now)
        if hour % 3 == 0 and chance.random() < 0.9:
            tell(room, room.now, chance)
    room.now += 2 * HOUR
    tell(room, room.now, chance)

    for name, user in people.items():
        found = shown(room, user)
        assert len(found) == len(set(found)), f"{name} was shown a post twice"
        plan = next((each for each in room.monitor.wishes.plans() if each.chat == str(user.id)), None)
        told = room.monitor.told.of("pots" if plan is None else plan.name)
        assert told is not None
        assert told.end > room.now - timedelta(days=1, hours=1)
        missing = [key for key, at in posts.items() if at < told.end and key not in found]
        assert missing == [], f"{name} was never shown {missing}"


def test_settings_say_which_quiet_hours_alerts_keep(room: Room) -> None:
    jobs.read_topics(room.monitor, BEGIN)
    anna = room.person("Anna", "reader")
    room.say(anna, "/subscribe pots")

    assert "Quiet hours: 22:00–07:30, for alerts only" in room.say(anna, "/settings pots")
    assert "Quiet hours: none" in room.say(anna, "/settings pots quiet off")
    gates = gates_of(room.monitor.wishes.of(str(anna.id), "pots"))
    assert gates.quiet_from == gates.quiet_to


def test_who_unsubscribes_while_a_digest_is_composed_gets_none(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs.read_topics(room.monitor, BEGIN)
    anna, compose = room.person("Anna", "reader"), editions.edition_for
    for words in ("/subscribe pots", "/settings pots at 13:00"):
        room.say(anna, words)
    publish(room, 1, BEGIN - HOUR)
    due = DueDigest(window=window_ending(BEGIN))
    answers: list[str] = []

    def late(*arguments: Any) -> Edition:
        made = compose(*arguments)
        answers.append(room.say(anna, "/unsubscribe pots"))
        return made

    monkeypatch.setattr(editions, "edition_for", late)
    [topic] = room.monitor.topics.all()
    failed = editions.hand_to(room.monitor, topic, due, BEGIN, str(anna.id))

    assert len(answers) == 1
    assert room.monitor.subscriptions.of(str(anna.id)) == []
    assert (failed, shown(room, anna)) == ([], [])
