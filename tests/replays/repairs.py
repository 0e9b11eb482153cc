"""What is set right in a chat after a restore, and the restore's last step."""

from random import Random

from monitor.digests.restoring import begun
from monitor.seams.repairs import Correction, Survey
from monitor.store.erasure import MessageEraser
from monitor.store.repairs import RepairStore
from monitor.store.undelivered import UndeliveredStore
from tests.replays.chats import CHAT, POSTS, a_message, a_sender, an_outbox
from tests.replays.replayer import CLOCK, Call, Replayer
from tests.replays.work import ago, time_of


def surveyed(draw: Random, store: Replayer) -> Call:
    """A survey that found some ids or none, written by the sender of the chat or by a zombie."""
    an_outbox(draw, store)
    lease = a_sender(draw, store)
    RepairStore(store).begin_survey(CHAT, begun(time_of(CLOCK), draw.choice((None, 7))))
    found = tuple(draw.sample(range(5, 20), draw.randrange(4)))
    survey = Survey(at=time_of(CLOCK), base=7, scanned=30, found=found, is_done=draw.random() < 0.5)
    return lambda: RepairStore(store).surveyed(lease, survey)


def corrected(draw: Random, store: Replayer) -> Call:
    """A message that was edited, whose words changed again meanwhile or not."""
    known, lease = an_outbox(draw, store), a_sender(draw, store)
    pending, since = a_message(draw, known), ago(draw)
    name = store.keys.chat(CHAT).corrections
    store.execute("ZADD", name, draw.choice((since, since + 1)), pending.id)
    done = Correction(pending, time_of(since))
    return lambda: RepairStore(store).corrected(lease, done)


def amend(draw: Random, store: Replayer) -> Call:
    """A message kept for the page, which is what it was when it was read, or another one by now."""
    name = store.keys.chat(CHAT).messages
    store.execute("HSET", name, "m0", draw.choice(("as read", "as read", "changed since")))
    return lambda: store.run("amend", (name,), ("m0", "as read", "without words"))


def revise(draw: Random, store: Replayer) -> Call:
    """Messages of any state from which the words about some posts are taken, with or without the posts' names."""
    an_outbox(draw, store)
    posts = draw.sample(POSTS, draw.randrange(1, 4))
    if draw.random() < 0.5:
        return lambda: MessageEraser(store).erase(posts)
    return lambda: MessageEraser(store).erase(posts, lambda post: post._replace(source="forgotten"))


def drop(draw: Random, store: Replayer) -> Call:
    """Messages of any state that are given up, some of which changed meanwhile."""
    known = an_outbox(draw, store)
    parts = [a_message(draw, known) for _ in range(draw.randrange(1, 3))]
    return lambda: UndeliveredStore(store).drop(CHAT, parts)


def resend(draw: Random, store: Replayer) -> Call:
    """Messages of any state that are sent once more, whose posts are free, their own, or another's."""
    known = an_outbox(draw, store, queued=0.1)
    parts = [a_message(draw, known) for _ in range(draw.randrange(1, 3))]
    return lambda: UndeliveredStore(store).resend(CHAT, parts)


def unkeep(draw: Random, store: Replayer) -> Call:
    """Messages kept for the page, some of them old."""
    keys = store.keys.chat(CHAT)
    for number in range(draw.randrange(5)):
        store.execute("HSET", keys.messages, f"m{number}", f"message {number}")
        store.execute("ZADD", keys.order, ago(draw), f"m{number}")
    before = ago(draw)
    return lambda: store.run("unkeep", (keys.messages, keys.order), (before, 200))


def swap(draw: Random, store: Replayer) -> Call:
    """Restored keys, some of which have living names that are taken; or none any more, when it was done before."""
    names = {place: [f"{store.keys.prefix}{place}:{name}" for name in "abcd"] for place in ("new", "live", "aside")}
    for place, most in (("new", draw.choice((0, 4, 4))), ("live", 4)):
        for name in draw.sample(names[place], draw.randrange(most + 1)):
            store.execute("SET", name, f"was {name}")
    listed = (*names["new"], *names["live"], *names["live"], *names["aside"])
    return lambda: store.run("swap", listed, (4, 4, 60_000))
