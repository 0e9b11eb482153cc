"""`monitor backup` and `monitor restore`, as a person uses them."""

import gzip
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.models import Job, PostKey
from monitor.store.connection import Connection
from monitor.store.embedded import EmbeddedStore
from monitor.store.schedule import LeaseStore
from monitor.store.swap import is_at_work
from monitor.wiring import author_key
from tests.build import NOW, a_mention
from tests.integration.product import Product

LONG_AGO = NOW - timedelta(days=400)
SECRET = "123456:canary-of-the-token"
TOPICS = """\
[topics.pots]
title = "砸锅卖铁"
any = ["砸锅卖铁"]
sources = ["hackernews"]
"""


@pytest.fixture(params=["embedded", pytest.param("outside", marks=pytest.mark.chaos)])
def product(request: pytest.FixtureRequest, tmp_path: Path) -> Product:
    made = Product(tmp_path)
    made.write_topics(TOPICS)
    made.variables["MONITOR_TELEGRAM__TOKEN"] = SECRET
    if request.param == "outside":
        # A database of its own: the product's prefix is always the same.
        made.variables["MONITOR_REDIS_URL"] = request.getfixturevalue("redis_url").replace("/0", "/7")
        with made.opened() as monitor:
            monitor.connection.execute("FLUSHDB")
    return made


def add(product: Product, *names: str) -> None:
    with product.opened() as monitor:
        monitor.mentions.add("pots", [a_mention(name) for name in names], oldest=LONG_AGO)


def posts(product: Product) -> int:
    with product.opened() as monitor:
        return int(monitor.connection.execute("HLEN", monitor.connection.keys.topic("pots").posts))


def test_a_backup_is_checked_restored_and_refused_over_living_data(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    add(product, "one", "two")

    made = product.run("backup", str(file))
    add(product, "three")
    again = product.run("backup", str(file))
    checked = product.run("restore", str(file), "--check")
    refused = product.run("restore", str(file))
    kept = posts(product)
    replaced = product.run("restore", str(file), "--replace")

    assert made.returncode == 0, made.stderr
    assert "2 posts" in made.stdout
    assert (again.returncode, "exists; name another file" in again.stderr) == (3, True)
    assert (checked.returncode, checked.stdout.splitlines()[-1]) == (0, "clean"), checked.stderr
    assert (refused.returncode, "there is data already" in refused.stderr) == (3, True)
    assert kept == 3
    assert replaced.returncode == 0, replaced.stderr
    assert "What was there before" in replaced.stdout
    assert posts(product) == 2
    assert product.run("fsck").stdout == "0 findings\n"
    assert SECRET.encode() not in gzip.decompress(file.read_bytes())


@pytest.mark.chaos
@pytest.mark.parametrize("product", ["embedded"], indirect=True)
def test_a_backup_goes_on_in_another_home_with_the_key_of_its_authors(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    add(product, "one")
    product.run("backup", str(file))
    other = Product(tmp_path / "other")
    other.write_topics(TOPICS)

    restored = other.run("restore", str(file))

    assert restored.returncode == 0, restored.stderr
    assert posts(other) == 1
    assert (other.home / "author.key").read_text() == (product.home / "author.key").read_text()
    assert not list(other.home.glob("store.before-*")), "there was nothing to keep"


@pytest.mark.chaos
@pytest.mark.parametrize("product", ["embedded"], indirect=True)
def test_nothing_is_replaced_while_somebody_works_on_it(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    add(product, "one")
    product.run("backup", str(file))

    with product.opened():
        refused = product.run("restore", str(file), "--replace")

    assert (refused.returncode, "in use" in refused.stderr) == (3, True)
    assert posts(product) == 1
    assert not [*product.home.glob(".scratch*"), *product.home.glob("store.next*")]


@pytest.mark.parametrize("product", ["embedded"], indirect=True)
def test_a_restore_that_is_refused_leaves_the_key_under_which_authors_are_known(
    product: Product, tmp_path: Path
) -> None:
    """Under the key of the backup nobody would know who was forgotten: their posts came in again."""
    file, other = tmp_path / "other.backup", Product(tmp_path / "other")
    other.write_topics(TOPICS)
    other.run("backup", str(file))

    with product.opened() as monitor:
        before = author_key(monitor.settings.home)
        refused = product.run("restore", str(file), "--replace")

    assert (refused.returncode, "in use" in refused.stderr) == (3, True)
    assert author_key(product.home) == before
    assert not list(product.home.glob("author.key.*"))


def test_who_is_forgotten_is_told_of_in_what_a_restore_moved_aside(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    add(product, "one")
    product.run("backup", str(file))
    before = product.run("forget", "hackernews:alice")
    replaced = product.run("restore", str(file), "--replace")
    aside = next(line for line in replaced.stdout.splitlines() if "What was there before" in line)

    after = product.run("forget", "hackernews:alice")

    assert "aside" not in before.stderr
    [told] = [line for line in after.stderr.splitlines() if "A restore moved older data aside" in line]
    assert told.rpartition("before-")[2].rstrip(":*") in aside


def test_who_is_at_work_is_seen_by_the_clock_of_the_store(connection: Connection) -> None:
    leases = LeaseStore(connection)
    lease = leases.acquire(Job("poll", "rss/x"), "somebody", timedelta(seconds=7))
    assert lease is not None
    assert is_at_work(connection)

    leases.release(lease)

    assert not is_at_work(connection)


@pytest.mark.parametrize("product", ["embedded"], indirect=True)
@pytest.mark.parametrize("step", ["nothing moved", "old one moved"])
def test_a_restore_that_is_killed_at_its_last_step_is_finished_by_the_next_start(
    product: Product, tmp_path: Path, step: str
) -> None:
    add(product, "one", "two")
    fresh = Product(tmp_path / "fresh")
    fresh.write_topics(TOPICS)
    add(fresh, "three")
    shutil.move(fresh.home / "store", product.home / "store.next")
    (product.home / "store.aside").write_text("store.before-x", encoding="utf-8")
    if step == "old one moved":
        (product.home / "store").rename(product.home / "store.before-x")

    assert posts(product) == 1
    assert (product.home / "store.before-x").is_dir()
    assert not (product.home / "store.next").exists()
    with product.opened() as monitor:
        assert monitor.mentions.history("pots", [PostKey("hackernews", "three")]) is not None


@pytest.mark.chaos
@pytest.mark.parametrize("product", ["embedded"], indirect=True)
def test_a_store_that_does_not_even_start_can_be_replaced(product: Product, tmp_path: Path) -> None:
    file = tmp_path / "monday.backup"
    add(product, "one")
    product.run("backup", str(file))
    for part in (product.home / "store" / "appendonlydir").glob("*.base.*"):
        part.write_bytes(b"REDIS0011 and then nonsense")

    broken = product.run("fsck")
    restored = product.run("restore", str(file), "--replace")

    assert broken.returncode == 3
    assert restored.returncode == 0, restored.stderr
    assert posts(product) == 1


def test_the_exchange_refuses_a_home_in_use(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "home")
    store.attach()
    try:
        with pytest.raises(Exception, match="in use"):
            EmbeddedStore(tmp_path / "home").exchange(tmp_path / "nothing", "aside")
    finally:
        store.detach()
