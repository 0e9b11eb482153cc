"""What is said, in each language: nothing is missing, nothing is left over, and every place is filled."""

import ast
import string
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from babel.messages.pofile import read_po as babels_read_po
from hypothesis import given
from hypothesis import strategies as st

from monitor.catalogs import catalog
from monitor.saying import LANGUAGES, language_of, say, say_many, speaking
from tests.data import ROOT

CALLS = {"say": 1, "say_many": 2, "phrase": 1}
TRANSLATED = sorted(LANGUAGES.keys() - {"en"})
IN_PLACE_OF_OTHERS = {"month": "number"}
"""Months have names in English and numbers in Chinese."""

each_language = pytest.mark.parametrize("language", TRANSLATED)


class Said(NamedTuple):
    """A message in the code, where it stands, and the one for many, which is the same where nothing is counted."""

    message: str
    place: str
    many: str


def said_in(path: Path) -> Iterator[Said]:
    """Yield what a module says. Babel's own extractor does not look into f-strings."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            first = node.args[: CALLS[node.func.id]]
            if all(isinstance(each, ast.Constant) for each in first) and first:
                words = [str(each.value) for each in first if isinstance(each, ast.Constant)]
                yield Said(words[0], f"{path.relative_to(ROOT)}:{node.lineno}", words[-1])


def messages() -> dict[str, Said]:
    """Return every message of the modules that say anything."""
    paths = [each for each in sorted(ROOT.glob("monitor/**/*.py")) if "monitor.saying" in each.read_text("utf-8")]
    return {said.message: said for path in paths for said in said_in(path)}


def fields(message: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(message) if name is not None}


@each_language
def test_every_string_is_translated(language: str) -> None:
    """A missing one is added by `make words`, and translated by somebody who reads the language."""
    known = catalog(language)
    missing = [f"{each.place}: {each.message!r}" for each in messages().values() if each.message not in known]

    assert missing == []


@each_language
def test_no_translation_is_of_something_that_nobody_says(language: str) -> None:
    assert catalog(language).keys() - messages().keys() == set()


@each_language
def test_every_place_of_a_message_is_in_its_translation(language: str) -> None:
    for each in messages().values():
        wanted = {IN_PLACE_OF_OTHERS.get(name, name) for name in fields(each.many)}
        assert fields(catalog(language)[each.message]) == wanted, each.message


@each_language
def test_our_reader_of_catalogs_reads_what_babels_reads(language: str) -> None:
    with (ROOT / f"monitor/locale/{language}.po").open("rb") as file:
        known = babels_read_po(file)

    firsts = {
        (each.id if isinstance(each.id, str) else each.id[0]): (
            each.string if isinstance(each.string, str) else each.string[0]
        )
        for each in known
        if each.id
    }
    assert catalog(language) == firsts
    assert not any(each.fuzzy for each in known if each.id)


@each_language
def test_chinese_has_chinese_signs(language: str) -> None:
    """After a Han character no comma, colon, question mark or bracket of half width."""
    for message, translation in catalog(language).items():
        for before, sign in pairwise(translation):
            assert not ("\u4e00" <= before <= "\u9fff" and sign in ",:;?!("), message


@each_language
def test_the_two_chinese_scripts_are_not_mixed(language: str) -> None:
    """Characters that belong to the other script alone would show that nobody read it."""
    foreign = "订阅频号设讯链贴则个这发时间从" if language == "zh-Hant" else "訂閱頻號設訊連結貼則個這發時間從"

    assert [each for each in catalog(language).values() if set(foreign) & set(each)] == []


NO_EDITOR_LETS_PASS = {
    "zh-Hans": (
        "运行我",
        "放行",
        "请报告",
        "账户",
        "程式",
        "伺服器",
        "资讯",
        "登入",
        "档案",
        "连结",
        "讯息",
        "不成立",
        "暴露他人",
    ),
    "zh-Hant": (
        "執行我",
        "運行",
        "放行",
        "請報告",
        "賬號",
        "鏈接",
        "服務器",
        "默認",
        "文件",
        "消息",
        "信息",
        "軟件",
        "用戶",
    ),
}
"""Word for word from English, where "whoever runs me" became who executes me, or said on the other shore only."""


@each_language
def test_chinese_sounds_as_it_is_written_there(language: str) -> None:
    words = NO_EDITOR_LETS_PASS[language]

    assert [said for said in catalog(language).values() if any(each in said for each in words)] == []


def test_a_language_holds_inside_its_block_only() -> None:
    with speaking("zh-Hant"):
        inside = say("Working."), say_many("{count} post", "{count} posts", 1240)

    assert inside == ("運作正常。", "1,240 則")
    assert (say("Working."), say_many("{count} post", "{count} posts", 1)) == ("Working.", "1 post")


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("zh-hans", "zh-Hans"),
        ("zh-hant", "zh-Hant"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("en-GB", "en"),
        ("pt-br", None),
        (None, None),
    ],
)
def test_telegrams_language_of_a_person_is_one_of_ours_or_none(code: str | None, language: str | None) -> None:
    assert language_of(code) == language


def test_what_people_wrote_is_never_taken_for_a_place() -> None:
    assert say("I follow no topic called “{words}”.", words="{user}") == "I follow no topic called “{user}”."


@pytest.mark.parametrize(
    ("message", "values", "said"),
    [
        ("Done. No more digests on {title} here.", {"title": "Water"}, "好了。Water 的摘要不再发到这里。"),
        ("Done. No more digests on {title} here.", {"title": "砸锅卖铁"}, "好了。砸锅卖铁的摘要不再发到这里。"),
        ("{posts} in the last 24 h", {"posts": "46 条"}, "最近 24 小时有 46 条"),
        ("usual {count}", {"count": "不到 1"}, "平时不到 1"),
        ("usual {count}", {"count": "12"}, "平时 12"),
        ("{chat} gets no digest on {topic} any more.", {"chat": "@desk", "topic": "水"}, "@desk 不再接收水的摘要。"),
        (
            "{topic} rising: {posts} in {count} min",
            {"topic": "#水", "posts": "9 条", "count": 60},
            "#水 升温：60 分钟内 9 条",
        ),
        ("It belongs to {title}: {terms}.", {"title": "", "terms": ""}, "属于：。"),
    ],
)
def test_a_space_stands_between_han_and_latin_and_nowhere_else(message: str, values: dict[str, str], said: str) -> None:
    """Titles are in one script or the other, and a catalog cannot know."""
    with speaking("zh-Hans"):
        assert say(message, **values) == said


@given(st.sampled_from(sorted(catalog("zh-Hant"))), st.text(max_size=12))
def test_what_is_filled_in_stays_as_it_is(message: str, value: str) -> None:
    with speaking("zh-Hant"):
        said = say(message, **dict.fromkeys(fields(catalog("zh-Hant")[message]), value))

    assert value in said or not fields(catalog("zh-Hant")[message])
