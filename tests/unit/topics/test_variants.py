"""Variants: what else stands for a keyword in running text, what does not, and how a hit says so."""

import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.models import Span, TermHit, Topic
from monitor.topics.language.keyword import told_forms
from monitor.topics.language.query import (
    And,
    Domain,
    Handle,
    Language,
    MinLikes,
    Near,
    Node,
    Not,
    Or,
    Origin,
    Regex,
    Tag,
    Term,
)
from monitor.topics.matcher import matching
from monitor.topics.matcher.inflections import forms_of
from monitor.topics.matcher.judging import NO_FACTS, Facts
from monitor.topics.matcher.matching import Matcher

POTS = "smash pots and sell iron"


@pytest.fixture
def matcher(monkeypatch: pytest.MonkeyPatch):
    """Return a function that makes a matcher of trees, each a topic named by its place."""

    def of(*nodes: Node) -> Matcher:
        monkeypatch.setattr(matching, "node_of", lambda topic: nodes[int(topic.name)])
        return Matcher([Topic(name=str(number), title="") for number in range(len(nodes))])

    return of


def written(text: str, matches: list[matching.TopicMatch]) -> list[tuple[str, str]]:
    """Return what was found as it is written, with its variant."""
    return [
        (text[start:end], variant)
        for match in matches
        for hit in match.terms
        for (start, end), variant in zip(hit.spans, hit.variants or ("",) * len(hit.spans), strict=True)
    ]


USUAL = [
    ("砸锅卖铁", "他们又要砸·锅·卖·铁了", ("砸·锅·卖·铁", "separators")),
    ("砸锅卖铁", "他们又要砸 鍋 賣 鐵了", ("砸 鍋 賣 鐵", "separators, script")),
    ("砸锅卖铁", "要砸🔥锅卖铁了", ("砸🔥锅卖铁", "separators")),
    ("砸锅卖铁", "砸\u200b锅卖铁", ("砸\u200b锅卖铁", "")),
    ("高跟鞋", "真的是高。跟。鞋。耶！", ("高。跟。鞋", "separators")),
    ("新闻", "这“新”闻我看了好多年", ("新”闻", "separators")),
    ("中国", "红会是中 国里面的", ("中 国", "separators")),
    ("哲学", "太哲♂学了", ("哲♂学", "separators")),
    ("软件", "這個軟體好", ("軟體", "regional")),
    ("軟體", "这个软件好", ("软件", "regional")),
    ("出租车", "坐計程車去", ("計程車", "regional")),
    ("出租车", "坐的士去", ("的士", "regional")),
    ("头发", "剪頭髮", ("頭髮", "script")),
    ("卡拉OK", "去卡拉 ok", ("卡拉 ok", "separators")),
    (POTS, "we are smashing-pots and sold irons!", ("smashing-pots and sold irons", "inflection, separators")),
    (POTS, "#SmashPotsAndSellIron", ("SmashPotsAndSellIron", "joined")),
    ("sell iron", "a sell-iron year", ("sell-iron", "separators")),
    ("e-mail", "my Email", ("Email", "joined")),
    ("covid-19", "COVID19 is", ("COVID19", "separators")),
    ("pots", "a pot", ("pot", "inflection")),
    ("child", "the children’s", ("children", "inflection")),
    ("café", "the Cafe", ("Cafe", "accents")),
    ("mexico", "en México", ("México", "accents")),
    ("iphone", "iPhone6 here", ("iPhone", "")),
    ("C++", "learn Ｃ＋＋ now", ("Ｃ＋＋", "")),
]


@pytest.mark.parametrize(("keyword", "text", "hit"), USUAL)
def test_a_variant_is_found_and_named(matcher, keyword: str, text: str, hit: tuple[str, str]) -> None:
    assert written(text, matcher(Term(keyword)).match(text)) == [hit]


@pytest.mark.parametrize(
    ("keyword", "text"),
    [
        ("香港人民", "香港人 民主派"),
        ("中国", "高中/国中"),
        ("地震", "这块土地 震动了"),
        ("大学", "北大**学院"),
        ("砸锅卖铁", "砸锅。卖铁"),
        ("砸锅卖铁", "砸锅\n卖铁"),
        ("头发", "街头发生枪击"),
        ("头发", "鏡頭發售"),
        ("国家", "中国家庭"),
        ("软件", "软体动物"),
        ("程序", "方程式赛车"),
        ("出租车", "我的士兵"),
        ("sell iron", "sell. Iron"),
        ("sell iron", "sell\n\niron"),
        ("no where", "nowhere"),
        ("über", "an Uber"),
        ("año", "ano"),
        ("new", "the news"),
        ("Windows", "a window"),
        ("mp", "an mp3"),
        ("A4", "a 4 day trip"),
        ("996", "covid996 1996"),
        ("c++", "c and c#"),
        ("iron", "https://iron.com/iron @iron iron@example.org iron.com"),
        ("苹果", "@Apple苹果资讯: 早"),
        ("earthquake", "earthqauke"),
        ("砸锅卖铁", "砸锅买铁"),
    ],
)
def test_what_is_another_word_or_no_word_is_no_hit(matcher, keyword: str, text: str) -> None:
    assert matcher(Term(keyword)).match(text) == []


@pytest.mark.parametrize("text", ["砸·锅·卖·铁", "砸鍋賣鐵", "砸锅买铁", "XX"])
def test_an_exact_keyword_has_no_variants_but_case_and_width(matcher, text: str) -> None:
    exact = matcher(Term("砸锅卖铁", "exact"), Term("Iron", "exact"))

    assert exact.match(text) == []
    assert written("ＩＲＯＮ irons", exact.match("ＩＲＯＮ irons")) == [("ＩＲＯＮ", "")]


@pytest.mark.parametrize(
    ("keyword", "text", "variant"),
    [
        ("砸锅卖铁", "砸锅买铁", "homophone"),
        ("砸锅卖铁", "要杂锅卖铁了", "homophone"),
        ("earthquake", "an earthqauke", "typo"),
        ("earthquake", "an eathquake", "typo"),
        ("earthquake", "earthquakes", "inflection"),
    ],
)
def test_a_loose_keyword_forgives_slips(matcher, keyword: str, text: str, variant: str) -> None:
    found = written(text, matcher(Term(keyword, "loose")).match(text))

    assert [name for _, name in found] == [variant]


def test_loose_is_not_anything(matcher) -> None:
    loose = matcher(Term("砸锅卖铁", "loose"), Term("iron", "loose"), Term("微博", "loose"))

    assert loose.match("咋国买贴 irno 微波") == []


def test_a_beginning_is_found_with_the_rest_of_its_word(matcher) -> None:
    several = matcher(Term("smash", is_prefix=True), Term("smashing"), Term("smash"))

    assert written("Smashers smashing", several.match("Smashers smashing")) == [
        ("Smashers", ""),
        ("smashing", ""),
        ("smashing", ""),
        ("smashing", "inflection"),
    ]


def test_a_hashtag_is_found_whole(matcher) -> None:
    tag = matcher(Tag("话题"), Tag("IronPots"))

    assert written("#话题# ＃話題", tag.match("#话题# ＃話題")) == [("#话题#", ""), ("＃話題", "")]
    assert written("#ironpots", tag.match("#ironpots")) == [("#ironpots", "")]
    assert tag.match("#话题2 话题 #ironpotsy #http://话题") == []


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (Facts(links=("https://www.xn--bcher-kva.de/x",)), "a"),
        (Facts(links=("https://shop.bücher.de",)), "a"),
        (Facts(), "see http://bücher.de/iron."),
    ],
)
def test_a_domain_is_found_in_links_and_in_the_text(matcher, facts: Facts, text: str) -> None:
    assert matcher(Domain("bücher.de")).match(text, facts)
    assert not matcher(Domain("ücher.de")).match(text, facts)


def test_patterns_are_found_in_the_original(matcher) -> None:
    patterns = matcher(Regex("锅.{1,3}铁"), Regex("(?i)b+c"))
    text = "\ud83d砸锅卖铁 aBBc"

    assert [match.topic for match in patterns.match(text)] == ["0", "1"]
    assert [found for found, _ in written(text, patterns.match(text))] == ["锅卖铁", "BBc"]


def test_a_pattern_that_is_none_is_refused(matcher) -> None:
    with pytest.raises(QueryError, match="parenthesis is not closed"):
        matcher(Regex("("))


def test_what_a_post_is_decides_too(matcher) -> None:
    asked = matcher(
        And((Term("iron"), Language("zh"))),
        And((Term("iron"), Origin("rss"))),
        And((Term("iron"), MinLikes(3))),
        And((Term("iron"), Handle("Foo"))),
        And((Term("iron"), Not(Language("en")))),
    )

    def topics(text: str, facts: Facts = NO_FACTS, language: str = "und") -> str:
        return "".join(match.topic for match in asked.match(text, facts, language))

    assert topics("iron") == "4"
    assert topics("iron", language="yue") == topics("iron", language="zh-Hant") == "04"
    assert topics("iron", Facts("rss", likes=3), "en") == "12"
    assert topics("iron @foo", language="en") == "3"


@pytest.mark.parametrize(
    ("text", "is_found"), [("iron a 卖 锅", True), ("锅 a b iron", True), ("iron a b c 锅", False), ("iron", False)]
)
def test_near_counts_words_and_han_characters(matcher, text: str, is_found: bool) -> None:
    near = matcher(Near(Term("iron"), Or((Term("锅"), Term("pot"))), 2))

    assert bool(near.match(text)) is is_found


@pytest.mark.parametrize("node", [Language("zh"), Not(Term("a b")), Or((Term("iron"), MinLikes(3))), Handle("foo")])
def test_a_query_that_would_take_every_post_is_refused(matcher, node: Node) -> None:
    with pytest.raises(QueryError, match="no keyword to look for"):
        matcher(node)


def test_topics_that_share_forms_share_no_meaning(matcher) -> None:
    """Leaf and leave share "leaves", so they share a lemma; neither takes the other's forms."""
    both = matcher(Term("leaf"), Term("leave"))

    assert [match.topic for match in both.match("leaves")] == ["0", "1"]
    assert [match.topic for match in both.match("leaving")] == ["1"]
    assert [match.topic for match in both.match("leaf")] == ["0"]


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("smash", "smash smashes smashed smashing"),
        ("smashed", "smash smashes smashed smashing"),
        ("wanted", "want wants wanted wanting"),
        ("baked", "bake bakes baked baking"),
        ("speed", "speed speeds speeded speeding"),
        ("embed", "embed embeds embedded embedding"),
        ("one", "one"),
        ("sold", "sell sells sold selling"),
        ("city", "city cities citied citying"),
        ("stop", "stop stops stopped stopping"),
        ("hope", "hope hopes hoped hoping"),
        ("pots", "pot pots"),
        ("men", "man men"),
        ("training", "training trainings"),
        ("news", "news"),
        ("us", "us"),
        ("ground", "ground"),
    ],
)
def test_inflections(word: str, forms: str) -> None:
    assert forms_of(word) == set(forms.split())


def test_platforms_are_not_asked_for_what_nobody_writes() -> None:
    """Were: "smashe pots", "oned s pots", "sell ironed"; matching finds them all the same."""
    forms = told_forms(Term("smashed one's pots and sell iron"))

    assert {"smash one's pots and sell iron", "smashed one's pot and sell iron"} < set(forms)
    assert {"smashed one's pots and sold iron", "smashed one's pots and sell irons"} < set(forms)
    assert not [form for form in forms if re.search(r"smashe\b|oned| s |ironed|ironing", form)]
    assert Matcher([Topic(name="t", title="", any=("sell iron",))]).match("they sell ironed")


@pytest.mark.parametrize(
    ("word", "other"), [("car", "cared"), ("rat", "rating"), ("star", "stared"), ("hop", "hoping")]
)
def test_no_form_is_another_words(word: str, other: str) -> None:
    assert other not in forms_of(word)


SIGNS = ("·", " ", "🔥", "*", "、", "\u200b", "", "-")


@given(st.text("砸锅卖铁摔碗救国", min_size=3, max_size=8), st.sampled_from(SIGNS), st.text("的了吗，。 x", max_size=5))
@settings(deadline=None, max_examples=200)
def test_spelled_out_characters_are_found_whatever_is_between_them(keyword: str, sign: str, after: str) -> None:
    text = f"。{sign.join(keyword)}。{after}"

    matches = Matcher([Topic(name="t", title="", any=(keyword,))]).match(text)

    assert (1, 1 + len(sign.join(keyword))) in [
        tuple(span) for match in matches for hit in match.terms for span in hit.spans
    ]


WORDS = ("smash", "pots", "sold", "iron", "city", "child", "stop", "hope", "leaf")


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4), st.data())
@settings(deadline=None, max_examples=200)
def test_every_form_of_every_word_of_a_phrase_is_found(words: list[str], data: st.DataObject) -> None:
    forms = [data.draw(st.sampled_from(sorted(forms_of(word)))) for word in words]
    gap = data.draw(st.sampled_from((" ", "-", "_", "\n", "  ")))
    case = data.draw(st.sampled_from((str.upper, str.title, str.lower)))

    text = f"Well, {case(gap.join(forms))}!"

    assert Matcher([Topic(name="t", title="", any=(" ".join(words),))]).match(text)


def test_hits_stored_before_there_were_variants_are_still_read() -> None:
    stored = msgspec.msgpack.encode(["iron", [[0, 4]]])

    assert msgspec.msgpack.decode(stored, type=TermHit) == TermHit(term="iron", spans=(Span(0, 4),))
