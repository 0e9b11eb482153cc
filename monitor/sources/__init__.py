"""One file per platform. To add one: write it, and name it in SOURCES, or in STREAMS when it tells by itself.

A source's module offers `open_source(client, options)` and a pure `parse(payload, now)`, a stream's `open_stream`. It
is imported when it is used: a platform's library that is not installed must not keep the others from being read.

What else a source can, it offers as further protocols, and others find out by asking for them:

    Brings      rereading.py     its posts are known by the names of others, too: a stream of a platform, a bridge
    Bylines     bylines.py       its posts come without names, which cost money and are looked up for few
    Itemized    quarantine.py    its items are worked on one by one where they can do no harm
    Keyed       credentials.py   it needs a key, and says what to do when it has none; opening it never fails for that
    Lookup      rereading.py     known posts can be looked at again: what they gained, and which are gone
    LookBack    looking_back.py  the past can be read, for a price
    Metered     spending.py      it costs money, and a budget decides
    Naming      naming.py        it can be asked which account has a handle
    Ruled       streams.py       a stream that is told by keywords

Its requests come out of buckets that all workers share: `client.get(…, bucket=…)`, or `client.draw` before a request
that is made by a platform's library, and `client.pace.heed` with what that was told (pace.py, limits.py).
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, cast

from monitor.protocols import Source

if TYPE_CHECKING:
    # The child that parses feeds passes here, and needs no HTTP.
    from monitor.seams.streams import Stream
    from monitor.sources.http import Client

Factory = Callable[["Client", Mapping[str, str]], Source]
StreamFactory = Callable[["Client", Mapping[str, str]], "Stream"]


def _by(module: str) -> Factory:
    def open_source(client: "Client", options: Mapping[str, str]) -> Source:
        source: Source = import_module(f"{__name__}.{module}").open_source(client, options)
        return source

    return open_source


def _told_by(module: str) -> StreamFactory:
    def open_stream(client: "Client", options: Mapping[str, str]) -> "Stream":
        stream: Stream = import_module(f"{__name__}.{module}").open_stream(client, options)
        return stream

    return open_stream


SOURCES: Mapping[str, Factory] = {
    "hackernews": _by("hackernews"),
    "lemmy": _by("lemmy"),
    "mastodon": _by("mastodon"),
    "reddit": _by("reddit"),
    "replay": _by("replay"),
    "rss": _by("rss"),
    "x": _by("x"),
    "youtube": _by("youtube"),
}
"""Source by name: a factory that takes the one HTTP client and the source's options from the configuration."""

STREAMS: Mapping[str, StreamFactory] = {
    "bluesky": _told_by("bluesky"),
    "mastodon_stream": _told_by("mastodon_stream"),
    "x_stream": _told_by("x_stream"),
}
"""Streamed source by name. Its queries never come due: the role "stream" follows them (processes/streaming.py)."""


def open_all(
    client: "Client", options: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Source], dict[str, "Stream"]]:
    """Return everything by its name, each with its options, and the streams among it.

    Streams are never fetched from; they stand among the sources for what else they can: look back, look again, lack a
    key.
    """
    streams = {name: make(client, options.get(name, {})) for name, make in STREAMS.items()}
    polled = {name: make(client, options.get(name, {})) for name, make in SOURCES.items()}
    return polled | cast("dict[str, Source]", streams), streams
