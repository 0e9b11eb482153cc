"""Taggers: every engine answers the same plain questions."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from time import process_time

import eldc
import pytest
from hypothesis import given, settings

from monitor.protocols import LanguageTagger
from monitor.text.engines import ENGINES
from monitor.text.languages import (
    DEFAULT_LANGUAGES,
    LANGUAGES_BY_SCRIPT,
    clean,
    covers,
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


PIECES = (
    "他们说要砸锅卖铁还债",
    "佢哋話要砸鍋賣鐵",
    "yeh bartan kahan hai bhai",
    "el té de la mañana",
    "o bule da vovó né",
    "pots, pots, pots",
    "این دیگ را می‌فروشیم",
    "Zxqv Brnk",
    "oh noooo",
)


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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # Han text whose Latin words are names and loans, more letters than Han
        ("剛剛試用 Lighthouse Kettle Deluxe ，水很快就熱了", "zh-Hant"),
        ("用 Lighthouse Kettle Deluxe 烧水，很快就热了 #LighthouseKettle", "zh-Hans"),
        ("新しい Lighthouse Kettle Deluxe を買いました", "ja"),
        ("กาน้ำ Lighthouse Kettle Deluxe อร่อยมากครับ", "th"),
        # English sentences with a Han name in them
        ("we went to 饒河 on sunday and the dumplings were great", "en"),
        # quoted simplified text in a traditional post, and the other way round
        ("他說“这个锅里没东西”，真的嗎，我們不懂", "zh-Hant"),
        ("他说「這個鍋裡沒東西」，真的吗，我们不懂", "zh-Hans"),
    ],
)
def test_the_language_is_that_of_the_sentence_not_of_its_names(engine: str, text: str, language: str) -> None:
    assert tag(engine, text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("佢哋話要砸鍋賣鐵，我都唔知點算", "yue"),
        ("我今日喺屋企煲湯", "yue"),
        ("佢话唔知点解锅铲冇咗", "yue-Hans"),
        ("他說「唔該」的時候，我們都笑了", "zh-Hant"),
        ("关系到数学系的系列讲座，这是没有的", "zh-Hans"),
    ],
)
def test_cantonese_is_told_by_its_own_words(engine: str, text: str, language: str) -> None:
    assert tag(engine, text) == language


@pytest.mark.parametrize(
    "text",
    [
        "yeh bartan kahan hai bhai, mujhe nahi mila",
        "kya tumne mere purane bartan bech diye?",
        "abhi ghar pe koi nahi hai yaar",
    ],
)
def test_hindi_in_latin_letters_is_not_english(engine: str, text: str) -> None:
    assert tag(engine, text) in ("hi-Latn", "und")
    assert tag("eldc", text) == "hi-Latn"
    assert make_tagger(engine, ["en", "es", "tr"])([text], [None]) != ["hi-Latn"]


def test_what_is_clear_once_its_letters_are_not_drawn_out_is_told(engine: str) -> None:
    drawn_out = "neighbooooours shouuuuting througggggh windoooows"

    assert tag(engine, drawn_out) == "en"
    assert tag(engine, drawn_out, "fr") == "en"


def test_a_hint_in_other_letters_is_not_heard(engine: str) -> None:
    assert tag(engine, "سد", "hi-Latn") != "hi-Latn"
    assert tag(engine, "Zxqv", "ru") != "ru"


def test_names_and_stray_words_are_of_no_language() -> None:
    assert tag("eldc", "Zxqv Brnk") == "und"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("غلاية بيت قديم", "ar"),
        ("بطريق في ثلاجتي", "ar"),
        ("این دیگ را می‌فروشیم", "fa"),
        ("ﻳﺒﻴﻊ ﺍﻟﻨﺎﺱ ﺍﻷﻭﺍﻧﻲ", "ar"),
        ("Їжак її з'їв", "uk"),
        ("мы ели", "ru"),
    ],
)
def test_letters_of_one_language_alone_name_it(engine: str, text: str, language: str) -> None:
    assert tag(engine, text) == language


def test_a_lone_surrogate_does_not_hide_the_language(engine: str) -> None:
    assert tag(engine, "the people of the village have to sell their pots \ud83d") == "en"


@given(text=texts)
@settings(max_examples=60)
@pytest.mark.parametrize("hint", ["xx-invalid-hint-", "en", "yue", "ja", "ku", "hi", ""])
@pytest.mark.parametrize("name", sorted(ENGINES))
def test_no_text_is_refused(name: str, hint: str, text: str) -> None:
    assert tag(name, text, hint) in {*known_languages(), "zh-Hans", "zh-Hant", "und"}


def test_naughty_strings_are_tagged(engine: str) -> None:
    naughty = json.loads(data_path("suites/naughty_strings.json").read_text(encoding="utf-8"))

    tags = tagger(engine)(naughty, [None] * len(naughty))

    assert len(tags) == len(naughty)


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "砸",
            "佢",
            "ا",
            "і",
            "ก",
            "\ud800",
            "\u0301",
            "https://x",
            "htt",
            "@",
            "#_",
            "a.b/",
            "“",
            "「",
            "kk ",
            "n\n",
        ),
        "hai nahi ",
        "the 锅 ",
    ],
)
def test_a_megabyte_is_no_slower_than_what_is_looked_at_of_it(engine: str, piece: str) -> None:
    post = (piece * 1_000_000)[:1_000_000]
    tag(engine, post)

    begin = process_time()
    tag(engine, post, "en")
    elapsed = process_time() - begin

    assert elapsed < 1


def test_what_comes_after_the_first_characters_is_not_looked_at(engine: str) -> None:
    chinese = "他们说要砸锅卖铁还债。" * 500

    assert tag(engine, chinese + "한" * 100_000) == "zh-Hans"


def test_a_hint_decides_where_the_text_says_nothing(engine: str) -> None:
    assert tag(engine, "😀", "de") == "de"
    assert tag(engine, "Zxqv", "nl") == "nl"


def test_a_hint_is_not_heard_against_a_clear_text(engine: str) -> None:
    assert tag(engine, "他们说要砸锅卖铁还债", "en") == "zh-Hans"
    assert tag(engine, "the people of the village have to sell their pots and pans", "de") == "en"
    assert tag(engine, "los vecinos del pueblo tienen que vender sus ollas y sartenes", "pt") == "es"
    assert tag(engine, "він їсть із казана", "ru") == "uk"


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("香港", "zh-TW", "zh-Hant"),
        ("香港", "zh-CN", "zh-Hans"),
        ("香港", "yue", "yue"),
        ("香港", "en", "zh"),
        ("東京電力発表", "ja", "ja"),
        ("東京電力的發表", "ja", "zh-Hant"),
        ("東京電力発表", None, "zh-Hant"),
        ("тенджерата е на огъня", "bg", "bg"),
        ("кастрюли мы продаём", "bg", "ru"),
        ("bartan kahan hai", "hi", "hi-Latn"),
    ],
)
def test_a_hint_tips_what_is_close(text: str, hint: str | None, language: str) -> None:
    assert tag("eldc", text, hint) == language


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
        ("zh-yue", "yue"),
        ("yue-HK", "yue"),
        ("hi-Latn", "hi-Latn"),
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


@pytest.mark.parametrize(("engine", "rounds"), [("eldc", 200), ("langdetect", 4)], ids=str)
def test_threads_share_a_tagger(engine: str, rounds: int) -> None:
    posts = [f"{piece} {number}" for number in range(rounds) for piece in PIECES]
    alone = tagger(engine)(posts, [None] * len(posts))

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda _: tagger(engine)(posts, [None] * len(posts)), range(16)))

    assert all(tags == alone for tags in together)


def test_answers_are_the_same_in_every_process(engine: str) -> None:
    program = (
        "from monitor.text.languages import make_tagger; from tests.unit.text.test_languages import PIECES;"
        f"print(*make_tagger({engine!r})(PIECES, [None] * len(PIECES)))"
    )

    def answers(seed: str) -> list[str]:
        command = [sys.executable, "-c", program]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()

    assert answers("1") == answers("2") == tagger(engine)(PIECES, [None] * len(PIECES))


def test_only_wanted_languages_are_told(engine: str) -> None:
    english_or_german = make_tagger(engine, ["en", "de"])

    assert english_or_german(["les habitants du village doivent vendre leurs casseroles"], [None])[0] in (
        "en",
        "de",
        "und",
    )
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


@pytest.mark.parametrize(
    ("wanted", "held", "not_held"),
    [
        ("zh", ["zh", "zh-Hans", "zh-Hant", "yue", "yue-Hans", "ZH-hans"], ["ja", "und", "en"]),
        ("zh-Hant", ["zh-Hant", "yue", "zh"], ["zh-Hans", "yue-Hans"]),
        ("zh-hans", ["zh-Hans", "yue-Hans", "zh"], ["zh-Hant", "yue"]),
        ("yue", ["yue", "yue-Hans"], ["zh", "zh-Hant"]),
        ("hi", ["hi", "hi-Latn"], ["en"]),
        ("hi-Latn", ["hi-Latn"], ["hi"]),
        ("fi", ["fi"], ["fil"]),
        ("und", ["und"], ["en"]),
    ],
)
def test_a_wanted_tag_covers_what_is_written_in_it(wanted: str, held: list[str], not_held: list[str]) -> None:
    assert [each for each in (*held, *not_held) if covers(wanted, each)] == held
