"""What X costs, and what each way of reading it would."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import commands
from monitor.cli.check import findings
from monitor.cli.rehearsing import a_busy_topic, accuracy, rehearsed
from monitor.errors import OutOfCredit
from monitor.seams.budget import Wish
from monitor.settings import Settings
from monitor.sources.http import Client
from monitor.sources.x import open_source
from monitor.wiring import Monitor, opened
from tests.build import a_topic
from tests.simulators.x_api import TOKEN, XServer
from tests.simulators.x_world import World

EVERY = timedelta(minutes=10)


def test_a_plan_costs_a_tenth_of_everything_and_tells_the_same_trend() -> None:
    posts = a_busy_topic(3, 1_200, 5)

    everything = rehearsed(posts, "100000", lambda _: None)
    planned = rehearsed(posts, "0.50", lambda _: None)

    truth, told = accuracy(posts, everything), accuracy(posts, planned)
    assert everything.spent >= 10 * planned.spent
    first_look = posts[0].at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=23)
    assert len(everything.read) == sum(post.at >= first_look for post in posts)
    assert everything.spent == pytest.approx(5_000 * len(everything.read), rel=0.01)
    assert planned.spent <= 500_000 * 6
    assert planned.stopped == 0
    assert truth.bursts > 0
    assert (told.found, told.false) == (truth.found, truth.false) == (truth.bursts, 0)
    assert told.close >= 0.97 * told.hours
    assert told.shown >= 0.9 * told.top


def test_a_rehearsal_costs_what_x_would_have_cost() -> None:
    """The past is read from memory there and over HTTP here, and the bill is the same."""
    posts = a_busy_topic(5, 300, 1)[:120]
    rehearsal = rehearsed(posts, "0.60", lambda _: None)
    begin, end = posts[0].at + timedelta(hours=1), posts[-1].at + timedelta(hours=1)
    world = World(begin)
    for post in posts:
        world.now = post.at
        world.post("rehearsed", metrics={"like_count": 0})
    by_id = {made.id: post.likes for made, post in zip(world.posts, posts, strict=True)}
    world.now, cursor = begin.replace(minute=0, second=0, microsecond=0), None
    with XServer(world, is_judged=False) as server:
        source = open_source(Client(), {"url": server.url, "token": TOKEN, "budget": "0.60", "pages": "200"})
        while world.now < end:
            for made in world.posts:
                age = (world.now - made.at) / timedelta(hours=6)
                made.metrics = {**made.metrics, "like_count": int(by_id[made.id] * min(1.0, max(0.0, age)))}
            due = world.now + EVERY
            try:
                batch = source.fetch("(rehearsed)", cursor, world.now)
                cursor, due = batch.cursor, world.now if batch.more else max(due, batch.not_before or due)
            except OutOfCredit as e:
                due = world.now + (e.retry_after or timedelta(days=1))
            world.now = due

    assert sum(world.spent.values()) == pytest.approx(rehearsal.spent, rel=0.02)


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monitor]:
    """A home whose settings pay for X."""
    (tmp_path / "monitor.toml").write_text('[sources.x]\ntoken = "a-token-of-tests"\nbudget = 2.50\nbudget_topic = 1\n')
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    x = {"token": "a-token-of-tests", "budget": "2.50", "budget_topic": "1"}
    with opened(Settings(home=tmp_path / "var", sources={"x": x})) as opened_:
        opened_.topics.replace([a_topic(sources=("x",)), a_topic(name="other")], "h")
        yield opened_


def test_each_topic_has_a_row_with_what_it_spent_and_would(monitor: Monitor) -> None:
    (query,) = monitor.queries_of(monitor.topics.all()[1])
    meter = monitor.spending["x"]
    now = datetime.now(UTC)
    meter.settle(meter.reserve(query.text, Wish("post", 5_000, 10), now), ["post 1", "post 2"])
    meter.reserve(query.text, Wish("post", 5_000, 10), now)

    said = CliRunner().invoke(commands, ["cost"], catch_exceptions=False).output

    assert "paid for today: 2 posts" in said
    assert "X: $0.06 of $2.50 spent on" in said
    assert "$0.05 of it reserved" in said
    assert "prices of 2026-08-22: $0.005 a post" in said
    row = next(line for line in said.splitlines() if line.startswith("pots"))
    assert row.split() == ["pots", "$0.01", "$1.00", "0", "$0.00", "$0.12", "$0.12"]
    assert "other" not in said


def test_what_is_off_is_said_to_be_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Was: "X: $0.00 of $0.00 spent"."""
    monkeypatch.setenv("MONITOR_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("MONITOR_CONFIG", str(tmp_path))
    (tmp_path / "topics.toml").write_text('[topics.pots]\nany = ["砸锅卖铁"]\n', encoding="utf-8")

    said = CliRunner().invoke(commands, ["cost"], catch_exceptions=False).output

    assert "X: off; nothing is asked, and nothing spent, without a budget in [sources.x]" in said
    assert "of $0.00" not in said
    assert "prices of" in said


def test_an_archive_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = CliRunner().invoke(commands, ["cost", "--replay", "--archive", str(tmp_path / "none.jsonl")])

    assert "there is no such archive" in str(result.exception)


def test_the_doctor_says_what_is_spent_and_what_cannot_be_asked_for(monitor: Monitor) -> None:
    query = "zebra OR /ir[o0]n/"
    monitor.topics.replace([a_topic(name="zoo", any=(), query=query, sources=("x",))], "another")

    said = {each.what: each.remedy for each in findings(monitor, monitor.settings, datetime.now(UTC))}

    assert said["X: $0.00 of $2.50 spent today (UTC)"] == ""
    assert "with AND" in said["zoo: X cannot be asked for /ir[o0]n/"]
