"""Posts that were looked up again: as they are now, edited, or gone. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from monitor.errors import PayloadChanged
from monitor.models import Author, PostKey
from monitor.seams.rereading import Reread
from monitor.sources.surrogates import repair
from monitor.sources.x_pages import Problem, listing_of
from monitor.sources.x_posts import NAME, RawPost, User, post_of

GONE = ("resource-not-found", "not-authorized-for-resource", "resource-unavailable")
"""What X says of a post that is deleted, or whose account is protected, suspended or gone."""

ASKED_FOR = frozenset(("ids", "id"))
"""The parameters that name a post which was asked for; others name what it refers to."""


OURS = frozenset(("tweet", "post"))
"""Users are asked for by `ids` as well."""


class Known(NamedTuple):
    """What an answer says of posts: those that are there, by the id of their first version, and ids that are gone."""

    posts: Mapping[str, RawPost]
    gone: tuple[str, ...] = ()

    def newer(self) -> list[str]:
        """Return the ids of newest versions that are not here yet."""
        return sorted({raw.versions[-1] for raw in self.posts.values()} - {raw.id for raw in self.posts.values()})

    def with_edits(self, edited: "Known") -> "Known":
        """Return the posts with their newest versions in their place; one that cannot be had stays as it is."""
        return self._replace(posts={**self.posts, **edited.posts})

    def reread(self, now: datetime, cost: float) -> Reread:
        """Return what that says of the posts that we know."""
        posts = tuple(post_of(raw, now) for raw in self.posts.values())
        return Reread(posts, tuple(PostKey(NAME, each) for each in self.gone), cost)


class _Users(msgspec.Struct, frozen=True):
    data: list[User] = []


def known_of(body: bytes) -> Known:
    """Return what an answer says of posts; items that cannot be read are as if they were not asked for."""
    listing = listing_of(body)
    posts = {}
    for raw in listing.data:
        try:
            post = msgspec.json.decode(raw, type=RawPost)
        except msgspec.MsgspecError:
            continue  # it is not answered for, and is asked for again
        posts[post.versions[0]] = post
    return Known(posts, tuple(each.id for each in listing.errors if _is_gone(each)))


def signatures_of(body: bytes) -> dict[PostKey, Author]:
    """Return who wrote posts, where their authors came along."""
    authors = {user.id: _author(user) for user in listing_of(body).includes.users}
    posts = known_of(body).posts.items()
    return {PostKey(NAME, id_): authors[raw.author_id] for id_, raw in posts if raw.author_id in authors}


def accounts_of(body: bytes) -> list[Author]:
    """Return who accounts are; raise PayloadChanged."""
    try:
        found = msgspec.json.decode(repair(body), type=_Users).data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as e:
        raise PayloadChanged(NAME, f"the accounts have another shape than expected: {e}") from e
    return [_author(each) for each in found]


def _author(user: User) -> Author:
    return Author(id=user.id, handle=user.username, name=user.name)


def _is_gone(problem: Problem) -> bool:
    is_post = problem.resource_type in OURS and problem.parameter in ASKED_FOR
    return is_post and problem.type.endswith(GONE) and problem.id.isdecimal()
