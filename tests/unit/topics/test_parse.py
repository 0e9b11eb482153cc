"""The keyword language: what is understood, in both scripts' signs, and what is said of mistakes."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.topics.language.parse import MAX_LEAVES, MAX_PARENTHESES, parse, read
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

POTS, PANS, IRON = Term("pots"), Term("pans"), Term("iron")


def error(text: str) -> QueryError:
    with pytest.raises(QueryError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("pots", POTS),
        ("  pots  ", POTS),
        ("(((pots)))", POTS),
        ("pots pans", And((POTS, PANS))),
        ("pots AND pans", And((POTS, PANS))),
        ("pots & pans", And((POTS, PANS))),
        ("pots OR pans", Or((POTS, PANS))),
        ("pots|pans", Or((POTS, PANS))),
        ("pots || pans", Or((POTS, PANS))),
        ("pots 或 pans", Or((POTS, PANS))),
        ("pots 或者 pans", Or((POTS, PANS))),
        ("pots OR pans iron", Or((POTS, And((PANS, IRON))))),
        ("pots pans OR iron", Or((And((POTS, PANS)), IRON))),
        ("(pots OR pans) iron", And((Or((POTS, PANS)), IRON))),
        ("pots (pans iron)", And((POTS, PANS, IRON))),
        ("pots OR (pans OR iron)", Or((POTS, PANS, IRON))),
        ("pots pots", POTS),
        ("pots OR pots", POTS),
        ("pots -pans", And((POTS, Not(PANS)))),
        ("-pans pots", And((POTS, Not(PANS)))),
        ("pots NOT pans", And((POTS, Not(PANS)))),
        ("pots AND NOT pans", And((POTS, Not(PANS)))),
        ("pots -(pans OR iron)", And((POTS, Not(Or((PANS, IRON)))))),
        ("-(-pots)", POTS),
        ('"smash pots"', Term("smash pots")),
        ('"smash   pots"', Term("smash pots")),
        ('"pots"pans', And((POTS, PANS))),
        ("AT&T", Term("AT&T")),
        ("one's", Term("one's")),
        ("C++", Term("C++")),
        ("1,000", Term("1,000")),
        ("or", Term("or")),
        ("pots*", Term("pots", is_prefix=True)),
        ('"smash pot"*', Term("smash pot", is_prefix=True)),
        ('"pots*"', Term("pots*")),
        ("=PRC", Term("PRC", "exact")),
        ('="P R C"', Term("P R C", "exact")),
        ("~砸锅卖铁", Term("砸锅卖铁", "loose")),
        ("#砸锅卖铁", Tag("砸锅卖铁")),
        ("#砸锅卖铁#", Tag("砸锅卖铁")),
        ("#हिन्दी", Tag("हिन्दी")),
        ("pots @a.b-c", And((POTS, Handle("a.b-c")))),
        ("pots @a@b.social", And((POTS, Handle("a@b.social")))),
        ("domain:RFI.fr", Domain("rfi.fr")),
        ("domain:https://www.rfi.fr/", Domain("rfi.fr")),
        ("domain:*.rfi.fr", Domain("rfi.fr")),
        ("domain:例え.jp", Domain("xn--r8jz45g.jp")),
        ("pots lang:ZH", And((POTS, Language("zh")))),
        ("pots lang:zh-TW", And((POTS, Language("zh-Hant")))),
        ("pots lang:en-GB", And((POTS, Language("en")))),
        ("pots lang:繁體", And((POTS, Language("zh-Hant")))),
        ("pots lang:Chinese", And((POTS, Language("zh")))),
        ("pots source:微博", And((POTS, Origin("weibo")))),
        ("卡拉OK", Term("卡拉OK")),
        ("pots lang:zh_cn", And((POTS, Language("zh-Hans")))),
        ("pots source:hackernews", And((POTS, Origin("hackernews")))),
        ('pots source:"Hacker News"', And((POTS, Origin("hackernews")))),
        ("pots source:Twitter", And((POTS, Origin("x")))),
        ("pots min_likes:1,000", And((POTS, MinLikes(1000)))),
        ("/砸锅.{0,3}铁/", Regex("砸锅.{0,3}铁")),
        (r"/a\/b c/", Regex("a/b c")),
        ("pots NEAR/5 iron", Near(POTS, IRON, 5)),
        ("pots NEAR/0 iron pans", And((Near(POTS, IRON, 0), PANS))),
        ("(pots OR pans) NEAR/5 iron", Near(Or((POTS, PANS)), IRON, 5)),
        ("-(pots NEAR/5 pans) iron", And((IRON, Not(Near(POTS, PANS, 5))))),
    ],
)
def test_a_query_is_understood(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize("quotes", ["“”", "””", "„“", "„”", "«»", "»«", "「」", "『』", "＂＂", "〝〞", '"”', '“"'])
def test_every_keyboards_quotes_make_a_phrase(quotes: str) -> None:
    assert parse(f"{quotes[0]}砸锅 卖铁{quotes[1]}") == Term("砸锅 卖铁")


def test_quotes_of_one_kind_hold_those_of_another() -> None:
    assert parse("「他说“好”」") == Term("他说“好”")
    assert parse('"他说“好”"') == Term("他说“好”")
    assert parse(r'"a \"b\" c\\d"') == Term(r'a "b" c\d')


def test_signs_of_full_width_mean_the_same() -> None:
    wide = "（pots ｜ ～砸锅）　－pans　＃铁锅　lang：zh　＠a　＝PRC　smash＊"

    assert parse(wide) == parse("(pots | ~砸锅) -pans #铁锅 lang:zh @a =PRC smash*")
    assert parse("pots ＯＲ pans") == Or((POTS, PANS))
    assert parse("ｐｏｔｓ") == Term("ｐｏｔｓ"), "a word keeps its characters"


def test_an_exclusion_holds_for_all_alternatives() -> None:
    """Who types `a OR b -c` wants no c."""
    assert parse("pots OR pans -iron") == And((Or((POTS, PANS)), Not(IRON)))
    assert parse("pots -iron OR pans") == And((Or((POTS, PANS)), Not(IRON)))
    assert parse("pots OR (pans -iron)") == Or((POTS, And((PANS, Not(IRON)))))
    assert parse("Linux (pots OR pans -iron)") == And((Term("Linux"), Or((POTS, PANS)), Not(IRON)))


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "the query is empty"),
        ("  ", 1, "the query is empty"),
        ("pots OR", 6, "nothing stands behind OR"),
        ("OR pots", 1, "nothing stands before OR"),
        ("pots OR OR pans", 9, "one of them is enough"),
        ("pots AND", 6, "nothing stands behind AND"),
        ("pots AND OR pans", 10, "one of them is enough"),
        ("pots NOT", 9, "a word is missing here"),
        ("(pots OR) pans", 7, "nothing stands behind OR"),
        ("(pots", 1, "not closed"),
        ("pots (a1 (b1 OR c1)", 6, "not closed"),
        ("pots)", 5, "nothing opens"),
        (")", 1, "nothing opens"),
        ("pots ()", 6, "nothing stands between"),
        ('pots "smash', 6, "this quote is not closed"),
        ("「smash", 1, "write 」"),
        ("pots 」", 6, "nothing opens the quote"),
        ('pots ""', 6, "is empty"),
        ("'smash pots'", 1, "double"),
        ("a", 1, "single letter"),
        ("pots -", 6, "directly behind it"),
        ("pots - pans", 6, "directly behind it"),
        ("pots --pans", 6, "directly behind it"),
        ("pots —pans", 6, "write - directly"),
        ("pots NOT NOT pans", 10, "one sign of exclusion"),
        ("-pans", 1, "take every post without pans"),
        ("lang:zh -pans", 1, "lang:zh alone"),
        ("source:x", 1, "alone would take every"),
        ("min_likes:5", 1, "alone would take every"),
        ("pots OR lang:zh", 9, "lang:zh alone"),
        ("@xinhua", 1, "follows a person"),
        ("pots OR @xinhua", 9, "follows a person"),
        ("@xinhua lang:zh", 1, "never people"),
        ('"@xinhua"', 1, "never people"),
        ("from:xinhua pots", 1, "never people"),
        ("pots to:xinhua", 6, "never people"),
        ("pots FROM：xinhua", 6, "never people"),
        ("pots u/someone", 6, "never people"),
        ("pots since:2024-01-01", 6, "since: is not needed"),
        ("pots filter:links", 6, "filter: cannot be asked for"),
        ("pots min_faves:5", 6, "min_likes:"),
        ("pots site:rfi.fr", 6, "domain:"),
        ("pots langs:zh", 6, 'did you mean "lang:"'),
        ("pots note:this", 6, "quotes"),
        ("pots lang:", 6, "directly behind lang:"),
        ("pots lang: zh", 6, "directly behind lang:"),
        ("pots lang:klingon", 6, "unknown language"),
        ("pots source:myspace", 6, "unknown source"),
        ("pots domain:rfi", 6, "not the name of a site"),
        ("pots domain:rfi.fr/cn", 6, "write domain:rfi.fr"),
        ("pots domain:a@b.fr", 6, "not the name of a site"),
        ("pots min_likes:many", 6, "whole number"),
        ("pots min_likes:0", 6, "whole number"),
        ("pots min_likes:99999999999", 6, "whole number"),
        ("pots https://www.rfi.fr/cn", 6, "domain:rfi.fr"),
        ("www.rfi.fr", 1, "domain:rfi.fr"),
        ("pots, pans", 1, "write OR"),
        ("砸锅，卖铁", 1, "write OR"),
        ("砸锅、卖铁", 1, "write OR"),
        ("pots ...", 6, "no letter"),
        ("pots +pans", 6, "not needed"),
        ("pots !pans", 6, "write -word"),
        ("pots *", 6, "end of a word"),
        ("pots sm*sh", 6, "end of a word"),
        ("pots sm*", 6, "at least 3 letters"),
        ("pots ~smash*", 6, "do not go together"),
        ("pots = pans", 6, "follow directly"),
        ("pots =#tag", 6, "follow directly"),
        ("pots #", 6, "nothing stands after #"),
        ("pots #a-b", 8, "ends here"),
        ("pots @", 6, "written @name"),
        ("pots @a!b", 6, "written @name"),
        ("pots NEAR iron", 6, "write NEAR/5"),
        ("pots near/5 iron", 6, "write NEAR/5"),
        ("pots w/5 iron", 6, "write NEAR/5"),
        ("砸锅卖铁OR砸鍋賣鐵", 1, "write spaces around OR"),
        ("恒大 NEAR/10债", 4, "write spaces around NEAR/10"),
        ("恒大NEAR/10 债", 1, "write spaces around NEAR/10"),
        ("砸锅卖铁ＡＮＤ手游", 1, "write spaces around AND"),
        ("pots lang:hi-Xxxx", 6, "unknown language"),
        ("pots NEAR/51 iron", 6, "at most NEAR/50"),
        ("pots NEAR/5", 6, "nothing stands behind NEAR/5"),
        ("NEAR/5 pots", 1, "nothing stands before NEAR/5"),
        ("a1 NEAR/5 b1 NEAR/5 c1", 14, "two sides"),
        ("-a1 NEAR/5 b1", 5, "-(a NEAR/5 b)"),
        ("pots NEAR/5 (a1 b1)", 13, "beside NEAR"),
        ("pots NEAR/5 (a1 OR #b1)", 20, "beside NEAR"),
        ("pots OR -pans", 9, "leave that OR out"),
        ("pots -POTS", 6, "sought and excluded at once"),
        ("砸锅 -(砸鍋 OR pans)", 4, "sought and excluded at once"),
        ("pots /a(b/", 6, "a parenthesis is not closed"),
        ("pots /a", 6, "ends with /"),
        ("pots //", 6, "pattern is empty"),
        ("pots /a*/", 6, "empty text"),
        ("pots /ab/i", 6, "(?i)"),
        ("/r/China", 1, '"/r/China" in quotes'),
        ("pots /*/", 6, r"nothing to repeat before *; write \* for the sign itself"),
        ("pots /a**/", 6, "** repeats twice over"),
        ("pots /a{2000}/", 6, "{2000} asks for too many"),
        ("pots /[z-a]/", 6, r"z-a is no range of characters; write it as [a-z] or \p{Han}"),
        (r"pots /\pX/", 6, r"\pX is no range"),
        ("pots /(?P<a b>c)/", 6, "no name of a group"),
        (r"pots /\q/", 6, r"RE2 does not know \q"),
        ("pots /(?z)a/", 6, "RE2 does not know (?z"),
        ("pots /a)/", 6, "nothing opens the parenthesis"),
        ("pots /[a/", 6, "a square bracket is not closed"),
        (r"pots /\p{Han}{1,1000}/", 6, "busy for seconds"),
        (r"pots /(a)\1/", 6, "cannot refer back"),
        ("pots /(?=a)b/", 6, "cannot look ahead"),
        ("pots /.{0,1000}b.{0,1000}/", 6, "busy for seconds"),
        (f"pots /{'ab' * 101}/", 6, "longer than 200"),
        ("pots\0", 5, "U+0000"),
        ("pots \ud800", 6, "half a character"),
        ("x" * 201, 1, "longer than 200"),
    ],
)
def test_a_mistake_is_told_with_its_column(text: str, column: int, reason: str) -> None:
    wrong = error(text)

    assert (wrong.column, reason in wrong.reason) == (column, True), str(wrong)


def test_columns_count_what_nobody_sees() -> None:
    """A copied query holds marks of direction; the column is that of the text as the person has it."""
    assert parse("\u200fpots\u200b OR\u2060 pans") == Or((POTS, PANS))
    assert error("\ufeff\u200fpots OR").column == 8


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * 1_000_000, "longer than 10,000"),
        ("(" * 10_000, f"more than {MAX_PARENTHESES} parentheses"),
        ("-(" * 5_000, f"more than {MAX_PARENTHESES} parentheses"),
        (" ".join(f"w{n}" for n in range(MAX_LEAVES + 1)), f"more than {MAX_LEAVES}"),
        (" ".join(f"~w{n}" for n in range(51)), "more than 50 words with ~"),
        (" ".join(f"/w{n}/" for n in range(21)), "more than 20 patterns"),
        ("pots NEAR/5 (" + " OR ".join(f"w{n}" for n in range(21)) + ")", "more than 20 words on one side"),
        ("".join(f"a{n} (b{n} OR " for n in range(8)) + "c1" + ")" * 8, "more than 12 times"),
        ("“" * 10_000, "is empty"),
        ('"' * 9_999, "is empty"),
        ("“pots " * 1_600, f"more than {MAX_LEAVES}"),
        ("|".join("砸锅" + chr(0x4E00 + n) for n in range(2_500)), f"more than {MAX_LEAVES}"),
        ("pots " + '"' + "\\" * 9_000, "not closed"),
    ],
)
def test_no_size_is_too_much(text: str, said: str) -> None:
    begun = time.process_time()

    wrong = error(text)

    assert time.process_time() - begun < 1
    assert said in wrong.reason


def test_what_is_read_otherwise_elsewhere_is_told() -> None:
    (mixed,) = read("pots OR pans iron").hints
    (excluded,) = read("pots OR pans -iron").hints

    assert (mixed.column, mixed.reason) == (
        9,
        "words side by side hold together before OR: this part is read as (pans iron)",
    )
    assert (excluded.column, "from all alternatives" in excluded.reason) == (14, True)
    assert read("pots OR (pans iron)").hints == ()
    assert read("(pots OR pans) -iron").hints == ()


def mistake(text: str) -> QueryError | None:
    try:
        parse(text)
    except QueryError as wrong:
        return wrong
    return None


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    wrong = mistake(text)

    assert wrong is None or (1 <= wrong.column <= len(text) + 1 and wrong.reason)


SIGNS = [
    *(
        "OR",
        "AND",
        "NOT",
        "NEAR/3",
        "或",
        "(",
        ")",
        "（",
        "-",
        "|",
        "~",
        "=",
        "#",
        "@",
        "*",
        "/",
        "\\",
        ".",
        "：",
        " ",
        "\u3000",
    ),
    *('"', "“", "”", "「", "」", "lang:", "zh", "source:x", "domain:", "rfi.fr", "min_likes:", "5", "pots", "砸锅"),
    *("\u200f", "\x00", "\ud800", "www.", "://", "NEAR", "lang:en", "（?i)"),
]


@given(st.lists(st.sampled_from(SIGNS), max_size=30).map("".join))
def test_no_mixture_of_signs_raises_anything_else(text: str) -> None:
    wrong = mistake(text)

    assert wrong is None or 1 <= wrong.column <= len(text) + 1


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("的", 1),
        ("the", 1),
        ("砸锅 OR 的", 7),
        ("lang:zh 的", 9),
        ("的 是", 1),
        ("pots OR (the -iron)", 10),
        ('"The"', 1),
    ],
)
def test_a_word_of_most_posts_does_not_stand_alone(text: str, column: int) -> None:
    with pytest.raises(QueryError, match="stands in most posts; write a longer word, or another beside it: ") as caught:
        read(text)

    assert caught.value.column == column


@pytest.mark.parametrize("text", ["的 砸锅", "pots -the", "(的 OR 是) 砸锅", "the*", "的哥", "砸锅 OR (的 卖铁)"])
def test_a_word_of_most_posts_stands_beside_another(text: str) -> None:
    assert read(text).node == parse(text)


def test_what_was_in_force_before_it_was_refused_still_is() -> None:
    assert parse("的") == Term("的")
