"""X by recent search, against a strict simulator over real HTTP, judged by X's own description."""

import json
import logging
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import (
    AccessDenied,
    ConfigError,
    OutOfCredit,
    PayloadChanged,
    RateLimited,
    SourceRejected,
    SourceUnavailable,
)
from monitor.models import Batch, Cursor, Post, PostKey, Window
from monitor.seams.budget import Wish
from monitor.sources.http import Client
from monitor.sources.x import XSource, open_source
from monitor.sources.x_errors import QueryRefused
from monitor.sources.x_till import _read_on
from monitor.topics.queries.fitting import Learned
from monitor.topics.queries.repacking import beginning
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_world import World

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
QUERY = '("iron pots" OR 台积电 OR iron)'


@pytest.fixture
def world() -> World:
    return World(NOW)


@pytest.fixture
def ask(world: World) -> Iterator["Asking"]:
    with XServer(world, is_judged=False) as server:
        asking = Asking(world, server.url)
        yield asking
        asking.source.close()


class Asking:
    """A source, and its cursor."""

    def __init__(self, world: World, url: str) -> None:
        self.world, self.url = world, url
        self.cursor: Cursor | None = None
        self.batches: list[Batch] = []
        self.source = self.opened()

    def opened(self, **options: str) -> XSource:
        given = {"url": self.url, "token": TOKEN, "budget": "100", "vocabulary": self.world.words} | options
        return open_source(Client(), given)

    def page(self, query: str = QUERY) -> Batch:
        batch = self.source.fetch(query, self.cursor, self.world.now)
        self.cursor = batch.cursor
        self.batches.append(batch)
        return batch

    def look(self, query: str = QUERY) -> list[Post]:
        """Read page after page, as a look does."""
        posts: list[Post] = []
        while True:
            batch = self.page(query)
            posts += [*batch.posts, *batch.edits]
            if not batch.more:
                return posts

    def busy(self, looks: int) -> list[Post]:
        """Look every ten minutes while there is something each time."""
        posts: list[Post] = []
        for number in range(looks):
            self.world.now += 10 * MINUTE
            self.world.post(f"iron at {number}", ago=MINUTE)
            posts += self.look()
        return posts

    def searches(self) -> list[dict[str, str]]:
        return [args for path, args in self.world.asked if path.endswith("/search/recent")]


def test_a_first_look_goes_back_an_hour_and_costs_what_it_brought(ask: Asking) -> None:
    ask.world.post("iron, old", ago=2 * HOUR)
    for number in range(5):
        ask.world.post(f"iron {number}", ago=(number + 1) * MINUTE, likes=number)

    posts = ask.look()

    assert [post.text for post in posts] == [f"iron {number}" for number in range(5)]
    assert [post.engagement.likes for post in posts] == [0, 1, 2, 3, 4]
    assert sum(batch.cost for batch in ask.batches) == pytest.approx(5 * 0.005)
    assert ask.world.spent["2026-11-30"] == 25_000


def test_an_empty_answer_is_free_and_nothing_is_read_twice(ask: Asking) -> None:
    for number in range(5):
        ask.world.post(f"iron {number}", ago=(number + 1) * MINUTE)
    ask.look()
    spent = ask.world.spent["2026-11-30"]

    for _ in range(20):
        ask.world.now += 10 * MINUTE
        assert ask.look() == []

    assert ask.world.spent["2026-11-30"] == spent


def test_a_post_that_surfaces_late_is_found(ask: Asking) -> None:
    ask.world.post("iron, early", ago=MINUTE)
    ask.world.post("iron, late", ago=MINUTE + timedelta(seconds=20), surfaced=NOW + 2 * MINUTE)
    assert [post.text for post in ask.look()] == ["iron, early"]

    ask.world.now += 5 * MINUTE

    assert [post.text for post in ask.look()] == ["iron, late"]


def test_a_page_that_comes_back_empty_where_more_was_told_is_asked_for_again(ask: Asking) -> None:
    """A lie in the middle of a look, and what lay behind it counted as read."""
    for number in range(150):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 10 * number))
    nothing = (200, {}, b'{"meta": {"result_count": 0}}')
    while len(ask.searches()) < 2:
        ask.page()  # ten posts, a count, a hundred
    ask.world.faults.append(nothing)
    lied = ask.page()
    ask.world.now += 10 * MINUTE
    posts = ask.look()

    assert lied.coverage is not None
    assert lied.coverage.start > NOW - timedelta(seconds=40 + 10 * 130), "what was not shown does not count as read"
    assert {f"iron {number}" for number in range(120, 150)} <= {post.text for post in posts}
    assert not any(each.coverage.truncated for each in ask.batches if each.coverage is not None)


def test_no_hole_is_left_in_what_counts_as_read(ask: Asking) -> None:
    """The last page of a look reached into the overlap, and late posts behind it were in a hole that nobody knew of."""
    ask.source = ask.opened(pages="2")
    ask.world.post("iron, early", ago=MINUTE)
    ask.look()
    for number in range(250):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=100 - number / 4), surfaced=NOW + MINUTE)
    ask.world.now += 2 * MINUTE
    ask.look()

    places = [json.loads(each.cursor) for each in ask.batches if each.cursor is not None]
    assert not any(each.get("holes") for each in places)
    assert sum(len(each.posts) for each in ask.batches) == 251


def test_a_hole_that_is_shown_empty_twice_is_told_as_such(ask: Asking) -> None:
    for number in range(150):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 10 * number))
    nothing = (200, {}, b'{"meta": {"result_count": 0}}')
    while len(ask.searches()) < 2:
        ask.page()
    ask.world.faults.extend([nothing] * 3)
    ask.page()
    ask.world.now += 10 * MINUTE
    ask.look()

    assert [each.coverage.why for each in ask.batches if each.coverage is not None and each.coverage.truncated] == [
        "X shows nothing where it told of more"
    ]


def test_a_post_that_surfaces_late_is_found_by_a_query_that_was_packed_anew(ask: Asking) -> None:
    """A new packing began where the earlier one had ended, and had nothing of what surfaced afterwards."""
    ask.world.post("iron, late", ago=MINUTE, surfaced=NOW + 2 * MINUTE)
    ask.cursor = beginning(NOW)
    ask.world.now += 5 * MINUTE

    assert [post.text for post in ask.look()] == ["iron, late"]


def test_a_clock_of_ours_that_runs_ahead_loses_nothing(ask: Asking, world: World) -> None:
    ask.world.post("iron 1", ago=MINUTE)
    ask.source.fetch(QUERY, None, world.now)
    ahead = ask.source.fetch(QUERY, None, world.now + 10 * MINUTE)
    world.now += 3 * MINUTE
    world.post("iron 2", ago=2 * MINUTE)

    after = ask.source.fetch(QUERY, ahead.cursor, world.now + 10 * MINUTE)

    assert [post.text for post in after.posts] == ["iron 2"]


def test_many_pages_are_read_one_by_one_by_their_token(ask: Asking) -> None:
    for number in range(250):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 10 * number))

    posts = ask.look()

    assert [post.text for post in posts] == [f"iron {number}" for number in range(250)]
    assert [batch.more for batch in ask.batches] == [True] * (len(ask.batches) - 1) + [False]
    assert ask.batches[-1].coverage is not None
    assert all(batch.coverage is None for batch in ask.batches[:-1])
    searches = ask.searches()
    assert [search.get("max_results") for search in searches] == ["10", "100", "100", "100"]
    assert sum("next_token" in search for search in searches) == 2


@pytest.mark.parametrize("page", range(4))
def test_a_kill_after_any_page_repeats_that_page_only_and_pays_it_once(ask: Asking, page: int) -> None:
    for number in range(250):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 10 * number))
    posts = [post for _ in range(page) for post in ask.page().posts]
    ask.source.fetch(QUERY, ask.cursor, ask.world.now)  # its cursor was lost

    posts += ask.look()

    assert sorted({post.text for post in posts}) == sorted(f"iron {number}" for number in range(250))
    assert len(posts) == 250
    assert ask.world.spent["2026-11-30"] == 250 * 5000 + 5000 * sum("counts" in path for path, _ in ask.world.asked)


def test_a_look_that_needs_too_many_pages_leaves_a_hole_that_is_filled_later(ask: Asking) -> None:
    ask.source = ask.opened(pages="3", budget="1000")
    for number in range(450):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 7 * number))

    first = ask.look()
    covered = [batch.coverage for batch in ask.batches if batch.coverage is not None]
    rest: list[Post] = []
    for _ in range(5):
        ask.world.now += 10 * MINUTE
        rest += ask.look()

    assert 100 < len(first) < 450
    assert len(covered) == 1
    assert covered[0].start > NOW - HOUR
    assert sorted(int(post.text[5:]) for post in first + rest) == list(range(450))
    filled = [batch.coverage for batch in ask.batches if batch.coverage is not None]
    assert min(each.start for each in filled) <= NOW - 50 * MINUTE


def test_a_token_that_grew_old_is_replaced_by_ids(ask: Asking) -> None:
    for number in range(250):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=40 + 10 * number))
    posts = [post for _ in range(3) for post in ask.page().posts]
    ask.world.now += HOUR

    posts += ask.look()

    assert {post.text for post in posts} == {f"iron {number}" for number in range(250)}
    assert "until_id" in ask.searches()[-2]


def test_after_a_long_pause_it_begins_as_far_back_as_x_goes(ask: Asking) -> None:
    ask.world.post("iron, long ago", ago=9 * timedelta(days=1))
    ask.world.post("iron, last week", ago=6 * timedelta(days=1))
    ask.cursor = beginning(NOW - timedelta(days=20))

    assert [post.text for post in ask.look()] == ["iron, last week"]
    assert ask.batches[-1].coverage is not None
    assert ask.batches[-1].coverage.start > NOW - timedelta(days=7)


def test_ids_are_compared_as_numbers(ask: Asking) -> None:
    ask.world.post("iron", ago=MINUTE)
    ask.look()

    low = [int(search["since_id"]) for search in ask.searches()]

    assert all(each < ask.world.posts[0].id for each in low)


def test_both_vocabularies_are_read(world: World) -> None:
    made: list[tuple[Any, ...]] = []
    for words in ("tweet", "post"):
        spoken = World(NOW, words)
        spoken.post("iron " * 80, ago=MINUTE, likes=7, metrics={"retweet_count": 3}, reference=("replied_to", 5))
        with XServer(spoken) as server:
            asking = Asking(spoken, server.url)
            (post,) = asking.look()
        assert spoken.complaints == []
        made.append((post.text, post.engagement, post.key, post.created_at))

    assert made[0] == made[1]
    assert made[0][0] == ("iron " * 80).rstrip()
    assert made[0][1].reposts == 3


def test_an_edited_post_keeps_its_identity(ask: Asking) -> None:
    post = ask.world.post("iron pot", ago=5 * MINUTE)
    ask.look()
    ask.world.now += 10 * MINUTE
    edited = ask.world.edit(post, "iron pots")

    ask.world.now += MINUTE
    (found,) = ask.look()

    assert found.key == PostKey("x", str(post.id))
    assert found.text == "iron pots"
    assert found.edited_from == str(post.id)
    assert found.url == f"https://x.com/i/web/status/{edited.id}"


def test_posts_are_looked_up_as_they_are_now(ask: Asking) -> None:
    kept, gone, edited = (ask.world.post(f"iron {n}", ago=HOUR, likes=n) for n in range(3))
    gone.is_gone = True
    kept.metrics = {**kept.metrics, "like_count": 900}
    ask.world.edit(edited, "iron, at last")

    reread = ask.source.look_up([PostKey("x", str(each.id)) for each in (kept, gone, edited)], NOW)

    assert {post.key.id: post.text for post in reread.posts} == {
        str(kept.id): "iron 0",
        str(edited.id): "iron, at last",
    }
    assert reread.gone == (PostKey("x", str(gone.id)),)
    assert next(post for post in reread.posts if post.key.id == str(kept.id)).engagement.likes == 900
    assert ask.source.look_up([PostKey("x", str(kept.id))], NOW).cost == 0.0  # the second time a day is free


def test_authors_are_looked_up_only_when_asked_for(ask: Asking) -> None:
    ask.world.post("iron", ago=MINUTE, author="42")
    (post,) = ask.look()
    assert (post.author.id, post.author.handle) == ("42", None)
    assert all("expansions" not in args for _, args in ask.world.asked)

    found = ask.source.signatures([post.key, PostKey("x", "1")], NOW)

    assert {key: (each.id, each.handle, each.name) for key, each in found.items()} == {
        post.key: ("42", "person42", "Person 42")
    }
    assert ask.world.spent["2026-11-30"] == 5_000 + 10_000


def test_accounts_are_found_by_their_handles_and_unknown_ones_are_free(ask: Asking) -> None:
    found = ask.source.accounts(["person7", "nobody"], NOW)

    assert [(each.id, each.handle) for each in found] == [("7", "person7")]
    assert ask.world.spent["2026-11-30"] == 10_000


def test_a_name_beyond_the_budget_is_not_asked_for(ask: Asking) -> None:
    ask.world.post("iron", ago=MINUTE, author="42")
    (post,) = ask.look()
    left = ask.source.meter.left("", NOW)
    ask.source.meter.reserve("", Wish("post", 1, left - 9_999), NOW)

    with pytest.raises(OutOfCredit):
        ask.source.signatures([post.key], NOW)

    assert ask.world.spent["2026-11-30"] == 5_000


def test_the_past_has_a_price_and_is_read_page_by_page(ask: Asking) -> None:
    for number in range(150):
        ask.world.post(f"iron {number}", ago=timedelta(hours=24, minutes=number))
    window = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))

    price = ask.source.price(QUERY, window, NOW)
    posts, cursor, more = [], None, True
    while more:
        batch = ask.source.back(QUERY, window, cursor, NOW)
        posts += batch.posts
        cursor, more = batch.cursor, batch.more

    assert (price.requests, price.posts, price.dollars) == (2, 149, pytest.approx(0.745))
    assert len(posts) == 149
    assert batch.coverage is not None
    assert (batch.coverage.start, batch.coverage.end) == window
    assert ask.source.back(QUERY, Window(NOW - timedelta(days=20), NOW - timedelta(days=19)), None, NOW).posts == ()


def test_nothing_is_asked_without_a_token_or_a_budget(ask: Asking) -> None:
    for options, error in (({"token": ""}, AccessDenied), ({"budget": "0"}, OutOfCredit)):
        source = ask.opened(**options)
        with pytest.raises(error):
            source.fetch(QUERY, None, NOW)
        with pytest.raises(error):
            source.look_up([PostKey("x", "1")], NOW)
    assert open_source(Client(), {}).missing
    assert ask.world.asked == []


def test_the_budget_is_a_hard_stop(ask: Asking) -> None:
    ask.source = ask.opened(budget="0.10")
    for number in range(8):
        ask.world.post(f"iron {number}", ago=(number + 1) * MINUTE)
    assert len(ask.look()) == 8
    for number in range(8):
        ask.world.post(f"iron, more {number}", ago=timedelta(seconds=31 + number))
    ask.world.now += 10 * MINUTE
    ask.world.post("iron, last", ago=timedelta(seconds=31))

    ask.look()
    with pytest.raises(OutOfCredit) as caught:
        ask.busy(9)

    assert caught.value.reason == "budget"
    assert caught.value.retry_after is not None
    assert ask.world.spent["2026-11-30"] <= 100_000
    ask.world.now = NOW.replace(hour=0) + timedelta(days=1, minutes=5)
    assert ask.page().posts


def test_a_request_of_which_nobody_knows_how_it_ended_counts_until_x_was_asked(ask: Asking) -> None:
    ask.source = ask.opened(budget="0.10")
    ask.world.post("iron 1", ago=MINUTE)
    ask.world.drops = 1
    with pytest.raises(SourceUnavailable):
        ask.page()
    assert ask.source.meter.left(QUERY, NOW) == 50_000  # ten posts are reserved

    ask.world.now += 15 * MINUTE
    assert [post.text for post in ask.look()] == ["iron 1"]

    assert ("/2/usage/tweets", {"days": "1", "usage.fields": "daily_project_usage"}) in ask.world.asked
    assert ask.source.meter.left(QUERY, NOW) == 90_000  # one post that X counted, and the same that came again


def test_a_busy_query_is_counted_first_and_sampled_by_likes(ask: Asking) -> None:
    ask.source = ask.opened(budget="0.9")
    for number in range(700):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=31 + 120 * number), likes=(number * 7919) % 1000)

    posts = ask.look()
    sampled = [search for search in ask.searches() if "min_likes:" in search["query"]]

    assert len(sampled) >= 1
    assert ask.world.spent["2026-11-30"] < 900_000
    coverage = ask.batches[-1].coverage
    assert coverage is not None
    assert coverage.truncated
    assert coverage.why.startswith("sample ")
    for _ in range(5):
        ask.world.now += HOUR
        for number in range(30):
            ask.world.post(
                f"iron {number} again", ago=timedelta(seconds=31 + 120 * number), likes=(number * 7919) % 1000
            )
        posts += ask.look()
    assert ask.world.spent["2026-11-30"] < 900_000
    assert len({post.key for post in posts}) == len(posts)


def test_a_word_that_crowds_out_the_others_gets_a_query_of_its_own(ask: Asking) -> None:
    known = Learned()

    def teach(change: Callable[[Learned], Learned]) -> None:
        nonlocal known
        known = change(known)

    ask.source.teach = teach
    for number in range(220):
        ask.world.post("iron" if number % 10 else "zebra", ago=timedelta(seconds=31 + 15 * number))

    ask.look("(iron OR zebra OR pots)")

    assert known.busy == {"iron"}
    assert known.limit is None


def test_a_first_sample_says_of_how_many_it_is_one(ask: Asking) -> None:
    ask.source = ask.opened(budget="0.9")
    for number in range(700):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=31 + 60 * number), likes=number % 400)

    ask.look()

    coverage = ask.batches[-1].coverage
    assert coverage is not None
    read, counted = map(int, re.findall("[0-9]+", coverage.why))
    assert read < 60 <= counted <= 120  # an hour of one a minute, told by whole hours


def test_a_query_that_is_far_too_busy_is_counted_only(ask: Asking) -> None:
    ask.source = ask.opened(budget="0.25")
    for number in range(700):
        ask.world.post(f"iron {number}", ago=timedelta(seconds=31 + 30 * number))

    ask.look()
    spent = ask.world.spent["2026-11-30"]
    for _ in range(6):
        ask.world.now += 10 * MINUTE
        for number in range(30):
            ask.world.post(f"iron {number}", ago=timedelta(seconds=31 + 18 * number))
        ask.look()

    assert ask.batches[-1].not_before is not None
    assert ask.world.spent["2026-11-30"] - spent <= 2 * 5_000


@pytest.mark.parametrize(
    ("status", "headers", "body", "error"),
    [
        (402, {}, b'{"title":"CreditsDepleted","type":"https://api.twitter.com/2/problems/credits"}', OutOfCredit),
        (401, {}, b'{"title":"Unauthorized","status":401,"detail":"Unauthorized"}', AccessDenied),
        (403, {}, b'{"reason":"client-forbidden","title":"Client Forbidden"}', AccessDenied),
        (429, {"x-rate-limit-reset": str(int(NOW.timestamp()) + 90)}, b"{}", RateLimited),
        (429, {}, b'{"type":"https://api.twitter.com/2/problems/usage-capped"}', OutOfCredit),
        (503, {}, b"<html>Over capacity</html>", SourceUnavailable),
        (500, {}, b"", SourceUnavailable),
        (400, {}, b'{"errors":[{"message":"no viable alternative at character \'(\'"}]}', QueryRefused),
        (409, {}, b"{}", SourceRejected),
        (200, {}, b"<html>hello</html>", PayloadChanged),
        (200, {}, b"[]", PayloadChanged),
        (200, {}, b'{"data": {}}', PayloadChanged),
    ],
)
def test_each_refusal_says_what_to_do(
    ask: Asking, status: int, headers: dict[str, str], body: bytes, error: type[Exception]
) -> None:
    ask.world.faults.append((status, headers, body))

    with pytest.raises(error) as caught:
        ask.page()

    assert type(caught.value) is error or issubclass(error, SourceUnavailable)
    assert TOKEN not in str(caught.value)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == timedelta(seconds=90)


def test_limits_of_x_are_believed(ask: Asking) -> None:
    ask.world.remaining["search"] = 0

    with pytest.raises(RateLimited) as caught:
        ask.page()

    assert caught.value.retry_after == timedelta(seconds=300)


def test_the_token_is_in_no_log(ask: Asking, caplog: pytest.LogCaptureFixture) -> None:
    ask.world.post("iron", ago=MINUTE)

    with caplog.at_level(logging.DEBUG):
        logging.getLogger("tweepy.client").debug("a library that says more than it should")
        ask.look()

    assert TOKEN not in caplog.text


@pytest.mark.parametrize("change", [{"budget": "lots"}, {"budget_topic": "-1"}, {"price_post": "nan"}])
def test_an_amount_that_is_none_is_said_at_the_start(change: dict[str, str]) -> None:
    with pytest.raises(Exception, match="US dollars"):
        open_source(Client(), change)


@pytest.mark.parametrize("name", ["price_post", "price_user", "price_count"])
@pytest.mark.parametrize("price", ["0", "0.0000001"])
def test_a_price_of_nothing_is_refused_at_the_start_and_divides_no_budget(name: str, price: str) -> None:
    with pytest.raises(ConfigError, match="above 0"):
        open_source(Client(), {name: price})


def test_a_slow_answer_ends(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.x_client.MOST_BYTES", 1000)
    for number in range(9):
        ask.world.post(f"iron {number} " * 20, ago=MINUTE)

    with pytest.raises(SourceUnavailable, match="larger"):
        ask.page()


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"meta": {"result_count": 0}}', b'{"statuses": []}'])
def test_an_answer_that_is_none_of_the_meter_says_nothing_of_what_was_spent(body: bytes) -> None:
    """It counted as "nothing was read today", and what was paid for and lost on its way was spent once more."""
    with pytest.raises(SourceUnavailable, match="X's meter cannot be read"):
        _read_on(NOW, body)
