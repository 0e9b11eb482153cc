"""Neither one loud account nor one copied text looks like many."""

import random
from collections.abc import Iterable
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.models import Author
from monitor.signals.accounts import Account
from monitor.signals.voices import Said, count_voices, firsts, firsts_of_all, outlet_of, said, spread
from tests.build import NOW, a_mention


def said_by(account: str | None, wording: str, id_: str = "1", minutes: int = 0) -> Said:
    post = {"author": Author(id=account), "observed_at": NOW + timedelta(minutes=minutes)}
    return said(a_mention(id_, group=wording, post=post))


def voices_of(all_said: Iterable[Said]) -> int:
    return count_voices(firsts(all_said))


def test_a_thousand_posts_of_one_account_are_one_voice() -> None:
    assert voices_of(said_by("a", f"w{n}", str(n)) for n in range(1000)) == 1


def test_a_thousand_copies_of_one_text_are_one_voice() -> None:
    assert voices_of(said_by(f"a{n}", "w", str(n)) for n in range(1000)) == 1


def test_a_loud_account_and_a_copied_text_together_are_two_voices() -> None:
    loud = [said_by("a", f"w{n}", f"1{n}") for n in range(1000)]
    copied = [said_by(f"a{n}", "w", f"2{n}") for n in range(1000)]

    assert voices_of([*loud, *copied]) == 2


def test_people_with_words_of_their_own_are_as_many_voices() -> None:
    assert voices_of(said_by(f"a{n}", f"w{n}", str(n)) for n in range(50)) == 50


def test_posts_without_an_author_speak_for_their_site() -> None:
    first = a_mention("1", group="w1", post={"url": "https://news.example/1"})
    second = a_mention("2", group="w2", post={"url": "https://news.example/2"})

    assert outlet_of(first) == Account("bluesky", "//news.example")
    assert voices_of([said(first), said(second)]) == 1


def test_a_spread_is_the_number_of_equal_shares() -> None:
    assert spread("aabb") == 2
    assert spread("aaab") == 16 / 10
    assert spread("") == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 59)), max_size=40), st.randoms())
def test_voices_depend_on_no_order_and_no_repetition(posts: list[tuple[int, int, int]], dice: random.Random) -> None:
    all_said = [
        said_by(f"a{account}", f"w{wording}", str(n), minutes) for n, (account, wording, minutes) in enumerate(posts)
    ]
    mixed = [*all_said, *all_said]
    dice.shuffle(mixed)

    voices = voices_of(all_said)

    assert voices == voices_of(mixed)
    assert voices <= min(len({account for account, _, _ in posts}), len({wording for _, wording, _ in posts}))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 59)), max_size=40), st.integers(0, 59))
def test_what_was_first_is_the_same_from_the_firsts_of_its_parts(posts: list[tuple[int, int, int]], cut: int) -> None:
    all_said = [said_by(f"a{a}", f"w{wording}", str(n), minutes) for n, (a, wording, minutes) in enumerate(posts)]
    border = NOW + timedelta(minutes=cut)
    parts = [[each for each in all_said if (each.time < border) is is_early] for is_early in (True, False)]

    assert firsts_of_all([firsts(part) for part in parts]) == firsts(all_said)
