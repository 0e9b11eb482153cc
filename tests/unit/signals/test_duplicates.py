"""Copies have one fingerprint, other texts have others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.signals.duplicates import ALGORITHM, fingerprint, has_repost_mark, own_letters

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
        "太可怕了//@甲:某县成立砸锅卖铁专班,先砸谁的锅?",
        "真的? RT @someone: 某县成立砸锅卖铁专班,先砸谁的锅?",
        "转发微博//@甲:哈哈//@乙:某县成立砸锅卖铁专班,先砸谁的锅?",
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
        ("我认为这件事还要再等等看//@甲:太可怕了", "太可怕了"),
        ("我认为这件事还要再等等看,大家不要急//@甲:这是别人说的十二个字的话", "这是别人说的十二个字的话"),
        ("😀", "😂"),
        ("https://a.example/1", "https://a.example/2"),
        ("", "。"),
    ],
)
def test_texts_that_say_other_things_have_other_fingerprints(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_a_fingerprint_is_the_version_and_11_characters() -> None:
    assert fingerprint(ORIGINAL).startswith(ALGORITHM)
    assert len(fingerprint(ORIGINAL)) == len(ALGORITHM) + 11


def test_the_algorithm_still_gives_what_it_gave() -> None:
    """A change here separates new posts from stored copies: raise ALGORITHM with it."""
    assert fingerprint("Smash pots and sell iron!") == "2aq7MxnksyqA"


@given(st.text(st.characters(), max_size=80))
def test_any_text_has_a_fingerprint(text: str) -> None:
    assert fingerprint(text) == fingerprint(text)
    assert len(fingerprint(text)) == len(ALGORITHM) + 11


@pytest.mark.parametrize(
    ("text", "expected"), [("RT @a: x", True), ("//@a:x", True), ("x RT @a", False), ("start @a", False), ("RT", False)]
)
def test_repost_marks_are_seen_at_the_beginning_only(text: str, expected: bool) -> None:
    assert has_repost_mark(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("哈哈//@甲:原来的话", "哈哈"),
        ("RT @a: their words", ""),
        ("all my own, @you", "allmyown"),
        ("so true RT @a: x", "sotrue"),
    ],
)
def test_own_letters_are_those_before_what_is_passed_on(text: str, expected: str) -> None:
    assert own_letters(text) == expected
