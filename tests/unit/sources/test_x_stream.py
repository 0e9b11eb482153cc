"""X by its filtered stream, against a strict simulator over real HTTP: rules, money, silence, and what ends it."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import (
    AccessDenied,
    OutOfCredit,
    PayloadChanged,
    RateLimited,
    SourceError,
    SourceRejected,
    SourceUnavailable,
)
from monitor.models import Batch, Cursor, Query, Topic
from monitor.seams.quarantine import Fetch
from monitor.seams.streams import pause
from monitor.sources.x_stream import LAG, XStream, open_stream
from monitor.topics.polling.planning import SECOND_LOOKS_FIRST
from monitor.topics.queries.x_rules import rules_of
from tests.build import a_topic
from tests.simulators.x_api import TOKEN, Refusal
from tests.simulators.x_stream import RULES, STREAM, XStreamServer
from tests.simulators.x_world import PROBLEMS, World

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
POTS = a_topic(any=("iron pots", "台积电"), sources=("x_stream",))


@pytest.fixture
def world() -> World:
    return World(NOW)


@pytest.fixture
def server(world: World) -> Iterator[XStreamServer]:
    with XStreamServer(world) as running:
        yield running


def opened(server: XStreamServer, *topics: Topic, **options: str) -> XStream:
    given = {"url": server.url, "token": TOKEN, "budget": "100"}
    stream = open_stream(None, given | options)  # type: ignore[arg-type]  # without limits that workers share
    stream.topics = lambda: topics or (POTS,)
    return stream


def followed(
    stream: XStream, cursor: Cursor | None = None, clock: Callable[[], datetime] = lambda: NOW
) -> tuple[list[Batch], SourceError]:
    """Follow a stream until it ends, and return what it told and why it ended."""

    async def follow() -> tuple[list[Batch], SourceError]:
        batches: list[Batch] = []
        try:
            async for page in stream.pages("", cursor, clock):
                last = batches[-1].cursor if batches else cursor
                batches.append(stream.read(page, Fetch("", last, NOW)))
        except SourceError as e:
            return batches, e
        raise AssertionError("a stream does not end by itself")

    return asyncio.run(asyncio.wait_for(follow(), 30))


def texts(batches: list[Batch]) -> list[str]:
    return [post.text for batch in batches for post in batch.posts]


def values(server: XStreamServer) -> set[str]:
    return {rule["value"] for rule in server.book.rules.values()}


@pytest.mark.parametrize("words", ["tweet", "post"])
def test_what_the_keywords_find_is_told_and_paid_for_as_x_describes_it(words: str) -> None:
    world = World(NOW, words)
    with XStreamServer(world, is_judged=True) as server:

        def script() -> None:
            server.say(world.post("new iron pots", likes=3, urls=("https://example.org/pots",)))
            server.say(world.post("台积电股价", lang="zh"))
            server.say(world.post("iron alone"))
            server.say(world.post("RT: iron pots", reference=("retweeted", 1)))
            server.end()

        server.script = script
        batches, error = followed(opened(server))

    assert not world.complaints
    assert texts(batches) == ["new iron pots", "台积电股价"]
    assert batches[0].posts[0].key.source == "x"
    assert batches[0].posts[0].links == ("https://example.org/pots",)
    assert batches[0].posts[0].engagement.likes == 3
    assert sum(batch.cost for batch in batches) == pytest.approx(0.010)
    assert world.spent[NOW.date().isoformat()] == 10_000
    assert isinstance(error, SourceUnavailable)
    assert "ended the stream" in str(error)


def test_rules_become_those_of_the_topics_and_old_ones_of_ours_go(server: XStreamServer) -> None:
    server.script = server.end
    followed(opened(server, a_topic(any=("old words",), sources=("x_stream",))))

    followed(opened(server, POTS, a_topic(name="other", any=("elsewhere",), sources=("x",))))

    (value,) = values(server)
    assert value == rules_of([POTS])[0].value
    assert '"iron pots"' in value
    assert "#台積電" in value


def test_rules_that_hold_are_not_written_again(server: XStreamServer) -> None:
    server.script = server.end
    followed(opened(server))
    followed(opened(server))

    assert [path for path, _ in server.world.asked].count(f"post {RULES}") == 1


def test_rules_of_somebody_else_are_neither_paid_for_nor_deleted(server: XStreamServer) -> None:
    server.book.changed({"add": [{"value": "cats"}]})

    batches, error = followed(opened(server))

    assert not batches
    assert isinstance(error, SourceRejected)
    assert "1 rules that are not ours" in str(error)
    assert values(server) == {"cats"}


def test_a_topic_that_changes_changes_the_rules_of_the_open_connection(server: XStreamServer) -> None:
    stream = opened(server)
    seconds = itertools.count()

    def script() -> None:
        stream.topics = lambda: (a_topic(any=("copper",), sources=("x_stream",)),)
        server.say(server.world.post("iron pots"))

    def sign() -> bytes | None:
        written = [path for path, _ in server.world.asked if path == f"post {RULES}"]
        return None if len(written) == 3 else b"\r\n"  # the first, the new one, and the old one deleted

    server.script, server.sign = script, sign  # type: ignore[method-assign]
    followed(stream, clock=lambda: NOW + timedelta(seconds=40 * next(seconds)))

    (value,) = values(server)
    assert "copper" in value
    assert "iron" not in value


def test_when_the_budget_is_spent_the_connection_is_closed_and_what_came_is_read(server: XStreamServer) -> None:
    def script() -> None:
        for number in range(3):
            server.say(server.world.post(f"iron pots {number}"))

    server.script = script
    stream = opened(server, budget="0.015")
    batches, error = followed(stream)

    assert texts(batches) == [f"iron pots {number}" for number in range(3)]
    assert isinstance(error, OutOfCredit)
    assert error.reason == "budget"
    assert error.retry_after == timedelta(hours=15)
    assert stream.meter.left("", NOW) == 0
    assert server.left.wait(60)


def test_posts_beyond_the_budget_that_came_are_paid_for_and_read(server: XStreamServer) -> None:
    """X wants its money for what it sent: the meter may not be behind it."""

    def script() -> None:
        line = b""
        for number in range(5):
            server.say(server.world.post(f"iron pots {number}"))
            line += server.lines.get() or b""
        server.lines.put(line)  # all at once, before anybody can hang up

    server.script = script
    batches, error = followed(opened(server, budget="0.015"))

    assert len(texts(batches)) == 5
    assert sum(batch.cost for batch in batches) == pytest.approx(0.025)
    assert isinstance(error, OutOfCredit)


def test_what_is_reserved_and_not_used_is_given_back(server: XStreamServer) -> None:
    server.script = server.end
    stream = opened(server, budget="1")
    followed(stream)

    assert stream.meter.left("", NOW) == 1_000_000


def test_what_was_said_between_two_connections_is_told_as_missing(server: XStreamServer) -> None:
    server.script = server.end
    first, _ = followed(opened(server))
    later = NOW + timedelta(minutes=5)

    again, _ = followed(opened(server), first[-1].cursor, lambda: later)

    assert first[-1].coverage is not None
    assert again[0].coverage is not None
    assert first[-1].coverage.end == NOW
    assert again[0].coverage.start == later


def test_a_window_ends_before_what_may_still_come(server: XStreamServer) -> None:
    server.script = server.end
    seconds = itertools.count()

    batches, _ = followed(opened(server), clock=lambda: NOW + timedelta(minutes=next(seconds)))

    coverage = batches[0].coverage
    assert coverage is not None
    assert (coverage.end - NOW).total_seconds() % 60 == 60 - LAG.total_seconds()


def test_silence_is_an_end(server: XStreamServer) -> None:
    server.is_awake = False

    _, error = followed(opened(server, silence="0.3"))

    assert isinstance(error, SourceUnavailable)
    assert "said nothing for" in str(error)


def test_signs_of_life_are_no_silence(server: XStreamServer) -> None:
    server.signs = 30  # each 20 ms, together twice the silence

    _, error = followed(opened(server, silence="0.3"))

    assert "ended the stream" in str(error)


@pytest.mark.parametrize(
    ("path", "refusal", "kind"),
    [
        (STREAM, Refusal(402, "CreditsDepleted", "no credits", f"{PROBLEMS}credits"), OutOfCredit),
        (STREAM, Refusal(429, "Too Many Requests", "Too Many Requests"), RateLimited),
        (STREAM, Refusal(409, "RuleConfigurationIssue", "You must define rules"), SourceUnavailable),
        (STREAM, Refusal(429, "ConnectionException", "TooManyConnections"), SourceUnavailable),
        (STREAM, Refusal(403, "Client Forbidden", "client-not-enrolled"), AccessDenied),
        (RULES, Refusal(429, "Too Many Requests", "Too Many Requests"), RateLimited),
        (RULES, Refusal(402, "CreditsDepleted", "no credits", f"{PROBLEMS}credits"), OutOfCredit),
        (RULES, Refusal(503, "Service Unavailable", "Service Unavailable"), SourceUnavailable),
    ],
    ids=lambda value: value.body["title"] if isinstance(value, Refusal) else None,
)
def test_a_refusal_is_typed_and_gives_back_the_money(
    server: XStreamServer, path: str, refusal: Refusal, kind: type[SourceError]
) -> None:
    server.refusals.append((path, refusal))
    stream = opened(server, budget="1")

    _, error = followed(stream)

    assert isinstance(error, kind)
    assert stream.meter.left("", NOW) == 1_000_000
    if isinstance(error, RateLimited):
        assert error.retry_after == timedelta(minutes=5)


def test_a_rule_that_x_does_not_take_is_said(server: XStreamServer) -> None:
    server.book.rules = {str(n): {"id": str(n), "value": "a", "tag": "discussion-monitor:"} for n in range(1000)}
    server.book.changed = lambda _: server.book._refused(1, "Invalid Rule", "no viable alternative")  # type: ignore[method-assign]

    _, error = followed(opened(server))

    assert isinstance(error, SourceRejected)
    assert "no viable alternative" in str(error)


def test_a_problem_in_the_stream_ends_it(server: XStreamServer) -> None:
    said = b'{"errors":[{"title":"operational-disconnect","detail":"This stream has been disconnected"}]}\r\n'
    server.script = lambda: server.lines.put(said)

    _, error = followed(opened(server))

    assert isinstance(error, SourceUnavailable)
    assert "has been disconnected" in str(error)


def test_a_post_that_cannot_be_read_costs_itself_only(server: XStreamServer) -> None:
    def script() -> None:
        server.say(server.world.post("iron pots"))
        server.lines.put(b'{"data":{"id":"17"}}\r\nnot json\r\n')
        server.end()

    server.script = script
    batches, _ = followed(opened(server))

    assert texts(batches) == ["iron pots"]
    assert batches[0].unreadable == 2
    assert batches[0].cost == pytest.approx(0.015)


def test_many_posts_of_which_none_can_be_read_are_another_format(server: XStreamServer) -> None:
    def script() -> None:
        for number in range(3):
            server.lines.put(b'{"data":{"id":"%d","words":"iron pots"}}\r\n' % number)
        server.end()

    server.script = script
    _, error = followed(opened(server))

    assert isinstance(error, PayloadChanged)


@pytest.mark.parametrize(("options", "kind"), [({"token": ""}, AccessDenied), ({"budget": "0"}, OutOfCredit)])
def test_nothing_is_asked_without_a_token_and_a_budget(
    server: XStreamServer, options: dict[str, str], kind: type[SourceError]
) -> None:
    _, error = followed(opened(server, **options))

    assert isinstance(error, kind)
    assert not server.world.asked


def test_a_topic_without_keywords_is_said(server: XStreamServer) -> None:
    stream = opened(server)
    stream.topics = lambda: (a_topic(sources=("x",)),)

    _, error = followed(stream)

    assert isinstance(error, SourceRejected)
    assert not server.world.asked


def test_rules_are_few_and_no_longer_than_x_takes() -> None:
    words = [f"keyword number {number}" for number in range(200)]
    topics = [a_topic(name=f"t{n}", any=tuple(words[n : n + 20])) for n in range(0, 200, 10)]

    rules = rules_of(topics)

    assert rules == rules_of(reversed(topics))
    assert sum(len(rule.value) <= 512 for rule in rules) <= 1
    assert max(len(rule.value) for rule in rules) <= 1024
    assert all(sum(f'"{word}"' in rule.value for rule in rules) == 1 for word in words)
    assert all(rule.value.endswith(" -is:retweet") for rule in rules)


def test_a_spent_budget_is_waited_for_until_it_is_renewed_and_second_looks_had_theirs() -> None:
    """It was waited for six hours at a time, so that a stream began hours after midnight."""
    spent = OutOfCredit("x", "budget", timedelta(hours=15))

    assert pause(Query("x_stream", ""), spent, 3) == timedelta(hours=15) + SECOND_LOOKS_FIRST
