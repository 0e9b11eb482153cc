"""Reasons are stored in English and told in the reader's language; what is not ours stays as it is."""

import re
from datetime import UTC, datetime

import pytest

from monitor.digests.reasons import OF_HINTS, OF_QUERIES, OF_SOURCES, OF_STORE, plain_reason, told_reason
from monitor.errors import QueryError
from monitor.saying import speaking
from monitor.sources.http import refusal
from monitor.sources.x_errors import refusal as refused_by_x
from monitor.topics.language.hints import hints
from monitor.topics.language.parse import read

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
WRONG = (
    "",
    "(砸锅",
    "砸锅)",
    "砸锅 ()",
    '"砸锅',
    "砸锅 OR",
    "OR 砸锅",
    "砸锅 OR OR 卖铁",
    "砸锅 - 卖铁",
    "砸锅 --卖铁",
    "砸锅 OR -卖铁",
    "砸锅 -砸锅",
    "-砸锅",
    "lang:en",
    "的",
    "a b",
    "@somebody",
    "词 " * 501,
    "词" * 201,
    "词" * 10_001,
)


@pytest.mark.parametrize("query", WRONG)
def test_what_is_wrong_in_a_query_is_told_in_chinese(query: str) -> None:
    with pytest.raises(QueryError) as raised:
        read(query)

    with speaking("zh-Hans"):
        said = told_reason(raised.value.reason)

    assert said != raised.value.reason
    assert re.search(r"[\u4e00-\u9fff]", said)
    assert told_reason(raised.value.reason) == raised.value.reason, "in English it stays as it is"


@pytest.mark.parametrize(
    "query",
    [
        "躺平 or lying",
        "躺平 国",
        "/躺平+/",
        "/(?i)lying flat/",
        "躺平 min_likes:5",
        "躺平 @somebody",
        "躺平*",
        "躺平-内卷",
        "example.com",
        "躺平。",
    ],
)
def test_what_may_be_meant_otherwise_is_told_in_chinese(query: str) -> None:
    said = hints(read(query).node)

    assert said
    with speaking("zh-Hant"):
        assert not set(map(told_reason, said)) & set(said)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (refusal("rss", 503, None, NOW).reason, "服务器返回 503 (Service Unavailable)"),
        (refusal("rss", 410, None, NOW).reason, "已永久消失：服务器返回 410 (Gone)"),
        ('topics.toml line 6: unknown source "bsky"', "topics.toml 第 6 行：不认识的来源“bsky”"),
        ("no address found for hn.algolia.com", "找不到 hn.algolia.com 的地址"),
        ("news.example cannot be read: it took too long", "news.example 读不到：等待太久"),
        ("news.example cannot be reached: Connection refused", "连不上 news.example：连接被拒绝"),
        ("jetstream.example ended the connection (1006)", "jetstream.example 断开了连接（1006）"),
        ("m.example: the stream broke off (Connection reset by peer)", "m.example：数据流中断（连接被重置）"),
        ("X said nothing for 30 s", "X 在 30 秒内没有任何回应"),
        ("not asked: no address found for x.example", "未发出请求：找不到 x.example 的地址"),
        (
            "backups: cannot be used for data (No space left on device); free some space",
            "backups 不能用来存数据（磁盘已满）；请腾出空间",
        ),
        ("budget", "预算用完"),
        ("words of another's server", "words of another's server"),
        ("{reason} in braces", "{reason} in braces"),
        ("", ""),
    ],
)
def test_reasons_of_sources_and_places_in_the_file_are_told(reason: str, said: str) -> None:
    with speaking("zh-Hans"):
        assert told_reason(reason) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (refusal("rss", 503, None, NOW).reason, "its server is down"),
        (refusal("rss", 500, None, NOW).reason, "its server is down"),
        (refusal("rss", 429, None, NOW).reason, "it asks us to wait"),
        (refusal("rss", 410, None, NOW).reason, "it is gone for good"),
        (refusal("rss", 404, None, NOW).reason, "there is nothing at its address"),
        (refusal("rss", 403, None, NOW).reason, "it does not let us in"),
        (refusal("rss", 418, None, NOW).reason, "it refuses what we ask"),
        (refusal("rss", 599, None, NOW).reason, "its server is down"),
        (refused_by_x(503, {}, b"", NOW).reason, "its server is down"),
        (f"not asked: {refusal('rss', 503, None, NOW).reason}", "its server is down"),
        ("two.example: the server answered 403 (Forbidden): go away", "two.example: it does not let us in"),
        ("it took too long", "it took too long"),
        ("somebody answered 503 letters", "somebody answered 503 letters"),
    ],
)
def test_readers_are_told_what_a_status_means_and_no_number(reason: str, said: str) -> None:
    assert plain_reason(reason) == said
    for language in ("zh-Hans", "zh-Hant"):
        with speaking(language):
            if plain_reason(reason) != reason:
                assert not re.search(r"\d|[A-Z]|server", plain_reason(reason).removeprefix("two.example"))


def test_no_template_takes_what_another_says() -> None:
    """A greedy one before others would hide them."""
    filled = {
        template: re.sub(r"\{\w+\}", "7", template) for template in (*OF_QUERIES, *OF_SOURCES, *OF_HINTS, *OF_STORE)
    }
    with speaking("zh-Hant"):
        assert len({told_reason(each) for each in filled.values()}) == len(filled)
