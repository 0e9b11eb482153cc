"""The local page: digests as bubbles of a chat, newest below, then what is known now and how the machine is.

Plain HTML without a script. All of it goes through `elements`, which escapes whatever is not markup of ours.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from monitor.digests import coverage
from monitor.digests.elements import Html, document, element, join, void
from monitor.digests.render import to_html
from monitor.digests.wording import day_and_time
from monitor.digests.zones import own_time
from monitor.models import Message, QueryStatus, Window
from monitor.saying import DEFAULT, say, speaking, spoken_language

REFRESH_SECONDS = 10


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A message and when it was sent."""

    at: datetime
    message: Message


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the status strip: what it is about, a sentence, and whether somebody must look at it."""

    label: str
    text: str
    is_problem: bool = False


class TopicView(msgspec.Struct, frozen=True, kw_only=True):
    """A topic on the page: the digests sent, oldest first, and the one that would be sent now."""

    name: str
    title: str
    timezone: str
    window: Window
    sent: tuple[Sent, ...] = ()
    current: Message | None = None
    statuses: tuple[QueryStatus, ...] = ()
    next_digest: datetime | None = None


class PageView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows, in a language. `facts` tell of the store and the workers."""

    now: datetime
    language: str = DEFAULT
    topics: tuple[TopicView, ...] = ()
    facts: tuple[Fact, ...] = ()


def page(view: PageView) -> Html:
    """Return the whole page."""
    with speaking(view.language):
        return _page(view)


def _page(view: PageView) -> Html:
    chats = [_chat(topic, f"topic-{index}", view.now) for index, topic in enumerate(view.topics)]
    empty = element(
        "p", say("No topic is followed yet. To add one, run {command}", command="monitor init"), class_="empty"
    )
    return _framed(_header(view), element("main", *(chats or [empty]), _facts(view.facts)))


def failure(sentence: str) -> Html:
    """Return the page shown while nothing can be read."""
    return _framed(element("main", element("p", sentence, class_="empty problem", role="alert")))


def _framed(*content: Html) -> Html:
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", http_equiv="refresh", content=str(REFRESH_SECONDS)),
        element("title", "Discussion Monitor"),
        void("link", rel="icon", href="/icon.svg", type="image/svg+xml"),
        void("link", rel="stylesheet", href="/style.css"),
    )
    return document(head, element("body", *content), lang=spoken_language())


def _header(view: PageView) -> Html:
    topics = [element("a", topic.title, href=f"#topic-{index}") for index, topic in enumerate(view.topics)]
    nav = element("nav", *topics, aria_label=say("Topics")) if len(topics) > 1 else Html()
    updated = element("span", say("updated {time} UTC", time=f"{view.now:%H:%M:%S}"), class_="updated")
    return element("header", element("h1", "Discussion Monitor"), nav, updated)


def _chat(topic: TopicView, anchor: str, now: datetime) -> Html:
    zone = ZoneInfo(topic.timezone)
    sent = [_bubble(each.message, day_and_time(each.at, now, zone), "bubble") for each in topic.sent]
    current = _current(topic)
    quiet = Html() if sent or current else element("p", say("Nothing yet."), class_="empty")
    return element("section", element("h2", topic.title), *sent, current, quiet, _strip(topic, zone), id=anchor)


def _current(topic: TopicView) -> Html:
    if topic.current is None:
        return Html()
    return _bubble(topic.current, say("now · not sent"), "bubble now")


def _bubble(message: Message, time: str, kind: str) -> Html:
    text = element("div", to_html(message), class_="text")
    return element("article", text, element("footer", time), class_=kind)


def _strip(topic: TopicView, zone: ZoneInfo) -> Html:
    sources = coverage.readings(topic.statuses, topic.window)
    read = coverage.read_line(sources, topic.window, zone)
    unread = coverage.unread_line(sources, topic.window, zone)
    rows = [
        _row(say("Read"), read or say("nothing yet"), "good" if read else "waiting"),
        _row(say("Not read"), unread, "problem") if unread else Html(),
        _row(say("Next digest"), _next(topic, zone), "plain"),
    ]
    return element("dl", *rows, class_="strip")


def _next(topic: TopicView, zone: ZoneInfo) -> str:
    if topic.next_digest is None:
        return say("none planned")
    time = day_and_time(topic.next_digest, topic.window.end, zone)
    return say("{time} ({zone})", time=time, zone=own_time(zone))


def _facts(facts: tuple[Fact, ...]) -> Html:
    if not facts:
        return Html()
    rows = [_row(fact.label, fact.text, "problem" if fact.is_problem else "good") for fact in facts]
    return element("dl", *rows, class_="strip machine")


def _row(label: str, text: str, kind: str) -> Html:
    return element("div", join(element("dt", label), element("dd", text)), class_=kind)
