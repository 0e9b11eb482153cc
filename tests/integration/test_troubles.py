"""When a chat will not have the bot: digests stop and go on, nothing is said twice, and the owners are told once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from monitor.bot.notices import slow_down
from monitor.digests.schedule import Told, windows_due
from monitor.duties import jobs, upkeep
from monitor.readers.backup_troubles import tell_of_failing, tell_of_working
from monitor.store.codec import encode
from tests.build import NOW, a_topic
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import Chat, Member, User
from tests.simulators.telegram_faults import Fault, Order

POTS = a_topic(name="smash-pots", title="砸锅卖铁")
WATER = a_topic(name="water", title="Water")
GONE = "I can no longer write to"


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.follow(POTS, WATER)
        yield made


@pytest.fixture
def olga(room: Room) -> User:
    return room.person("Olga", "owner")


@pytest.fixture
def forum(room: Room, olga: User) -> Chat:
    """Return a group with topics, of which the owner is an administrator."""
    return room.group(olga, is_forum=True)


def membership(room: Room, by: User, chat: Chat, status: str) -> None:
    room.tell(room.update(by, "", chat, kind="membership", status=status, message_id=None))


def digests(room: Room, *topics: object) -> None:
    """Hand over today's digests again, as if none had been told."""
    for topic in topics or (POTS, WATER):
        room.monitor.connection.execute("DEL", room.monitor.connection.keys.work.told)
        jobs.make_digest(room.monitor, topic, NOW)  # type: ignore[arg-type]


def told(room: Room, olga: User, words: str) -> list[str]:
    room.deliver(str(olga.id))
    return [text for text in room.seen(olga) if words in text]


def test_a_group_that_put_the_bot_out_gets_its_digests_again_when_it_is_back(
    room: Room, olga: User, forum: Chat
) -> None:
    room.say(olga, "/subscribe water", forum)
    room.deliver(str(forum.id))
    room.telegram.people.kick_bot(forum, olga)
    membership(room, olga, forum, "kicked")
    membership(room, olga, forum, "kicked")

    digests(room)

    assert room.monitor.outbox.outlook(str(forum.id)).head is None
    assert len(told(room, olga, GONE)) == 1
    assert "Water" in told(room, olga, GONE)[0]
    room.telegram.people.add_bot(forum, olga)
    membership(room, olga, forum, "member")
    digests(room)
    room.deliver(str(forum.id))
    assert [text[:8] for text in room.seen(forum)][1:] == ["I am bac", "Could no"]


def test_a_group_in_which_the_bot_is_heard_gets_its_digests_though_its_return_was_never_told(
    room: Room, olga: User, forum: Chat
) -> None:
    """Telegram forgets updates after a day, and some are left out when there are too many."""
    at = NOW - timedelta(hours=2)
    room.say(olga, "/subscribe water", forum, at=at)
    room.tell(
        room.update(olga, "", forum, kind="membership", status="kicked", message_id=None, at=at + timedelta(minutes=1))
    )
    room.say(olga, "/topics", forum, at=at)
    assert room.monitor.subscriptions.is_away(str(forum.id)), "what was said before says nothing"

    said = room.say(olga, "/subscribe water", forum, at=NOW)
    digests(room)
    room.deliver(str(forum.id))

    assert said.startswith("Done. The digest on Water comes here")
    assert any("#Water" in text for text in room.seen(forum))


def test_a_digest_that_meets_a_closed_door_is_told_once_though_the_update_comes_too(
    room: Room, olga: User, forum: Chat
) -> None:
    room.say(olga, "/subscribe water", forum)
    room.say(olga, "/subscribe smash-pots", forum)
    room.deliver(str(forum.id))
    room.telegram.people.kick_bot(forum, olga)

    digests(room)
    room.deliver(str(forum.id))
    membership(room, olga, forum, "kicked")
    room.deliver(str(forum.id))

    assert len(told(room, olga, GONE)) == 1


def test_a_person_who_blocked_the_bot_is_left_alone(room: Room, olga: User) -> None:
    anna = room.person("Anna", "reader")
    room.say(anna, "/subscribe water")
    room.deliver(str(anna.id))
    room.telegram.people.block(anna)
    membership(room, anna, room.telegram.people.private(anna), "kicked")

    digests(room)

    assert room.monitor.outbox.outlook(str(anna.id)).head is None
    assert len(told(room, olga, GONE)) == 1


def test_who_lets_the_bot_in_is_greeted_once_if_known(room: Room, olga: User, forum: Chat) -> None:
    for status in ("member", "administrator", "member"):
        membership(room, olga, forum, status)
    room.deliver(str(forum.id))
    channel = room.telegram.state.world.add_chat("channel", "Digests")
    membership(room, olga, channel, "administrator")

    assert [text[:6] for text in room.seen(forum)] == ["Hello!"]
    assert len(told(room, olga, f"/subscribe {channel.id}")) == 1
    assert room.seen(channel) == []


def test_strangers_who_come_and_go_are_nobodys_matter(room: Room, olga: User) -> None:
    carl = room.person("Carl")
    group = room.group(carl)
    for status in ("member", "left", "member", "kicked"):
        membership(room, carl, group, status)
    said = room.update(carl, "/start")
    room.tell(said)
    slow_down(room.monitor, said)
    room.telegram.people.block(carl)
    room.deliver(str(carl.id))

    assert room.monitor.chats.all() == [str(carl.id)]
    assert told(room, olga, "") == []


def test_a_stranger_is_known_no_longer_than_the_answer(room: Room, olga: User) -> None:
    """What is due for a chat and what is known of it would otherwise grow with everybody who ever wrote a word."""
    carl, anna = room.person("Carl"), room.person("Anna", "reader")
    room.say(carl, "/start")
    room.say(anna, "/subscribe water")
    for each in (carl, anna):
        room.deliver(str(each.id))
    jobs.read_topics(room.monitor, NOW)
    assert len(room.seen(carl)) == 1

    upkeep.tidy(room.monitor, datetime.now(UTC) + timedelta(days=61))
    jobs.read_topics(room.monitor, NOW)

    connection = room.monitor.connection
    kinds = {connection.keys.kind_of(key) for key in connection.scan(f"{connection.keys.prefix}*{carl.id}*")}
    assert {kind.name for kind in kinds if kind is not None} <= {"applied", "refused", "sends"}, "what ends by itself"
    assert room.monitor.chats.all() == [str(anna.id)]
    assert str(carl.id) not in str(room.monitor.schedule.due())
    room.say(carl, "/start", message_id=99)
    room.deliver(str(carl.id))
    digests(room, WATER)
    room.deliver(str(anna.id))
    assert any("#Water" in text for text in room.seen(anna))


def test_what_waits_for_a_chat_that_is_off_the_list_is_sent(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.say(anna, "/topics")
    keys = room.monitor.connection.keys.work
    room.monitor.connection.execute("HDEL", keys.chats, str(anna.id))
    room.monitor.connection.execute("ZREM", keys.due, f"deliver:{anna.id}")

    upkeep.tidy(room.monitor, datetime.now(UTC))

    assert room.monitor.chats.all() == [str(anna.id)]
    assert f"deliver:{anna.id}" in [str(job) for job, _ in room.monitor.schedule.due()]


def test_a_group_that_moved_keeps_subscriptions_outbox_and_claims(room: Room, olga: User) -> None:
    group = room.telegram.state.world.add_chat("group", "Desk")
    room.telegram.state.world.set_member(group, olga, Member("administrator"))
    room.say(olga, "/subscribe water", group)
    room.deliver(str(group.id))
    digests(room, WATER)
    upgraded = room.telegram.people.upgrade(group, olga)
    update = room.update(olga, "", group, kind="moved", moved_to=str(upgraded.id), message_id=None)

    room.tell(update)
    room.tell(update)
    digests(room, WATER)
    said = room.say(olga, "/subscribe water", upgraded)
    room.deliver(str(group.id))

    assert "comes here already" in said
    assert [text[:5] for text in room.seen(upgraded)] == ["Could", said[:5]]
    assert room.monitor.subscriptions.of(str(upgraded.id)) == []


def test_a_move_that_only_a_sender_met_is_known_to_all(room: Room, olga: User) -> None:
    group = room.telegram.state.world.add_chat("group", "Desk")
    room.telegram.state.world.set_member(group, olga, Member("administrator"))
    room.say(olga, "/subscribe water", group)
    upgraded = room.telegram.people.upgrade(group, olga)

    room.deliver(str(group.id))

    assert room.monitor.chats.home(str(upgraded.id)) == str(group.id)
    assert len(room.seen(upgraded)) == 1


def test_what_was_subscribed_under_both_ids_of_a_group_is_told_once_and_ends_at_once(room: Room, olga: User) -> None:
    """The update of the move was lost, so the new id was another chat until a message met the old one."""
    group = room.telegram.state.world.add_chat("group", "Desk")
    room.telegram.state.world.set_member(group, olga, Member("administrator"))
    room.say(olga, "/subscribe water", group)
    upgraded = room.telegram.people.upgrade(group, olga)
    assert "Done" in room.say(olga, "/subscribe water", upgraded)
    assert "Done" in room.say(olga, "/subscribe smash-pots", upgraded)
    room.deliver(str(group.id))
    room.deliver(str(upgraded.id))
    read = len(room.seen(upgraded))

    digests(room, WATER)
    room.deliver(str(group.id))
    told_once = room.seen(upgraded)[read:]
    ended = [room.say(olga, f"/unsubscribe {name}", upgraded) for name in ("water", "smash-pots")]

    assert [text for text in told_once if "#Water" in text] == told_once[-1:]
    assert all(text.startswith("Done") for text in ended)
    for chat in (group, upgraded):
        assert room.monitor.subscriptions.of(str(chat.id)) == []


def test_a_deleted_topic_ends_its_digest_and_a_closed_one_does_not(room: Room, olga: User, forum: Chat) -> None:
    one, two = (room.telegram.people.open_topic(forum, olga, name) for name in ("One", "Two"))
    room.say(olga, "/subscribe water", forum, thread=one)
    room.say(olga, "/subscribe smash-pots", forum, thread=two)
    room.deliver(str(forum.id))
    room.telegram.people.delete_topic(forum, one)
    room.telegram.people.close_topic(forum, olga, two)

    digests(room)
    room.deliver(str(forum.id))

    assert [each.topic for each in room.monitor.subscriptions.of(str(forum.id))] == ["smash-pots"]
    assert len(told(room, olga, "was deleted")) == 1
    assert len(told(room, olga, "is closed")) == 1
    shown = room.telegram.state.ledger.visible(forum.id, by=room.telegram.state.world.bot.id)
    assert {each.message.get("message_thread_id") for each in shown} == {two}


def test_digests_go_into_the_topic_in_which_they_were_asked_for(room: Room, olga: User, forum: Chat) -> None:
    thread = room.telegram.people.open_topic(forum, olga, "News")
    room.say(olga, "/subscribe water", forum)
    assert "into this topic" in room.say(olga, "/subscribe water", forum, thread=thread)
    room.deliver(str(forum.id))

    for _ in range(2):
        digests(room, WATER)
    room.deliver(str(forum.id))

    shown = room.telegram.state.ledger.visible(forum.id, by=room.telegram.state.world.bot.id)
    assert [each.message.get("message_thread_id") for each in shown] == [None, thread, thread]


def test_without_the_right_to_write_the_owner_is_told_once_each_time(room: Room, olga: User, forum: Chat) -> None:
    room.say(olga, "/subscribe water", forum)
    room.say(olga, "/subscribe smash-pots", forum)
    room.deliver(str(forum.id))
    forum.may_members_send = False
    digests(room)
    room.deliver(str(forum.id))
    assert len(told(room, olga, "I may not write")) == 1
    forum.may_members_send = True
    room.say(olga, "/topics", forum)
    room.deliver(str(forum.id))

    forum.may_members_send = False
    room.now = NOW
    room.say(olga, "/topics", forum)
    room.deliver(str(forum.id))
    assert len(told(room, olga, "I may not write")) == 1, "an answer that did not arrive is its asker's matter"


def test_a_digest_of_which_nobody_knows_is_told(room: Room, olga: User) -> None:
    """The private chat counts with the whole account, so the probe cannot prove that it is not there."""
    room.say(olga, "/subscribe water")
    room.deliver(str(olga.id))
    begun = room.telegram.state.faults.calls["sendMessage"]
    room.telegram.state.faults.add(Order(Fault("hang_up_before"), "sendMessage", calls=frozenset({begun + 1})))
    digests(room, WATER)
    room.deliver(str(olga.id), 1)
    keys = room.monitor.connection.keys.chat(str(olga.id))
    for _ in range(6):
        pending = room.monitor.outbox.outlook(str(olga.id)).head
        if pending is not None and pending.delivery.state == "ambiguous":
            # Make it due: the test does not wait for the product's patience.
            make_due(room, str(olga.id))
        room.deliver(str(olga.id), 1)

    assert len(told(room, olga, "cannot find out whether it arrived")) == 1
    assert int(room.monitor.connection.execute("ZCARD", keys.undelivered)) == 1
    assert "In all chats: 1 message of the last 60 days that may not have arrived." in room.say(olga, "/status")


def make_due(room: Room, chat: str) -> None:
    pending = room.monitor.outbox.outlook(chat).head
    assert pending is not None
    record = encode(replace(pending.delivery, due=NOW.replace(year=2000)))
    room.monitor.connection.execute("HSET", room.monitor.connection.keys.chat(chat).outbox, pending.id, record)


def test_one_chats_fault_holds_back_nobody_elses_digest(room: Room, olga: User) -> None:
    people = [room.person(name, "reader") for name in ("Anna", "Boris", "Carl")]
    for each in people:
        room.say(each, "/subscribe water")
        room.deliver(str(each.id))
    first, second, _ = (room.monitor.connection.keys.chat(str(each.id)) for each in people)
    room.monitor.connection.execute("RENAME", first.outbox, f"{first.claims}")
    room.monitor.connection.execute("SET", first.outbox, "not a hash")
    kept = room.monitor.connection.execute("HGET", second.subscriptions, "water")
    room.monitor.connection.execute("HSET", second.subscriptions, "water", b"no subscription")

    soon = NOW.replace(hour=8, minute=40)
    assert jobs.make_digest(room.monitor, WATER, soon) == jobs.AFTER_A_BUG
    room.deliver(str(people[2].id))

    assert "#Water:" in room.seen(people[2])[-1]
    room.monitor.connection.execute("RENAME", f"{first.claims}", first.outbox)
    room.monitor.connection.execute("HSET", second.subscriptions, "water", kept)
    jobs.make_digest(room.monitor, WATER, soon)
    for each in people:
        room.deliver(str(each.id))
        assert ["#Water:" in text for text in room.seen(each)] == [False, True]


def test_who_stood_still_since_a_digest_was_due_does_not_tell_it_again(room: Room, olga: User) -> None:
    room.monitor.told.begin({WATER.name: NOW - timedelta(days=1)})
    before = room.monitor.told.of(WATER.name)
    assert before is not None
    due = windows_due(WATER, before, NOW)[0]
    jobs.make_digest(room.monitor, WATER, NOW)
    after = room.monitor.told.of(WATER.name)
    room.say(olga, "/subscribe water")
    room.deliver(str(olga.id))

    assert jobs.tell(room.monitor, WATER, due, before, NOW)
    room.deliver(str(olga.id))

    assert after == Told(end=due.window.end)
    assert room.monitor.told.of(WATER.name) == after
    assert ["#Water:" in text for text in room.seen(olga)] == [False]


def test_a_channel_that_the_settings_name_is_greeted_before_its_first_digest(redis_url: str, tmp_path: Path) -> None:
    with a_room(redis_url, tmp_path) as room:
        room.follow(WATER)
        channel = room.telegram.state.world.add_chat("channel", "Digests")
        telegram = room.monitor.settings.telegram.model_copy(update={"chat": str(channel.id)})
        room.monitor.settings = room.monitor.settings.model_copy(update={"telegram": telegram})
        for _ in range(2):
            digests(room, WATER)
            room.deliver(str(channel.id))

        assert [text[:6] for text in room.seen(channel)] == ["Hello!", "Could "]


def test_a_chat_that_the_settings_name_is_the_one_that_speaks_by_its_number(redis_url: str, tmp_path: Path) -> None:
    with a_room(redis_url, tmp_path, 'chat = "@desk"\n') as room:
        room.follow(WATER)
        anna = room.person("Anna", "reader")
        group = room.telegram.state.world.add_chat("supergroup", "Desk", username="desk")
        room.telegram.state.world.set_member(group, anna, Member("administrator"))

        assert "Done" in room.say(anna, "/subscribe water", group)
        digests(room, WATER)
        room.deliver("@desk")

        assert ["#Water:" in text for text in room.seen(group)] == [False, True]
        assert room.monitor.chats.all() == ["@desk"]


def test_after_a_move_the_first_word_in_the_new_chat_is_where_a_probe_begins(room: Room, olga: User) -> None:
    group = room.telegram.state.world.add_chat("group", "Desk")
    room.telegram.state.world.set_member(group, olga, Member("administrator"))
    room.say(olga, "/subscribe water", group)
    room.deliver(str(group.id))
    upgraded = room.telegram.people.upgrade(group, olga)
    first = room.update(olga, "", group, kind="moved", moved_to=str(upgraded.id), message_id=None)
    second = room.update(olga, "", group, kind="moved", moved_to=str(upgraded.id), message_id=1)

    for update in (first, second):
        room.tell(update)

    view = room.monitor.outbox.outlook(str(group.id))
    assert (view.address, view.last_id) == (str(upgraded.id), 1)


def test_owners_are_told_once_that_backups_fail_and_once_that_they_work_again(room: Room, olga: User) -> None:
    first, second = NOW - timedelta(days=2), NOW - timedelta(days=1)
    tell_of_working(room.monitor, [first], NOW)
    assert told(room, olga, "ackup") == []

    for hours in range(3):
        tell_of_failing(room.monitor, second, "No space left on device", NOW + timedelta(hours=hours))
    assert told(room, olga, "The daily backup failed: No space left on device. The newest one is of Mon 12:00.") != []
    assert len(told(room, olga, "ackup")) == 1

    for _ in range(2):
        tell_of_working(room.monitor, [first, second], NOW + timedelta(hours=4))
    assert len(told(room, olga, "Backups work again")) == 1
    assert len(told(room, olga, "ackup")) == 2


def test_a_kill_after_the_backup_that_works_again_keeps_nobody_from_hearing_of_it(room: Room, olga: User) -> None:
    """The next one is then made beside two that are there already."""
    tell_of_failing(room.monitor, None, "No space left on device", NOW)

    tell_of_working(room.monitor, [NOW + timedelta(hours=1), NOW + timedelta(hours=2)], NOW + timedelta(hours=3))

    assert len(told(room, olga, "Backups work again")) == 1
