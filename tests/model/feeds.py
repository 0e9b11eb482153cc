"""A source of invented posts, and the ledger of what it showed."""

from datetime import timedelta
from typing import NamedTuple

from monitor.errors import RateLimited, SourceUnavailable
from monitor.models import Author, Batch, Cursor, Engagement, Post, PostKey, Query
from monitor.nouns.coverage import Coverage
from tests.model.actors import Actor
from tests.model.world import World

SOURCE = "rss"
QUERIES = tuple(Query(SOURCE, f"https://feed-{n}.example/") for n in (1, 2))
PAGE = 3


class Published(NamedTuple):
    """A post, as a feed shows it from some time on."""

    post: Post
    query: Query

    @property
    def key(self) -> str:
        """Return its key."""
        return str(self.post.key)


class Feeds:
    """Every feed: posts in the order in which they began to be shown, which is not that of their times."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.shown: dict[Query, list[Published]] = {query: [] for query in QUERIES}

    def publish(self, query: Query, words: str, minutes_ago: int) -> None:
        """Let a feed show a post, written some minutes ago."""
        shown = self.shown[query]
        id_ = f"{query.text[8:14]}/{len(shown) + 1}"
        now = self.world.time()
        post = Post(
            key=PostKey(SOURCE, id_),
            url=f"https://posts.example/{id_}",
            text=f"{words} {id_}",
            observed_at=now,
            created_at=now - timedelta(minutes=minutes_ago),
            author=Author(id=f"a{len(shown) % 5}", handle=f"a{len(shown) % 5}"),
            engagement=Engagement(likes=len(shown)),
        )
        shown.append(Published(post, query))

    def upto(self, query: Query, cursor: str) -> list[Published]:
        """Return what a feed showed up to a place in it."""
        return self.shown[query][: int(cursor or 0)]

    def all(self) -> dict[str, Published]:
        """Return every post by its key."""
        return {each.key: each for shown in self.shown.values() for each in shown}


class FeedSource:
    """Implements the Source protocol for one worker: as a feed with a cursor does, or worse."""

    name = SOURCE

    def __init__(self, feeds: Feeds, actor: Actor | None) -> None:
        self.feeds = feeds
        self.actor = actor

    def fetch(self, query: str, cursor: Cursor | None, now: object) -> Batch:
        """Fetch one page of what is new."""
        fate = "go" if self.actor is None else self.actor.gate("feed", query)
        world, asked = self.feeds.world, Query(SOURCE, query)
        match fate:
            case "down":
                raise SourceUnavailable(SOURCE, "no answer")
            case "limited":
                raise RateLimited(SOURCE, "too many questions", timedelta(seconds=45))
            case "empty":
                return Batch(cursor=cursor)
        shown, start = self.feeds.shown[asked], int(cursor or 0)
        if fate == "repeats":
            start = max(0, start - 2 * PAGE)
        end = min(len(shown), start + PAGE) if fate == "paged" else len(shown)
        end = max(end, int(cursor or 0))
        seen = [each.post for each in shown[start:end]]
        posts = [
            Post(**{name: getattr(post, name) for name in post.__struct_fields__} | {"observed_at": world.time()})
            for post in seen
        ]
        covered = Coverage(start=world.time() - timedelta(hours=1), end=world.time(), truncated=False)
        return Batch(posts=tuple(posts), cursor=Cursor(str(end)), more=end < len(shown), coverage=covered)
