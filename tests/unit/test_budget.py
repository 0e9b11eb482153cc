"""Money: what is reserved, settled, shared and reconciled. No sum is lost, no budget is passed."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.seams.budget import (
    EMPTY,
    STALE,
    Budget,
    Hold,
    Ledger,
    Wish,
    granted,
    micro,
    reconcile,
    reserve,
    settle,
    shared,
    stale_of,
)
from tests.build import NOW

MS = int(NOW.timestamp() * 1000)
TOPICS = st.lists(st.sampled_from("abcd"), unique=True).map(tuple)
REQUESTS = st.lists(
    st.tuples(TOPICS, st.integers(1, 100), st.integers(0, 100), st.sampled_from((5_000, 10_000)), st.booleans()),
    max_size=30,
)
BUDGETS = st.tuples(st.integers(0, 2_000_000), st.integers(0, 2_000_000)).map(lambda pair: Budget(*pair))


@given(REQUESTS, BUDGETS)
def test_whatever_is_asked_no_budget_is_passed(
    requests: list[tuple[tuple[str, ...], int, int, int, bool]], budget: Budget
) -> None:
    ledger = EMPTY
    for number, (topics, most, came, price, is_killed) in enumerate(requests):
        things = granted(ledger, Wish("post", price, most, topics=topics), budget)
        assert things <= most
        if things:
            ledger = reserve(ledger, str(number), Hold("post", price, things, topics, MS))
            ledger = ledger if is_killed else settle(ledger, str(number), min(came, things), budget)

    assert ledger.spent <= budget.day
    assert all(0 <= spent <= budget.topic + len("abcd") for spent in ledger.topics.values())


@given(st.integers(0, 10**9), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 10**7), min_size=1))
def test_no_sum_is_lost_when_it_is_shared(amount: int, rooms: dict[str, int]) -> None:
    paid = shared(amount, rooms)

    assert sum(paid.values()) == amount
    assert amount > sum(rooms.values()) or all(paid[topic] <= rooms[topic] for topic in rooms)


def test_a_topic_that_spent_its_own_lets_the_others_pay() -> None:
    budget = Budget(micro(10), micro(1))
    spent = Ledger(settled=micro(1), topics={"loud": micro(1)})

    after = settle(reserve(spent, "1", Hold("post", 5_000, 20, ("loud", "calm"), MS)), "1", 20, budget)

    assert after.topics == {"loud": micro(1), "calm": 100_000}
    assert granted(spent, Wish("post", 5_000, 1, topics=("loud",)), budget) == 0


def test_a_request_is_settled_once() -> None:
    held = reserve(EMPTY, "1", Hold("post", 5_000, 100, ("a",), MS))
    once = settle(held, "1", 7, Budget(10**7, 10**7))

    assert settle(once, "1", 7, Budget(10**7, 10**7)) == once
    assert once.settled == 35_000


def test_fewer_things_than_wished_for_are_granted_when_that_is_what_is_left() -> None:
    wish = Wish("post", 5_000, 100, least=10)

    assert granted(EMPTY, wish, Budget(100_000, 100_000)) == 20
    assert granted(EMPTY, wish, Budget(49_999, 49_999)) == 0


def test_what_a_killed_request_cost_is_what_the_platform_counts_beyond_ours() -> None:
    budget = Budget(10**7, 10**7)
    old = int((NOW - STALE - timedelta(seconds=1)).timestamp() * 1000)
    ledger = Ledger(settled=50_000, things={"post": 10})
    for name, hold in {
        "first": Hold("post", 5_000, 100, (), old),
        "second": Hold("post", 5_000, 100, (), old + 1),
        "count": Hold("count", 5_000, 1, (), old),
        "living": Hold("post", 5_000, 100, (), MS),
    }.items():
        ledger = reserve(ledger, name, hold)

    after = reconcile(ledger, "post", 130, budget, NOW)

    assert stale_of(ledger, NOW) == ["first", "count", "second"]
    assert set(after.holds) == {"living"}
    assert after.things == {"post": 130, "count": 1}
    assert after.settled == 130 * 5_000 + 5_000


def test_a_platform_that_counts_less_costs_nothing_more() -> None:
    old = int((NOW - STALE * 2).timestamp() * 1000)
    ledger = reserve(Ledger(settled=50_000, things={"post": 10}), "lost", Hold("post", 5_000, 100, (), old))

    assert reconcile(ledger, "post", 3, Budget(10**7, 10**7), NOW).settled == 50_000
