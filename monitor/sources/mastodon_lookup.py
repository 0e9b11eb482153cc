"""Statuses looked at again, where they were written: there the counts are whole, and there they are deleted.

A status is known by its `uri`, which leads to its home. Where that is Mastodon's, its API is asked; elsewhere the thing
itself, as servers ask each other (ActivityPub), which tells whether it is there.
"""

import logging
import re
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from monitor.errors import PayloadChanged, SourceError
from monitor.models import PostKey
from monitor.seams.rereading import Reread
from monitor.sources.mastodon_instances import Instances, was_refused
from monitor.sources.mastodon_status import NAME, Status, key_of, post_of
from monitor.sources.surrogates import repair

_NATIVE = re.compile(r"(?:/(?:ap/)?users/[^/]+/statuses|/@[^/@]+)/(\d+)")
_ACTIVITY = "application/activity+json"
_MOST = 4
"""Each may have another home, which may take its 20 s to say nothing; a round of second looks has two minutes."""

_Shape = TypeVar("_Shape")

log = logging.getLogger(__name__)


class _Home(NamedTuple):
    """Where a status was written: its host, and its id if the host is Mastodon's; else the path of the thing itself."""

    host: str
    id: str | None
    path: str


class _Thing(msgspec.Struct, frozen=True, kw_only=True):
    """What ActivityPub shows of a status; of a deleted one a "Tombstone"."""

    type: str = ""


class Lookups:
    """Looks statuses up at their homes."""

    most = _MOST

    def __init__(self, instances: Instances) -> None:
        self._instances = instances

    def look_up(self, keys: Sequence[PostKey], now: datetime) -> Reread:
        """Return some posts as they are now, and those that are gone, by one request for each host.

        A host of strangers that cannot be read is no error of ours: nothing is said of its posts.
        """
        by_host: dict[str, dict[PostKey, _Home]] = {}
        for key in keys[:_MOST]:
            if (home := _home(key)) is not None:
                by_host.setdefault(home.host, {})[key] = home
        found = [self._asked(host, asked, now) for host, asked in by_host.items()]
        return Reread(
            posts=tuple(post for each in found for post in each.posts),
            gone=tuple(key for each in found for key in each.gone),
        )

    def _asked(self, host: str, asked: dict[PostKey, _Home], now: datetime) -> Reread:
        try:
            return self._ask(host, asked, now)
        except SourceError as e:
            if host in self._instances.hosts:
                raise
            log.info("a server of strangers could not be asked", extra={"host": host, "reason": e.reason})
            return Reread()

    def _ask(self, host: str, asked: dict[PostKey, _Home], now: datetime) -> Reread:
        native = {key: home.id for key, home in asked.items() if home.id is not None}
        if len(native) > 1:
            try:
                several = self._several(host, native, now)
            except SourceError as e:
                if not was_refused(e, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                    raise
                # Before Mastodon 4.3 statuses are asked for one by one.
            else:
                return several
        found = [self._single(key, home, now) for key, home in asked.items()]
        return Reread(tuple(p for each in found for p in each.posts), tuple(k for each in found for k in each.gone))

    def _several(self, host: str, native: dict[PostKey, str], now: datetime) -> Reread:
        path = "/api/v1/statuses?" + "&".join(f"id[]={id_}" for id_ in native.values())
        found = _decoded(self._instances.get(host, path, now).body, list[Status])
        by_key = {key_of(status.uri): status for status in found if status.visibility in {"public", "unlisted"}}
        posts = [post for key in native if key in by_key and (post := post_of(by_key[key], now)) is not None]
        return Reread(posts=tuple(posts), gone=tuple(key for key in native if key not in by_key))

    def _single(self, key: PostKey, home: _Home, now: datetime) -> Reread:
        path = home.path if home.id is None else f"/api/v1/statuses/{home.id}"
        try:
            answer = self._instances.get(home.host, path, now, _ACTIVITY if home.id is None else "application/json")
        except SourceError as e:
            if was_refused(e, HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return Reread(gone=(key,))
            raise
        if home.id is None:
            is_gone = _decoded(answer.body, _Thing).type == "Tombstone"
            return Reread(gone=(key,)) if is_gone else Reread()
        post = post_of(_decoded(answer.body, Status), now)
        return Reread(posts=() if post is None else (post,))


def _home(key: PostKey) -> _Home | None:
    url = urlsplit(key.id)
    if key.source != NAME or url.scheme not in {"http", "https"} or not url.netloc:
        return None
    native = _NATIVE.fullmatch(url.path)
    path = f"{url.path}?{url.query}" if url.query else url.path
    return _Home(url.netloc.lower(), native[1] if native else None, path)


def _decoded(body: bytes, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.json.decode(repair(body), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"a status has another shape than expected: {e}") from e
