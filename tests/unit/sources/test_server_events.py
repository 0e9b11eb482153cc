"""Server-sent events: whole whatever their pieces."""

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.server_events import Event, Events, Garble

TOLD = (
    b':connected\n\nevent: update\ndata: {"a": 1}\n\n:thump\n\nevent: delete\r\ndata:42\r\n\r\n'
    b"data: one\ndata: two\nid: 7\nretry: 5\n\nevent: empty\n\n: \xe4\xb8\xad\n"
    b"event: update\ndata: \xe4\xb8\xad\n\nevent: cut"
)
HEARD = [
    Event(""),
    Event("update", b'{"a": 1}'),
    Event(""),
    Event("delete", b"42"),
    Event("message", b"one\ntwo"),
    Event(""),
    Event("update", "中".encode()),
]


@given(st.lists(st.integers(0, len(TOLD))))
def test_events_are_the_same_whatever_the_pieces(cuts: list[int]) -> None:
    events = Events()
    places = [0, *sorted(cuts), len(TOLD)]
    pieces = [TOLD[start:end] for start, end in pairwise(places)]

    assert [event for piece in pieces for event in events.fed(piece)] == HEARD


@pytest.mark.parametrize("piece", [b"x" * 50_000, b"data: " + b"x" * 50_000 + b"\n"])
def test_an_event_without_an_end_is_not_kept_for_ever(piece: bytes) -> None:
    events = Events()

    with pytest.raises(Garble, match="larger than"):
        list(chain.from_iterable(events.fed(piece) for _ in range(1_000)))


def test_heartbeats_may_go_on_for_ever() -> None:
    events = Events()

    assert sum(len(list(events.fed(b":thump" + b"p" * 1_000 + b"\n\n"))) for _ in range(3_000)) == 3_000
