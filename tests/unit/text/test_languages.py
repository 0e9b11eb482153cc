"""Taggers: every engine answers the same plain questions."""

import json
from functools import cache

import eldc
import pytest
from hypothesis import given, settings

from monitor.protocols import LanguageTagger
from monitor.text.languages import (
    DEFAULT_LANGUAGES,
    ENGINES,
    LANGUAGES_BY_SCRIPT,
    clean,
    known_languages,
    make_tagger,
    tag_of_hint,
)
from tests.data import data_path
from tests.unit.text.strategies import texts

tagger = cache(make_tagger)


def tag(engine: str, text: str, hint: str | None = None) -> str:
    make: LanguageTagger = tagger(engine)
    return make([text], [hint])[0]


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("他们说要砸锅卖铁还债", "zh-Hans"),
        ("他們說要砸鍋賣鐵還債", "zh-Hant"),
        ("香港", "zh"),
        ("鍋を売る", "ja"),
        ("오늘 날씨가 좋다", "ko"),
        ("วันนี้อากาศดี", "th"),
        ("the people of the village have to sell their pots and pans", "en"),
        ("los vecinos del pueblo tienen que vender sus ollas y sartenes", "es"),
        ("les habitants du village doivent vendre leurs casseroles", "fr"),
        ("жители деревни должны продать свои кастрюли и сковородки", "ru"),
        ("мешканці села повинні продати свої каструлі та сковорідки", "uk"),
        ("يجب على سكان القرية بيع الأواني والمقالي", "ar"),
        ("שלום לכולם", "he"),
        ("@someone https://example.org/砸锅 卖铁还债", "zh-Hans"),
        ("https://example.org/the/people/of/the/village", "und"),
        ("@someone @somebody.example", "und"),
        ("😀😀 123 !!", "und"),
        ("", "und"),
        ("\ud800\udc00", "und"),
    ],
)
def test_plain_posts_are_tagged(engine: str, text: str, language: str) -> None:
    assert tag(engine, text) == language


def test_a_lone_surrogate_does_not_hide_the_language(engine: str) -> None:
    assert tag(engine, "the people of the village have to sell their pots \ud83d") == "en"


@given(text=texts)
@settings(max_examples=60)
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_no_text_is_refused(name: str, text: str) -> None:
    assert tag(name, text, "xx-invalid-hint-") in {*known_languages(), "zh-Hans", "zh-Hant", "und"}


def test_naughty_strings_are_tagged(engine: str) -> None:
    naughty = json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8"))

    tags = tagger(engine)(naughty, [None] * len(naughty))

    assert len(tags) == len(naughty)


def test_a_hint_is_used_only_when_the_text_says_nothing(engine: str) -> None:
    assert tag(engine, "😀", "de") == "de"
    assert tag(engine, "他们说要砸锅卖铁还债", "en") == "zh-Hans"


@pytest.mark.parametrize(
    ("hint", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("ZH_tw", "zh-Hant"),
        ("zh-Hans-CN", "zh-Hans"),
        ("zh", "zh"),
        ("cmn", "zh"),
        ("iw", "he"),
        ("in", "id"),
        ("und", None),
        ("qme", None),
        ("klingon", None),
        ("", None),
        ("en\n", None),
    ],
)
def test_hints_are_written_as_tags_are(hint: str, language: str | None) -> None:
    assert tag_of_hint(hint) == language


def test_answers_do_not_depend_on_company_or_order(engine: str) -> None:
    posts = ["hola a todos los vecinos", "hello to all of the neighbours", "merci à tous les voisins"]

    together = tagger(engine)(posts, [None] * 3)

    assert together == [tag(engine, post) for post in posts]
    assert together[::-1] == tagger(engine)(posts[::-1], [None] * 3)


def test_only_wanted_languages_are_told(engine: str) -> None:
    english_or_german = make_tagger(engine, ["en", "de"])

    assert english_or_german(["les habitants du village doivent vendre leurs casseroles"], [None])[0] in ("en", "de")
    assert make_tagger(engine, ["en"])(["les habitants du village"], [None]) == ["en"]
    assert make_tagger(engine, ["ru", "uk"])(["the village"], [None]) == ["und"]


def test_unknown_engines_and_languages_are_refused() -> None:
    with pytest.raises(ValueError, match="no language engine"):
        make_tagger("oracle")
    with pytest.raises(ValueError, match="no such language"):
        make_tagger("eldc", ["en", "tlh"])


def test_texts_and_hints_come_in_pairs(engine: str) -> None:
    with pytest.raises(ValueError, match="zip"):
        tagger(engine)(["a"], [])


def test_the_engine_knows_every_language_that_it_is_asked_for() -> None:
    asked = {code for codes in LANGUAGES_BY_SCRIPT.values() for code in codes}

    assert asked - {"id"} <= set(eldc.LANGUAGES)
    assert set(DEFAULT_LANGUAGES) <= known_languages()


def test_cleaning_keeps_the_words_of_hashtags() -> None:
    assert clean("RT @a.b@c.d: #smash_pots https://t.co/x砸锅 http…").split() == ["RT", ":", "smash", "pots", "砸锅"]
