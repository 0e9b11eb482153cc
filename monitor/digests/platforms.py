"""What readers call a platform."""

from urllib.parse import urlsplit

from monitor.models import Post
from monitor.text.urls import host

LABELS = {
    "bluesky": "Bluesky",
    "dcard": "Dcard",
    "hackernews": "Hacker News",
    "lemmy": "Lemmy",
    "mastodon": "Mastodon",
    "ptt": "PTT",
    "reddit": "Reddit",
    "replay": "Archive",
    "rss": "News",
    "telegram": "Telegram",
    "threads": "Threads",
    "weibo": "Weibo",
    "x": "X",
    "youtube": "YouTube",
}


def platform_label(source: str) -> str:
    """Return the name of a platform; a source without one keeps its own."""
    return LABELS.get(source, source)


def post_label(post: Post) -> str:
    """Return where a post stands: its platform, or the host of an article of a feed."""
    if post.key.source == "rss" and post.url is not None:
        return host_of(post.url) or LABELS["rss"]
    return platform_label(post.key.source)


def host_of(url: str) -> str | None:
    """Return the real host of a web address without "www.", in ASCII (punycode): no letter pretends; else None."""
    name = host(url)
    if name is None or name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return None


def is_web(url: str | None) -> bool:
    """Tell whether an address may be linked: http or https with a host, and no name before it that pretends."""
    if url is None or not url.isprintable() or " " in url:
        return False
    return host(url) is not None and urlsplit(url).username is None
