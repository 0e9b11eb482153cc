"""What a run of faults is played on: a store, platforms, a configuration, and what the workers are told of them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monitor.store.connection import Connection
from tests.simulators.feed_server import FeedServer
from tests.simulators.publisher import Publisher

SETTINGS = """\
[worker]
threads = 4
[fetch]
allow = ["{allow}"]
deadline_seconds = 2
[sources.hackernews]
url = "{index}"
page = "250"
"""
TOPIC = """\
[topics.{name}]
title = "{title}"
any = ["{keyword}"]
sources = ["hackernews", "rss"]
every = "1s"
digest = "{digest}"
timezone = "UTC"
"""
WORDS = "{keyword} {number}:先砸谁的锅?🔥 Whose pots go first?"


def keyword_of(topic: int) -> str:
    """Return the keyword of a topic; none is a part of another one."""
    return f"砸锅卖铁{topic:03}号"


class Configuration(NamedTuple):
    """What a person would write: the times of the topics' digests, and how many keywords the topics share.

    `address` is where the platforms are reached, when not at their own.
    """

    digests: Sequence[str] = ("23:00",)
    keywords: int = 1
    extra: str = ""
    address: str = ""


def write_configuration(folder: Path, server: FeedServer, publisher: Publisher, wanted: Configuration) -> None:
    """Write the files that a person would."""
    folder.mkdir(exist_ok=True)
    address = wanted.address or server.address
    index = publisher.index_url.replace(server.address, address)
    settings = SETTINGS.format(allow=address, index=index) + wanted.extra
    (folder / "monitor.toml").write_text(settings, encoding="utf-8")
    feeds = ", ".join(f'"{url.replace(server.address, address)}"' for url in publisher.feed_urls)
    tables = [
        TOPIC.format(name=topic_name(n), title=title_of(n), keyword=keyword_of(n % wanted.keywords), digest=digest)
        for n, digest in enumerate(wanted.digests)
    ]
    (folder / "topics.toml").write_text(f"feeds = [{feeds}]\n" + "".join(tables), encoding="utf-8")


def title_of(topic: int) -> str:
    """Return the title of a topic; none is a part of another one, or of a post."""
    return f"Topic{topic:03}"


def topic_name(number: int) -> str:
    """Return the name of a topic."""
    return f"t{number}"


def words(number: int, topics: int) -> str:
    """Return the text of a post: all different, spread over the topics."""
    return WORDS.format(keyword=keyword_of(number % topics), number=number)


def environment(folder: Path, store_url: str, **more: str) -> dict[str, str]:
    """Return the variables of a worker."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("MONITOR_")}
    ours = {"MONITOR_HOME": str(folder), "MONITOR_CONFIG": str(folder / "config"), "MONITOR_REDIS_URL": store_url}
    return own | ours | {"PTB_TIMEDELTA": "true"} | more


def connected(url: str) -> Connection:
    """Open the store for the oracle."""
    connection = Connection(url)
    connection.check()
    return connection
