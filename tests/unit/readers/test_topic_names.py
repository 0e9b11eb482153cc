"""Topics are found however somebody writes them."""

import pytest

from monitor.readers.topic_names import find_topics, nearest
from tests.build import a_topic

POTS = a_topic(name="smash-pots", title="砸锅卖铁", any=("砸锅卖铁", "smash pots and sell iron"))
RECALL = a_topic(name="pan-recall", title="Pan recall 2026", any=("pan recall",))
WATER = a_topic(name="water", title="Water", any=("water",))
FOOD = a_topic(name="food", title="Meals", any=(), query='食品安全 OR "food safety" OR #canteen -mobilegame')
TOPICS = [POTS, RECALL, WATER, FOOD]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("smash-pots", [POTS]),
        ("SMASH POTS", [POTS]),
        ("砸锅卖铁", [POTS]),
        ("砸鍋賣鐵", [POTS]),
        ("#砸鍋賣鐵", [POTS]),
        ("「砸锅卖铁」", [POTS]),
        ("ｓｍａｓｈ＿ｐｏｔｓ", [POTS]),
        ("smash pots and sell iron", [POTS]),
        ("砸锅买铁", [POTS]),
        ("smahs-pots", [POTS]),
        ("smash", [POTS]),
        ("pan recall", [RECALL]),
        ("pan", [RECALL]),
        ("watr", [WATER]),
        ("food safety", [FOOD]),
        ("「食品安全」", [FOOD]),
        ("#canteen", [FOOD]),
        ("mobilegame", []),
        ("fire", []),
        ("", []),
        ("#", []),
    ],
)
def test_a_topic_is_found(words: str, found: list[object]) -> None:
    assert find_topics(words, TOPICS) == found


def test_more_than_one_may_be_meant() -> None:
    other = a_topic(name="pan-prices", title="Pan prices")

    assert find_topics("pan", [RECALL, other]) == [RECALL, other]


def test_a_command_that_is_nearly_right_is_recognised() -> None:
    assert nearest("subscrbe", ["subscribe", "status"]) == "subscribe"
    assert nearest("qqq", ["subscribe", "status"]) is None
