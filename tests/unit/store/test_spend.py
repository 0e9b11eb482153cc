"""The meter in the store: shared by all workers, and surviving them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.errors import OutOfCredit
from monitor.seams.budget import STALE, Budget, Wish
from monitor.store.connection import Connection
from monitor.store.spend import SpendStore
from tests.build import NOW

BUDGET = Budget(1_000_000, 400_000)
TOPICS = {"(iron)": ["pots"], "(iron OR zebra)": ["pots", "zoo"], "": []}
TEN = Wish("post", 5_000, 10)


@pytest.fixture
def spend(connection: Connection) -> SpendStore:
    return SpendStore(connection, "x", BUDGET, lambda query: TOPICS[query.text])


def ids(first: int, count: int) -> list[str]:
    return [f"post {number}" for number in range(first, first + count)]


def test_a_thing_is_paid_for_once_in_a_utc_day(spend: SpendStore) -> None:
    paid = [spend.settle(spend.reserve("(iron)", TEN, NOW), ids(0, 10)) for _ in range(2)]
    tomorrow = spend.settle(spend.reserve("(iron)", TEN, NOW + timedelta(days=1)), ids(0, 10))

    assert paid == [0.05, 0.0]
    assert tomorrow == 0.05
    assert [day.ledger.settled for day in spend.days()] == [50_000, 50_000]


def test_many_workers_together_pass_no_budget(spend: SpendStore) -> None:
    def work(number: int) -> int:
        try:
            spend.settle(spend.reserve("(iron OR zebra)", TEN, NOW), ids(number * 10, 10))
        except OutOfCredit:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(work, range(40)))

    assert done == 16  # 16 times 0.05 are the two topics' 0.80
    assert spend.today(NOW).topics == {"pots": 400_000, "zoo": 400_000}
    assert not spend.today(NOW).holds
    with pytest.raises(OutOfCredit) as caught:
        spend.reserve("(iron)", TEN, NOW)
    assert caught.value.retry_after == timedelta(hours=12)


def test_what_was_reserved_by_the_killed_counts_until_it_is_reconciled(
    connection: Connection, spend: SpendStore
) -> None:
    spend.reserve("(iron)", TEN, NOW)  # and then nothing
    reborn = SpendStore(connection, "x", BUDGET, lambda query: TOPICS[query.text])
    later = NOW + STALE * 2

    assert reborn.left("(iron)", later) == 350_000
    assert reborn.is_stale(later)
    assert not reborn.is_stale(NOW)
    reborn.reconcile("post", 4, later)
    assert reborn.left("(iron)", later) == 380_000
    assert not reborn.is_stale(later)


def test_a_platform_does_not_pay_for_another(connection: Connection, spend: SpendStore) -> None:
    other = SpendStore(connection, "paid-too", BUDGET, lambda _: [])
    other.settle(other.reserve("", TEN, NOW), ids(0, 10))

    assert spend.today(NOW).settled == 0
    assert [day.day for day in other.days()] == ["2026-03-10"]


def test_old_days_are_forgotten(spend: SpendStore) -> None:
    spend.settle(spend.reserve("(iron)", TEN, NOW - timedelta(days=61)), ids(0, 10))
    spend.settle(spend.reserve("(iron)", TEN, NOW), ids(0, 10))

    assert [day.day for day in spend.days()] == ["2026-03-10"]
