"""Digests of every shape, and the golden files that say how they look.

`python -m tests.unit.digests.cases` writes the golden files anew; read the difference before committing it.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from monitor.digests.render import render, to_html, to_terminal
from monitor.models import (
    Burst,
    CopyGroup,
    Count,
    Digest,
    Engagement,
    First,
    Mention,
    Message,
    Phrase,
    PostKey,
    Query,
    QueryStatus,
    Reaction,
    SharedLink,
    Span,
    Trend,
    Window,
)
from monitor.nouns.novelty import Form
from monitor.saying import LANGUAGES, speaking
from tests.build import a_mention
from tests.data import ROOT

GOLDEN = ROOT / "tests" / "golden" / "digests"
ZONE = ZoneInfo("Asia/Taipei")
END = datetime(2026, 3, 11, 0, 0, tzinfo=UTC)
WINDOW = Window(END - timedelta(hours=24), END)


def at(clock: str, day: int = 10) -> datetime:
    """Return a time of March 2026 in Taipei."""
    return datetime.strptime(f"2026-03-{day} {clock} +0800", "%Y-%m-%d %H:%M %z").astimezone(UTC)


def a_said(text: str, term: str, source: str, when: datetime, **changes: Any) -> Mention:
    """Return a mention with a match of `term` in `text`."""
    post = {
        "key": PostKey(source, "1"),
        "text": text,
        "url": f"https://{source}.example/1",
        "created_at": when,
        "observed_at": when,
    }
    return a_mention("1", post=post | changes.pop("post", {}), **changes)


def a_reaction(mention: Mention, term: str, **changes: Any) -> Reaction:
    """Return a reaction that quotes the whole text."""
    start = mention.post.text.index(term)
    values = {
        "mention": mention,
        "engagement": Engagement(likes=310),
        "gained": 290,
        "quote": Span(0, len(mention.post.text)),
        "match": Span(start, start + len(term)),
    }
    return Reaction(**(values | changes))


def a_trend(**changes: Any) -> Trend:
    """Return the trend of a loud day."""
    values = {
        "topic": "pots",
        "window": WINDOW,
        "count": 412,
        "accounts": 287,
        "expected": 133.0,
        "ratio": 412 / 133,
        "sampled_hours": 672,
        "platforms": tuple(
            Count(*p) for p in (("bluesky", 200), ("mastodon", 90), ("x", 60), ("ptt", 40), ("rss", 22))
        ),
        "languages": tuple(
            Count(*p) for p in (("zh-Hans", 231), ("zh-Hant", 94), ("en", 71), ("ja", 9), ("und", 5), ("ko", 2))
        ),
    }
    return Trend(**(values | changes))


def read(*queries: str, **changes: Any) -> tuple[QueryStatus, ...]:
    """Return statuses of queries written "source:text"."""
    values = {"read": 1.0} | changes
    return tuple(QueryStatus(query=Query(*query.split(":", 1)), **values) for query in queries)


def feeds(count: int, **changes: Any) -> tuple[QueryStatus, ...]:
    """Return statuses of so many feeds."""
    return read(*(f"rss:https://feed{n}.example/rss" for n in range(count)), **changes)


def a_digest(**changes: Any) -> Digest:
    """Return a digest of a loud day, without posts."""
    values = {
        "id": "d1",
        "topic": "pots",
        "title": "砸锅卖铁",
        "kind": "daily",
        "trend": a_trend(),
        "statuses": read("bluesky:砸锅卖铁", "ptt:砸鍋賣鐵"),
    }
    return Digest(**(values | changes))


def a_burst() -> Burst:
    """Return an hour that stood out."""
    return Burst(
        start=at("14:00"),
        end=at("15:00"),
        posts=64,
        accounts=51,
        voices=48,
        platforms=3,
        expected=9.2,
        surprise=12.3,
        before=20,
        latest=9,
        phase="back",
        sampled_hours=672,
    )


def a_phrase(text: str, voices: int, **changes: Any) -> Phrase:
    """Return a phrase that nobody said before."""
    values = {"read": 301, "earlier": 0, "earlier_read": 480, "score": 50.0} | changes
    return Phrase(text=text, voices=voices, **values)


def a_first(form: Form, label: str, when: datetime, **changes: Any) -> First:
    """Return when a form was first seen."""
    values = {"source": "bluesky", "language": "zh-Hans"} | changes
    return First(form=form, label=label, time=when, **values)


def loud() -> Digest:
    """A day as in the specification: a shared link, quotes in two scripts, a post that is only linked."""
    first = a_said("要砸锅卖铁,先砸谁的锅?", "砸锅卖铁", "bluesky", at("14:31"))
    second = a_said(
        '"Smash pots and sell iron": so who eats? 😀',
        "Smash pots",
        "mastodon",
        at("19:02"),
        language="en",
        script="Latn",
    )
    third = a_said("smash pots and sell iron", "smash", "x", at("16:10"), language="en", script="Latn")
    return a_digest(
        statuses=(
            *read("bluesky:砸锅卖铁", "ptt:砸鍋賣鐵"),
            *read("x:砸锅卖铁", truncated=True),
            *feeds(41),
            *feeds(3, read=0.0, reason="404 from the server", since=at("03:10", 9)),
            *read("reddit:砸锅卖铁", read=0.0, reason="no key"),
        ),
        reactions=(
            a_reaction(first, "砸锅卖铁", copies=41, copy_accounts=38),
            a_reaction(second, "Smash pots and sell iron", engagement=Engagement(likes=80, replies=8), gained=80),
            a_reaction(
                third,
                "smash",
                quote=None,
                match=None,
                unquoted="nameless",
                engagement=Engagement(likes=1240),
                gained=1100,
            ),
        ),
        link=SharedLink(
            url="https://northernpost.example/a",
            count=168,
            first_seen=at("14:05"),
            title='某县成立"砸锅卖铁"专班',
            outlet="Northern Post",
        ),
        largest_group=CopyGroup(group="g", count=41, accounts=38, first_seen=at("14:31"), last_seen=at("14:53")),
        earliest=a_said("砸锅卖铁", "砸锅卖铁", "bluesky", at("13:52"), post={"url": None}),
        hidden=4,
        trend=a_trend(
            burst=a_burst(),
            phrases=(a_phrase("食堂", 57), a_phrase("专班", 44)),
            firsts=(
                a_first("script", "zh-Hans", at("09:00", 2)),
                a_first("variant", "砸鍋賣鐵", at("14:10"), source="ptt", language="zh-Hant"),
                a_first("script", "en", at("19:02"), source="mastodon"),
            ),
        ),
    )


def hostile() -> Digest:
    """Names, titles and posts that try to break out of their places."""
    name = "</a>\u202eevil\u2069 \x1b[31m" + "z\u0310\u0311\u0312\u0313\u0314" + "長" * 90
    arabic = a_said(
        "<b>砸锅卖铁</b> &amp; \u200fمرحبا *bold* [x](tg://user?id=1)\n#tag", "砸锅卖铁", "mastodon", at("09:00", 4)
    )
    plain = a_said("🧨🧨砸锅卖铁🧨", "砸锅卖铁", "unheard-of", at("09:00", 10), post={"url": "javascript:alert(1)"})
    return a_digest(
        title="a <b> & 'c'\u202e\n",
        statuses=read("https://x:<script>", reason="<img src=x>\n" * 20, read=0.6, since=at("03:10")),
        reactions=(
            a_reaction(
                arabic, "砸锅卖铁", name=name, engagement=Engagement(views=9), gained=None, cut=True, quote=Span(3, 20)
            ),
            a_reaction(plain, "砸锅卖铁", gained=-3),
        ),
        link=SharedLink(
            url='https://xn--80ak6aa92e.example/"><script>', count=2, first_seen=at("14:05"), title="<i>" * 90
        ),
        earliest=a_said("砸锅卖铁", "砸锅卖铁", "rss", at("13:52"), post={"url": "https://пример.example/a"}),
        trend=a_trend(
            phrases=(a_phrase("\u202e\x1b[31m<b>" + "長" * 90, 5, is_sample=True), a_phrase("مرحبا", 5)),
            firsts=(a_first("variant", "<i>\u202e" + "長" * 90, at("14:10"), source="<script>", language="x<"),),
        ),
    )


FAILED = {"read": 0.0, "reason": "503 from the server", "since": at("03:10", 11)}
CASES = {
    "loud": loud(),
    "hostile": hostile(),
    "remembered": a_digest(
        link=SharedLink(url="https://northernpost.example/a", count=168, first_seen=at("14:05"), title="Pots"),
        first=a_first("link", "0f", at("13:52", 1), source="ptt", language="zh-Hant", backfilled=True),
    ),
    "too_early": a_digest(trend=a_trend(count=118, expected=None, ratio=None, sampled_hours=9)),
    "gaps": a_digest(trend=a_trend(count=1, accounts=1, expected=None, ratio=None, languages=(), platforms=())),
    "quiet": a_digest(trend=a_trend(count=9, expected=12.0, ratio=0.75), statuses=feeds(1)),
    "nothing_found": a_digest(trend=a_trend(count=0, expected=12.0, ratio=0.0), statuses=feeds(3)),
    "nothing_looked": a_digest(trend=a_trend(count=0, expected=None, ratio=None), statuses=()),
    "blind": a_digest(trend=a_trend(count=0, expected=12.0, ratio=0.0), statuses=read("hackernews:", **FAILED)),
    "half_blind": a_digest(
        trend=a_trend(count=3, expected=12.0, ratio=0.25),
        statuses=(*read("bluesky:a"), *read("hackernews:", **(FAILED | {"read": 0.8}))),
    ),
    "mostly_blind": a_digest(
        statuses=(*read("bluesky:a", read=0.3), *read("hackernews:", **FAILED)),
    ),
}


def golden(message: Message) -> str:
    """Return how a golden file shows a message."""
    shown = {
        "text": message.text.split("\n"),
        "entities": msgspec.to_builtins(message.entities),
        "html": to_html(message).split("\n"),
        "terminal": to_terminal(message, color=True).split("\n"),
    }
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


def texts_in(language: str) -> str:
    """Return every case as its reader sees it in a language."""
    with speaking(language):
        shown = {name: to_terminal(render(digest, "preview", ZONE), color=False) for name, digest in CASES.items()}
    return "\n\n".join(f"== {name}\n{text}" for name, text in shown.items()) + "\n"


def golden_path(name: str) -> Path:
    """Return where the golden file of a case lies."""
    return GOLDEN / f"{name}.json"


if __name__ == "__main__":
    for case, digest in CASES.items():
        golden_path(case).write_text(golden(render(digest, "preview", ZONE)), encoding="utf-8")
    for tag in LANGUAGES:
        (GOLDEN / f"{tag}.txt").write_text(texts_in(tag), encoding="utf-8")
