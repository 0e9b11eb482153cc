"""A digest for a channel waits for an editor: sent once, dropped, or told by the next; what is deleted stays out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from monitor.digests.schedule import DueDigest, window_ending
from monitor.duties.alerting import taker_of
from monitor.duties.rounds import hand_over
from monitor.duties.upkeep import silent
from monitor.models import PostKey
from monitor.readers.reviewing import is_reviewed
from monitor.store import restore
from monitor.store.backup import back_up
from monitor.store.codec import decode_parcel
from tests.build import NOW, a_mention, a_topic
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import Chat, Member, User

POTS = a_topic(name="smash-pots", title="砸锅卖铁")
WATER = a_topic(name="water", title="Water")
DAY = timedelta(days=1)
DESK = "77001"
SETTINGS = f'review = "{DESK}"\n'


class Desk:
    """An editor who looks at what a channel is to get, in the editor's private chat, and the channel."""

    def __init__(self, room: Room) -> None:
        self.room = room
        world = room.telegram.state.world
        self.emil = world.add_user("Emil", user_id=int(DESK))
        room.telegram.people.private(self.emil).is_started = True
        room.monitor.people.grant(DESK, "editor")
        self.channel = world.add_chat("channel", "Digests")
        world.set_member(self.channel, self.emil, Member("administrator"))

    def tell(self, day: int = 0, topic: str = POTS.name, times: int = 1) -> None:
        """Let the digest of a day be due, as often as workers are killed and begin anew."""
        self.room.now = NOW + day * DAY
        found = next(each for each in self.room.monitor.topics.all() if each.name == topic)
        for _ in range(times):
            due = DueDigest(window=window_ending(self.room.now))
            assert hand_over(self.room.monitor, found, due, self.room.now) == []

    def buttons(self) -> list[str]:
        """Return what the buttons [Send] and [Drop] of the newest question send."""
        keys = self.room.monitor.connection.keys.chat(DESK)
        newest = self.room.monitor.connection.execute("ZRANGE", keys.handed, 0, -1)
        found = [self.room.monitor.outbox.find(DESK, each.decode()) for each in newest]
        asked = [each.parcel.message for each in found if each is not None and each.parcel.message.part == 1]
        questions = {each.digest_id: each for each in asked}
        waiting = [f"review-{each.id}" for each in self.room.monitor.reviews.all()]
        return [button.data for name in waiting for row in questions[name].buttons for button in row]

    def press(self, data: str, user: User | None = None, times: int = 1) -> str:
        """Let somebody press a button; the same update may come again."""
        update = self.room.update(
            user or self.emil, data, self.room.telegram.people.private(self.emil), kind="button", button="1"
        )
        said = [self.room.tell(update) for _ in range(times)]
        return "" if said[-1] is None else said[-1].text

    def read(self, where: Chat | User | None = None) -> list[str]:
        """Return the digests that readers of the channel see."""
        chat = where or self.channel
        self.room.deliver(str(chat.id))
        return [each for each in self.room.seen(chat) if "#" in each]

    def claimed(self) -> set[PostKey]:
        packed = self.room.monitor.connection.execute(
            "HVALS", self.room.monitor.connection.keys.chat(str(self.channel.id)).parcels
        )
        return {key for each in packed for key in decode_parcel(each).posts}


@pytest.fixture
def desk(redis_url: str, tmp_path: Path) -> Iterator[Desk]:
    with a_room(redis_url, tmp_path, SETTINGS) as room:
        room.follow(POTS, WATER)
        made = Desk(room)
        assert "\nDone. " in room.say(made.emil, f"/subscribe {made.channel.id} smash-pots")
        yield made


def test_a_digest_comes_to_the_channel_when_an_editor_sends_it_and_once(desk: Desk) -> None:
    desk.tell(times=2)
    assert desk.read() == []
    [shown] = desk.read(desk.emil)
    send, drop = desk.buttons()

    said = desk.press(send, times=2)
    again = desk.press(send)
    late = desk.press(drop)
    desk.tell(times=2)

    assert said == again == f"The digest on 砸锅卖铁 goes to {desk.channel.id}."
    assert late == "It was sent before."
    assert desk.read() == [shown]
    assert len(desk.claimed()) == 3
    assert desk.read(desk.emil) == [shown]


def test_what_is_dropped_never_comes(desk: Desk) -> None:
    desk.tell()
    send, drop = desk.buttons()

    assert desk.press(drop, times=2) == f"Dropped. {desk.channel.id} does not get it."
    assert desk.press(send) == "It was dropped before."
    desk.tell(times=2)

    assert desk.read() == []
    assert "No digest waits" in desk.room.say(desk.emil, "/review")


def test_what_nobody_decided_on_is_told_by_the_next_digest(desk: Desk) -> None:
    desk.tell()
    old = desk.buttons()[0]
    desk.tell(day=1, times=2)

    assert "too old" in desk.press(old)
    assert desk.read() == []
    desk.press(desk.buttons()[0])

    [seen] = desk.read()
    assert "3 posts" in seen
    assert "2 d to" in seen
    assert len(desk.claimed()) == 3


def test_what_was_approved_since_a_restored_backup_is_not_told_by_the_next_digest(desk: Desk, tmp_path: Path) -> None:
    desk.tell()
    connection = desk.room.monitor.connection
    file = back_up(connection, tmp_path / "old.backup", None, silent).path
    desk.press(desk.buttons()[0])
    before, asked = desk.read(), desk.read(desk.emil)
    connection.erase()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restore, "store_now", lambda _: NOW + timedelta(hours=1))
        assert restore.restore_into(connection, file, silent).findings == []

    desk.tell(times=2)
    desk.tell(day=1)
    shown_again = desk.read(desk.emil)
    desk.press(desk.buttons()[0])

    assert len(before) == 1
    assert "3 posts" in before[0]
    assert [each for each in desk.read() if "3 posts" in each] == before
    assert not any("3 posts" in each for each in shown_again[len(asked) :])


def test_a_post_that_is_deleted_while_its_digest_waits_stays_out(desk: Desk) -> None:
    desk.tell()
    [before] = desk.read(desk.emil)
    gone = a_mention("smash-pots1", topic=POTS.name).post.key
    monitor = desk.room.monitor
    assert monitor.changes.withdraw([gone], monitor.stages()) == 1

    desk.press(desk.buttons()[0])

    [seen] = desk.read()
    assert seen != before
    assert seen.count("No longer available.") == 1


def test_whoever_pressed_and_was_killed_is_not_forgotten(desk: Desk) -> None:
    """Killed after it was written down that the digest goes, before it went: the next digest ends that first."""
    desk.tell()
    [waiting] = desk.room.monitor.reviews.all()
    assert desk.room.monitor.reviews.move(waiting, replace(waiting, state="sent", by=DESK))

    desk.tell(day=1)

    assert len(desk.read()) == 1
    assert "3 posts" in desk.read()[0]


def test_a_worker_killed_before_it_showed_what_waits_is_followed_by_one_who_does(desk: Desk) -> None:
    """Killed after the record was written: nothing is in the review chat yet."""
    desk.tell()
    keys = desk.room.monitor.connection.keys.chat(DESK)
    desk.room.monitor.connection.execute("DEL", keys.outbox, keys.parcels, keys.queue, keys.handed)

    desk.tell()
    desk.press(desk.buttons()[0])

    assert len(desk.read()) == 1
    assert len(desk.claimed()) == 3


def test_a_digest_of_which_something_was_shown_meanwhile_is_told_by_the_next(desk: Desk) -> None:
    desk.tell()
    chat = str(desk.channel.id)
    key = desk.room.monitor.connection.keys.chat(chat).claims
    shown = a_mention("smash-pots1", topic=POTS.name).post.key
    desk.room.monitor.connection.execute("HSET", key, str(shown), "another-0")

    said = desk.press(desk.buttons()[0])
    desk.room.monitor.connection.execute("HDEL", key, str(shown))
    assert said.startswith("Some of it was shown there meanwhile")
    assert desk.read() == []
    desk.tell(day=1)
    desk.press(desk.buttons()[0])

    assert "2 d to" in desk.read()[0]


def test_readers_decide_nothing_and_a_chat_of_people_is_not_looked_at(desk: Desk) -> None:
    anna = desk.room.person("Anna", "reader")
    desk.room.say(anna, "/subscribe smash-pots")
    desk.tell()

    desk.press(desk.buttons()[0], anna)

    assert desk.read() == []
    assert len(desk.read(anna)) == 1


def test_a_channel_that_is_looked_at_takes_no_alerts(desk: Desk) -> None:
    assert taker_of(desk.room.monitor, POTS, str(desk.channel.id), NOW) is None


def test_two_topics_wait_for_one_channel(desk: Desk) -> None:
    desk.room.say(desk.emil, f"/subscribe {desk.channel.id} water")
    desk.tell()
    desk.tell(topic=WATER.name)
    assert len(desk.room.say(desk.emil, "/review").splitlines()) == 2

    for each in desk.buttons()[::2]:
        desk.press(each)

    assert len(desk.read()) == 2


def test_a_group_named_from_a_private_chat_stays_a_group(redis_url: str, tmp_path: Path) -> None:
    """It keeps its buttons and alerts, and its digests wait for nobody's approval."""
    with a_room(redis_url, tmp_path, SETTINGS) as room:
        room.follow(POTS)
        anna = room.person("Anna", "reader")
        group = str(room.group(anna).id)
        room.say(anna, f"/subscribe {group} smash-pots")

        said = room.say(anna, f"/settings {group} smash-pots shows all")

        assert "the best of the day" in said
        assert not room.monitor.wishes.manners(group).is_channel
        assert not is_reviewed(room.monitor, group)
        assert taker_of(room.monitor, POTS, group, NOW) is not None
