"""Who was first: of each spelling, script and page, whatever the order, and never who it was."""

import random
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.earliest import with_first
from monitor.models import First, Mention, SharedLink, Span, TermHit
from monitor.signals.firsts import Seen, earlier_of, firsts_of, link_seen, told
from monitor.text.urls import page_key
from tests.build import NOW, TERM, a_mention
from tests.unit.digests.cases import a_digest, a_first, a_said, a_trend, at


def seen_at(minutes: int, id_: str = "1", **changes: object) -> Mention:
    """Return a mention of so many minutes ago."""
    post = {"created_at": NOW - timedelta(minutes=minutes)} | dict(changes.pop("post", {}))  # type: ignore[call-overload]
    return a_mention(id_, post=post, **changes)


def test_each_script_and_spelling_has_its_earliest_post() -> None:
    simplified = seen_at(30)
    hit = TermHit(term=TERM, spans=(Span(0, 4),), variants=("script",))
    traditional = seen_at(60, "2", post={"text": "砸鍋賣鐵"}, terms=(hit,), script="Hant", language="zh")
    later = seen_at(10, "3")

    firsts = firsts_of([later, traditional, simplified])

    assert {seen: first.time for seen, first in firsts.items()} == {
        Seen("script", "zh-Hans"): simplified.post.time,
        Seen("variant", TERM): simplified.post.time,
        Seen("script", "zh-Hant"): traditional.post.time,
        Seen("variant", "砸鍋賣鐵"): traditional.post.time,
    }


def test_what_is_remembered_tells_neither_the_post_nor_its_author_nor_its_address() -> None:
    mention = seen_at(
        1, "secret-id", post={"links": ("https://who.example/secret-path",), "url": "https://secret.example"}
    )

    told_of = msgspec.json.encode([*firsts_of([mention], with_links=True).values()]).decode()

    assert "secret" not in told_of
    assert "who.example" not in told_of


def test_withdrawn_posts_were_never_first() -> None:
    assert firsts_of([seen_at(9, withdrawn=True)]) == {}


def test_a_post_found_by_looking_back_says_so() -> None:
    assert all(first.backfilled for first in firsts_of([seen_at(9, backfilled=True)]).values())


def test_the_remembered_one_wins_where_it_is_earlier() -> None:
    known = Seen("variant", TERM), Seen("variant", "else")
    older, newer = a_first("variant", TERM, at("08:00")), a_first("variant", TERM, at("09:00"))

    assert earlier_of({known[0]: newer}, {known[0]: older, known[1]: older}) == {known[0]: older}
    assert earlier_of({known[0]: older}, {known[0]: newer}) == {known[0]: older}
    assert earlier_of({known[0]: newer}, {}) == {known[0]: newer}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_no_order_and_no_repetition_changes_who_was_first(minutes: list[int], dice: random.Random) -> None:
    mentions = [seen_at(each, str(n)) for n, each in enumerate(minutes)]
    mixed = [*mentions, *mentions]
    dice.shuffle(mixed)

    assert firsts_of(mixed, with_links=True) == firsts_of(mentions, with_links=True)
    times = [each.time for each in told(mixed, firsts_of(mentions), NOW)]
    assert times == sorted(each.time for each in firsts_of(mentions).values())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a", "https://www.example.org/a/"),
        ("https://m.example.org/a?utm_source=x", "https://example.org/a"),
        ("https://example.org/amp/a", "https://example.org/a"),
        ("https://example.org/a/amp/", "https://example.org/a"),
        ("https://amp.example.org/a.amp.html", "https://example.org/a.html"),
        ("https://youtu.be/dQw4w9WgXcQ?si=abc", "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=3s"),
        ("https://twitter.com/someone/status/12?s=20", "https://x.com/i/status/12"),
        ("https://example.org/a?b=2&a=1", "https://example.org/a?a=1&b=2"),
    ],
)
def test_addresses_of_one_page_have_one_key(one: str, other: str) -> None:
    assert page_key(one) == page_key(other)
    assert link_seen(one) == link_seen(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a", "https://example.org/b"),
        ("https://example.org/a?id=1", "https://example.org/a?id=2"),
        ("https://example.org/A", "https://example.org/a"),
        ("https://m.org/a", "https://amp.org/a"),
        ("https://news.example.org/a", "https://example.org/a"),
        ("https://youtu.be/one", "https://youtu.be/two"),
    ],
)
def test_addresses_of_different_pages_have_different_keys(one: str, other: str) -> None:
    assert page_key(one) != page_key(other)


def test_nothing_is_called_first_where_nothing_is_remembered() -> None:
    assert told([seen_at(1)], {}, NOW) == ()


def test_links_are_told_that_were_seen_before_the_window() -> None:
    seen = link_seen("https://a.example/")
    assert seen is not None
    mention = seen_at(5, post={"links": ("http://www.a.example",)})
    before, within = (a_first("link", seen.label, NOW - timedelta(minutes=each)) for each in (90, 9))

    for first, is_told in ((before, True), (within, False)):
        firsts = told([mention], {seen: first}, NOW - timedelta(hours=1))
        assert (first in firsts) == is_told
        assert {each.form for each in firsts} >= {"script", "variant"}


def test_a_link_that_was_seen_before_the_window_has_its_remembered_first() -> None:
    seen = link_seen("http://a.example/")
    assert seen is not None
    earliest = a_said("砸锅卖铁", "砸锅卖铁", "bluesky", at("13:52"))
    link = SharedLink(url="https://a.example/", count=2, first_seen=at("14:05"))
    older, newer = a_first("link", seen.label, at("13:00", 1)), a_first("link", seen.label, at("13:53"))

    def first_of(*firsts: First, link: SharedLink | None = link) -> First | None:
        return with_first(a_digest(link=link, earliest=earliest, trend=a_trend(firsts=firsts))).first

    assert first_of(older) == older
    assert first_of(newer) is None
    assert first_of() is None
    assert first_of(older, link=None) is None
