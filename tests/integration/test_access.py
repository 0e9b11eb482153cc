"""Who may do what: the table of commands, tried by every kind of sender, and buttons that nobody made."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.bot import commands, owners, status
from monitor.bot.admission import is_enough
from monitor.bot.asked import Answer, Asked
from monitor.bot.commands import ACTIONS, COMMANDS
from tests.integration.access import POTS, PROBES, RANKS, cells, forgeries, wrong_cells
from tests.integration.room import Room, a_room


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as made:
        made.follow(POTS)
        made.monitor.people.grant("1", "owner")
        yield made


def handlers() -> dict[str, object]:
    """Return every function that could be a command's: by what it takes and gives."""
    found = {}
    for module in (commands, owners, status):
        for name, item in vars(module).items():
            known = getattr(item, "__annotations__", {})
            if known.get("asked") is Asked and known.get("return") is Answer and not name.startswith("_"):
                found[name] = item
    return found


def test_every_handler_stands_in_the_table_with_a_role_and_a_place() -> None:
    assert set(handlers().values()) == {each.run for each in COMMANDS.values()}
    for name, command in COMMANDS.items():
        assert command.name == name
        assert command.needs in RANKS
        assert command.places <= {"private", "group"}
        assert command.places
        assert command.help
    assert [name for name, command in COMMANDS.items() if command.needs == "anyone"] == ["start"]
    assert set(ACTIONS.values()) <= set(COMMANDS)
    assert set(PROBES) == set(COMMANDS)


def test_a_role_may_what_a_lesser_one_may() -> None:
    for role in ("reader", "editor", "owner"):
        for needs in RANKS:
            assert is_enough(role, needs) == (RANKS[role] >= RANKS[needs])  # type: ignore[arg-type]
    assert not is_enough(None, "reader")


def test_each_sender_can_do_what_they_may_and_no_more(room: Room) -> None:
    """In private and in one kind of group; `make chaos` tries all four kinds of chats."""
    tried, wrong = wrong_cells(room, cells(("private", "supergroup")))

    assert wrong == []
    assert tried >= 200


def test_no_forged_button_is_taken(room: Room) -> None:
    key = room.monitor.signing_key()
    accepted = [each for each in forgeries(key, random.Random(5), 4000) if each.signer.read(each.data, each.now)]

    assert accepted == []
