"""What stands above a page of posts says which they are; quotation marks do not meet those of the quote."""

import pytest

from monitor.digests.recent import Recent, write
from monitor.digests.wording import quoted
from monitor.models import Engagement, Reaction, Span
from monitor.saying import speaking
from tests.build import NOW, a_mention, a_topic


def _reaction(number: int) -> Reaction:
    mention = a_mention(str(number))
    return Reaction(mention=mention, engagement=Engagement(), gained=None, quote=Span(0, 4), match=Span(0, 4))


@pytest.mark.parametrize(
    ("skip", "by_gain", "only", "head"),
    [
        (0, False, "", "#砸锅卖铁: the 2 newest posts"),
        (5, False, "", "#砸锅卖铁: 6–7, newest first"),
        (0, True, "", "#砸锅卖铁: the 2 posts that gained most"),
        (5, True, "", "#砸锅卖铁: 6–7, by gain"),
        (0, False, "繁", "#砸锅卖铁 · 繁: the 2 newest posts"),
    ],
)
def test_a_page_says_which_posts_are_on_it(skip: int, by_gain: bool, only: str, head: str) -> None:
    """The second page called its posts the newest, too, and so did the one by gain."""
    reactions = [_reaction(n) for n in range(2)]
    draft = write(Recent(a_topic(), reactions, 9, NOW, skip, by_gain, only), NOW.tzinfo)  # type: ignore[arg-type]

    assert draft.text.split("\n")[0] == head


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("en", "so who eats?", "“so who eats?”"),
        ("en", "“Smash pots”: so who eats?", "「“Smash pots”: so who eats?」"),
        ("zh-Hans", "先砸谁的锅?", "“先砸谁的锅?”"),
        ("zh-Hant", "先砸誰的鍋?", "「先砸誰的鍋?」"),
        ("zh-Hant", "「先砸」誰的鍋?", "“「先砸」誰的鍋?”"),
        ("en", "“「『«all»』」”", "““「『«all»』」””"),
    ],
)
def test_a_quote_stands_in_marks_that_it_does_not_hold(language: str, text: str, said: str) -> None:
    with speaking(language):
        assert quoted(text) == said
