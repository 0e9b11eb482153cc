"""Accounts and languages of mentions."""

import pytest

from monitor.models import Author, PostKey
from monitor.signals.accounts import count_accounts, in_languages, written_in
from tests.build import a_mention


def test_accounts_are_told_apart_by_platform_and_nobody_is_not_counted() -> None:
    posts = [("bluesky", "a"), ("bluesky", "a"), ("mastodon", "a"), ("rss", None)]

    mentions = [
        a_mention(str(n), post={"key": PostKey(source, str(n)), "author": Author(id=id_)})
        for n, (source, id_) in enumerate(posts)
    ]

    assert count_accounts(mentions) == 2


@pytest.mark.parametrize(
    ("language", "script", "expected"),
    [
        ("zh-Hans", "Hans", "zh-Hans"),
        ("zh", "Hant", "zh-Hant"),
        ("und", "Hant", "zh-Hant"),
        ("zh-Hant", None, "zh-Hant"),
        ("ja", "Jpan", "ja"),
        ("yue", "Hant", "yue"),
        ("yue-Hans", "Hans", "yue-Hans"),
        ("hi-Latn", "Latn", "hi-Latn"),
        ("zh-TW", None, "zh"),
        ("en-GB", "Latn", "en"),
        ("und", None, "und"),
    ],
)
def test_the_script_decides_for_chinese_only(language: str, script: str | None, expected: str) -> None:
    assert written_in(a_mention(language=language, script=script)) == expected


@pytest.mark.parametrize(
    ("language", "languages", "expected"),
    [
        ("en", [], True),
        ("en", ["zh"], False),
        ("zh-Hant", ["zh"], True),
        ("zh-Hant", ["zh-hant", "en"], True),
        ("zh-Hans", ["zh-Hant"], False),
        ("zh", ["zh-Hant"], True),
        ("yue", ["zh"], True),
        ("yue", ["zh-Hant"], True),
        ("yue", ["zh-Hans"], False),
        ("hi-Latn", ["hi"], True),
        ("fil", ["fi"], False),
        ("und", ["en"], True),
    ],
)
def test_languages_are_ranges_and_doubt_is_kept(language: str, languages: list[str], expected: bool) -> None:
    assert in_languages(a_mention(language=language, script=None), languages) is expected
