"""The words that texts can share: found in every script that can be divided, none of them an address or a name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Span
from monitor.text.segments import may_be_person
from monitor.text.terms import terms_of


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("食堂涨价了", {"食堂", "涨价", "食堂涨价"}),
        ("食堂漲價了", {"食堂", "涨价", "食堂涨价"}),
        ("The canteen raised prices!", {"canteen", "raised", "prices", "canteen raised", "raised prices"}),
        ("8.2 earthquake", {"earthquake", "8.2 earthquake"}),
        ("Ecuador's coast", {"ecuador", "coast", "ecuador coast"}),
        ("RT @somebody: 食堂 https://example.org/canteen www.example.org/a", {"食堂"}),
        ("[偷笑]食堂[蜡烛]", {"食堂"}),
        ("我们都是的", set()),
        ("17 2024-03-10 08:00", set()),
        ("#PrayForBoston now", {"prayforboston"}),
        ("ร้านอาหาร", set()),
        ("", set()),
    ],
)
def test_terms_are_words_and_pairs_of_words_that_say_something(text: str, terms: set[str]) -> None:
    assert terms_of(text, language="en") == terms


def test_nothing_that_is_left_out_is_a_term_nor_joins_what_stands_around_it() -> None:
    assert terms_of("成立砸锅卖铁专班", [Span(2, 6)]) == {"成立", "专班"}


def test_a_sign_divides_what_stands_around_it() -> None:
    assert "canteen prices" not in terms_of("canteen. Prices", language="en")


@pytest.mark.parametrize("name", ["王建国", "张女士", "李某", "某女士", "林郑月娥", "特朗普", "欧阳娜娜"])
def test_what_may_be_a_persons_name_is_told(name: str) -> None:
    assert may_be_person(name)


@pytest.mark.parametrize("word", ["高铁", "白菜", "食堂涨价", "专班", "石油", "江苏", "停车场经营权"])
def test_words_are_no_names_because_they_begin_like_one(word: str) -> None:
    assert not may_be_person(word)


@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(lambda pair: Span(*sorted(pair)))))
def test_any_text_has_terms_of_bounded_length_with_a_letter_in_each(text: str, spans: list[Span]) -> None:
    for term in terms_of(text, spans):
        assert 1 < len(term) <= 81
        assert any(char.isalpha() for char in term)
