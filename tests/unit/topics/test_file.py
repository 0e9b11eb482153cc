"""The topics file: what it gives, and what it says of mistakes."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ConfigError
from monitor.models import Topic
from monitor.sources import STREAMS
from monitor.topics.file import TopicsFile, parse_topics
from monitor.topics.matcher.matching import Matcher
from monitor.topics.rule import node_of
from monitor.topics_file import BY_DEFAULT, POLLED
from tests.data import ROOT

KNOWN = ("hackernews", "rss", "replay")
FEED = "https://example.org/feed.xml"


def parse(text: str) -> TopicsFile:
    return parse_topics(text, KNOWN, ("hackernews", "rss"))


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return list(caught.value.problems)


def test_a_whole_topic_is_read() -> None:
    text = f"""
feeds = ["{FEED}", "https://example.org/other"]

[topics.smash-pots]
title = "砸锅卖铁"
any = ["砸锅卖铁", "smash pots"]
all = ["债"]
none = ["游戏"]
languages = ["zh-hans", "EN"]
sources = ["hackernews", "rss:{FEED}"]
every = "5m"
digest = "7:30"
timezone = "Asia/Taipei"
retention = "14d"
"""

    assert parse(text).topics == (
        Topic(
            name="smash-pots",
            title="砸锅卖铁",
            any=("砸锅卖铁", "smash pots"),
            all=("债",),
            none=("游戏",),
            languages=("zh-Hans", "en"),
            sources=("hackernews", f"rss:{FEED}"),
            every=timedelta(minutes=5),
            digest_at="07:30",
            timezone="Asia/Taipei",
            retention=timedelta(days=14),
        ),
    )
    assert parse(text).feeds == (FEED, "https://example.org/other")


def test_what_is_left_out_has_defaults() -> None:
    (topic,) = parse('[topics.pots]\nany = ["砸锅卖铁"]').topics

    assert topic == Topic(name="pots", title="pots", any=("砸锅卖铁",), sources=("hackernews",))


def test_a_query_is_kept_as_it_is_written_best() -> None:
    (topic,) = parse("[topics.pots]\nquery = '砸锅卖铁｜“smash pots” －手游'\nnone = []").topics

    assert topic == Topic(name="pots", title="pots", query='(砸锅卖铁 OR "smash pots") -手游', sources=("hackernews",))


def test_lists_and_a_query_mean_the_same() -> None:
    lists, query = parse(
        """
[topics.a]
any = ["砸锅卖铁", "smash pots"]
all = ["债"]
none = ["手游"]
[topics.b]
query = '(砸锅卖铁 OR "smash pots") 债 -手游'
"""
    ).topics

    assert node_of(lists) == node_of(query)


def test_rss_stands_for_every_feed_once() -> None:
    text = f'feeds = ["{FEED}", "https://b.example/"]\n[topics.pots]\nany = ["铁锅"]\nsources = ["rss:{FEED}", "rss"]'

    assert parse(text).topics[0].sources == (f"rss:{FEED}", "rss:https://b.example/")


def test_without_sources_everything_that_needs_no_key_is_read() -> None:
    text = f'feeds = ["{FEED}"]\n[topics.pots]\nany = ["铁锅"]'

    assert parse(text).topics[0].sources == ("hackernews", f"rss:{FEED}")


def test_the_hash_follows_the_text() -> None:
    text = '[topics.pots]\nany = ["铁锅"]'

    assert parse(text).hash == parse(text).hash
    assert parse(text).hash != parse(text + "\n").hash


def problems_if_any(text: str) -> tuple[str, ...]:
    try:
        parse(text)
    except ConfigError as error:
        return error.problems
    return ()


TOPIC = '[topics.pots]\nany = ["铁锅"]\n'


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "line 1: no topic; add a table such as [topics.smash-pots]"),
        ("topics = 3", "line 1: topics must be tables"),
        ("[topics]\npots = 3", 'line 2: topic "pots": must be a table'),
        ("[topics.Pots_]\nany = ['铁锅']", 'line 1: topic "Pots_": a name is made of a-z, 0-9 and -'),
        (f"[topics.{'x' * 41}]\nany = ['铁锅']", "at most 40 characters"),
        ("[topics.pots]", 'line 1: topic "pots": nothing to look for'),
        ("[topics.pots]\nany = []\nnone = ['铁锅']", "nothing to look for"),
        ("[topics.pots]\nany = '铁锅'", 'line 2: topic "pots": any: must be a list in square brackets'),
        ("[topics.pots]\nany = ['铁锅',\n  '铁锅']", 'line 3: topic "pots": the keyword "铁锅" stands in any twice'),
        ("[topics.pots]\nany = ['Iron', 'iron']", 'the keyword "iron" stands in any twice'),
        (
            "[topics.pots]\nany = ['鐵鍋']\nnone = ['铁锅']",
            'line 2: topic "pots": the keyword "鐵鍋" stands in any and in none',
        ),
        ("[topics.pots]\nany = ['']", "a keyword is empty"),
        ("[topics.pots]\nany = ['\u200b']", "has no visible character"),
        ("[topics.pots]\nany = ['Ａ']", 'the keyword "Ａ" is a single letter'),
        ("[topics.pots]\nany = ['é']", "is a single letter"),
        ("[topics.pots]\nany = ['5']", "is a single letter"),
        ("[topics.pots]\nany = [5]", "a keyword must be text in quotes, not 5"),
        ("[topics.pots]\nany = ['@somebody']", "topics follow words, never people"),
        ("[topics.pots]\nany = ['＠some.body@example.org']", "topics follow words, never people"),
        (f"[topics.pots]\nany = ['{'x' * 201}']", "is longer than 200 characters"),
        (
            "[topics.pots]\ntitle = 'x'\nquery = '铁锅 OR'",
            'line 3: topic "pots": query: column 4, at OR: nothing stands',
        ),
        (
            "[topics.pots]\nquery = '''\n铁锅\n(pots'''",
            'line 2: topic "pots": query: column 4, at (pots: this parenthesis',
        ),
        ("[topics.pots]\nquery = '-手游'", "query: column 1, at -手游: this would take every post without 手游"),
        ("[topics.pots]\nquery = '@somebody'", "topics follow words, never people"),
        ("[topics.pots]\nquery = ''", "query: is empty"),
        ("[topics.pots]\nquery = ['铁锅']", "query: must be text in quotes"),
        (TOPIC + "query = '铁锅'", 'line 2: topic "pots": any: stands beside query; write either a query or lists'),
        ("[topics.pots]\nquery = '铁锅'\nnone = ['手游']", 'line 3: topic "pots": none: stands beside query'),
        (TOPIC + "title = ''", 'line 3: topic "pots": title: is empty'),
        (TOPIC + "title = 7", "title: must be text in quotes, not 7"),
        (TOPIC + "colour = 'red'", 'line 3: topic "pots": unknown key "colour"; known are title, query, any'),
        (TOPIC + "sorces = []", 'unknown key "sorces"; did you mean "sources"?'),
        ("feed = []\n" + TOPIC, 'line 1: unknown key "feed"; did you mean "feeds"?'),
        (TOPIC + "languages = ['xx']", 'unknown language "xx"'),
        (TOPIC + "languages = ['zh-Hanss']", 'unknown language "zh-Hanss"; did you mean "zh-Hans"?'),
        (TOPIC + "sources = []", "sources: is empty"),
        (
            TOPIC + "sources = ['hackernew']",
            'line 3: topic "pots": unknown source "hackernew"; did you mean "hackernews"?',
        ),
        (TOPIC + "sources = ['myspace']", 'unknown source "myspace"; known are hackernews, replay, rss'),
        (TOPIC + "sources = ['hackernews:']", "ends with a colon"),
        (TOPIC + "sources = ['rss']", '"rss" stands for the feeds, and there are none'),
        (f"feeds = ['{FEED}']\n" + TOPIC + "sources = ['rss:https://b.example']", "is not in the list of feeds"),
        (f"feeds = ['{FEED}']\n" + TOPIC + f"sources = ['rss:{FEED}x']", f'did you mean "{FEED}"?'),
        (TOPIC + "every = '29s'", "every: must be between 30s and 1d, not 29s"),
        (TOPIC + "every = '25h'", "every: must be between 30s and 1d"),
        (TOPIC + "every = 600", "every: must be a duration in quotes"),
        (TOPIC + "every = '10 minutes'", 'must be a duration in quotes such as "30s", "10m"'),
        (TOPIC + "retention = '12h'", "retention: must be between 1d and 1000d"),
        (TOPIC + "digest = '24:00'", "digest: must be a time of day in quotes"),
        (TOPIC + "digest = 8", "digest: must be a time of day"),
        (TOPIC + "digest = 08:00:00", "digest: must be a time of day"),
        (
            TOPIC + "timezone = 'Europe/Londn'",
            'timezone: unknown time zone "Europe/Londn"; did you mean "Europe/London"?',
        ),
        (TOPIC + "timezone = '../etc'", "timezone: unknown time zone"),
        ("feeds = 'x'\n" + TOPIC, "line 1: feeds: must be a list in square brackets"),
        (f"feeds = [\n'{FEED}',\n  'HTTPS://EXAMPLE.org/feed.xml#x']\n" + TOPIC, "line 3: the feed"),
        ("feeds = ['ftp://example.org']\n" + TOPIC, "is not a web address"),
        ("feeds = ['https://']\n" + TOPIC, "is not a web address"),
        ("feeds = ['https://u:p@example.org']\n" + TOPIC, "holds a user name or a password"),
        ("feeds = [3]\n" + TOPIC, "a feed must be an address in quotes, not 3"),
        (TOPIC + "all = ['x", "line 3: not valid TOML"),
        (
            "[topics.pots]\nany = ['砸锅',\n'的']",
            'line 3: topic "pots": "的" stands in most posts; write a longer word, or another beside it: 的 砸锅',
        ),
        (
            "[topics.pots]\nall = ['the']",
            '"the" stands in most posts; write a longer word, or another beside it: the pots',
        ),
        ("[topics.pots]\nquery = 'the'", 'query: column 1, at the: "the" stands in most posts'),
        (TOPIC + TOPIC, "line 3: [topics.pots] stands twice, here and at line 1; delete one"),
        (
            TOPIC + "[topics.pots.sense]\nfor = ['a']\n\n[topics.pots.sense]\nfor = ['b']",
            "line 6: [topics.pots.sense] stands twice, here and at line 3; delete one",
        ),
        (TOPIC + "any = [\n'b',\n'c']", 'line 5: "any" stands twice, here and at line 2; delete one'),
        (
            "[topics.砸锅卖铁]\nany = ['砸锅卖铁']",
            'line 1: a name is made of a-z, 0-9 and -; write [topics.smash-pots] and below it title = "砸锅卖铁"',
        ),
        ("[topics.'砸锅卖铁']\nany = ['砸锅卖铁']", 'and below it title = "砸锅卖铁"'),
        ("a = " + "[" * 9000, "line 1: brackets are nested too deep"),
        ("a = " + "9" * 9000, "line 1: not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(text: str, problem: str) -> None:
    told = problems(text)

    assert len(told) == 1
    assert told[0].startswith("topics.toml line ")
    assert problem in told[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("zh-CN", "zh-Hans"), ("zh_SG", "zh-Hans"), ("zh-TW", "zh-Hant"), ("zh-HK", "zh-Hant"), ("ZH-MO", "zh-Hant")),
        *(("简体", "zh-Hans"), ("簡體中文", "zh-Hans"), ("繁體", "zh-Hant"), ("繁体", "zh-Hant"), ("中文", "zh")),
        *(("粵語", "yue"), ("English", "en"), ("en-GB", "en"), ("und", "und")),
    ],
)
def test_a_language_written_with_its_country_is_not_sent_to_the_other_script(written: str, meant: str) -> None:
    """Was: `unknown language "zh-CN"; did you mean "zh-Hant"?`"""
    (topic,) = parse(TOPIC + f"languages = ['{written}']").topics

    assert topic.languages == (meant,)


def test_a_word_of_most_posts_may_stand_beside_another() -> None:
    assert parse("[topics.pots]\nany = ['的', 'the']\nall = ['砸锅']").topics[0].any == ("的", "the")
    assert parse("[topics.pots]\nany = ['砸锅']\nnone = ['的']").topics[0].none == ("的",)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    told = problems(
        "feeds = ['x']\n[topics.A]\nany = ['a']\nevery = '1s'\n[topics.b]\nall = [\n 'ok',\n '@me']\ntitel = ''"
    )

    assert [line.split(":")[0] for line in told] == [f"topics.toml line {n}" for n in (1, 2, 3, 4, 8, 9)]


def test_a_password_is_not_repeated() -> None:
    assert "secret" not in "".join(problems("feeds = ['https://me:secret@example.org']\n" + TOPIC))


@given(st.text(alphabet="[]{}=.,#\"'\\\n\r atopics-1:é砸", max_size=80))
def test_no_text_raises_anything_but_a_config_error(text: str) -> None:
    assert all(problem.startswith("topics.toml line ") for problem in problems_if_any(text))


tables = st.dictionaries(
    st.sampled_from(
        ["title", "any", "all", "none", "languages", "sources", "every", "digest", "timezone", "retention"]
    ),
    st.sampled_from(["1", "'x'", "['a']", "['铁锅', 3]", "[[1]]", "{a = 1}", "true", "1.5", "2020-01-01", "''", "[]"]),
)


@given(tables)
def test_values_of_any_type_raise_nothing_but_a_config_error(table: dict[str, str]) -> None:
    lines = [f"{key} = {value}" for key, value in table.items()]
    text = "\n".join(["[topics.pots]", *lines])

    numbers = [int(problem.split()[2].rstrip(":")) for problem in problems_if_any(text)]

    assert all(1 <= number <= len(lines) + 1 for number in numbers)


def test_the_file_that_ships_is_right_and_finds_the_slogan() -> None:
    text = (ROOT / "config" / "topics.toml").read_text(encoding="utf-8")
    shipped = parse_topics(text, (*POLLED, *STREAMS), BY_DEFAULT)
    matcher = Matcher(shipped.topics)

    assert [topic.name for topic in shipped.topics] == ["smash-pots"]
    assert len(shipped.feeds) >= 5
    for text in ("要砸锅卖铁了", "要砸鍋賣鐵了", "Smash Pots and Sell Iron: who eats?"):
        assert [match.topic for match in matcher.match(text)] == ["smash-pots"]
