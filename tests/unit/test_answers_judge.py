"""The judge of F4: what it says of answers that are lost, doubled, held or in disorder."""

import pytest

from tests.chaos.answers import compared

HELP, DONE, LIST = ("/topics: what I follow",), ("Done.", "Topic001"), ("✓ Topic001", "· Topic002")
SAID = ["/help: this list\n/topics: what I follow", "Done. The digest on Topic001 comes here", "✓ Topic001\n· Topic002"]


@pytest.mark.parametrize(
    ("shown", "missing", "surplus"),
    [
        (SAID, [], []),
        (SAID[:2], [LIST[0]], []),
        ([SAID[0], SAID[2]], [DONE[0]], []),
        ([SAID[0], SAID[0], *SAID[1:]], [], [SAID[0]]),
        ([*SAID, SAID[1]], [], [SAID[1]]),
        ([SAID[1], SAID[0], SAID[2]], [HELP[0]], [SAID[0]]),
        (
            [SAID[0], "Done. The digest on Topic002 comes here", SAID[2]],
            [DONE[0]],
            ["Done. The digest on Topic002 comes here"],
        ),
    ],
)
def test_what_is_shown_is_taken_for_the_next_that_it_can_be(
    shown: list[str], missing: list[str], surplus: list[str]
) -> None:
    assert compared([HELP, DONE, LIST], shown) == (missing, surplus)
