"""The topics files of several machines that share a store: each is imported when it changes, and only then."""

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.cli.check import findings
from monitor.duties import jobs
from monitor.settings import load
from monitor.topics_file import SETTLED, put_in_force
from monitor.wiring import Monitor, opened
from tests.build import NOW
from tests.integration.room import Room, a_room

OURS = '[topics.pots]\ntitle = "pots"\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n'
THEIRS = '[topics.pots]\ntitle = "pots"\nany = ["pots"]\nsources = ["hackernews"]\n[topics.water]\nany = ["water"]\n'


@pytest.fixture
def room(redis_url: str, tmp_path: Path) -> Iterator[Room]:
    with a_room(redis_url, tmp_path) as room:
        write(room.monitor, OURS)
        yield room


@pytest.fixture
def other(room: Room, tmp_path: Path) -> Iterator[Monitor]:
    """Another machine on the same store, with a home and a file of its own."""
    with another(room, tmp_path / "other") as monitor:
        write(monitor, THEIRS)
        yield monitor


@contextlib.contextmanager
def another(room: Room, folder: Path) -> Iterator[Monitor]:
    folder.mkdir(exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MONITOR_CONFIG", str(folder))
        patch.setenv("MONITOR_HOME", str(folder))
        settings = load()
    with opened(settings, prefix=room.monitor.connection.keys.prefix) as monitor:
        yield monitor


def write(monitor: Monitor, text: str) -> None:
    monitor.settings.topics_file.write_text(text, encoding="utf-8")


def look(*monitors: Monitor) -> int:
    """Let each look at its file, and return the version then in force."""
    for monitor in monitors:
        jobs.read_topics(monitor, NOW)
    return monitors[0].topics.version()


def doctor(monitor: Monitor) -> str:
    return "\n".join(f"{each.what} → {each.remedy}" for each in findings(monitor, monitor.settings, NOW))


def test_two_topics_files_do_not_undo_each_other(room: Room, other: Monitor) -> None:
    first = look(room.monitor, other)
    since, told = room.monitor.topics.since("pots"), room.monitor.told.of("pots")

    later = look(other, room.monitor, other, room.monitor)

    assert first == later == 1
    assert room.monitor.topics.since("pots") == since
    assert room.monitor.told.of("pots") == told
    assert "is not the one" not in doctor(room.monitor)
    assert f"another file than {other.settings.topics_file} is in force" in doctor(other)


def test_a_file_that_is_saved_on_any_machine_comes_in_force_once(room: Room, other: Monitor) -> None:
    look(room.monitor, other)
    write(other, THEIRS.replace("water", "iron"))

    look(other, room.monitor, other)

    assert room.monitor.topics.version() == 2
    assert [each.name for each in room.monitor.topics.all()] == ["iron", "pots"]
    assert f"another file than {room.monitor.settings.topics_file} is in force" in doctor(room.monitor)


def test_a_restart_brings_back_no_file_that_another_machine_replaced(room: Room, tmp_path: Path) -> None:
    look(room.monitor)
    with another(room, tmp_path / "other") as other:
        write(other, THEIRS)
        put_in_force(other)
    write(room.monitor, OURS + "# saved\n")
    look(room.monitor, room.monitor)

    with another(room, tmp_path / "other") as other:
        after_the_start = look(other, other)
        write(other, THEIRS + "# saved while nothing ran\n")
    with another(room, tmp_path / "other") as other:
        after_an_edit = look(other, other)

    assert (after_the_start, after_an_edit) == (3, 4)


def test_an_edit_is_refused_where_another_machines_file_is_in_force(room: Room, other: Monitor) -> None:
    """Else it would put the whole file of this machine in force, and take back what was changed on the other."""
    anna = room.person("Anna", "editor")
    look(room.monitor, other)
    put_in_force(other)

    said = room.say(anna, "/edit pots -手游")

    assert "not the one in force" in said
    assert room.monitor.settings.topics_file.read_text(encoding="utf-8") == OURS


def test_an_edit_that_was_shown_is_not_applied_once_another_machines_file_is_in_force(
    room: Room, other: Monitor
) -> None:
    anna = room.person("Anna", "editor")
    look(room.monitor, other)
    shown = room.tell(room.update(anna, "/edit pots -手游"))
    put_in_force(other)

    assert shown is not None
    said = room.say(anna, shown.buttons[0][0].data, kind="button", button="1")

    assert "not the one in force" in said
    assert room.monitor.settings.topics_file.read_text(encoding="utf-8") == OURS


def test_a_file_that_is_read_while_it_is_saved_ends_no_topic(room: Room) -> None:
    """An editor empties the file and writes it anew: what stands there in between may hold, with half of the topics."""
    write(room.monitor, THEIRS)
    look(room.monitor)
    since, told = room.monitor.topics.since("water"), room.monitor.told.of("water")

    write(room.monitor, THEIRS.partition("[topics.water]")[0])
    look(room.monitor)
    write(room.monitor, THEIRS)
    look(room.monitor)

    assert [each.name for each in room.monitor.topics.all()] == ["pots", "water"]
    assert room.monitor.topics.since("water") == since
    assert room.monitor.told.of("water") == told
    assert room.monitor.topics.version() == 1


def test_a_file_that_stays_as_it_was_saved_comes_in_force(room: Room) -> None:
    look(room.monitor)
    write(room.monitor, THEIRS)
    saved_at = datetime.fromtimestamp(room.monitor.settings.topics_file.stat().st_mtime, UTC)

    jobs.read_topics(room.monitor, saved_at)
    too_early = room.monitor.topics.version()
    jobs.read_topics(room.monitor, saved_at + SETTLED)

    assert (too_early, room.monitor.topics.version()) == (1, 2)


def test_a_file_that_was_saved_while_nobody_looked_comes_in_force_at_once(room: Room) -> None:
    look(room.monitor)
    write(room.monitor, THEIRS)
    os.utime(room.monitor.settings.topics_file, (0, 0))

    assert look(room.monitor) == 2
