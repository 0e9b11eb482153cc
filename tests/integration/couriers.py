"""Couriers for tests: with short times, in this process."""

import threading
import time
import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from monitor.digests.delivery import Policy, Terms
from monitor.models import Entity, Message, Parcel, PostKey
from monitor.protocols import Messenger
from monitor.services.courier import deliver
from monitor.services.desk import Desk, Times
from monitor.sinks.telegram import TelegramSink
from monitor.sinks.telegram_line import Account
from monitor.store.chats import ChatList
from monitor.store.connection import Connection
from monitor.store.floods import FloodList
from monitor.store.outbox import OutboxStore
from monitor.store.repairs import RepairStore
from monitor.store.send_pace import SendPace
from tests.simulators.telegram_api import Simulator

PATIENCE = timedelta(seconds=0.5)
TIMES = Times(
    lease=timedelta(seconds=2.5),
    request=timedelta(seconds=0.7),
    margin=timedelta(seconds=0.2),
    again=timedelta(seconds=0.1),
)
QUICK = SendPace(100, timedelta(milliseconds=100))


def terms(policy: Policy = "hold") -> Terms:
    """Return terms with times for tests."""
    return Terms(
        policy=policy,
        look_after=timedelta(seconds=0.8),
        late_look_after=timedelta(seconds=0.5),
        shortest_wait=timedelta(seconds=0.1),
    )


def a_desk(connection: Connection, messenger: Messenger, policy: Policy = "hold") -> Desk:
    """Return a desk with short times and hardly any pace."""
    outbox = OutboxStore(connection, QUICK, QUICK)
    chats = ChatList(connection, SendPace(1000, timedelta(seconds=1)))
    return Desk(
        outbox,
        outbox,
        chats,
        messenger,
        messenger,
        RepairStore(connection),
        time.monotonic,
        terms(policy),
        TIMES,
        FloodList(connection),
    )


def a_sink(api_url: str, token: str) -> TelegramSink:
    """Return a sink that waits half a second for an answer."""
    return TelegramSink(Account(token, api_url), PATIENCE)


def parcels(chat: object, digest: str, parts: int = 1, posts: int = 2) -> list[Parcel]:
    """Return the parts of a digest: text with characters of two UTF-16 units, two entities, own posts in each part."""
    return [
        Parcel(
            message=Message(
                id=f"{digest}-{part}",
                chat=str(chat),
                digest_id=digest,
                part=part,
                text=f"🔥 digest {digest} part {part}\n砸锅卖铁",
                entities=(Entity(type="bold", offset=3, length=6), Entity(type="italic", offset=10, length=2)),
            ),
            posts=tuple(PostKey("bluesky", f"{digest}/{part}/{n}") for n in range(posts)),
        )
        for part in range(parts)
    ]


def is_done(connection: Connection, chat: str) -> bool:
    """Tell whether nothing waits in a chat any more, late looks included."""
    keys = connection.keys.chat(chat)
    return not any(
        int(connection.execute("ZCARD", key)) for key in (keys.queue, keys.extras, keys.late, keys.corrections)
    )


def drain(desk: Desk, connection: Connection, chats: Iterable[str], seconds: float = 60.0) -> None:
    """Deliver until nothing waits, in eight threads."""
    ends = time.monotonic() + seconds
    pause = threading.Event()

    def work(chat: str) -> None:
        while not is_done(connection, chat):
            assert time.monotonic() < ends, f"chat {chat} does not come to an end"
            wait = deliver(desk, chat, uuid.uuid4().hex)
            pause.wait(min(wait.total_seconds(), 0.2))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, chats))


def a_channel(telegram: Simulator, desk: Desk, connection: Connection) -> str:
    """Return a channel in which one message of ours is known, so that a probe has where to begin."""
    chat = str(telegram.state.world.add_chat("channel", "Digests").id)
    desk.outbox.hand_over(chat, parcels(chat, "anchor"))
    drain(desk, connection, [chat])
    return chat
