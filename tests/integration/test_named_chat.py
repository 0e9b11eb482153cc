"""The chat that the settings name: it has no subscription, and yet it wishes, is quiet for weeks, and says /forget."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.bot.texts import BY_SETTING
from monitor.duties import upkeep
from monitor.duties.rounds import candidates
from monitor.models import Topic
from monitor.store.wishes import Plan
from tests.integration.room import Room, a_room
from tests.simulators.telegram_chats import User

POTS = Topic(name="pots", title="砸锅卖铁", any=("砸锅卖铁",), sources=("hackernews",))
ZOE = "424242"
LATER = timedelta(days=61)


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path, f'chat = "{ZOE}"\n') as room:
        room.follow(POTS)
        yield room


@pytest.fixture
def zoe(room: Room) -> User:
    user = room.telegram.state.world.add_user("Zoe", user_id=int(ZOE))
    room.telegram.people.private(user).is_started = True
    room.monitor.people.grant(ZOE, "reader")
    return user


def test_the_daily_tidying_takes_neither_its_mute_nor_its_people(room: Room, zoe: User) -> None:
    room.say(zoe, "/settings pots people counts")
    room.say(zoe, "/mute pots 60d")
    room.deliver(ZOE)
    asked = room.monitor.wishes.of(ZOE, "pots"), room.monitor.wishes.manners(ZOE)
    assert asked[0] is not None
    assert asked[1].people == "counts"

    upkeep.tidy(room.monitor, room.monitor.now() + LATER)

    assert not room.monitor.connection.execute("EXISTS", room.monitor.connection.keys.chat(ZOE).outbox)
    assert (room.monitor.wishes.of(ZOE, "pots"), room.monitor.wishes.manners(ZOE)) == asked


def test_a_chat_that_nobody_names_is_still_forgotten_with_its_last_message(room: Room) -> None:
    anna = room.person("Anna", "reader")
    room.say(anna, "/language 简体")
    room.deliver(str(anna.id))
    assert room.monitor.wishes.manners(str(anna.id)).language is not None

    upkeep.tidy(room.monitor, room.monitor.now() + LATER)

    assert room.monitor.wishes.manners(str(anna.id)).language is None


def test_forget_says_that_the_settings_go_on_and_forgets_what_was_wished(room: Room, zoe: User) -> None:
    room.say(zoe, "/settings pots at 07:30")

    said = room.say(zoe, "/forget")

    assert "No digest comes here" not in said
    assert BY_SETTING in said
    assert candidates(room.monitor, POTS) == [ZOE]
    assert room.monitor.wishes.of(ZOE, "pots") is None


def test_plans_of_nobody_are_swept_by_the_daily_tidying(room: Room, zoe: User) -> None:
    room.say(zoe, "/settings pots at 07:30")
    [own] = room.monitor.wishes.plans()
    for each in (Plan("pots", "77", "08:00/UTC/daily"), Plan("left", ZOE, "08:00/UTC/daily")):
        room.monitor.wishes.set_plan(each)

    upkeep.tidy(room.monitor, room.monitor.now())

    assert room.monitor.wishes.plans() == [own]
