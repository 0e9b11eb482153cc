"""The numbers of /why, recomputed from the posts by means of their own, and compared with those of the digest.

Nothing here asks the product how it counts: posts are plain rows, days and hours are told by zoneinfo, chances are
added up term by term. The sentences are taken apart as a reader would, who wants to repeat them.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from math import exp, isclose, lgamma, log, log10
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from monitor.digests.compose import Brief
from monitor.duties.scoring import hour_counts
from monitor.models import (
    Author,
    Coverage,
    Digest,
    Mention,
    Observation,
    PostKey,
    Query,
    QueryStatus,
    Span,
    TermHit,
    Window,
)
from monitor.pipeline import Shelf, digest_of
from monitor.seams.scored import HourCount
from monitor.signals.copies import wording_of
from monitor.signals.firsts import firsts_of
from tests.build import a_mention, a_topic

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TERMS = ("砸锅卖铁", "砸鍋賣鐵")
WORDS = ("停车场", "食堂")
HAN = "".join(chr(code) for code in range(0x5200, 0x5600))
QUERY = Query("hackernews", "")


class Row(NamedTuple):
    """A post, as plain as can be."""

    id: int
    at: datetime
    platform: str
    account: str
    text: str
    term: str


class Stream(NamedTuple):
    """All posts of 29 days and a window, and the hours that were not read."""

    rows: Sequence[Row]
    window: Window
    zone: str
    unread: frozenset[datetime]


def a_stream(seed: int) -> Stream:
    """Return a stream with copies, a loud account, gaps, and a loud hour near its end with a word of its own."""
    dice = random.Random(seed)
    zone = dice.choice(("UTC", "Asia/Taipei", "Europe/London", "America/New_York"))
    end = datetime(2026, dice.choice((3, 4, 6, 11)), dice.randrange(10, 28), dice.randrange(24), tzinfo=UTC)
    window = Window(end - DAY, end)
    first = window.start - 29 * DAY
    usual, new = ([f"{word},{''.join(dice.sample(HAN, 14))}" for _ in range(500)] for word in WORDS)
    rows: list[Row] = []
    for hour in range(30 * 24):
        at = first + hour * HOUR
        is_loud = at == end - 5 * HOUR and seed % 3
        for _ in range(dice.randrange(40, 80) if is_loud else dice.randrange(4)):
            term = dice.choice(TERMS)
            wording = dice.choice(new if is_loud and dice.random() < 0.7 else usual)
            account = "loud" if dice.random() < 0.05 else f"a{dice.randrange(3000)}"
            when = at + timedelta(seconds=dice.randrange(3600))
            rows.append(Row(len(rows), when, dice.choice(("x", "ptt", "rss")), account, f"{term},{wording}", term))
    unread = frozenset(first + dice.randrange(28 * 24) * HOUR for _ in range(dice.choice((0, 0, 3))))
    return Stream(rows, window, zone, unread)


# What the product makes of it


def mention_of(row: Row) -> Mention:
    wording = wording_of(row.text)
    post = {
        "key": PostKey(row.platform, str(row.id)),
        "text": row.text,
        "created_at": row.at,
        "observed_at": row.at,
        "author": Author(id=row.account),
        "url": None,
    }
    hit = TermHit(term=row.term, spans=(Span(0, 4),))
    return a_mention(str(row.id), post=post, terms=(hit,), group=wording.group, sketch=wording.sketch)


class Memory:
    """The store, as lists in memory."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.mentions = [mention_of(row) for row in sorted(stream.rows, key=lambda row: row.at)]

    def between(self, topic: str, window: Window) -> list[Mention]:
        return [each for each in self.mentions if window.start <= each.post.time < window.end]

    def sample(self, topic: str, window: Window, most: int) -> list[Mention]:
        return self.between(topic, window)[-most:]

    def history(self, topic: str, keys: Sequence[PostKey]) -> list[tuple[Observation, ...]]:
        return [() for _ in keys]

    def hourly(self, topic: str, window: Window) -> list[int]:
        counts = Counter((each.post.time - window.start) // HOUR for each in self.between(topic, window))
        return [counts[n] for n in range((window.end - window.start) // HOUR)]

    def counted(self, topic: str, window: Window) -> Mapping[datetime, HourCount]:
        """Count as the job does: every few hours, some hours at a time."""
        found: dict[datetime, HourCount] = {}
        at = window.start
        while at < window.end:
            some = self.between(topic, Window(at, at + 4 * HOUR))
            found |= hour_counts(some, at + 4 * HOUR)
            at += 4 * HOUR
        return found

    def windows(self, query: Query, window: Window) -> list[Coverage]:
        hours = (window.start + n * HOUR for n in range((window.end - window.start) // HOUR))
        return [Coverage(start=hour, end=hour + HOUR) for hour in hours if hour not in self.stream.unread]

    def statuses(self, queries: Sequence[Query], window: Window) -> list[QueryStatus]:
        return [QueryStatus(query=query, read=1.0) for query in queries]


def told(stream: Stream) -> Digest:
    memory = Memory(stream)
    topic = a_topic(any=TERMS, sources=("hackernews",), timezone=stream.zone)
    firsts = firsts_of(memory.mentions, with_links=True)
    shelf = Shelf(memory, memory, samples=memory, counts=memory, firsts=firsts)  # type: ignore[arg-type]
    return digest_of(Brief(topic=topic, window=stream.window), shelf, stream.window.end)


# What a reader makes of it


def within(rows: Iterable[Row], start: datetime, end: datetime) -> list[Row]:
    return [row for row in rows if start <= row.at < end]


def days_back(stream: Stream, moment: datetime, days: int) -> datetime:
    """Return the same time of day in the reader's zone some days earlier, on the whole hour."""
    local = moment.astimezone(ZoneInfo(stream.zone))
    earlier = datetime.combine(local.date() - timedelta(days=days), local.time(), ZoneInfo(stream.zone))
    return earlier.replace(fold=local.fold).astimezone(UTC)


def earlier_days(stream: Stream) -> list[tuple[datetime, datetime]]:
    """Return the earlier days that were read whole; the four of the same weekday alone, if all were."""
    found: dict[int, tuple[datetime, datetime]] = {}
    for days in range(1, 29):
        end = days_back(stream, stream.window.end, days)
        start = end - DAY
        missing = sum(start <= hour < end for hour in stream.unread)
        if missing <= 0.05 * 24 and end <= stream.window.start:
            found[days] = start, end
    same = [window for days, window in found.items() if days % 7 == 0]
    return same if len(same) == 4 else list(found.values())


def hourly_wordings(rows: Sequence[Row], start: datetime, end: datetime) -> int:
    by_hour: defaultdict[int, set[str]] = defaultdict(set)
    for row in within(rows, start, end):
        by_hour[(row.at - start) // HOUR].add(row.text.replace("鍋賣鐵", "锅卖铁"))
    return sum(map(len, by_hour.values()))


def said_by(rows: Sequence[Row]) -> set[tuple[str, str]]:
    """Return the accounts of the first post of each wording: the voices."""
    first: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row.at, row.platform, str(row.id))):
        first.setdefault(row.text.replace("鍋賣鐵", "锅卖铁"), row)
    return {(row.platform, row.account) for row in first.values()}


def number(text: str) -> float:
    return float(text.replace(",", ""))


def found(pattern: str, sentences: Sequence[str]) -> re.Match[str] | None:
    matches = [match for each in sentences if (match := re.search(pattern, each))]
    assert len(matches) <= 1, pattern
    return matches[0] if matches else None


def assert_median(stream: Stream, words: str, counts: list[int]) -> None:
    """Assert that the counts of the days that a sentence lists are these, and their median its number."""
    match = re.search(
        r"([\d,.]+) = median of the 24 h to [\w :]+ [io]n each of (\d+) earlier \w+ \(([\d, ]+)\), same sources\.$",
        words,
    )
    assert match is not None, words
    assert [int(each.replace(",", "")) for each in match[3].split(", ")] == sorted(counts)
    assert int(match[2]) == len(counts)
    assert isclose(number(match[1]), median(counts), abs_tol=0.05)


@pytest.mark.parametrize("seed", range(6))
def test_the_arithmetic_of_why_recomputed_from_the_posts_is_that_of_the_digest(seed: int) -> None:
    stream = a_stream(seed)
    digest = told(stream)
    trend, why = digest.trend, digest.trend.arithmetic
    here = within(stream.rows, *stream.window)

    assert trend.count == len(here)
    assert trend.accounts == len({(row.platform, row.account) for row in here})
    assert {each.label: each.count for each in trend.platforms} == Counter(row.platform for row in here)

    days = earlier_days(stream)
    counts = [len(within(stream.rows, start, end)) for start, end in days]
    division = found(r"^([\d,]+) ÷ ([\d,.]+) = ×([\d.]+)\.$", why)
    assert division is not None
    assert trend.expected == median(counts)
    assert trend.ratio == len(here) / median(counts)
    assert (number(division[1]), number(division[2])) == (len(here), round(median(counts), 1))
    assert isclose(number(division[3]), len(here) / median(counts), abs_tol=0.5 if trend.ratio > 9.9 else 0.051)
    assert_median(stream, next(each for each in why if re.match(r"^[\d,.]+ = median", each)), counts)
    assert_copies(stream, here, days, why)


def assert_copies(
    stream: Stream, here: Sequence[Row], days: Sequence[tuple[datetime, datetime]], why: Sequence[str]
) -> None:
    """Assert what the sentences about copies, the loudest account and the keywords say."""
    makeup = found(
        r"^Each wording once: ([\d,]+) of ([\d,]+) posts\. Loudest account: (\d+) of them\. Matched: (.*)\.$", why
    )
    assert makeup is not None
    assert number(makeup[1]) == len({row.text.replace("鍋賣鐵", "锅卖铁") for row in here})
    assert number(makeup[2]) == len(here)
    assert number(makeup[3]) == max(Counter((row.platform, row.account) for row in here).values())
    matched = dict(each.rsplit(" ", 1) for each in makeup[4].split(" · "))
    assert {term: number(count) for term, count in matched.items()} == Counter(row.term for row in here)
    once = next(each for each in why if each.startswith("Copies once an hour:"))
    count = hourly_wordings(stream.rows, *stream.window)
    earlier = [hourly_wordings(stream.rows, start, end) for start, end in days]
    divided = re.match(r"^Copies once an hour: ([\d,]+) ÷ ([\d,.]+) = ×([\d.]+); ", once)
    assert divided is not None, once
    assert number(divided[1]) == count
    assert_median(stream, once, earlier)
    assert isclose(number(divided[3]), count / median(earlier), abs_tol=0.5 if count > 9 * median(earlier) else 0.051)


@pytest.mark.parametrize("seed", range(6))
def test_what_stood_out_and_came_with_it_can_be_repeated_from_the_posts(seed: int) -> None:
    stream = next(
        each for n in range(seed * 50, seed * 50 + 50) if len(within((each := a_stream(n)).rows, *each.window)) > 90
    )
    digest = told(stream)
    burst, why = digest.trend.burst, digest.trend.arithmetic
    assert burst is not None

    rows = within(stream.rows, burst.start, burst.end)
    assert (burst.posts, burst.voices) == (len(rows), len(said_by(rows)))
    assert burst.accounts == len({(row.platform, row.account) for row in rows})
    stood = found(r"^Stood out: .*, ([\d,]+) posts, ([\d,]+) accounts; ([\d,]+) voices", why)
    assert stood is not None
    assert [number(each) for each in stood.groups()] == [burst.posts, burst.accounts, burst.voices]

    usual = found(r"^Usual at that time of day ([\d.]+) = \((\d+) \+ 0\.5\) ÷ (\d+):", why)
    spread = found(r"^Variance ([\d.]+) = ([\d.]+) × usual × \(1 \+ 1 ÷ (\d+)\)", why)
    surprise = found(r"^Surprise ([\d.]+) = ", why)
    assert usual is not None
    assert spread is not None
    assert surprise is not None
    mean = (number(usual[2]) + 0.5) / number(usual[3])
    assert isclose(number(usual[1]), mean, abs_tol=0.006)
    assert isclose(number(spread[1]), number(spread[2]) * mean * (1 + 1 / number(spread[3])), rel_tol=0.01)
    variance = number(spread[2]) * mean * (1 + 1 / number(spread[3]))
    assert isclose(number(surprise[1]), -log10(tail(burst.voices, mean, variance)), rel_tol=0.02)

    assert_new(stream, why)


def tail(count: int, mean: float, variance: float) -> float:
    """Return the chance of a count or more, of a negative binomial: each chance from its definition."""
    size, part = mean * mean / (variance - mean), mean / variance
    logs = (
        lgamma(n + size) - lgamma(size) - lgamma(n + 1) + size * log(part) + n * log(1 - part)
        for n in range(count, count + 3000)
    )
    return sum(exp(each) for each in logs)


def assert_new(stream: Stream, why: Sequence[str]) -> None:
    """Assert that the word of the loud hour is said to be new, with the counts of who said it."""
    new = found(r"New with it: (.*); of ([\d,]+) voices(?: read)?, before of ([\d,]+); by G²", why)
    assert new is not None, why
    words = {each[1]: each for each in re.finditer(r"(\S+) ([\d,]+) \(before (\d+); ([\d.]+)\)", new[1])}
    assert "食堂" in words
    here = within(stream.rows, *stream.window)
    first: dict[str, Row] = {}
    for row in sorted(here, key=lambda row: (row.at, row.platform, str(row.id))):
        first.setdefault(row.text.replace("鍋賣鐵", "锅卖铁"), row)
    saying = {(row.platform, row.account) for row in first.values() if "食堂" in row.text}
    assert number(words["食堂"][2]) == len(saying)
    assert number(new[2]) == len({(row.platform, row.account) for row in first.values()})
    assert number(words["食堂"][3]) == 0
    now, read, before_read = len(saying), number(new[2]), number(new[3])
    share = now / (read + before_read)
    expected = 2 * (
        now * log(now / read / share)
        + (read - now) * log((1 - now / read) / (1 - share))
        + before_read * log(1 / (1 - share))
    )
    assert isclose(number(words["食堂"][4]), expected, abs_tol=0.06)
