"""Mastodon: several instances, late statuses, limits, and whom to leave out."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import AccessDenied, ConfigError, PayloadChanged, RateLimited, SourceRejected, SourceUnavailable
from monitor.logs import redact
from monitor.models import Batch, Cursor, PostKey, Window
from monitor.seams.pace import Bucket
from monitor.sources.http import Client, Limits
from monitor.sources.mastodon import MastodonSource, open_source
from monitor.topics.queries.repacking import beginning
from tests.simulators.feed_server import FeedServer, status
from tests.simulators.mastodon import Instance, a_link, a_tag, an_account

NOW = datetime(2024, 5, 2, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    """What time it is, for the source and its instances."""

    def __init__(self) -> None:
        self.now = NOW


class World:
    """Instances that run, and a source that reads them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.servers: list[FeedServer] = []
        self.instances: list[Instance] = []

    def instance(self, **more: Any) -> Instance:
        """Start one more instance."""
        server = FeedServer().__enter__()
        one = Instance(f"home{len(self.servers)}.example", lambda: self.clock.now, **more)
        server.serve_everything(one)
        self.servers.append(server)
        self.instances.append(one)
        return one

    def source(self, pace: object = None, **options: str) -> MastodonSource:
        """Return a source of all instances."""
        client = Client(limits=Limits(deadline=5), allow=[server.address for server in self.servers])
        client.pace = pace  # type: ignore[assignment, unused-ignore]
        return open_source(client, {"instances": ", ".join(server.url for server in self.servers)} | options)

    def look(self, source: MastodonSource, cursor: Cursor | None = None, query: str = "#pots") -> list[Batch]:
        """Fetch until there is no more."""
        batches = [source.fetch(query, cursor, self.clock.now)]
        while batches[-1].more:
            assert len(batches) < 100
            batches.append(source.fetch(query, batches[-1].cursor, self.clock.now))
        return batches


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    for server in made.servers:
        server.__exit__(None, None, None)
    assert [problem for instance in made.instances for problem in instance.problems] == []


def texts(batches: list[Batch]) -> list[str]:
    """Return the first words of all posts, in order."""
    return [post.text.split(" #")[0] for batch in batches for post in batch.posts]


def test_up_to_five_hashtags_are_one_request_and_what_is_known_is_left_out(world: World) -> None:
    one = world.instance()
    for tag in ("pots", "IRON", "砸锅卖铁"):
        one.post(f"about {tag}", NOW - MINUTE, tags=(tag,))
    one.post("else", NOW - MINUTE, tags=("else",))
    source = world.source()

    first = world.look(source, query="#pots #iron #砸锅卖铁 #d #e")
    world.clock.now += 10 * MINUTE
    one.post("new", NOW + MINUTE, tags=("d",))
    second = world.look(source, first[-1].cursor, "#pots #iron #砸锅卖铁 #d #e")

    assert sorted(texts(first)) == ["about IRON", "about pots", "about 砸锅卖铁"]
    assert texts(second) == ["new"]
    assert len(one.paths) == 2
    assert one.paths[0].count("any[]=") == 4
    assert first[-1].coverage is not None
    assert second[-1].coverage is not None
    assert (first[-1].coverage.start, first[-1].coverage.end) == (NOW - timedelta(days=1), NOW)
    assert (second[-1].coverage.start, second[-1].coverage.end) == (NOW, NOW + 10 * MINUTE)


def test_after_a_pause_everything_is_read_page_by_page_forward(world: World) -> None:
    """`since_id` gives the newest page only: with it the middle of a pause would be lost."""
    one = world.instance()
    one.post("0", NOW - 60 * MINUTE, tags=("pots",))
    source = world.source()
    first = world.look(source)
    for number in range(1, 131):
        one.post(str(number), NOW + number * MINUTE, tags=("pots",))
    world.clock.now = NOW + timedelta(hours=3)

    second = world.look(source, first[-1].cursor)

    assert sorted(map(int, texts(second))) == list(range(1, 131))
    assert len(second) == 4
    assert [batch.coverage is None for batch in second] == [True, True, True, False]


def test_a_hashtag_that_nobody_used_at_first_is_read_whole_when_everybody_does(world: World) -> None:
    one = world.instance()
    source = world.source()
    first = world.look(source)
    for number in range(100):
        one.post(str(number), NOW + timedelta(seconds=number + 1), tags=("pots",))
    world.clock.now += 10 * MINUTE

    second = world.look(source, first[-1].cursor)

    assert sorted(map(int, texts(second))) == list(range(100))
    assert "max_id=" in one.paths[-1]


def test_a_first_look_that_would_take_too_many_pages_says_how_far_it_came(world: World) -> None:
    one = world.instance()
    for number in range(60):
        one.post(str(number), NOW - number * MINUTE - MINUTE, tags=("pots",))

    batches = world.look(world.source(page="2"))

    assert len(batches) == 25
    assert batches[-1].coverage is not None
    assert batches[-1].coverage.start == NOW - 50 * MINUTE


def test_a_status_that_comes_late_is_found(world: World) -> None:
    """Its id is that of the time at which it was written, before those that were read already."""
    one = world.instance()
    one.post("in time", NOW - MINUTE, tags=("pots",))
    source = world.source()
    first = world.look(source)
    one.post("late", NOW - 6 * MINUTE, tags=("pots",), home="far.example")
    world.clock.now += 5 * MINUTE

    second = world.look(source, first[-1].cursor)

    assert texts(second) == ["late"]


def test_the_same_status_of_two_instances_is_one_post(world: World) -> None:
    one, two = world.instance(), world.instance()
    uri = one.post("pots", NOW - MINUTE, tags=("pots",), number=77)
    two.post("pots", NOW - 2 * MINUTE, tags=("pots",), home=one.host, number=77)

    posts = [post for batch in world.look(world.source()) for post in batch.posts]

    assert [post.key for post in posts] == [PostKey("mastodon", uri)] * 2
    assert {post.author.handle for post in posts} == {"ann@home0.example"}


def test_a_bridged_status_is_the_post_of_bluesky_that_it_copies(world: World) -> None:
    one = world.instance()
    at = "at://did:plc:abc234/app.bsky.feed.post/3kabc"
    one.post("pots", NOW - MINUTE, tags=("pots",), uri=f"https://bsky.brid.gy/convert/ap/{at}")
    one.statuses[next(iter(one.statuses))]["account"] |= {"acct": "ann.bsky.social@bsky.brid.gy"}

    [post] = world.look(world.source())[0].posts

    assert post.key == PostKey("bluesky", at)
    assert post.url == "https://bsky.app/profile/did:plc:abc234/post/3kabc"
    assert (post.author.id, post.author.handle) == ("did:plc:abc234", "ann.bsky.social")
    # Counts of the bridge would stand over those of the post.
    assert post.engagement.likes is None


def test_an_instance_that_fails_is_told_and_costs_the_others_nothing(world: World) -> None:
    one, two = world.instance(), world.instance()
    two.post("there", NOW - MINUTE, tags=("pots",))
    world.servers[0].serve_everything(status(503))
    source = world.source()

    first = world.look(source)
    world.servers[0].serve_everything(one)
    one.post("back", NOW + MINUTE, tags=("pots",))
    world.clock.now += 10 * MINUTE
    second = world.look(source, first[-1].cursor)

    assert texts(first) == ["there"]
    assert first[-1].coverage is not None
    assert first[-1].coverage.truncated
    assert "503" in first[-1].coverage.why
    assert world.servers[0].address in first[-1].coverage.why
    assert texts(second) == ["back"]
    assert second[-1].coverage is not None
    assert not second[-1].coverage.truncated


def test_when_no_instance_can_be_read_the_look_fails(world: World) -> None:
    world.instance()
    world.instance()
    for server in world.servers:
        server.serve_everything(status(503))
    source = world.source()

    first = source.fetch("#pots", None, NOW)

    assert first.more
    with pytest.raises(SourceUnavailable, match="503"):
        source.fetch("#pots", first.cursor, NOW)


def test_a_late_status_is_found_by_a_query_that_was_packed_anew(world: World) -> None:
    one = world.instance(limit=10)
    for number in range(40):
        one.post(f"in time {number}", NOW + MINUTE - number * MINUTE / 38, tags=("pots",))
    one.post("late", NOW - 5 * MINUTE, tags=("pots",))
    world.clock.now = NOW + 2 * MINUTE

    batches = world.look(world.source(), beginning(NOW))

    assert "late" in texts(batches)


def test_an_instance_that_closed_its_doors_closes_no_other_one(world: World) -> None:
    """One answered 403 and the other 503: the whole platform was taken for refused, until a person acted."""
    world.instance()
    world.instance()
    world.servers[0].serve_everything(status(503))
    world.servers[1].serve_everything(status(403))
    source = world.source()
    first = source.fetch("#pots", None, NOW)

    with pytest.raises(SourceUnavailable, match="403"):
        source.fetch("#pots", first.cursor, NOW)


def test_the_only_instance_that_refuses_us_is_said_to(world: World) -> None:
    world.instance()
    world.servers[0].serve_everything(status(403))

    with pytest.raises(AccessDenied, match="403"):
        world.source().fetch("#pots", None, NOW)


def test_an_instance_that_rests_is_missing_in_every_look_until_it_is_read_again(world: World) -> None:
    """It rested for an hour after a refusal, and the looks of that hour said that all had been read."""
    one, _ = world.instance(), world.instance()
    world.servers[0].serve_everything(status(403))
    source = world.source()
    batches = world.look(source)
    looks = [batches[-1].coverage]
    for minute in range(10, 80, 10):
        world.clock.now = NOW + minute * MINUTE
        if minute == 60:
            world.servers[0].serve_everything(one)
        batches = world.look(source, batches[-1].cursor)
        looks.append(batches[-1].coverage)

    assert [each is not None and each.truncated for each in looks] == [True] * 6 + [False] * 2
    assert all(each is not None and "403" in each.why for each in looks[:6])


def test_a_limit_is_raised_with_the_time_that_the_instance_names(world: World) -> None:
    one = world.instance(limit=2)
    source = world.source()
    world.clock.now = NOW + 2 * MINUTE
    for _ in range(2):
        source.fetch("#pots", None, world.clock.now)

    with pytest.raises(RateLimited, match="Too many requests") as caught:
        source.fetch("#pots", None, world.clock.now)

    assert caught.value.retry_after == 3 * MINUTE
    assert len(one.paths) == 3


class Ledger:
    """A pace that remembers."""

    def __init__(self, wait: timedelta = timedelta(0)) -> None:
        self.wait = wait
        self.admitted: list[Bucket] = []
        self.heeded: list[tuple[str, int, datetime]] = []

    def admit(self, bucket: Bucket) -> timedelta:
        self.admitted.append(bucket)
        return self.wait

    def heed(self, bucket: Bucket, remaining: int, reset_at: datetime) -> None:
        self.heeded.append((bucket.name, remaining, reset_at))


def test_requests_come_out_of_the_bucket_of_their_instance_and_headers_are_believed(world: World) -> None:
    world.instance()
    ledger = Ledger()

    world.look(world.source(ledger))

    name = f"mastodon:{world.servers[0].address}"
    assert ledger.admitted == [Bucket(name, 300, 5 * MINUTE)]
    assert ledger.heeded == [(name, 299, NOW + 5 * MINUTE)]


def test_an_empty_bucket_asks_nobody(world: World) -> None:
    one = world.instance()

    with pytest.raises(RateLimited) as caught:
        world.source(Ledger(MINUTE)).fetch("#pots", None, NOW)

    assert caught.value.retry_after == MINUTE
    assert one.paths == []


def test_an_instance_that_shows_nothing_to_strangers_wants_a_token(world: World) -> None:
    one = world.instance(token="token-of-ours")
    one.post("inside", NOW - MINUTE, tags=("pots",))

    with pytest.raises(AccessDenied, match="put a token for it into"):
        world.source().fetch("#pots", None, NOW)
    known = world.source(tokens=f"{world.servers[0].address}=token-of-ours")

    assert texts(world.look(known)) == ["inside"]


def test_a_token_is_told_to_its_instance_only(world: World) -> None:
    world.instance()
    world.instance()
    source = world.source(tokens=f"{world.servers[0].address}=token-of-ours")

    world.look(source)

    path = "/api/v1/timelines/tag/pots"
    assert world.servers[0].headers(path)["authorization"] == "Bearer token-of-ours"
    assert "authorization" not in world.servers[1].headers(path)


def test_each_token_is_kept_out_of_the_log(client: Client) -> None:
    """The settings know them as one text only, from a file with one a line."""
    open_source(client, {"instances": "a.example", "tokens": "a.example=canary-of-a\nb.example=canary-of-b\n"})

    assert redact("canary-of-a, canary-of-b") == "<hidden>, <hidden>"


@pytest.mark.parametrize(
    ("change", "is_read"),
    [
        ({"visibility": "unlisted"}, False),
        ({"visibility": "private"}, False),
        (
            {
                "account": an_account()
                | {"note": '<p>Hi <a href="https://x.example/tags/nobot">#<span>nobot</span></a>'}
            },
            False,
        ),
        ({"account": an_account() | {"fields": [{"name": "bots", "value": "#NoBots please"}]}}, False),
        ({"account": an_account() | {"note": "<p>nobody</p>"}}, True),
        ({"account": an_account() | {"indexable": False}}, True),
    ],
)
def test_who_does_not_want_to_be_read_is_not(world: World, change: dict[str, Any], *, is_read: bool) -> None:
    one = world.instance()
    one.post("words", NOW - MINUTE, tags=("pots",), **change)
    id_ = next(iter(one.statuses))
    # Timelines of tags show only what is public; what is given all the same is not taken.
    hidden = one.statuses[id_]["visibility"]
    one.statuses[id_]["visibility"] = "public"
    page = world.source().fetch("#pots", None, NOW)
    assert len(page.posts) == (is_read or hidden != "public")
    one.trending["statuses"] = [one.statuses[id_] | {"visibility": hidden}]

    trends = world.look(world.source(), query="trends")

    assert len(texts(trends)) == is_read


def test_who_is_not_indexable_is_not_found_by_words_alone(world: World) -> None:
    one = world.instance()
    one.post("found", NOW - MINUTE)
    one.post("not found", NOW - MINUTE, account=an_account() | {"indexable": False})
    one.post("not found either", NOW - MINUTE, account=an_account() | {"noindex": True})

    assert texts(world.look(world.source(), query="public")) == ["found"]
    assert "local=true" not in one.paths[0]
    assert texts(world.look(world.source(), query="public:local")) == ["found"]
    assert "local=true" in one.paths[-1]


def test_trends_need_no_words_and_lead_to_what_is_said(world: World) -> None:
    one = world.instance()
    link = "https://news.example/pots?id=1"
    one.post("top", NOW - timedelta(hours=5))
    one.trending["statuses"] = list(one.statuses.values())
    one.trending["tags"] = [a_tag("pots"), a_tag("iron")]
    one.trending["links"] = [a_link(link)]
    one.post("tagged", NOW - MINUTE, tags=("iron",))
    one.post("sharing", NOW - MINUTE, card=a_link(link))
    source = world.source()

    first = world.look(source, query="trends")
    world.clock.now += 10 * MINUTE
    one.post("sharing too", NOW + MINUTE, card=a_link(link))
    second = world.look(source, first[-1].cursor, "trends")

    assert texts(first) == ["top", "tagged", "sharing"]
    assert first[1].posts == ()
    assert first[-1].posts[0].links == (link,)
    assert texts(second) == ["top", "sharing too"]
    assert len(first) == len(second) == 5


def test_an_old_server_without_timelines_of_links_is_read_all_the_same(world: World) -> None:
    one = world.instance()
    one.version = (4, 2)
    one.trending["links"] = [a_link("https://news.example/1")]

    batches = world.look(world.source(), query="trends")

    assert batches[-1].coverage is not None
    assert not batches[-1].coverage.truncated


def test_statuses_are_looked_up_where_they_were_written(world: World) -> None:
    one = world.instance()
    one.host = world.servers[0].address
    uris = [one.post(f"words {n}", NOW - MINUTE, tags=("pots",)) for n in range(3)]
    keys = [PostKey("mastodon", uri) for uri in uris]
    one.statuses[max(one.statuses)]["favourites_count"] = 88
    one.delete(uris[0])

    found = world.source().look_up(keys, NOW)

    assert found.gone == (keys[0],)
    assert [post.key for post in found.posts] == keys[1:]
    assert [post.engagement.likes for post in found.posts] == [3, 88]
    assert len(one.paths) == 1
    one.version = (4, 2)
    assert world.source().look_up(keys[:2], NOW).gone == (keys[0],)
    assert [post.key for post in world.source().look_up(keys[1:2], NOW).posts] == [keys[1]]


def test_statuses_of_several_homes_are_looked_up_together(world: World) -> None:
    """Those of the second home were told as looked at, and nobody had asked for them."""
    one, two = world.instance(), world.instance()
    for instance, server in zip(world.instances, world.servers, strict=True):
        instance.host = server.address
    keys = [PostKey("mastodon", each.post("words", NOW, number=1)) for each in (one, two)]
    for instance in (one, two):
        [only] = instance.statuses.values()
        instance.statuses = {1: only}
    source = world.source()

    found = source.look_up(keys, NOW)

    assert [post.key for post in found.posts] == keys
    assert [len(each.paths) for each in (one, two)] == [1, 1]
    assert source.most == 4


def test_other_servers_are_asked_for_the_thing_itself(world: World) -> None:
    world.instance()
    server = world.servers[0]
    kinds = {"/objects/1": b'{"type": "Note"}', "/objects/2": b'{"type": "Tombstone"}'}
    for path, body in kinds.items():
        server.serve(path, status(200, body, {"Content-Type": "application/activity+json"}))
    server.serve("/objects/3", status(410))
    source = world.source()
    keys = [PostKey("mastodon", f"https://{server.address}/objects/{n}") for n in (1, 2, 3)]

    found = [source.look_up([key], NOW) for key in keys]

    assert [each.gone for each in found] == [(), (keys[1],), (keys[2],)]
    assert server.headers("/objects/1")["accept"] == "application/activity+json"


def test_a_server_of_strangers_that_cannot_be_asked_says_nothing_of_its_posts(world: World) -> None:
    world.instance()
    key = PostKey("mastodon", "https://127.0.0.1:9/users/ann/statuses/1")

    assert world.source().look_up([key, PostKey("mastodon", "tag:x")], NOW) == ((), (), 0.0)


def test_looking_back_reads_a_window_and_no_more(world: World) -> None:
    one, two = world.instance(), world.instance()
    for hours in range(60):
        one.post(f"one {hours}", NOW - timedelta(hours=hours, minutes=1), tags=("pots",))
    two.post("two", NOW - timedelta(hours=20), tags=("pots",))
    source, window = world.source(), Window(NOW - timedelta(hours=50), NOW - timedelta(hours=4))

    price = source.price("#pots", window, NOW)
    batches = [source.back("#pots", window, None, NOW)]
    while batches[-1].more:
        batches.append(source.back("#pots", window, batches[-1].cursor, NOW))

    assert sorted(texts(batches)) == sorted([f"one {hours}" for hours in range(4, 50)] + ["two"])
    # Instances count by the day, so a price is for the days that a window touches.
    assert (
        price.posts == sum(1 for hours in range(60) if (NOW - timedelta(hours=hours, minutes=1)).day >= 30 or True) + 1
    )
    assert price.requests == 4
    assert price.dollars == 0
    assert batches[-1].coverage is not None
    assert batches[-1].coverage.start == window.start


@pytest.mark.parametrize("query", ["pots", "#a #b #c #d #e #f", "#a b", "@ann", "#"])
def test_what_mastodon_cannot_be_asked_is_refused(world: World, query: str) -> None:
    one = world.instance()

    with pytest.raises(SourceRejected, match="up to five hashtags"):
        world.source().fetch(query, None, NOW)

    assert one.paths == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"instances": " , "}, "names no instance"),
        ({"instances": "ftp://x.example"}, "is no instance"),
        ({"instances": "x.example/path"}, "is no instance"),
        ({"tokens": "x.example"}, "host=token"),
    ],
)
def test_wrong_options_are_named(client: Client, options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        open_source(client, options)


def test_one_status_that_cannot_be_read_costs_itself_only(world: World) -> None:
    one = world.instance()
    one.post("fine", NOW - MINUTE, tags=("pots",))
    one.post("broken", NOW - 2 * MINUTE, tags=("pots",), created_at="yesterday")
    source = world.source()

    [batch] = world.look(source)

    assert texts([batch]) == ["fine"]
    [aside] = batch.set_aside
    assert batch.unreadable == 1
    assert (aside.author.id, aside.kind) == ("ann@home0.example", "item")
    assert b"ann" not in aside.raw.replace(b"/users/ann/", b"")
    post = source.reread(aside.raw.replace(b"yesterday", b"2024-05-02T11:00:00Z"), NOW)
    assert post is not None
    assert post.text.startswith("broken")


def test_a_page_of_broken_statuses_is_a_changed_payload(world: World) -> None:
    world.instance()
    world.servers[0].serve_everything(status(200, b'[{"id": "1"}, {"id": "2"}]'))

    with pytest.raises(PayloadChanged, match="not one status"):
        world.source().fetch("#pots", None, NOW)


def test_ids_without_times_are_read_on_without_an_overlap(world: World) -> None:
    """Pleroma's ids hold no time that we could subtract from."""
    world.instance()
    server = world.servers[0]
    page = b'[{"id":"9xZ","uri":"https://p.example/objects/1","created_at":"2024-05-02T11:59:00.000Z","visibility":"public","content":"a"}]'
    server.serve_everything(status(200, page))
    source = world.source()

    first = source.fetch("#pots", None, NOW)
    again = source.fetch("#pots", first.cursor, NOW + MINUTE)

    assert "min_id=9xZ" in server.asked[-1]
    assert again.posts == ()
    assert not again.more


@settings(max_examples=40)
@given(
    arrivals=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), min_size=1, max_size=60),
    page=st.integers(3, 10),
)
def test_nothing_is_lost_whatever_the_delay_and_the_page(arrivals: list[tuple[int, int]], page: int) -> None:
    """Statuses are written at one minute and arrive up to eight later; a look comes every five minutes."""
    offline = _Offline(page)
    cursor, seen = None, []
    for tick in range(0, 60, 5):
        offline.arrive(arrivals, tick)
        batches = offline.look(cursor, NOW + tick * MINUTE)
        cursor = batches[-1].cursor
        seen += [post.key for batch in batches for post in batch.posts]

    assert len(set(seen)) == len(arrivals)
    assert len(seen) == len(set(seen)), "each is given once"


class _Offline:
    """A source whose client answers from an instance without a server, for many rounds."""

    def __init__(self, page: int) -> None:
        self.now = NOW
        self._instance = Instance("home.example", lambda: self.now, limit=10**6)
        self._known: set[int] = set()
        self.source = open_source(self, {"instances": "home.example", "page": str(page)})  # type: ignore[arg-type]

    def arrive(self, arrivals: list[tuple[int, int]], tick: int) -> None:
        """Let statuses be known that have come by now."""
        for number, (at, delay) in enumerate(arrivals):
            if at + delay <= tick and number not in self._known:
                self._known.add(number)
                time = NOW + at * MINUTE + timedelta(seconds=number % 60)
                self._instance.post(f"words {number}", time, tags=("pots",), number=number)

    def look(self, cursor: Cursor | None, now: datetime) -> list[Batch]:
        """Fetch until there is no more."""
        self.now = now
        batches = [self.source.fetch("#pots", cursor, now)]
        while batches[-1].more:
            assert len(batches) < 200
            batches.append(self.source.fetch("#pots", batches[-1].cursor, now))
        return batches

    def get(self, _source: str, url: str, **_: object) -> Any:
        """Answer as the server would."""
        return _Answer(url.removeprefix("https://home.example"), self._instance)


class _Answer:
    """Takes the place of a request and of its response."""

    def __init__(self, path: str, instance: Callable[[Any], None]) -> None:
        self.path = path
        self.body = b""
        self.headers: dict[str, str] = {}
        instance(self)

    def answer(self, _status: int, body: bytes, _headers: object) -> None:
        """Keep what the instance says."""
        self.body = body
