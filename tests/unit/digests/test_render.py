"""What the reader sees: golden messages, and what holds for every message."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.digests.draft import utf16_length
from monitor.digests.platforms import is_web
from monitor.digests.render import LONGEST, is_quiet, render, to_html, to_terminal
from monitor.digests.wording import FSI, PDI
from monitor.models import Author, Count, Digest, Engagement, Message, Query, QueryStatus, Reaction, SharedLink, Span
from monitor.saying import LANGUAGES
from monitor.text.quotes import excerpt
from tests.data import data_path
from tests.unit.digests.cases import (
    CASES,
    END,
    GOLDEN,
    ZONE,
    a_burst,
    a_digest,
    a_first,
    a_phrase,
    a_reaction,
    a_said,
    a_trend,
    at,
    golden,
    golden_path,
    read,
    texts_in,
)

BLOCKS = ("blockquote", "expandable_blockquote")


def cut(message: Message, kind: str) -> list[str]:
    """Return what the entities of a kind hold, cut out of the UTF-16 text as Telegram does."""
    units = message.text.encode("utf-16-le", "surrogatepass")
    return [
        units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le", "surrogatepass")
        for each in message.entities
        if each.type == kind
    ]


def assert_fit_for_telegram(message: Message) -> None:
    """Assert what the server would otherwise refuse, move or drop."""
    assert utf16_length(message.text) <= LONGEST
    assert message.text == message.text.strip()
    assert len(message.entities) <= 100
    for kind in {each.type for each in message.entities}:
        assert all(words and words == words.strip() for words in cut(message, kind))
    for index, outer in enumerate(message.entities):
        for inner in message.entities[index + 1 :]:
            end, inner_end = outer.offset + outer.length, inner.offset + inner.length
            assert inner.offset >= end or inner_end <= end, "entities must nest"
            if inner.offset < end:
                assert not (outer.type in BLOCKS and inner.type in BLOCKS), "quotes must not nest"
    assert all(each.url is None or is_web(each.url) for each in message.entities)


@pytest.mark.parametrize("language", LANGUAGES)
def test_digests_read_well_in_each_language(language: str) -> None:
    """The golden files are for people who read the language: the whole wording of every shape of digest."""
    assert texts_in(language) == (GOLDEN / f"{language}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_a_digest_looks_as_in_its_golden_file(name: str) -> None:
    message = render(CASES[name], "preview", ZONE)

    assert json.loads(golden(message)) == json.loads(golden_path(name).read_text(encoding="utf-8"))
    assert_fit_for_telegram(message)


def test_the_loud_day_has_the_lines_of_the_specification() -> None:
    message = render(CASES["loud"], "preview", ZONE)

    assert cut(message, "bold") == ["#砸锅卖铁: 412 posts, ×3.1", "砸锅卖铁", "Smash pots and sell iron"]
    assert cut(message, "blockquote") == [
        f"{FSI}要砸锅卖铁,先砸谁的锅?{PDI}",
        f'{FSI}"Smash pots and sell iron": so who eats? 😀{PDI}',
    ]
    assert [each.url for each in message.entities if each.type == "text_link"] == [
        "https://northernpost.example/a",
        "https://bluesky.example/1",
        "https://mastodon.example/1",
        "https://x.example/1",
        "https://x.example/1",
    ]


def test_messages_are_silent_and_named_by_their_digest() -> None:
    message = render(a_digest(), "a chat", ZONE)

    assert (message.id, message.chat, message.digest_id, message.part, message.silent) == (
        "d1-0",
        "a chat",
        "d1",
        0,
        True,
    )


@pytest.mark.parametrize(
    ("engagement", "gained", "words"),
    [
        (Engagement(), None, ""),
        (Engagement(views=900), None, ""),
        (Engagement(likes=0), 0, " · ♥0"),
        (Engagement(likes=1200, reposts=40), None, " · ♥1,200"),
        (Engagement(replies=3), None, ""),
        (Engagement(likes=3), 2, " · ♥3 (+2)"),
        (Engagement(likes=3), 3, " · ♥3"),
        (Engagement(likes=3), -1, " · ♥3 (−1)"),
    ],
)
def test_numbers_that_are_not_known_are_not_shown(engagement: Engagement, gained: int | None, words: str) -> None:
    mention = a_said("砸锅卖铁", "砸锅卖铁", "bluesky", at("14:31"))
    reaction = a_reaction(mention, "砸锅卖铁", engagement=engagement, gained=gained)

    text = render(a_digest(reactions=(reaction,)), "preview", ZONE).text

    assert f"Bluesky 14:31 · 简{words}\n" in text


@pytest.mark.parametrize(
    ("count", "expected", "quiet"),
    [
        (0, None, True),
        (0, 12.0, True),
        (9, 12.0, True),
        (9, 5.0, True),
        (9, 4.5, False),
        (10, 12.0, False),
        (1, 0.0, True),
        (2, 0.0, False),
        (9, None, False),
    ],
)
def test_a_day_is_quiet_when_little_was_said_and_no_more_than_usual(
    count: int, expected: float | None, quiet: bool
) -> None:
    assert is_quiet(a_trend(count=count, expected=expected, ratio=None)) is quiet


def test_nothing_found_and_nothing_looked_at_read_differently() -> None:
    found, looked = (render(CASES[name], "preview", ZONE).text for name in ("nothing_found", "nothing_looked"))

    assert "no posts" in found
    assert "no posts" not in looked
    assert looked.startswith("Could not look")


def test_lower_posts_are_left_out_and_no_quote_is_cut() -> None:
    texts = [("砸锅卖铁" + char * 500) for char in "甲乙丙"]
    reactions = tuple(a_reaction(a_said(text, "砸", "bluesky", at("14:31")), "砸锅卖铁") for text in texts)

    message = render(a_digest(reactions=reactions), "preview", ZONE)

    assert cut(message, "blockquote") == [f"{FSI}{text}{PDI}" for text in texts[:2]]
    assert_fit_for_telegram(message)


def test_small_groups_are_other() -> None:
    text = render(CASES["loud"], "preview", ZONE).text

    assert "简 231 · 繁 94 · EN 71 · other 16" in text


def test_class_b_is_not_linked_as_the_earliest() -> None:
    message = render(CASES["loud"], "preview", ZONE)
    tail = cut(message, "expandable_blockquote")[0]
    start = next(each.offset for each in message.entities if each.type == "expandable_blockquote")

    assert "Earliest we saw the link: Tue 13:52, Bluesky, 简" in tail
    assert not [each for each in message.entities if each.offset > start]


@pytest.mark.parametrize(
    ("author", "line"), [(None, "same wording: 7 posts"), ("a", "same wording: 7 posts, 1 account")]
)
def test_copies_that_nobody_signed_are_not_said_to_be_of_one_account(author: str | None, line: str) -> None:
    said = a_said("砸锅卖铁", "砸锅卖铁", "replay", at("14:31"), post={"author": Author(id=author)})
    reaction = a_reaction(said, "砸锅卖铁", copies=7, copy_accounts=1)

    text = render(a_digest(reactions=(reaction,)), "preview", ZONE).text

    assert next(each for each in text.split("\n") if "same wording" in each).endswith(line)


def test_an_earliest_time_says_of_what_it_is_so_that_an_older_quote_does_not_contradict_it() -> None:
    digest = CASES["loud"]
    with_link = render(digest, "preview", ZONE).text
    without = render(msgspec.structs.replace(digest, link=None), "preview", ZONE).text

    assert "Earliest we saw the link: Tue 13:52" in with_link
    assert "Same wording: 41 posts" in without
    assert "Earliest we saw that wording: Tue 13:52" in without


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (END - timedelta(hours=1), "07:00"),
        (END - timedelta(hours=24), "08:00"),
        (END - timedelta(hours=25), "Tue 07:00"),
        (END - timedelta(days=5), "Fri 08:00"),
        (END - timedelta(days=8), "3 Mar 08:00"),
        (END - timedelta(days=400), "4 Feb 2025 08:00"),
    ],
)
def test_times_are_in_the_readers_zone_and_leave_no_doubt(when: Any, words: str) -> None:
    reaction = a_reaction(a_said("砸锅卖铁", "砸", "bluesky", when), "砸锅卖铁")

    assert f"\nBluesky {words} · " in render(a_digest(reactions=(reaction,)), "preview", ZONE).text


def post_as(text: str) -> Reaction | None:
    """Return a reaction that quotes a text around its term as digests do, None when it must not be quoted."""
    term = text.index("砸锅卖铁")
    found = excerpt(text, [Span(term, term + 4)])
    if found is None:
        return None
    mention = a_said(text, "砸锅卖铁", "mastodon", at("09:00"))
    return a_reaction(mention, "砸锅卖铁", quote=found.quote, match=found.match, cut=found.cut)


def assert_quoted_exactly(text: str) -> None:
    reaction = post_as(text)
    if reaction is None or reaction.quote is None:
        return
    message = render(a_digest(reactions=(reaction,)), "preview", ZONE)
    assert_fit_for_telegram(message)
    [quote] = cut(message, "blockquote")
    assert quote.strip("…").removeprefix(FSI).removesuffix(PDI) in text
    assert FSI + text[slice(*reaction.quote)] + PDI in message.text
    assert "砸锅卖铁" in cut(message, "bold")[1]
    to_html(message)
    to_terminal(message, color=True)


@given(st.text(st.characters(), max_size=200), st.text(st.characters(), max_size=200))
def test_any_post_is_quoted_exactly_or_not_at_all(before: str, after: str) -> None:
    assert_quoted_exactly(f"{before}砸锅卖铁{after}")


def test_hostile_strings_are_quoted_exactly_or_not_at_all() -> None:
    strings = json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8"))

    for text in strings:
        assert_quoted_exactly(f"{text}砸锅卖铁{text}")


words = st.text(st.characters(), max_size=300)
statuses = st.builds(
    lambda source, text, share, reason: QueryStatus(query=Query(source, text), read=share, reason=reason, since=None),
    st.sampled_from(["rss", "x", "bluesky"]) | words,
    words,
    st.floats(0, 1),
    st.none() | words,
)


@given(
    words,
    st.lists(statuses, max_size=60),
    st.none() | words,
    words,
    st.lists(words, max_size=3),
    st.integers(0, 10**12),
)
def test_no_input_makes_a_message_too_long(
    title: str, some: list[QueryStatus], link_title: str | None, url: str, names: list[str], count: int
) -> None:
    mention = a_said("砸锅卖铁" * 35, "砸锅卖铁", "x" * 300, at("09:00", 4), post={"url": f"https://a.example/{url}"})
    digest = a_digest(
        title=title,
        trend=a_trend(count=count, accounts=count, expected=count / 3),
        statuses=tuple(some),
        link=SharedLink(url=f"https://{url}", count=count, first_seen=at("09:00", 4), title=link_title, outlet=title),
        reactions=tuple(a_reaction(mention, "砸锅卖铁", name=name, copies=count) for name in names),
        earliest=mention,
        hidden=count,
        others=count,
    )

    assert_fit_for_telegram(render(digest, "preview", ZONE))


@given(st.integers(0, 3))
def test_the_same_digest_is_always_the_same_message(times: int) -> None:
    digest: Digest = msgspec.structs.replace(CASES["loud"])

    assert {render(digest, "preview", ZONE) for _ in range(times + 1)} == {render(CASES["loud"], "preview", ZONE)}


def test_posts_of_another_sense_are_told() -> None:
    loud = msgspec.structs.replace(CASES["loud"], others=1200)
    quiet = msgspec.structs.replace(CASES["quiet"], others=1)

    assert "\n1,200 posts of another sense left out\n" in render(loud, "preview", ZONE).text
    assert ", 1 post of another sense left out." in render(quiet, "preview", ZONE).text


def test_a_truncated_read_is_called_a_sample() -> None:
    digest = a_digest(statuses=read("x:a", truncated=True, read=0.5))

    assert "Read: X (sample, 50 % of the window)." in render(digest, "preview", ZONE).text


@pytest.mark.parametrize("failing", [0.0, 0.4])
def test_a_digest_with_everything_in_it_at_its_longest_is_one_message(failing: float) -> None:
    """Each line has its own limit; of all of them at once those go that a reader can do without."""
    wide = "W" * 300
    phrases = tuple(a_phrase(f"{n}{wide}", 1_000_000, is_sample=True, read=500) for n in range(5))
    firsts = tuple(a_first("variant", f"{n}{wide}", at("14:10"), source=wide, backfilled=False) for n in range(5))
    statuses = [
        *read(*(f"{wide[:30]}{n}:a" for n in range(9)), truncated=True, read=0.6),
        *read(
            *(f"{wide[:30]}{n}:a" for n in range(10, 19)),
            read=failing,
            truncated=failing > 0,
            reason=wide,
            since=at("03:10", 1),
        ),
    ]
    digest = msgspec.structs.replace(
        CASES["loud"],
        title=wide,
        statuses=tuple(statuses),
        trend=a_trend(
            burst=a_burst(), phrases=phrases, firsts=firsts, count=10**6, accounts=10**6, languages=many_languages()
        ),
        link=SharedLink(url="https://a.example", count=10**6, first_seen=at("14:05", 1), title=wide, outlet=wide),
        first=a_first("link", "0f", at("13:52", 1), source=wide, backfilled=True),
        hidden=10**6,
        others=10**6,
    )

    message = render(digest, "preview", ZONE)

    assert_fit_for_telegram(message)
    assert "Read: " in message.text


def many_languages() -> tuple[Count, ...]:
    """Return more languages than a line should name."""
    return tuple(Count(f"{one}{other}", 10**5) for one in "abcde" for other in "abcde")
