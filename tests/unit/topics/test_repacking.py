"""A new packing loses no place."""

from datetime import timedelta

import pytest

from monitor.models import Coverage, Cursor
from monitor.topics.queries.repacking import FIRST_LOOK, EarlierQuery, begin_of, beginning, inherited
from tests.build import NOW

MINUTE = timedelta(minutes=1)


def read(begin: int, end: int, *, truncated: bool = False) -> Coverage:
    """Return a window from so many minutes ago to so many minutes ago."""
    return Coverage(start=NOW - begin * MINUTE, end=NOW - end * MINUTE, truncated=truncated)


IRON = EarlierQuery(frozenset(("iron", "pots")), [read(100, 10)])
ZEBRA = EarlierQuery(frozenset(("zebra",)), [read(300, 200), read(150, 5)])


def test_a_query_of_known_keywords_begins_where_the_oldest_was_left() -> None:
    found = inherited(["iron", "zebra"], [IRON, ZEBRA], NOW)

    assert found is not None
    assert found.begin == NOW - 10 * MINUTE
    assert found.windows == (read(100, 10),)


def test_a_new_keyword_begins_a_first_look_before_now() -> None:
    found = inherited(["iron", "new"], [IRON], NOW)

    assert found is not None
    assert found.begin == NOW - FIRST_LOOK
    assert found.windows == (read(100, 10),)


def test_only_new_keywords_inherit_nothing() -> None:
    assert inherited(["new"], [IRON, ZEBRA], NOW) is None
    assert inherited(["iron"], [EarlierQuery(frozenset(("iron",)), [])], NOW) is None


def test_a_keyword_that_moved_twice_is_read_wherever_it_was() -> None:
    earlier = EarlierQuery(frozenset(("zebra",)), [read(500, 300)])

    found = inherited(["zebra"], [ZEBRA, earlier], NOW)

    assert found is not None
    assert found.windows == (read(500, 200), read(150, 5))


def test_what_was_read_in_part_stays_a_sample() -> None:
    sampled = EarlierQuery(frozenset(("zebra",)), [read(100, 60), read(60, 30, truncated=True), read(30, 0)])

    found = inherited(["iron", "zebra"], [IRON, sampled], NOW)

    assert found is not None
    assert found.windows == (read(100, 60), read(60, 30, truncated=True), read(30, 10))


def test_a_beginning_comes_back_out_of_its_cursor() -> None:
    assert begin_of(beginning(NOW), NOW + MINUTE) == NOW
    assert begin_of(None, NOW) == NOW - FIRST_LOOK
    assert begin_of(Cursor('{"since":1}'), NOW) is None
    with pytest.raises(ValueError, match="isoformat"):
        begin_of(Cursor("begin yesterday"), NOW)
