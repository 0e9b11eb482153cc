"""Copies have one fingerprint, other texts have others."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author
from monitor.signals.duplicates import ALGORITHM, fingerprint, group_copies, has_repost_mark
from tests.build import NOW, a_mention

ORIGINAL = "某县成立砸锅卖铁专班,先砸谁的锅?"


@pytest.mark.parametrize(
    "copy",
    [
        "某县成立砸锅卖铁专班,先砸谁的锅?",
        "某县成立砸锅卖铁专班,先砸谁的锅?!!",
        "某縣成立砸鍋賣鐵專班,先砸誰的鍋?",
        "RT @someone: 某县成立砸锅卖铁专班,先砸谁的锅?",
        "rt @a.b.example rt @c: 某县成立砸锅卖铁专班,先砸谁的锅?",
        "//@某人:某县成立砸锅卖铁专班,先砸谁的锅?",
        "某县成立砸锅卖铁专班,先砸谁的锅? https://news.example/a?b=1",
        "某县成立砸锅卖铁专班,先砸谁的锅?www.news.example/a",
        "‼️某县成立【砸锅卖铁】专班,先砸谁的锅😂👇🏽",
        "某县成立砸\u200b锅卖铁专班,先砸谁的锅",
        "  某县成立\n砸锅卖铁 专班 先砸谁的锅 @friend@mastodon.example",
    ],
)
def test_a_copy_in_other_dress_has_the_same_fingerprint(copy: str) -> None:
    assert fingerprint(copy) == fingerprint(ORIGINAL)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("地震 5.1 级,砸锅卖铁", "地震 5.3 级,砸锅卖铁"),
        ("mail to a.first@mail.example now", "mail to a.second@mail.example now"),
        ("कि यह बात सही है", "का यह बात सही है"),
        ("กำลังมา", "กลังมา"),
        ("RT this please", "this please"),
        ("😀", "😂"),
        ("https://a.example/1", "https://a.example/2"),
        ("", "。"),
    ],
)
def test_texts_that_say_other_things_have_other_fingerprints(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_fingerprint_is_the_version_and_22_characters() -> None:
    assert fingerprint(ORIGINAL).startswith(ALGORITHM)
    assert len(fingerprint(ORIGINAL)) == len(ALGORITHM) + 22


def test_the_algorithm_still_gives_what_it_gave() -> None:
    """A change here separates new posts from stored copies: raise ALGORITHM with it."""
    assert fingerprint("Smash pots and sell iron!") == "1N4P3K5C7DRcfI2m5k2lQRQ"


@given(st.text(st.characters(), max_size=80))
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert fingerprint(text) == fingerprint(text)
    assert len(fingerprint(text)) == len(ALGORITHM) + 22


@pytest.mark.parametrize(
    ("text", "expected"), [("RT @a: x", True), ("//@a:x", True), ("x RT @a", False), ("start @a", False), ("RT", False)]
)
def test_repost_marks_are_seen_at_the_beginning_only(text: str, expected: bool) -> None:
    assert has_repost_mark(text) is expected


def test_copies_are_grouped_with_their_accounts_and_times() -> None:
    mentions = [
        a_mention(str(minute), group="same", post={"observed_at": NOW + timedelta(minutes=minute), "author": author})
        for minute, author in enumerate((Author(id="a"), Author(id="b"), Author(id="a"), Author()))
    ]

    [group] = group_copies([*mentions, a_mention("alone"), a_mention("x", group=""), a_mention("y", group="")])

    assert (group.group, group.count, group.accounts) == ("same", 4, 2)
    assert (group.first_seen, group.last_seen) == (NOW, NOW + timedelta(minutes=3))


def test_the_largest_group_comes_first_and_the_earlier_of_equals() -> None:
    later = NOW + timedelta(hours=1)
    mentions = [
        *(a_mention(f"late{n}", group="late", post={"observed_at": later}) for n in range(2)),
        *(a_mention(f"early{n}", group="early") for n in range(2)),
        *(a_mention(f"large{n}", group="large", post={"observed_at": later}) for n in range(3)),
    ]

    assert [each.group for each in group_copies(mentions)] == ["large", "early", "late"]
