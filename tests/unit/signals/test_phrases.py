"""New words are those of many people: no name, no keyword, nothing that one account or one copied text says."""

import random
from collections.abc import Sequence
from datetime import timedelta
from math import isclose, log

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.models import Author, Mention, PostKey, Span, TermHit
from monitor.nouns.novelty import Phrase
from monitor.signals.copies import wording_of
from monitor.signals.phrases import MOST_READ, emerging, surprise_of
from tests.build import NOW, TERM, a_mention

SPICE = "春夏秋冬东西南北山水花鸟鱼虫琴棋书画"


def a_saying(number: int, text: str, account: int | None = None, source: str = "bluesky", **changes: object) -> Mention:
    """Return a mention with a text of its own, by an account of its own."""
    at = NOW + timedelta(seconds=number)
    post = {
        "key": PostKey(source, str(number)),
        "text": text,
        "created_at": at,
        "observed_at": at,
        "author": Author(id=str(number if account is None else account)),
    }
    return a_mention(str(number), post=post, terms=(), group=wording_of(text).group, **changes)


def different(words: Sequence[str], first: int = 0) -> list[Mention]:
    """Return mentions of different wordings and accounts, one for each word."""
    dice = random.Random(first)
    return [a_saying(first + n, f"{word},{''.join(dice.sample(SPICE, 6))}") for n, word in enumerate(words)]


BEFORE = different(["天气"] * 40, first=10_000)


def named(
    mentions: Sequence[Mention], before: Sequence[Mention] = BEFORE, *keywords: str, public: bool = False
) -> list[str]:
    """Return the phrases of some mentions."""
    return [each.text for each in emerging(mentions, before, keywords, lambda _: public)]


def test_what_many_say_now_and_nobody_said_before_is_named_with_its_counts() -> None:
    [found] = emerging(different(["食堂"] * 20 + ["天气"] * 20), BEFORE, (), lambda _: False)

    assert found.score > 10.83
    assert (found.text, found.voices, found.read, found.earlier, found.earlier_read) == ("食堂", 20, 40, 0, 40)
    assert not found.is_sample


def test_it_is_shown_as_most_people_wrote_it_with_both_scripts_together() -> None:
    mentions = different(["餐廳"] * 12 + ["餐厅"] * 8 + ["天气"] * 20)

    assert [(each.text, each.voices) for each in emerging(mentions, BEFORE, (), lambda _: False)] == [("餐廳", 20)]


def test_one_loud_account_makes_no_phrase() -> None:
    loud = [a_saying(n, f"食堂{''.join(random.Random(n).sample(SPICE, 6))}", account=1) for n in range(50)]

    assert named([*loud, *different(["天气"] * 20, first=100)]) == []


def test_one_copied_text_makes_no_phrase() -> None:
    copied = [a_saying(n, "食堂又要涨价了,大家都来看一看") for n in range(50)]

    assert named([*copied, *different(["天气"] * 20, first=100)]) == []


def test_what_was_always_said_is_not_new() -> None:
    assert named(different(["天气"] * 40)) == []


def test_nothing_is_called_new_beside_nearly_nothing() -> None:
    assert named(different(["食堂"] * 40), BEFORE[:20]) == []


def test_the_keywords_are_no_phrases_and_neither_are_their_parts() -> None:
    text = f"{TERM}食堂"
    hits = (TermHit(term=TERM, spans=(Span(0, 4),)),)
    mentions = [each for n in range(40) for each in [a_saying(n, f"{text}{SPICE[n % 9 : n % 9 + 3]}{n}砸锅")]]
    matched = [Mention(**{f: getattr(each, f) for f in each.__struct_fields__} | {"terms": hits}) for each in mentions]

    assert TERM not in named(matched, BEFORE, TERM)
    assert "砸锅" not in named(matched, BEFORE, TERM)
    assert "smashing" not in named(different(["smashing PotsAndIron"] * 40), BEFORE, "smashing pots")


def test_a_longer_term_stands_for_the_words_that_are_said_within_it_only() -> None:
    assert named(different(["停车场经营权"] * 30 + ["天气"] * 10)) == ["停车场经营权"]


def test_a_name_is_shown_only_where_an_outlet_published_it() -> None:
    chinese, latin = different(["王建国"] * 30), different(["saw John Tripathi there"] * 30)

    assert named(chinese) == named(latin, BEFORE) == []
    assert named(chinese, public=True) == ["王建国"]
    assert named(latin, public=True)[0] == "John Tripathi"


def test_common_words_and_acronyms_are_no_names() -> None:
    words = ["the canteen"] * 20 + ["Canteen"] * 10 + ["NATO"] * 20

    assert sorted(named(different(words))) == ["NATO", "canteen"]


def test_withdrawn_posts_say_nothing() -> None:
    assert named([a_saying(n, f"食堂{n}", withdrawn=True) for n in range(40)]) == []


def test_many_voices_are_read_in_part_and_it_says_so() -> None:
    dice = random.Random(3)
    mentions = [a_saying(n, f"食堂{''.join(dice.sample(SPICE, 8))}{n}") for n in range(2 * MOST_READ)]

    [found, *_] = emerging(mentions, BEFORE, (), lambda _: False)

    assert found.is_sample
    assert found.read == MOST_READ


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_the_score_is_the_log_likelihood_ratio_of_two_binomials(
    read: int, earlier_read: int, data: st.DataObject
) -> None:
    now, earlier = data.draw(st.integers(0, read)), data.draw(st.integers(0, earlier_read))

    def likelihood(k: int, n: int, p: float) -> float:
        return (k * log(p) if k else 0.0) + ((n - k) * log(1 - p) if n - k else 0.0)

    joint = (now + earlier) / (read + earlier_read)
    apart = likelihood(now, read, now / read) + likelihood(earlier, earlier_read, earlier / earlier_read)
    together = likelihood(now, read, joint) + likelihood(earlier, earlier_read, joint)

    assert isclose(surprise_of(now, read, earlier, earlier_read), 2 * (apart - together), abs_tol=1e-6)


WORDS = st.sampled_from(["食堂", "餐廳", "天气", "canteen", "停车场经营权", "王建国"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(WORDS, st.integers(0, 12)), min_size=20, max_size=50), st.randoms(use_true_random=False))
def test_neither_order_nor_posts_that_come_twice_change_anything(
    said: list[tuple[str, int]], dice: random.Random
) -> None:
    mentions = [a_saying(n, f"{word},{SPICE[n % 12 : n % 12 + 4]}", account) for n, (word, account) in enumerate(said)]
    mixed = [*mentions, *dice.sample(mentions, len(mentions) // 2)]
    dice.shuffle(mixed)

    def found(some: Sequence[Mention]) -> list[Phrase]:
        return emerging(some, BEFORE, (), lambda _: False)

    assert found(mixed) == found(mentions)
