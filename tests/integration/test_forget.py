"""Who asks to be forgotten is: in keys, in the log, in messages, in backups; and what is old goes by itself."""

import gzip
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.cli.forget import forget as forget_command
from monitor.digests.redaction import GONE
from monitor.digests.render import render
from monitor.duties import upkeep
from monitor.duties.forget import NamedAuthor, forget, parse_author, purge
from monitor.duties.jobs import digest_now
from monitor.duties.rounds import shown_in
from monitor.errors import StoreError
from monitor.models import Author, Batch, Engagement, Parcel, Post, PostKey, SetAside, Topic, Window
from monitor.pipeline import ingest
from monitor.sources.bluesky import open_stream
from monitor.sources.http import Client
from monitor.store.backup import chunks
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.wiring import Monitor
from tests.build import NOW
from tests.integration.product import Product, wait_until
from tests.simulators.bluesky_api import DID, IDENTIFIER, BlueskyApi
from tests.simulators.feed_server import FeedServer

TOPICS = (
    Topic(name="pots", title="砸锅卖铁", any=("砸锅卖铁",), sources=("hackernews",)),
    Topic(name="iron", title="卖铁", any=("卖铁",), sources=("hackernews",)),
)
CHAT = "-1001"
WINDOW = Window(NOW - timedelta(hours=24), NOW + timedelta(hours=1))


class Person:
    """An author and the five marks by which one could be found: id, handle, name, words, address."""

    source = "bluesky"

    def __init__(self, number: int) -> None:
        self.id = f"did:plc:person{number}mark"
        self.handle = f"handle{number}mark.example"
        self.name = f"Name{number}mark"
        self.words = f"words{number}mark"
        self.url = f"https://bsky.example/profile/{self.handle}/post"

    @property
    def marks(self) -> list[bytes]:
        return [each.encode() for each in (self.id, self.handle, self.name, self.words)]

    def post(self, n: int, likes: int) -> Post:
        return Post(
            key=PostKey("bluesky", f"at://{self.id}/{n}"),
            url=f"{self.url}/{n}",
            text=f"砸锅卖铁 {self.words} 第{n}",
            author=Author(id=self.id, handle=self.handle, name=self.name),
            observed_at=NOW - timedelta(minutes=n),
            created_at=NOW - timedelta(minutes=n),
            engagement=Engagement(likes=likes),
        )


class Elsewhere(Person):
    """An author on a platform whose posts' ids say nothing of who wrote them."""

    source = "mastodon"

    def post(self, n: int, likes: int) -> Post:
        return replace(super().post(n, likes), key=PostKey(self.source, f"https://m.example/objects/{n}"), url=None)


PEOPLE = [Person(n) for n in range(4)]


@pytest.fixture(params=["default", "names"])
def monitor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Monitor]:
    product = Product(tmp_path)
    product.write_settings(f'[people]\npolicy = "{request.param}"\n')
    with product.opened() as opened:
        # Marks could hide in compressed strings, in the log as in a dump.
        opened.connection.execute("CONFIG", "SET", "rdbcompression", "no")
        yield opened


def told(monitor: Monitor) -> None:
    """Make a digest of each topic, keep it for the page, and hand it over to a chat."""
    for topic in TOPICS:
        made = digest_now(monitor, topic, WINDOW, NOW)
        monitor.sink.send(render(made, f"preview-{topic.name}"))
        # Each in a chat of its own: a post is told once to each.
        chat = f"{CHAT}{topic.name == 'iron':d}"
        parcel = Parcel(message=render(made, chat), posts=shown_in(made))
        assert monitor.outbox.hand_over(chat, [parcel]) == frozenset()


def stored(monitor: Monitor) -> bytes:
    """Return every key and value of ours: tests share a server, and hints of workers may lie there."""
    connection = monitor.connection
    found = []
    for name in connection.scan(f"{connection.keys.prefix}*"):
        found += [name.encode(), *chain(*(each.values for each in chunks(connection, name)))]
    return b"\n".join(found)


def info(monitor: Monitor) -> bytes:
    found = monitor.connection.execute("INFO", "persistence")
    return str(found).replace("': ", ":").encode() if isinstance(found, dict) else bytes(found)


def log_of(monitor: Monitor) -> bytes:
    """Return the store's log, once it is rewritten."""
    assert upkeep.rewrite(monitor.connection)
    running = (b"aof_rewrite_in_progress:1", b"aof_rewrite_scheduled:1")
    wait_until(lambda: not any(each in info(monitor) for each in running))
    folder = monitor.settings.home / "store" / "appendonlydir"
    return b"".join(each.read_bytes() for each in folder.iterdir())


POSTED = st.lists(st.tuples(st.sampled_from(PEOPLE), st.integers(0, 30), st.integers(0, 500)), min_size=1, max_size=25)


@given(posted=POSTED, by_handle=st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_of_a_forgotten_author_is_left(
    monitor: Monitor, posted: list[tuple[Person, int, int]], by_handle: bool
) -> None:
    monitor.connection.execute("FLUSHALL")
    monitor.connection.check()
    monitor.topics.replace(TOPICS, "hash")
    gone, others = PEOPLE[0], PEOPLE[1:]
    posts = [person.post(n, likes) for person, n, likes in posted]
    ingest(posts, monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    before = [monitor.mentions.hourly(topic.name, HOURS) for topic in TOPICS]

    found = forget(monitor, NamedAuthor("bluesky", f"@{gone.handle}" if by_handle else gone.id), NOW)
    ingest(posts, monitor.stages(), monitor.mentions, NOW)  # the next look brings the same again

    own = {post.key for post in posts if gone.id in post.key.id}
    assert found.posts == len(own)
    everything = stored(monitor)
    assert [mark for mark in gone.marks if mark in everything] == []
    kept = {post.key for post in posts} - own
    assert {each.post.key for each in monitor.mentions.between("pots", WINDOW)} == kept
    assert all(
        (person.words.encode() in everything) == any(person is each for each, _, _ in posted) for person in others
    )
    assert [monitor.mentions.hourly(topic.name, HOURS) for topic in TOPICS] == before, "counts stay"
    assert check(monitor.connection) == []


HOURS = Window(NOW - timedelta(hours=24), NOW + timedelta(hours=1))


def test_nothing_of_a_forgotten_author_is_left_in_the_log_or_in_backups(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    ingest([person.post(n, 10) for person in PEOPLE for n in range(3)], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    upkeep.back_up_daily(monitor, NOW - timedelta(days=1))
    gone, other = PEOPLE[0], PEOPLE[1]
    assert gone.id.encode() in log_of(monitor)

    found, replaced = upkeep.forget_author(monitor, NamedAuthor("bluesky", gone.id), NOW)

    assert (found.posts, replaced) == (3, 1)
    log = log_of(monitor)
    files = list(monitor.settings.backups.iterdir())
    assert len(files) == 1
    backups = b"".join(gzip.decompress(each.read_bytes()) for each in files)
    for place in (log, backups):
        assert [mark for mark in gone.marks if mark in place] == []
        assert other.words.encode() in place


def test_a_page_that_was_under_way_leaves_the_log_and_the_backups_too(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left the store two minutes later, and the backup that was made in between a week later."""
    monitor.topics.replace(TOPICS, "hash")
    stages, gone, rewrite = monitor.stages(), PEOPLE[0], upkeep.rewrite
    upkeep.back_up_daily(monitor, NOW - timedelta(days=1))

    def late(connection: Connection) -> bool:
        monkeypatch.undo()
        ingest([gone.post(1, 1), PEOPLE[1].post(1, 1)], stages, monitor.mentions, NOW)
        return rewrite(connection)

    monkeypatch.setattr(upkeep, "rewrite", late)
    upkeep.forget_author(monitor, NamedAuthor("bluesky", gone.id), NOW)
    came_in = [mark for mark in gone.marks if mark in stored(monitor)]
    upkeep.purge_late(monitor, NOW + timedelta(minutes=2))

    assert came_in
    backups = b"".join(gzip.decompress(each.read_bytes()) for each in monitor.settings.backups.iterdir())
    for place in (stored(monitor), log_of(monitor), backups):
        assert [mark for mark in gone.marks if mark in place] == []
        assert PEOPLE[1].words.encode() in place


def test_a_backup_that_was_being_written_while_somebody_was_forgotten_is_replaced(
    monitor: Monitor, tmp_path: Path
) -> None:
    """It appeared when the others had been replaced, and kept their words for a week."""
    monitor.topics.replace(TOPICS, "hash")
    gone, folder = PEOPLE[0], monitor.settings.backups
    ingest([gone.post(1, 1), PEOPLE[1].post(1, 1)], monitor.stages(), monitor.mentions, NOW)
    upkeep.make_backup(monitor, tmp_path / "begun.backup", upkeep.silent, NOW)
    upkeep.forget_author(monitor, NamedAuthor("bluesky", gone.id), NOW)
    folder.mkdir(exist_ok=True)
    (tmp_path / "begun.backup").rename(folder / f"monitor-{NOW - timedelta(minutes=1):{upkeep.STAMP}}.backup")

    upkeep.purge_late(monitor, NOW + timedelta(minutes=2))
    before = list(folder.iterdir())
    upkeep.purge_late(monitor, NOW + timedelta(days=1))

    [left] = folder.iterdir()
    assert before == [left], "once"
    found = gzip.decompress(left.read_bytes())
    assert [mark for mark in gone.marks if mark in found] == []
    assert PEOPLE[1].words.encode() in found


@pytest.mark.parametrize("age", [timedelta(days=1), timedelta(0)])
def test_the_last_backup_goes_only_once_a_new_one_is_whole(monitor: Monitor, age: timedelta) -> None:
    """A server that gives no snapshot costs no backup when an author is forgotten; nor does one of the same second."""
    upkeep.back_up_daily(monitor, NOW - age)
    folder = monitor.settings.backups
    before = {each.name for each in folder.iterdir()}

    monitor.connection.execute("ACL", "SETUSER", "default", "-sync", "-psync")
    with pytest.raises(StoreError):
        upkeep.forget_author(monitor, NamedAuthor("hackernews", "x"), NOW)
    monitor.connection.execute("ACL", "SETUSER", "default", "+sync", "+psync")
    kept = {each.name for each in folder.iterdir() if each.suffix == ".backup"}
    _, replaced = upkeep.forget_author(monitor, NamedAuthor("hackernews", "x"), NOW)

    assert kept == before
    assert replaced == 1
    assert len(list(folder.iterdir())) == 1
    assert before.isdisjoint(each.name for each in folder.iterdir())


def test_only_items_that_name_the_author_leave_the_quarantine(monitor: Monitor) -> None:
    raws = {
        "mine": b'{"by": "li", "text": "x"}',
        "line": rb'{"text": "x\nLi: 1"}',
        "url": b"https://bsky.example/profile/@li/7",
        "spaces": "砸锅li卖铁".encode(),
        "other": b'{"by": "lisa", "text": "the list of Ali, alike, 1li"}',
    }
    items = [SetAside(kind="item", id=name, raw=raw, reason="broken", stage="read") for name, raw in raws.items()]
    monitor.quarantine.put(items, "rss", 3)

    found = forget(monitor, NamedAuthor("rss", "@Li"), NOW)

    assert found.set_aside == 4
    assert [each.item.id for each in monitor.quarantine.all()] == ["other"]


def test_a_handle_is_forgotten_where_posts_have_an_id_only(monitor: Monitor) -> None:
    """Posts of Bluesky's stream name nobody by a handle; the id of one is asked for."""
    monitor.topics.replace(TOPICS, "hash")
    key, author = PostKey("bluesky", f"at://{DID}/app.bsky.feed.post/1"), Author(id=DID)
    post = replace(PEOPLE[0].post(1, 3), key=key, author=author, url=f"https://bsky.app/profile/{DID}/post/1")
    ingest([post], monitor.stages(), monitor.mentions, NOW)
    with FeedServer() as server, closing(Client(allow=[server.address])) as client:
        monitor.platforms["bluesky"] = open_stream(client, {"appview": BlueskyApi(server).url})

        found, _ = upkeep.forget_author(monitor, parse_author(f"bluesky:{IDENTIFIER}"), NOW)

    again = replace(post, key=PostKey("bluesky", f"at://{DID}/app.bsky.feed.post/2"))
    by_handle = replace(again, author=Author(handle=IDENTIFIER))
    assert found.posts == 1
    assert ingest([again, by_handle], monitor.stages(), monitor.mentions, NOW).new == 0
    assert len(monitor.forgotten.all()) == 2


@pytest.mark.parametrize(("name", "said"), [("nobody", "Nothing of theirs was found"), ("alice", "1 post erased")])
def test_forgetting_nothing_does_not_look_like_success(monitor: Monitor, name: str, said: str) -> None:
    monitor.topics.replace(TOPICS[:1], "hash")
    post = replace(PEOPLE[0].post(1, 3), key=PostKey("hackernews", "1"), author=Author(id="alice", handle="alice"))
    ingest([post], monitor.stages(), monitor.mentions, NOW)

    told = CliRunner(env={"MONITOR_HOME": str(monitor.settings.home)}).invoke(forget_command, [f"hackernews:{name}"])

    assert told.output.startswith(said)


def test_the_quarantine_keeps_what_others_wrote_elsewhere_about_somebody_of_that_name(monitor: Monitor) -> None:
    raw = b'{"text": "China, again"}'
    post = SetAside(kind="post", id="hackernews:1", raw=raw, reason="broken", stage="match")
    monitor.quarantine.put([SetAside(kind="item", id="1", raw=raw, reason="broken")], "mastodon:china", 3)
    monitor.quarantine.put([post], "reddit", 1)

    assert forget(monitor, NamedAuthor("reddit", "China"), NOW).set_aside == 0


def test_a_forum_that_has_somebodys_name_keeps_the_posts_of_the_others(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    places = {"alice": "r/china", "bob": "r/china", "China": "r/pots", "carol": "r/u_china"}
    posts = [
        Post(
            key=PostKey("reddit", f"t3_{name}"),
            url=f"https://www.reddit.com/{place}/comments/{name}/x/",
            text=f"砸锅卖铁 {name}",
            author=Author(id=name, handle=name),
            observed_at=NOW,
        )
        for name, place in places.items()
    ]
    ingest(posts, monitor.stages(), monitor.mentions, NOW)

    found = forget(monitor, NamedAuthor("reddit", "China"), NOW)

    left = {each.post.key.id for each in monitor.mentions.between("pots", WINDOW)}
    assert (found.posts, left) == (2, {"t3_alice", "t3_bob"})


def test_a_page_that_was_under_way_is_forgotten_a_moment_later(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    stages = monitor.stages()
    forget(monitor, NamedAuthor("bluesky", PEOPLE[0].id), NOW)
    ingest([PEOPLE[0].post(1, 1), PEOPLE[1].post(1, 1)], stages, monitor.mentions, NOW)

    purge(monitor)

    assert [each.post.text for each in monitor.mentions.between("pots", WINDOW)] == [PEOPLE[1].post(1, 1).text]


@pytest.mark.parametrize("person", [PEOPLE[0], Elsewhere(5)], ids=["id in the key", "id in the hash only"])
def test_words_in_messages_are_forgotten_after_their_posts_were_pruned(monitor: Monitor, person: Person) -> None:
    monitor.topics.replace(TOPICS, "hash")
    ingest([person.post(1, 9), PEOPLE[1].post(1, 9)], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    for topic in TOPICS:
        monitor.mentions.prune(topic.name, NOW + timedelta(hours=1))

    found = forget(monitor, NamedAuthor(person.source, person.id), NOW)

    everything = stored(monitor)
    assert (found.posts, found.messages) == (0, 2 * len(TOPICS))
    assert [mark for mark in person.marks if mark in everything] == []
    assert PEOPLE[1].words.encode() in everything
    assert check(monitor.connection) == []


@pytest.mark.parametrize("how", ["forgotten", "deleted"])
def test_the_title_of_a_link_is_taken_back_and_the_link_stays(monitor: Monitor, how: str) -> None:
    """It is the first line of somebody's post, of which no quote is shown."""
    monitor.topics.replace(TOPICS[:1], "hash")
    url = "https://blog.example/story"
    story = Post(
        key=PostKey("hackernews", "1"),
        url="https://news.ycombinator.com/item?id=1",
        text="砸锅卖铁 wordsofalice",
        links=(url,),
        author=Author(id="alice", handle="alice"),
        observed_at=NOW - timedelta(hours=3),
    )
    sharing = [replace(PEOPLE[n].post(n, 9), text=f"砸锅卖铁 {'abcd'[n] * 30}", links=(url,)) for n in range(4)]
    ingest([story, *sharing], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    assert stored(monitor).count(b"\xe2\x80\x9c") == 0
    assert stored(monitor).count("《砸锅卖铁 wordsofalice》".encode()) == 2

    if how == "forgotten":
        forget(monitor, NamedAuthor("hackernews", "alice"), NOW)
    else:
        monitor.changes.withdraw([story.key], monitor.stages())

    everything = stored(monitor)
    assert b"wordsofalice" not in everything
    assert everything.count(f"blog.example\u2069: {GONE}".encode()) == 2
    assert check(monitor.connection) == []


def test_a_digest_that_was_under_way_is_forgotten_a_moment_later(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    ingest([each.post(1, 9) for each in PEOPLE[:2]], monitor.stages(), monitor.mentions, NOW)
    made = digest_now(monitor, TOPICS[0], WINDOW, NOW)
    forget(monitor, NamedAuthor("bluesky", PEOPLE[0].id), NOW)
    monitor.outbox.hand_over(CHAT, [Parcel(message=render(made, CHAT), posts=shown_in(made))])

    purge(monitor)

    everything = stored(monitor)
    assert [mark for mark in PEOPLE[0].marks if mark in everything] == []
    assert PEOPLE[1].words.encode() in everything


def test_who_left_takes_words_along_whose_posts_were_pruned(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    gone = Elsewhere(5)
    ingest([gone.post(1, 9)], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    for topic in TOPICS:
        monitor.mentions.prune(topic.name, NOW + timedelta(hours=1))

    monitor.changes.follow("mastodon", Batch(authors_gone=(gone.id,)), monitor.stages(), NOW)
    upkeep.erase_departed(monitor, NOW)

    assert gone.words.encode() not in stored(monitor)


def test_after_a_month_only_counts_are_left(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    ingest([person.post(n, 10) for person in PEOPLE for n in range(3)], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    before = [monitor.mentions.hourly(topic.name, HOURS) for topic in TOPICS]
    later = datetime.now(UTC) + timedelta(days=31)  # the outbox lives on the clock of the store

    for topic in TOPICS:
        monitor.mentions.prune(topic.name, later - topic.retention)
    upkeep.tidy(monitor, later)

    everything = stored(monitor)
    assert [mark for person in PEOPLE for mark in person.marks if mark in everything] == []
    assert [monitor.mentions.hourly(topic.name, HOURS) for topic in TOPICS] == before
    assert check(monitor.connection) == []


SHORT = replace(TOPICS[0], retention=timedelta(days=2))
BESIDE = Topic(name="iron", title="iron", any=("zzziron",), sources=("hackernews",))


@pytest.mark.parametrize("topic", [SHORT, TOPICS[0]], ids=["short beside long", "all thirty days"])
def test_a_message_ends_with_the_first_post_that_it_quotes(monitor: Monitor, topic: Topic) -> None:
    """It was kept as long as the longest topic keeps posts, and for so long after it was sent."""
    monitor.topics.replace([topic, BESIDE], "hash")
    wall = datetime.now(UTC)
    post = replace(PEOPLE[0].post(1, 9), observed_at=wall - timedelta(hours=20), created_at=None)
    ingest([post], monitor.stages(), monitor.mentions, wall)
    made = digest_now(monitor, topic, Window(wall - timedelta(hours=24), wall + timedelta(hours=1)), wall)
    monitor.outbox.hand_over(CHAT, [Parcel(message=render(made, CHAT), posts=shown_in(made))])
    monitor.sink.send(render(made, "preview-pots"))

    upkeep.tidy(monitor, wall + timedelta(days=1, hours=1))
    assert stored(monitor).count(PEOPLE[0].words.encode()) == 3
    later = wall + topic.retention - timedelta(hours=3)
    monitor.mentions.prune(topic.name, later - topic.retention)
    upkeep.tidy(monitor, later)

    everything = stored(monitor)
    assert [mark for mark in PEOPLE[0].marks if mark in everything] == []
    assert check(monitor.connection) == []


def test_a_deleted_post_is_taken_back_where_only_a_message_still_has_it(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    ingest([each.post(1, 9) for each in PEOPLE[:2]], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    for topic in TOPICS:
        monitor.mentions.prune(topic.name, NOW + timedelta(hours=1))

    held = monitor.changes.withdraw([PEOPLE[0].post(1, 9).key, PEOPLE[2].post(1, 9).key], monitor.stages())

    everything = stored(monitor)
    assert held == 0
    assert PEOPLE[0].words.encode() not in everything
    assert PEOPLE[1].words.encode() in everything


def test_what_an_earlier_release_told_is_taken_back_from_the_first_tidying_on(monitor: Monitor) -> None:
    """It did not write down which posts its messages show."""
    monitor.topics.replace(TOPICS, "hash")
    ingest([PEOPLE[0].post(1, 9)], monitor.stages(), monitor.mentions, NOW)
    told(monitor)
    monitor.connection.execute("UNLINK", monitor.connection.keys.work.shown)

    upkeep.tidy(monitor, datetime.now(UTC))
    for topic in TOPICS:
        monitor.mentions.prune(topic.name, NOW + timedelta(hours=1))
    monitor.changes.withdraw([PEOPLE[0].post(1, 9).key], monitor.stages())

    assert PEOPLE[0].words.encode() not in stored(monitor)


def test_a_withdrawn_post_that_is_read_again_stays_withdrawn(monitor: Monitor) -> None:
    monitor.topics.replace(TOPICS, "hash")
    post = PEOPLE[0].post(1, 310)
    ingest([post], monitor.stages(), monitor.mentions, NOW)
    monitor.mentions.withdraw("pots", [post.key])

    ingest([PEOPLE[0].post(1, 500)], monitor.stages(), monitor.mentions, NOW + timedelta(hours=2))

    assert monitor.mentions.history("pots", [post.key]) == [()]
    assert [each.post.text for each in monitor.mentions.between("pots", WINDOW)] == [""]
