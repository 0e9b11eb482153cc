"""Leases that are short, and kept alive for as long as their holder may work."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.errors import StoreError
from monitor.models import Job, Lease
from monitor.services.courier import deliver_job
from monitor.store.connection import Connection
from monitor.store.keeper import Keeper, KeptLeases
from monitor.store.outbox import OutboxStore
from monitor.store.schedule import DueList, LeaseStore
from tests.data import ROOT
from tests.integration.couriers import parcels
from tests.integration.product import wait_until
from tests.unit.store.holder import CHAT, JOB

MINUTE = timedelta(minutes=1)
TTL = timedelta(seconds=1)


@pytest.fixture
def keeper() -> Iterator[Keeper]:
    keeper = Keeper()
    yield keeper
    keeper.close()


@pytest.fixture
def leases(connection: Connection, keeper: Keeper) -> KeptLeases:
    return KeptLeases(LeaseStore(connection), LeaseStore(connection), keeper, TTL)


def left(connection: Connection, job: Job) -> float:
    """Return for how many seconds more a job is held, by the store's clock."""
    held = connection.execute("HGET", connection.keys.work.leases, str(job))
    seconds, micros = map(int, connection.execute("TIME"))
    return 0.0 if held is None else int(held.split()[0]) / 1000 - seconds - micros / 1e6


def test_a_lease_is_short_and_outlives_its_time_to_live(valkey: Connection, keeper: Keeper) -> None:
    ttl = timedelta(seconds=1.5)  # so long that a busy machine renews in time
    leases = KeptLeases(LeaseStore(valkey), LeaseStore(valkey), keeper, ttl)
    lease = leases.acquire(JOB, "me", MINUTE)
    assert lease is not None

    for _ in range(12):
        assert 0 < left(valkey, JOB) <= ttl.total_seconds()
        assert leases.is_sure(lease)
        threading.Event().wait(ttl.total_seconds() / 6)


def test_a_hung_holder_loses_its_lease_at_the_end_of_its_longest_time(
    leases: KeptLeases, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    longest = 3 * TTL
    lease = leases.acquire(JOB, "hung", longest)
    assert lease is not None
    others = LeaseStore(connection)

    def taken() -> bool:
        assert left(connection, JOB) <= TTL.total_seconds()
        return others.acquire(JOB, "next", MINUTE) is not None

    wait_until(taken)

    assert not leases.is_sure(lease)
    assert not leases.renew(lease, MINUTE)
    wait_until(lambda: "took too long" in caplog.text)


def test_who_goes_on_beyond_the_longest_time_is_known_until_it_ends(leases: KeptLeases, keeper: Keeper) -> None:
    lease = leases.acquire(JOB, "hung", 2 * TTL)
    assert lease is not None

    assert keeper.overrun() == timedelta(0)
    wait_until(lambda: keeper.overrun() > TTL)
    leases.release(lease)

    assert keeper.overrun() == timedelta(0)


def test_the_time_for_the_next_step_is_counted_anew(leases: KeptLeases, caplog: pytest.LogCaptureFixture) -> None:
    lease = leases.acquire(JOB, "me", TTL)
    assert lease is not None

    assert leases.renew(lease, MINUTE)
    threading.Event().wait(3 * TTL.total_seconds())

    assert leases.renew(lease, MINUTE)
    assert "took too long" not in caplog.text


def test_what_was_released_is_renewed_no_more(leases: KeptLeases, connection: Connection) -> None:
    lease = leases.acquire(JOB, "me", MINUTE)
    assert lease is not None

    leases.release(lease)

    assert left(connection, JOB) == 0
    assert not leases.is_sure(lease)
    following = LeaseStore(connection).acquire(JOB, "next", MINUTE)
    assert following is not None
    leases.release(lease)
    assert left(connection, JOB) > 50


class Deaf:
    """Leases of a store that does not answer renewals."""

    def __init__(self, leases: LeaseStore) -> None:
        self._leases = leases
        self.is_deaf = True

    def acquire(self, job: Job, owner: str, ttl: timedelta, *, only_due: bool = False) -> Lease | None:
        return self._leases.acquire(job, owner, ttl, only_due=only_due)

    def renew(self, lease: Lease, ttl: timedelta) -> bool:
        if self.is_deaf:
            raise StoreError("the store cannot be reached")
        return self._leases.renew(lease, ttl)

    def release(self, lease: Lease) -> None:
        self._leases.release(lease)


def test_a_holder_without_a_store_is_not_sure_and_may_be_again(valkey: Connection, keeper: Keeper) -> None:
    renewals = Deaf(LeaseStore(valkey))
    leases = KeptLeases(LeaseStore(valkey), renewals, keeper, TTL)
    lease = leases.acquire(JOB, "me", MINUTE)
    assert lease is not None

    wait_until(lambda: not leases.is_sure(lease))
    renewals.is_deaf = False

    # Nobody took it meanwhile, so it is the newest still.
    wait_until(lambda: leases.is_sure(lease))


def test_a_frozen_process_loses_its_leases_and_everything_it_then_writes_is_refused(connection: Connection) -> None:
    outbox, leases, schedule = OutboxStore(connection), LeaseStore(connection), DueList(connection)
    schedule.sync({JOB: timedelta(0), deliver_job(CHAT): timedelta(0)})
    outbox.hand_over(CHAT, parcels(CHAT, "d"))
    command = (sys.executable, "-m", "tests.unit.store.holder", connection.url, connection.keys.prefix)
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert outbox.acquire(CHAT, "next", MINUTE) is None
        os.kill(holder.pid, signal.SIGSTOP)
        for job in (JOB, deliver_job(CHAT)):
            wait_until(lambda job=job: leases.acquire(job, "next", MINUTE) is not None)  # type: ignore[misc]
        wait_until(lambda: outbox.acquire(CHAT, "next", MINUTE) is not None)
        before = dump(connection)

        os.kill(holder.pid, signal.SIGCONT)
        holder.stdin.write("\n")
        holder.stdin.flush()
        said = holder.stdout.read().splitlines()

    assert said == ["False False", "False False False", "False False", "False False", "None False False", "done"]
    assert dump(connection) == before


def dump(connection: Connection) -> dict[str, bytes]:
    """Return everything that is stored."""
    return {key: connection.execute("DUMP", key) for key in connection.scan(f"{connection.keys.prefix}*")}
