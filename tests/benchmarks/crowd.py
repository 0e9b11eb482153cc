"""Many real posts about one topic in one day, for what is stored of posts and what a digest makes of them.

Reposts stay among them, as they come: grouping them is work. Personal data: kept in memory, printed nowhere.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from monitor.models import Author, Engagement, Mention, Post, PostKey, Span, TermHit, Topic, Window
from monitor.signals.copies import wording_of
from monitor.store.connection import Connection
from monitor.store.mentions import MentionStore
from monitor.text.authors import make_disguise
from monitor.text.languages import make_tagger
from monitor.text.scripts import script_of
from tests.benchmarks.corpus import SEED, SHARES, posts_of

TOPIC = Topic(name="crowd", title="Crowd", any=("crowd",))
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
REACTIONS_IN = 10
"""One post in so many was seen with reactions."""

Disguise = Callable[[PostKey, Author], Author]

_PLATFORM_BY_FILE = {"posts/weibo_ced_reposts.jsonl.gz": "weibo"}


def crowd(count: int) -> list[Mention]:
    """Return about so many mentions of the topic, evenly over the day, all archives mixed, always alike."""
    whole = sum(share.posts for share in SHARES)
    rows = [
        (_PLATFORM_BY_FILE.get(share.file, "x"), record)
        for share in SHARES
        for record in islice(posts_of(share, distinct=False), count * share.posts // whole)
    ]
    random.Random(SEED).shuffle(rows)
    step = WINDOW.length / (len(rows) + 1)
    disguise = make_disguise(b"bench", (), keep_names=False)
    posts = [
        _post(PostKey(source, record["id"]), record, WINDOW.start + number * step, disguise, number)
        for number, (source, record) in enumerate(rows)
    ]
    languages = make_tagger()([post.text for post in posts], [None] * len(posts))
    return list(map(_mention, posts, languages))


def _post(key: PostKey, record: Mapping[str, Any], time: datetime, disguise: Disguise, number: int) -> Post:
    author = Author(handle=record["author"]) if record.get("author") else Author()
    is_liked = number % REACTIONS_IN == 0
    return Post(
        key=key,
        url=record["url"],
        text=record["text"],
        observed_at=time,
        created_at=time,
        author=disguise(key, author),
        engagement=Engagement(likes=number % 997, reposts=number % 89, replies=3) if is_liked else Engagement(),
    )


def _mention(post: Post, language: str) -> Mention:
    wording = wording_of(post.text)
    return Mention(
        post=post,
        topic=TOPIC.name,
        terms=(TermHit(term="crowd", spans=(Span(0, min(5, len(post.text))),)),),
        language=language,
        script=script_of(post.text),
        group=wording.group,
        sketch=wording.sketch,
    )


def store(connection: Connection, mentions: Sequence[Mention]) -> None:
    """Store mentions as polls do, a page at a time."""
    MentionStore(connection).add(TOPIC.name, mentions, oldest=WINDOW.start - timedelta(days=1))
