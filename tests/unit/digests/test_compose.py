"""What a digest is made of, and what it never holds."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.compose import Brief, compose, digest_id
from monitor.digests.people import Policy, is_exposing
from monitor.models import (
    Author,
    Digest,
    Engagement,
    Mention,
    PostKey,
    Query,
    QueryStatus,
    Span,
    TermHit,
    Trend,
    Window,
)
from monitor.signals.duplicates import fingerprint
from tests.build import NOW, TERM, a_mention, a_topic

HOUR = timedelta(hours=1)
WINDOW = Window(NOW - 24 * HOUR, NOW)
LINK = "https://post.example/a"
TREND = Trend(topic="pots", window=WINDOW, count=1, accounts=1)
STATUSES = (QueryStatus(query=Query("bluesky", TERM), read=1.0),)


def a_spoken(id_: str, text: str = "", source: str = "bluesky", likes: int | None = 5, **changes: Any) -> Mention:
    """Return a mention by an account of its own, with the right spans and group."""
    text = text or f"{TERM},第{id_}句"
    at = NOW - 5 * HOUR
    post = {
        "key": PostKey(source, id_),
        "url": f"https://{source}.example/{id_}",
        "text": text,
        "observed_at": at,
        "created_at": at,
        "author": Author(id=f"id-{id_}", handle=f"handle-{id_}", name=f"Name {id_}"),
        "engagement": Engagement(likes=likes),
    } | changes.pop("post", {})
    start = text.find(TERM)
    terms = (TermHit(term=TERM, spans=(Span(start, start + 4),)),) if start >= 0 else ()
    return a_mention(id_, post=post, **({"terms": terms, "group": fingerprint(text)} | changes))


def a_brief(**changes: Any) -> Brief:
    return Brief(**({"topic": a_topic(), "window": WINDOW, "chat": "preview"} | changes))


def composed(mentions: list[Mention], **brief: Any) -> Digest:
    return compose(a_brief(**brief), mentions, {}, TREND, STATUSES)


def shown(digest: Digest) -> list[str]:
    return [each.mention.post.key.id for each in digest.reactions]


texts = st.text(st.characters(), max_size=200)


@given(st.lists(st.tuples(texts, texts, st.integers(0, 999)), max_size=6))
def test_every_quote_is_a_slice_with_its_match_inside(parts: list[tuple[str, str, int]]) -> None:
    mentions = [
        a_spoken(str(n), f"{before}{TERM}{after}", likes=likes) for n, (before, after, likes) in enumerate(parts)
    ]
    by_key = {each.post.key: each.post.text for each in mentions}

    for reaction in composed(mentions).reactions:
        assert not is_exposing(by_key[reaction.mention.post.key])
        if reaction.quote is not None:
            assert reaction.match is not None
            text = by_key[reaction.mention.post.key]
            assert text[slice(*reaction.match)] in text[slice(*reaction.quote)]
            assert TERM in text[slice(*reaction.match)]
            assert 0 < reaction.quote.end - reaction.quote.start <= 140


def test_class_b_loses_its_names_and_class_a_keeps_them() -> None:
    digest = composed([a_spoken("1", likes=9), a_spoken("2", likes=5)], named=frozenset({"bluesky:handle-1"}))

    listed, unlisted = digest.reactions
    assert listed.name == "Name 1 (@handle-1)"
    assert unlisted.name is None
    assert unlisted.mention.post.author == Author(id="id-2")
    assert b"handle-2" not in msgspec.json.encode(digest)


def test_class_c_is_counted_and_nowhere_in_the_digest() -> None:
    exposing = a_spoken("secret", "人在国内," + TERM, likes=10**6, post={"links": (LINK,)})
    article = a_spoken("article", f"我们单位{TERM}", "rss", None, post={"url": LINK})
    copies = [a_spoken(f"c{n}", "墙内说" + TERM, post={"links": (LINK,)}) for n in range(3)]

    digest = composed([exposing, article, *copies, a_spoken("plain")])

    assert (shown(digest), digest.hidden) == (["plain"], 5)
    assert digest.link is not None
    assert (digest.link.count, digest.link.title) == (4, None)
    assert digest.earliest is None
    encoded = msgspec.json.encode(digest).decode()
    assert "人在国内" not in encoded
    assert "我们单位" not in encoded


def test_a_post_that_exposes_somebody_is_not_shown_as_the_most_shared_link() -> None:
    exposed = a_spoken("victim", "人在国内," + TERM, post={"url": "https://bsky.example/post/1"})
    sharers = [a_spoken(f"s{n}", TERM, post={"links": ("https://bsky.example/post/1",)}) for n in range(3)]
    other = [a_spoken(f"o{n}", TERM, post={"links": (LINK,)}) for n in range(2)]

    digest = composed([exposed, *sharers, *other])

    assert digest.link is not None
    assert digest.link.url == LINK
    assert "bsky.example/post/1" not in msgspec.json.encode(digest.link).decode()


def test_withdrawn_posts_are_counted_and_not_quoted() -> None:
    group = fingerprint("same")
    gone = [
        a_spoken(f"g{n}", "x", group=group, withdrawn=True, post={"text": "", "author": Author()}) for n in range(2)
    ]

    digest = composed([*gone, a_spoken("here", group=group)])

    assert shown(digest) == ["here"]
    assert digest.reactions[0].copies == 3
    assert digest.largest_group is not None
    assert (digest.largest_group.count, digest.largest_group.accounts) == (3, 1)


@pytest.mark.parametrize(
    ("policy", "quotes"),
    [("default", [True, False]), ("names", [True, True]), ("links", [False, False]), ("counts", [])],
)
def test_policies_show_more_or_less_of_private_people(policy: Policy, quotes: list[bool]) -> None:
    digest = composed([a_spoken("1"), a_spoken("2", source="x")], people=policy)

    assert [each.quote is not None for each in digest.reactions] == quotes
    assert [each.name is not None for each in digest.reactions] == [policy == "names"] * len(quotes)


def test_posts_that_can_only_be_linked_come_last_and_do_not_crowd_out_quotes() -> None:
    mentions = [a_spoken(f"x{n}", source="x", likes=1000 - n) for n in range(4)]
    mentions += [a_spoken("b", likes=3), a_spoken("m", source="mastodon", likes=2)]

    assert shown(composed(mentions)) == ["b", "m", "x0"]
    assert len(shown(composed(mentions[:4]))) == 3


def test_a_post_without_quote_and_link_is_not_shown() -> None:
    assert shown(composed([a_spoken("1", source="x", post={"url": "javascript:alert(1)"})])) == []


def test_a_quote_that_names_an_account_is_linked_only() -> None:
    [reaction] = composed([a_spoken("1", f"@someone {TERM}")]).reactions

    assert reaction.quote is None


@pytest.mark.parametrize(
    ("mention", "brief", "why"),
    [
        (a_spoken("1"), {}, None),
        (a_spoken("1"), {"people": "links"}, "links"),
        (a_spoken("1", source="x"), {}, "nameless"),
        (a_spoken("1", source="x"), {"people": "names"}, None),
        (a_spoken("1", source="x", post={"author": Author(id="1")}), {"people": "names"}, "nameless"),
        (a_spoken("1", f"@someone {TERM}"), {}, "handle"),
        (a_spoken("1", "砸锅\u2066卖铁", terms=(TermHit(term=TERM, spans=(Span(0, 5),)),)), {}, "inexact"),
    ],
)
def test_a_post_without_a_quote_says_why(mention: Mention, brief: dict[str, Any], why: str | None) -> None:
    [reaction] = composed([mention], **brief).reactions

    assert (reaction.quote is None, reaction.unquoted) == (why is not None, why)


def test_other_languages_than_the_topics_are_left_out() -> None:
    mentions = [a_spoken("hant", script="Hant", language="zh"), a_spoken("en", language="en", script="Latn")]

    assert shown(composed(mentions, topic=a_topic(languages=("zh-Hant",)))) == ["hant"]


def test_the_link_brings_the_title_and_the_outlet_of_a_listed_source() -> None:
    article = a_spoken(
        "a", f"{TERM}题目\n正文", "rss", None, post={"url": LINK, "author": Author(name="Northern Post")}
    )
    sharers = [a_spoken(str(n), post={"links": (LINK,)}) for n in range(2)]

    named = composed([article, *sharers], named=frozenset({"post.example"}))
    unnamed = composed([article, *sharers])

    assert named.link is not None
    assert unnamed.link is not None
    assert (named.link.title, named.link.outlet) == (f"{TERM}题目", "Northern Post")
    assert (unnamed.link.title, unnamed.link.outlet) == (f"{TERM}题目", None)


def test_the_earliest_is_of_what_the_digest_tells_about_and_class_b_has_no_address() -> None:
    before = a_spoken("before", post={"observed_at": NOW - 20 * HOUR, "created_at": NOW - 20 * HOUR})
    first = a_spoken("first", post={"links": (LINK,), "observed_at": NOW - 9 * HOUR, "created_at": NOW - 9 * HOUR})
    mentions = [before, first, a_spoken("later", post={"links": (LINK,)})]

    private = composed(mentions).earliest
    listed = composed(mentions, named=frozenset({"bluesky:handle-first"})).earliest

    assert private is not None
    assert listed is not None
    assert (private.post.key.id, private.post.url, private.post.author.handle) == ("first", None, None)
    assert listed.post.url == "https://bluesky.example/first"
    assert composed(mentions, people="counts").earliest is None


def test_nothing_copied_and_nothing_shared_has_no_earliest() -> None:
    assert composed([a_spoken("1"), a_spoken("2")]).earliest is None


def test_the_id_is_that_of_chat_topic_kind_and_window() -> None:
    brief = a_brief()
    others = [
        a_brief(chat="other"),
        a_brief(thread="7"),
        a_brief(kind="alert"),
        a_brief(topic=a_topic(name="pans")),
        a_brief(window=Window(WINDOW.start, NOW + HOUR)),
        a_brief(chat="preview7"),
    ]

    assert len({digest_id(each) for each in [brief, *others]}) == 7
    assert digest_id(brief) == digest_id(a_brief(people="links", topic=a_topic(title="renamed")))
    taipei = timezone(8 * HOUR)
    assert digest_id(brief) == digest_id(a_brief(window=Window(*(each.astimezone(taipei) for each in WINDOW))))


def test_the_id_does_not_change_between_versions() -> None:
    """A stored digest must be found again after an upgrade."""
    window = Window(datetime(2026, 3, 9, 12, tzinfo=UTC), datetime(2026, 3, 10, 12, tzinfo=UTC))

    assert digest_id(a_brief(window=window)) == "33770a9582ba9e743908271e"


@given(
    st.permutations(
        [a_spoken(str(n), likes=n % 4, source=source) for n, source in enumerate(["x", "bluesky", "rss"] * 3)]
    )
)
def test_the_order_of_mentions_does_not_matter(mentions: list[Mention]) -> None:
    assert composed(mentions) == composed(sorted(mentions, key=lambda each: each.post.key))
