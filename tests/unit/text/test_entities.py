"""Hashtags, mentions and addresses beyond twitter-text; its own cases are in test_twitter_text.py."""

import time
from itertools import pairwise

import pytest
from hypothesis import given

from monitor.text.entities import hashtags, mentions, names_and_addresses
from tests.unit.text.strategies import texts


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("#话题#内容", ["话题"]),
        ("转发#iPhone 5 发布#", ["iPhone 5 发布"]),
        ("#one two #three four", ["one", "three"]),
        ("＃話題 #2024#", ["話題"]),
        ("http://x.org/#tag", []),
    ],
)
def test_hashtags(text: str, names: list[str]) -> None:
    assert [tag.name for tag in hashtags(text)] == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@user@mastodon.social hi", ["user@mastodon.social"]),
        ("@name.bsky.social: hi", ["name.bsky.social"]),
        ("//@人民日报:转", ["人民日报"]),
        ("@Apple苹果资讯 早", ["Apple苹果资讯"]),
        ("@user今天好热，啊", ["user"]),
        ("@狙击120@iphone@莎丽塔1999", ["狙击120", "iphone", "莎丽塔1999"]),
        ("me@example.org", []),
        ("at @ 香港", []),
    ],
)
def test_mentions(text: str, names: list[str]) -> None:
    assert [mention.name for mention in mentions(text)] == names


@given(texts)
def test_silent_spans_are_in_order_and_apart(text: str) -> None:
    spans = names_and_addresses(text)

    assert all(one.end <= other.start for one, other in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)


@pytest.mark.parametrize(
    "unit", ["@", "@a", "@a.", "a.b", "#", "#a", "#砸", "//@", "a@b.", "http://", "RT@a ", "@砸-", "a-"]
)
def test_a_long_run_of_anything_takes_linear_time(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    begin = time.process_time()

    names_and_addresses(text)
    hashtags(text)

    assert time.process_time() - begin < 5
