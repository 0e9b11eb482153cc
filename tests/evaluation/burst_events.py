"""Labelled events of real data as trials: tweets of crises, reposts on Weibo, Hacker News, Weibo's hot searches."""

import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from monitor.signals.duplicates import fingerprint
from monitor.signals.voices import Said
from tests.evaluation.burst_streams import (
    BASELINE_DAYS,
    DAY,
    HOUR,
    Trial,
    a_post,
    by_hour_of_week,
    chance,
    inserted,
    on_the_hour,
    shuffled,
    stream_of,
    weekly,
)

RATES = (0.5, 4.0, 32.0)
"""Posts an hour of the backgrounds that an event is inserted into."""

KEPT = (1, 8, 64)
"""Of how many of an event's posts one is kept: a topic sees a part of what is said."""

JUDGED = timedelta(hours=72)
"""Time after its onset in which an event can be found."""

ONSET_POSTS, ONSET_TIME = 10, DAY
"""An event begins with its first post that is followed by nine more within a day; single ones before it are strays."""

OFF_TOPIC = frozenset(
    ("off-topic", "not related to crisis", "not related or irrelevant", "not relevant", "no", "not physical landslide")
)
"""Labels of tweets about something else. What is "not informative" is about the event all the same."""

CHINA = timedelta(hours=8)
CASCADES = 400
WORD = re.compile(r"[a-z]{3,}")


class Event(NamedTuple):
    """What happened: its posts, oldest first, and when it began."""

    name: str
    posts: Sequence[Said]
    onset: datetime


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read JSON lines, compressed or not."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines() if line.strip()]


# Crises on Twitter


def crises(rows: Sequence[Mapping[str, Any]]) -> Iterator[Trial]:
    """Yield each event at three densities within three backgrounds, real days of off-topic tweets; then shuffled."""
    days = off_topic_days(rows)
    for event in crisis_events(rows):
        for kept in KEPT:
            for rate in RATES:
                yield _crisis(event, kept, rate, days)
        yield shuffled(event.name, event.posts)


def crisis_events(rows: Sequence[Mapping[str, Any]]) -> list[Event]:
    """Return the events with their tweets on topic. Who wrote them is not known: each is an account of its own."""
    posts: defaultdict[str, list[Said]] = defaultdict(list)
    for row in rows:
        if not is_off_topic(row):
            time = datetime.fromisoformat(row["ts"])
            posts[f"{row['dataset']} {row['event']}"].append(a_post(time, row["id"], wording=fingerprint(row["text"])))
    return [
        Event(name, sorted(some), onset)
        for name, some in posts.items()
        if (onset := onset_of(sorted(some))) is not None
    ]


def is_off_topic(row: Mapping[str, Any]) -> bool:
    """Tell whether a tweet was labelled as being about something else."""
    return str(row["label"]).lower() in OFF_TOPIC


def onset_of(posts: Sequence[Said]) -> datetime | None:
    """Return when an event begins, None where it never has ten posts in a day."""
    for first, tenth in zip(posts, posts[ONSET_POSTS - 1 :], strict=False):
        if tenth.time - first.time <= ONSET_TIME:
            return first.time
    return None


def off_topic_days(rows: Sequence[Mapping[str, Any]]) -> list[list[float]]:
    """Return real days of CrisisLexT6's off-topic tweets: the weight of each hour, 1 on average over all days."""
    counts: Counter[tuple[str, int]] = Counter()
    for row in rows:
        if row["dataset"] == "CrisisLexT6" and is_off_topic(row):
            counts[row["ts"][:10], int(row["ts"][11:13])] += 1
    per_day = [[counts[day, hour] for hour in range(24)] for day in sorted({day for day, _ in counts})]
    whole = [day for day in per_day if sum(count > 0 for count in day) >= 20]
    mean = sum(map(sum, whole)) / len(whole) / 24
    return [[count / mean for count in day] for day in whole]


def _crisis(event: Event, kept: int, rate: float, days: Sequence[Sequence[float]]) -> Trial:
    name = f"{event.name} 1/{kept} in {rate}"
    dice = chance(name)
    first = (event.onset - BASELINE_DAYS * DAY - DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    end = event.onset + JUDGED
    means = [rate * weight for _ in range((end - first) // DAY + 1) for weight in dice.choice(days)]
    posts = [post for post in event.posts if first <= post.time < end and dice.random() < 1 / kept]
    return Trial(
        name, "crises", inserted(posts, means, first, dice), on_the_hour(event.onset) - 7 * DAY, end, event.onset
    )


# Cascades on Weibo


def cascades(originals: Sequence[Mapping[str, Any]], reposts: Sequence[Mapping[str, Any]]) -> Iterator[Trial]:
    """Yield cascades of reposts within backgrounds that have the rhythm of all reposts; then ten of them shuffled."""
    by_root: defaultdict[str, list[Said]] = defaultdict(list)
    for row in reposts:
        if (time := repost_time(row["date"])) is not None:
            wording = fingerprint(row["text"]) if row["text"].strip() else row["root"]
            by_root[row["root"]].append(a_post(time, row["mid"], row["uid"], wording))
    rhythm = weekly(post.time for posts in by_root.values() for post in posts)
    onsets = {row["id"]: original_time(str(row["time"])) for row in originals}
    chosen = sorted(set(by_root) & set(onsets), key=lambda root: chance("cascade", root).random())
    for root in chosen[:CASCADES]:
        yield _cascade(Event(root, by_root[root], onsets[root]), rhythm)
    for n in range(CASCADES, len(chosen) - 10, 20):
        yield shuffled(f"cascades {n}", [post for root in chosen[n : n + 10] for post in by_root[root]])


def original_time(written: str) -> datetime:
    """Return the time of an original, which is written as seconds or in words."""
    if written.isdigit():
        return datetime.fromtimestamp(int(written), UTC)
    return datetime.strptime(written, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC)


def repost_time(date: str | None) -> datetime | None:
    """Return the time of a repost, None where its date is broken."""
    try:
        return (datetime.fromisoformat(date or "") - CHINA).replace(tzinfo=UTC)
    except ValueError:
        return None


def _cascade(event: Event, rhythm: Sequence[float]) -> Trial:
    dice = chance(event.name)
    rate = dice.choice(RATES)
    first = on_the_hour(event.onset) - (BASELINE_DAYS + 1) * DAY
    end = event.onset + JUDGED
    means = by_hour_of_week(rhythm, rate, first, (end - first) // HOUR + 1)
    posts = [post for post in event.posts if event.onset <= post.time < end]
    return Trial(
        event.name,
        "cascades",
        inserted(posts, means, first, dice),
        on_the_hour(event.onset) - 7 * DAY,
        end,
        event.onset,
    )


# Hacker News


class Story(NamedTuple):
    """A story on the front page: when it was first seen there, its best rank, and its comments, each at a time."""

    title: str
    seen: datetime
    rank: int
    comments: Sequence[datetime]


def front_pages(pages: Sequence[Mapping[str, Any]]) -> Iterator[Trial]:
    """Yield words of titles; posts are comments on stories with the word, an event is a story in the top three."""
    stories = stories_of(pages)
    first = on_the_hour(min(each.seen for each in stories))
    last = datetime.fromisoformat(pages[-1]["ts"])
    words = Counter(word for each in stories for word in set(WORD.findall(each.title.lower())))
    for word in sorted(word for word, count in words.items() if 8 <= count <= 80):
        some = [each for each in stories if word in WORD.findall(each.title.lower())]
        posts = [a_post(time, f"{n}-{m}") for n, each in enumerate(some) for m, time in enumerate(each.comments)]
        stream = stream_of(posts, first, (last - first) // HOUR + 1)
        for n, story in enumerate(some):
            if story.rank < 3 and story.seen - first > 4 * DAY and len(story.comments) >= 50:
                end = min(last, story.seen + DAY)
                yield Trial(f"{word} {n}", "front_pages", stream, on_the_hour(story.seen), end, story.seen)
        yield shuffled(f"front pages {word}", posts)


def stories_of(pages: Sequence[Mapping[str, Any]]) -> list[Story]:
    """Return the stories. What they gained from one page to the next was said evenly between the two."""
    seen: defaultdict[str, list[tuple[datetime, int, int, str]]] = defaultdict(list)
    for page in pages:
        time = datetime.fromisoformat(page["ts"])
        for rank, item in enumerate(page["items"]):
            address = item.get("link") or item.get("url") or item["title"]
            seen[address].append((time, rank, item.get("comments") or 0, item["title"]))
    return [_story(looks) for looks in seen.values()]


def _story(looks: Sequence[tuple[datetime, int, int, str]]) -> Story:
    comments: list[datetime] = []
    for (earlier, _, before, _), (later, _, after, _) in pairwise(looks):
        gained = max(0, after - before)
        comments += [earlier + (later - earlier) * (n + 0.5) / gained for n in range(gained)]
    return Story(looks[0][3], looks[0][0], min(rank for _, rank, _, _ in looks), comments)


# Weibo's hot searches


def hot_searches(hourly: Sequence[Mapping[str, Any]], daily: Sequence[Mapping[str, Any]]) -> Iterator[Trial]:
    """Yield words of titles: posts are titles, an event is a day on which the daily lists have them suddenly."""
    first_seen: dict[str, datetime] = {}
    for row in hourly:
        time = datetime.fromisoformat(row["first_seen"]).astimezone(UTC)
        first_seen[row["title"]] = min(time, first_seen.get(row["title"], time))
    first, last = on_the_hour(min(first_seen.values())), max(first_seen.values())
    lists = {row["day"]: row["titles"] for row in daily}
    for word in frequent_words(first_seen):
        posts = [a_post(time, title) for title, time in first_seen.items() if word in title]
        stream = stream_of(posts, first, (last - first) // HOUR + 1)
        for day in sudden_days(word, lists, first + 3 * DAY, last):
            since = [post.time for post in sorted(posts) if post.time >= day]
            if since and since[0] < day + DAY:
                yield Trial(f"{word} {day:%m-%d}", "hot_searches", stream, day, min(last, day + DAY), since[0])


def frequent_words(titles: Mapping[str, datetime]) -> list[str]:
    """Return what stands in ten titles or more, of two to four characters, without parts of longer ones as frequent."""
    grams = Counter(title[n : n + size] for title in titles for size in (2, 3, 4) for n in range(len(title) - size + 1))
    common = {gram: count for gram, count in grams.items() if count >= 10 and not re.search(r"[\d\W]", gram)}
    longer = {
        part for gram, count in common.items() for part in (gram[1:], gram[:-1]) if common.get(part, 0) <= count * 1.2
    }
    return sorted(set(common) - longer)


def sudden_days(word: str, lists: Mapping[str, Sequence[str]], since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the begins of days, in China, in whose lists a word is five times or more, thrice the most of 14 days."""
    day = (since + CHINA).replace(hour=0, minute=0, second=0, microsecond=0) - CHINA
    while day < until:
        counts = [sum(word in title for title in lists.get(f"{day + CHINA - n * DAY:%Y-%m-%d}", ())) for n in range(15)]
        if counts[0] >= 5 and counts[0] >= 3 * max(counts[1:]):
            yield day
        day += DAY
