"""`monitor quarantine`, on a real store, as a person uses it."""

from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from monitor.cli import commands
from monitor.duties.forget import NamedAuthor, forget
from monitor.models import Author, PostKey, SetAside, Window
from monitor.seams.quarantine import key_of, post_aside
from monitor.store.connection import store_now
from monitor.store.fsck import check
from monitor.wiring import Monitor
from tests.build import a_post
from tests.integration.product import Product

TOPICS = '[topics.pots]\nany = ["砸锅卖铁"]\nsources = ["hackernews"]\n'


@pytest.fixture
def product(tmp_path: Path) -> Product:
    made = Product(tmp_path)
    made.write_topics(TOPICS)
    return made


def set_aside(monitor: Monitor) -> dict[str, SetAside]:
    """Set aside a post that is mended by now, a hit of Hacker News, and one that is still broken."""
    now = store_now(monitor.connection)
    post = a_post("1", key=PostKey("hackernews", "1"), observed_at=now, author=Author(id="a1b2"))
    hit = {"objectID": "2", "created_at_i": int(now.timestamp()), "title": "砸锅卖铁 again"}
    broken = hit | {"objectID": "3", "created_at_i": "yesterday"}
    items = {
        "post": post_aside(post, "tag", "MemoryError"),
        "hit": SetAside(
            kind="item", id="hackernews:ab", raw=msgspec.json.encode(hit), reason="", author=Author(id="c3")
        ),
        "broken": SetAside(kind="item", id="hackernews:cd", raw=msgspec.json.encode(broken), reason="was\x1b[31m odd"),
    }
    monitor.quarantine.put(list(items.values()), "hackernews", 2)
    return items


def test_what_is_mended_is_stored_and_leaves_and_the_rest_stays(product: Product) -> None:
    with product.opened() as monitor:
        product.run("topics")
        items = set_aside(monitor)

        listed = product.run("quarantine", "list")
        replayed = product.run("quarantine", "replay", "--all")
        again = product.run("quarantine", "replay", "--all")

        keys = {name: key_of(item.kind, item.id) for name, item in items.items()}
        now = store_now(monitor.connection)
        stored = monitor.mentions.between(
            "pots", Window(now.replace(year=now.year - 1), now.replace(year=now.year + 1))
        )
        assert check(monitor.connection) == []
        assert [kept.key for kept in monitor.quarantine.all()] == [keys["broken"]]
    assert listed.returncode == 0, listed.stderr
    assert all(key in listed.stdout for key in keys.values())
    assert "\x1b" not in listed.stdout
    assert "3 items" in listed.stdout
    assert replayed.returncode == 1, replayed.stderr
    assert f"{keys['post']}  stored in 1 topic" in replayed.stdout
    assert f"{keys['hit']}  stored in 1 topic" in replayed.stdout
    assert f"{keys['broken']}  still broken" in replayed.stdout
    assert keys["post"] not in again.stdout
    assert {mention.post.key.id: mention.post.author.id for mention in stored} == {"1": "a1b2", "2": "c3"}


def test_replay_brings_nothing_back_that_its_author_deleted(product: Product) -> None:
    with product.opened() as monitor:
        product.run("topics")
        items = set_aside(monitor)

        gone = [PostKey("hackernews", id_) for id_ in ("1", "2")]
        monitor.changes.withdraw(gone, monitor.stages())
        product.run("quarantine", "replay", "--all")

        assert [each.key for each in monitor.quarantine.all()] == [key_of("item", items["broken"].id)]
        assert monitor.mentions.kept("pots", gone) == frozenset()


def test_replay_brings_nothing_back_of_who_was_forgotten_meanwhile(product: Product) -> None:
    """An item of a look that was under way is set aside after its author was forgotten."""
    with product.opened() as monitor:
        product.run("topics")
        forget(monitor, NamedAuthor("hackernews", "li"), store_now(monitor.connection))
        [tomb] = monitor.forgotten.all().values()
        post = a_post(key=PostKey("hackernews", "1"), observed_at=store_now(monitor.connection))
        hidden = replace(post, author=Author(id=min(tomb.stored)))
        monitor.quarantine.put([post_aside(hidden, "match", "no")], "hackernews", 1)

        told = product.run("quarantine", "replay", "--all")

        assert "its author was forgotten" in told.stdout
        assert monitor.mentions.kept("pots", [post.key]) == frozenset()
        assert monitor.quarantine.all() == []


def test_one_is_shown_and_dropped_by_the_beginning_of_its_name(product: Product) -> None:
    with product.opened() as monitor:
        items = set_aside(monitor)
        key = key_of("item", items["broken"].id)

        shown = product.run("quarantine", "show", key[:6])
        dropped = product.run("quarantine", "drop", key[:6])
        unknown = product.run("quarantine", "drop", "zzz")
        nothing = product.run("quarantine", "replay")

        assert monitor.quarantine.tally().items == 2
    assert "yesterday" in shown.stdout
    assert "after 2 tries" in shown.stdout
    assert dropped.stdout == "1 item dropped\n"
    assert unknown.returncode == 2
    assert "name of no item" in unknown.stderr
    assert nothing.returncode == 2


@pytest.mark.parametrize("command", ["list", "show", "replay", "drop"])
def test_help_shows_how_it_is_used(command: str) -> None:
    said = CliRunner().invoke(commands, ["quarantine", command, "--help"]).output

    assert f"monitor quarantine {command}" in said
