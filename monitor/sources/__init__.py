"""One file per platform. To add one: write it, and name it here."""

from collections.abc import Callable, Mapping

from monitor.protocols import Source
from monitor.sources import hackernews, replay, rss
from monitor.sources.http import Client

SOURCES: Mapping[str, Callable[[Client, Mapping[str, str]], Source]] = {
    "hackernews": hackernews.open_source,
    "replay": replay.open_source,
    "rss": rss.open_source,
}
"""Source by name: a factory that takes the one HTTP client and the source's options from the configuration."""
