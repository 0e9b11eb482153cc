"""/why begins with what happened and what it is compared with, in words that need no arithmetic."""

from datetime import UTC

import pytest

from monitor.digests.gist import what_happened, what_it_is_compared_with
from monitor.saying import speaking
from tests.unit.digests.cases import ZONE, a_burst, a_trend


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"burst": a_burst()},
            "What happened: 412 posts by 287 accounts, 3.1 times the usual, 64 of them Tue 14:00 to 15:00.",
        ),
        ({"count": 4, "accounts": 0, "expected": 10.0, "ratio": 0.4}, "What happened: 4 posts, 0.4 times the usual."),
        (
            {"count": 1, "accounts": 1, "expected": 0.0, "ratio": None},
            "What happened: 1 post by 1 account, where usually there are next to none.",
        ),
        ({"count": 0, "accounts": 0, "expected": None, "ratio": None}, "What happened: no posts."),
    ],
)
def test_what_happened_is_told_without_arithmetic(changes: dict[str, object], said: str) -> None:
    assert what_happened(a_trend(**changes), ZONE) == said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"compared_with": "4 Mondays"}, "4 Mondays, the same sources; the middle one had 133 posts."),
        (
            {"compared_with": "6 earlier days", "expected": 6.5},
            "6 earlier days, the same sources; the middle one had 6.5 posts.",
        ),
        (
            {"expected": 1.0, "compared_with": "4 Mondays"},
            "4 Mondays, the same sources; the middle one had 1 post.",
        ),
        ({"expected": None, "sampled_hours": 9}, "nothing yet, too little was read before this."),
        ({"expected": None}, "nothing, too many earlier hours were not read."),
    ],
)
def test_what_it_is_compared_with_is_named_or_why_it_is_not(changes: dict[str, object], said: str) -> None:
    assert what_it_is_compared_with(a_trend(**changes)) == f"Compared with: {said}"


def test_chinese_says_both_as_an_editor_would() -> None:
    with speaking("zh-Hans"):
        assert what_happened(a_trend(burst=a_burst()), UTC) == (
            "情况：287 个账号发了 412 条，是平时的 3.1 倍，其中 64 条在周二 06:00 至 07:00。"
        )
    with speaking("zh-Hant"):
        assert what_it_is_compared_with(a_trend(compared_with="4 個週一")) == (
            "對照：4 個週一，來源相同，中位數是 133 則。"
        )
