"""The stages together, on a real store, with a source that says what the test wants."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.digests.compose import Brief
from monitor.digests.record import record_of
from monitor.digests.render import render
from monitor.errors import SourceBroken, SourceError, SourceUnavailable, StoreError
from monitor.models import Author, Batch, Coverage, Cursor, Engagement, Post, PostKey, Query, Topic, Window
from monitor.nouns.clues import Clue, Sense
from monitor.pipeline import Shelf, Stages, digest_of, gather
from monitor.processes import isolation
from monitor.processes.isolation import ForkIsolation
from monitor.protocols import Source
from monitor.services.changes import Changes
from monitor.services.looks import MOST_TRIES, Look, Parts, Polled, poll
from monitor.settings import Settings
from monitor.store.codec import from_ms
from monitor.store.connection import Connection
from monitor.store.departed import DepartedStore
from monitor.store.erasure import MessageEraser
from monitor.store.fsck import check
from monitor.store.keys import Keyspace
from monitor.store.mentions import MentionStore
from monitor.store.progress import ProgressStore
from monitor.store.quarantine import QuarantineStore
from monitor.store.schedule import LeaseStore
from monitor.topics.matcher.judging import Facts
from monitor.topics.matcher.matching import Candidates, Matcher
from monitor.topics.polling.planning import poll_job
from monitor.wiring import make_stages
from tests.build import a_post, a_topic
from tests.poison import PoisonSource, act

QUERY = Query("hackernews", "")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class Told:
    """A source that gives the batches it was told to, in turn, or raises."""

    name = "hackernews"

    def __init__(self, *answers: Batch | SourceError) -> None:
        self._answers = list(answers)
        self.cursors: list[Cursor | None] = []

    def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
        self.cursors.append(cursor)
        answer = self._answers.pop(0)
        if isinstance(answer, SourceError):
            raise answer
        return answer


@pytest.fixture
def now(valkey: Connection) -> datetime:
    """The store's own time: coverage is kept by its clock."""
    seconds, _ = valkey.execute("TIME")
    return from_ms(int(seconds) // 3600 * 3600 * 1000)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def parts(connection: Connection, source: Told) -> Parts:
    stores = LeaseStore(connection), ProgressStore(connection), MentionStore(connection)
    mentions, quarantine = stores[2], QuarantineStore(connection)
    changes = Changes(mentions, mentions, MessageEraser(connection), DepartedStore(connection), quarantine)
    return Parts({"hackernews": source}, *stores, changes=changes)


def look(source: Told, connection: Connection, stages: Stages, now: datetime, owner: str = "me") -> Polled | None:
    return poll(Look(poll_job(QUERY), QUERY, 10 * timedelta(minutes=1), owner), parts(connection, source), stages, now)


def batch(posts: Sequence[Post], start: datetime, end: datetime, cursor: str = "c1", **more: object) -> Batch:
    return Batch(posts=tuple(posts), cursor=Cursor(cursor), coverage=Coverage(start=start, end=end), **more)  # type: ignore[arg-type]


def seen_at(time: datetime, id_: str, text: str, **changes: object) -> Post:
    return a_post(id_, key=PostKey("hackernews", id_), text=text, observed_at=time, created_at=time, **changes)


def digest_text(topic: Topic, connection: Connection, window: Window) -> str:
    shelf = Shelf(MentionStore(connection), ProgressStore(connection))
    return render(digest_of(Brief(topic=topic, window=window), shelf, window.end), "c").text


def test_an_exclusion_of_one_topic_never_touches_another(valkey: Connection, settings: Settings, now: datetime) -> None:
    topics = [a_topic(name="a", none=("游戏",)), a_topic(name="b")]
    posts = [seen_at(now, "1", "砸锅卖铁玩游戏"), seen_at(now, "2", "砸锅卖铁"), seen_at(now, "3", "别的")]
    source = Told(batch(posts, now - HOUR, now))

    polled = look(source, valkey, make_stages(topics, settings), now)

    store, window = MentionStore(valkey), Window(now - HOUR, now + HOUR)
    assert polled is not None
    assert (polled.fetched, polled.matched, polled.new) == (3, 3, 3)
    assert [m.post.key.id for m in store.between("a", window)] == ["2"]
    assert [m.post.key.id for m in store.between("b", window)] == ["1", "2"]


def test_the_cursor_stays_when_the_store_fails_and_the_page_comes_again(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    page = batch([seen_at(now, "1", "砸锅卖铁")], now - HOUR, now)
    source = Told(page, page)
    stages = make_stages([a_topic()], settings)
    broken = Connection("unix:///nonexistent/socket", valkey.keys)
    broken_parts = parts(valkey, source)._replace(mentions=MentionStore(broken))
    progress = ProgressStore(valkey)

    with pytest.raises(StoreError):
        poll(Look(poll_job(QUERY), QUERY, HOUR, "one"), broken_parts, stages, now)
    resumed = progress.resume(QUERY)
    polled = look(source, valkey, stages, now, "two")

    assert resumed.cursor is None
    assert polled is not None
    assert polled.new == 1
    assert source.cursors == [None, None]
    assert progress.resume(QUERY).cursor == "c1"


def test_what_a_source_raises_by_our_own_fault_is_told_and_backed_off_from(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    class Broken(Told):
        """A source with a bug."""

        def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
            raise KeyError("hits")

    stages, progress = make_stages([a_topic()], settings), ProgressStore(valkey)

    polled = look(Broken(), valkey, stages, now)

    [status] = progress.statuses([QUERY], Window(now - HOUR, now + HOUR))
    assert polled is not None
    assert isinstance(polled.error, SourceBroken)
    assert polled.due_in > timedelta(minutes=5)
    assert status.reason == "our bug: KeyError: 'hits'"
    assert progress.resume(QUERY).failures == 1


def test_a_look_that_lost_its_lease_while_fetching_stores_nothing(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    page = batch([seen_at(now, "1", "砸锅卖铁")], now - HOUR, now)
    stages = make_stages([a_topic()], settings)

    class Overtaken(Told):
        """Another worker takes the job while this one fetches."""

        def fetch(self, query: str, cursor: Cursor | None, now: datetime) -> Batch:
            valkey.execute("HDEL", valkey.keys.work.leases, str(poll_job(QUERY)))
            assert LeaseStore(valkey).acquire(poll_job(QUERY), "another", HOUR) is not None
            return super().fetch(query, cursor, now)

    polled = look(Overtaken(page), valkey, stages, now)

    assert polled is None
    assert MentionStore(valkey).between("pots", Window(now - HOUR, now + HOUR)) == []
    assert ProgressStore(valkey).resume(QUERY).cursor is None


def test_a_failing_source_is_recorded_and_keeps_its_place(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    source = Told(batch([], now - HOUR, now), SourceUnavailable("hackernews", "503"), batch([], now, now + HOUR, "c2"))
    stages = make_stages([a_topic()], settings)
    progress = ProgressStore(valkey)

    look(source, valkey, stages, now)
    failed = look(source, valkey, stages, now)
    [status] = progress.statuses([QUERY], Window(now - HOUR, now + HOUR))
    look(source, valkey, stages, now)

    assert failed is not None
    assert failed.error is not None
    assert (status.reason, status.read) == ("503", 0.5)
    assert source.cursors == [None, "c1", "c1"]
    [again] = progress.statuses([QUERY], Window(now - HOUR, now + HOUR))
    assert (again.reason, again.read) == (None, 1.0)


def test_deletions_reach_every_topic(valkey: Connection, settings: Settings, now: datetime) -> None:
    topics = [a_topic(name="a"), a_topic(name="b")]
    source = Told(
        batch([seen_at(now, "1", "砸锅卖铁 geheim")], now - HOUR, now),
        batch([], now, now, "c2", deletions=(PostKey("hackernews", "1"),)),
    )
    stages = make_stages(topics, settings)

    look(source, valkey, stages, now)
    look(source, valkey, stages, now)

    for name in ("a", "b"):
        [mention] = MentionStore(valkey).between(name, Window(now - HOUR, now + HOUR))
        assert mention.withdrawn
        assert mention.post.text == ""
    assert check(valkey) == []


def test_only_the_topics_languages_are_kept(valkey: Connection, settings: Settings, now: datetime) -> None:
    topic = a_topic(any=("砸锅卖铁", "砸鍋賣鐵", "smash pots"), languages=("zh",))
    texts = ["他们说要砸锅卖铁还债", "他們說要砸鍋賣鐵還債", "they want to smash pots and sell iron now"]
    posts = [seen_at(now, str(n), text) for n, text in enumerate(texts)]

    look(Told(batch(posts, now - HOUR, now)), valkey, make_stages([topic], settings), now)

    stored = MentionStore(valkey).between("pots", Window(now - HOUR, now + HOUR))
    assert [m.language for m in stored] == ["zh-Hans", "zh-Hant"]


def test_no_name_and_no_handle_reaches_the_store(valkey: Connection, settings: Settings, now: datetime) -> None:
    author = Author(id="id4711", handle="private_handle", name="Private Name")
    post = seen_at(now, "1", "砸锅卖铁", author=author)

    look(Told(batch([post], now - HOUR, now)), valkey, make_stages([a_topic()], settings), now)

    for key in valkey.scan(f"{valkey.keys.prefix}*"):
        if valkey.execute("TYPE", key) == b"hash":
            said = repr(valkey.execute("HGETALL", key))
            assert not any(word in said for word in ("id4711", "private_handle", "Private Name"))


def test_posts_before_the_first_look_are_back_fill_and_no_baseline(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    posts = [seen_at(now - 30 * HOUR, "old", "砸锅卖铁"), seen_at(now - HOUR / 2, "new", "砸锅卖铁")]

    look(Told(batch(posts, now - HOUR, now)), valkey, make_stages([a_topic()], settings), now)

    store, window = MentionStore(valkey), Window(now - 48 * HOUR, now)
    assert [m.backfilled for m in store.between("pots", window)] == [True, False]
    assert sum(store.hourly("pots", window)) == 1


def test_usual_is_what_was_really_sampled_and_the_digest_says_so(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    """Five days read, with 2, 4, 6, 8 posts on the first four: usual is 5, and 20 posts are ×4."""
    topic = a_topic(sources=("hackernews",))
    counts = [2, 4, 6, 8, 20]
    posts = [
        seen_at(
            now - (5 - day) * DAY + (n + 1) * 0.5 * HOUR,
            f"{day}-{n}",
            f"砸锅卖铁 {day} {n}",
            engagement=Engagement(likes=n),
        )
        for day, count in enumerate(counts)
        for n in range(count)
    ]
    look(Told(batch(posts, now - 5 * DAY, now)), valkey, make_stages([topic], settings), now)

    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))
    made = digest_of(Brief(topic=topic, window=Window(now - DAY, now)), shelf, now)

    assert (made.trend.count, made.trend.expected, made.trend.ratio) == (20, 5.0, 4.0)
    assert made.trend.arithmetic[0] == "20 ÷ 5 = ×4.0."
    assert "(2, 4, 6, 8)" in made.trend.arithmetic[1]
    early = digest_of(Brief(topic=topic, window=Window(now - 3 * DAY, now - 2 * DAY)), shelf, now)
    assert (early.trend.count, early.trend.expected) == (6, None)


@pytest.mark.parametrize(("size", "times"), [(1000, 1), (7, 1), (50, 2), (1, 2)])
def test_other_batches_and_every_post_twice_give_the_same_burst(
    valkey: Connection, settings: Settings, now: datetime, size: int, times: int
) -> None:
    topic = a_topic(sources=("hackernews",))
    quiet = [seen_at(now - n * 2 * HOUR - HOUR / 2, f"q{n}", f"砸锅卖铁 {n}", author=author(n)) for n in range(60)]
    loud = [
        seen_at(now - 3 * HOUR + n * HOUR / 30, f"l{n}", f"砸锅卖铁 x{n}", author=author(100 + n)) for n in range(24)
    ]
    posts = [post for post in [*quiet, *loud] for _ in range(times)]
    batches = [posts[n : n + size] for n in range(0, len(posts), size)]
    told = Told(*(batch(some, now - 5 * DAY, now, f"c{n}") for n, some in enumerate(batches)))
    for _ in batches:
        look(told, valkey, make_stages([topic], settings), now)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))

    trend = digest_of(Brief(topic=topic, window=Window(now - DAY, now)), shelf, now).trend

    assert trend.burst is not None
    assert (trend.burst.posts, trend.burst.accounts, trend.burst.voices, trend.burst.before) == (25, 25, 25, 0)
    assert trend.burst.surprise == pytest.approx(24.01, abs=0.01)
    assert trend.burst.phase == "back"


def author(n: int) -> Author:
    return Author(id=f"a{n}")


def test_a_quiet_day_and_a_blind_day_look_different(valkey: Connection, settings: Settings, now: datetime) -> None:
    quiet, blind = Keyspace(f"{valkey.keys.prefix}quiet:"), Keyspace(f"{valkey.keys.prefix}blind:")
    stages, window, topic = make_stages([a_topic()], settings), Window(now - DAY, now), a_topic()
    calm, deaf = valkey.under(quiet), valkey.under(blind)
    look(Told(batch([], now - DAY, now)), calm, stages, now)
    look(Told(SourceUnavailable("hackernews", "the server answered 503")), deaf, stages, now)

    calm_said = digest_text(topic, calm, window)
    assert calm_said.startswith("#砸锅卖铁: no posts in 24 h to ")
    assert calm_said.endswith(" UTC; read: Hacker News.")
    said = digest_text(topic, deaf, window)
    assert said.startswith("Could not look: Hacker News since ")
    assert "its server is down" in said
    assert "no posts" not in said
    calm.close()
    deaf.close()


def test_the_same_window_makes_the_same_digest(valkey: Connection, settings: Settings, now: datetime) -> None:
    posts = [seen_at(now - HOUR, str(n), f"砸锅卖铁 {n}") for n in range(12)]
    look(Told(batch(posts, now - DAY, now)), valkey, make_stages([a_topic()], settings), now)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))
    brief = Brief(topic=a_topic(), window=Window(now - DAY, now))

    first, second = (render(digest_of(brief, shelf, now), "c") for _ in range(2))

    assert first == second
    assert digest_of(brief, shelf, now).id == first.digest_id


def test_a_first_look_a_moment_ago_is_no_blindness(valkey: Connection, settings: Settings, now: datetime) -> None:
    posts = [seen_at(now - HOUR, "1", "砸锅卖铁"), seen_at(now - HOUR, "2", "砸锅卖铁 2")]
    look(Told(batch(posts, now, now)), valkey, make_stages([a_topic()], settings), now)

    said = digest_text(a_topic(), valkey, Window(now - DAY + HOUR / 60, now + HOUR / 60))

    assert said.startswith("#砸锅卖铁: 2 posts")
    assert "Could not look" not in said
    assert f"Read: Hacker News (since {now:%H:%M})." in said


def test_a_machine_that_was_off_most_of_the_day_says_so_first(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    look(Told(batch([], now - 3 * DAY, now - 20 * HOUR)), valkey, make_stages([a_topic()], settings), now)

    said = digest_text(a_topic(), valkey, Window(now - DAY, now))

    assert said.startswith("Could not look: Hacker News (only 17 % of the window).")


def test_what_was_read_last_week_is_not_read_today(valkey: Connection, settings: Settings, now: datetime) -> None:
    look(Told(batch([], now - 9 * DAY, now - 7 * DAY)), valkey, make_stages([a_topic()], settings), now)

    said = digest_text(a_topic(), valkey, Window(now - DAY, now))

    assert said.startswith("Could not look: Hacker News")
    assert "no posts" not in said


def test_a_feed_that_others_followed_was_not_read_for_a_new_topic(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    """It was read all day, but nobody looked for these words in it: whether it had them is not known."""
    window, followed = Window(now - 22 * HOUR, now + 2 * HOUR), now + HOUR
    look(Told(batch([], now - DAY, now + 2 * HOUR)), valkey, make_stages([a_topic()], settings), now)
    shelf, brief = Shelf(MentionStore(valkey), ProgressStore(valkey)), Brief(topic=a_topic(), window=window)

    said = [
        render(digest_of(brief, shelf._replace(followed_since=since), window.end), "c").text
        for since in (None, now - 2 * DAY, followed)
    ]

    assert said[0].endswith("; read: Hacker News.")
    assert said[1] == said[0]
    assert said[2].endswith(f"; read: Hacker News (since {followed:%H:%M}).")


def test_an_edited_rule_hides_nothing_that_was_read_by_the_earlier_one(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    window = Window(now - 22 * HOUR, now + 2 * HOUR)
    posts = [seen_at(now - HOUR, "1", "砸锅卖铁")]
    look(Told(batch(posts, now - DAY, now + 2 * HOUR)), valkey, make_stages([a_topic()], settings), now)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey), followed_since=now + HOUR)

    said = render(digest_of(Brief(topic=a_topic(), window=window), shelf, window.end), "c").text

    assert "Read: Hacker News." in said


def test_days_before_a_topic_was_followed_are_no_baseline(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    """The feed was read for five days for another topic; what it held for this one then, nobody knows."""
    posts = [seen_at(now - HOUR, str(n), f"砸锅卖铁 {n}") for n in range(12)]
    look(Told(batch(posts, now - 5 * DAY, now)), valkey, make_stages([a_topic()], settings), now)
    brief = Brief(topic=a_topic(), window=Window(now - DAY, now))
    mentions, progress = MentionStore(valkey), ProgressStore(valkey)

    ever = digest_of(brief, Shelf(mentions, progress), now)
    new = digest_of(brief, Shelf(mentions, progress, followed_since=now - 2 * DAY), now)

    assert ever.trend.expected == 0
    assert (new.trend.expected, new.trend.sampled_hours) == (None, 24)


@pytest.fixture(scope="module")
def apart() -> Iterator[ForkIsolation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isolation, "MODULE", "tests.poison.child")
        made = ForkIsolation({}, "eldc", children=1)
        yield made
        made.close()


def careful_parts(connection: Connection, source: Source, apart: ForkIsolation) -> Parts:
    stores = LeaseStore(connection), ProgressStore(connection), MentionStore(connection)
    return Parts({source.name: source}, *stores, QuarantineStore(connection), apart)


def test_a_post_that_breaks_a_stage_is_set_aside_and_the_others_are_stored(
    valkey: Connection, settings: Settings, now: datetime, apart: ForkIsolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    author = Author(id="id4711", handle="private_handle")
    bad = seen_at(now, "2", "砸锅卖铁 ☠memory☠", author=author)
    posts = [seen_at(now, "1", "砸锅卖铁"), bad, seen_at(now, "3", "砸锅卖铁")]
    source = Told(batch(posts, now - HOUR, now))
    find_all = Matcher.find_all

    def poisoned(self: Matcher, texts: Sequence[str], facts: Sequence[Callable[[], Facts]]) -> list[Candidates | None]:
        for text in texts:
            act("match", text)
        return find_all(self, texts, facts)

    monkeypatch.setattr(Matcher, "find_all", poisoned)
    stages = make_stages([a_topic()], settings)

    polled = poll(Look(poll_job(QUERY), QUERY, HOUR, "me"), careful_parts(valkey, source, apart), stages, now)

    stored = MentionStore(valkey).between("pots", Window(now - HOUR, now + HOUR))
    [kept] = QuarantineStore(valkey).all()
    [status] = ProgressStore(valkey).statuses([QUERY], Window(now - HOUR, now))
    assert polled is not None
    assert (polled.fetched, polled.new) == (3, 2)
    assert [mention.post.key.id for mention in stored] == ["1", "3"]
    assert (kept.item.stage, kept.tries, kept.subject) == ("match", 2, "hackernews")
    assert "id4711" not in repr(kept)
    assert kept.item.author.id
    assert status.read == 1.0
    assert check(valkey) == []


def test_a_post_that_cannot_be_stored_costs_itself_only(
    valkey: Connection, settings: Settings, now: datetime, apart: ForkIsolation
) -> None:
    """Half a character cannot be written, by no encoder and to no store."""
    posts = [seen_at(now, "1", "砸锅卖铁"), seen_at(now, "half \ud83d", "砸锅卖铁"), seen_at(now, "3", "砸锅卖铁")]
    source = Told(batch(posts, now - HOUR, now))
    stages = make_stages([a_topic()], settings)

    poll(Look(poll_job(QUERY), QUERY, HOUR, "me"), careful_parts(valkey, source, apart), stages, now)

    assert len(MentionStore(valkey).between("pots", Window(now - HOUR, now + HOUR))) == 2
    [kept] = QuarantineStore(valkey).all()
    assert (kept.item.stage, kept.item.id) == ("store", "hackernews:half \\ud83d")
    assert ProgressStore(valkey).resume(QUERY).cursor == "c1"


def test_a_look_that_ended_its_process_is_followed_by_a_careful_one(
    valkey: Connection, settings: Settings, now: datetime, apart: ForkIsolation
) -> None:
    """The first look counts itself before the work, and is never heard of again."""
    query = Query("rss", "https://poison.example/3/20/10/5")
    parts_ = careful_parts(valkey, PoisonSource(), apart)
    stages = make_stages([a_topic()], settings)
    lease = LeaseStore(valkey).acquire(poll_job(query), "dead", timedelta(seconds=1))
    assert lease is not None
    parts_.progress.begin(lease, query)
    LeaseStore(valkey).release(lease)

    pages = [poll(Look(poll_job(query), query, HOUR, f"{n}"), parts_, stages, now) for n in range(2)]

    kept = QuarantineStore(valkey).all()
    stored = MentionStore(valkey).between("pots", Window(now - HOUR, now + HOUR))
    assert [page is not None and page.error is None for page in pages] == [True, True]
    assert len(stored) == 17
    assert len(kept) == 3
    assert {each.tries for each in kept} <= {1, 2}
    assert parts_.progress.resume(query).cursor == "20"
    assert check(valkey) == []


def test_a_page_that_ends_every_process_makes_its_query_wait(
    valkey: Connection, settings: Settings, now: datetime, apart: ForkIsolation
) -> None:
    parts_ = careful_parts(valkey, Told(batch([], now - HOUR, now)), apart)
    stages = make_stages([a_topic()], settings)
    for n in range(MOST_TRIES):
        lease = LeaseStore(valkey).acquire(poll_job(QUERY), f"dead {n}", timedelta(seconds=1))
        assert lease is not None
        assert parts_.progress.begin(lease, QUERY).tries == n + 1
        assert parts_.progress.begin(lease, QUERY).tries == n + 1
        LeaseStore(valkey).release(lease)

    refused = poll(Look(poll_job(QUERY), QUERY, HOUR, "me"), parts_, stages, now)
    read = poll(Look(poll_job(QUERY), QUERY, HOUR, "me"), parts_, stages, now)

    assert refused is not None
    assert refused.error is not None
    assert "5 times in a row the process ended that read it" in refused.error.reason
    assert refused.due_in > timedelta(minutes=50)
    assert read is not None
    assert read.error is None


def test_posts_of_another_sense_are_counted_and_nowhere_else_in_the_digest(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    """Two of three on four earlier days mean something else: usual is 1, and the 4 of today that mean it are ×4."""
    sense = Sense(clues=(Clue("游戏", -2.0),))
    topic = a_topic(sense=sense, none=())
    start = now - 5 * DAY
    posts = [
        seen_at(start + day * DAY + (1 + n) * HOUR, f"{day}.{n}", "砸锅卖铁" + ("玩游戏" if n else "") + str(n))
        for day in range(4)
        for n in range(3)
    ]
    posts += [
        seen_at(now - HOUR - n * timedelta(minutes=1), f"t{n}", "砸锅卖铁" + ("玩游戏" if n > 3 else "") + str(n))
        for n in range(9)
    ]
    look(Told(batch(posts, start, now)), valkey, make_stages([topic], settings), now)
    window = Window(now - DAY, now)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))

    gathered = gather(topic, window, shelf, now)
    blind_to_sense = gather(a_topic(), window, shelf, now)

    assert [each.post.text for each in gathered.mentions if "游戏" in each.post.text] == []
    assert (gathered.trend.count, gathered.others) == (4, 5)
    assert (gathered.trend.expected, gathered.trend.ratio) == (1.0, 4.0)
    assert (blind_to_sense.trend.count, blind_to_sense.trend.expected, blind_to_sense.others) == (9, 3.0, 0)
    assert "5 posts of another sense left out" in digest_text(topic, valkey, window)


def test_hours_whose_posts_are_gone_are_not_compared_by_sense(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    """Roll-ups hold counts, and no text that could tell the sense."""
    topic = a_topic(sense=Sense(clues=(Clue("游戏", -2.0),)), retention=DAY)
    source = Told(batch([], now - 6 * DAY, now))
    look(source, valkey, make_stages([topic], settings), now)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))

    gathered = gather(topic, Window(now - HOUR, now), shelf, now)

    assert gathered.trend.sampled_hours < 24


def test_near_copies_are_one_wording_of_a_digest_and_its_data(
    valkey: Connection, settings: Settings, now: datetime
) -> None:
    topic, text = a_topic(), "某县成立砸锅卖铁专班,清理欠款17亿元,全县干部没有一个人反对,先砸谁的锅?"
    texts = (text, f"RT @甲: {text[:30]}…", f"太可怕了 {text} https://t.example/1", text.replace("17", "7"))
    posts = [
        seen_at(now + n * timedelta(minutes=1), str(n), each, author=Author(id=str(n))) for n, each in enumerate(texts)
    ]
    look(Told(batch(posts, now - HOUR, now + HOUR)), valkey, make_stages([topic], settings), now + HOUR)
    window = Window(now - HOUR, now + HOUR)
    shelf = Shelf(MentionStore(valkey), ProgressStore(valkey))

    made = digest_of(Brief(topic=topic, window=window), shelf, window.end)
    record = record_of(made, shelf.mentions.between(topic.name, window), "")

    assert "Same wording: 3 posts, 3 accounts, 2 min" in digest_text(topic, valkey, window)
    assert sorted(each.copies for each in made.reactions) == [1, 3]
    assert record.same_wording is not None
    assert (record.same_wording.count, record.same_wording.platforms) == (3, {"hackernews": 3})
    assert record.same_wording.earliest == "hackernews:0"
    assert check(valkey) == []
