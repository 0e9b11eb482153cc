"""What an author deletes is gone everywhere within a day, platform by platform: store, log, messages; counts stay.

Posts are told in a digest that a strict Telegram shows, and are deleted where they were written. Streams tell of it;
elsewhere shown posts are looked at again.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from monitor.digests.redaction import GONE
from monitor.digests.render import render
from monitor.due_jobs import reread_jobs
from monitor.duties.jobs import digest_now
from monitor.duties.rounds import shown_in
from monitor.duties.second_look import look_again
from monitor.models import Author, Engagement, Parcel, Post, PostKey, Window
from monitor.pipeline import ingest
from monitor.processes.stalls import Beat
from monitor.processes.streaming import Runner
from monitor.sources import SOURCES, STREAMS
from monitor.store.fsck import check
from monitor.topics.polling.planning import reread_job
from monitor.wiring import Monitor
from tests.build import a_topic
from tests.integration.couriers import a_desk, a_sink, drain
from tests.integration.product import Product
from tests.integration.test_forget import log_of, stored
from tests.simulators.algolia import Items
from tests.simulators.feed_server import FeedServer, HttpRequest
from tests.simulators.jetstream import JetstreamServer, Network
from tests.simulators.lemmy import Lemmy
from tests.simulators.mastodon import Instance, a_status
from tests.simulators.reddit import AGENT, CLIENT, SECRET, Reddit
from tests.simulators.telegram_api import TOKEN, Simulator
from tests.simulators.x_api import TOKEN as X_TOKEN
from tests.simulators.x_api import XServer
from tests.simulators.x_stream import XStreamServer
from tests.simulators.x_world import World
from tests.simulators.youtube import KEY, Api

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WORDS, MARK, KEPT = "砸锅卖铁", "takenbackmark", "staystheremark"
WRITER = "writermark"
NEVER = {"rss": "feeds drop what is old: that an entry is gone says nothing", "replay": "an archive is a file"}
"""Sources from which no deletion is followed, and why."""


class Platform(NamedTuple):
    """A running platform with one post of two that will be deleted: its key, the source's settings, and how it goes.

    `is_told`: its stream tells of deletions, to who `is_heard` by it. `publish`: it must be heard of there before.
    """

    source: str
    key: PostKey
    settings: dict[str, str]
    delete: Callable[[], None]
    allow: str = ""
    is_told: bool = False
    is_heard: Callable[[], bool] = lambda: True
    publish: Callable[[], None] | None = None


def hackernews(stack: ExitStack) -> Platform:
    server, items = stack.enter_context(FeedServer()), Items()
    items.put(7, title=f"{WORDS} {MARK}", time=int(NOW.timestamp()), by=WRITER)
    server.serve_everything(items)
    urls = {"url": f"{server.url}/api/v1", "items_url": f"{server.url}/v0"}
    return Platform("hackernews", PostKey("hackernews", "7"), urls, lambda: items.put(7, deleted=True), server.address)


def x(stack: ExitStack) -> Platform:
    world = World(NOW)
    server = stack.enter_context(XServer(world, is_judged=False))
    post = world.post(f"{WORDS} {MARK}", ago=MINUTE, author="42")
    options = {"token": X_TOKEN, "budget": "1", "url": server.url}
    return Platform("x", PostKey("x", str(post.id)), options, lambda: setattr(post, "is_gone", True))


def x_stream(stack: ExitStack) -> Platform:
    world = World(NOW)
    server = stack.enter_context(XStreamServer(world))
    post = world.post(f"{WORDS} {MARK}", ago=MINUTE, author="42")
    options = {"token": X_TOKEN, "budget": "1", "url": server.url}
    return Platform("x_stream", PostKey("x", str(post.id)), options, lambda: setattr(post, "is_gone", True))


def youtube(stack: ExitStack) -> Platform:
    server, api = stack.enter_context(FeedServer()), Api(lambda: NOW)
    server.serve_everything(api)
    api.video("video000001", f"{WORDS} {MARK}", NOW)
    options = {"key": KEY, "url": server.url}
    return Platform("youtube", PostKey("youtube", "video000001"), options, api.videos.clear, server.address)


def reddit(stack: ExitStack) -> Platform:
    server = stack.enter_context(Reddit(lambda: NOW))
    server.submit("t3_a1", f"{WORDS} {MARK}", NOW, author=WRITER)
    account = {"client_id": CLIENT, "client_secret": SECRET, "user_agent": AGENT}

    def delete() -> None:
        server.things[0]["data"] |= {"author": "[deleted]", "selftext": "[deleted]"}

    return Platform("reddit", PostKey("reddit", "t3_a1"), account | {"url": server.url, "api_url": server.url}, delete)


def lemmy(stack: ExitStack) -> Platform:
    server = stack.enter_context(FeedServer())
    instance = Lemmy(server.address, lambda: NOW)
    server.serve_everything(instance)
    address = instance.post(f"{WORDS} {MARK}", NOW - MINUTE)

    def delete() -> None:
        instance.thing(address)["deleted"] = True

    return Platform("lemmy", PostKey("lemmy", address), {"url": server.url}, delete, server.address)


def mastodon(stack: ExitStack) -> Platform:
    server = stack.enter_context(FeedServer())
    instance = Instance(server.address, lambda: NOW)
    server.serve_everything(instance)
    uri = instance.post(f"{WORDS} {MARK}", NOW - MINUTE, tags=("砸锅卖铁",))
    options = {"instances": server.url}
    return Platform("mastodon", PostKey("mastodon", uri), options, lambda: instance.delete(uri), server.address)


def mastodon_stream(stack: ExitStack) -> Platform:
    server, told = stack.enter_context(FeedServer()), list[tuple[str, str]]()
    id_ = str(int(NOW.timestamp() * 1000) << 16)
    uri = f"https://{server.address}/users/{WRITER}/statuses/{id_}"
    status = a_status(id_, uri, f"{WORDS} {MARK}", NOW)
    server.serve_everything(Instance(server.address, lambda: NOW))

    def stream(asked: HttpRequest) -> None:
        asked.head(200, {"Content-Type": "text/event-stream"})
        while told:
            kind, data = told.pop(0)
            asked.wfile.write(f"event: {kind}\ndata: {data}\n\n".encode())

    server.serve("/api/v1/streaming/public", stream)
    options = {"instances": server.url, "tokens": f"{server.address}=token-of-ours"}
    return Platform(
        "mastodon_stream",
        PostKey("mastodon", uri),
        options,
        lambda: told.append(("delete", id_)),
        server.address,
        is_told=True,
        publish=lambda: told.append(("update", json.dumps(status))),
    )


def bluesky(stack: ExitStack) -> Platform:
    network = Network()
    server = stack.enter_context(JetstreamServer(network))
    uri = network.post(f"{WORDS} {MARK}")
    options, key = {"servers": server.url}, PostKey("bluesky", uri)
    return Platform("bluesky", key, options, lambda: network.delete(uri), "", True, lambda: server.begun > 0)


PLATFORMS: dict[str, Callable[[ExitStack], Platform]] = {
    "bluesky": bluesky,
    "hackernews": hackernews,
    "lemmy": lemmy,
    "mastodon": mastodon,
    "mastodon_stream": mastodon_stream,
    "reddit": reddit,
    "x": x,
    "x_stream": x_stream,
    "youtube": youtube,
}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_every_source_is_tried_or_says_why_not() -> None:
    assert {*PLATFORMS, *NEVER} == {*SOURCES, *STREAMS}


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_is_deleted_is_gone_within_a_day(name: str, tmp_path: Path, stack: ExitStack, telegram: Simulator) -> None:
    platform = PLATFORMS[name](stack)
    product = Product(tmp_path)
    product.write_settings(settings_of(platform))
    monitor = stack.enter_context(product.opened())
    monitor.connection.execute("CONFIG", "SET", "rdbcompression", "no")  # words could hide in compressed strings
    monitor.topics.replace([a_topic(any=(WORDS,), sources=(platform.source,))], "hash")
    chat = str(telegram.state.world.add_chat("channel", "Digests").id)
    sink = a_sink(telegram.url, TOKEN)
    stack.callback(sink.close)
    desk = a_desk(monitor.connection, sink)
    bring(monitor, platform)
    window = Window(NOW - 2 * HOUR, NOW + HOUR)
    before = monitor.mentions.hourly("pots", window)
    made = digest_now(monitor, monitor.topics.all()[0], window, NOW + HOUR)
    monitor.sink.send(render(made, "preview-pots"))
    monitor.outbox.hand_over(chat, [Parcel(message=render(made, chat), posts=shown_in(made))])
    drain(desk, monitor.connection, [chat])
    assert MARK.encode() in stored(monitor)
    assert MARK.encode() in log_of(monitor)
    shown_before = telegram.state.ledger.visible(int(chat))[-1].text
    assert platform.source.startswith("x") or MARK in shown_before

    follow(monitor, platform)
    drain(desk, monitor.connection, [chat])

    everything, log = stored(monitor), log_of(monitor)
    for gone in (MARK, WRITER):
        assert gone.encode() not in everything.replace(platform.key.id.encode(), b"")
        assert gone.encode() not in log.replace(platform.key.id.encode(), b"")
    assert KEPT.encode() in everything
    (shown,) = telegram.state.ledger.visible(int(chat))
    assert MARK not in shown.text
    assert GONE in shown.text
    assert monitor.mentions.hourly("pots", window) == before, "counts stay"
    assert monitor.mentions.count("pots", window) == 2
    assert check(monitor.connection) == []


def settings_of(platform: Platform) -> str:
    """Return the configuration of a source."""
    lines = [f'[fetch]\nallow = ["{platform.allow}"]'] if platform.allow else []
    lines += [f"[sources.{platform.source}]", *(f'{key} = "{value}"' for key, value in platform.settings.items())]
    return "\n".join(lines) + "\n"


def bring(monitor: Monitor, platform: Platform) -> None:
    """Store the post, by the stream where there is one that tells of deletions, and another that stays."""
    other = a_post_of(PostKey("rss", "of a feed"), KEPT, 1)
    posts = [other] if platform.publish else [other, a_post_of(platform.key, MARK, 90)]
    ingest(posts, monitor.stages(), monitor.mentions, NOW)
    if platform.publish is not None:
        asyncio.run(streamed(monitor, platform, platform.publish, lambda: texts(monitor, MARK) == 1))


def a_post_of(key: PostKey, mark: str, likes: int) -> Post:
    return Post(
        key=key,
        url=f"https://example.org/{mark}",
        text=f"{WORDS} {mark}",
        observed_at=NOW,
        created_at=NOW - MINUTE,
        author=Author(id=WRITER if mark == MARK else "somebody", handle=WRITER, name=WRITER),
        engagement=Engagement(likes=likes),
    )


def follow(monitor: Monitor, platform: Platform) -> None:
    """Let the product learn of a deletion: from the stream, or by the first second look."""
    if platform.is_told:
        asyncio.run(streamed(monitor, platform, platform.delete, lambda: texts(monitor, MARK) == 0))
        return
    platform.delete()
    source = platform.key.source
    assert reread_job(source) in reread_jobs(monitor)
    monitor.schedule.sync({reread_job(source): timedelta(0)})
    look_again(monitor, source, "me", lambda: datetime.now(UTC) + 2 * HOUR)


async def streamed(monitor: Monitor, platform: Platform, act: Callable[[], None], is_done: Callable[[], bool]) -> None:
    """Follow a stream, let something happen once it is heard, and go on until that is done."""
    stopped, acts = asyncio.Event(), [act]
    if platform.publish is not None:
        acts.pop()()  # who connects hears of it

    def pulse(_: Beat) -> None:
        if acts and platform.is_heard():
            acts.pop()()
        if is_done():
            stopped.set()

    streams = {platform.source: monitor.streams[platform.source]}
    async with asyncio.timeout(30):
        await Runner(monitor, streams, "me", lambda: datetime.now(UTC)).run(stopped, pulse)


def texts(monitor: Monitor, mark: str) -> int:
    mentions = monitor.mentions.between("pots", Window(NOW - HOUR, datetime.now(UTC) + HOUR))
    return sum(mark in each.post.text for each in mentions)
