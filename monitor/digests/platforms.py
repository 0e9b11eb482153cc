"""What readers call a platform, and how much of its posts may be shown of people who must not be named."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address
from typing import Literal
from urllib.parse import urlsplit

from monitor.models import Post
from monitor.saying import phrase, say
from monitor.text.urls import host

LABELS = {
    "bluesky": "Bluesky",
    "dcard": "Dcard",
    "hackernews": "Hacker News",
    "lemmy": "Lemmy",
    "mastodon": "Mastodon",
    "mastodon_stream": "Mastodon's stream",
    "ptt": "PTT",
    "reddit": "Reddit",
    "replay": phrase("Archive"),
    "rss": phrase("News"),
    "telegram": "Telegram",
    "threads": "Threads",
    "weibo": "Weibo",
    "x": "X",
    "x_stream": "X's stream",
    "youtube": "YouTube",
}

LONGEST_HOST = 40
_NUMBER = re.compile(r"0x[0-9a-f]*|\d+")
"""The last part of a name that is an IPv4 address to browsers (https://url.spec.whatwg.org/#ends-in-a-number-checker)."""


Content = Literal["excerpt", "link_only"]

CONTENT: Mapping[str, Content] = {
    # A quoted post must stand with its author's name and handle: https://docs.x.com/developer-terms/display-requirements
    "x": "link_only",
}
"""Where a quote without its author's name is not allowed (class B, people.py), by the platform's own rules. All other
platforms let a post be quoted with a link to it."""


def content_of(source: str) -> Content:
    """Return what of a post of class B may be shown."""
    return CONTENT.get(source, "excerpt")


def platform_label(source: str) -> str:
    """Return the name of a platform; a source without one keeps its own."""
    return say(LABELS[source]) if source in LABELS else source


def post_label(post: Post) -> str:
    """Return where a post stands: its platform, or the host of an article of a feed."""
    if post.key.source == "rss" and post.url is not None:
        return shortened(host_of(post.url) or platform_label("rss"))
    return platform_label(post.key.source)


def host_of(url: str) -> str | None:
    """Return the real host of a web address without "www.", in ASCII (punycode): no letter pretends; else None.

    A number that browsers take for an IPv4 address ("0x7f.1") has no host that a reader would know.
    """
    name = host(url)
    if name is None:
        return None
    try:
        name = name.rstrip(".").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    return None if _NUMBER.fullmatch(name.rpartition(".")[2]) and not _is_ipv4(name) else name


def shortened(name: str) -> str:
    """Return a host whose beginning is left out where it is long: its end says whose it is."""
    return name if len(name) <= LONGEST_HOST else "…" + name[1 - LONGEST_HOST :]


def is_web(url: str | None) -> bool:
    """Tell whether an address may be linked: http or https with a host, and no name before it that pretends."""
    if url is None or not url.isprintable() or " " in url:
        return False
    return host_of(url) is not None and urlsplit(url).username is None


def _is_ipv4(name: str) -> bool:
    try:
        return str(IPv4Address(name)) == name
    except ValueError:
        return False
