"""What people are told of a query: in a list, in a sentence, of its cost and of what may disappoint."""

import pytest
from hypothesis import given

from monitor.topics.language.explain import costs, described, sentence
from monitor.topics.language.hints import hints
from monitor.topics.language.parse import parse
from monitor.topics.language.query import Node, Term, from_lists, holds
from monitor.topics.matcher.why import reasons
from tests.unit.topics.test_query import WORDS, among, nodes, word_sets


@given(nodes, word_sets)
def test_what_is_explained_is_what_holds(node: Node, present: set[str]) -> None:
    """The explanation, read as Python, gives the same answer."""
    said = sentence(node)
    for word in WORDS:
        said = said.replace(f'"{word}"', str(word in present))

    assert eval(said) == holds(node, among(present))


def test_a_query_is_explained_in_words() -> None:
    node = from_lists(["砸锅卖铁", "smash pots"], ["债"], ["游戏"])

    assert sentence(node) == '("砸锅卖铁" or "smash pots") and "债" and not "游戏"'


def test_a_query_is_described_as_a_list() -> None:
    node = parse("(砸锅卖铁 OR smash* OR #pots) (lang:zh OR min_likes:1000) pots NEAR/3 iron -(手游 OR domain:a.com)")

    assert "\n".join(
        described(node, lambda term: [term.text, "砸鍋賣鐵"] if term.text == "砸锅卖铁" else [term.text])
    ) == (
        """\
A post belongs when all of these are true:
  - at least one of these is true:
    - it says "砸锅卖铁"
      also as 砸鍋賣鐵
    - it says "smash"…
    - it has the hashtag #pots
  - at least one of these is true:
    - it is in the language zh
    - it has 1,000 likes or more
  - it says "pots" and "iron", in either order, at most 3 words between
  - none of these is true:
    - it says "手游"
    - it has a link to a.com or a site below it"""
    )


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("砸锅", 'A post belongs when it says "砸锅"'),
        ("=PRC", 'A post belongs when it says "PRC" written exactly so'),
        ("/a.b/", "A post belongs when it fits the pattern /a.b/"),
        (
            "(pots OR pans) NEAR/0 iron",
            'A post belongs when it says ("pots" or "pans") and "iron", in either order, side by side',
        ),
    ],
)
def test_a_single_part_is_one_line(text: str, line: str) -> None:
    assert described(parse(text)) == [line]


def test_many_forms_are_not_all_named() -> None:
    lines = described(parse("砸锅"), lambda term: [term.text, *map(str, range(20))])

    assert lines[1] == "  also as 0, 1, 2, 3, 4, 5, 6, 7 and 12 more"


def test_the_cost_counts_forms_and_patterns() -> None:
    assert costs(parse("pots OR pans"), lambda term: [term.text, "x"]).startswith("2 keywords in 4 forms")
    assert "1 pattern" in costs(parse("pots /a.b/"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("pots or pans", "if you mean the operator, write OR"),
        ("砸锅 和 卖铁", "write AND"),
        ("the pots", "stands in most posts"),
        ("铁", "inside longer words"),
        ("砸锅*", "changes nothing"),
        ("rfi.fr", "write domain:rfi.fr"),
        ("砸锅卖铁。", "leave it out"),
        ("smash?", "leave it out"),
        ("砸锅卖铁-手游", "a space before it"),
        ("pots min_likes:5", "when the post was read"),
        ("pots @xinhua", "not what the account writes"),
        ("/a.b/", "as written"),
    ],
)
def test_what_may_disappoint_is_told(text: str, hint: str) -> None:
    (said,) = hints(parse(text))

    assert hint in said


@pytest.mark.parametrize(
    "text", ["砸锅卖铁", "smash* -the", '"U.S."', "Yahoo!", "co-op", "user@example.org", "pots -铁"]
)
def test_what_is_clear_needs_no_hint(text: str) -> None:
    assert hints(parse(text)) == []


def test_a_verdict_names_what_holds() -> None:
    node = parse("(pots OR pans) iron -(手游 OR 网文)")

    assert reasons(node, {Term("pots"), Term("网文")}.__contains__) == [
        "no   all of:",
        "  yes  at least one of:",
        '    yes  it says "pots"',
        '    no   it says "pans"',
        '  no   it says "iron"',
        "  no   not:",
        "    yes  at least one of:",
        '      no   it says "手游"',
        '      yes  it says "网文"',
    ]
