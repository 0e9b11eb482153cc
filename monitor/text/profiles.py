"""Who wrote a post, by its address: each platform has one place in it for the author's handle or id, or none.

Any other part may be equal to somebody's name: a forum /r/china/ is not a person who calls himself China.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from monitor.models import PostKey

_PLACES: Mapping[str, tuple[re.Pattern[str], ...]] = {
    "bluesky": (re.compile(r"(?i)https?://[^/]+/profile/(?P<name>[^/?#]+)"),),
    "mastodon": (
        re.compile(r"(?i)https?://(?P<host>[^/]+)/(?:web/|deck/)?@(?P<name>[^/?#]+)"),
        re.compile(r"(?i)https?://(?P<host>[^/]+)/users/(?P<name>[^/?#]+)"),
    ),
    "reddit": (re.compile(r"(?i)https?://[^/]+/(?:user/|u/|r/u_)(?P<name>[^/?#]+)"),),
    "x": (re.compile(r"(?i)https?://[^/]+/(?P<name>[^/?#]+)/status/"),),
    "youtube": (re.compile(r"(?i)https?://[^/]+/(?:@|channel/|c/|user/)(?P<name>[^/?#]+)"),),
}
"""By the name of a platform: where its addresses have the author. A feed's or an archive's addresses have none."""


class Id(NamedTuple):
    """By what a platform's posts name their author, where that is no handle; `where` says how a person finds it."""

    form: re.Pattern[str]
    called: str
    where: str


IDS: Mapping[str, Id] = {
    "bluesky": Id(
        re.compile(r"did:[a-z]+:.+"),
        "DID",
        "https://bsky.social/xrpc/com.atproto.identity.resolveHandle?handle=HANDLE shows it",
    ),
    "x": Id(re.compile(r"\d+"), "number", 'it stands in the source of the profile\'s page, behind "identifier"'),
    "youtube": Id(
        re.compile(r"UC[\w-]{22}"),
        "channel id",
        "the channel's page has it under About, Share channel, Copy channel ID",
    ),
}
"""Platforms on which a handle can change hands, so that their posts name accounts by an id that stays."""

_REPOSITORY = re.compile(r"at://(?P<name>[^/]+)")


def authors_in(post: PostKey, url: str | None) -> frozenset[str]:
    """Return the names of a post's author that its own id and its address hold: none, or a handle, an id, or both.

    On Mastodon the name of an instance's own people is completed by its host, as their posts have it.
    """
    found = [_REPOSITORY.match(post.id)] if post.source == "bluesky" else []
    found += [] if url is None else [place.match(url) for place in _PLACES.get(post.source, ())]
    return frozenset(_whole(each) for each in found if each is not None)


def platform_of(source: str) -> str:
    """Return the platform whose posts a source brings: a stream's are those of the source that is asked."""
    return source.removesuffix("_stream")


def _whole(found: re.Match[str]) -> str:
    name, host = found["name"], found.groupdict().get("host")
    return name if host is None or "@" in name else f"{name}@{host}"
