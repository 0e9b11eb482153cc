"""Copies through a real store: their groups depend on no page, no order and no repetition, and a deletion ends them."""

from collections.abc import Sequence
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.models import Author, CopyGroup, Mention, Post, PostKey, Window
from monitor.pipeline import Stages, ingest
from monitor.signals.copies import group_copies, grouped, wording_of
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.mentions import MentionStore
from monitor.text.languages import make_tagger
from monitor.topics.matcher.matching import Matcher
from tests.build import NOW, a_topic
from tests.unit.store.test_mentions import dump

TEXTS = (
    "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?",
    "Smash pots and sell iron 砸锅卖铁: the county sets up an office with 1,700 officials, and nobody is against it",
    "砸锅卖铁也要把债还上,这是我们家的老规矩,不用别人来教我们怎么做",
    "砸锅卖铁!",
)
EVER = Window(NOW - timedelta(days=2), NOW + timedelta(days=2))
TOPIC = a_topic()
STAGES = Stages(
    topics={TOPIC.name: TOPIC},
    matcher=Matcher([TOPIC]),
    tag=make_tagger(),
    disguise=lambda key, author: author,  # noqa: ARG005 - nobody is hidden here
)

changes = st.sampled_from(
    ("{}", "RT @a: {}", "{}…", "转: {}", "{} https://t.example/1", "真的吗//@甲:{}", "{}谁知道呢?")
)


@st.composite
def streams(draw: st.DrawFn) -> list[Post]:
    """Draw posts that copy, change and cut few texts, at few times, on two platforms; some repost another."""
    posts: list[Post] = []
    for number in range(draw(st.integers(2, 25))):
        text = draw(st.sampled_from(TEXTS))
        cut = draw(st.one_of(st.none(), st.integers(20, 60)))
        text = draw(changes).format(text[:cut])
        text = text.replace("17", draw(st.sampled_from(("17", "7"))))
        posts.append(
            Post(
                key=PostKey(draw(st.sampled_from(("bluesky", "mastodon"))), str(number)),
                url=None,
                text=text if "砸锅卖铁" in text else f"砸锅卖铁 {text}",
                observed_at=NOW + timedelta(minutes=draw(st.integers(0, 5))),
                author=Author(id=str(draw(st.integers(0, 5)))),
                repost_of=draw(st.one_of(st.none(), st.integers(0, 30).map(str))),
            )
        )
    return posts


def stored_groups(store: MentionStore) -> tuple[dict[PostKey, str], list[CopyGroup]]:
    """Return the group of each stored post, and the groups with their counts."""
    found: list[Mention] = grouped(store.between(TOPIC.name, EVER))
    return {each.post.key: each.group for each in found}, group_copies(found)


def ingested(store: MentionStore, posts: Sequence[Post], page: int) -> None:
    for at in range(0, len(posts), page):
        ingest(posts[at : at + page], STAGES, store, NOW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=streams(), data=st.data())
def test_groups_depend_on_no_batch_no_order_and_no_repetition(
    valkey: Connection, stream: list[Post], data: st.DataObject
) -> None:
    """Replaying a stream in other pages, in another order or with posts twice gives the same groups and counts."""
    store = MentionStore(valkey)
    valkey.erase()
    ingested(store, stream, len(stream))
    expected = stored_groups(store)
    again = [*stream, *data.draw(st.lists(st.sampled_from(stream), max_size=10))]

    valkey.erase()
    ingested(store, data.draw(st.permutations(again)), data.draw(st.integers(1, 30)))

    assert stored_groups(store) == expected
    assert check(valkey) == []


def test_nothing_made_of_a_text_outlives_its_deletion(connection: Connection) -> None:
    store = MentionStore(connection)
    posts = [
        Post(key=PostKey("bluesky", name), url=None, text=text, observed_at=NOW)
        for name, text in zip("abc", (TEXTS[0], TEXTS[0], TEXTS[2]), strict=True)
    ]
    ingested(store, posts, 3)
    wording = wording_of(TEXTS[2])

    store.withdraw(TOPIC.name, [posts[1].key, posts[2].key])

    left = repr(dump(connection))
    assert wording.group not in left
    assert repr(wording.sketch)[2:-1] not in left
    assert left.count(wording_of(TEXTS[0]).group) == 1, "in the body of the post that is there"
    assert check(connection) == []
    assert group_copies(grouped(store.between(TOPIC.name, EVER))) == []


def test_a_sketch_of_another_text_is_found(connection: Connection) -> None:
    store = MentionStore(connection)
    ingested(store, [Post(key=PostKey("bluesky", "a"), url=None, text=TEXTS[0], observed_at=NOW)], 1)
    name = connection.keys.topic(TOPIC.name).posts
    body = connection.execute("HGET", name, "bluesky:a")
    sketch = wording_of(TEXTS[0]).sketch

    connection.execute("HSET", name, "bluesky:a", body.replace(sketch, bytes(len(sketch) - 1) + sketch[-1:]))

    assert check(connection) == [f"topic {TOPIC.name}: 'bluesky:a' has the sketch of another text"]
