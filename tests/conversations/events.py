"""What can happen in a script beside what is said: to chats, to rights, to Telegram, to sources."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.bot.source_troubles import tell_of_sources
from monitor.models import PostKey
from monitor.seams.budget import Wish, micro
from monitor.store.spend import SpendStore
from tests.simulators.telegram_chats import Member
from tests.simulators.telegram_faults import Fault, Order

if TYPE_CHECKING:
    from tests.conversations.playing import Play


def found_chat(play: "Play", name: str, kind: Any) -> None:
    """Let there be a group, a forum or a channel."""
    world, is_forum = play.house.telegram.state.world, kind == "forum"
    play.chats[name] = world.add_chat("supergroup" if is_forum else kind, name, is_forum=is_forum)


def open_topic(play: "Play", name: str, forum: str, by: str) -> None:
    """Let somebody open a topic in a forum."""
    people, where = play.house.telegram.people, f"{forum}/{name}"
    play.threads[where] = people.open_topic(play.chats[forum], play.person(by), name)


def make_admin(play: "Play", name: str, group: str) -> None:
    """Let somebody be an administrator of a group or channel."""
    play.house.telegram.state.world.set_member(play.chats[group], play.person(name), Member("administrator"))


def review_by(play: "Play", name: str) -> None:
    """Let digests for channels be shown first in somebody's chat."""
    telegram = play.house.monitor.settings.telegram.model_copy(update={"review": str(play.place(name).id)})
    play.house.monitor.settings = play.house.monitor.settings.model_copy(update={"telegram": telegram})


def spend(play: "Play", cents: str, topic: str) -> None:
    """Let posts of X be paid for on behalf of a topic, a cent each."""
    monitor, now = play.house.monitor, play.house.clock.now
    meter = SpendStore(monitor.connection, "x", monitor.spending["x"].budget, lambda _: [topic])
    made = meter.reserve("", Wish("post", micro(0.01), int(cents)), now)
    meter.settle(made, [f"post {topic} {number}" for number in range(made.things)])


def move_door(play: "Play", name: str, verb: str, group: str = "") -> None:
    """Let somebody let the bot in or out, or make a group a supergroup."""
    people, user = play.house.telegram.people, play.person(name)
    if verb in ("blocks", "unblocks"):
        {"blocks": people.block, "unblocks": people.unblock}[verb](user)
    elif verb == "upgrades":
        play.chats[group] = people.upgrade(play.chats[group], user)
    else:
        {"kicks": people.kick_bot, "adds": people.add_bot}[verb](play.chats[group], user)


def let_write(play: "Play", group: str, verb: str) -> None:
    """Forbid the members of a group to write, or allow it."""
    play.chats[group].may_members_send = verb == "lets"


def shut_topic(play: "Play", name: str, verb: str, topic: str, forum: str) -> None:
    """Let somebody close or delete a topic of a forum."""
    people, thread = play.house.telegram.people, play.threads[f"{forum}/{topic}"]
    if verb == "closes":
        people.close_topic(play.chats[forum], play.person(name), thread)
    else:
        people.delete_topic(play.chats[forum], thread)


def break_off(play: "Play", kind: Any) -> None:
    """Let something go wrong with the next message that is sent."""
    kinds = {"is cut off": "hang_up_before", "is refused for its words": "refused"}
    faults = play.house.telegram.state.faults
    faults.add(Order(Fault(kinds[kind]), "sendMessage", calls=frozenset({faults.calls["sendMessage"] + 1})))  # type: ignore[arg-type]


def fail_source(play: "Play", source: str, reason: str, hours: str) -> None:
    """Let a source fail for some hours, and let the daily rounds be made."""
    house = play.house
    for query in house.monitor.plan():
        if query.source == source:
            house.fail(query, reason)
    house.clock.now += timedelta(hours=int(hours))
    tell_of_sources(house.monitor, house.clock.now)


def withdraw(play: "Play", number: str) -> None:
    """Let the author of a post delete it."""
    monitor = play.house.monitor
    found = next(each.post.key for each in monitor.mentions.latest("smash-pots", 0, 400) if each.post.key.id == number)
    assert monitor.changes.withdraw([PostKey(*found)], monitor.stages())


def pass_time(play: "Play", hours: str) -> None:
    """Let hours pass."""
    play.house.clock.now += timedelta(hours=int(hours))


EVENTS: dict[str, Callable[..., None]] = {
    r"(\w+) is an? (reader|editor|owner)": lambda play, name, role: play.grant(name, role),
    r"(\w+) is an admin of (\w+)": make_admin,
    r"(\w+) is a (group|supergroup|forum|channel)": found_chat,
    r"(\w+) of (\w+) is a topic opened by (\w+)": open_topic,
    r"(\w+) sees digests for channels first": review_by,
    r"digest of ([\w-]+)": lambda play, topic: play.digest(topic),
    r"X costs (\d+) cents for ([\w-]+)": spend,
    r"(\w+) (blocks|unblocks) the bot": move_door,
    r"(\w+) (kicks|adds) the bot (?:from|to) (\w+)": move_door,
    r"(\w+) (upgrades) (\w+)": move_door,
    r"(\w+) (forbids|lets) members to write": let_write,
    r"(\w+) (closes|deletes) the topic (\w+) of (\w+)": shut_topic,
    r"the next message (is cut off|is refused for its words)": break_off,
    r"(\w+) fails, (.+), for (\d+) hours": fail_source,
    r"the author of post (\w+) deletes it": withdraw,
    r"(\d+) hours pass": pass_time,
}
"""What can happen, as it is written after "*"."""

assert all(re.compile(each) for each in EVENTS)
