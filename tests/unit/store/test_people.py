"""Roles, and the one-time tokens that give them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.models import Role
from monitor.store.connection import Connection
from monitor.store.fsck import check
from monitor.store.people import PeopleStore

DAY = timedelta(days=1)


@pytest.fixture
def people(connection: Connection) -> PeopleStore:
    return PeopleStore(connection)


def test_nobody_may_do_anything_unless_somebody_said_so(people: PeopleStore) -> None:
    assert people.role_of("17") is None
    assert people.owners() == []


def test_a_token_makes_the_first_of_many_owner(people: PeopleStore, connection: Connection) -> None:
    token = people.issue("owner", DAY)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda n: people.redeem(token, str(n), 100 + n), range(1, 9)))

    assert sorted(given, key=str) == [None] * 7 + ["owner"]
    assert people.owners() == [str(given.index("owner") + 1)]
    assert check(connection) == []


def test_the_same_update_again_gets_the_same_answer(people: PeopleStore) -> None:
    token = people.issue("editor", DAY)

    given = [people.redeem(token, "17", 5) for _ in range(3)]

    assert given == ["editor"] * 3
    assert people.redeem(token, "17", 6) is None


def test_a_repeated_update_does_not_bring_a_role_back_that_was_taken_away(people: PeopleStore) -> None:
    token = people.issue("reader", DAY)
    people.redeem(token, "17", 5)
    people.revoke("17")

    assert people.redeem(token, "17", 5) == "reader"
    assert people.role_of("17") is None


def test_a_token_that_is_too_old_or_unknown_gives_nothing(people: PeopleStore) -> None:
    late = people.issue("owner", timedelta(0))

    assert people.redeem(late, "17", 5) is None
    assert people.redeem("guessed", "17", 6) is None
    assert people.redeem("\ud800", "17", 7) is None
    assert people.owners() == []


@pytest.mark.parametrize(("has", "gets", "then"), [("owner", "reader", "owner"), ("reader", "editor", "editor")])
def test_a_token_takes_no_greater_role_away(people: PeopleStore, has: Role, gets: Role, then: Role) -> None:
    people.grant("17", has)

    token = people.issue(gets, DAY)

    assert people.redeem(token, "17", 5) == (gets if then == gets else None)
    assert people.role_of("17") == then


def test_the_last_owner_stays_one(people: PeopleStore) -> None:
    people.grant("1", "owner")

    assert not people.revoke("1")
    assert not people.grant("1", "reader")
    people.grant("2", "owner")
    assert people.grant("1", "reader")
    assert people.grant("1", "reader"), "again is the same"
    assert not people.revoke("2")
    assert people.owners() == ["2"]
    assert people.role_of("1") == "reader"


def test_a_token_is_nowhere_in_the_store(people: PeopleStore, connection: Connection) -> None:
    token = people.issue("owner", DAY)

    kept = connection.execute("HGETALL", connection.keys.work.tokens)

    assert kept
    assert token not in str(kept)
    assert check(connection) == []


def test_tokens_that_ran_out_make_room(people: PeopleStore, connection: Connection) -> None:
    for _ in range(300):
        people.issue("reader", timedelta(0))

    assert int(connection.execute("HLEN", connection.keys.work.tokens)) == 1


def test_a_broken_record_is_found(people: PeopleStore, connection: Connection) -> None:
    connection.execute("HSET", connection.keys.work.people, "17", "king")
    connection.execute("HSET", connection.keys.work.tokens, "plain", "owner soon")

    assert len(check(connection)) == 3
