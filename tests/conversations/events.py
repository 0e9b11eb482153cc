"""What can happen in a script beside what is said: to chats, to rights, to Telegram, to sources."""

import contextlib
import re
import resource
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from monitor.bot.asked import Answer, Asked
from monitor.bot.commands import COMMANDS
from monitor.digests.charts import PICTURES
from monitor.duties.scoring import score
from monitor.duties.upkeep import back_up_daily
from monitor.errors import StoreError
from monitor.models import Engagement, PostKey
from monitor.readers.source_troubles import tell_of_sources
from monitor.readers.troubles import tell_of_rival
from monitor.seams.budget import Wish, micro
from monitor.settings import BackupSettings
from monitor.store.spend import SpendStore
from tests.conversations.world import ASKER, Said, crowd_of, posts_of
from tests.simulators.telegram_chats import Member
from tests.simulators.telegram_faults import Fault, Order
from tests.simulators.telegram_refusals import TWO_POLLERS

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


def break_off(play: "Play", count: str | None, kind: Any) -> None:
    """Let something go wrong with the next messages that are sent here."""
    fault = Fault("hang_up_before") if "cut off" in kind else Fault("refused")
    chat = play.place(ASKER).id
    play.house.telegram.state.faults.add(Order(fault, "sendMessage", times=int(count or 1), chat=chat))


def fail_source(play: "Play", source: str, reason: str, hours: str) -> None:
    """Let a source fail for some hours, and let the daily rounds be made."""
    house = play.house
    for query in house.monitor.plan():
        if query.source == source:
            house.fail(query, reason)
    house.clock.now += timedelta(hours=int(hours))
    tell_of_sources(house.monitor, house.clock.now)


def crowd(play: "Play", topic: str) -> None:
    """Let forty people speak of something within the hour that ends now, and let the numbers be looked at."""
    house = play.house
    house.learn(list(posts_of(crowd_of(topic), house.clock.now, 2000)))
    for query in house.monitor.queries_of(play.topic(topic)):
        house.read(query, timedelta(hours=3))
    score(house.monitor, play.topic(topic), house.clock.now)


def write_post(play: "Play", platform: str, text: str) -> None:
    """Let somebody write a post, which is read a minute later."""
    house, number = play.house, 3000 + len(play.posts)
    play.posts.append(text)
    house.learn(list(posts_of([Said(0.1 - 0.01 * len(play.posts), platform, text)], house.clock.now, number)))


def like(play: "Play", count: str, text: str) -> None:
    """Let so many more people like a post, and let it be looked at again."""
    house = play.house
    (known,) = [each for each in house.monitor.mentions.latest("smash-pots", 0, 100) if each.post.text == text]
    likes = (known.post.engagement.likes or 0) + int(count)
    house.learn([replace(known.post, engagement=Engagement(likes=likes), observed_at=house.clock.now)])


def quoted_posts(play: "Play") -> list[PostKey]:
    """Return the posts that messages in private quote, in the order in which they were sent."""
    monitor = play.house.monitor
    chat = str(play.place(ASKER).id)
    parts = monitor.connection.execute("ZRANGE", monitor.connection.keys.chat(chat).handed, 0, -1)
    found = [monitor.outbox.find(chat, each.decode()) for each in parts]
    return [each.key for known in found if known is not None for each in known.parcel.message.quotes]


def take_back(play: "Play", verb: str) -> None:
    """Let the author of the first post that a digest quotes after an alert delete it, or that of the third edit it."""
    monitor, keys = play.house.monitor, list(dict.fromkeys(quoted_posts(play)))
    if verb == "deletes":
        assert monitor.changes.withdraw([keys[1]], monitor.stages())
        wake_all(play)
        return
    (known,) = monitor.mentions.find("smash-pots", [keys[3]])
    edited = replace(known.post, text=f"{known.post.text} (改过)")
    assert monitor.changes.revise([edited], monitor.stages(), play.house.clock.now)
    wake_all(play)


def wake_all(play: "Play") -> None:
    """Let every chat be looked at."""
    for chat in play.house.monitor.chats.all():
        play.house.monitor.chats.wake(chat, f"taken back {play.house.clock.now}")


def draw_nothing(play: "Play") -> None:
    """Let the library that draws be missing."""
    before = sys.modules.get(PICTURES)
    sys.modules[PICTURES] = None  # type: ignore[assignment]
    play.house.until_mended(lambda: sys.modules.__setitem__(PICTURES, before) if before else sys.modules.pop(PICTURES))


def fill_disk(play: "Play") -> None:
    """Let this process write no file any more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    play.house.until_mended(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard)))


def break_command(play: "Play", name: str) -> None:
    """Let a command have a fault of ours."""

    def fail(asked: Asked) -> Answer:
        raise RuntimeError(f"a fault of ours in chat {asked.chat}")

    before = COMMANDS[name]
    COMMANDS[name] = before._replace(run=fail)
    play.house.until_mended(lambda: COMMANDS.__setitem__(name, before))


def rival(play: "Play") -> None:
    """Let Telegram refuse to tell us what people write: somebody else asks."""
    tell_of_rival(play.house.monitor, TWO_POLLERS, play.house.clock.now)


def back_up(play: "Play", is_impossible: str) -> None:
    """Let the daily backup be due, and where it is to fail, let a file be where its folder should be."""
    house = play.house
    folder = house.monitor.settings.home / "backups"
    settings = house.monitor.settings.model_copy(update={"backup": BackupSettings(keep=2, folder=folder)})
    house.monitor.settings = settings
    house.until_mended(lambda: shutil.rmtree(folder, ignore_errors=True))
    if folder.is_file():
        folder.unlink()
    if is_impossible:
        folder.write_text("no folder", encoding="utf-8")
    with contextlib.suppress(StoreError):
        back_up_daily(house.monitor, house.clock.now)


def pass_time(play: "Play", hours: str) -> None:
    """Let hours pass, in which everything is read."""
    play.house.clock.now += timedelta(hours=int(hours))
    for query in play.house.monitor.plan():
        play.house.read(query, timedelta(hours=int(hours) + 1))


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
    r"the next (?:(\d+) )?messages? (?:is|are) (cut off|refused for \w+ words)": break_off,
    r"(\w+) fails, (.+), for (\d+) hours": fail_source,
    r"the author of a quoted post (deletes|edits) it": take_back,
    r"somebody writes on (\w+): (.+)": write_post,
    r"(\d+) more people like (.+)": like,
    r"a crowd speaks of ([\w-]+)": crowd,
    r"nothing can be drawn": draw_nothing,
    r"nothing can be written": fill_disk,
    r"something in us breaks at /(\w+)": break_command,
    r"another program polls for the bot": rival,
    r"(\d+) hours pass": pass_time,
    r"a backup is due( and cannot be written)?": back_up,
}
"""What can happen, as it is written after "*"."""

assert all(re.compile(each) for each in EVENTS)
