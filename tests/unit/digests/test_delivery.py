"""The states of a message on its way, under every event in every order."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from monitor.digests.delivery import (
    MISSING_IN_A_ROW,
    MOST_IN_A_ROUND,
    Abandoned,
    Absent,
    Arrived,
    Claimed,
    Event,
    Gone,
    Interrupted,
    Moved,
    NotSent,
    Orphaned,
    Rejected,
    Seen,
    Terms,
    Undecided,
    Unknown,
    is_dense,
    is_legal,
    is_over,
    is_released,
    judge,
    may_have_copies,
    next_step,
    pause,
)
from monitor.models import Delivery
from tests.build import NOW

HOLD = Terms()
RESEND = Terms(policy="resend")
READY = Delivery(state="ready", due=NOW, part=0, parts=1)
SECOND = timedelta(seconds=1)


def after(*events: Event, terms: Terms = HOLD, start: Delivery = READY) -> Delivery:
    delivery = start
    for event in events:
        delivery = next_step(delivery, event, NOW, terms)
    return delivery


IDS = st.integers(1, 10_000)
EVENTS = st.one_of(
    st.builds(Claimed, st.sampled_from(["-1001", "7"]), st.none() | IDS),
    st.builds(Arrived, IDS, st.booleans()),
    st.builds(NotSent, st.just("429"), st.none() | st.just(SECOND)),
    st.builds(Rejected, st.just("400")),
    st.builds(Gone, st.just("403")),
    st.builds(Unknown, st.just("timed out")),
    st.builds(Interrupted, IDS, st.integers(0, 20), st.just(SECOND)),
    st.builds(Undecided, IDS, st.integers(0, 20), st.booleans()),
    st.sampled_from([Abandoned(), Absent(), Orphaned(), Moved()]),
)


@given(st.lists(EVENTS, max_size=40), st.sampled_from([HOLD, RESEND]))
def test_whatever_happens_the_record_makes_sense(events: list[Event], terms: Terms) -> None:
    delivery = READY
    for event in events:
        if not is_legal(delivery, event):
            continue
        before, delivery = delivery, next_step(delivery, event, NOW, terms)

        assert (delivery.state == "sent") == (delivery.message_id is not None)
        assert delivery.attempts - before.attempts == isinstance(event, Claimed)
        assert delivery.due >= NOW
        assert not (delivery.is_held and delivery.state != "ambiguous")
        assert is_released(delivery) <= is_over(delivery)
        assert before.is_doubtful <= delivery.is_doubtful
        assert delivery.state != "ambiguous" or delivery.is_doubtful


@given(st.lists(EVENTS, max_size=40))
def test_what_may_have_arrived_is_never_sent_again_without_a_proof(events: list[Event]) -> None:
    delivery, is_open = READY, False
    for event in events:
        if not is_legal(delivery, event):
            continue
        delivery = next_step(delivery, event, NOW, HOLD)
        is_open = isinstance(event, Unknown | Abandoned) or (is_open and not isinstance(event, Absent))
        assert not (is_open and delivery.state == "sending")


@given(st.lists(EVENTS, max_size=40), st.sampled_from([HOLD, RESEND]))
def test_what_is_over_stays_as_it_is(events: list[Event], terms: Terms) -> None:
    delivery = READY
    for event in events:
        if is_legal(delivery, event):
            assert not is_over(delivery)
            delivery = next_step(delivery, event, NOW, terms)


def test_an_illegal_event_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="Absent while ready"):
        after(Absent())


def test_a_lost_sender_is_looked_after_from_when_it_began_not_from_when_it_was_missed() -> None:
    claimed = next_step(READY, Claimed("-1001", 5), NOW, HOLD)

    noticed = next_step(claimed, Abandoned(), NOW + 7 * SECOND, HOLD)

    assert noticed.due == NOW + HOLD.look_after


def test_patience_asked_for_is_given_to_the_second() -> None:
    delivery = after(Claimed("-1001", 5), NotSent("429", timedelta(seconds=37)))

    assert (delivery.state, delivery.due) == ("ready", NOW + timedelta(seconds=37))


def test_pauses_of_our_own_double_up_to_a_limit() -> None:
    assert [pause(n, HOLD) for n in (0, 1, 2, 3)] == [timedelta(seconds=s) for s in (2, 2, 4, 8)]
    assert pause(10_000, HOLD) == HOLD.longest_wait


def test_what_is_surely_not_there_is_sent_again_ever_more_rarely_and_given_up_at_last() -> None:
    """Telegram may fail at one message for ever; a look for it takes twenty requests each time."""
    known, waits = READY, []
    while known.state == "ready":
        known = after(Claimed("-1001", 5), Unknown("502"), Absent(), start=known)
        waits.append(known.due - NOW)

    assert waits[:3] == [timedelta(seconds=2), timedelta(seconds=4), timedelta(seconds=8)]
    assert len(waits) == HOLD.most_attempts
    assert timedelta(hours=5) < sum(waits, timedelta(0)) < timedelta(hours=7)
    assert known.state == "dead"


def test_a_refused_format_is_tried_once_as_plain_text() -> None:
    once = after(Claimed("-1001", 5), Rejected("entities"))
    twice = after(Claimed("-1001", 5), Rejected("entities"), start=once)

    assert (once.state, once.is_plain) == ("ready", True)
    assert twice.state == "dead"


def test_the_base_stays_after_a_doubtful_attempt_and_moves_after_a_sure_one() -> None:
    sure = after(Claimed("-1001", 5), NotSent("429"), Claimed("-1001", 9))
    doubtful = after(Claimed("-1001", 5), Unknown("?"), Absent(), Claimed("-1001", 9))
    elsewhere = after(Claimed("-7", 5), Unknown("?"), Absent(), Claimed("-1001", 9))

    assert [each.base for each in (sure, doubtful, elsewhere)] == [9, 5, 9]


@pytest.mark.parametrize(("terms", "state", "held"), [(HOLD, "ambiguous", True), (RESEND, "ready", False)])
def test_three_rounds_without_a_proof_end_as_the_policy_says(terms: Terms, state: str, held: bool) -> None:
    rounds = [Undecided(70, 0), Undecided(140, 0), Undecided(210, 0)]

    earlier = after(Claimed("7", 5), Unknown("?"), *rounds[:2], terms=terms)
    delivery = next_step(earlier, rounds[2], NOW, terms)

    assert (earlier.state, earlier.is_held) == ("ambiguous", False)
    assert (delivery.state, delivery.is_held) == (state, held)
    assert is_released(delivery) == held


def test_even_the_policy_to_send_again_ends() -> None:
    delivery = READY
    for _ in range(RESEND.most_resends + 1):
        delivery = after(Claimed("7", None), Unknown("?"), Undecided(0, 0, True), terms=RESEND, start=delivery)

    assert delivery.is_held


def test_only_a_message_sent_again_or_written_over_may_have_copies() -> None:
    once = after(Claimed("-1001", 5), Unknown("?"))
    again = after(Absent(), Claimed("-1001", 5), start=once)

    assert not may_have_copies(once, Arrived(6))
    assert may_have_copies(once, Arrived(6, True))
    assert may_have_copies(again, Arrived(6))
    assert not may_have_copies(after(Claimed("-1001", 5), NotSent("429"), Claimed("-1001", 5)), Arrived(6))


def test_a_moved_chat_is_written_to_at_its_new_id_and_what_is_in_doubt_is_held() -> None:
    assert after(Claimed("-7", 5), Moved()).state == "ready"
    assert after(Claimed("-7", 5), Unknown("?"), Moved()).is_held


@pytest.mark.parametrize(
    ("chat", "dense"),
    [
        ("-1001234567890", True),
        ("-1000000000001", True),
        ("@news", True),
        ("4711", False),
        ("-4711", False),
        pytest.param("-1001234567", False, id="a basic group whose id begins like a supergroup's"),
        ("-999999999999", False),
    ],
)
def test_only_supergroups_and_channels_number_their_messages_by_themselves(chat: str, dense: bool) -> None:
    assert is_dense(chat) == dense


IN_DOUBT = after(Claimed("-1001", 10), Unknown("?"))


def seen(*whats: str) -> list[Seen]:
    return [Seen(11 + n, what) for n, what in enumerate(whats)]  # type: ignore[arg-type]


def test_the_message_itself_ends_a_probe() -> None:
    verdict = judge(IN_DOUBT, seen("foreign", "missing", "ours", "same"), is_dense=True)

    assert verdict.decision == Arrived(14)


def test_a_message_written_over_is_the_message_now() -> None:
    assert judge(IN_DOUBT, seen("missing", "changed"), is_dense=False).decision == Arrived(12, True)


def test_a_row_of_missing_ids_proves_absence_only_where_ids_are_dense() -> None:
    row = seen(*["missing"] * MISSING_IN_A_ROW)

    assert judge(IN_DOUBT, row[:-1], is_dense=True).decision is None
    assert judge(IN_DOUBT, row, is_dense=True).decision == Absent()
    assert judge(IN_DOUBT, row, is_dense=False).decision is None


@pytest.mark.parametrize("between", ["foreign", "ours"])
def test_what_is_there_breaks_the_row(between: str) -> None:
    row = ["missing"] * (MISSING_IN_A_ROW - 1)

    assert judge(IN_DOUBT, seen(*row, between, *row), is_dense=True).decision is None


def test_a_round_ends_and_the_next_goes_on_where_it_ended() -> None:
    verdict = judge(IN_DOUBT, seen(*["foreign"] * MOST_IN_A_ROUND), is_dense=True)
    following = replace(IN_DOUBT, scanned=verdict.scanned, missing=verdict.missing)

    assert verdict.decision == Undecided(10 + MOST_IN_A_ROUND, 0)
    assert judge(following, [], is_dense=True).scanned == 10 + MOST_IN_A_ROUND


def test_an_interrupted_row_is_continued() -> None:
    begun = judge(IN_DOUBT, seen(*["missing"] * 15), is_dense=True)
    waiting = after(Interrupted(begun.scanned, begun.missing, SECOND), start=IN_DOUBT)

    verdict = judge(waiting, [Seen(begun.scanned + 1 + n, "missing") for n in range(5)], is_dense=True)

    assert verdict.decision == Absent()
